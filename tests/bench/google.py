"""The parts that Google Benchmark measures: routes against the kernel and other tools, the pure part."""

import json
import os
import subprocess

from rows import Row


def run(program, arguments, rounds):
    out = subprocess.run([program, *arguments, f"--benchmark_repetitions={rounds}",
                          "--benchmark_enable_random_interleaving=true", "--benchmark_report_aggregates_only=true",
                          "--benchmark_format=json"], stdout=subprocess.PIPE, text=True, check=True)
    return {entry["run_name"].split("/iterations:")[0]: entry["real_time"]
            for entry in json.loads(out.stdout)["benchmarks"] if entry.get("aggregate_name") == "median"}


def routes(programs, size):
    if not os.path.exists(programs.routes):
        return []
    time = run(programs.routes, [str(size.many), str(size.few)], size.rounds)

    def row(what, ours, peer, theirs, goal, faster=True):
        return Row(what, time[ours], "ms", peer, time[theirs], goal, at_least=faster, faster=faster)

    one, many = f"one-gateway/{size.many}/", f"gateways/{size.many}/"
    few, look = f"recipe/{size.few}/", f"look/{size.many}/"
    install = f"install {size.many:,} routes, one gateway"
    distinct = f"install {size.many:,} routes, a gateway each"
    return [
        row(install, one + "overland", "the kernel's floor (prebuilt messages)", one + "floor", 1.3, faster=False),
        row(install, one + "overland", "`ip -batch`", one + "ip-batch", 2),
        row(install, one + "overland", "libnl, one by one", one + "libnl", 1.5),
        row(distinct, many + "overland", "BIRD 2", many + "bird", 15),
        row(distinct, many + "overland", "`ip -batch`", many + "ip-batch", 15),
        row(f"install {size.few:,} routes", few + "overland", "shell loop of `ip route add`", few + "shell-loop", 100),
        row(f"look at {size.many:,} routes and find nothing to do", look + "overland",
            "`ip route show proto overland`", look + "ip", 0.6, faster=False),
    ]


def pure(programs, size):
    if not os.path.exists(programs.pure):
        return []
    time = run(programs.pure, [], max(3, size.rounds // 3))
    ten, hundred = time["text_to_plan/10000"], time["text_to_plan/100000"]
    n_log_n = 10 * 5 / 4  # 100,000 log 100,000 over 10,000 log 10,000
    rows = [
        Row("parse, validate, derive and plan, 10,000 hosts", ten, "ms", kind="value", goal=150),
        Row("the same, 100,000 hosts", hundred, "ms", "N log N from 10,000 hosts", ten * n_log_n, goal=1.0),
    ]
    for name, what in (("parse_and_validate", "parse and validate"), ("derive", "derive"), ("plan_all", "plan")):
        rows.append(Row(f"of it: {what}, 10,000 hosts", time[name + "/10000"], "ms", kind="value"))
    rows.append(Row("derive and plan, 1,000 hosts with 20 networks each", time["many_networks/1000"], "ms",
                    "21,000 hosts, as many subnets", time["many_hosts/1000"], goal=1.2))
    return rows
