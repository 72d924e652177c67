//! `-t`, a terminal of the command's own; `--new-session`, none at all.

use crate::support::run::{Running, send};
use crate::support::terminal::{self, Turn};
use crate::support::{
    DEADLINE, End, Outcome, Run, Terminal, Test, Verdict, Who, each, host, rounds, wait_for, wait_within, world,
};
use crate::terminal::{ash, job_control, plain};
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    each("T10 --new-session: no controlling terminal, and ^C arrives all the same", t10_session),
    each("T11 -t: the terminal is the container's own, with the caller's modes and size", t11_own),
    each("T11 -t: the caller's terminal is restored on every way out", t11_restored),
    each("T11 -t: the window's size follows", t11_size),
    each("T11 -t: bash and ash have job control, ^C and ^Z are the container's", t11_jobs),
    each("T11 -t: the end of the input arrives, also in the middle of a line", t11_end),
    each("T11 -t: the caller's descriptors stay blocking", t11_blocking),
    each("T11 -t: nothing is lost or changed under load", t11_load),
    each("T12 -t: the terminal closes: everything ends", t12_closes),
];

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
fn restored(run: Run, meanwhile: impl FnOnce(&Running)) -> Outcome {
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
        let act = |running: &Running| {
            running.wait_for_output("ready");
            running.signal(signal);
        };
        restored(long(), act).dies_of(signal);
    }
    let act = |running: &Running| {
        running.wait_for_output("ready");
        send(running.init(), libc::SIGKILL);
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

/// Waits until the shell inside, or a job of it, reads from the container's terminal.
#[track_caller]
fn inner_waits_for(running: &Running, whose: Turn) {
    let path = format!("/proc/{}/root/dev/pts/0", running.command());
    let open = || File::options().read(true).write(true).custom_flags(libc::O_NOCTTY).open(&path).ok();
    terminal::waits_for(&wait_for("the container's terminal", open), whose);
}

fn t11_jobs(who: Who) -> Verdict {
    let terminal = Terminal::new();
    let run = Run::engine(who).arg("-t").arg(world().rootfs(who)).args(["bash", "--norc", "-i"]);
    job_control(&terminal, run.on(&terminal).spawn(), &inner_waits_for);
    let terminal = Terminal::new();
    let running = ash(who, &["-t"])?.on(&terminal).spawn();
    job_control(&terminal, running, &inner_waits_for);
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
    {
        let options = ["-t"];
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
