//! `--as-init`: the init of a tree of processes that engine did not put into a container.

use crate::support::{DEADLINE, Run, Terminal, Test, Verdict, Who, each, host, wait_for, world};
use crate::terminal;

pub(crate) const TESTS: &[Test] = &[
    each("L11 exit statuses and signals are the command's", l11_statuses),
    each("L11 every signal reaches the command, once", l11_signals),
    each("L11 orphans are adopted and reaped", l11_orphans),
    each("L11 as PID 1 of another container", l11_first),
    each("L11 --group: signals reach the whole process group", l11_group),
    each("L11 on a terminal: ^C once, and the foreground is the command's", l11_terminal),
    each("L11 ^Z stops the job, the shell knows, fg goes on; with --group too", l11_stop),
    each("L11 what reads in the background stops; with --group too", l11_background),
    each("L11 with --group too, ^Z hangs nothing where nobody could continue it", l11_orphaned),
    each("L11 no directory is kept busy", l11_busy),
    each("L11 the environment, the directory and no_new_privs are the caller's", l11_untouched),
    each("L11 with --timeout, --kill-after, --status-fd, --pid-file, --preserve-fd", l11_options),
    each("L11 with --die-with-parent", l11_parent),
];

fn with(who: Who, options: &[&str], script: &str) -> Run {
    Run::engine(who).arg("--as-init").args(options).args(["/bin/bash", "-c", script])
}

fn l11_statuses(who: Who) -> Verdict {
    for status in [0, 1, 42, 255] {
        with(who, &[], &format!("exit {status}")).run().exits(status).silent_on_stderr();
    }
    with(who, &[], "kill -TERM $$").run().dies_of(libc::SIGTERM);
    Run::engine(who).args(["--as-init", "nosuch"]).run().fails(127, "nosuch", "ENOENT");
    Run::engine(who).args(["--as-init", "/etc"]).run().fails(126, "/etc", "EACCES");
    Run::engine(who).arg("--as-init").run().exits(125);
    with(who, &[], "true; exit 42").ignoring(libc::SIGCHLD).run().exits(42);
    Ok(())
}

fn l11_signals(who: Who) -> Verdict {
    let run = Run::engine(who).arg("--as-init").arg(world().probe()).args(["--probe", "signals"]);
    let last = libc::SIGRTMIN() + 3;
    let running = run.arg(last.to_string()).spawn();
    running.wait_for_output("ready\n");
    let mut expected = String::from("ready");
    let signals =
        [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2, libc::SIGALRM];
    for signal in signals.into_iter().chain([libc::SIGWINCH, libc::SIGCONT, last]) {
        running.signal(signal);
        running.wait_for_output(&format!("got {signal}\n"));
        expected.push_str(&format!("\ngot {signal}"));
    }
    running.finish().exits(9).prints(&expected).left_nothing();
    Ok(())
}

fn l11_orphans(who: Who) -> Verdict {
    let script = "(sh -c 'echo ready; exec sleep 60' &); read x; exit 3";
    let mut running = with(who, &[], script).piped().spawn();
    running.wait_for_output("ready");
    let adopted = || host::children(running.pid()).into_iter().find(|child| child.name == "sleep");
    let orphan = wait_for("engine to adopt the orphan", adopted);
    crate::support::run::send(orphan.pid, libc::SIGKILL);
    wait_for("engine to reap it", || host::process(orphan.pid).is_none().then_some(()));
    running.write("x\n");
    running.finish().exits(3).left_nothing();
    Ok(())
}

fn l11_first(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    std::fs::copy(world().engine(), rootfs.path().join("engine")).unwrap();
    let run = |script: &str| {
        let run =
            Run::engine(who).arg("--no-init").arg(rootfs.path()).args(["/engine", "--as-init", "/bin/bash", "-c"]);
        run.arg(script)
    };
    let script = "read _ _ _ parent _ </proc/self/stat; (sh -c 'sleep 0.1' &); sleep 0.3; \
        grep -l '^State:.Z' /proc/[0-9]*/status && exit 1; ps -o ppid= $$; exit 6";
    let outcome = run(script).run();
    outcome.exits(6).must(outcome.text().trim() == "1", "the parent should have been PID 1").left_nothing();
    let running = run("echo ready; exec sleep 60").spawn();
    running.wait_for_output("ready");
    running.signal(libc::SIGTERM);
    // The inner engine cannot die of a signal, as nothing that is PID 1 can: it says so in its status.
    running.finish().exits(128 + libc::SIGTERM).left_nothing();
    Ok(())
}

fn l11_group(who: Who) -> Verdict {
    let script = "trap 'echo parent; wait; exit 4' TERM; (trap 'echo child; exit' TERM; echo ready; while :; do sleep 0.1; done) & \
        while :; do sleep 0.1; done";
    let running = with(who, &["--group"], script).spawn();
    running.wait_for_output("ready");
    running.signal(libc::SIGTERM);
    let outcome = running.finish();
    outcome.exits(4).left_nothing();
    for word in ["parent", "child"] {
        outcome.must(outcome.text().contains(word), &format!("the output should have held {word:?}"));
    }
    Ok(())
}

fn l11_terminal(who: Who) -> Verdict {
    for options in [&[][..], &["--group"]] {
        let terminal = Terminal::new();
        let run =
            Run::engine(who).arg("--as-init").args(options).arg(world().probe()).args(["--probe", "signals", "3"]);
        let running = run.on(&terminal).spawn();
        running.wait_for_output("ready");
        terminal.types("\x03");
        running.wait_for_output("got 2");
        terminal.types("\x1c");
        let outcome = running.finish();
        outcome.exits(9).must(outcome.text().matches("got").count() == 2, "each signal should have come once");
        let terminal = Terminal::new();
        let running = with(who, options, "echo ready; read x; echo got $x; exit 5").on(&terminal).spawn();
        running.wait_for_output("ready");
        terminal.types("word\n");
        let outcome = running.finish();
        outcome.exits(5).must(outcome.text().contains("got word"), "the command should have read from the terminal");
    }
    Ok(())
}

fn l11_stop(who: Who) -> Verdict {
    terminal::stopped_and_continued(who, "\"$E\" --as-init")?;
    terminal::stopped_and_continued(who, "\"$E\" --as-init --group")
}

fn l11_background(who: Who) -> Verdict {
    terminal::reads_in_background(who, "\"$E\" --as-init")?;
    terminal::reads_in_background(who, "\"$E\" --as-init --group")
}

fn l11_orphaned(who: Who) -> Verdict {
    for options in [&[][..], &["--group"]] {
        let terminal = Terminal::new();
        let running = with(who, options, "echo ready; read x; echo got $x; exit 6").on(&terminal).spawn();
        running.wait_for_output("ready");
        terminal.types("\x1aword\n");
        let outcome = running.finish();
        outcome.exits(6).must(outcome.text().contains("got word"), "the command should have gone on").left_nothing();
    }
    Ok(())
}

fn l11_busy(who: Who) -> Verdict {
    // engine need not be there yet when the command begins.
    let script = "until [ \"$(readlink /proc/$PPID/cwd)\" = / ]; do sleep 0.01; done; pwd";
    with(who, &[], script).directory("/usr").run().exits(0).prints("/usr");
    Ok(())
}

fn l11_untouched(who: Who) -> Verdict {
    let script = "pwd; grep NoNewPrivs /proc/self/status | tr -d '\\t'; hostname";
    let plain = Run::program(who, "/bin/bash").args(["-c", script]).directory("/usr").run();
    with(who, &[], script).directory("/usr").run().exits(0).prints(&plain.text());
    Ok(())
}

fn l11_options(who: Who) -> Verdict {
    with(who, &["--timeout", "200ms"], "sleep 60").run().exits(124).leaves_nothing();
    let script = "trap '' TERM; while :; do sleep 0.1; done";
    with(who, &["--timeout", "200ms", "--kill-after", "100ms"], script).run().exits(137).leaves_nothing();
    let outcome = with(who, &["--status-fd", "1"], "exit 3").run();
    let text = outcome.exits(3).text();
    outcome.must(text.starts_with("{\"event\":\"started\",\"pid\":"), "started");
    outcome.must(text.contains("{\"event\":\"exit\",\"cause\":\"exit\",\"code\":3,\"wall_ns\":"), "exit");
    let directory = world().directory(who);
    let file = directory.path().join("pid");
    let script = format!("until read pid <{}; do sleep 0.01; done; [ $pid = $$ ] && exit 8", file.display());
    with(who, &["--pid-file", file.to_str().unwrap()], &script).run().exits(8);
    let outcome = with(who, &["--pid-file", "/dev/full"], "exec sleep 600").run();
    outcome.fails(125, "/dev/full", "EIO").leaves_nothing();
    with(who, &["--preserve-fd", "9"], "read x <&9; [ \"$x\" ] && exit 7")
        .opening(9, "/etc/passwd", libc::O_RDONLY)
        .run()
        .exits(7);
    Ok(())
}

fn l11_parent(who: Who) -> Verdict {
    let script = "\"$E\" --as-init --die-with-parent sh -c 'echo ready; sleep 60' & read x";
    let run = Run::program(who, "/bin/bash").args(["-c", script]).env("E", world().engine()).piped();
    let running = run.spawn();
    running.wait_for_output("ready");
    running.signal(libc::SIGKILL);
    assert!(running.ended_within(DEADLINE), "the parent should have ended");
    let left = || host::marked(running.mark()).iter().any(|process| process.name != "sleep");
    wait_for("engine and its command to end", || (!left()).then_some(()));
    host::kill(running.mark());
    Ok(())
}
