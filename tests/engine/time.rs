//! Time limits: `--timeout`, `--kill-after`, `--grace`, `--die-with-parent`.

use crate::support::{Run, Test, Verdict, Who, each, host, wait_for, world};
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    each("--timeout ends the command with SIGTERM, and engine with 124", timeout),
    each("--timeout reaches a command that is stopped", timeout_stopped),
    each("--kill-after kills what ignores SIGTERM, and engine ends with 137", kill_after),
    each("--timeout that does not run out changes nothing", timeout_unused),
    each("L2 --grace: what is left gets SIGTERM and time", l2_grace),
    each("L2 --grace runs out: what is left is killed", l2_grace_over),
    each("L8 --die-with-parent: everything ends with the parent", l8_dies),
];

fn with(who: Who, options: &[&str], script: &str) -> Run {
    Run::engine(who).args(options).arg(world().rootfs(who)).args(["/bin/bash", "-c", script])
}

fn timeout(who: Who) -> Verdict {
    let outcome = with(who, &["--timeout", "300ms"], "echo started; exec sleep 60").run();
    outcome.exits(124).prints("started").silent_on_stderr().left_nothing();
    outcome.must(outcome.took >= Duration::from_millis(300), "it should not have ended before its time");
    // What the command makes of SIGTERM does not matter.
    with(who, &["--timeout", "300ms"], "trap 'echo asked; exit 3' TERM; while :; do sleep 0.05; done")
        .run()
        .exits(124)
        .prints("asked");
    Ok(())
}

fn timeout_stopped(who: Who) -> Verdict {
    with(who, &["--timeout", "300ms"], "kill -STOP $$").run().exits(124).left_nothing();
    Ok(())
}

fn kill_after(who: Who) -> Verdict {
    let script = "trap '' TERM; setsid sleep 60 & while :; do sleep 0.05; done";
    let outcome = with(who, &["--timeout", "200ms", "--kill-after", "200ms"], script).run();
    outcome.exits(137).left_nothing();
    outcome.must(outcome.took >= Duration::from_millis(400), "it should not have been killed before its time");
    with(who, &["--timeout", "200ms", "--kill-after", "60s"], "exec sleep 60").run().exits(124).left_nothing();
    Ok(())
}

fn timeout_unused(who: Who) -> Verdict {
    with(who, &["--timeout", "1h", "--kill-after", "1h", "--grace", "1h"], "exit 6").run().exits(6).left_nothing();
    Ok(())
}

fn l2_grace(who: Who) -> Verdict {
    let script = "(trap 'sleep 0.3; echo finished; exit' TERM; echo ready; while :; do sleep 0.05; done) & \
        (trap 'echo woken; exit' TERM; kill -STOP $BASHPID) & sleep 0.5; exit 3";
    let outcome = with(who, &["--grace", "60s"], script).run();
    outcome.exits(3).left_nothing();
    for word in ["finished", "woken"] {
        outcome.must(outcome.text().contains(word), &format!("the output should have held {word:?}"));
    }
    Ok(())
}

fn l2_grace_over(who: Who) -> Verdict {
    let outcome =
        with(who, &["--grace", "300ms"], "(trap '' TERM; echo ready; exec sleep 600) & sleep 0.2; exit 3").run();
    outcome.exits(3).left_nothing();
    Ok(())
}

/// engine below a shell that ends at once.
fn below(who: Who, options: &str) -> Run {
    let script = format!("\"$E\" {options} \"$R\" sh -c 'echo ready; read x; echo over' <&3 & read x; exit 4");
    let run = Run::program(who, "/bin/bash").args(["-c", &format!("exec 3<&0; {script}")]);
    run.env("E", world().engine()).env("R", world().rootfs(who)).piped()
}

fn l8_dies(who: Who) -> Verdict {
    let running = below(who, "--die-with-parent").spawn();
    running.wait_for_output("ready");
    running.signal(libc::SIGKILL);
    assert!(running.ended_within(crate::support::DEADLINE), "the parent should have ended");
    wait_for("the end of engine and its container", || host::marked(running.mark()).is_empty().then_some(()));
    running.finish().prints("ready");
    Ok(())
}
