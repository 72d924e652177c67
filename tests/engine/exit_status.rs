//! The command's status is the command's; engine's own failures never look like it.

use crate::support::trial::{join, part};
use crate::support::{End, Run, Test, Verdict, Who, each, rounds, world};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

pub(crate) const TESTS: &[Test] = &[
    each("X1 all 256 exit statuses come back verbatim", x1_statuses),
    each("X2 a command killed by a signal: engine dies of the same", x2_signals),
    each("X2 a command that dumps core: engine leaves no core file of its own", x2_no_core),
    each("X5 X6 a command that cannot be executed is 126, with one line", x5_not_executable),
    each("X5 X6 a command that is not there is 127, with one line", x5_not_found),
    each("X5 a script whose interpreter is missing is 127 and says so", x5_interpreter),
    each("X7 no status is lost under load", x7_under_load),
    each("X8 init killed from the host is 125 at once", x8_init_killed),
];

fn x1_statuses(who: Who) -> Verdict {
    for status in 0..256 {
        Run::script(who, &format!("exit {status}")).run().exits(status).silent_on_stderr();
    }
    Ok(())
}

fn x2_signals(who: Who) -> Verdict {
    let realtime = libc::SIGRTMIN() + 1;
    let signals = [
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGABRT,
        libc::SIGKILL,
        libc::SIGSEGV,
        libc::SIGPIPE,
        libc::SIGTERM,
        libc::SIGUSR1,
        libc::SIGSYS,
        realtime,
    ];
    for signal in signals {
        let run = Run::probe(who, ["die", &signal.to_string()]).limit(libc::RLIMIT_CORE, 0);
        run.run().dies_of(signal).silent_on_stderr().left_nothing();
    }
    Ok(())
}

fn x2_no_core(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let run = Run::engine(who).arg(rootfs.path()).args(["/probe", "--probe", "die"]).arg(libc::SIGSEGV.to_string());
    let outcome = run.limit(libc::RLIMIT_CORE, libc::RLIM_INFINITY).run();
    outcome.dies_of(libc::SIGSEGV).must(!outcome.dumped_core, "engine should not have dumped core");
    Ok(())
}

fn x5_not_executable(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let file = |name: &str, bytes: &[u8], mode: u32| {
        let path = rootfs.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    file("plain", b"#!/bin/sh\nexit 0\n", 0o644);
    file("empty", b"", 0o755);
    file("garbage", b"\x7fELFgarbage that no kernel would run", 0o755);
    file("noshebang", b"exit 0\n", 0o755);
    let mut foreign = fs::read("/bin/true").unwrap();
    // e_machine: a CPU that nobody has.
    foreign[18..20].copy_from_slice(&[0xfe, 0xfe]);
    file("foreign", &foreign, 0o755);
    let cases = [
        ("/etc", "EACCES"),
        ("/plain", "EACCES"),
        ("/empty", "ENOEXEC"),
        ("/garbage", "ENOEXEC"),
        ("/noshebang", "ENOEXEC"),
        ("/foreign", "ENOEXEC"),
    ];
    for (command, errno) in cases {
        Run::engine(who).arg(rootfs.path()).arg(command).run().fails(126, command, errno);
    }
    Ok(())
}

fn x5_not_found(who: Who) -> Verdict {
    for command in ["/no/such", "nosuch", "./nosuch", "/etc/passwd/x"] {
        let outcome = Run::inside(who, [command]).run();
        let errno = if command == "/etc/passwd/x" { "ENOTDIR" } else { "ENOENT" };
        outcome.fails(if errno == "ENOENT" { 127 } else { 126 }, command, errno);
    }
    Ok(())
}

fn x5_interpreter(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let script = rootfs.path().join("script");
    fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let outcome = Run::engine(who).arg(rootfs.path()).arg("/script").run();
    outcome.fails(127, "/script", "ENOENT");
    outcome.must(outcome.error_text().contains("interpreter"), "it should have named the cause, the interpreter");
    Ok(())
}

fn x7_under_load(who: Who) -> Verdict {
    let count = rounds(500, 5_000);
    std::thread::scope(|scope| {
        let threads = [("true", 0), ("false", 1)].map(|(command, status)| {
            scope.spawn(move || {
                part(|| {
                    for _ in 0..count {
                        Run::inside(who, [command]).run().exits(status).silent_on_stderr();
                    }
                })
            })
        });
        threads.into_iter().for_each(join);
    });
    Ok(())
}

fn x8_init_killed(who: Who) -> Verdict {
    let running = Run::probe(who, ["wait"]).piped().spawn();
    running.wait_for_output("ready");
    let init = running.init();
    crate::support::run::send(init, libc::SIGKILL);
    assert!(running.ended_within(crate::support::DEADLINE), "engine should have ended with its init");
    let outcome = running.finish();
    outcome.ends(End::Exit(125));
    let text = outcome.error_text();
    outcome
        .must(text.starts_with("engine: ") && text.contains("SIGKILL"), "it should have said that SIGKILL killed init");
    outcome.leaves_nothing();
    Ok(())
}
