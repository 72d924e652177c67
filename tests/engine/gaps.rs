//! What happens between two system calls of engine, or to one that fails: strace(1) holds it up, or answers in its place.

use crate::support::run::{Running, send};
use crate::support::{DEADLINE, Run, Skip, Test, Verdict, Who, each, host, wait_for, world};
use std::fs;

pub(crate) const TESTS: &[Test] = &[
    each("S4 a signal in a gap of set-up is not lost", s4_gaps),
    each("L5 engine is killed, and PDEATHSIG was never set: the lifeline ends everything", l5_lifeline),
    each(
        "L5 L7 engine is killed, and init cannot look: PDEATHSIG ends everything, whoever init has become",
        l7_deathsig,
    ),
    each("L6 engine is killed before init is tied to it: the command never runs", l6_never),
    each("L6 engine is killed while a mount is on its way: the command never runs", l6_mount),
    each("S6 a call that a signal ends is made again, whichever it is", s6_again),
    each("N3 without close_range the command never runs, and it is said", n3_close_range),
];

/// strace(1), with a program to come, which does this to the calls of this name.
fn traced(who: Who, call: &str, injection: &str) -> Result<Run, Skip> {
    let Some(strace) = host::program("strace") else { return Err(Skip::because("strace is not here")) };
    let options = ["-f", "-q", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"];
    Ok(Run::program(who, strace).args(options).arg(format!("inject={call}:{injection}")))
}

/// engine's process, below strace's.
fn engine_of(running: &Running) -> i32 {
    wait_for("engine", || {
        host::children(running.pid()).into_iter().find(|child| child.name == "engine").map(|engine| engine.pid)
    })
}

/// Waits until a process is held up in this system call.
fn held(what: &str, call: libc::c_long, process: impl Fn() -> Option<i32>) -> i32 {
    wait_for(what, || {
        let pid = process()?;
        let now = fs::read_to_string(format!("/proc/{pid}/syscall")).ok()?;
        (now.split(' ').next()? == call.to_string() && host::process(pid)?.state == 't').then_some(pid)
    })
}

/// The only child of a process, where there is one.
fn child_of(pid: i32) -> Option<i32> {
    host::children(pid).first().map(|child| child.pid)
}

/// How long strace holds a call up, in microseconds: longer than anyone needs to see it, and not waited for, but where the
/// process goes on.
const A_WHILE: &str = "delay_enter=700000";

fn s4_gaps(who: Who) -> Verdict {
    // Of I, and the last of C.
    let gaps = [
        ("prctl", libc::SYS_prctl, false),
        ("mount_setattr", libc::SYS_mount_setattr, false),
        ("move_mount", libc::SYS_move_mount, false),
        ("pivot_root", libc::SYS_pivot_root, false),
        ("sethostname", libc::SYS_sethostname, false),
        ("seccomp", libc::SYS_seccomp, true),
    ];
    for (name, number, of_command) in gaps {
        // Where C is, only root can see: it is hidden by then.
        if of_command && !Who::all().contains(&Who::Root) {
            continue;
        }
        for signal in [libc::SIGTERM, libc::SIGUSR1] {
            let run = traced(who, name, &format!("{A_WHILE}:when=1"))?.arg(world().engine()).arg(world().rootfs(who));
            let running = run.args(["/bin/sh", "-c", "sleep 60"]).spawn();
            let engine = engine_of(&running);
            held(name, number, || {
                let init = child_of(engine)?;
                if of_command { child_of(init) } else { Some(init) }
            });
            send(engine, signal);
            assert!(running.ended_within(DEADLINE), "signal {signal} in {name} should have ended it");
            // strace ends as what it traces.
            running.finish().dies_of(signal).silent_on_stderr().left_nothing();
        }
    }
    Ok(())
}

fn l5_lifeline(who: Who) -> Verdict {
    let directory = world().directory(who);
    let log = directory.path().join("log");
    // The first of each process; init's are those that ask for PDEATHSIG. They say that it is done, and it is not.
    let run = traced(who, "prctl", "retval=0:when=1..2")?.args(["-o", log.to_str().unwrap()]);
    let script = "setsid sleep 88 & (trap '' TERM HUP; sleep 88) & echo ready; wait";
    let running = run.arg(world().engine()).arg(world().rootfs(who)).args(["sh", "-c", script]).spawn();
    running.wait_for_output("ready");
    send(engine_of(&running), libc::SIGKILL);
    running.finish().dies_of(libc::SIGKILL).leaves_nothing();
    let log = fs::read_to_string(log).unwrap();
    let mut asked = log.lines().filter(|line| line.contains("PR_SET_PDEATHSIG")).peekable();
    assert!(asked.peek().is_some(), "nobody has asked for PDEATHSIG:\n{log}");
    assert!(asked.all(|line| line.ends_with("(INJECTED)")), "PDEATHSIG has been set:\n{log}");
    Ok(())
}

fn l7_deathsig(who: Who) -> Verdict {
    let mut ways = vec![vec![], vec!["--strict"], vec!["--userns=keep-id"], vec!["-x"], vec!["--cap-drop=ALL"]];
    if who == Who::Root {
        // Whoever has all ids may become somebody.
        ways.extend([vec!["--user=5:5"], vec!["--uidmap=0:1000:1"], vec!["--gidmap=0:1000:1"]]);
        ways.extend([vec!["--uidmap=0:1000:1", "--gidmap=0:1000:1"], vec!["--userns=host"]]);
    }
    for options in ways {
        // Anybody's, so that whoever it is may execute what is in it.
        let run = Run::engine(who).args(&options).arg(world().rootfs(who)).args(["/bin/sh", "-c"]);
        let running = run.arg("setsid sleep 88 & echo ready; wait").spawn();
        running.wait_for_output("ready");
        // Stopped, it sees nothing of the lifeline. SIGKILL does not ask.
        let init = running.init();
        send(init, libc::SIGSTOP);
        wait_for("init to stop", || (host::process(init)?.state == 'T').then_some(()));
        running.signal(libc::SIGKILL);
        running.finish().dies_of(libc::SIGKILL).leaves_nothing();
    }
    Ok(())
}

/// Kills engine while init is in this call, and sees that the command has not run.
fn killed_in(who: Who, name: &str, number: libc::c_long) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let run = traced(who, name, &format!("{A_WHILE}:when=1"))?.arg(world().engine()).arg(rootfs.path());
    let running = run.args(["/bin/sh", "-c", "echo ran >/tmp/ran; sleep 88"]).spawn();
    let engine = engine_of(&running);
    held(name, number, || child_of(engine));
    send(engine, libc::SIGKILL);
    running.finish().dies_of(libc::SIGKILL).leaves_nothing();
    assert!(!rootfs.path().join("tmp/ran").exists(), "the command has run");
    Ok(())
}

fn l6_never(who: Who) -> Verdict {
    killed_in(who, "prctl", libc::SYS_prctl)
}

fn l6_mount(who: Who) -> Verdict {
    killed_in(who, "move_mount", libc::SYS_move_mount)
}

fn s6_again(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    // A command that makes its own calls again, too.
    fs::copy(world().engine(), rootfs.path().join("engine")).unwrap();
    // After close(2) the number may be somebody else's, so that is not made again; the others never end so.
    let calls = "!close,clone,execve,exit,exit_group";
    for which in ["2+2", "3+2", "2+3", "3+3", "4+3"] {
        let run = traced(who, calls, &format!("error=EINTR:when={which}"))?;
        run.arg(world().engine()).arg(rootfs.path()).args(["/engine", "--version"]).run().exits(0).silent_on_stderr();
    }
    Ok(())
}

fn n3_close_range(who: Who) -> Verdict {
    // Whichever of them it is, in whichever process.
    for which in ["1", "2", "3", "1+"] {
        let rootfs = world().own_rootfs(who);
        let run =
            traced(who, "close_range", &format!("error=ENOSYS:when={which}"))?.arg(world().engine()).arg(rootfs.path());
        let outcome = run.args(["/bin/sh", "-c", "echo ran >/tmp/ran"]).run();
        let ran = rootfs.path().join("tmp/ran").exists();
        if outcome.end == crate::support::End::Exit(125) {
            outcome.one_line(125).must(outcome.error_text().contains("(ENOSYS)"), "the cause should have been ENOSYS");
            outcome.must(!ran, "the command should not have run");
        } else {
            // Those that only let go of standard descriptors early.
            outcome.exits(0).silent_on_stderr().must(ran, "the command should have run");
            outcome.must(which != "1" && which != "1+", "the caller's descriptors should not have been let in");
        }
        outcome.left_nothing();
    }
    Ok(())
}
