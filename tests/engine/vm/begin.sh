# What every check in the machine begins with. PID 1 there.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 none /sys/fs/cgroup
mount -t securityfs none /sys/kernel/security 2>/dev/null
chmod 755 / /rootfs /rootfs/*
chown -R 1000:1000 /rootfs
mkdir -p /etc; echo "user:x:1000:1000::/:/bin/sh" >/etc/passwd; echo "user:x:1000:" >/etc/group
E=/engine R=/rootfs G=/sys/fs/cgroup

# check NAME WANTED GOT
check() {
    if [ "$2" = "$3" ]; then echo "CHECK ok $1"; else echo "CHECK FAILED $1: wanted [$2], got [$3]"; fi
}
# contains NAME WORDS TEXT: the words in this order.
contains() {
    case $3 in *$2*) echo "CHECK ok $1" ;; *) echo "CHECK FAILED $1: wanted [*$2*], got [$3]" ;; esac
}
# How many cgroups of engine's there are.
left() { find $G -name 'engine-*' 2>/dev/null | wc -l; }
# Waits until the only run's init and command are in its cgroup, which is then $L.
running() {
    for _ in $(seq 1000); do
        L=$(echo $G/engine-[0-9]*)
        [ "$({ wc -l <"$L/run/cgroup.procs"; } 2>/dev/null)" = 2 ] && return
        usleep 20000
    done
    echo "CHECK FAILED a run that should be under way"
}
