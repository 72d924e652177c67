//! Who the command is: `--user`, `--userns`, `--uidmap`, `--gidmap`.

use crate::support::{End, Outcome, Run, Skip, Test, Verdict, Who, each, host, once, wait_within, world};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    each("--user by name, by number, with a group", user),
    each("--user sets HOME unless --env does", home),
    each("--user leaves no capability, and none comes back", no_capabilities),
    each("--user: a name that is not there, an id that is not mapped", unknown_user),
    each("--user believes no more of /etc/passwd than it must: links stay inside, no fifo hangs", hostile_files),
    each("--user reads lines and files of any length, within limits", long_files),
    each("--user: refused values", user_usage),
    each("L7 the container ends with engine after a change of ids", parent_death),
    once("an explicit map and mounts that must be locked go together, as root", map_and_locked_mounts),
    each("--userns keep-id: the command is the caller", keep_id),
    each("--userns host needs root, and is the host's user namespace", userns_host),
    once("--userns host: masks, private mounts, no devices", userns_host_walls),
    once("--userns auto: ids of several ranges, for chown, adduser and tar", auto),
    once("--userns auto: what is missing is named", auto_missing),
    once("--userns auto as root: every id", auto_root),
    each("--uidmap and --gidmap: one's own id as another", map_alone),
    once("--uidmap and --gidmap as root: ids of others only, host root masked out", map_others),
    once("--uidmap as root: the host's root is masked wherever it is mapped", map_root_elsewhere),
    once("--uidmap as a user: through newuidmap, which may refuse", map_through_helper),
    once("id maps of hundreds of lines, and an engine inside", many_lines),
];

/// A root filesystem with users and groups in it.
fn with_users(who: Who) -> tempfile::TempDir {
    let rootfs = world().own_rootfs(who);
    let etc = rootfs.path().join("etc");
    let files = [
        (
            "passwd",
            "root:x:0:0:root:/root:/bin/sh\n\nbroken\n:x:7:7::/:\njoe:x:1234:1235:Joe,,,:/home/joe:/bin/sh\nlast:x:5:6::",
        ),
        (
            "group",
            "root:x:0:\nempty:x::joe\njoe:x:1235:\none:x:2001:joe\ntwo:x:2002:joeroot,joe,x\nthree:x:2003:joey,ajoe\n",
        ),
    ];
    for (name, text) in files {
        // A new file, since the old one is shared with other root filesystems.
        fs::remove_file(etc.join(name)).unwrap();
        fs::write(etc.join(name), text).unwrap();
    }
    rootfs
}

/// The ids of the command of a run with `--user`.
fn ids(who: Who, rootfs: &Path, user: &str) -> Outcome {
    Run::engine(who).args(["--user", user]).arg(rootfs).args(["sh", "-c", "id -u; id -g; id -G"]).run()
}

fn user(who: Who) -> Verdict {
    let rootfs = with_users(who);
    // A user's own namespace has one id, and may not set groups.
    for user in ["root", "0", "root:root", "0:0", "root:0"] {
        ids(who, rootfs.path(), user).exits(0).prints("0\n0\n0").silent_on_stderr();
    }
    if who == Who::User {
        return Ok(());
    }
    for (user, expected) in [
        ("joe", "1234\n1235\n1235 2001 2002"),
        ("1234", "1234\n1235\n1235 2001 2002"),
        ("joe:two", "1234\n2002\n2002"),
        ("joe:77", "1234\n77\n77"),
        ("4321", "4321\n0\n0"),
        ("4321:one", "4321\n2001\n2001"),
        ("last", "5\n6\n6"),
        ("4294967294:4294967294", "4294967294\n4294967294\n4294967294"),
    ] {
        ids(who, rootfs.path(), user).exits(0).prints(expected).silent_on_stderr();
    }
    // Without the files, numbers still do.
    fs::remove_file(rootfs.path().join("etc/passwd")).unwrap();
    fs::remove_file(rootfs.path().join("etc/group")).unwrap();
    ids(who, rootfs.path(), "12:13").exits(0).prints("12\n13\n13");
    Ok(())
}

fn home(who: Who) -> Verdict {
    let rootfs = with_users(who);
    let home = |options: &[&str], expected: &str| {
        let run = Run::engine(who).args(options).arg(rootfs.path()).args(["sh", "-c", "echo $HOME"]);
        run.env("HOME", "/callers").run().exits(0).prints(expected);
    };
    home(&[], "/callers");
    home(&["-u", "root"], "/root");
    home(&["-u", "root", "-e", "HOME=/said"], "/said");
    home(&["-e", "HOME", "-u", "root"], "/callers");
    home(&["-u", "root", "--clear-env"], "/root");
    if who == Who::Root {
        home(&["-u", "joe"], "/home/joe");
        home(&["-u", "last"], "/");
        home(&["-u", "77"], "/");
    }
    Ok(())
}

fn no_capabilities(who: Who) -> Verdict {
    if who == Who::User {
        // The only id there is is root's.
        return Ok(());
    }
    let script = "grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status; (chown 0 /tmp) 2>/dev/null && echo chown";
    for options in [&["-u", "1000"][..], &["-u", "1000", "--userns", "host"]] {
        let outcome = Run::engine(who).args(options).arg(world().rootfs(who)).args(["sh", "-c", script]).run();
        let zeros = outcome.text().lines().filter(|line| line.ends_with("\t0000000000000000")).count();
        outcome.must(zeros == 4 && outcome.text().lines().count() == 4, "no capability should have been left");
    }
    Ok(())
}

fn unknown_user(who: Who) -> Verdict {
    let rootfs = with_users(who);
    ids(who, rootfs.path(), "nosuch").fails(125, "nosuch", "ENOENT");
    ids(who, rootfs.path(), "jo").fails(125, "jo", "ENOENT");
    ids(who, rootfs.path(), "broken").fails(125, "broken", "ENOENT");
    ids(who, rootfs.path(), "root:nosuch").fails(125, "nosuch", "ENOENT");
    ids(who, rootfs.path(), "0:empty").fails(125, "empty", "ENOENT");
    if who == Who::User {
        for user in ["1234", "joe"] {
            let outcome = ids(who, rootfs.path(), user);
            outcome.fails(125, user, "EINVAL");
            outcome.must(outcome.error_text().contains("hint: "), "a hint should have been there");
            outcome.must(outcome.error_text().contains("--userns auto"), "the hint should have named the option");
        }
        ids(who, rootfs.path(), "0:77").fails(125, "0", "EINVAL");
    }
    Ok(())
}

fn hostile_files(who: Who) -> Verdict {
    let rootfs = with_users(who);
    let passwd = rootfs.path().join("etc/passwd");
    let outside = world().directory(who);
    fs::write(outside.path().join("passwd"), "outsider:x:0:0::/:\n").unwrap();
    // A link to a file of the host leads nowhere.
    fs::remove_file(&passwd).unwrap();
    symlink(outside.path().join("passwd"), &passwd).unwrap();
    ids(who, rootfs.path(), "outsider").fails(125, "outsider", "ENOENT");
    fs::remove_file(&passwd).unwrap();
    symlink("/etc/passwd", &passwd).unwrap();
    ids(who, rootfs.path(), "root").fails(125, "/etc/passwd", "ELOOP");
    // A link inside is as good as a file.
    fs::remove_file(&passwd).unwrap();
    fs::write(rootfs.path().join("etc/real"), "inside:x:0:0::/:\n").unwrap();
    symlink("real", &passwd).unwrap();
    ids(who, rootfs.path(), "inside").exits(0);
    for make in ["mkfifo", "mkdir"] {
        fs::remove_file(&passwd).or_else(|_| fs::remove_dir(&passwd)).unwrap();
        Run::program(who, host::program(make).unwrap()).arg(&passwd).run().exits(0);
        for user in ["root", "0"] {
            let outcome = ids(who, rootfs.path(), user);
            outcome.fails(125, "/etc/passwd", "EINVAL");
            outcome.must(outcome.took < Duration::from_secs(10), "it should not have waited");
        }
    }
    fs::remove_dir(&passwd).unwrap();
    // What the link finds is the command's own status, a file like any other, and no user is listed in it.
    symlink("/proc/self/status", &passwd).unwrap();
    ids(who, rootfs.path(), "root").fails(125, "root", "ENOENT");
    Ok(())
}

fn long_files(who: Who) -> Verdict {
    let rootfs = with_users(who);
    let passwd = rootfs.path().join("etc/passwd");
    let line = "x".repeat(1_000_000);
    fs::write(&passwd, format!("{line}:x:0:0::/:\n{line}\nlate:x:0:0:{line}:/late:\n{line}")).unwrap();
    let run = Run::engine(who).args(["-u", "late"]).arg(rootfs.path()).args(["sh", "-c", "id -u; echo $HOME"]);
    run.run().exits(0).prints("0\n/late");
    ids(who, rootfs.path(), &"x".repeat(1000)).exits(125);
    // 1 TiB of nothing.
    fs::File::options().write(true).open(&passwd).unwrap().set_len(1 << 40).unwrap();
    let outcome = ids(who, rootfs.path(), "nosuch");
    outcome.fails(125, "/etc/passwd", "EFBIG");
    outcome.must(outcome.took < Duration::from_secs(10), "it should have given up soon");
    if who == Who::Root {
        let groups = |count: u32| (0..count).map(|id| format!("g{id}:x:{}:late\n", id + 10)).collect::<String>();
        fs::write(&passwd, "late:x:0:0::/:\n").unwrap();
        fs::write(rootfs.path().join("etc/group"), groups(1024)).unwrap();
        let outcome = ids(who, rootfs.path(), "late");
        outcome.exits(0).must(outcome.text().split_whitespace().count() >= 1024, "all groups should have been there");
        fs::write(rootfs.path().join("etc/group"), groups(1025)).unwrap();
        let outcome = ids(who, rootfs.path(), "late");
        outcome.fails(125, "late", "E2BIG");
        outcome.must(outcome.error_text().contains("1024"), "the limit should have been named");
    }
    Ok(())
}

fn user_usage(who: Who) -> Verdict {
    for value in ["", ":", "a:", ":b", "a:b:c", "4294967295", "99999999999", "0:4294967295"] {
        Run::engine(who).args(["--user", value]).arg(world().rootfs(who)).arg("true").run().misuses("--user");
    }
    for value in ["", "none", "Auto", "keep_id"] {
        Run::engine(who).args(["--userns", value]).arg(world().rootfs(who)).arg("true").run().misuses("--userns");
    }
    for value in ["", "0:0", "0:0:0", "0:0:-1", "a:0:1", "0:0:1:2", "4294967295:0:1", "0:1:4294967295"] {
        Run::engine(who).args(["--uidmap", value]).arg(world().rootfs(who)).arg("true").run().misuses("--uidmap");
    }
    let twice = ["--gidmap", "0:0:2", "--gidmap", "1:5:1"];
    Run::engine(who).args(twice).arg(world().rootfs(who)).arg("true").run().misuses("--gidmap");
    let both = ["--userns", "auto", "--uidmap", "0:0:1"];
    Run::engine(who).args(both).arg(world().rootfs(who)).arg("true").run().misuses("--uidmap");
    Ok(())
}

/// C's maps are written by an init that has become somebody else.
fn map_and_locked_mounts() -> Verdict {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root may map ids that are not its own"));
    }
    let map = ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"];
    let run = Run::engine(Who::Root).args(map).args(["-v", "/usr:/mnt:ro"]).arg(world().rootfs(Who::Root));
    let script = "mount -o remount,rw,bind /mnt 2>/dev/null || id -u";
    run.args(["/bin/sh", "-c", script]).run().exits(0).prints("0");
    Ok(())
}

/// Whoever the command is, all ends with O.
fn parent_death(who: Who) -> Verdict {
    let own = who.uid().to_string();
    let map = format!("0:{own}:1");
    for options in [&["-u", if who == Who::Root { "1000" } else { "0" }][..], &["--uidmap", &map, "--gidmap", &map]] {
        let run = Run::engine(who).args(options).arg(world().rootfs(who)).args(["/probe", "--probe", "wait"]);
        let running = run.piped().spawn();
        running.wait_for_output("ready");
        let init = running.init();
        running.signal(libc::SIGKILL);
        let outcome = running.finish();
        outcome.dies_of(libc::SIGKILL).leaves_nothing();
        let gone = || host::process(init).is_none_or(|process| process.state == 'Z').then_some(());
        assert!(wait_within(Duration::from_secs(1), gone).is_some(), "init should have been gone");
    }
    Ok(())
}

fn keep_id(who: Who) -> Verdict {
    let own = who.uid().to_string();
    let script = "id -u; id -g; touch /tmp/mine; stat -c %u:%g /tmp/mine; rm /tmp/mine; cat /proc/self/uid_map";
    let rootfs = world().own_rootfs(who);
    let run = |options: &[&str]| {
        Run::engine(who).args(["--userns", "keep-id"]).args(options).arg(rootfs.path()).args(["sh", "-c", script]).run()
    };
    let words = |outcome: &Outcome| outcome.text().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let outcome = run(&[]);
    outcome.exits(0).silent_on_stderr();
    let mine = format!("{own}:{own}");
    assert_eq!(words(&outcome), [&*own, &own, &mine, &own, &own, "1"]);
    run(&["-u", &own]).exits(0);
    run(&["-u", "4321"]).fails(125, "4321", "EINVAL");
    if who == Who::User {
        run(&["-u", "0"]).fails(125, "0", "EINVAL");
        let outcome = Run::engine(who).args(["--userns", "keep-id"]).arg(rootfs.path());
        let outcome = outcome.args(["grep", "CapEff", "/proc/self/status"]).run();
        outcome.exits(0).prints("CapEff:\t0000000000000000");
    }
    Ok(())
}

fn userns_host(who: Who) -> Verdict {
    let run = Run::engine(who).args(["--userns", "host"]).arg(world().rootfs(who));
    let outcome = run.args(["readlink", "/proc/self/ns/user"]).run();
    if who == Who::User {
        outcome.fails(125, "namespaces", "EPERM");
        outcome.must(outcome.error_text().contains("--userns host needs root"), "it should have said why");
        return Ok(());
    }
    outcome.exits(0).prints(fs::read_link("/proc/self/ns/user").unwrap().to_str().unwrap());
    let run = Run::engine(who).args(["--userns", "host", "-u", "4321:44"]).arg(world().rootfs(who));
    run.args(["sh", "-c", "id -u; id -G"]).run().exits(0).prints("4321\n44");
    Ok(())
}

fn userns_host_walls() -> Verdict {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root may do without a user namespace"));
    }
    let rootfs = world().own_rootfs(Who::Root);
    let mounts = host::mounts();
    let run = |script: &str| {
        let run = Run::engine(Who::Root).args(["--userns", "host"]).arg(rootfs.path());
        run.args(["sh", "-c", script]).run()
    };
    run("chown 77:88 /tmp && stat -c %u:%g /tmp").exits(0).prints("77:88");
    run("(: >>/proc/sys/kernel/core_pattern) 2>/dev/null && echo open; cat /proc/kcore | wc -c").exits(0).prints("0");
    // A node can be made, but not used: nowhere in the container.
    run("for dir in /dev /tmp; do mknod $dir/node c 1 5 2>/dev/null; (head -c 1 $dir/node | wc -c) 2>/dev/null; done")
        .exits(0)
        .prints("0\n0");
    assert_eq!(host::mounts().lines().count(), mounts.lines().count(), "the host's mounts");
    Ok(())
}

/// A run of engine as nobody, where /etc/subuid and /etc/subgid say this.
fn with_ranges(uids: &str, gids: &str, options: &[&str], rootfs: &Path, command: &[&str]) -> Result<Outcome, Skip> {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root can give a user ranges to try it with"));
    }
    for program in ["newuidmap", "newgidmap", "setpriv", "unshare"] {
        host::program(program).ok_or_else(|| Skip(format!("{program} is not here")))?;
    }
    for file in ["/etc/subuid", "/etc/subgid"] {
        if !Path::new(file).exists() {
            return Err(Skip(format!("there is no {file} to put another one over")));
        }
    }
    let directory = world().directory(Who::Root);
    fs::write(directory.path().join("subuid"), uids).unwrap();
    fs::write(directory.path().join("subgid"), gids).unwrap();
    // In a mount namespace of its own, so that the host's files stay as they are.
    let script = "mount --bind \"$1/subuid\" /etc/subuid && mount --bind \"$1/subgid\" /etc/subgid && shift && \
        exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"";
    let run = Run::program(Who::Root, host::program("unshare").unwrap());
    let run = run.args(["--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"]);
    Ok(run.arg(directory.path()).arg(world().engine()).args(options).arg(rootfs).args(command).run())
}

/// A root filesystem of nobody's in which others own files after a test, which is removed all the same.
fn nobodys() -> tempfile::TempDir {
    world().own_rootfs(Who::User)
}

fn auto() -> Verdict {
    let uids = "nobodyelse:1:5\nnobody:100000:1000\n#65534:7:7\n65534:300000:65536\n";
    let gids = "nobody:200000:65536\n";
    let rootfs = nobodys();
    let run = |options: &[&str], script: &str| {
        let options = [&["--userns", "auto"], options].concat();
        with_ranges(uids, gids, &options, rootfs.path(), &["sh", "-c", script])
    };
    let outcome = run(&[], "cat /proc/self/uid_map /proc/self/gid_map")?;
    let seen: Vec<_> = outcome.exits(0).silent_on_stderr().text().split_whitespace().map(str::to_owned).collect();
    let expected = "0 65534 1 1 100000 1000 1001 300000 65536 0 65534 1 1 200000 65536";
    assert_eq!(seen.join(" "), expected);
    run(&[], "touch /f && chown 33:44 /f && stat -c %u:%g /f && chown 60000:0 /f && stat -c %u:%g /f && rm /f")?
        .exits(0)
        .prints("33:44\n60000:0");
    run(&["-u", "33:44"], "id -u; id -G; touch /tmp/f && stat -c %u:%g /tmp/f")?.exits(0).prints("33\n44\n33:44");
    let outcome = run(&["-u", "70000"], "true")?;
    outcome.fails(125, "70000", "EINVAL");
    if let Ok(alpine) = world().alpine(Who::User) {
        let script = "set -e; adduser -D bob; su bob -c id; id -u bob; mkdir /tmp/tree; cd /tmp/tree; \
            for id in 1 33 1000 65000; do touch $id; chown $id:$id $id; done; tar cf ../a.tar .; rm -rf *; \
            tar xf ../a.tar; stat -c %u:%g 1 33 1000 65000; deluser bob; cd /; rm -rf /tmp/tree /tmp/a.tar /home/bob";
        let options = ["--userns", "auto", "--allow-new-privs"];
        let outcome = with_ranges(uids, gids, &options, &alpine, &["sh", "-c", script])?;
        outcome.exits(0).must(outcome.text().contains("1:1\n33:33\n1000:1000\n65000:65000"), "the owners");
    }
    Ok(())
}

fn auto_missing() -> Verdict {
    let rootfs = nobodys();
    let run = |uids: &str, gids: &str| with_ranges(uids, gids, &["--userns", "auto"], rootfs.path(), &["true"]);
    let outcome = run("", "nobody:200000:65536\n")?;
    outcome.fails(125, "/etc/subuid", "ENOENT").must(outcome.error_text().contains("hint: "), "a hint");
    run("nobody:100000:65536\n", "other:1:1\nnobody:x:1\nnobody:1:0\nnobody:1\nnobody\n")?.fails(
        125,
        "/etc/subgid",
        "ENOENT",
    );
    // Overlapping ranges are no map.
    run("nobody:100000:10\nnobody:100005:10\n", "nobody:1:1\n")?.fails(125, "newuidmap", "EPERM");
    let many: String = (0..340).map(|line| format!("nobody:{}:1\n", 100_000 + 2 * line)).collect();
    let outcome = run(&many, "nobody:1:1\n")?;
    outcome.fails(125, "/etc/subuid", "E2BIG").must(outcome.error_text().contains("339"), "the limit");
    Ok(())
}

fn auto_root() -> Verdict {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("this is about root"));
    }
    let rootfs = world().own_rootfs(Who::Root);
    let script = "touch /f && chown 3000000000:7 /f && stat -c %u:%g /f";
    for userns in ["root", "auto", "host"] {
        let run = Run::engine(Who::Root).args(["--userns", userns]).arg(rootfs.path());
        run.args(["sh", "-c", script]).run().exits(0).prints("3000000000:7");
    }
    let run = Run::engine(Who::Root).args(["--userns", "keep-id"]).arg(rootfs.path());
    run.args(["chown", "33", "/tmp"]).run().exits(1);
    Ok(())
}

fn map_alone(who: Who) -> Verdict {
    let own = who.uid();
    let rootfs = world().own_rootfs(who);
    let (uids, gids) = (format!("1000:{own}:1"), format!("100:{own}:1"));
    let run = Run::engine(who).args(["--uidmap", &uids, "--gidmap", &gids]).arg(rootfs.path());
    let outcome = run.args(["sh", "-c", "id -u; id -g; touch /tmp/f; stat -c %u:%g /tmp/f; rm /tmp/f"]).run();
    outcome.exits(0).prints("1000\n100\n1000:100").silent_on_stderr();
    // What is not said is as it always is.
    let run = Run::engine(who).args(["--uidmap", &uids]).arg(rootfs.path());
    run.args(["sh", "-c", "id -u; id -g"]).run().exits(0).prints("1000\n0");
    Ok(())
}

fn map_others() -> Verdict {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root may map others without a helper"));
    }
    let rootfs = world().own_rootfs(Who::Root);
    for name in ["tmp", "etc", "proc"] {
        std::os::unix::fs::chown(rootfs.path().join(name), Some(100_000), Some(100_000)).unwrap();
    }
    let map = "0:100000:65536";
    let run = |script: &str| {
        let run = Run::engine(Who::Root).args(["--uidmap", map, "--gidmap", map]).arg(rootfs.path());
        run.args(["sh", "-c", script]).run()
    };
    let outcome = run("id -u; id -g; id -G; touch /tmp/f; chown 33:44 /tmp/f; stat -c %u:%g /tmp/f");
    outcome.exits(0).prints("0\n0\n0\n33:44").silent_on_stderr();
    let facts = fs::metadata(rootfs.path().join("tmp/f")).unwrap();
    let owner = (std::os::unix::fs::MetadataExt::uid(&facts), std::os::unix::fs::MetadataExt::gid(&facts));
    assert_eq!(owner, (100_033, 100_044), "on the host");
    // To the host it is nobody: no masks are needed, and mounts work as for a user.
    run("(: >>/proc/sys/kernel/core_pattern) 2>/dev/null && echo open; mount -t tmpfs t /mnt && echo mounted")
        .exits(0)
        .prints("mounted");
    Ok(())
}

fn map_root_elsewhere() -> Verdict {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root can map root"));
    }
    for maps in [&["5:0:1"][..], &["65534:0:1"], &["0:100000:10", "10:0:1"], &["0:0:1"]] {
        let rootfs = world().rootfs(Who::Root);
        let options: Vec<_> = maps.iter().flat_map(|map| ["--uidmap", map]).collect();
        let inside = maps.last().unwrap().split(':').next().unwrap();
        let run = Run::engine(Who::Root).args(&options).args(["-u", inside]).arg(&rootfs);
        let script = "(: >>/proc/sys/kernel/core_pattern) 2>/dev/null && echo open; umount /proc/sys 2>/dev/null; \
            (: >>/proc/sys/kernel/core_pattern) 2>/dev/null && echo open; id -u";
        run.args(["sh", "-c", script]).run().exits(0).prints(inside);
    }
    Ok(())
}

fn map_through_helper() -> Verdict {
    let rootfs = nobodys();
    let run = |second: &str, command: &[&str]| {
        let options = ["--uidmap", "0:65534:1", "--uidmap", second];
        with_ranges("nobody:100000:1000\n", "nobody:1:1\n", &options, rootfs.path(), command)
    };
    let outcome = run("1:100100:5", &["cat", "/proc/self/uid_map"])?;
    let words: Vec<_> = outcome.exits(0).text().split_whitespace().map(str::to_owned).collect();
    assert_eq!(words, ["0", "65534", "1", "1", "100100", "5"]);
    run("1:99999:5", &["true"])?.fails(125, "newuidmap", "EPERM");
    Ok(())
}

fn many_lines() -> Verdict {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root may map others without a helper"));
    }
    // Of 340 lines no text of a page can hold more than short ones; a reader's buffer must hold the kernel's long ones.
    let maps: Vec<_> = (0..300).map(|line| format!("{line}:{}:1", 2 * line)).collect();
    let options: Vec<_> = maps.iter().flat_map(|map| ["--uidmap", map]).collect();
    let run = Run::engine(Who::Root).args(&options).arg(world().rootfs(Who::Root));
    let outcome = run.args(["sh", "-c", "wc -l </proc/self/uid_map"]).run();
    outcome.must(outcome.end == End::Exit(0), "it should have worked");
    outcome.prints("300");
    let maps: Vec<_> =
        (0..340_u32).map(|line| format!("{}:{}:1", 1_000_000 + line * 2, 2_000_000 + line * 2)).collect();
    let options: Vec<_> = maps.iter().flat_map(|map| ["--uidmap", map]).collect();
    Run::engine(Who::Root)
        .args(&options)
        .arg(world().rootfs(Who::Root))
        .arg("true")
        .run()
        .fails(125, "uid map", "E2BIG");
    Ok(())
}
