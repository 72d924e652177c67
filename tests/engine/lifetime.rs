//! Nothing outlives a run, and nothing in it is neglected while it lasts.

use crate::support::{DEADLINE, Run, Skip, Test, Verdict, Who, each, host, rounds, world};
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    each("L1 a daemon that is left behind is gone when engine returns, every time", l1_daemons),
    each("L3 an orphan is adopted by PID 1 and goes on", l3_orphan),
    each("L4 10,000 orphans: no zombie, and PID 1 does not grow", l4_orphans),
    each("L5 engine killed with SIGKILL leaves nothing", l5_killed),
    each("L5 engine killed at any moment leaves nothing", l5_killed_early),
    each("L8 engine goes on when its parent dies", l8_parent),
    each("L9 stopped processes are killed at the end too", l9_stopped),
    each("L10 children that engine did not make are ignored", l10_foreign_child),
    each("L10 X2 engine as PID 1: the status is the command's, and 128+n where no signal ends engine", l10_first),
    each("64 runs at once on one root filesystem", sixty_four),
];

fn l1_daemons(who: Who) -> Verdict {
    for _ in 0..rounds(1_000, 5_000) {
        Run::script(who, "(setsid sleep 77 >/dev/null 2>&1 &); exit 3")
            .run()
            .exits(3)
            .silent_on_stderr()
            .left_nothing();
    }
    Ok(())
}

fn l3_orphan(who: Who) -> Verdict {
    Run::probe(who, ["orphan"]).run().exits(0).prints("adopted by 1\ndone");
    Ok(())
}

fn l4_orphans(who: Who) -> Verdict {
    let mut running = Run::probe(who, ["orphans", "10000"]).piped().spawn();
    running.wait_for_output("ready");
    let init = running.init();
    let memory =
        || ["VmRSS", "VmSize"].map(|name| host::status_field(init, name).expect("a field of the init's status"));
    let before = memory();
    running.write("go\n");
    running.wait_for_output("no zombie");
    // It may still have given something back after the first look, and then holds less.
    for (after, before) in memory().iter().zip(&before) {
        let kib = |value: &str| value.trim_end_matches(" kB").parse::<u64>().expect("a number of kB");
        assert!(
            kib(after) <= kib(before),
            "PID 1 had {before} (VmRSS, VmSize) before 10,000 orphans, and then {after}"
        );
    }
    running.finish().exits(0).silent_on_stderr().left_nothing();
    Ok(())
}

fn l5_killed(who: Who) -> Verdict {
    let script = "setsid sleep 88 & sleep 88 & kill -STOP $!; (trap '' TERM HUP; sleep 88) & echo ready; wait";
    let running = Run::script(who, script).spawn();
    running.wait_for_output("ready");
    running.signal(libc::SIGKILL);
    running.finish().dies_of(libc::SIGKILL).leaves_nothing();
    Ok(())
}

fn l5_killed_early(who: Who) -> Verdict {
    for step in 0..rounds(100, 2_000) {
        let running = Run::inside(who, ["sleep", "88"]).spawn();
        // From before anything has happened to after everything has: a run takes some milliseconds to set up.
        std::thread::sleep(Duration::from_micros(u64::try_from(step % 100).unwrap() * 60));
        running.signal(libc::SIGKILL);
        running.finish().dies_of(libc::SIGKILL).leaves_nothing();
    }
    Ok(())
}

fn l8_parent(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let script = "\"$0\" \"$@\" & read _; exit 5";
    let run = Run::program(who, "/bin/sh").args(["-c", script]).arg(world().engine()).arg(rootfs.path());
    let command = "echo ready; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo still here";
    let mut running = run.args(["sh", "-c", command]).piped().spawn();
    running.wait_for_output("ready");
    running.write("end\n");
    assert!(running.ended_within(DEADLINE), "the parent should have ended");
    std::fs::write(rootfs.path().join("tmp/go"), "").unwrap();
    // Its end is that of the outputs, which engine's container has.
    running.finish().exits(5).prints("ready\nstill here").silent_on_stderr().leaves_nothing();
    Ok(())
}

fn l9_stopped(who: Who) -> Verdict {
    Run::script(who, "sleep 99 & kill -STOP $!; exit 4").run().exits(4).left_nothing();
    Ok(())
}

fn l10_foreign_child(who: Who) -> Verdict {
    let script = "sleep 0.2 & sleep 60 & exec \"$0\" \"$@\"";
    let run = Run::program(who, "/bin/sh").args(["-c", script]).arg(world().engine());
    let running = run.arg(world().rootfs(who)).args(["/bin/sh", "-c", "sleep 0.5; echo over; exit 5"]).spawn();
    // The sixty seconds hold standard output open, so this cannot wait for its end.
    running.wait_for_output("over");
    assert!(running.ended_within(DEADLINE), "engine should have ended");
    host::kill(running.mark());
    running.finish().exits(5);
    Ok(())
}

fn l10_first(who: Who) -> Verdict {
    let Some(unshare) = host::program("unshare") else { return Err(Skip::because("unshare is not here")) };
    let options = if who == Who::Root { "-pf" } else { "-Urpf" };
    // Children that it did not make are PID 1's to have.
    let script = "(sleep 0.1 &); sleep 60 & [ $$ = 1 ] && exec \"$@\"";
    for (body, status) in [("exit 3", 3), ("kill -TERM $$", 143), ("kill -KILL $$", 137), ("exec /no/such", 127)] {
        let run = Run::program(who, &unshare).args([options, "--mount-proc", "/bin/sh", "-c", script, "sh"]);
        let run = run.arg(world().engine()).arg(world().rootfs(who)).args(["/bin/sh", "-c"]).arg(body);
        run.run().exits(status).left_nothing();
    }
    Ok(())
}

fn sixty_four(who: Who) -> Verdict {
    let mut all: Vec<_> =
        (0..64).map(|number| Run::script(who, &format!("read _; echo $$; exit {number}")).piped().spawn()).collect();
    for running in &mut all {
        running.write("go\n");
    }
    for (number, running) in all.into_iter().enumerate() {
        running.finish().exits(i32::try_from(number).unwrap()).silent_on_stderr().left_nothing();
    }
    Ok(())
}
