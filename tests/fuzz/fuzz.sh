#!/usr/bin/env bash
# Fuzzes one target: fuzz.sh BUILD TARGET SECONDS. What it finds worth keeping stays in BUILD/fuzz/corpus; a crash is written
# to BUILD/fuzz/crashes and fails the run.
set -euo pipefail
build=$1 target=$2 seconds=$3

corpus=$build/fuzz/corpus/$target crashes=$build/fuzz/crashes
mkdir -p "$corpus" "$crashes"
IFS=';' read -ra seeds <"$build/tests/fuzz/$target.seeds"
echo "== $target: $seconds s"
# A text of 64 KiB is far beyond any seed; what takes longer than ten seconds or 1 GiB is a fault.
exec "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 \
    -artifact_prefix="$crashes/$target-" -print_final_stats=1 -verbosity=0 -print_funcs=0 "$corpus" "${seeds[@]}"
