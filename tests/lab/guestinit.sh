#!/bin/sh
# Carries out what the lab sends to a qemu guest, one script a line. A line is base64; the answer is the exit status and
# both outputs, base64 too. When the lab goes away, so does the guest. As the first process it mounts what a system has.
export PATH=/mnt/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb
if [ $$ -eq 1 ]; then
    mountpoint -q /proc || busybox mount -t proc proc /proc
    mountpoint -q /sys || busybox mount -t sysfs sysfs /sys
    mountpoint -q /dev || busybox mount -t devtmpfs devtmpfs /dev
    mountpoint -q /run || busybox mount -t tmpfs -o mode=755 tmpfs /run
    busybox mount -t tmpfs tmpfs /tmp
    mkdir -p /run/lock
    modprobe -a virtio_net virtio_console
    busybox mount -o ro /dev/vdb /mnt
    busybox mount --bind /mnt/opt /opt
    hostname "$(sed 's/.*lab\.name=\([^ ]*\).*/\1/' /proc/cmdline)"
    ip link set lo up
fi

for _ in $(seq 100); do [ -e /dev/vport1p1 ] || [ -e /dev/vport0p1 ] && break; sleep 0.1; done
port=$(ls /dev/vport*p1)
exec 3<>"$port"
echo ready >&3
while read -r line <&3; do
    echo "$line" | base64 -d > /run/script
    sh -eu /run/script < /dev/null > /run/out 2> /run/err 3>&-
    status=$?
    echo "$status $(base64 -w0 /run/out) $(base64 -w0 /run/err)" >&3
done
echo o > /proc/sysrq-trigger
sleep 60
