//! Bad input: what each must get. The table of the specification, row by row, as far as a plain run goes.

use crate::support::run::bytes;
use crate::support::{End, Run, Skip, Test, Verdict, Who, each, host, world};
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

pub(crate) const TESTS: &[Test] = &[
    each("X4 no arguments: short usage, 125", no_arguments),
    each("X4 argc 0: 125, no crash", no_argv),
    each("--help and --version go to standard output, status 0", help),
    each("X4 an unknown option is named", unknown_option),
    each("X4 a root filesystem that is none is named, with the cause", bad_rootfs),
    each("a root filesystem that may not be searched", closed_rootfs),
    each("a root filesystem, however it is written", spelled_rootfs),
    each("a path that is too long", long_rootfs),
    each("an empty root filesystem", empty_rootfs),
    each("a root filesystem on a read-only file system", read_only),
    each("a command that is not in PATH", not_in_path),
    each("a command is never looked up in the working directory", no_lookup_here),
    each("an empty command", empty_command),
    each("standard output full, broken or closed is the command's affair", bad_stdout),
    each("standard error full, broken or closed changes no status", bad_stderr),
    each("few descriptors: it works, or says why not", few_descriptors),
    each("no more processes: it says why not", no_processes),
    each("a working directory that is gone", no_directory),
    each("engine's own file deleted or replaced while it runs", own_file),
    each("engine executed through a descriptor", through_descriptor),
    each("engine made set-user-id refuses", setuid),
    each("engine given file capabilities refuses", capabilities),
];

fn no_arguments(who: Who) -> Verdict {
    let outcome = Run::engine(who).run();
    outcome.exits(125).must(outcome.stdout.is_empty(), "usage goes to standard error here");
    let text = outcome.error_text().to_lowercase();
    outcome.must(text.contains("usage") && text.contains("<rootfs>"), "there should have been a short usage");
    outcome.must(text.lines().count() <= 6, "it should have been short");
    Ok(())
}

fn no_argv(who: Who) -> Verdict {
    let run = Run::program(who, world().probe()).args(["--probe", "bare-exec"]).arg(world().engine()).arg("0");
    let outcome = run.run();
    outcome.exits(125).must(!outcome.stderr.is_empty(), "something should have been said");
    Ok(())
}

fn help(who: Who) -> Verdict {
    for option in ["--help", "--version"] {
        let outcome = Run::engine(who).arg(option).run();
        outcome.exits(0).silent_on_stderr().must(outcome.text().contains("engine"), "engine should have been named");
    }
    Ok(())
}

fn unknown_option(who: Who) -> Verdict {
    for option in ["--no-such-option", "-Z", "--no-such-option=x"] {
        let name = option.split('=').next().unwrap();
        Run::engine(who).arg(option).arg(world().rootfs(who)).arg("true").run().misuses(name);
    }
    Ok(())
}

fn bad_rootfs(who: Who) -> Verdict {
    let directory = world().directory(who);
    let at = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    fs::write(at("file"), "").unwrap();
    let fifo = CString::new(at("fifo")).unwrap();
    // SAFETY: mkfifo(3) reads a path that ends in NUL.
    assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o666) }, 0);
    symlink("nowhere", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    let cases = [
        (at("missing"), "ENOENT"),
        (at("missing/deeper"), "ENOENT"),
        (at("file"), "ENOTDIR"),
        (at("file/"), "ENOTDIR"),
        (at("fifo"), "ENOTDIR"),
        (String::new(), "ENOENT"),
        (at("dangling"), "ENOENT"),
        (at("loop"), "ELOOP"),
        ("no such\nline".to_owned(), "ENOENT"),
    ];
    for (rootfs, errno) in cases {
        let outcome = Run::engine(who).arg(&rootfs).arg("true").run();
        if rootfs.contains('\n') {
            // How a newline is shown is the printer's choice, but it is not by breaking the line.
            outcome.one_line(125);
        } else {
            outcome.fails(125, &rootfs, errno);
        }
    }
    let strange = directory.path().join(bytes(b"not\xffUTF-8"));
    let outcome = Run::engine(who).arg(&strange).arg("true").run();
    outcome.one_line(125).must(
        outcome.stderr.windows(9).any(|window| window == b"not\xffUTF-8") || outcome.error_text().contains("UTF-8"),
        "the path should have been named",
    );
    Ok(())
}

fn closed_rootfs(who: Who) -> Verdict {
    if who == Who::Root {
        // Root on the host may search every directory, and is root inside as well.
        return Ok(());
    }
    // It must be another's: over what is the user's own, its capabilities inside reach as far as its chmod would.
    let (closed, directory) = if who.is_other() {
        let directory = world().directory(Who::Root);
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
        (directory.path().join("inner"), Some(directory))
    } else {
        (Path::new("/root/inner").to_owned(), None)
    };
    if directory.is_none() && !fs::metadata(&closed).is_err_and(|error| error.raw_os_error() == Some(libc::EACCES)) {
        return Err(Skip::because("no directory here is closed to this user"));
    }
    let closed = closed.to_str().unwrap();
    Run::engine(who).arg(closed).arg("true").run().fails(125, closed, "EACCES");
    Ok(())
}

fn spelled_rootfs(who: Who) -> Verdict {
    let rootfs = world().rootfs(who);
    let path = rootfs.to_str().unwrap();
    let (parent, name) = (rootfs.parent().unwrap(), rootfs.file_name().unwrap().to_str().unwrap());
    let ok = |directory: &Path, spelled: &str| {
        let run = Run::engine(who).arg(spelled).args(["sh", "-c", "cat /etc/os-release; exit 5"]).directory(directory);
        let outcome = run.run();
        outcome
            .exits(5)
            .must(outcome.text().contains("engine-tests"), "it should have been the tests' root filesystem");
    };
    ok(&rootfs, ".");
    ok(&rootfs, "./");
    ok(&rootfs.join("usr"), "..");
    ok(parent, name);
    ok(parent, &format!("./{name}///"));
    ok(parent, &format!("{name}/usr/../../{name}/."));
    let link = world().directory(who);
    symlink(&rootfs, link.path().join("link")).unwrap();
    ok(link.path(), "link");
    ok(link.path(), "link/");
    // PATH_MAX holds 4,095 bytes and a NUL.
    let mut long = "/.".repeat((4095 - path.len()) / 2);
    long.insert_str(0, path);
    if long.len() < 4095 {
        long.push('/');
    }
    assert_eq!(long.len(), 4095);
    ok(parent, &long);
    Ok(())
}

fn long_rootfs(who: Who) -> Verdict {
    for length in [4096, 5000, 100_000] {
        let path = "/x".repeat(length / 2);
        let outcome = Run::engine(who).arg(&path).arg("true").run();
        outcome.one_line(125);
        outcome.must(outcome.error_text().contains("(ENAMETOOLONG)"), "the cause should have been ENAMETOOLONG");
    }
    let name = "x".repeat(256);
    let outcome = Run::engine(who).arg(&name).arg("true").run();
    outcome.fails(125, &name, "ENAMETOOLONG");
    Ok(())
}

fn empty_rootfs(who: Who) -> Verdict {
    let directory = world().directory(who);
    // That there is nothing to run says more than that there is no /proc to mount on.
    Run::engine(who).arg(directory.path()).arg("true").run().fails(127, "true", "ENOENT");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "something was made in the root filesystem");
    for name in ["proc", "dev"] {
        fs::create_dir(directory.path().join(name)).unwrap();
        std::os::unix::fs::chown(directory.path().join(name), Some(who.uid()), Some(who.uid())).unwrap();
    }
    Run::engine(who).arg(directory.path()).arg("true").run().fails(127, "true", "ENOENT");
    Run::engine(who).arg(directory.path()).run().fails(127, "/bin/sh", "ENOENT");
    Ok(())
}

fn read_only(who: Who) -> Verdict {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root can make a read-only mount to try it on"));
    }
    let Some(setpriv) = host::program("setpriv") else { return Err(Skip::because("setpriv is not here")) };
    let run_on = |rootfs: &Path, command: &str| {
        let point = world().directory(who);
        let script = "mount --bind \"$1\" \"$2\" && mount -o remount,bind,ro \"$2\" && shift 2 && exec \"$@\"";
        let run =
            Run::program(Who::Root, host::program("unshare").unwrap()).args(["--mount", "/bin/sh", "-c", script, "sh"]);
        let run = run.arg(rootfs).arg(point.path()).arg(&setpriv).arg(format!("--reuid={}", who.uid()));
        let run = run.arg(format!("--regid={}", who.uid())).arg("--clear-groups").arg(world().engine());
        run.arg(point.path()).args(["sh", "-c", command]).run()
    };
    run_on(&world().rootfs(who), "(: >/tmp/x) 2>/dev/null && exit 1; exit 6").exits(6).silent_on_stderr();
    let rootfs = world().own_rootfs(who);
    fs::remove_dir(rootfs.path().join("proc")).unwrap();
    run_on(rootfs.path(), "exit 0").fails(125, "/proc", "ENOENT");
    Ok(())
}

fn not_in_path(who: Who) -> Verdict {
    Run::inside(who, ["nosuch"]).run().fails(127, "nosuch", "ENOENT");
    Run::inside(who, ["nosuch"]).without_path().run().fails(127, "nosuch", "ENOENT");
    Run::inside(who, ["nosuch"]).without_path().env("PATH", "").run().fails(127, "nosuch", "ENOENT");
    let long = "/no/such/place:".repeat(4096 / 15);
    Run::inside(who, ["nosuch"]).without_path().env("PATH", &long).run().fails(127, "nosuch", "ENOENT");
    let found = format!("{long}/bin");
    Run::inside(who, ["true"]).without_path().env("PATH", &found).run().exits(0);
    // A directory of PATH that is too long for a path, or none at all, is passed over.
    let strange = format!("{}:/etc/passwd::relative:/bin", "/x".repeat(3000));
    Run::inside(who, ["true"]).without_path().env("PATH", &strange).run().exits(0);
    Ok(())
}

fn no_lookup_here(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    fs::write(rootfs.path().join("here"), "#!/bin/sh\nexit 0\n").unwrap();
    fs::set_permissions(rootfs.path().join("here"), fs::Permissions::from_mode(0o755)).unwrap();
    for path in ["", ":", "/bin:", ":/bin", "/bin::/sbin", "."] {
        let outcome = Run::engine(who).arg(rootfs.path()).arg("here").without_path().env("PATH", path).run();
        if path == "." {
            // Asked for by name, even though it is not wise.
            outcome.must(matches!(outcome.end, End::Exit(0 | 127)), "found, or not found");
        } else {
            outcome.fails(127, "here", "ENOENT");
        }
    }
    Run::engine(who).arg(rootfs.path()).arg("./here").run().exits(0);
    Ok(())
}

fn empty_command(who: Who) -> Verdict {
    let outcome = Run::inside(who, [""]).run();
    outcome.must(matches!(outcome.end, End::Exit(125 | 127)), "an empty word is no command");
    outcome.must(outcome.error_text().starts_with("engine: cannot "), "engine should have said so");
    Ok(())
}

fn bad_stdout(who: Who) -> Verdict {
    Run::script(who, "exit 5").opening(1, "/dev/full", libc::O_WRONLY).run().exits(5).silent_on_stderr();
    Run::script(who, "exit 5").closing(&[1]).run().exits(5).silent_on_stderr();
    // --help is engine's own output: what cannot be written is an error, never a crash.
    let outcome = Run::engine(who).arg("--help").opening(1, "/dev/full", libc::O_WRONLY).run();
    outcome.must(matches!(outcome.end, End::Exit(0 | 125)), "it should have ended by itself");
    Ok(())
}

fn bad_stderr(who: Who) -> Verdict {
    let missing = || Run::engine(who).arg("/no/such/rootfs");
    missing().opening(2, "/dev/full", libc::O_WRONLY).run().exits(125);
    missing().closing(&[2]).run().exits(125);
    missing().closing(&[0, 1, 2]).run().exits(125);
    // A pipe that nobody reads: no death by SIGPIPE.
    // SAFETY: the calls are async-signal-safe, and the array holds what pipe(2) writes.
    let broken = unsafe {
        missing().before_exec(|| {
            let mut ends = [0; 2];
            if libc::pipe(ends.as_mut_ptr()) < 0 || libc::dup2(ends[1], 2) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            libc::close(ends[0]);
            libc::close(ends[1]);
            Ok(())
        })
    };
    broken.run().exits(125);
    Ok(())
}

fn few_descriptors(who: Who) -> Verdict {
    for limit in 3..=24 {
        let outcome = Run::inside(who, ["/bin/sh", "-c", "exit 5"]).limit(libc::RLIMIT_NOFILE, limit).run();
        if outcome.end == End::Exit(125) {
            outcome.one_line(125);
            outcome.must(outcome.error_text().contains("(EMFILE)"), "the cause should have been EMFILE");
        } else {
            // From some number on engine itself gets by; what the command makes of it is its own affair.
            outcome.must(matches!(outcome.end, End::Exit(5 | 127 | 2)), "it should have worked or said why not");
        }
        outcome.left_nothing();
    }
    Ok(())
}

fn no_processes(who: Who) -> Verdict {
    if who == Who::Root {
        // The kernel does not hold root to this limit.
        return Ok(());
    }
    let outcome = Run::inside(who, ["true"]).limit(libc::RLIMIT_NPROC, 0).run();
    outcome.one_line(125);
    outcome.must(outcome.error_text().contains("(EAGAIN)"), "the cause should have been EAGAIN");
    Ok(())
}

fn no_directory(who: Who) -> Verdict {
    let script = "mkdir \"$0\" && cd \"$0\" && rmdir \"$0\" && exec \"$@\"";
    let directory = world().directory(who);
    let run = Run::program(who, "/bin/sh").args(["-c", script]).arg(directory.path().join("gone"));
    run.arg(world().engine()).arg(world().rootfs(who)).args(["sh", "-c", "exit 5"]).run().exits(5).silent_on_stderr();
    Ok(())
}

fn own_file(who: Who) -> Verdict {
    let directory = world().directory(who);
    let copy = directory.path().join("engine");
    for replace in [false, true] {
        fs::copy(world().engine(), &copy).unwrap();
        let run = Run::program(who, &copy).arg(world().rootfs(who)).args([
            "sh",
            "-c",
            "echo ready; read _; (exit 3); exit 5",
        ]);
        let mut running = run.piped().spawn();
        running.wait_for_output("ready");
        fs::remove_file(&copy).unwrap();
        if replace {
            fs::write(&copy, "something else").unwrap();
        }
        running.write("go\n");
        running.finish().exits(5).silent_on_stderr();
    }
    Ok(())
}

fn through_descriptor(who: Who) -> Verdict {
    let engine = world().engine();
    let run = Run::program(who, "/bin/sh").args(["-c", "exec 9<\"$0\"; exec /proc/self/fd/9 \"$@\""]).arg(engine);
    let outcome = run.arg(world().rootfs(who)).args(["sh", "-c", "[ ! -e /proc/self/fd/9 ] && exit 5"]).run();
    outcome.exits(5).silent_on_stderr();
    Ok(())
}

/// A copy of the binary where set-user-id bits count, if there is such a place.
fn privileged_copy() -> Result<tempfile::TempDir, Skip> {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root can give a file privileges to try it with"));
    }
    let directory = world().directory(Who::Root);
    fs::copy(world().engine(), directory.path().join("engine")).unwrap();
    let path = CString::new(directory.path().as_os_str().as_bytes()).unwrap();
    // SAFETY: the structure is written by the call before anything reads it.
    let flags = unsafe {
        let mut facts = std::mem::zeroed::<libc::statvfs>();
        assert_eq!(libc::statvfs(path.as_ptr(), &raw mut facts), 0);
        facts.f_flag
    };
    if flags & libc::ST_NOSUID != 0 {
        return Err(Skip::because("the directory for temporary files is mounted nosuid"));
    }
    Ok(directory)
}

fn setuid(who: Who) -> Verdict {
    let directory = privileged_copy()?;
    let copy = directory.path().join("engine");
    let owner = if who == Who::Root { 65534 } else { 0 };
    for mode in [0o4755, 0o2755] {
        std::os::unix::fs::chown(&copy, Some(owner), Some(owner)).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(mode)).unwrap();
        let outcome = Run::program(who, &copy).arg(world().rootfs(who)).arg("true").run();
        outcome.one_line(125);
    }
    Ok(())
}

fn capabilities(who: Who) -> Verdict {
    if who == Who::Root {
        // Root has every capability anyway; the file's add nothing that could be refused.
        return Ok(());
    }
    let directory = privileged_copy()?;
    let copy = directory.path().join("engine");
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    // struct vfs_cap_data, revision 2, effective: CAP_SYS_ADMIN and CAP_NET_RAW permitted.
    let words = [0x0200_0001_u32, 1 << 21 | 1 << 13, 0, 0, 0];
    let value: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let path = CString::new(copy.as_os_str().as_bytes()).unwrap();
    // SAFETY: path and name end in NUL, and the value is as long as it says.
    let result = unsafe {
        libc::setxattr(path.as_ptr(), c"security.capability".as_ptr(), value.as_ptr().cast(), value.len(), 0)
    };
    if result < 0 {
        return Err(Skip(format!("no file capabilities here: {}", std::io::Error::last_os_error())));
    }
    Run::program(who, &copy).arg(world().rootfs(who)).arg("true").run().one_line(125);
    Ok(())
}
