//! What the command inherits from the caller: all that it should, and nothing else.

use crate::support::run::{bytes, send};
use crate::support::{Run, Skip, Terminal, Test, Verdict, Who, each, host, wait_for, world};
use std::fs::File;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;

pub(crate) const TESTS: &[Test] = &[
    each("N1 the caller's signal mask and ignored signals", n1_signals),
    each("N2 descriptors 0, 1 and 2 and no other", n2_descriptors),
    each("N2 --preserve-fd keeps what it names, for the command alone", n2_preserved),
    each("N2 --preserve-fd refuses what is not open, and too many", n2_not_preserved),
    each("N2 init holds nothing of the host", n2_init),
    each("N4 a closed 0, 1 or 2 becomes /dev/null", n4_closed),
    each("N5 what the caller gives as 0, 1 and 2 keeps its flags, owner and mode", n5_untouched),
    each("N6 umask, limits, niceness and oom_score_adj", n6_numbers),
    each("N7 the working directory is /", n7_directory),
    each("N8 no directory of the host is kept busy", n8_busy),
    each("N9 arguments byte for byte", n9_arguments),
    each("N9 10,000 arguments, and the longest one", n9_many),
    each("N9 the environment byte for byte", n9_environment),
    each("N9 10,000 variables", n9_many_variables),
    each("PATH gets a default where it is unset, and only there", path),
];

fn n1_signals(who: Who) -> Verdict {
    let show = ["sed", "-n", "/^Sig[BI]/p", "/proc/self/status"];
    let (blocked, ignored) = ([libc::SIGUSR1, libc::SIGTERM, libc::SIGCHLD], [libc::SIGHUP, libc::SIGALRM]);
    let all: Vec<i32> =
        (1..=libc::SIGRTMAX()).filter(|signal| ![libc::SIGKILL, libc::SIGSTOP, 32, 33].contains(signal)).collect();
    for (blocked, ignored) in
        [(&[][..], &[][..]), (&blocked, &ignored), (&ignored, &[libc::SIGCHLD]), (&all, &[]), (&[], &all)]
    {
        let with = |mut run: Run| {
            for signal in blocked {
                run = run.blocking(*signal);
            }
            for signal in ignored {
                run = run.ignoring(*signal);
            }
            run.run().exits(0).text()
        };
        let own = with(Run::program(who, "/usr/bin/env").args(show));
        assert_eq!(with(Run::inside(who, show)), own, "{blocked:?} blocked, {ignored:?} ignored");
    }
    Ok(())
}

fn n2_descriptors(who: Who) -> Verdict {
    let mut run = Run::probe(who, ["descriptors"]);
    for descriptor in [3, 4, 9, 63, 255, 1000] {
        run = run.opening(descriptor, "/etc", libc::O_RDONLY);
    }
    let outcome = run.run();
    let text = outcome.exits(0).text();
    let numbers: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    outcome.must(numbers == ["0", "1", "2"], "only 0, 1 and 2 should have been open");
    Ok(())
}

fn n2_preserved(who: Who) -> Verdict {
    let options = ["--preserve-fd", "9", "--preserve-fd=1000", "--preserve-fd", "2", "--preserve-fd=9"];
    let engine = |options: &[&str]| Run::engine(who).args(options).arg(world().rootfs(who));
    for more in [&[][..], &["--no-init"], &["-t"], &["--monotonic", "5"]] {
        let mut run = engine(&[&options, more].concat()).args(["/probe", "--probe", "descriptors"]);
        for descriptor in [3, 9, 63, 1000] {
            run = run.opening(descriptor, "/etc", libc::O_RDONLY);
        }
        let outcome = run.run();
        let text = outcome.exits(0).text();
        let numbers: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
        outcome.must(numbers == ["0", "1", "2", "9", "1000"], "those and no other should have been open");
    }
    engine(&options[..2]).args(["sh", "-c", "read x <&9; [ $x ]"]).opening(9, "/etc/hostname", 0).run().exits(0);
    // Neither engine nor init keeps it from its end.
    let script = "\"$E\" --preserve-fd 9 \"$R\" sh -c 'exec 9>&-; read x; exit 4' 9> >(cat; echo over)";
    let run = Run::program(who, "/bin/bash").args(["-c", script]).env("E", world().engine());
    let mut running = run.env("R", world().rootfs(who)).piped().spawn();
    running.wait_for_output("over");
    running.write("x\n");
    running.finish().exits(4);
    Ok(())
}

fn n2_not_preserved(who: Who) -> Verdict {
    let engine = |options: &[String]| Run::engine(who).args(options).arg(world().rootfs(who)).arg("true");
    let numbers = |count: i32| (3..3 + count).map(|number| format!("--preserve-fd={number}")).collect::<Vec<_>>();
    let all = |count: i32| {
        (3..3 + count).fold(engine(&numbers(count)), |run, number| run.opening(number, "/dev/null", libc::O_RDONLY))
    };
    engine(&numbers(1)).run().fails(125, "3", "EBADF").left_nothing();
    engine(&[String::from("--preserve-fd=2147483647")]).run().fails(125, "2147483647", "EBADF");
    all(64).run().exits(0);
    all(65).run().misuses("more than 64 descriptors");
    Ok(())
}

fn n2_init(who: Who) -> Verdict {
    let mut running = Run::probe(who, ["wait"])
        .opening(9, "/etc/passwd", libc::O_RDONLY)
        .opening(10, "/", libc::O_RDONLY)
        .piped()
        .spawn();
    running.wait_for_output("ready");
    let held = host::descriptors(running.init());
    let of_files: Vec<_> = held.iter().filter(|target| target.as_os_str().as_bytes().starts_with(b"/")).collect();
    assert!(of_files.is_empty(), "PID 1 holds files of the host open: {held:?}");
    running.end_input();
    running.finish().exits(0);
    Ok(())
}

fn n4_closed(who: Who) -> Verdict {
    for combination in 0..8 {
        let closed: Vec<i32> = (0..3).filter(|descriptor| combination & (1 << descriptor) != 0).collect();
        // The pattern itself opens a directory for a moment, which is gone when the loop looks. Character device 1:3, whatever its path is called.
        let mut script = String::new();
        for descriptor in &closed {
            script.push_str(&format!(
                "[ \"$(stat -L -c %t:%T /proc/$$/fd/{descriptor})\" = 1:3 ] || exit 1{descriptor}; "
            ));
        }
        script.push_str(
            "for fd in /proc/$$/fd/*; do case $fd in */[012]) ;; *) [ ! -L $fd ] || exit 20 ;; esac; done; exit 7",
        );
        Run::script(who, &script).closing(&closed).run().exits(7);
    }
    Ok(())
}

fn n5_untouched(who: Who) -> Verdict {
    let directory = world().directory(who);
    let file = File::options().append(true).create(true).read(true).open(directory.path().join("file")).unwrap();
    let terminal = Terminal::new();
    let (socket, _other) = UnixStream::pair().unwrap();
    // For reading and writing, so that nothing blocks.
    let pipe = {
        let path = directory.path().join("pipe");
        let text = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: mkfifo(3) reads a path that ends in NUL.
        assert_eq!(unsafe { libc::mkfifo(text.as_ptr(), 0o600) }, 0);
        File::options().read(true).write(true).open(path).unwrap()
    };
    for given in [OwnedFd::from(file), terminal.other_end(), socket.into(), pipe.into()] {
        let given = File::from(given);
        let number = given.as_raw_fd();
        let looks = || {
            let about = given.metadata().unwrap();
            // SAFETY: F_GETFL only asks.
            (unsafe { libc::fcntl(number, libc::F_GETFL) }, about.uid(), about.gid(), about.mode())
        };
        let before = looks();
        let run = Run::script(who, "kill -STOP $$; exit 3");
        // The very same open file, so that a change would show here.
        // SAFETY: dup2(2) is async-signal-safe, and the descriptor is open until the run has ended.
        let run = unsafe {
            run.on(&terminal).before_exec(move || {
                for standard in 0..3 {
                    if libc::dup2(number, standard) < 0 {
                        return Err(std::io::Error::last_os_error());
                    }
                }
                Ok(())
            })
        };
        let running = run.spawn();
        let command = running.command();
        wait_for("the command to stop", || (host::process(command)?.state == 'T').then_some(()));
        assert_eq!(looks(), before, "while it runs");
        send(command, libc::SIGCONT);
        // Open here as well, so that it has no end.
        running.finish_process().exits(3).left_nothing();
        assert_eq!(looks(), before, "at the end");
    }
    Ok(())
}

fn n6_numbers(who: Who) -> Verdict {
    let script = "umask; ulimit -a; ulimit -Ha; cut -d ' ' -f 19 /proc/self/stat; cat /proc/self/oom_score_adj";
    let with = |run: Run| {
        let run = run.limit(libc::RLIMIT_NOFILE, 123).limit(libc::RLIMIT_CORE, 4096).limit(libc::RLIMIT_CPU, 1000);
        // SAFETY: umask(2), prctl(2), setpriority(2), open(2), write(2) and close(2) are async-signal-safe, and the text is static.
        let run = unsafe {
            run.before_exec(|| {
                libc::umask(0o137);
                // The change of the user has made /proc/self root's.
                libc::prctl(libc::PR_SET_DUMPABLE, 1);
                let file = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY);
                if libc::setpriority(libc::PRIO_PROCESS, 0, 7) != 0 || libc::write(file, c"321".as_ptr().cast(), 3) != 3
                {
                    return Err(std::io::Error::last_os_error());
                }
                libc::close(file);
                Ok(())
            })
        };
        run.run()
    };
    let own = with(Run::program(who, "/bin/bash").args(["-c", script]));
    own.exits(0)
        .must(own.text().starts_with("0137") && own.text().ends_with("\n7\n321"), "umask, niceness, oom_score_adj");
    with(Run::inside(who, ["bash", "-c", script])).exits(0).prints(&own.text()).silent_on_stderr();
    Ok(())
}

fn n7_directory(who: Who) -> Verdict {
    Run::inside(who, ["pwd"]).directory("/usr").run().exits(0).prints("/");
    Ok(())
}

fn n8_busy(who: Who) -> Verdict {
    let Some(unshare) = host::program("unshare") else { return Err(Skip::because("unshare is not here")) };
    let options = if who == Who::Root { "-m" } else { "-Urm" };
    // engine is started in one file system, and has a file of another for its input and a directory of it for another
    // descriptor. But for what the command itself has, both can be unmounted.
    let script = "mount -t tmpfs a \"$1\" && mount -t tmpfs b \"$2\" && : >\"$2/file\" || exit 1; here=$1 there=$2; shift 2; \
        (cd \"$here\" && exec \"$@\" 9<\"$there\" <\"$there/file\") & \
        read _; umount \"$here\" && echo free; umount \"$there\" && echo free too; kill $!; wait $!";
    let (here, there) = (world().directory(who), world().directory(who));
    let run = Run::program(who, unshare).args([options, "sh", "-c", script, "sh"]).arg(here.path()).arg(there.path());
    let run =
        run.arg(world().engine()).arg(world().rootfs(who)).args(["sh", "-c", "exec </dev/null; echo ready; sleep 60"]);
    let mut running = run.piped().spawn();
    running.wait_for_output("ready");
    running.write("go\n");
    running.finish().exits(143).prints("ready\nfree\nfree too").left_nothing();
    Ok(())
}

fn n9_arguments(who: Who) -> Verdict {
    let every: Vec<u8> = (1..=255).collect();
    let words = [
        bytes(&every),
        bytes(b""),
        bytes(b"two\nlines\n"),
        bytes(b" blanks  "),
        bytes(b"--help"),
        bytes(b"-x"),
        bytes(b"--"),
        bytes(b""),
    ];
    let outcome = Run::probe(who, ["arguments"]).args(words).run();
    let expected: Vec<u8> = words.iter().flat_map(|word| word.as_bytes().iter().copied().chain([0])).collect();
    outcome.exits(0).must(outcome.stdout == expected, "the arguments should have come back byte for byte");
    Ok(())
}

fn n9_many(who: Who) -> Verdict {
    let words: Vec<String> = (0..10_000).map(|number| format!("argument {number}")).collect();
    // MAX_ARG_STRLEN of the kernel, the NUL included.
    let longest = "x".repeat(131_071);
    let outcome = Run::probe(who, ["arguments"]).args(&words).arg(&longest).run();
    let expected = words.join("\0") + "\0" + &longest + "\0";
    outcome.exits(0).must(outcome.stdout == expected.as_bytes(), "the arguments should have come back byte for byte");
    Ok(())
}

/// The environment that a command sees, when engine is executed with exactly these entries.
fn environment_of(who: Who, entries: &[&[u8]]) -> Vec<Vec<u8>> {
    let run = Run::program(who, world().probe()).args(["--probe", "bare-exec"]).arg(world().engine()).arg("4");
    let run = run.arg("engine").arg(world().rootfs(who)).args(["/bin/cat", "/proc/self/environ"]);
    let outcome = run.args(entries.iter().map(|entry| bytes(entry))).run();
    outcome.exits(0).silent_on_stderr();
    let mut seen: Vec<_> = outcome.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    assert_eq!(seen.pop().unwrap(), b"", "the environment ends in a NUL");
    seen
}

fn n9_environment(who: Who) -> Verdict {
    let every: Vec<u8> = b"EVERY=".iter().copied().chain(1..=255).collect();
    let entries: [&[u8]; 9] = [
        b"PATH=/bin",
        &every,
        b"EMPTY=",
        b"LINES=a\nb\n",
        b"no equals sign",
        b"=nameless",
        b"TWICE=1",
        b"TWICE=2",
        b"==",
    ];
    assert_eq!(environment_of(who, &entries), entries);
    Ok(())
}

fn n9_many_variables(who: Who) -> Verdict {
    let texts: Vec<String> = (0..10_000).map(|number| format!("VARIABLE_{number}=value {number}")).collect();
    let mut entries: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    entries.insert(0, b"PATH=/bin");
    assert!(environment_of(who, &entries) == entries, "10,000 variables should have come back byte for byte");
    Ok(())
}

fn path(who: Who) -> Verdict {
    let seen = environment_of(who, &[b"A=1"]);
    assert_eq!(seen.len(), 2, "A and PATH: {seen:?}");
    assert!(seen.contains(&b"A=1".to_vec()));
    assert!(
        seen.contains(&b"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_vec()),
        "PATH should have had docker's default: {seen:?}"
    );
    assert_eq!(environment_of(who, &[b"PATH=/own"]), [b"PATH=/own"]);
    assert_eq!(environment_of(who, &[b"PATH="]), [b"PATH="]);
    Run::inside(who, ["true"]).without_path().run().exits(0);
    Ok(())
}
