//! Hostile root filesystems: whatever stands where engine looks, and whoever changes it meanwhile, a run works or ends in
//! one line, and the host stays as it was.

use crate::support::{End, Outcome, Run, Test, Verdict, Who, each, host, rounds, world};
use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

pub(crate) const TESTS: &[Test] = &[
    each("whatever stands where engine looks, it works or says one line, and the host is as before", anything_anywhere),
    each("R1 a racer that swaps directories for links while engine starts gets nothing of the host", racer),
    each("R1 a root filesystem that is exchanged while engine starts is one or the other", root_racer),
    each("R2 /proc, /sys and /dev must be real directories", real_directories),
    each("R3 nothing is made through a path of the root filesystem", nothing_made),
    each("R4 names that others use for the old root mean nothing", old_root_names),
    each("R11 a run leaves the root filesystem as it was", left_as_it_was),
    each("R12 no program of the root filesystem is run as a helper", no_helper),
    each("large and absurd passwd and group files are no danger", absurd_passwd),
];

/// The places where engine, or those before it, have looked.
const PLACES: [&str; 13] = [
    "proc",
    "sys",
    "dev",
    "dev/null",
    "dev/pts",
    "dev/ptmx",
    "dev/console",
    "dev/shm",
    "tmp",
    "etc",
    "etc/resolv.conf",
    "etc/passwd",
    "bin",
];

/// What may stand there instead.
const THINGS: [&str; 12] = [
    "missing",
    "file",
    "fifo",
    "socket",
    "device",
    "to /",
    "to ..",
    "to the canary",
    "to the canary's file",
    "to /proc/self/root",
    "to itself",
    "mode 0000",
];

/// A directory of the host that must stay as it is.
pub(crate) struct Canary {
    directory: TempDir,
    before: Vec<String>,
    mounts: String,
    engine: (u64, i64, u64),
}

impl Canary {
    pub(crate) fn new(who: Who) -> Self {
        let directory = world().directory(who);
        fs::write(directory.path().join("file"), "canary\n").unwrap();
        for name in ["null", "pts", "shm", "self"] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        give(directory.path(), who);
        let before = listing(directory.path());
        Self { directory, before, mounts: host::mounts(), engine: engine_file() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    #[track_caller]
    pub(crate) fn sings(&self, what: &str) {
        assert_eq!(listing(self.path()), self.before, "{what}: the canary");
        assert_eq!(engine_file(), self.engine, "{what}: engine's own file");
        let base = world().base().to_str().unwrap();
        let ours = |text: &str| text.lines().filter(|line| line.contains(base)).count();
        assert_eq!(ours(&host::mounts()), ours(&self.mounts), "{what}: the host's mount table");
    }
}

/// Size, time of the last change and inode of the binary.
fn engine_file() -> (u64, i64, u64) {
    let status = fs::metadata(world().engine()).unwrap();
    (status.len(), status.mtime_nsec() ^ status.mtime(), status.ino())
}

/// A line for everything in a tree: name, kind, mode, owner, times, and for files what is in them.
fn listing(tree: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut todo = vec![tree.to_owned()];
    while let Some(path) = todo.pop() {
        let status = fs::symlink_metadata(&path).unwrap();
        let content =
            if status.is_file() && status.len() < 4096 { fs::read(&path).unwrap_or_default() } else { vec![] };
        lines.push(format!(
            "{} {:o} {} {} {}.{} {content:?}",
            path.display(),
            status.mode(),
            status.uid(),
            status.size(),
            status.mtime(),
            status.mtime_nsec()
        ));
        if status.is_dir() {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    lines.sort();
    lines
}

fn give(tree: &Path, who: Who) {
    lchown(tree, Some(who.uid()), Some(who.uid())).unwrap();
    if fs::symlink_metadata(tree).unwrap().is_dir() {
        fs::read_dir(tree).unwrap().for_each(|entry| give(&entry.unwrap().path(), who));
    }
}

/// Works, or 125 and one line. Where the loader, the command or what it needs has been taken away: 126 or 127.
fn works_or_says(outcome: &Outcome) {
    match outcome.end {
        End::Exit(0) => outcome.must(outcome.text() == "in\0", "the command should have run").silent_on_stderr(),
        End::Exit(status @ (125..=127)) => outcome.one_line(status),
        _ => outcome.fail("it should have worked, or ended with 125 to 127"),
    };
}

fn remove(place: &Path) {
    match fs::symlink_metadata(place) {
        Ok(status) if status.is_dir() => fs::remove_dir_all(place).unwrap(),
        Ok(_) => fs::remove_file(place).unwrap(),
        Err(_) => {}
    }
}

/// Puts a thing at a place; false where that cannot be done here.
fn put(thing: &str, place: &Path, canary: &Path) -> bool {
    if thing == "mode 0000" {
        if !place.exists() {
            fs::create_dir(place).unwrap();
        }
        fs::set_permissions(place, Permissions::from_mode(0o0)).unwrap();
        return true;
    }
    remove(place);
    let name = CString::new(place.as_os_str().as_bytes()).unwrap();
    // SAFETY: both calls take a text that ends in NUL.
    let made = |kind: libc::mode_t, device| unsafe { libc::mknod(name.as_ptr(), kind | 0o666, device) == 0 };
    match thing {
        "missing" => {}
        "file" => fs::write(place, "").unwrap(),
        "fifo" => return made(libc::S_IFIFO, 0),
        "socket" => drop(UnixListener::bind(short(place)).unwrap()),
        "device" => return made(libc::S_IFCHR, libc::makedev(1, 7)),
        "to /" => symlink("/", place).unwrap(),
        "to .." => symlink("..", place).unwrap(),
        "to the canary" => symlink(canary, place).unwrap(),
        "to the canary's file" => symlink(canary.join("file"), place).unwrap(),
        "to /proc/self/root" => symlink("/proc/self/root", place).unwrap(),
        "to itself" => symlink(place.file_name().unwrap(), place).unwrap(),
        thing => panic!("unknown: {thing}"),
    }
    true
}

/// A socket's path has 108 bytes at most.
fn short(place: &Path) -> PathBuf {
    assert!(place.as_os_str().len() < 100, "{} is too long for a socket", place.display());
    place.to_owned()
}

fn anything_anywhere(who: Who) -> Verdict {
    let canary = Canary::new(who);
    for place in PLACES {
        for thing in THINGS {
            let rootfs = world().own_rootfs(who);
            let path = rootfs.path().join(place);
            if let Some(above) = path.parent() {
                fs::create_dir_all(above).unwrap();
            }
            if !put(thing, &path, canary.path()) {
                continue;
            }
            if fs::symlink_metadata(&path).is_ok() {
                lchown(&path, Some(who.uid()), Some(who.uid())).unwrap();
            }
            let outcome = Run::engine(who).arg(rootfs.path()).args(["/probe", "--probe", "arguments", "in"]).run();
            works_or_says(&outcome);
            outcome.left_nothing();
            canary.sings(&format!("/{place}, {thing}"));
            if fs::symlink_metadata(&path).is_ok_and(|status| status.is_dir()) {
                fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
            }
        }
    }
    Ok(())
}

/// Exchanges two names for as long as a value lives.
struct Racer<'a> {
    stop: &'a AtomicBool,
}

impl Drop for Racer<'_> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Runs `body` while another thread exchanges each pair of names over and over.
fn racing(pairs: &[(PathBuf, PathBuf)], body: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    let text = |path: &PathBuf| CString::new(path.as_os_str().as_bytes()).unwrap();
    let pairs: Vec<_> = pairs.iter().map(|(one, other)| (text(one), text(other))).collect();
    std::thread::scope(|scope| {
        let racer = Racer { stop: &stop };
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for (one, other) in &pairs {
                    let (here, flag) = (libc::AT_FDCWD, libc::RENAME_EXCHANGE);
                    // SAFETY: both are texts that end in NUL.
                    unsafe { libc::renameat2(here, one.as_ptr(), here, other.as_ptr(), flag) };
                }
                // So that some starts meet one state from beginning to end.
                std::thread::sleep(std::time::Duration::from_micros(150));
            }
        });
        body();
        drop(racer);
    });
}

fn racer(who: Who) -> Verdict {
    let canary = Canary::new(who);
    let rootfs = world().own_rootfs(who);
    let inside = |name: &str| rootfs.path().join(name);
    let mut pairs = Vec::new();
    for (name, target) in [
        ("proc", canary.path().to_owned()),
        ("sys", "/".into()),
        ("dev", canary.path().to_owned()),
        ("etc", "..".into()),
    ] {
        symlink(target, inside(&format!("{name}.link"))).unwrap();
        pairs.push((inside(name), inside(&format!("{name}.link"))));
    }
    let (mut worked, mut refused) = (0, 0);
    racing(&pairs, || {
        for _ in 0..rounds(1000, 10_000) {
            let outcome = Run::engine(who).arg(rootfs.path()).args(["/probe", "--probe", "arguments", "in"]).run();
            works_or_says(&outcome);
            if outcome.end == End::Exit(0) { worked += 1 } else { refused += 1 }
        }
    });
    canary.sings("the racer");
    assert!(worked > 0 && refused > 0, "it met one state only: {worked} worked, {refused} were refused");
    Ok(())
}

fn root_racer(who: Who) -> Verdict {
    let canary = Canary::new(who);
    let place = world().directory(who);
    let (one, other) = (place.path().join("root"), place.path().join("other"));
    let rootfs = world().own_rootfs(who);
    symlink(rootfs.path(), &one).unwrap();
    symlink(canary.path(), &other).unwrap();
    let mut exchanged = 0;
    racing(&[(one.clone(), other)], || {
        for _ in 0..rounds(200, 2000) {
            let outcome = Run::engine(who).arg(&one).args(["/probe", "--probe", "arguments", "in"]).run();
            works_or_says(&outcome);
            exchanged += usize::from(outcome.error_text().contains("ESTALE"));
        }
    });
    canary.sings("the racer at the root");
    // That is what keeps a run from what its caller has not been asked about: nothing else would be seen to be wrong.
    assert!(exchanged > 0, "no exchange between the two looks at the path was noticed");
    Ok(())
}

fn real_directories(who: Who) -> Verdict {
    let canary = Canary::new(who);
    for name in ["proc", "sys", "dev"] {
        for target in [canary.path().to_str().unwrap(), "tmp", "/proc/self/root", "."] {
            let rootfs = world().own_rootfs(who);
            fs::remove_dir(rootfs.path().join(name)).unwrap();
            symlink(target, rootfs.path().join(name)).unwrap();
            let outcome = Run::engine(who).arg(rootfs.path()).arg("true").run();
            outcome.fails(125, &format!("/{name}"), "ENOTDIR");
            canary.sings(&format!("/{name} -> {target}"));
        }
    }
    Ok(())
}

fn nothing_made(who: Who) -> Verdict {
    let canary = Canary::new(who);
    let rootfs = world().own_rootfs(who);
    for name in ["null", "pts", "ptmx", "shm", "mqueue", "fd", "stdin", "zero"] {
        symlink(canary.path().join(name), rootfs.path().join("dev").join(name)).unwrap();
    }
    let before = listing(&rootfs.path().join("dev"));
    Run::engine(who).arg(rootfs.path()).args(["stat", "-c", "%F", "/dev/null"]).run().prints("character special file");
    assert_eq!(listing(&rootfs.path().join("dev")), before, "the root filesystem's own /dev");
    canary.sings("links in /dev");
    Ok(())
}

fn old_root_names(who: Who) -> Verdict {
    let canary = Canary::new(who);
    let rootfs = world().own_rootfs(who);
    for name in ["oldroot", "newroot", "old_root", ".old_root", "put_old", ".pivot_root", "old", "host", ".engine"] {
        symlink(canary.path(), rootfs.path().join(name)).unwrap();
        symlink(canary.path(), rootfs.path().join("tmp").join(name)).unwrap();
    }
    Run::engine(who).arg(rootfs.path()).arg("true").run().exits(0).silent_on_stderr();
    canary.sings("names of the old root");
    Ok(())
}

fn left_as_it_was(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let before = listing(rootfs.path());
    for arguments in [["true", ""], ["false", ""], ["nosuch", ""], ["sh", "-c"]] {
        drop(Run::engine(who).arg(rootfs.path()).args(arguments).run());
    }
    assert_eq!(listing(rootfs.path()), before);
    let kinds = fs::read_dir(rootfs.path()).unwrap().map(|entry| entry.unwrap().file_type().unwrap());
    assert!(kinds.into_iter().all(|kind| !kind.is_char_device()), "a device was made");
    Ok(())
}

fn no_helper(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    for name in ["newuidmap", "newgidmap", "mount", "ip", "modprobe"] {
        let path = rootfs.path().join("usr/bin").join(name);
        remove(&path);
        fs::write(&path, "#!/bin/sh\necho run >\"${0%/*}/../../tmp/helper\"\nexit 1\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }
    let own = format!("--uidmap=0:{}:1", who.uid());
    // The map of two lines asks for newuidmap, whatever is in the host's /etc/subuid.
    for options in [&["--userns=root"][..], &["--userns=auto"], &["--net=none"], &[&own, "--uidmap=1:100000:9"]] {
        // Whether it works here depends on the host; what counts is who was run for it.
        drop(Run::engine(who).args(options).arg(rootfs.path()).arg("true").run());
        assert!(!rootfs.path().join("tmp/helper").exists(), "{options:?} ran a program of the root filesystem");
    }
    Ok(())
}

fn absurd_passwd(who: Who) -> Verdict {
    let canary = Canary::new(who);
    let large = format!("{}\n", "x".repeat(200)).repeat(50_000);
    let one_line = "a".repeat(2_000_000);
    let colons = ":".repeat(100_000);
    let texts =
        ["", "\n\n\n", ":::::::", "root", "root:x:0", "\0\0\0", &large, &one_line, &colons, "root:x:-1:-1::/:/\n"];
    for text in texts {
        for file in ["etc/passwd", "etc/group"] {
            let rootfs = world().own_rootfs(who);
            remove(&rootfs.path().join(file));
            fs::write(rootfs.path().join(file), text).unwrap();
            for user in [None, Some("root"), Some("nosuch"), Some("0:root")] {
                let mut run = Run::engine(who);
                if let Some(user) = user {
                    run = run.args(["-u", user]);
                }
                let outcome = run.arg(rootfs.path()).args(["/probe", "--probe", "arguments", "in"]).run();
                works_or_says(&outcome);
            }
        }
    }
    canary.sings("absurd files");
    Ok(())
}
