//! What this machine may not have: real cgroup limits, and kernels with and without Landlock. A small virtual machine
//! boots each kernel once, runs every check in it, and says what came of them.
//!
//! The kernels are those that `ENGINE_VM_KERNELS` names, with colons between, or what is in /boot.

use crate::support::{Skip, Test, Verdict, host, once, world};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const TESTS: &[Test] = &[
    once("limits, the cgroup's life, Landlock and the filter, on each kernel", checks),
    once("without Landlock, its options are an error or say that they are left out", without_landlock),
];

/// How long a machine may take, under emulation and on a busy host.
const LIMIT: Duration = Duration::from_secs(240);

/// PID 1 of the machine: leaves the initramfs, which pivot_root(2) cannot.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t tmpfs -o mode=755,size=200m new /new
/bin/busybox cp -a /bin /engine /checks /rootfs /new/
/bin/busybox mkdir -p /new/proc /new/sys /new/dev /new/tmp
exec /bin/busybox switch_root /new /bin/busybox sh /checks
"#;

/// What every check script begins with.
const PROLOGUE: &str = r#"
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t cgroup2 none /sys/fs/cgroup
E=/engine; R=/rootfs; G=/sys/fs/cgroup
# check NAME WANTED GOT
check() { if [ "$2" = "$3" ]; then echo "CHECK ok $1"; else echo "CHECK FAILED $1: wanted [$2], got [$3]"; fi; }
leaves() { ls -d $G/engine-* $G/*/engine-* 2>/dev/null | wc -l; }
"#;

const CHECKS: &str = r#"
check "it runs" "in" "$($E $R /bin/sh -c 'echo in')"
check "the filter is on" "2" "$($E $R /bin/sh -c 'grep Seccomp: /proc/self/status' | cut -f2)"

$E -m 32m --cpus 0.5 --pids-limit 9 $R /bin/sleep 3 & P=$!
sleep 1; L=$(ls -d $G/engine-$P)
check "memory.max" "33554432" "$(cat $L/memory.max)"
[ -e $L/memory.swap.max ] && check "memory.swap.max" "0" "$(cat $L/memory.swap.max)"
check "cpu.max" "50000 100000" "$(cat $L/cpu.max)"
check "pids.max" "9" "$(cat $L/pids.max)"
check "engine itself is outside" "0" "$(grep -cx $P $L/cgroup.procs)"
check "init and command are inside" "2" "$(wc -l <$L/cgroup.procs)"
wait $P; check "the leaf is gone" "0" "$(leaves)"

$E --cpus 0.005 $R /bin/sleep 2 & P=$!; sleep 1
check "a quota below a millisecond" "5000 1000000" "$(cat $G/engine-$P/cpu.max)"; wait $P

$E -m 16m $R /bin/tail /dev/zero; check "too much memory ends the command" "137" "$?"
check "its leaf is gone" "0" "$(leaves)"
OUT=$($E --pids-limit 6 $R /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait' 2>&1)
case $OUT in *fork*) check "too many processes are refused" "" "" ;; *) check "too many processes are refused" fork "$OUT" ;; esac
check "its leaf is gone too" "0" "$(leaves)"
$E -m 16m /nosuch /bin/true >/dev/null 2>&1; check "a failed run" "125 0" "$? $(leaves)"
$E -m 16m $R /nosuch >/dev/null 2>&1; check "a command that is not there" "127 0" "$? $(leaves)"
$E -m 16m $R /bin/sh -c 'sleep 100 & (setsid sleep 100 &) ; exit 3'; check "with orphans" "3 0" "$? $(leaves)"
$E -m 16m $R /bin/sleep 100 & P=$!; sleep 1; kill -TERM $P; wait $P; check "ended by a signal" "143 0" "$? $(leaves)"
$E -m 16m $R /bin/sleep 100 & P=$!; sleep 1; kill -KILL $P; wait $P; sleep 1
check "engine killed: an empty leaf stays" "1 0" "$(leaves) $(wc -l <$G/engine-$P/cgroup.procs)"; rmdir $G/engine-$P

mkdir $G/mine; echo "+memory +cpu +pids" >$G/cgroup.subtree_control
check "--cgroup" "in" "$($E -m 16m --cgroup $G/mine $R /bin/echo in)"
check "--cgroup is as before" "0" "$(ls -d $G/mine/*/ 2>/dev/null | wc -l)"
echo "-memory" >$G/mine/cgroup.subtree_control
OUT=$(sh -c "echo \$\$ >$G/mine/cgroup.procs; exec $E -m 16m $R /bin/cat /sys/fs/cgroup/mine/cgroup.subtree_control" 2>&1)
check "alone in its cgroup, engine steps aside" "memory" "$OUT"
check "and leaves it as it was" " 0" "$(cat $G/mine/cgroup.subtree_control) $(leaves)"
OUT=$(sh -c "echo \$\$ >$G/mine/cgroup.procs; $E -m 16m $R /bin/true; echo \$?" 2>&1)
case $OUT in *EBUSY*systemd-run*125) check "not alone: a hint" "" "" ;; *) check "not alone: a hint" "EBUSY" "$OUT" ;; esac
OUT=$(sh -c "echo \$\$ >$G/mine/cgroup.procs; $E -m 16m? $R /bin/echo in" 2>&1)
case $OUT in *"going on without"*in) check "not alone, best effort" "" "" ;; *) check "not alone, best effort" "in" "$OUT" ;; esac
check "nothing is left at all" "0" "$(leaves)"

check "Landlock: reading" "x" "$($E --landlock-rx /bin --landlock-ro /etc $R /bin/cat /etc/x)"
$E --landlock-rx /bin --landlock-ro /etc $R /bin/sh -c 'echo y >/etc/x' 2>/dev/null; check "Landlock: writing" "1" "$?"
$E --landlock-rx /bin --landlock-rw /etc $R /bin/sh -c 'echo x >/etc/x'; check "Landlock: allowed writing" "0" "$?"
$E --landlock-ro / $R /bin/true 2>/dev/null; check "Landlock: no executing" "126" "$?"
check "a signal to PID 1 arrives" "143" "$($E $R /bin/sh -c 'kill -TERM 1; sleep 5' 2>/dev/null; echo $?)"
"#;

const CHECKS_WITHOUT_LANDLOCK: &str = r#"
OUT=$($E --landlock-ro /etc $R /bin/true 2>&1; echo $?)
case $OUT in *"/etc: "*EOPNOTSUPP*hint:*125) check "it is an error" "" "" ;; *) check "it is an error" "" "$OUT" ;; esac
OUT=$($E '--landlock-ro=/etc?' '--landlock-rw=/tmp?' $R /bin/echo in 2>&1)
check "or it is said once" "1" "$(echo "$OUT" | grep -c 'going on without')"
case $OUT in *in) check "and it runs" "" "" ;; *) check "and it runs" "in" "$OUT" ;; esac
check "the scopes are no matter" "in" "$($E $R /bin/echo in)"
"#;

const EPILOGUE: &str = "\necho CHECKS END\nreboot -f\n";

/// An initramfs (cpio(5), "newc").
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    count: u32,
}

impl Archive {
    fn add(&mut self, name: &str, mode: u32, data: &[u8]) {
        self.count += 1;
        let fields = [self.count, mode, 0, 0, 1, 0, data.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
        self.bytes.extend_from_slice(b"070701");
        fields.iter().for_each(|field| self.bytes.extend_from_slice(format!("{field:08x}").as_bytes()));
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(data);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

fn initramfs(script: &str) -> Result<Vec<u8>, Skip> {
    let busybox = host::program("busybox").ok_or_else(|| Skip::because("no busybox here (Debian: busybox-static)"))?;
    let busybox = fs::read(busybox).unwrap();
    let mut archive = Archive::default();
    for name in [
        "bin",
        "proc",
        "new",
        "rootfs",
        "rootfs/bin",
        "rootfs/etc",
        "rootfs/tmp",
        "rootfs/proc",
        "rootfs/sys",
        "rootfs/dev",
    ] {
        archive.add(name, 0o40_755, &[]);
    }
    archive.add("bin/busybox", 0o100_755, &busybox);
    archive.add("rootfs/bin/busybox", 0o100_755, &busybox);
    for name in ["sh", "cat", "echo", "sleep", "tail", "true", "grep", "setsid"] {
        archive.add(&format!("rootfs/bin/{name}"), 0o120_777, b"busybox");
    }
    archive.add("rootfs/etc/x", 0o100_644, b"x\n");
    archive.add("engine", 0o100_755, &fs::read(world().engine()).unwrap());
    archive.add("checks", 0o100_644, format!("{PROLOGUE}{script}{EPILOGUE}").as_bytes());
    archive.add("init", 0o100_755, INIT.as_bytes());
    archive.add("TRAILER!!!", 0, &[]);
    Ok(archive.bytes)
}

/// The kernels to boot.
fn kernels() -> Result<Vec<PathBuf>, Skip> {
    if cfg!(not(target_arch = "x86_64")) {
        return Err(Skip::because("the virtual machine is an x86_64 one"));
    }
    let named = std::env::var_os("ENGINE_VM_KERNELS");
    let kernels: Vec<PathBuf> = match &named {
        Some(list) => std::env::split_paths(list).collect(),
        None => {
            let files = fs::read_dir("/boot").into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
            files.filter(|path| path.to_string_lossy().contains("/vmlinuz-")).collect()
        }
    };
    let hint = "set ENGINE_VM_KERNELS, or install one (Debian: linux-image-cloud-amd64)";
    if kernels.is_empty() { Err(Skip::because(format!("no kernel to boot: {hint}"))) } else { Ok(kernels) }
}

/// Boots a kernel with a script; what came out of its console.
fn boot(kernel: &Path, script: &str, parameters: &str) -> Result<String, Skip> {
    let qemu = host::program("qemu-system-x86_64");
    let qemu = qemu.ok_or_else(|| Skip::because("no qemu-system-x86_64 here (Debian: qemu-system-x86)"))?;
    let directory = tempfile::tempdir_in(world().base()).unwrap();
    let image = directory.path().join("initramfs");
    fs::write(&image, initramfs(script)?).unwrap();
    fs::set_permissions(&image, fs::Permissions::from_mode(0o644)).unwrap();
    let mut machine = Command::new(qemu)
        .args(["-accel", "tcg", "-cpu", "max", "-m", "512", "-nographic", "-no-reboot", "-nic", "none", "-kernel"])
        .arg(kernel)
        .arg("-initrd")
        .arg(&image)
        .args(["-append", &format!("console=ttyS0 quiet panic=-1 {parameters}")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut console = machine.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // The end comes when the machine is off or killed.
        drop(console.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).replace('\r', "")
    });
    let start = Instant::now();
    while machine.try_wait().unwrap().is_none() {
        if start.elapsed() > LIMIT {
            machine.kill().unwrap();
            machine.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(reader.join().unwrap())
}

/// Fails with what the machine said unless every check is well.
fn judge(kernel: &Path, console: &str) {
    let lines: Vec<_> = console.lines().filter_map(|line| line.split_once("CHECK ").map(|line| line.1)).collect();
    let bad: Vec<_> = lines.iter().filter(|line| !line.starts_with("ok ")).collect();
    let whole = console.contains("CHECKS END") && !lines.is_empty();
    assert!(whole && bad.is_empty(), "{}: {bad:#?}\nconsole:\n{console}", kernel.display());
}

fn checks() -> Verdict {
    for kernel in kernels()? {
        judge(&kernel, &boot(&kernel, CHECKS, "")?);
    }
    Ok(())
}

fn without_landlock() -> Verdict {
    let kernels = kernels()?;
    let Some(kernel) = kernels.first() else { return Ok(()) };
    judge(kernel, &boot(kernel, CHECKS_WITHOUT_LANDLOCK, "lsm=capability")?);
    Ok(())
}
