//! What other programs can read of a run: `--status-fd`, `--pid-file`.

use crate::support::run::bytes;
use crate::support::{Outcome, Run, Test, Verdict, Who, each, host, wait_for, world};
use std::os::unix::fs::MetadataExt as _;

pub(crate) const TESTS: &[Test] = &[
    each("--status-fd tells of an exit, with what it took", exit),
    each("--status-fd tells of a signal, of a timeout, of a killed init", causes),
    each("--status-fd tells of a failure, in JSON whatever the bytes", failure),
    each("--status-fd is not the command's", not_inherited),
    each("--status-fd that is not open is 125", not_open),
    each("--pid-file holds the command's process, as the host sees it", pid_file),
    each("--pid-file that cannot be written is 125", pid_file_fails),
    each("--no-init: the command is PID 1, and all the same", no_init),
];

fn with(who: Who, options: &[&str], script: &str) -> Run {
    Run::engine(who).args(options).arg(world().rootfs(who)).args(["/bin/bash", "-c", script])
}

/// The value of a field, checked to be a number.
fn number(line: &str, name: &str) -> u64 {
    let (_, rest) = line.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("no {name} in {line}"));
    rest.split([',', '}']).next().unwrap().parse().unwrap_or_else(|_| panic!("{name} is no number in {line}"))
}

fn lines(outcome: &Outcome) -> Vec<String> {
    outcome.text().lines().filter(|line| line.starts_with('{')).map(str::to_owned).collect()
}

fn exit(who: Who) -> Verdict {
    let script = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 0.3; exit 7";
    let outcome = with(who, &["--status-fd", "1"], script).run();
    let lines = lines(outcome.exits(7));
    outcome.must(lines.len() == 2, "two lines");
    assert!(number(&lines[0], "pid") > 1, "{lines:?}");
    assert!(lines[0].starts_with("{\"event\":\"started\",\"pid\":"), "{lines:?}");
    assert!(lines[1].starts_with("{\"event\":\"exit\",\"cause\":\"exit\",\"code\":7,\"wall_ns\":"), "{lines:?}");
    assert!(number(&lines[1], "wall_ns") >= 300_000_000, "{lines:?}");
    assert!(number(&lines[1], "user_us") > 0, "{lines:?}");
    assert!(number(&lines[1], "maxrss_kib") > 500, "{lines:?}");
    number(&lines[1], "sys_us");
    Ok(())
}

fn causes(who: Who) -> Verdict {
    let outcome = with(who, &["--status-fd", "1"], "kill -TERM $$").run();
    let told = lines(outcome.dies_of(libc::SIGTERM));
    assert!(told[1].starts_with("{\"event\":\"exit\",\"cause\":\"signal\",\"signal\":15,\"wall_ns\""), "{told:?}");
    let outcome = with(who, &["--status-fd", "1", "--timeout", "200ms"], "sleep 60").run();
    let told = lines(outcome.exits(124));
    assert!(told[1].starts_with("{\"event\":\"exit\",\"cause\":\"timeout\",\"code\":124,\"wall_ns\""), "{told:?}");
    let options = ["--status-fd", "1", "--timeout", "200ms", "--kill-after", "100ms"];
    let outcome = with(who, &options, "trap '' TERM; while :; do sleep 1; done").run();
    let told = lines(outcome.exits(137));
    assert!(told[1].starts_with("{\"event\":\"exit\",\"cause\":\"timeout\",\"code\":137,\"wall_ns\""), "{told:?}");
    let running = with(who, &["--status-fd", "1"], "echo ready; sleep 60").spawn();
    running.wait_for_output("ready");
    running.wait_for_output("started");
    crate::support::run::send(running.init(), libc::SIGKILL);
    let told = lines(running.finish().exits(125));
    assert!(told[1].starts_with("{\"event\":\"exit\",\"cause\":\"error\",\"code\":125,\"wall_ns\":"), "{told:?}");
    Ok(())
}

fn failure(who: Who) -> Verdict {
    let outcome = with(who, &["--status-fd", "1"], "").run();
    assert_eq!(lines(outcome.exits(0)).len(), 2);
    let run = Run::engine(who).args(["--status-fd", "1"]).arg(world().rootfs(who)).arg("/no/such");
    let told = lines(run.run().exits(127));
    let error = "{\"event\":\"error\",\"step\":\"run\",\"object\":\"/no/such\",\"why\":\"No such file or directory\",\
        \"errno\":\"ENOENT\"}";
    assert_eq!(told[0], error);
    assert!(told[1].starts_with("{\"event\":\"exit\",\"cause\":\"error\",\"code\":127,\"wall_ns\":"), "{told:?}");
    let told = lines(Run::engine(who).args(["--status-fd", "1"]).arg("").run().exits(125));
    assert!(told[0].contains("\"object\":\"\","), "{told:?}");
    let told = lines(with(who, &["--status-fd", "1", "--cgroup", "/no/such", "-m", "1g"], "").run().exits(125));
    assert!(told[0].contains("\"hint\":\""), "{told:?}");
    let names: [(&[u8], &str); 4] = [
        (b"/no\n\"\\\x01\x7f", "/no\\u000a\\\"\\\\\\u0001\\u007f"),
        ("/n\u{f6}\u{20ac}\u{1f600}".as_bytes(), "/n\u{f6}\u{20ac}\u{1f600}"),
        (b"/no\xff\xc3", "/no\\ufffd\\ufffd"),
        (b"/no\xed\xa0\x80", "/no\\ufffd\\ufffd\\ufffd"),
    ];
    for (name, shown) in names {
        let outcome = Run::engine(who).args(["--status-fd", "1"]).arg(bytes(name)).run();
        let text = String::from_utf8(outcome.exits(125).stdout.clone()).expect("UTF-8");
        assert!(text.contains(&format!("\"object\":\"{shown}\"")), "{text:?}");
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(value["event"] == "error" || value["event"] == "exit" && value["code"] == 125, "{line}");
        }
    }
    Ok(())
}

fn not_inherited(who: Who) -> Verdict {
    let run = Run::engine(who).args(["--status-fd", "9"]).arg(world().rootfs(who)).args(["/probe", "--probe"]);
    let outcome = run.arg("descriptors").opening(9, "/dev/null", libc::O_WRONLY).run();
    outcome.exits(0).must(outcome.text().lines().count() == 3, "only 0, 1 and 2 should have been open");
    // Nobody reads: that is no reason for anything.
    let script = "\"$E\" --status-fd 9 \"$R\" sh -c 'exit 5' 9> >(:)";
    let run = Run::program(who, "/bin/bash").args(["-c", script]).env("E", world().engine());
    run.env("R", world().rootfs(who)).run().exits(5).silent_on_stderr();
    Ok(())
}

fn not_open(who: Who) -> Verdict {
    with(who, &["--status-fd", "9"], "").run().fails(125, "9", "EBADF");
    Ok(())
}

fn pid_file(who: Who) -> Verdict {
    let directory = world().directory(who);
    let file = directory.path().join("pid");
    std::fs::write(directory.path().join("old"), "").unwrap();
    for options in [&[][..], &["--no-init"], &["-t"]] {
        let run = Run::engine(who).arg("--pid-file").arg(&file).args(options).arg(world().rootfs(who));
        let running = run.args(["/bin/bash", "-c", "echo ready; read x; exit 3"]).piped().spawn();
        running.wait_for_output("ready");
        let text =
            wait_for("the file's content", || std::fs::read_to_string(&file).ok().filter(|text| text.ends_with('\n')));
        let pid: i32 = text.trim().parse().unwrap();
        let process = host::process(pid).expect("the command");
        let parent = if options == ["--no-init"] { running.pid() } else { running.init() };
        assert_eq!((process.name.as_str(), process.parent), ("bash", parent), "{process:?}");
        let mut running = running;
        running.write("x\n");
        running.finish().exits(3);
    }
    Ok(())
}

fn pid_file_fails(who: Who) -> Verdict {
    let run = Run::engine(who).args(["--pid-file", "/no/such"]).arg(world().rootfs(who)).arg("true");
    run.run().fails(125, "/no/such", "ENOENT");
    with(who, &["--pid-file", "/dev/full"], "exec sleep 600").run().fails(125, "/dev/full", "EIO").left_nothing();
    // A pipe that nobody reads.
    let directory = world().directory(who);
    let fifo = directory.path().join("fifo");
    Run::program(who, "/usr/bin/mkfifo").arg(&fifo).run().exits(0);
    let running = with(who, &["--pid-file", fifo.to_str().unwrap()], "true").spawn();
    let pid = running.pid();
    wait_for("engine to wait", || {
        host::process(pid).is_some_and(|process| process.name == "engine" && process.state == 'S').then_some(())
    });
    running.signal(libc::SIGTERM);
    running.finish().dies_of(libc::SIGTERM).left_nothing();
    Ok(())
}

fn no_init(who: Who) -> Verdict {
    let outcome = with(who, &["--no-init"], "echo $$; read _ name _ </proc/1/stat; echo $name; exit 9").run();
    outcome.exits(9).prints("1\n(bash)").silent_on_stderr().left_nothing();
    let running = with(who, &["--no-init"], "trap 'exit 8' TERM; echo ready; while :; do sleep 0.1; done").spawn();
    running.wait_for_output("ready");
    running.signal(libc::SIGTERM);
    running.finish().exits(8).left_nothing();
    let running = with(who, &["--no-init"], "setsid sleep 60 & echo ready; wait").spawn();
    running.wait_for_output("ready");
    running.signal(libc::SIGKILL);
    running.finish().dies_of(libc::SIGKILL).leaves_nothing();
    // A change of ids takes the tie to engine away for a moment; only root has others to change to.
    let user: &[&str] = if who == Who::Root { &["--no-init", "-u", "33:44"] } else { &["--no-init", "-u", "0"] };
    let running = with(who, user, "echo ready; trap '' HUP; sleep 60").spawn();
    running.wait_for_output("ready");
    // What engine itself holds is out of reach, too: to the kernel a hidden process's files are root's.
    let owner = std::fs::metadata(format!("/proc/{}/environ", running.pid())).unwrap().uid();
    assert_eq!(owner, 0, "engine should have been hidden");
    running.signal(libc::SIGKILL);
    running.finish().dies_of(libc::SIGKILL).leaves_nothing();
    with(who, &["--no-init"], "exec /no/such").run().exits(127);
    Run::engine(who).arg("--no-init").arg(world().rootfs(who)).arg("/no/such").run().fails(127, "/no/such", "ENOENT");
    Ok(())
}
