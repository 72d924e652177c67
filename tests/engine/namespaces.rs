//! Which namespaces are new: `--net`, `--share`, `--monotonic`, `--boottime`.

use crate::support::{Outcome, Run, Skip, Test, Verdict, Who, each, host, once, world};
use std::fs;

pub(crate) const TESTS: &[Test] = &[
    each("--net none: a network of its own, with lo up", net_none),
    each("--net host: the host's", net_host),
    once("--net PATH: as root, that of ip netns", net_path),
    each("--net PATH: what is no network namespace, or not the caller's", net_bad_path),
    each("--share keeps ipc, uts and cgroup, one or all", share),
    each("--share and --net: refused values", usage),
    each("--monotonic and --boottime set the clocks, for the command and its children", clocks),
    each("all at once", together),
];

fn namespace(who: Who, options: &[&str], name: &str) -> Outcome {
    let run = Run::engine(who).args(options).arg(world().rootfs(who));
    run.args(["readlink", &format!("/proc/self/ns/{name}")]).run()
}

fn own(name: &str) -> String {
    fs::read_link(format!("/proc/self/ns/{name}")).unwrap().to_str().unwrap().to_owned()
}

fn net_none(who: Who) -> Verdict {
    let outcome = namespace(who, &["--net", "none"], "net");
    outcome.exits(0).silent_on_stderr().must(outcome.text() != own("net"), "the network should have been new");
    let run = Run::engine(who).args(["--net=none"]).arg(world().rootfs(who)).args(["/probe", "--probe", "loopback"]);
    run.run().exits(0).prints("127.0.0.1 answers");
    Ok(())
}

fn net_host(who: Who) -> Verdict {
    namespace(who, &["--net", "host"], "net").exits(0).prints(&own("net"));
    namespace(who, &[], "net").exits(0).prints(&own("net"));
    Ok(())
}

/// A network namespace with a name, for as long as this lives.
struct Netns(String);

impl Netns {
    fn new() -> Result<Self, Skip> {
        if !crate::support::world::started_as_root() {
            return Err(Skip::because("only root can make a named network namespace"));
        }
        let ip = host::program("ip").ok_or_else(|| Skip::because("ip is not here"))?;
        let name = format!("engine-test-{}", std::process::id());
        Run::program(Who::Root, ip).args(["netns", "add", &name]).run().exits(0);
        Ok(Self(name))
    }

    fn path(&self) -> String {
        format!("/run/netns/{}", self.0)
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        Run::program(Who::Root, host::program("ip").unwrap()).args(["netns", "del", &self.0]).run();
    }
}

fn net_path() -> Verdict {
    let netns = Netns::new()?;
    let ip = Run::program(Who::Root, host::program("ip").unwrap());
    let expected = ip.args(["netns", "exec", &netns.0, "readlink", "/proc/self/ns/net"]).run().text();
    assert_ne!(expected, own("net"));
    for userns in ["root", "host", "keep-id"] {
        namespace(Who::Root, &["--userns", userns, "--net", &netns.path()], "net").exits(0).prints(&expected);
    }
    let outcome = namespace(Who::User, &["--net", &netns.path()], "net");
    outcome.fails(125, &netns.path(), "EPERM").must(outcome.error_text().contains("hint: "), "a hint");
    Ok(())
}

fn net_bad_path(who: Who) -> Verdict {
    for (path, errno) in
        [("/no/such", "ENOENT"), ("/etc/passwd", "EINVAL"), ("/", "EINVAL"), ("/proc/self/ns/uts", "EINVAL")]
    {
        namespace(who, &["--net", path], "net").fails(125, path, errno);
    }
    if who == Who::User {
        namespace(who, &["--net", "/proc/self/ns/net"], "net").fails(125, "/proc/self/ns/net", "EPERM");
    }
    Ok(())
}

fn share(who: Who) -> Verdict {
    for name in ["ipc", "uts", "cgroup"] {
        namespace(who, &["--share", name], name).exits(0).silent_on_stderr().prints(&own(name));
        let outcome = namespace(who, &[], name);
        outcome.exits(0).must(outcome.text() != own(name), "it should have been new");
        namespace(who, &["--share", "ipc,uts,cgroup"], name).exits(0).prints(&own(name));
        namespace(who, &["--share", "ipc", "--share=uts,cgroup"], name).exits(0).prints(&own(name));
    }
    // The host's name is the host's to change.
    let before = host::hostname();
    let run = Run::engine(who).args(["--share", "uts"]).arg(world().rootfs(who));
    run.args(["sh", "-c", "hostname; hostname x 2>/dev/null"])
        .run()
        .must(host::hostname() == before, "the host's name should have stayed");
    let run = Run::engine(who).args(["--share", "uts"]).arg(world().rootfs(who)).arg("hostname");
    run.run().exits(0).prints(&before);
    Ok(())
}

fn usage(who: Who) -> Verdict {
    let refused = |options: &[&str], word: &str| {
        Run::engine(who).args(options).arg(world().rootfs(who)).arg("true").run().misuses(word);
    };
    for value in ["", "pid", "ipc,", "ipc uts", "all"] {
        refused(&["--share", value], "--share");
    }
    for value in ["", "bridge", "None"] {
        refused(&["--net", value], "--net");
    }
    for value in ["", "-1", "1s", "1.5", "99999999999999999999"] {
        refused(&["--monotonic", value], "--monotonic");
        refused(&["--boottime", value], "--boottime");
    }
    refused(&["--share", "uts", "--hostname", "x"], "--hostname");
    let run = Run::engine(who).args(["--boottime", "9999999999999"]).arg(world().rootfs(who)).arg("true");
    run.run().fails(125, "clocks", "ERANGE");
    Ok(())
}

fn clocks(who: Who) -> Verdict {
    if !std::path::Path::new("/proc/self/ns/time").exists() {
        return Err(Skip::because("this kernel has no time namespaces"));
    }
    let times = |options: &[&str]| {
        let run = Run::engine(who).args(options).arg(world().rootfs(who));
        let outcome = run.args(["sh", "-c", "/probe --probe clocks; exit 3"]).run();
        outcome.exits(3).silent_on_stderr();
        outcome.text().split_whitespace().map(|word| word.parse::<i64>().unwrap()).collect::<Vec<_>>()
    };
    // Without children of the shell's that have clocks of their own, there is a second or so between two runs.
    let near = |one: i64, other: i64| (one - other).abs() < 1000;
    let plain = times(&[]);
    let both = times(&["--monotonic", "1000000", "--boottime", "4000000000"]);
    assert!(near(both[0] - plain[0], 1_000_000), "{plain:?} {both:?}");
    assert!(near(both[1] - plain[1], 4_000_000_000), "{plain:?} {both:?}");
    let one = times(&["--boottime", "5000000"]);
    assert!(near(one[0], plain[0]) && near(one[1] - plain[1], 5_000_000), "{plain:?} {one:?}");
    let run = Run::engine(who).args(["--monotonic", "7"]).arg(world().rootfs(who));
    let outcome = run.args(["sh", "-c", "readlink /proc/self/ns/time; readlink /proc/$$/ns/time"]).run();
    let seen: Vec<_> = outcome.exits(0).text().lines().map(str::to_owned).collect();
    outcome.must(seen.len() == 2 && seen[0] == seen[1] && seen[0] != own("time"), "one new time namespace for all");
    namespace(who, &[], "time").exits(0).prints(&own("time"));
    Ok(())
}

fn together(who: Who) -> Verdict {
    let own = who.uid().to_string();
    let options =
        ["--net", "none", "--share", "ipc,cgroup", "--monotonic", "1000000", "--hostname", "all", "-w", "/tmp"];
    for more in [&["-u", "0"][..], &["--userns", "keep-id", "-u", &own], &["--userns", "root", "-e", "A=1"]] {
        let run = Run::engine(who).args(options).args(more).arg(world().rootfs(who));
        let outcome = run.args(["sh", "-c", "hostname; pwd; /probe --probe loopback; exit 4"]).run();
        outcome.exits(4).prints("all\n/tmp\n127.0.0.1 answers").silent_on_stderr().left_nothing();
    }
    Ok(())
}
