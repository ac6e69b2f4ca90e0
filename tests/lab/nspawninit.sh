#!/bin/sh
# The first process around a host that runs systemd, in fresh namespaces: builds the host's file system, says "ready",
# boots it with systemd-nspawn at the first line on standard input and again after each reboot from inside, and lives
# until that input closes. It is process 1 of its namespace: with it the kernel ends everything in here.
set -eu
name=$1 lower=$2 state=$3
root=$state/root

# The namespace inherits the machine's value, and Docker sets FORWARD to DROP only when it switches forwarding on itself.
echo 0 > /proc/sys/net/ipv4/ip_forward
mount -t proc proc /proc
mount -t overlay -o "lowerdir=$lower,upperdir=$state/upper,workdir=$state/work" overlay "$root"

# systemd wants a pure cgroup2 tree; the machine's is a mixed one.
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/init /sys/fs/cgroup/guest
echo 0 > /sys/fs/cgroup/init/cgroup.procs
mkdir -p /run/systemd
mount -t tmpfs tmpfs /run/systemd

echo ready
read -r _
boot() {
    echo 0 > /sys/fs/cgroup/guest/cgroup.procs
    # Not API_VFS_WRITABLE=1: that lets the guest write the settings of the whole machine.
    while SYSTEMD_NSPAWN_LOCK=0 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network systemd-nspawn \
        --quiet --register=no --keep-unit --boot --directory "$root" --machine "$name" --uuid="$(cat "$state/uuid")" \
        --bind="$state/docker:/var/lib/docker" --network-namespace-path=/proc/1/ns/net \
        --capability=CAP_NET_ADMIN,CAP_NET_RAW --system-call-filter="add_key keyctl bpf" --console=pipe \
        < /dev/null > "$state/console" 2>&1
        [ $? -eq 133 ]; do :; done
}
boot &
exec cat > /dev/null
