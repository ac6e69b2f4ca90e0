# For the first process in fresh namespaces, which stands in the root of its future file system; sourced.

# A few nodes of its own. With the machine's /dev bound here one careless rm -rf would take the machine down.
make_dev() {
    mount -t tmpfs -o mode=755,size=64k tmpfs dev
    for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
        IFS=: read -r file major minor <<EOF
$node
EOF
        mknod -m 666 "dev/$file" c "$major" "$minor"
    done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    mount -t tmpfs tmpfs dev/shm
}

enter_root() {
    mkdir -p mnt
    pivot_root . mnt
    cd /
    busybox umount -l /mnt
}
