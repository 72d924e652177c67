//! What this machine may not have: real limits of cgroups, kernels with an old Landlock and without. A small virtual machine
//! boots Debian's kernels and runs the scripts in `vm/`, which say what came of each check.
//!
//! The kernels are those that `ENGINE_VM_KERNELS` names, with colons between; else two that are fetched as Debian's packages,
//! by name, and unpacked below target/, where they stay.

use crate::support::world::PROJECT;
use crate::support::{Skip, Test, Verdict, host, once, world};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(crate) const TESTS: &[Test] = &[
    once("limits and the life of a cgroup, Linux 6.1", || run("6.1", &[LIMITS], "")),
    once("limits and the life of a cgroup, Linux 6.12", || run("6.12", &[LIMITS], "")),
    once("Landlock's rules for files, Linux 6.12", || run("6.12", &["set 6", LANDLOCK], "")),
    once("Landlock that is too old, Linux 6.1", || run("6.1", &["set 2", LANDLOCK], "lsm=landlock")),
    once("without Landlock, its options are an error or say that they are left out", || run("6.1", &[NONE], "lsm=")),
];

const BEGIN: &str = include_str!("vm/begin.sh");
const LIMITS: &str = include_str!("vm/limits.sh");
const LANDLOCK: &str = include_str!("vm/landlock.sh");
const NONE: &str = include_str!("vm/none.sh");
const END: &str = "echo CHECKS END; reboot -f";

/// How long a machine may take, under emulation and on a busy host.
const LIMIT: Duration = Duration::from_secs(120);

/// PID 1 of the machine: leaves the initramfs, which pivot_root(2) cannot.
const INIT: &str = "#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t tmpfs -o mode=755,size=200m new /new
/bin/busybox cp -a /bin /engine /checks /rootfs /new/
/bin/busybox mkdir -p /new/proc /new/sys /new/dev /new/tmp
exec /bin/busybox switch_root /new /bin/busybox sh /checks
";

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

fn initramfs(scripts: &[&str]) -> Result<Vec<u8>, Skip> {
    let busybox = host::program("busybox").ok_or_else(|| Skip::because("no busybox here (Debian: busybox-static)"))?;
    let busybox = fs::read(busybox).unwrap();
    let mut archive = Archive::default();
    for name in ["bin", "proc", "new", "rootfs"] {
        archive.add(name, 0o40_755, &[]);
    }
    for name in ["bin", "etc", "tmp", "mnt", "proc", "sys", "dev"] {
        archive.add(&format!("rootfs/{name}"), 0o40_755, &[]);
    }
    archive.add("bin/busybox", 0o100_755, &busybox);
    archive.add("rootfs/bin/busybox", 0o100_755, &busybox);
    for name in "sh cat echo sleep tail true grep setsid mount find ls truncate".split(' ') {
        archive.add(&format!("rootfs/bin/{name}"), 0o120_777, b"busybox");
    }
    archive.add("rootfs/etc/x", 0o100_644, b"x\n");
    archive.add("engine", 0o100_755, &fs::read(world().engine()).unwrap());
    archive.add("checks", 0o100_644, [&[BEGIN], scripts, &[END]].concat().join("\n").as_bytes());
    archive.add("init", 0o100_755, INIT.as_bytes());
    archive.add("TRAILER!!!", 0, &[]);
    Ok(archive.bytes)
}

/// What a program of the host's says, which has to succeed.
fn said(command: &mut Command) -> Result<String, Skip> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Skip::because(format!("{command:?}: {error}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(Skip::because(format!("{command:?}: {}", text(&output.stderr))))
    }
}

/// The kernel of this version: what has been unpacked before, or Debian's package.
fn kernel(version: &str) -> Result<PathBuf, Skip> {
    if cfg!(not(target_arch = "x86_64")) {
        return Err(Skip::because("the virtual machine is an x86_64 one"));
    }
    let is_it = |path: &PathBuf| path.to_string_lossy().contains(&format!("vmlinuz-{version}."));
    if let Some(named) = std::env::var_os("ENGINE_VM_KERNELS") {
        let found = std::env::split_paths(&named).find(is_it);
        return found.ok_or_else(|| Skip::because(format!("ENGINE_VM_KERNELS names no {version}")));
    }
    // One at a time: two tests want the same.
    static FETCHING: Mutex<()> = Mutex::new(());
    let _fetching = FETCHING.lock().unwrap_or_else(PoisonError::into_inner);
    let place = Path::new(PROJECT).join("target/vm").join(version);
    let unpacked = || {
        let files = fs::read_dir(place.join("boot")).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        files.into_iter().find(is_it)
    };
    if let Some(kernel) = unpacked() {
        return Ok(kernel);
    }
    fs::create_dir_all(&place).unwrap();
    let pattern = format!("^linux-image-{}\\.[.0-9+a-z-]*-cloud-amd64-unsigned$", version.replace('.', "\\."));
    let known = said(Command::new("apt-cache").args(["search", "--names-only", &pattern]))?;
    let mut names: Vec<_> = known.lines().filter_map(|line| line.split(' ').next()).collect();
    names.sort_by_key(|name| (name.len(), *name));
    let hint = "apt-get update may help, or ENGINE_VM_KERNELS=FILE:FILE";
    let name = names.pop().ok_or_else(|| Skip::because(format!("no package {pattern}: {hint}")))?;
    said(Command::new("apt-get").args(["-q", "download", name]).current_dir(&place))?;
    let mut files = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path());
    let package = files.find(|path| path.extension().is_some_and(|extension| extension == "deb")).unwrap();
    said(Command::new("dpkg-deb").arg("-x").args([&package, &place]))?;
    fs::remove_file(package).unwrap();
    unpacked().ok_or_else(|| Skip::because(format!("{name} holds no kernel")))
}

/// Boots a kernel with a script; what came out of its console.
fn boot(kernel: &Path, scripts: &[&str], parameters: &str) -> Result<String, Skip> {
    let qemu = host::program("qemu-system-x86_64");
    let qemu = qemu.ok_or_else(|| Skip::because("no qemu-system-x86_64 here (Debian: qemu-system-x86)"))?;
    let directory = tempfile::tempdir_in(world().base()).unwrap();
    let image = directory.path().join("initramfs");
    fs::write(&image, initramfs(scripts)?).unwrap();
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
fn run(version: &str, scripts: &[&str], parameters: &str) -> Verdict {
    let kernel = kernel(version)?;
    let console = boot(&kernel, scripts, parameters)?;
    let lines: Vec<_> = console.lines().filter_map(|line| line.split_once("CHECK ").map(|line| line.1)).collect();
    let bad: Vec<_> = lines.iter().filter(|line| !line.starts_with("ok ")).collect();
    let whole = console.contains("CHECKS END") && !lines.is_empty();
    assert!(whole && bad.is_empty(), "{}: {bad:#?}\nconsole:\n{console}", kernel.display());
    Ok(())
}
