#!/bin/sh
# The first process of a host, in fresh namespaces: builds the host's file system, moves into it, says "ready" and
# lives until its standard input closes. That is the lab's end of a pipe: when the lab dies, however, so does the host.
set -eu
name=$1 lower=$2 state=$3
root=$state/root
. "${0%/*}/rootfs.sh"

# New namespaces inherit the machine's value, and Docker sets FORWARD to DROP only when it switches forwarding on itself.
echo 0 > /proc/sys/net/ipv4/ip_forward
ip link set lo up
hostname "$name"

mount -t overlay -o "lowerdir=$lower,upperdir=$state/upper,workdir=$state/work" overlay "$root"
cd "$root"

make_dev
mount -t proc proc proc
# Only what belongs to the network namespace may be written: the rest of /proc/sys is the machine's.
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
# Every start of a host is a boot.
cat proc/sys/kernel/random/uuid > "$state/boot_id"
mount --bind "$state/boot_id" proc/sys/kernel/random/boot_id

mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mkdir -p sys/fs/cgroup/init
echo 1 > sys/fs/cgroup/init/cgroup.procs

mount -t tmpfs -o mode=755 tmpfs run
mkdir run/lock
mount -t tmpfs tmpfs tmp
# Docker's overlay2 does not work on an overlay.
mkdir -p var/lib/docker
mount --bind "$state/docker" var/lib/docker

enter_root

# SIGCHLD ignored, so that the kernel reaps the orphans every daemon leaves to process 1.
echo ready
exec env --ignore-signal=CHLD cat > /dev/null
