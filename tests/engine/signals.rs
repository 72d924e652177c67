//! What is sent to engine is meant for the command.

use crate::support::run::send;
use crate::support::{DEADLINE, Run, Test, Verdict, Who, each, host, wait_for};
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    each("S1 TERM INT HUP QUIT USR1 USR2 ALRM WINCH CONT RTMIN+3 reach the command, each once", s1_forwarded),
    each("S2 a command with default actions dies of them, and nothing is left", s2_default),
    each("S3 a command that ignores TERM goes on", s3_ignored),
    each("S2 a signal to init from the host is the command's too", s2_init),
    each("S5 a signal to init from inside is the command's, but KILL and STOP do nothing", s5_inside),
    each("S7 a caller that ignores SIGCHLD changes nothing", s7_sigchld),
    each("S8 nothing wakes up while the command does nothing", s8_idle),
];

const SIGNALS: [i32; 6] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2];

fn s1_forwarded(who: Who) -> Verdict {
    let more = [libc::SIGALRM, libc::SIGWINCH, libc::SIGCONT, libc::SIGRTMIN() + 3, libc::SIGPWR];
    let running = Run::probe(who, ["signals", &libc::SIGPWR.to_string()]).spawn();
    running.wait_for_output("ready\n");
    let mut expected = String::from("ready");
    for signal in SIGNALS.into_iter().chain(more) {
        running.signal(signal);
        // One after the other: two that are pending at once have no order.
        running.wait_for_output(&format!("got {signal}\n"));
        expected.push_str(&format!("\ngot {signal}"));
    }
    running.finish().exits(9).prints(&expected).silent_on_stderr().left_nothing();
    Ok(())
}

fn s2_default(who: Who) -> Verdict {
    for signal in SIGNALS {
        let running = Run::probe(who, ["wait"]).piped().limit(libc::RLIMIT_CORE, 0).spawn();
        running.wait_for_output("ready");
        running.signal(signal);
        assert!(running.ended_within(crate::support::DEADLINE), "the command should have died of signal {signal}");
        running.finish().dies_of(signal).silent_on_stderr().left_nothing();
    }
    Ok(())
}

fn s3_ignored(who: Who) -> Verdict {
    let mut running = Run::script(who, "trap '' TERM; echo ready; read _; echo still here; exit 8").piped().spawn();
    running.wait_for_output("ready");
    for _ in 0..10 {
        running.signal(libc::SIGTERM);
    }
    running.write("go\n");
    running.finish().exits(8).prints("ready\nstill here").left_nothing();
    Ok(())
}

fn s2_init(who: Who) -> Verdict {
    // KILL is X8.
    for signal in SIGNALS {
        let running = Run::probe(who, ["wait"]).piped().limit(libc::RLIMIT_CORE, 0).spawn();
        running.wait_for_output("ready");
        send(running.init(), signal);
        assert!(running.ended_within(DEADLINE), "the command should have died of signal {signal}");
        running.finish().dies_of(signal).silent_on_stderr().left_nothing();
    }
    Ok(())
}

fn s5_inside(who: Who) -> Verdict {
    for signal in SIGNALS {
        let script = format!("kill -{signal} 1; exec sleep 60");
        let running = Run::script(who, &script).limit(libc::RLIMIT_CORE, 0).spawn();
        assert!(running.ended_within(DEADLINE), "the command should have died of signal {signal}");
        running.finish().dies_of(signal).silent_on_stderr().left_nothing();
    }
    let script = "kill -KILL 1; kill -STOP 1; (sleep 0.1 &); read s </proc/1/stat; echo ${s#*) }; exit 6";
    let outcome = Run::script(who, script).run();
    outcome.exits(6).silent_on_stderr();
    outcome.must(!outcome.text().starts_with('T'), "init should not have stopped");
    Ok(())
}

fn s7_sigchld(who: Who) -> Verdict {
    Run::script(who, "true; exit 42").ignoring(libc::SIGCHLD).run().exits(42).silent_on_stderr();
    Run::script(who, "exit 43").blocking(libc::SIGCHLD).run().exits(43).silent_on_stderr();
    Ok(())
}

fn s8_idle(who: Who) -> Verdict {
    let running = Run::probe(who, ["wait"]).piped().spawn();
    running.wait_for_output("ready");
    let both = [running.pid(), running.init()];
    let wakes = || both.map(|pid| host::status_field(pid, "voluntary_ctxt_switches").expect("engine's own count"));
    // Both have something to do until the command is under way.
    let quiet = Duration::from_millis(300);
    let look = || {
        let before = wakes();
        std::thread::sleep(quiet);
        (wakes() == before).then_some(before)
    };
    let before = wait_for("engine and its init to fall asleep", look);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(wakes(), before, "how often engine and its init have gone to sleep, before and after two seconds");
    running.finish().exits(0).silent_on_stderr();
    Ok(())
}
