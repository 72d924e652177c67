//! What is sent to engine is meant for the command.

use crate::support::{Run, Test, Verdict, Who, each};

pub(crate) const TESTS: &[Test] = &[
    each("S1 TERM INT HUP QUIT USR1 USR2 reach the command, each once", s1_forwarded),
    each("S2 a command with default actions dies of them, and nothing is left", s2_default),
    each("S3 a command that ignores TERM goes on", s3_ignored),
    each("S7 a caller that ignores SIGCHLD changes nothing", s7_sigchld),
];

const SIGNALS: [i32; 6] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2];

fn s1_forwarded(who: Who) -> Verdict {
    let running = Run::probe(who, ["signals", &libc::SIGUSR2.to_string()]).spawn();
    running.wait_for_output("ready\n");
    let mut expected = String::from("ready");
    for signal in SIGNALS {
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

fn s7_sigchld(who: Who) -> Verdict {
    Run::script(who, "true; exit 42").ignoring(libc::SIGCHLD).run().exits(42).silent_on_stderr();
    Run::script(who, "exit 43").blocking(libc::SIGCHLD).run().exits(43).silent_on_stderr();
    Ok(())
}
