//! The probe that tries, inside, what the walls are for; and the table of what it got. `make probe` prints the table.

use crate::support::{Run, Test, Verdict, Who, once, world};
use std::ffi::{CString, OsString};
use std::fmt::Write as _;
use std::io::Error;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::ExitCode;

pub(crate) const TESTS: &[Test] = &[once("the table of what is refused has no row where a wall is missing", no_gap)];

/// A system call that is tried: its name, its number and its arguments. They are such that it would do no harm.
type Call = (&'static str, i64, [usize; 5]);

const NAMESPACES: usize = 0x1000_0000; // CLONE_NEWUSER

#[cfg(target_arch = "x86_64")]
const OLD: &[Call] = &[
    ("iopl(3)", libc::SYS_iopl, [3, 0, 0, 0, 0]),
    ("ioperm", libc::SYS_ioperm, [0, 1, 1, 0, 0]),
    ("modify_ldt", libc::SYS_modify_ldt, [0, 0, 0, 0, 0]),
    ("uselib", libc::SYS_uselib, [0, 0, 0, 0, 0]),
    ("an x32 call (getpid)", 0x4000_0000 + libc::SYS_getpid, [0; 5]),
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[Call] = &[];

#[rustfmt::skip]
const CALLS: &[Call] = &[
    ("bpf", libc::SYS_bpf, [0; 5]),
    ("perf_event_open", libc::SYS_perf_event_open, [0; 5]),
    ("keyctl", libc::SYS_keyctl, [0, 0, 0, 0, 0]),
    ("add_key", libc::SYS_add_key, [0; 5]),
    ("request_key", libc::SYS_request_key, [0; 5]),
    ("kexec_load", libc::SYS_kexec_load, [0, 0, 0, usize::MAX, 0]),
    ("init_module", libc::SYS_init_module, [0; 5]),
    ("delete_module", libc::SYS_delete_module, [0; 5]),
    ("open_by_handle_at", libc::SYS_open_by_handle_at, [0; 5]),
    ("userfaultfd", libc::SYS_userfaultfd, [1, 0, 0, 0, 0]),
    ("io_uring_setup", libc::SYS_io_uring_setup, [0; 5]),
    ("syslog", libc::SYS_syslog, [10, 0, 0, 0, 0]),
    ("acct", libc::SYS_acct, [1, 0, 0, 0, 0]),
    ("swapon", libc::SYS_swapon, [0; 5]),
    ("reboot", libc::SYS_reboot, [0; 5]),
    ("clock_settime", libc::SYS_clock_settime, [0; 5]),
    ("settimeofday", libc::SYS_settimeofday, [1, 0, 0, 0, 0]),
    ("fanotify_init", libc::SYS_fanotify_init, [0; 5]),
    ("vhangup", libc::SYS_vhangup, [0; 5]),
    ("move_pages", libc::SYS_move_pages, [0; 5]),
    ("quotactl", libc::SYS_quotactl, [0; 5]),
    ("a call number above all known", 9999, [0; 5]),
    ("socket(AF_ALG)", libc::SYS_socket, [38, 5, 0, 0, 0]),
    ("socket(AF_VSOCK)", libc::SYS_socket, [40, 1, 0, 0, 0]),
    ("socket(AF_PACKET)", libc::SYS_socket, [17, 3, 0, 0, 0]),
    ("ioctl(TIOCSTI)", libc::SYS_ioctl, [0, 0x5412, 0, 0, 0]),
    ("ioctl(TIOCSTI with high bits)", libc::SYS_ioctl, [0, 0x7_0000_5412, 0, 0, 0]),
    ("ioctl(TIOCLINUX)", libc::SYS_ioctl, [0, 0x541c, 0, 0, 0]),
    ("unshare(CLONE_NEWUSER)", libc::SYS_unshare, [NAMESPACES, 0, 0, 0, 0]),
    ("unshare(CLONE_NEWNS)", libc::SYS_unshare, [0x2_0000, 0, 0, 0, 0]),
    ("clone(CLONE_NEWUSER, bad signal)", libc::SYS_clone, [NAMESPACES | 0x1_0000, 0, 0, 0, 0]),
    ("clone3", libc::SYS_clone3, [0; 5]),
    ("setns", libc::SYS_setns, [0, 0, 0, 0, 0]),
    ("chroot(\"\")", libc::SYS_chroot, [0; 5]),
    ("pivot_root", libc::SYS_pivot_root, [0; 5]),
    ("fsopen", libc::SYS_fsopen, [0; 5]),
    ("open_tree", libc::SYS_open_tree, [usize::MAX, 0, 0, 0, 0]),
    ("move_mount", libc::SYS_move_mount, [0, 0, 0, 0, 0]),
    ("mount_setattr", libc::SYS_mount_setattr, [0; 5]),
    ("ptrace(PTRACE_ATTACH, 1)", libc::SYS_ptrace, [16, 1, 0, 0, 0]),
    ("process_vm_readv(1)", libc::SYS_process_vm_readv, [1, 0, 0, 0, 0]),
    ("pidfd_getfd", libc::SYS_pidfd_getfd, [0; 5]),
];

/// A file, whether it is to be written, and what it would mean.
#[rustfmt::skip]
const FILES: &[(&str, bool)] = &[
    ("/proc/1/exe", false), ("/proc/1/exe", true), ("/proc/1/root/.", false), ("/proc/1/cwd/.", false),
    ("/proc/1/environ", false), ("/proc/1/mem", false), ("/proc/1/maps", false), ("/proc/1/fd", false),
    ("/proc/self/exe", true), ("/proc/sys/kernel/core_pattern", true), ("/proc/sys/kernel/modprobe", true),
    ("/proc/sys/kernel/hostname", true), ("/proc/sysrq-trigger", true), ("/proc/kcore", false), ("/proc/keys", false),
    ("/proc/timer_list", false), ("/proc/irq/default_smp_affinity", true), ("/proc/bus/pci/00/00.0", true),
    ("/sys/kernel/uevent_helper", true), ("/sys/kernel/mm/transparent_hugepage/enabled", true), ("/sys/power/state", true),
    ("/dev/mem", false), ("/dev/kmsg", false), ("/dev/port", false), ("/dev/vda", false), ("/dev/fuse", false),
];

fn result(value: i64) -> String {
    if value >= 0 {
        return "done".into();
    }
    let errno = Error::last_os_error().raw_os_error().unwrap();
    name(errno)
}

fn name(errno: i32) -> String {
    let known = [
        (libc::EPERM, "EPERM"),
        (libc::ENOENT, "ENOENT"),
        (libc::EACCES, "EACCES"),
        (libc::EFAULT, "EFAULT"),
        (libc::EBUSY, "EBUSY"),
        (libc::EINVAL, "EINVAL"),
        (libc::ENOSYS, "ENOSYS"),
        (libc::EROFS, "EROFS"),
        (libc::ENXIO, "ENXIO"),
        (libc::EIO, "EIO"),
        (libc::ENOTTY, "ENOTTY"),
        (libc::EBADF, "EBADF"),
        (libc::EAFNOSUPPORT, "EAFNOSUPPORT"),
        (libc::ESRCH, "ESRCH"),
        (libc::ETXTBSY, "ETXTBSY"),
        (libc::ENODEV, "ENODEV"),
        (libc::ECONNREFUSED, "ECONNREFUSED"),
        (libc::EOPNOTSUPP, "EOPNOTSUPP"),
        (libc::ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT"),
        (libc::ENOTDIR, "ENOTDIR"),
    ];
    known.iter().find(|known| known.0 == errno).map_or(errno.to_string(), |known| known.1.into())
}

/// `forbidden SOCKET`: tries everything, a line each: what, a tab, what came of it. SOCKET is an abstract unix socket that
/// somebody outside listens on.
pub(crate) fn forbidden(words: &[OsString]) -> u8 {
    for (file, write) in FILES {
        let mut options = std::fs::OpenOptions::new();
        options.read(!write).write(*write);
        let got = match options.open(file) {
            Ok(_) => "opened".into(),
            Err(error) => name(error.raw_os_error().unwrap()),
        };
        let how = if *write { "write" } else { "read" };
        println!("{how} {file}\t{got}");
    }
    let text = |text: &str| CString::new(text).unwrap();
    let mount = |kind: &str, target: &str, flags| {
        // SAFETY: texts that end in NUL, and no data.
        let done = unsafe {
            libc::mount(text("none").as_ptr(), text(target).as_ptr(), text(kind).as_ptr(), flags, std::ptr::null())
        };
        result(done.into())
    };
    println!("mount a tmpfs\t{}", mount("tmpfs", "/mnt", 0));
    println!("mount a second proc\t{}", mount("proc", "/mnt", 0));
    println!("mount a sysfs\t{}", mount("sysfs", "/mnt", 0));
    println!("remount /sys writable\t{}", mount("", "/sys", libc::MS_REMOUNT | libc::MS_BIND));
    for target in ["/proc/sys", "/proc/kcore", "/proc"] {
        // SAFETY: a text that ends in NUL.
        let done = unsafe { libc::umount2(text(target).as_ptr(), libc::MNT_DETACH) };
        println!("unmount {target}\t{}", result(done.into()));
    }
    // SAFETY: a text that ends in NUL; the device is never opened.
    let node = unsafe { libc::mknod(text("/tmp/node").as_ptr(), libc::S_IFBLK | 0o600, libc::makedev(254, 0)) };
    println!("mknod of a disk\t{}", result(node.into()));
    // SAFETY: the path is NUL-terminated.
    let disk = unsafe { libc::open(text("/tmp/node").as_ptr(), libc::O_RDONLY) };
    println!("open a disk by a node of one's own\t{}", result(disk.into()));
    if let Some(socket) = words.first() {
        let address = SocketAddr::from_abstract_name(socket.as_encoded_bytes()).unwrap();
        let got = UnixStream::connect_addr(&address);
        let got = got.map_or_else(|error| name(error.raw_os_error().unwrap()), |_| "connected".into());
        println!("connect to an abstract unix socket of the host\t{got}");
    }
    let open = (3..1024).filter(|number| std::path::Path::new(&format!("/proc/self/fd/{number}")).exists());
    // Reading the directory would need one itself.
    println!("descriptors above 2\t{}", open.count());
    for (name, number, [a, b, c, d, e]) in CALLS.iter().chain(OLD) {
        // SAFETY: the arguments lead nowhere; no call of the list does harm with them. Each runs in a process of its own.
        let got = unsafe {
            let child = libc::fork();
            if child == 0 {
                let value = libc::syscall(*number, *a, *b, *c, *d, *e);
                libc::_exit(if value >= 0 { 200 } else { *libc::__errno_location() });
            }
            let mut status = 0;
            libc::waitpid(child, &raw mut status, 0);
            status
        };
        let got = match (libc::WIFEXITED(got), libc::WEXITSTATUS(got)) {
            (true, 200) => "done".into(),
            (true, errno) => self::name(errno),
            (false, _) => format!("signal {}", libc::WTERMSIG(got)),
        };
        println!("{name}\t{got}");
    }
    0
}

/// `abstract SOCKET`: tries an abstract unix socket of the host, then one of its own.
pub(crate) fn abstract_socket(words: &[OsString]) -> u8 {
    let connect = |socket: &[u8]| {
        let got = UnixStream::connect_addr(&SocketAddr::from_abstract_name(socket).unwrap());
        got.map_or_else(|error| name(error.raw_os_error().unwrap()), |_| "connected".into())
    };
    println!("{}", connect(words[0].as_encoded_bytes()));
    let own = format!("inside-{}", std::process::id());
    let _listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&own).unwrap()).unwrap();
    println!("inside: {}", connect(own.as_bytes()));
    0
}

/// The ways that the table compares: a heading, the options.
const WAYS: [(&str, &[&str]); 3] =
    [("default", &[]), ("--strict", &["--strict"]), ("--userns host", &["--userns=host"])];

/// A listener that says yes to whoever comes.
fn listener() -> (UnixListener, String) {
    let name = format!("engine-tests-{}", std::process::id());
    (UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap(), name)
}

/// What each way gave: the rows, and a column for each way and user.
fn measure() -> (Vec<String>, Vec<(String, Vec<String>)>) {
    let (_listener, socket) = listener();
    let mut rows: Vec<String> = Vec::new();
    let mut columns = Vec::new();
    for (way, options) in WAYS {
        for who in Who::all() {
            let run = Run::engine(who).args(options).arg(world().rootfs(who));
            let outcome = run.args(["/probe", "--probe", "forbidden", &socket]).run();
            let text = outcome.text();
            let pairs: Vec<_> = text.lines().filter_map(|line| line.split_once('\t')).collect();
            if rows.is_empty() {
                rows = pairs.iter().map(|pair| pair.0.to_owned()).collect();
            }
            let refusal = outcome.error_text().lines().next().unwrap_or_default().to_owned();
            let got = rows.iter().map(|row| {
                let found = pairs.iter().find(|pair| pair.0 == row);
                found.map_or(if refusal.is_empty() { "–" } else { "refused to run" }.to_owned(), |pair| {
                    pair.1.to_owned()
                })
            });
            columns.push((format!("{way}, {}", who.label()), got.collect()));
        }
    }
    (rows, columns)
}

/// Prints the table in Markdown.
pub(crate) fn print_table() -> ExitCode {
    let (rows, columns) = measure();
    let mut text = String::from("| tried inside |");
    columns.iter().for_each(|column| write!(text, " {} |", column.0).unwrap());
    text.push_str("\n|---|");
    columns.iter().for_each(|_| text.push_str("---|"));
    for (index, row) in rows.iter().enumerate() {
        write!(text, "\n| {row} |").unwrap();
        columns.iter().for_each(|column| write!(text, " {} |", column.1[index]).unwrap());
    }
    println!("{text}");
    ExitCode::SUCCESS
}

/// What must never come of an attempt, whoever makes it and however it is run.
fn no_gap() -> Verdict {
    for who in Who::all() {
        world().namespaces(who)?;
    }
    let (rows, columns) = measure();
    let mut gaps = Vec::new();
    for (way, got) in &columns {
        for (row, got) in rows.iter().zip(got) {
            let gap = match got.as_str() {
                "opened" | "done" | "connected" => !meant(way, row),
                number => row.starts_with("descriptors") && number.parse() != Ok(0) && number != "refused to run",
            };
            if gap {
                gaps.push(format!("{way}: {row}: {got}"));
            }
        }
    }
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
    Ok(())
}

/// What is meant to succeed.
fn meant(way: &str, row: &str) -> bool {
    match row {
        // The numbers of init's descriptors can be seen by the host's root inside, not what they lead to.
        "read /proc/1/fd" => way.ends_with("root"),
        // Empty where it is masked, and else what the kernel shows anyone.
        "read /proc/kcore" | "read /proc/keys" | "read /proc/timer_list" => true,
        // Root in its own box.
        "mount a tmpfs" | "unshare(CLONE_NEWNS)" => way.starts_with("default"),
        "unshare(CLONE_NEWUSER)" => !way.starts_with("--strict"),
        // Rootless, nothing below holds but file permissions, and they do.
        "mount a second proc" | "remount /sys writable" | "unmount /proc" => way == "default, user",
        // Of docker's fourteen capabilities; the root is mounted nodev, so that the node opens nothing.
        "mknod of a disk" | "socket(AF_PACKET)" => way == "--userns host, root",
        _ => false,
    }
}
