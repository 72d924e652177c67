# Limits, and the life of a cgroup: as root, and as a user with a cgroup of his own.
check "it runs" "in" "$($E $R /bin/sh -c 'echo in')"
check "the filter is on" "2" "$($E $R /bin/grep Seccomp: /proc/self/status | cut -f2)"
check "a signal to PID 1 arrives" "143" "$($E $R /bin/sh -c 'kill -TERM 1; sleep 5' 2>/dev/null; echo $?)"

$E -m 32m --cpus 0.5 --pids-limit 9 $R /bin/sleep 100 & P=$!
running
check "memory.max" "33554432" "$(cat $L/memory.max)"
[ -e $L/memory.swap.max ] && check "memory.swap.max" "0" "$(cat $L/memory.swap.max)"
check "cpu.max" "50000 100000" "$(cat $L/cpu.max)"
check "pids.max" "9" "$(cat $L/pids.max)"
check "engine itself is outside" "0" "$(grep -cx $P $L/cgroup.procs $L/run/cgroup.procs | grep -vc :0)"
kill $P; wait $P
check "ended by a signal, and the cgroup is gone" "143 0" "$? $(left)"

$E -m 16m $R /bin/tail /dev/zero
check "too much memory ends the command" "137 0" "$? $(left)"
OUT=$($E -m 16m --status-fd 3 $R /bin/tail /dev/zero 3>&1); check "the record says so, too" "137 0" "$? $(left)"
contains "of what it died" '{"event":"exit","cause":"oom","signal":9,*"oom_kills":1}' "$OUT"
contains "a command that goes on exits as it does" '"cause":"exit","code":9,*"oom_kills":1}' \
    "$($E -m 16m --status-fd 3 $R /bin/sh -c '/bin/tail /dev/zero; exit 9' 3>&1)"
contains "and what it held" '"memory_peak":[1-9]*,"oom_kills"' "$OUT"
OUT=$($E --pids-limit 6 $R /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait' 2>&1)
contains "too many processes are refused" fork "$OUT"
OUT=$($E --cpus 0.001 $R /bin/true 2>&1); contains "a quota that the kernel does not take" "cannot set limit cpus: Invalid argument (EINVAL)" "$OUT"
check "and nothing is left of it" "0" "$(left)"
$E -m 16m /nosuch /bin/true >/dev/null 2>&1; check "a root that is not there" "125 0" "$? $(left)"
$E -m 16m $R /nosuch >/dev/null 2>&1; check "a command that is not there" "127 0" "$? $(left)"
$E -m 16m --net /nosuch $R /bin/true >/dev/null 2>&1; check "a network that is not there" "125 0" "$? $(left)"
$E -m 16m $R /bin/sh -c 'sleep 100 & (setsid sleep 100 &) ; exit 3'; check "with orphans" "3 0" "$? $(left)"

$E -m 16m $R /bin/sleep 100 & P=$!; running; kill -KILL $P; wait $P
for _ in $(seq 1000); do [ "$(left)" = 0 ] && break; usleep 20000; done
check "engine is killed: its cgroup goes all the same" "0" "$(left)"
$E -m 16m $R /bin/sleep 100 & P=$!; running
K=$(grep -l "^PPid:.$P$" /proc/[0-9]*/status | while read -r F; do
    grep -q "^0::/$" "${F%status}cgroup" && echo "$F" | cut -d/ -f3
done)
kill -KILL $K; kill -TERM $P; wait $P; check "its keeper $K is killed: the same" "143 0" "$? $(left)"

# What the command can do about its limits, with every capability.
TRY='mount -t cgroup2 c /mnt && { echo mounted; ls -d /mnt/engine-* /mnt/memory.max; }; mount -o remount,rw /sys/fs/cgroup && echo remounted
    mount -o remount,bind,rw /sys/fs/cgroup && echo remounted; for f in $(find /sys/fs/cgroup -name memory.max); do echo max >$f && echo written; done
    for f in $(find /sys/fs/cgroup -name cgroup.procs); do echo 0 >$f && echo escaped; done; cat /proc/self/cgroup'
check "root inside cannot lift its limits" "0::/" "$($E -m 16m --cap-add ALL --seccomp none $R /bin/sh -c "$TRY" 2>/dev/null)"
check "no limits: no cgroup of its own" "0::/" "$($E $R /bin/cat /proc/self/cgroup)"

mkdir $G/mine; echo "+memory +cpu +pids" >$G/cgroup.subtree_control
check "--cgroup" "in" "$($E -m 16m --cgroup $G/mine $R /bin/echo in)"
check "it is as before" "0" "$(find $G/mine -mindepth 1 -type d | wc -l)"
echo "-memory" >$G/mine/cgroup.subtree_control
OUT=$(sh -c "echo \$\$ >$G/mine/cgroup.procs; exec $E -m 16m $R /bin/cat /sys/fs/cgroup/mine/cgroup.subtree_control" 2>&1)
check "alone in its cgroup, engine makes room" "memory" "$OUT"
check "and leaves it as it was" " 0" "$(cat $G/mine/cgroup.subtree_control) $(left)"
OUT=$(sh -c "echo \$\$ >$G/mine/cgroup.procs; $E -m 16m $R /bin/true; echo \$?" 2>&1)
contains "not alone: a hint" "cannot set limit memory: Device or resource busy (EBUSY)
engine: hint: *systemd-run*
125" "$OUT"
OUT=$(sh -c "echo \$\$ >$G/mine/cgroup.procs; $E -m 16m? $R /bin/echo in; true" 2>&1)
contains "not alone, best effort" "going on without
in" "$OUT"
check "and leaves it as it was, too" " 0" "$(cat $G/mine/cgroup.subtree_control) $(left)"

# A user to whom a cgroup is delegated, as systemd does it.
mkdir $G/user; chown -R 1000:1000 $G/user
user() { sh -c "echo \$\$ >$G/user/cgroup.procs; exec su -c 'exec \"\$@\"' -- user sh \"\$@\"" sh "$@" 2>&1; }
check "a user's limit" "16777216" "$(user $E -m 16m $R /bin/sh -c 'cat /sys/fs/cgroup/user/engine-[0-9]*/memory.max')"
check "a user cannot lift it inside" "0::/" "$(user $E -m 16m $R /bin/sh -c "($TRY) 2>/dev/null")"
NESTED='mount -t cgroup2 c /mnt && echo mounted; ls -d /mnt/memory.max /mnt/engine-*; mkdir /mnt/below && echo made'
check "nor by mounting what he owns" "mounted" "$(user $E -m 16m -v $E:/engine $R /engine / /bin/sh -c "($NESTED) 2>/dev/null; true")"
user $E -m 16m $R /bin/tail /dev/zero; check "a user's command is ended" "137" "$?"
check "nothing is left of a user's" " 0" "$(cat $G/user/cgroup.subtree_control) $(left)"
OUT=$(su user -c "$E -m 16m $R /bin/true" 2>&1; echo $?)
contains "without delegation: a hint" "cannot make a cgroup below engine's own: Permission denied (EACCES)
engine: hint: *systemd-run --user --scope -p Delegate=yes*
125" "$OUT"
check "nothing is left at all" "0" "$(left)"
