//! The caller's terminal, which the container shares.

use crate::support::run::{Running, send};
use crate::support::{DEADLINE, Outcome, Run, Skip, Terminal, Test, Turn, Verdict, Who, each, host, wait_for, world};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    each("T1 one ^C is one SIGINT for the command, one ^\\ one SIGQUIT", t1_once),
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
    each("T9 nothing is pushed into the caller's terminal", t9_push),
    each("T12 the terminal closes: everything ends", t12_closes),
    each("T12 the terminal of a shell's job closes: everything ends", t12_job),
    each("a run leaves the modes of the terminal as they are", modes),
];

/// How long an end may take on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// What came out, with the newlines that the program wrote.
pub(crate) fn plain(outcome: &Outcome) -> String {
    outcome.text().replace('\r', "")
}

fn t1_once(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running = Run::probe(who, ["signals", &libc::SIGUSR2.to_string()]).on(&terminal).spawn();
    running.wait_for_output("ready");
    // Often, since a second signal that comes while the first is pending is none.
    let times = 25;
    for round in 1..=times {
        for (key, signal) in [("\x03", libc::SIGINT), ("\x1c", libc::SIGQUIT)] {
            terminal.types(key);
            running.wait_for_times(&format!("got {signal}\r\n"), round);
        }
    }
    running.signal(libc::SIGUSR2);
    let outcome = running.finish();
    outcome.exits(9).left_nothing();
    outcome.must(plain(&outcome).matches("got").count() == 2 * times + 1, "each signal should have come once");
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
    let script = "while :; do \"$E\" \"$R\" sh -c 'echo ready; sleep 60'; done";
    let running = bash(who, &["-c", script]).on(&terminal).spawn();
    running.wait_for_output("ready");
    terminal.types("\x03");
    running.finish().dies_of(libc::SIGINT).left_nothing();
    Ok(())
}

fn t3_stop(who: Who) -> Verdict {
    stopped_and_continued(who, "\"$E\" \"$R\"")
}

/// Stops a job that `engine` begins, brings it back, and lets it end.
pub(crate) fn stopped_and_continued(who: Who, engine: &str) -> Verdict {
    let terminal = Terminal::new();
    let running = bash(who, &["-i"]).on(&terminal).spawn();
    terminal.waits_for(Turn::Shell);
    terminal.types(&format!("{engine} sh -c 'echo in''side; read x; echo got $x; exit 4'\n"));
    running.wait_for_output("inside");
    terminal.types("\x1a");
    running.wait_for_output("Stopped");
    // Before it stops, the command could still take a byte that is the shell's.
    let stopped = || host::marked(running.mark()).iter().any(|process| process.name == "sh" && process.state == 'T');
    wait_for("the command to stop", || stopped().then_some(()));
    terminal.waits_for(Turn::Shell);
    terminal.types("fg\n");
    terminal.waits_for(Turn::Job);
    terminal.types("word\n");
    running.wait_for_output("got word");
    terminal.waits_for(Turn::Shell);
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
    outcome.exits(6).must(outcome.text().contains("got word"), "the command should have gone on").left_nothing();
    Ok(())
}

fn t4_reaps(who: Who) -> Verdict {
    let script = "for i in 1 2 3 4 5; do (sh -c 'read x' <&3 &) 3<&0; done; echo ready; kill -STOP $$; exit 3";
    let mut running = Run::script(who, script).piped().spawn();
    running.wait_for_output("ready");
    let init = running.init();
    let command = wait_for("the command to stop", || {
        host::children(init).into_iter().find(|child| child.state == 'T').map(|command| command.pid)
    });
    wait_for("five orphans", || (host::children(init).len() == 6).then_some(()));
    running.end_input();
    wait_for("init to reap them", || (host::children(init).len() == 1).then_some(()));
    assert_eq!(host::process(command).map(|command| command.state), Some('T'), "the state of the command");
    send(command, libc::SIGCONT);
    running.finish().exits(3).left_nothing();
    Ok(())
}

/// Types a session with job control into an interactive shell that is there; it ends with status 7.
pub(crate) fn job_control(terminal: &Terminal, running: Running, waits_for: &dyn Fn(&Running, Turn)) -> Outcome {
    waits_for(&running, Turn::Shell);
    terminal.types("sleep 1000\n");
    let command = running.command();
    let sleeps = || host::children(command).into_iter().find(|child| child.name == "sleep");
    wait_for("sleep", || sleeps().map(drop));
    terminal.types("\x1a");
    running.wait_for_output("Stopped");
    waits_for(&running, Turn::Shell);
    terminal.types("jobs; echo lis''ted\n");
    running.wait_for_output("listed");
    waits_for(&running, Turn::Shell);
    terminal.types("fg\n");
    wait_for("sleep, running", || (sleeps()?.state == 'S').then_some(()));
    waits_for(&running, Turn::Job);
    terminal.types("\x03");
    wait_for("the end of sleep", || sleeps().is_none().then_some(()));
    waits_for(&running, Turn::Shell);
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
    job_control(&terminal, running, &|_, whose| terminal.waits_for(whose));
    Ok(())
}

/// Alpine's shell; engine's options come first.
pub(crate) fn ash(who: Who, options: &[&str]) -> Result<Run, Skip> {
    Ok(Run::engine(who).args(options).arg(world().alpine(who)?).args(["/bin/sh", "-i"]))
}

fn t5_ash(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let running = ash(who, &[])?.on(&terminal).spawn();
    job_control(&terminal, running, &|_, whose| terminal.waits_for(whose));
    Ok(())
}

/// The shells whose own jobs take the foreground, each as a command of engine's.
fn takers(who: Who) -> Result<[Vec<OsString>; 2], Skip> {
    let words = |rootfs: PathBuf, words: &[&str]| {
        std::iter::once(rootfs.into_os_string()).chain(words.iter().map(Into::into)).collect()
    };
    let bash = words(world().rootfs(who), &["/bin/bash", "--norc", "-ic"]);
    Ok([bash, words(world().alpine(who)?, &["/bin/sh", "-ic"])])
}

fn t6_foreground(who: Who) -> Verdict {
    for taker in takers(who)? {
        // Whatever the way out: an end, a signal from inside, one from outside.
        for (body, status) in [("exit 3", "3"), ("kill -KILL $$", "137"), ("sleep 60; exit 9", "138")] {
            let terminal = Terminal::new();
            // Not interactive, so this bash never takes the terminal back itself: in the background it could not read
            // from it.
            let run = bash(who, &["-c", "\"$E\" \"$@\"; s=$?; read x; echo got $x $s", "bash"]).args(&taker);
            let running = run.arg(format!("echo ready; {body}")).on(&terminal).spawn();
            running.wait_for_output("ready");
            if status == "138" {
                let engine = wait_for("engine", || host::children(running.pid()).first().map(|engine| engine.pid));
                send(engine, libc::SIGUSR1);
            }
            terminal.types("word\n");
            let outcome = running.finish();
            let restored = outcome.text().contains(&format!("got word {status}"));
            outcome.must(restored, "the caller should have been in the foreground again").left_nothing();
        }
    }
    Ok(())
}

fn t7_background(who: Who) -> Verdict {
    reads_in_background(who, "\"$E\" \"$R\"")
}

/// Has a job that `engine` begins read from the terminal in the background.
pub(crate) fn reads_in_background(who: Who, engine: &str) -> Verdict {
    let terminal = Terminal::new();
    let running = bash(who, &["-i"]).on(&terminal).spawn();
    terminal.waits_for(Turn::Shell);
    terminal.types(&format!("{engine} cat & \n"));
    let job = wait_for("the job", || host::children(running.pid()).first().map(|job| job.pid));
    wait_for("the job to stop", || (host::process(job)?.state == 'T').then_some(()));
    terminal.types("jobs -l; echo lis''ted\n");
    running.wait_for_output("Stopped (tty input)");
    running.wait_for_output("listed");
    terminal.waits_for(Turn::Shell);
    terminal.types("kill %1; fg\n");
    wait_for("the job to end", || host::process(job).is_none().then_some(()));
    terminal.waits_for(Turn::Shell);
    terminal.types("exit 5\n");
    running.finish().exits(5).left_nothing();
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

fn t9_push(who: Who) -> Verdict {
    for options in [&[][..], &["--strict"], &["--allow-new-privs", "--cap-add=ALL"]] {
        let terminal = Terminal::new();
        let run = Run::engine(who).args(options).arg(world().rootfs(who)).args(["/probe", "--probe", "push"]);
        let outcome = run.on(&terminal).run();
        // TIOCSTI, TIOCLINUX, each also with high bits that the kernel does not look at; then what there is to read.
        outcome.exits(0).must(plain(&outcome) == "EPERM EPERM EPERM EPERM 0", "all four should have been refused");
    }
    Ok(())
}

fn t12_closes(who: Who) -> Verdict {
    // Also a command that is stopped: a hangup continues it.
    for script in ["echo ready; sleep 60", "echo ready; kill -STOP $$; sleep 60"] {
        let terminal = Terminal::new();
        // engine leads the session: of a hangup the terminal tells nobody but it.
        let running = Run::script(who, script).on(&terminal).spawn();
        running.wait_for_output("ready");
        if script.contains("STOP") {
            let command = running.command();
            wait_for("the command to stop", || (host::process(command)?.state == 'T').then_some(()));
        }
        drop(terminal);
        assert!(running.ended_within(SOON), "engine should have ended with its terminal");
        running.finish().dies_of(libc::SIGHUP).left_nothing();
    }
    Ok(())
}

fn t12_job(who: Who) -> Verdict {
    for interactive in ["-i", "-s"] {
        let terminal = Terminal::new();
        let running = bash(who, &[interactive]).on(&terminal).spawn();
        terminal.types("\"$E\" \"$R\" sh -c 'echo in''side; sleep 60'\n");
        running.wait_for_output("inside");
        drop(terminal);
        assert!(running.ended_within(SOON), "the shell should have ended with its terminal");
        running.finish().leaves_nothing();
    }
    Ok(())
}

fn modes(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let before = terminal.modes();
    let outcome = Run::script(who, "stty -a").on(&terminal).run();
    outcome.exits(0).must(outcome.text().contains("erase = ^?"), "the command should have seen them");
    assert_eq!(terminal.modes(), before);
    Ok(())
}
