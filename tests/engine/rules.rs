//! Walls that the user draws: RULES for system calls, Landlock's rules for files, limits. Real limits are tried in [`vm`].
//!
//! [`vm`]: crate::vm

use crate::support::{Outcome, Run, Skip, Test, Verdict, Who, each, host, world};
use std::fs;

pub(crate) const TESTS: &[Test] = &[
    each("--seccomp RULES deny, allow and answer just what they name", seccomp),
    each("--seccomp RULES edit the strict filter with --strict", seccomp_strict),
    each("--seccomp RULES that deny what engine's last steps use end right", last_steps),
    each("--seccomp RULES that make no sense are usage errors", bad_rules),
    each("--landlock-ro, -rw and -rx allow just what they name", landlock),
    each("--landlock holds below -u, whoever may look there, and with --allow-new-privs", landlock_as_user),
    each("--landlock of a path that is not there is an error", landlock_missing),
    each("limits that cannot be had are errors with a hint, or said where the value ends in ?", limits),
    each("best effort with standard error closed, full or broken goes on all the same", broken_stderr),
];

fn run(who: Who, options: &[&str], script: &str) -> Outcome {
    Run::engine(who).args(options).arg(world().rootfs(who)).args(["bash", "-c", script]).run()
}

fn status(who: Who, options: &[&str], name: &str) -> String {
    host::field(&run(who, options, "cat /proc/self/status").exits(0).text(), name).unwrap_or_default()
}

fn seccomp(who: Who) -> Verdict {
    for rules in ["deny=mkdir", "allow=bpf", "errno=ENOSYS;deny=mkdir,mkdirat;allow=bpf"] {
        let filter =
            (status(who, &["--seccomp", rules], "Seccomp"), status(who, &["--seccomp", rules], "Seccomp_filters"));
        assert_eq!(filter, ("2".into(), "1".into()), "{rules}");
    }
    let said = |rules: &str| run(who, &["--seccomp", rules], "mkdir /tmp/$$ && rm -r /tmp/$$; true").error_text();
    assert_eq!(said("allow=bpf"), "");
    assert!(said("deny=mkdir,mkdirat").contains("Operation not permitted"));
    assert!(said("deny=mkdir,mkdirat;errno=ENOSPC").contains("No space left on device"));
    // What the preset refuses beside that it still refuses.
    let got = tried(who, &["--seccomp=allow=bpf;deny=chroot;errno=EACCES"]);
    assert_eq!((got("keyctl"), got("chroot(\"\")")), ("EPERM".into(), "EACCES".into()));
    assert_ne!(got("bpf"), "EPERM");
    Ok(())
}

/// What the calls of the table of what is refused get inside.
fn tried(who: Who, options: &[&str]) -> impl Fn(&str) -> String + use<> {
    let run = Run::engine(who).args(options).arg(world().rootfs(who)).args(["/probe", "--probe", "forbidden"]);
    let text = run.run().exits(0).text();
    move |call| {
        let line = text.lines().find_map(|line| line.strip_prefix(call)?.strip_prefix('\t'));
        line.unwrap_or_default().to_owned()
    }
}

fn seccomp_strict(who: Who) -> Verdict {
    let got = tried(who, &["--strict", "--seccomp=allow=unshare;deny=setns,bpf;errno=EACCES"]);
    let calls = ["unshare(CLONE_NEWUSER)", "setns", "bpf", "pivot_root", "clone3", "io_uring_setup"];
    assert_eq!(calls.map(got), ["done", "EACCES", "EACCES", "EPERM", "ENOSYS", "EPERM"]);
    Ok(())
}

fn last_steps(who: Who) -> Verdict {
    let run = |rules: &str, command: &str| {
        Run::engine(who).args(["--seccomp", rules]).arg(world().rootfs(who)).arg(command).run()
    };
    for rules in ["execve", "execve,write", "execve,exit_group", "execve,exit_group,exit,write,futex,madvise"] {
        run(&format!("deny={rules}"), "true").fails(126, "true", "EPERM").left_nothing();
        run(&format!("deny={rules};errno=ENOSYS"), "/bin/true").fails(126, "/bin/true", "ENOSYS").left_nothing();
    }
    run("deny=write,statx,exit", "nosuch").one_line(127).left_nothing();
    run("deny=exit_group", "/nosuch").fails(127, "/nosuch", "ENOENT").left_nothing();
    run("deny=statx", "true").exits(0);
    Ok(())
}

fn bad_rules(who: Who) -> Verdict {
    for (rules, words) in [
        ("deny=nosuch", "--seccomp: nosuch: unknown system call"),
        ("deny=mkdir,rmdi", "--seccomp: rmdi: unknown system call"),
        ("deny=mkdir;nonsense", "--seccomp: nonsense: expected deny="),
        ("deny=read;errno=EWHAT", "--seccomp: EWHAT: unknown errno"),
        ("deny=read;allow=read", "--seccomp: read: both denied and allowed"),
        ("allow=read;errno=EPERM", "nothing is denied"),
        ("nonsense", "--seccomp: nonsense: must be"),
        ("", "--seccomp"),
    ] {
        run(who, &["--seccomp", rules], "echo ran").misuses(words).left_nothing();
    }
    Ok(())
}

/// The version of Landlock that is enough for rules.
fn landlock_here() -> Result<(), Skip> {
    // SAFETY: it only asks.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0, 0, 1) };
    if version < 3 { Err(Skip::because("the kernel has no Landlock, or one from before Linux 6.2")) } else { Ok(()) }
}

/// Programs and what they need can be executed.
fn programs() -> Vec<String> {
    let here = ["/usr", "/lib", "/lib64", "/bin"].into_iter();
    here.filter(|path| world().rootfs(Who::all()[0]).join(&path[1..]).exists())
        .map(|path| format!("--landlock-rx={path}"))
        .collect()
}

fn landlock(who: Who) -> Verdict {
    landlock_here()?;
    let rootfs = world().own_rootfs(who);
    let script = "cat /etc/passwd >/dev/null && echo read; cat /etc/group 2>/dev/null && echo no; \
        echo x >/tmp/x && cat /tmp/x; rm /tmp/x; (echo x >>/etc/passwd) 2>/dev/null && echo no; ls / 2>/dev/null && echo no; \
        mkdir /tmp/d && mv /tmp/d /tmp/e && rm -r /tmp/e && echo moved; \
        cp /usr/bin/true /tmp/true && (/tmp/true) 2>/dev/null && echo no; mount -t tmpfs t /mnt 2>/dev/null && echo no; \
        echo x >/dev/null && echo end";
    let run = Run::engine(who).args(programs()).args(["--landlock-ro=/etc/passwd", "--landlock-rw=/tmp"]);
    let run = run.arg("--landlock-rw=/dev").arg(rootfs.path()).args(["bash", "-c", script]);
    run.run().exits(0).prints("read\nx\nmoved\nend");
    let run =
        Run::engine(who).args(programs()).args(["--landlock-rx=/probe", "--landlock-ro=/etc", "--landlock-rw=/tmp"]);
    let run = run.arg(rootfs.path()).args(["/probe", "--probe", "truncate", "/etc/passwd", "/etc/group", "/tmp/true"]);
    run.run().exits(0).prints(&format!("{0}\n{0}\n0", libc::EACCES));
    // Where the command itself may not be executed, that is said.
    Run::engine(who).arg("--landlock-ro=/").arg(rootfs.path()).arg("true").run().fails(126, "true", "EACCES");
    Ok(())
}

fn landlock_as_user(who: Who) -> Verdict {
    landlock_here()?;
    let rootfs = world().own_rootfs(who);
    // Of its own: root filesystems of other tests may share the others, and change who may read them.
    fs::write(rootfs.path().join("note"), "note").unwrap();
    let script = "cat /etc/group 2>/dev/null && echo no; cat /note >/dev/null && id -u";
    for options in [&["--allow-new-privs"][..], &["--userns=host"], &["-u", "65534"]] {
        if who == Who::User && options[0] != "--allow-new-privs" {
            continue;
        }
        let run = Run::engine(who).args(options).args(programs()).args(["--landlock-ro=/note", "--landlock-rw=/dev"]);
        let outcome = run.arg(rootfs.path()).args(["bash", "-c", script]).run();
        outcome.exits(0).prints(if options[0] == "-u" { "65534" } else { "0" });
    }
    Ok(())
}

fn landlock_missing(who: Who) -> Verdict {
    landlock_here()?;
    let outcome = run(who, &["--landlock-ro=/etc", "--landlock-rw=/nosuch?"], "echo ran");
    outcome.fails(125, "/nosuch", "ENOENT").left_nothing();
    Ok(())
}

fn limits(who: Who) -> Verdict {
    run(who, &["--cgroup=/tmp"], "echo ran").fails(125, "cgroup below /tmp", "EOPNOTSUPP").left_nothing();
    run(who, &["--cgroup=/nosuch", "-m", "10m"], "echo ran").fails(125, "/nosuch", "ENOENT").left_nothing();
    let outcome = run(who, &["--cgroup=/tmp?", "--memory=10m?", "--cpus=1.5?", "--pids-limit=9?"], "echo in");
    outcome.exits(0).prints("in").left_nothing();
    let text = outcome.error_text();
    outcome.must(text.lines().count() == 1, "what was not applied is said, once");
    outcome.must(text.ends_with("going on without\n"), "the line says that it goes on");
    // One that must be had is enough for an error.
    run(who, &["--cgroup=/tmp?", "--memory=10m"], "echo ran").fails(125, "/tmp", "EOPNOTSUPP");
    if who == Who::User {
        // Nothing is delegated to nobody.
        let outcome = run(who, &["-m", "10m"], "echo ran");
        outcome.one_line(125);
        let text = outcome.error_text();
        outcome.must(text.contains("systemd-run --user --scope -p Delegate=yes"), "the hint is missing");
    }
    Ok(())
}

fn broken_stderr(who: Who) -> Verdict {
    let command = |options: &[&str]| {
        let run = Run::engine(who).args(options).arg(world().rootfs(who));
        // As few processes of its own as can be: what is sent to the command would end it.
        run.args(["bash", "-c", "read -t 0.2 line; echo in"])
    };
    let best = ["--cgroup=/tmp?", "-m", "10m?"];
    command(&best).closing(&[2]).run().exits(0).prints("in");
    command(&best).opening(2, "/dev/full", libc::O_WRONLY).run().exits(0).prints("in");
    // A pipe without a reader.
    // SAFETY: pipe(2), dup2(2) and close(2) are async-signal-safe.
    let broken = unsafe {
        command(&best).before_exec(|| {
            let mut ends = [0; 2];
            libc::pipe(ends.as_mut_ptr());
            libc::dup2(ends[1], 2);
            libc::close(ends[0]);
            libc::close(ends[1]);
            Ok(())
        })
    };
    broken.run().exits(0).prints("in");
    // What was said leaves no trace in what engine holds back.
    let held = |options: &[&str]| {
        let run = Run::engine(who).args(options).arg(world().rootfs(who)).args(["/probe", "--probe", "wait"]);
        let mut running = run.piped().spawn();
        running.wait_for_output("ready");
        let held = host::status_field(running.pid(), "SigBlk");
        running.end_input();
        running.finish().exits(0);
        held
    };
    assert_eq!(held(&best), held(&[]));
    Ok(())
}
