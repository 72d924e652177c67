//! The wall: what the command may not do, tried from inside.

use crate::hostile::Canary;
use crate::support::{Run, Skip, Test, Verdict, Who, each, host, once, rounds, world};
use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;

pub(crate) const TESTS: &[Test] = &[
    each("R5 nothing of the host is open inside, in init or in the command", descriptors),
    each("R5 the same with standard descriptors closed, in all eight combinations", closed_stdio),
    each("R5 the working directory is not a way out", working_directory),
    each("R6 id maps are written through a procfs or not at all", fake_proc),
    each("R7 init is closed to root inside, and engine's file cannot be overwritten", init_is_closed),
    each("R8 a device of the host is taken only if it is that device", wrong_device),
    once("R9 engine with file capabilities refuses", file_capabilities),
    once("R10 inheritable and ambient capabilities end at the wall", inheritable),
    each("root in its own box has every capability there, and nothing can be gained on top", default_capabilities),
    each("--cap-drop and --cap-add work in their order", capability_edits),
    each("--allow-new-privs leaves no_new_privs off, and the filter on", allow_new_privs),
    each("--strict leaves eleven capabilities and its own filter; options loosen what they name", strict),
    each("--strict still lets ordinary programs run", strict_runs),
    each("--seccomp: default, strict, none", seccomp),
    each("an abstract unix socket of the host is out of reach, one inside is not", abstract_socket),
    each("a signal to PID 1 still reaches the command", signal_to_init),
    once("masks hold against root inside with every capability", masks),
    each("engine in engine: by default it works or says one line; in --strict it says one line", nested),
    each("--ulimit sets limits, and says which it cannot", ulimit),
];

fn status(who: Who, options: &[&str]) -> impl Fn(&str) -> String + use<> {
    let run = Run::engine(who).args(options).arg(world().rootfs(who)).args(["cat", "/proc/self/status"]);
    let text = run.run().exits(0).text();
    move |name| host::field(&text, name).unwrap_or_default()
}

fn descriptors(who: Who) -> Verdict {
    let mut run = Run::probe(who, ["descriptors"]);
    for (number, file) in [(3, "/"), (7, "/etc"), (9, "/etc/passwd"), (100, "/proc"), (255, "/dev/null")] {
        run = run.opening(number, file, libc::O_RDONLY);
    }
    let text = run.run().exits(0).text();
    let numbers: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(numbers, ["0", "1", "2"], "{text}");
    let mut running = Run::probe(who, ["wait"]).opening(7, "/etc", libc::O_RDONLY).piped().spawn();
    running.wait_for_output("ready");
    for path in host::descriptors(running.init()) {
        let text = path.to_string_lossy().into_owned();
        // The socket is one of a pair, whose other end is O's.
        let own = ["pipe:", "socket:", "anon_inode:"].iter().any(|kind| text.starts_with(kind));
        assert!(own, "init holds {text}");
    }
    running.end_input();
    running.finish().exits(0);
    Ok(())
}

fn closed_stdio(who: Who) -> Verdict {
    for set in 0..8 {
        let closed: Vec<i32> = (0..3).filter(|number| set >> number & 1 == 1).collect();
        let rootfs = world().own_rootfs(who);
        let script = "for n in 0 1 2 3 4 5 6 7 8 9; do readlink /proc/$$/fd/$n; done >/tmp/own; \
            ls -l /proc/1/fd/ >/tmp/init 2>&1; stat -Lc %t:%T /proc/$$/fd/0 >/tmp/zero";
        let run = Run::engine(who).arg(rootfs.path()).args(["sh", "-c", script]).closing(&closed);
        run.run().exits(0);
        let own = fs::read_to_string(rootfs.path().join("tmp/own")).unwrap();
        for line in own.lines() {
            let known = ["pipe:", "/dev/null", "/tmp/own"].iter().any(|known| line.starts_with(known));
            assert!(known, "closed {closed:?}: the command has {line}");
        }
        let init = fs::read_to_string(rootfs.path().join("tmp/init")).unwrap();
        assert!(!init.contains("-> /"), "closed {closed:?}: {init}");
    }
    Ok(())
}

fn working_directory(who: Who) -> Verdict {
    let outcome = Run::script(who, "pwd; ls -d /proc/self/cwd/.. >/dev/null && readlink /proc/self/cwd").run();
    outcome.exits(0).prints("/\n/");
    for number in 3..12 {
        let path = format!("/proc/self/fd/{number}");
        let run = Run::engine(who).args(["-w", &path]).arg(world().rootfs(who)).arg("pwd");
        let outcome = run.opening(7, "/", libc::O_RDONLY).run();
        let inside = outcome.text();
        outcome.must(outcome.stdout.is_empty() || inside == "/", "a working directory of the host");
    }
    Ok(())
}

/// A run of a script of the host in a mount namespace of its own.
fn aside(who: Who, script: &str) -> Run {
    let program = host::program("unshare").unwrap_or_else(|| Path::new("unshare").to_owned());
    let options: &[&str] = if who == Who::Root { &["-m"] } else { &["-Urm"] };
    let run = Run::program(who, program).args(options).args(["sh", "-c", script, "sh"]);
    run.arg(world().engine()).arg(world().rootfs(who))
}

fn fake_proc(who: Who) -> Verdict {
    // A directory for whichever number init will have.
    let script = "mount -t tmpfs t /proc && cd /proc && mkdir $(seq $$ $(($$ + 5000))) && exec \"$1\" \"$2\" /bin/true";
    let outcome = aside(who, script).run();
    outcome.one_line(125);
    let text = outcome.error_text();
    outcome.must(text.contains("/proc is not a procfs"), "the cause should have been said").left_nothing();
    Ok(())
}

fn init_is_closed(who: Who) -> Verdict {
    let canary = Canary::new(who);
    let rootfs = world().own_rootfs(who);
    fs::write(rootfs.path().join("self"), "#!/proc/self/exe\n").unwrap();
    fs::set_permissions(rootfs.path().join("self"), Permissions::from_mode(0o755)).unwrap();
    drop(Run::engine(who).arg(rootfs.path()).arg("/self").run());
    let script = "for f in exe root cwd environ mem maps fd/0 ns/mnt; do \
            (exec 3</proc/1/$f) 2>/dev/null && echo read $f; readlink /proc/1/$f; done; \
        for p in /proc/[0-9]*; do (echo x >>$p/exe) 2>/dev/null && echo wrote $p; done; \
        ls /proc/1/root/ /proc/1/cwd/ 2>/dev/null; cat /proc/1/cmdline | tr '\\0' '.'";
    let outcome = Run::engine(who).arg(rootfs.path()).args(["sh", "-c", script]).run();
    let text = outcome.text();
    outcome
        .must(text.trim_end_matches('.') == "engine.sh.-c", "nothing but words of the container should have been seen");
    canary.sings("writing to executables");
    Ok(())
}

fn wrong_device(who: Who) -> Verdict {
    for (fake, device) in [("/dev/zero", "/dev/null"), ("/etc/hostname", "/dev/zero"), ("/dev/null", "/dev/urandom")] {
        let outcome = aside(who, &format!("mount --bind {fake} {device} && exec \"$1\" \"$2\" /bin/true")).run();
        outcome.fails(125, device, "ENODEV").left_nothing();
    }
    Ok(())
}

fn file_capabilities() -> Verdict {
    if !Who::all().contains(&Who::Root) {
        return Err(Skip::because("only root gives capabilities to a file"));
    }
    let directory = world().directory(Who::Root);
    let copy = directory.path().join("engine");
    fs::copy(world().engine(), &copy).unwrap();
    // struct vfs_cap_data, version 2: CAP_NET_RAW, permitted and effective.
    let data: [u32; 5] = [0x0200_0001, 1 << 13, 0, 0, 0];
    let name = CString::new(copy.as_os_str().as_bytes()).unwrap();
    // SAFETY: texts that end in NUL, and as many bytes as there are.
    let set = unsafe {
        let size = size_of_val(&data);
        libc::setxattr(name.as_ptr(), c"security.capability".as_ptr(), data.as_ptr().cast(), size, 0)
    };
    if set != 0 {
        return Err(Skip::because(format!("no file capabilities here: {}", std::io::Error::last_os_error())));
    }
    let who = Who::User;
    Run::program(who, &copy).arg(world().rootfs(who)).arg("true").run().fails(125, "engine", "EPERM");
    Ok(())
}

fn inheritable() -> Verdict {
    if !Who::all().contains(&Who::Root) {
        return Err(Skip::because("only root has capabilities to hand on"));
    }
    for options in [&[][..], &["--userns=host"], &["--strict"]] {
        let rootfs = world().rootfs(Who::Root);
        let run = Run::engine(Who::Root).args(options).arg(rootfs).args(["cat", "/proc/self/status"]);
        // SAFETY: capset(2) and prctl(2) are bare system calls; the structures live until they return.
        let run = unsafe {
            run.before_exec(|| {
                let header: [u32; 2] = [0x2008_0522, 0];
                let mut sets = [0_u32; 6];
                // Effective, permitted, inheritable; then the upper halves.
                if libc::syscall(libc::SYS_capget, header.as_ptr(), sets.as_mut_ptr()) != 0 {
                    return Err(std::io::Error::last_os_error());
                }
                (sets[2], sets[5]) = (sets[1], sets[4]);
                if libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) != 0 {
                    return Err(std::io::Error::last_os_error());
                }
                for capability in 0..41 {
                    libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, capability, 0, 0);
                }
                Ok(())
            })
        };
        let outcome = run.run();
        let text = outcome.exits(0).text();
        for set in ["CapInh", "CapAmb"] {
            outcome
                .must(host::field(&text, set).as_deref() == Some("0000000000000000"), &format!("{set} must be empty"));
        }
    }
    Ok(())
}

const EVERY: &str = "000001ffffffffff";
const NONE: &str = "0000000000000000";

fn default_capabilities(who: Who) -> Verdict {
    let field = status(who, &[]);
    for (name, value) in [
        ("CapInh", NONE),
        ("CapPrm", EVERY),
        ("CapEff", EVERY),
        ("CapBnd", EVERY),
        ("CapAmb", NONE),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
        ("Seccomp_filters", "1"),
    ] {
        assert_eq!(field(name), value, "{name}");
    }
    Ok(())
}

fn capability_edits(who: Who) -> Verdict {
    for (options, kept) in [
        (&["--cap-drop=ALL"][..], 0_i64),
        (&["--cap-drop=ALL", "--cap-add=chown", "--cap-add=CAP_KILL"], 0x21),
        (&["--cap-add=ALL", "--cap-drop=sys_admin"], 0x1ff_ffff_ffff & !(1 << 21)),
        (&["--cap-drop=chown", "--cap-add=ALL"], 0x1ff_ffff_ffff),
        (&["--cap-drop=setpcap,"], -1),
    ] {
        if kept < 0 {
            Run::engine(who).args(options).arg(world().rootfs(who)).run().misuses("--cap-drop");
            continue;
        }
        let field = status(who, options);
        for set in ["CapPrm", "CapEff", "CapBnd"] {
            assert_eq!(field(set), format!("{kept:016x}"), "{options:?}: {set}");
        }
    }
    let run = Run::engine(who).arg("--cap-drop=sys_admin").arg(world().rootfs(who));
    run.args(["sh", "-c", "mount -t tmpfs t /mnt 2>/dev/null || echo refused"]).run().prints("refused");
    Ok(())
}

fn allow_new_privs(who: Who) -> Verdict {
    for more in [&[][..], &["--cap-drop=ALL"]] {
        let field = status(who, &[&["--allow-new-privs"], more].concat());
        assert_eq!((field("NoNewPrivs"), field("Seccomp")), ("0".into(), "2".into()));
        assert_eq!(field("CapBnd"), if more.is_empty() { EVERY } else { NONE });
    }
    Ok(())
}

fn strict(who: Who) -> Verdict {
    let field = status(who, &["--strict"]);
    for set in ["CapPrm", "CapEff", "CapBnd"] {
        assert_eq!(field(set), "00000000800405fb", "{set}");
    }
    assert_eq!((field("NoNewPrivs"), field("Seccomp")), ("1".into(), "2".into()));
    let tried = |options: &[&str], script: &str| {
        let run = Run::engine(who).args(options).arg(world().rootfs(who));
        run.args(["sh", "-c", script]).run().exits(0).text()
    };
    let script = "mount -t tmpfs t /mnt 2>/dev/null && echo mounted; hostname x 2>/dev/null && echo named; true";
    assert_eq!(tried(&["--strict"], script), "");
    assert_eq!(tried(&["--strict", "--cap-add=sys_admin"], script), "named", "the filter still refuses mount");
    assert_eq!(tried(&["--strict", "--cap-add=sys_admin", "--seccomp=default"], script), "mounted\nnamed");
    assert_eq!(status(who, &["--strict", "--cap-add=ALL"])("CapBnd"), EVERY);
    assert_eq!(status(who, &["--strict", "--seccomp=none"])("Seccomp"), "0");
    Ok(())
}

fn strict_runs(who: Who) -> Verdict {
    let script = "id -u; (sleep 0; echo child) | cat; ls / >/dev/null; kill -0 $$; echo $((6 * 7))";
    let run = Run::engine(who).args(["--strict"]).arg(world().rootfs(who)).args(["bash", "-c", script]);
    run.run().exits(0).prints("0\nchild\n42").silent_on_stderr();
    Ok(())
}

fn seccomp(who: Who) -> Verdict {
    let modes = |options: &[&str]| status(who, options)("Seccomp");
    assert_eq!(modes(&["--seccomp=none"]), "0");
    for filter in ["default", "strict"] {
        assert_eq!(modes(&["--seccomp", filter]), "2", "{filter}");
    }
    Ok(())
}

/// What the kernel says of Landlock: its version.
fn landlock_version() -> Result<i64, Skip> {
    // SAFETY: it only asks.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0, 0, 1) };
    if version < 0 { Err(Skip::because("the kernel has no Landlock")) } else { Ok(version) }
}

fn abstract_socket(who: Who) -> Verdict {
    if landlock_version()? < 6 {
        return Err(Skip::because("Landlock of this kernel has no scopes"));
    }
    let name = format!("engine-wall-{}-{}", std::process::id(), who.label());
    let _listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let run = Run::probe(who, ["abstract", &name]).run();
    run.exits(0).prints("EPERM\ninside: connected");
    Ok(())
}

fn signal_to_init(who: Who) -> Verdict {
    Run::script(who, "trap 'exit 7' TERM; kill -TERM 1; while :; do sleep 0.1; done").run().exits(7);
    Ok(())
}

fn masks() -> Verdict {
    let who = Who::Root;
    if !Who::all().contains(&who) {
        return Err(Skip::because("only the host's root is to be masked from"));
    }
    world().namespaces(who)?;
    let core = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let script = r#"
        for m in /proc/sys /proc/irq /proc/bus /proc/fs /proc/timer_list /proc/keys /proc/interrupts /sys /proc; do
            umount $m 2>/dev/null && echo unmounted $m
            umount -l $m 2>/dev/null && echo detached $m
            # The others are /dev/null or nothing, and /proc itself is not read-only.
            case $m in /proc/sys | /proc/irq | /proc/bus | /proc/fs | /sys)
                mount -o remount,bind,rw $m 2>/dev/null && echo remounted $m
                mount -o remount,rw $m 2>/dev/null && echo remounted fs $m ;;
            esac
            mount --move $m /mnt 2>/dev/null && echo moved $m
        done
        mount -t proc p /mnt 2>/dev/null && echo second proc
        mount -t sysfs s /mnt 2>/dev/null && echo sysfs
        mount --bind /proc /mnt 2>/dev/null && echo bound proc without its masks
        (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null && echo core_pattern
        (echo h >/proc/sysrq-trigger) 2>/dev/null && echo sysrq
        for f in /proc/timer_list /proc/keys /proc/interrupts; do [ -s $f ] && cat $f; done
        mount -t tmpfs t /tmp && hostname x && echo box
    "#;
    let rounds = rounds(1, 10);
    for _ in 0..rounds {
        let run = Run::engine(who).args(["--cap-add=ALL", "--seccomp=none"]).arg(world().rootfs(who));
        let outcome = run.args(["bash", "-c", script]).run();
        outcome.exits(0).prints("box");
    }
    assert_eq!(fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap(), core);
    Ok(())
}

fn nested(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let inner = rootfs.path().join("engine");
    fs::copy(world().engine(), &inner).unwrap();
    fs::set_permissions(&inner, Permissions::from_mode(0o755)).unwrap();
    chown(&inner, Some(who.uid()), Some(who.uid())).unwrap();
    let run = |outer: &[&str], inner: &[&str]| {
        let run = Run::engine(who).args(outer).arg(rootfs.path()).arg("/engine").args(inner);
        run.args(["/", "/bin/echo", "inner"]).run()
    };
    match who {
        Who::User => drop(run(&[], &[]).exits(0).prints("inner").silent_on_stderr()),
        // Masks stand in the way of a second procfs.
        Who::Root => drop(run(&[], &[]).fails(125, "/proc", "EPERM")),
    }
    run(&[], &["--proc=bind"]).exits(0).prints("inner").silent_on_stderr();
    for inner in [&[][..], &["--proc=bind"]] {
        let outcome = run(&["--proc=bind"], inner);
        outcome.fails(125, "/proc is that of another PID namespace", "EINVAL").left_nothing();
        run(&["--strict"], inner).fails(125, "make namespaces", "EPERM").left_nothing();
    }
    Ok(())
}

fn ulimit(who: Who) -> Verdict {
    let run = |options: &[&str], script: &str| {
        Run::engine(who).args(options).arg(world().rootfs(who)).args(["bash", "-c", script]).run()
    };
    run(
        &["--ulimit=nofile=32:64", "--ulimit=core=0", "--ulimit", "fsize=1024"],
        "ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -f",
    )
    .exits(0)
    .prints("32\n64\n0\n1");
    let outcome = run(&["--ulimit=nofile=1:999999999999"], "true");
    outcome.fails(125, "nofile", "EPERM");
    Ok(())
}
