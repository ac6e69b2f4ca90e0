#!/bin/sh
# The first process of a command that runs in the root of another suite: elsewhere.sh ROOT SOURCES CACHE COMMAND...
# The root stays as it was; the sources and the compiler's cache are this machine's, at their own paths.
set -eu
root=$1 sources=$2 cache=$3
shift 3
. "${0%/*}/rootfs.sh"

mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
cd /mnt/root
for folder in "$sources" "$cache"; do
    mkdir -p ".$folder"
    mount --bind "$folder" ".$folder"
done
make_dev
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mkdir run/lock
enter_root
cd "$sources"
exec "$@"
