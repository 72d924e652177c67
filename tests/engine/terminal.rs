//! Terminals: the caller's, which the container shares, and one of its own with `-t`.

use crate::support::{DEADLINE, End, Outcome, Run, Skip, Terminal, Test, Verdict, Who, each, host, rounds, world};
use crate::support::{wait_for, wait_within};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    each("T1 one ^C is one SIGINT for the command", t1_once),
    each("T2 engine survives ^C and lets the command clean up", t2_cleanup),
    each("X3 a loop of a shell ends on ^C", x3_loop),
    each("T3 ^Z stops the job, the shell knows, fg goes on", t3_stop),
    each("T3 in an orphaned process group ^Z hangs nothing", t3_orphaned),
    each("T4 init reaps while the command is stopped", t4_reaps),
    each("T5 bash inside has job control", t5_bash),
    each("T5 Alpine's ash inside has job control", t5_ash),
    each("T6 at the end the foreground is as it was", t6_foreground),
    each("T7 started in the background it never takes the terminal", t7_background),
    each("T8 no terminal, or a dead one: no attempt, no warning", t8_none),
    each("T9 /dev/tty is the caller's terminal", t9_tty),
    each("T10 --new-session: no controlling terminal, and ^C arrives all the same", t10_session),
    each("T11 -t: the terminal is the container's own, with the caller's modes and size", t11_own),
    each("T11 -t: the caller's terminal is restored on every way out", t11_restored),
    each("T11 -t: the window's size follows", t11_size),
    each("T11 -t: bash and ash have job control, ^C and ^Z are the container's", t11_jobs),
    each("T11 -t: the end of the input arrives, also in the middle of a line", t11_end),
    each("T11 -t: the caller's descriptors stay blocking", t11_blocking),
    each("T11 -t: nothing is lost or changed under load", t11_load),
    each("T12 the terminal closes: everything ends", t12_closes),
];

fn plain(outcome: &Outcome) -> String {
    outcome.text().replace('\r', "")
}

fn t1_once(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running = Run::probe(who, ["signals", "3"]).on(&terminal).spawn();
    running.wait_for_output("ready");
    terminal.types("\x03");
    running.wait_for_output("got 2");
    terminal.types("\x1c");
    let outcome = running.finish();
    outcome.exits(9).left_nothing();
    let text = plain(&outcome);
    outcome.must(text.matches("got").count() == 2, "each signal should have come once");
    Ok(())
}

fn t2_cleanup(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let script = "trap 'sleep 0.3; echo cleaned; exit 5' INT; echo ready; while :; do sleep 0.1; done";
    let running = Run::script(who, script).on(&terminal).spawn();
    running.wait_for_output("ready");
    terminal.types("\x03");
    let outcome = running.finish();
    outcome.exits(5).must(outcome.text().contains("cleaned"), "the trap should have finished").left_nothing();
    Ok(())
}

/// bash on the host, with engine as `$E` and the root filesystem as `$R`.
fn bash(who: Who, words: &[&str]) -> Run {
    let run = Run::program(who, "/bin/bash").args(["--norc", "--noprofile"]).args(words);
    run.env("E", world().engine()).env("R", world().rootfs(who)).env("PS1", "host> ").env("HISTFILE", "")
}

fn x3_loop(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running =
        bash(who, &["-c", "while :; do \"$E\" \"$R\" sh -c 'echo ready; sleep 60'; done"]).on(&terminal).spawn();
    running.wait_for_output("ready");
    terminal.types("\x03");
    running.finish().dies_of(libc::SIGINT).left_nothing();
    Ok(())
}

fn t3_stop(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running = bash(who, &["-i"]).on(&terminal).spawn();
    running.wait_for_output("host> ");
    terminal.types("\"$E\" \"$R\" sh -c 'echo in''side; read x; echo got $x; exit 4'\n");
    running.wait_for_output("inside");
    terminal.types("\x1a");
    running.wait_for_output("Stopped");
    terminal.types("fg\n");
    terminal.types("word\n");
    running.wait_for_output("got word");
    terminal.types("echo status $?; exit\n");
    let outcome = running.finish();
    outcome.must(outcome.text().contains("status 4"), "the shell should have seen status 4").left_nothing();
    Ok(())
}

fn t3_orphaned(who: Who) -> Verdict {
    let terminal = Terminal::new();
    // engine leads the session itself, so nobody could continue its group.
    let running = Run::script(who, "echo ready; read x; echo got $x; exit 6").on(&terminal).spawn();
    running.wait_for_output("ready");
    terminal.types("\x1aword\n");
    let outcome = running.finish();
    outcome.exits(6).must(outcome.text().contains("got word"), "the command should have gone on");
    Ok(())
}

fn t4_reaps(who: Who) -> Verdict {
    let script = "echo ready; for i in 1 2 3 4 5; do (sh -c 'sleep 0.2' &); done; kill -STOP $$; exit 3";
    let running = Run::script(who, script).spawn();
    running.wait_for_output("ready");
    let init = running.init();
    let children = || host::children(init);
    wait_for("the command, stopped and alone", || {
        matches!(children().as_slice(), [only] if only.state == 'T').then_some(())
    });
    crate::support::run::send(children()[0].pid, libc::SIGCONT);
    running.finish().exits(3).left_nothing();
    Ok(())
}

/// Types a session with job control into an interactive shell that is there; it ends with status 7.
fn job_control(terminal: &Terminal, running: crate::support::run::Running) -> Outcome {
    terminal.types("PS1='in''> '\n");
    running.wait_for_output("in> ");
    terminal.types("sleep 1000\n");
    let command = running.command();
    wait_for("sleep", || host::children(command).iter().any(|child| child.name == "sleep").then_some(()));
    terminal.types("\x1a");
    running.wait_for_output("Stopped");
    terminal.types("jobs; echo lis''ted\n");
    running.wait_for_output("listed");
    terminal.types("fg\n");
    let sleeps = || host::children(command).into_iter().find(|child| child.name == "sleep");
    wait_for("sleep, running", || (sleeps()?.state == 'S').then_some(()));
    terminal.types("\x03");
    wait_for("the end of sleep", || sleeps().is_none().then_some(()));
    terminal.types("exit 7\n");
    let outcome = running.finish();
    outcome.exits(7);
    let text = outcome.text();
    let shown = text.matches("Stopped").count() >= 2 && !text.contains("no job control");
    outcome.must(shown, "the shell should have had job control").left_nothing();
    outcome
}

fn t5_bash(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running = Run::inside(who, ["bash", "--norc", "-i"]).on(&terminal).spawn();
    job_control(&terminal, running);
    Ok(())
}

/// Alpine's shell; engine's options come first.
fn ash(who: Who, options: &[&str]) -> Result<Run, Skip> {
    let alpine: PathBuf = world().alpine(who)?;
    Ok(Run::engine(who).args(options).arg(alpine).args(["/bin/sh", "-i"]))
}

fn t5_ash(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running = ash(who, &[])?.on(&terminal).spawn();
    job_control(&terminal, running);
    Ok(())
}

fn t6_foreground(who: Who) -> Verdict {
    let terminal = Terminal::new();
    // Not interactive, so this bash never takes the terminal back itself: in the background it could not read from it.
    let script = "\"$E\" \"$R\" bash --norc -ic 'echo ready; sleep 0.1'; read x; echo got $x";
    let running = bash(who, &["-c", script]).on(&terminal).spawn();
    running.wait_for_output("ready");
    terminal.types("word\n");
    let outcome = running.finish();
    outcome.must(outcome.text().contains("got word"), "the caller should have been in the foreground again");
    Ok(())
}

fn t7_background(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running = bash(who, &["-i"]).on(&terminal).spawn();
    running.wait_for_output("host> ");
    terminal.types("\"$E\" \"$R\" cat & \n");
    let job = wait_for("the job", || host::children(running.pid()).first().map(|job| job.pid));
    wait_for("the job to stop", || (host::process(job)?.state == 'T').then_some(()));
    terminal.types("jobs\n");
    running.wait_for_output("Stopped");
    terminal.types("kill %1\n");
    wait_for("the job to end", || host::process(job).is_none().then_some(()));
    terminal.types("exit\n");
    running.finish().left_nothing();
    Ok(())
}

fn t8_none(who: Who) -> Verdict {
    let run = Run::program(who, "/usr/bin/env").args(["setsid", "--wait"]).arg(world().engine());
    run.arg(world().rootfs(who)).args(["sh", "-c", "exit 3"]).run().exits(3).silent_on_stderr();
    let terminal = Terminal::new();
    let running = Run::script(who, "trap '' HUP; echo ready; sleep 0.5; exit 3").ignoring(libc::SIGHUP).on(&terminal);
    let running = running.spawn();
    running.wait_for_output("ready");
    drop(terminal);
    assert!(running.ended_within(DEADLINE), "engine should have ended with its command");
    running.finish().exits(3).left_nothing();
    Ok(())
}

fn t9_tty(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let outcome = Run::script(who, "echo hello >/dev/tty 2>/dev/null || exit 1").on(&terminal).run();
    outcome.exits(0).must(outcome.text().contains("hello"), "/dev/tty should have been the terminal");
    Ok(())
}

fn t10_session(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let script = "(: </dev/tty) 2>/dev/null && exit 1; trap 'exit 8' INT; echo ready; while :; do sleep 0.1; done";
    let run = Run::engine(who).arg("--new-session").arg(world().rootfs(who)).args(["sh", "-c", script]).on(&terminal);
    let running = run.spawn();
    running.wait_for_output("ready");
    terminal.types("\x03");
    running.finish().exits(8).left_nothing();
    Ok(())
}

/// A script with a terminal of its own.
fn own(who: Who, script: &str) -> Run {
    Run::engine(who).arg("-t").arg(world().rootfs(who)).args(["/bin/bash", "-c", script])
}

fn t11_own(who: Who) -> Verdict {
    let terminal = Terminal::new();
    terminal.resize(33, 101);
    let script = "tty; stty size; for f in 0 1 2; do [ -t $f ] || exit 1; done; [ $$ = $(ps -o sid= $$) ] || exit 2; \
        stat -c %t:%T /dev/console; [ \"$(stat -c %t:%T $(tty))\" = \"$(stat -c %t:%T /dev/console)\" ] || exit 3; \
        echo again >/dev/tty; stty -a >/dev/console";
    let outcome = own(who, script).on(&terminal).run();
    let text = plain(&outcome);
    outcome.exits(0);
    for part in ["/dev/pts/0\n33 101\n", "again", "erase = ^?"] {
        outcome.must(text.contains(part), &format!("the output should have held {part:?}"));
    }
    Ok(())
}

/// Runs it on a new terminal, does something to it once it is ready, and looks at the terminal before and after.
fn restored(run: Run, meanwhile: impl FnOnce(&crate::support::run::Running)) -> Outcome {
    let terminal = Terminal::new();
    let before = terminal.modes();
    let running = run.on(&terminal).spawn();
    meanwhile(&running);
    let outcome = running.finish();
    outcome.must(terminal.modes() == before, "the terminal should have been as it was").left_nothing();
    outcome
}

fn t11_restored(who: Who) -> Verdict {
    restored(own(who, "exit 5"), |_| ()).exits(5);
    restored(own(who, "exec /no/such"), |_| ()).exits(127);
    restored(Run::engine(who).args(["-t"]).arg(world().rootfs(who)).arg("nosuch"), |_| ()).exits(127);
    restored(own(who, "kill -SEGV $$"), |_| ()).dies_of(libc::SIGSEGV);
    let long = || own(who, "echo ready; sleep 60");
    for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGINT, libc::SIGUSR1] {
        let act = |running: &crate::support::run::Running| {
            running.wait_for_output("ready");
            running.signal(signal);
        };
        restored(long(), act).dies_of(signal);
    }
    let act = |running: &crate::support::run::Running| {
        running.wait_for_output("ready");
        crate::support::run::send(running.init(), libc::SIGKILL);
    };
    restored(long(), act).exits(125);
    Ok(())
}

fn t11_size(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running =
        own(who, "trap 'stty size; exit 4' WINCH; echo ready; while :; do sleep 0.1; done").on(&terminal).spawn();
    running.wait_for_output("ready");
    terminal.resize(50, 132);
    let outcome = running.finish();
    outcome.exits(4).must(plain(&outcome).contains("50 132"), "the size should have followed");
    Ok(())
}

fn t11_jobs(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let run = Run::engine(who).arg("-t").arg(world().rootfs(who)).args(["bash", "--norc", "-i"]);
    job_control(&terminal, run.on(&terminal).spawn());
    let terminal = Terminal::new();
    let running = ash(who, &["-t"])?.on(&terminal).spawn();
    job_control(&terminal, running);
    Ok(())
}

fn t11_end(who: Who) -> Verdict {
    for input in ["", "one\n", "one\ntwo"] {
        let outcome = own(who, "cat; echo end").input(input).run();
        outcome.exits(0).silent_on_stderr();
        let expected = input.replace('\n', "\r\n") + "end\r\n";
        outcome.must(outcome.stdout == expected.as_bytes(), &format!("the output should have been {expected:?}"));
    }
    // What a shell reads line by line, it executes line by line.
    own(who, "exec sh").input("echo a\nexit 9\n").run().exits(9);
    Run::engine(who).arg("-t").arg(world().rootfs(who)).args(["sh", "-c", "cat; exit 2"]).closing(&[0]).run().exits(2);
    Ok(())
}

fn t11_blocking(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let other = terminal.other_end();
    let flags = |descriptor: i32| {
        // SAFETY: F_GETFL only asks.
        unsafe { libc::fcntl(descriptor, libc::F_GETFL) }
    };
    let before = flags(other.as_raw_fd());
    let number = other.as_raw_fd();
    let run = own(who, "echo ready; read x; exit 3");
    // The very same open file, so that a change would show here.
    // SAFETY: dup2(2) is async-signal-safe, and the descriptor is open until the run has ended.
    let run = unsafe {
        run.on(&terminal).before_exec(move || {
            for standard in 0..3 {
                libc::dup2(number, standard);
            }
            Ok(())
        })
    };
    let running = run.spawn();
    running.wait_for_output("ready");
    assert_eq!(flags(number), before, "while it runs");
    terminal.types("x\r");
    running.finish_process().exits(3);
    assert_eq!(flags(number), before, "at the end");
    Ok(())
}

fn t11_load(who: Who) -> Verdict {
    let size = rounds(64 << 20, 1 << 30);
    let bytes: Vec<u8> =
        (0..1_u32 << 20).flat_map(|number| (number.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()).collect();
    let rootfs = world().own_rootfs(who);
    std::fs::write(rootfs.path().join("data"), &bytes).unwrap();
    let script = |body: &str| format!("stty raw -echo; {body}");
    let out = script(&format!("for i in $(seq {}); do cat /data; done", size / bytes.len()));
    let engine = || Run::engine(who).arg("-t").arg(rootfs.path());
    let outcome = engine().args(["/bin/bash", "-c", &out]).run();
    outcome.exits(0).must(outcome.stdout.len() == size, &format!("{size} bytes should have come out"));
    outcome.must(outcome.stdout.chunks(bytes.len()).all(|chunk| chunk == bytes), "the bytes should be the same");
    // Inwards: what is not asked for waits, so a slow reader loses nothing either.
    let body = format!("echo ready; sleep 0.2; head -c {} | cksum", bytes.len());
    let mut running = engine().args(["/bin/bash", "-c", &script(&body)]).piped().spawn();
    running.wait_for_output("ready");
    running.write_bytes(&bytes);
    let outcome = running.finish();
    let expected = Run::program(who, "/usr/bin/cksum").input(bytes).run().text();
    outcome.exits(0).must(outcome.text().contains(&expected), &format!("the checksum should have been {expected}"));
    Ok(())
}

fn t12_closes(who: Who) -> Verdict {
    for options in [&[][..], &["-t"]] {
        let terminal = Terminal::new();
        let run = Run::engine(who).args(options).arg(world().rootfs(who)).args(["sh", "-c", "echo ready; sleep 60"]);
        let running = run.on(&terminal).spawn();
        running.wait_for_output("ready");
        drop(terminal);
        assert!(
            running.ended_within(Duration::from_secs(10)),
            "engine should have ended with its terminal ({options:?})"
        );
        let outcome = running.finish();
        outcome.must(matches!(outcome.end, End::Signal(libc::SIGHUP)), "SIGHUP should have ended it").leaves_nothing();
        assert!(wait_within(DEADLINE, || host::marked(&outcome.mark).is_empty().then_some(())).is_some());
    }
    Ok(())
}
