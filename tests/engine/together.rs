//! Options together: every one with every other, and what whoever can change the root makes of the places they name.

use crate::support::{DEADLINE, Run, Skip, Test, Verdict, Who, each, host, once, world};
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub(crate) const TESTS: &[Test] = &[
    each("every option holds with every other", pairs),
    once("every option but those that print is in the table of pairs", complete),
    each("targets that become links and back while engine starts lead nowhere", exchanged_targets),
    each("paths of 4095 bytes work wherever an option takes one, and of 4096 are refused by name", long_paths),
    each(
        "a missing target on a root that is mounted read-only is an error that names it; with -x it is none",
        read_only_root,
    ),
    each("-x, a volume, a mask and a tmpfs below each other: the last one is seen", stacked),
    each("words as docker's users type them, and roots as people write paths", as_docker),
];

/// What an option is given and what holds then, in the words of a shell; and those that it does not go with.
struct Row {
    words: &'static [&'static str],
    holds: &'static str,
    not_with: &'static [&'static str],
}

const fn row(words: &'static [&'static str], holds: &'static str, not_with: &'static [&'static str]) -> Row {
    Row { words, holds, not_with }
}

/// VOLUME, UPPER, LIST, ENVFILE, OWN, HOST and PID stand for what each run has of its own, and for facts of the host.
const ROWS: &[Row] = &[
    row(&["--volume", "VOLUME:/mnt"], "[ $(cat /mnt/file) = content ] && (: >/mnt/new)", &[]),
    row(&["--volume", "VOLUME:/home:ro"], "[ -d /home/below ] && ! (: >/home/new)", &[]),
    row(&["--tmpfs", "/run:size=64k"], "(: >/run/new)", &[]),
    row(&["--read-only"], "! (: >/etc/new)", &[]),
    row(&["--ephemeral"], "[ -e /etc/passwd ]", &["--upper"]),
    row(&["--upper", "UPPER"], "[ -e /etc/passwd ]", &[]),
    row(&["--ephemeral", "--changes=LIST"], "(: >/var/pair) || [ ! -w /var ]", &["--upper", "--ephemeral"]),
    row(&["--mask", "/root"], "[ -z \"$(ls -A /root)\" ]", &[]),
    row(&["--proc", "new"], "[ -e /proc/self/status ]", &["--proc"]),
    row(&["--proc", "bind"], "[ -d /proc/PID ]", &[]),
    row(&["--proc", "none"], "[ ! -e /proc/self ]", &["--proc"]),
    row(&["--sys", "none"], "[ ! -e /sys/kernel ]", &[]),
    row(&["--no-dev"], "[ ! -e /dev/null ]", &[]),
    row(&["--user", "0"], "[ $(id -u) = 0 ]", &["--userns"]),
    row(&["--userns", "root"], "[ $(id -u) = 0 ]", &["--userns", "--user"]),
    row(&["--userns", "keep-id"], "[ $(id -u) = OWN ]", &["--uidmap"]),
    row(&["--uidmap", "0:OWN:1", "--gidmap", "0:OWN:1"], "[ $(id -u) = 0 ]", &["--userns"]),
    row(&["--hostname", "pair"], "[ $(hostname) = pair ]", &["--share"]),
    row(&["--env", "PAIR=1"], "[ $PAIR = 1 ]", &[]),
    row(&["--env-file", "ENVFILE"], "[ $FROM_FILE = yes ]", &[]),
    row(&["--clear-env"], "[ -z \"$ENGINE_TEST_MARK\" ]", &[]),
    row(&["--workdir", "/tmp"], "[ $(pwd) = /tmp ]", &[]),
    row(&["--net", "none"], "[ ! -e /proc/net/dev ] || [ $(grep -c : /proc/net/dev) = 1 ]", &[]),
    row(&["--net", "host"], "[ -e /etc/resolv.conf ]", &["--net"]),
    row(&["--share", "ipc,uts,cgroup"], "[ $(hostname) = HOST ]", &[]),
    row(&["--monotonic", "1000"], "[ ! -e /proc/self ] || grep -q 1000 /proc/self/timens_offsets", &[]),
    row(&["--boottime", "1000"], "[ ! -e /proc/self ] || grep -q 1000 /proc/self/timens_offsets", &[]),
    row(&["--interactive", "--rm", "--init"], "true", &[]),
    row(&["--tty"], "[ -t 0 ] && [ $(stty size | cut -c1) = 0 ]", &["--no-dev"]),
    row(&["--timeout", "10m", "--kill-after", "1s", "--grace", "1s"], "true", &["--no-init"]),
    row(&["--die-with-parent"], "true", &[]),
    row(&["--preserve-fd", "0"], "true", &[]),
    row(&["--new-session"], "! (: </dev/tty)", &["--tty"]),
    row(&["--no-init"], "[ $$ = 1 ]", &["--changes=LIST", "--proc"]),
    row(&["--status-fd", "2"], "true", &[]),
    row(&["--pid-file", "PIDFILE"], "true", &[]),
    row(&["--strict"], "[ -z \"$ENGINE_TEST_MARK\" ]", &[]),
    row(&["--cap-drop", "ALL"], "[ ! -e /proc/self ] || grep -q 'CapEff:.0*$' /proc/self/status", &["--cap-add"]),
    row(&["--cap-add", "ALL"], "true", &[]),
    row(&["--allow-new-privs"], "[ ! -e /proc/self ] || grep -q 'NoNewPrivs:.0' /proc/self/status", &[]),
    row(&["--seccomp", "none"], "[ ! -e /proc/self ] || grep -q 'Seccomp:.0' /proc/self/status", &["--seccomp"]),
    row(&["--seccomp", "strict"], "[ ! -e /proc/self ] || grep -q 'Seccomp:.2' /proc/self/status", &[]),
    row(&["--ulimit", "nofile=100"], "[ $(ulimit -n) = 100 ]", &[]),
];

/// Options that take a machine of their own, and are tried in one (`vm`), and those that print and end.
const ELSEWHERE: &[&str] = &[
    "--cgroup",
    "--cpus",
    "--help",
    "--landlock-ro",
    "--landlock-rw",
    "--landlock-rx",
    "--memory",
    "--pids-limit",
    "--version",
    // No container: `as_init`.
    "--as-init",
    "--group",
];

/// Makes a directory of this user's.
fn make(who: Who, path: &Path) {
    fs::create_dir(path).unwrap();
    chown(path, Some(who.uid()), Some(who.uid())).unwrap();
}

fn pairs(who: Who) -> Verdict {
    let own = world().directory(who);
    fs::write(own.path().join("env"), "FROM_FILE=yes\n").unwrap();
    let excludes = |row: &Row, other: &Row| row.not_with.iter().any(|word| other.words.contains(word));
    let mut tried = 0;
    for (index, one) in ROWS.iter().enumerate() {
        for other in &ROWS[index + 1..] {
            if excludes(one, other) || excludes(other, one) {
                continue;
            }
            tried += 1;
            let place = own.path().join(tried.to_string());
            make(who, &place);
            for name in ["volume", "volume/below", "upper"] {
                make(who, &place.join(name));
            }
            fs::write(place.join("volume/file"), "content").unwrap();
            let text = |name: &str| place.join(name).to_str().unwrap().to_owned();
            let facts = [
                ("VOLUME", text("volume")),
                ("UPPER", text("upper")),
                ("LIST", text("list")),
                ("PIDFILE", text("pid")),
                ("ENVFILE", text("../env")),
                ("OWN", who.uid().to_string()),
                ("HOST", host::hostname()),
                ("PID", std::process::id().to_string()),
            ];
            let fill = |text: &str| facts.iter().fold(text.to_owned(), |text, (name, fact)| text.replace(name, fact));
            let words = one.words.iter().chain(other.words).map(|word| fill(word));
            let script = format!("{{ {}; }} && {{ {}; }} && echo both", fill(one.holds), fill(other.holds));
            let run = Run::engine(who).args(words).arg(world().rootfs(who)).args(["sh", "-c", &script]);
            let outcome = run.run();
            // A terminal ends lines in its own way.
            let text = outcome.exits(0).text();
            outcome.must(text.trim_end().lines().last() == Some("both"), "both should have held");
        }
    }
    assert!(tried > 500, "{tried} pairs");
    Ok(())
}

fn complete() -> Verdict {
    let help = Run::engine(Who::all()[0]).arg("--help").run();
    let text = help.exits(0).text();
    let rows = text.lines().filter(|line| line.starts_with("  -") || line.starts_with("      --"));
    let names = rows.map(|row| row.split_whitespace().find(|word| word.starts_with("--")).unwrap());
    let names = names.map(|word| word.split(['[', '=']).next().unwrap());
    let known = |name: &str| {
        let is_it = |word: &str| word.split('=').next() == Some(name);
        ELSEWHERE.contains(&name) || ROWS.iter().any(|row| row.words.iter().any(|word| is_it(word)))
    };
    let missing: Vec<_> = names.filter(|name| !known(name)).collect();
    help.must(missing.is_empty(), &format!("the table of pairs lacks {missing:?}"));
    Ok(())
}

/// Exchanges two entries of a directory until it is told to stop.
fn exchange(one: &Path, other: &Path, stop: &AtomicBool) {
    let [one, other] = [one, other].map(|path| CString::new(path.as_os_str().as_bytes()).unwrap());
    while !stop.load(Ordering::Relaxed) {
        let here = libc::AT_FDCWD;
        // SAFETY: both are NUL-terminated.
        unsafe { libc::syscall(libc::SYS_renameat2, here, one.as_ptr(), here, other.as_ptr(), libc::RENAME_EXCHANGE) };
    }
}

fn exchanged_targets(who: Who) -> Verdict {
    let (rootfs, outside, volume) = (world().own_rootfs(who), world().directory(who), world().directory(who));
    fs::write(volume.path().join("file"), "content").unwrap();
    let race = rootfs.path().join("race");
    make(who, &race);
    make(who, &race.join("a"));
    symlink(outside.path(), race.join("b")).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| exchange(&race.join("a"), &race.join("b"), &stop));
        let source = volume.path().to_str().unwrap();
        let started = Instant::now();
        let (mut mounted, mut refused) = (0, 0);
        while (mounted < 5 || refused < 5) && started.elapsed() < DEADLINE {
            let run = Run::engine(who).args(["-v", &format!("{source}:/race/a/x/y"), "--tmpfs", "/race/b"]);
            let outcome = run.arg(rootfs.path()).args(["sh", "-c", "cat /race/*/x/y/file"]).run();
            match outcome.end {
                crate::support::End::Exit(125) => {
                    outcome.one_line(125);
                    refused += 1;
                }
                _ => mounted += 1,
            }
            outcome.left_nothing();
        }
        stop.store(true, Ordering::Relaxed);
        assert!(mounted >= 5 && refused >= 5, "{mounted} mounted, {refused} refused");
    });
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0, "something was made outside");
    let left = host::mounts();
    assert!(!left.contains(volume.path().file_name().unwrap().to_str().unwrap()), "mounts are left: {left}");
    Ok(())
}

/// A path with so many slashes before its last name that it has this length.
fn padded(path: &str, length: usize) -> String {
    let (parent, name) = path.rsplit_once('/').unwrap();
    format!("{parent}{}{name}", "/".repeat(length - parent.len() - name.len()))
}

fn long_paths(who: Who) -> Verdict {
    let own = world().directory(who);
    for name in ["source", "upper"] {
        make(who, &own.path().join(name));
    }
    let text = |name: &str| own.path().join(name).to_str().unwrap().to_owned();
    for length in [4095, 4096] {
        let path = |path: &str| padded(path, length);
        let source = text("source");
        for options in [
            vec!["-v".into(), format!("{}:/mnt", path(&source))],
            vec!["-v".into(), format!("{source}:{}", path("/mnt"))],
            vec!["--tmpfs".into(), path("/mnt")],
            vec!["--mask".into(), path("/root")],
            vec!["-w".into(), path("/tmp")],
            vec!["--upper".into(), path(&text("upper"))],
            vec!["-x".into(), format!("--changes={}", path(&text("list")))],
            vec!["--env-file".into(), path("/dev/null")],
        ] {
            let outcome = Run::engine(who).args(&options).arg(world().rootfs(who)).arg("true").run();
            if length == 4095 {
                outcome.exits(0).silent_on_stderr();
            } else {
                outcome.fails(125, "////", "ENAMETOOLONG");
            }
        }
    }
    Ok(())
}

fn read_only_root(who: Who) -> Verdict {
    let unshare = host::program("unshare").ok_or_else(|| Skip::because("unshare is not here"))?;
    let rootfs = world().own_rootfs(who);
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" && shift && exec \"$@\"";
    let run = |options: &[&str]| {
        let run = Run::program(who, &unshare).args(["--map-root-user", "--mount", "/bin/sh", "-c", script, "sh"]);
        let run = run.arg(rootfs.path()).arg(world().engine()).args(options).arg(rootfs.path());
        run.args(["sh", "-c", "echo ran"]).run()
    };
    for options in [["-v", "/etc:/no/such"], ["-v", "/etc/passwd:/no"], ["--tmpfs", "/no/such"]] {
        let name = options[1].split(':').next_back().unwrap();
        run(&options).fails(125, name, "EROFS");
        run(&[&["-x"], &options[..]].concat()).exits(0).prints("ran");
    }
    run(&["-v", "/usr/lib:/mnt", "--mask", "/root", "--tmpfs", "/tmp"]).exits(0).prints("ran");
    assert!(!rootfs.path().join("no").exists());
    Ok(())
}

fn stacked(who: Who) -> Verdict {
    let (rootfs, volume) = (world().own_rootfs(who), world().directory(who));
    make(who, &volume.path().join("in"));
    fs::write(volume.path().join("in/file"), "volume").unwrap();
    let source = volume.path().to_str().unwrap();
    let (outer, inner) = (format!("{source}:/mnt"), format!("{source}/in/file:/mnt/in/file:ro"));
    let options = ["-x", "-v", &outer, "--tmpfs", "/mnt/in", "-v", &inner, "--tmpfs", "/root", "--mask", "/root"];
    let script =
        "cat /mnt/in/file; (: >/mnt/in/file) 2>/dev/null || echo; : >/mnt/in/new && : >/mnt/out && ls -A /root";
    let run = Run::engine(who).args(options).arg(rootfs.path()).args(["sh", "-c", script]).run();
    run.exits(0).prints("volume").silent_on_stderr();
    // What was made in the volume stays, what was made in the tmpfs on it does not.
    assert!(volume.path().join("out").exists() && !volume.path().join("in/new").exists());
    Ok(())
}

fn as_docker(who: Who) -> Verdict {
    let directory = world().directory(who);
    fs::write(directory.path().join("file"), "content").unwrap();
    let rootfs = world().own_rootfs(who);
    let source = directory.path().to_str().unwrap();
    for volume in [format!("-v{source}:/mnt"), format!("--volume={source}:/mnt:ro"), format!("-xv{source}:/mnt")] {
        let run = Run::engine(who).args(["--rm", "-i", &volume, "-uroot", "-w/mnt", "-eA=b"]).arg(rootfs.path());
        run.args(["sh", "-c", "cat file; echo $A"]).run().exits(0).prints("contentb").silent_on_stderr();
    }
    // As bubblewrap, chroot and unshare have it, and as people write paths.
    for path in [
        format!("{}/", rootfs.path().display()),
        format!("{}/./../{}", rootfs.path().display(), name_of(rootfs.path())),
    ] {
        Run::engine(who).arg("--").arg(path).args(["sh", "-c", "pwd"]).run().exits(0).prints("/");
    }
    Ok(())
}

fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}
