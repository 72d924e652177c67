//! `-x`, `--upper` and `--changes`: writes that do not reach the root filesystem.

use crate::support::{Outcome, Run, Skip, Test, Verdict, Who, each, host, once, world};
use std::fs;
use std::path::Path;

pub(crate) const TESTS: &[Test] = &[
    each("-x: what is written, changed and deleted is there, and gone at the end", ephemeral),
    each("-x: nothing of the host is below the root", nothing_below),
    each("-x on /: every directory takes writes, and none reaches the host", slash),
    each("-x: a command cannot undo the read-only parts of a root with mounts below", locked),
    each("--upper keeps the writes for the next run", kept),
    each("--upper: bad directories are errors that name them", bad_uppers),
    each("--changes lists what was added, modified and deleted", changes),
    each("--changes: a directory made anew hides what it held", opaque),
    each("--changes: names with newlines, on standard error and in a file", strange_names),
    each("--changes: what the command leaves running is over first", left_running),
    each("--upper: a directory in the root itself keeps the writes, and cannot be entered there", upper_in_root),
    each("--upper: a root that is the upper directory, or lies in it, is refused", root_in_upper),
    each("-x, --upper and every way of mapping ids go together", mapped),
    once("-x and --upper with a map that leaves root out: the writes are whose the map says", mapped_to_others),
    once("-x on / covers what is mounted below, without a user namespace too", without_user_namespace),
    once("-x on / with 600 mounts: all are there, 256 overlays at most, and /usr takes writes", many_mounts),
    each(
        "-x on / with few descriptors: what cannot be covered for want of them is an error, never read-only",
        few_descriptors,
    ),
    each("--changes goes as deep as a path can be", deep),
    each("--changes needs an overlay, and a file that can be made", bad_changes),
];

fn run(who: Who, rootfs: &Path, options: &[&str], script: &str) -> Outcome {
    Run::engine(who).args(options).arg(rootfs).args(["/bin/sh", "-c", script]).run()
}

/// What must be as it was.
fn unchanged(rootfs: &Path) {
    assert!(fs::read_to_string(rootfs.join("etc/passwd")).unwrap().starts_with("root:"));
    assert!(rootfs.join("etc/group").exists() && !rootfs.join("new").exists());
}

fn ephemeral(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let script = "echo x >/new; echo x >/etc/passwd; rm /etc/group; chmod 700 /home; mkdir /var/d
        cat /new /etc/passwd; ls /etc/group 2>/dev/null; stat -c %a /home; mv /etc/os-release /root && ls /root";
    run(who, rootfs.path(), &["-x"], script).exits(0).prints("x\nx\n700\nos-release").silent_on_stderr();
    unchanged(rootfs.path());
    assert!(!rootfs.path().join("var/d").exists());
    run(who, rootfs.path(), &["-x"], "ls /new 2>/dev/null; echo over").exits(0).prints("over");
    Ok(())
}

fn nothing_below(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let script = "while read -r a b c d e f; do [ \"$e\" = / ] && echo root; done </proc/self/mountinfo; umount -l / \
        2>/dev/null; ls -A /.. | wc -l";
    let here = fs::read_dir(rootfs.path()).unwrap().count();
    run(who, rootfs.path(), &["-x"], script).exits(0).prints(&format!("root\n{here}"));
    Ok(())
}

fn slash(who: Who) -> Verdict {
    let script = "for place in / /tmp /var /usr; do touch $place/engine-test || echo $place; done; ls /engine-test";
    let outcome = run(who, Path::new("/"), &["-x"], script);
    outcome.exits(0).silent_on_stderr().prints("/engine-test");
    for place in ["/", "/tmp", "/var", "/usr"] {
        assert!(!Path::new(place).join("engine-test").exists(), "{place} was written to");
    }
    Ok(())
}

fn locked(who: Who) -> Verdict {
    // Whatever is a mount of its own inside: neither unmounting nor remounting it opens a way to the host.
    let script =
        "while read -r a b c d e f; do umount -l \"$e\" 2>/dev/null; mount -o remount,rw,bind \"$e\" 2>/dev/null
        touch \"$e/engine-test\" 2>/dev/null; done </proc/self/mountinfo; true";
    run(who, Path::new("/"), &["-x"], script).exits(0);
    let mounts = crate::support::host::mounts();
    for place in mounts.lines().filter_map(|line| line.split(' ').nth(4)) {
        assert!(!Path::new(place).join("engine-test").exists(), "{place} was written to");
    }
    Ok(())
}

fn kept(who: Who) -> Verdict {
    let (rootfs, upper) = (world().own_rootfs(who), world().directory(who));
    let options = ["--upper", upper.path().to_str().unwrap()];
    run(who, rootfs.path(), &options, "echo one >/new; rm /etc/group").exits(0).silent_on_stderr();
    run(who, rootfs.path(), &options, "cat /new; ls /etc/group 2>/dev/null; echo two >>/new").exits(0).prints("one");
    run(who, rootfs.path(), &options, "cat /new").exits(0).prints("one\ntwo");
    unchanged(rootfs.path());
    assert_eq!(fs::read_to_string(upper.path().join("upper/new")).unwrap(), "one\ntwo\n");
    Ok(())
}

fn bad_uppers(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    run(who, rootfs.path(), &["--upper", "/no/such"], "true").fails(125, "/no/such", "ENOENT");
    run(who, rootfs.path(), &["--upper", ""], "true").misuses("upper");
    run(who, rootfs.path(), &["-x", "--upper", "/tmp"], "true").misuses("ephemeral");
    Ok(())
}

/// The lines of a list, sorted.
fn sorted(text: &str, end: char) -> Vec<String> {
    let mut records: Vec<String> = text.split(end).filter(|record| !record.is_empty()).map(str::to_owned).collect();
    records.sort();
    records
}

fn changes(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let script = "echo x >/new; mkdir /etc/d; echo x >/etc/d/f; echo x >>/etc/passwd; rm /etc/group; chmod 700 /home
        ln -s a /etc/link; touch /var/gone; rm /var/gone; exit 7";
    let outcome = run(who, rootfs.path(), &["-x", "--changes"], script);
    let expected = ["A /etc/d", "A /etc/d/f", "A /etc/link", "A /new", "D /etc/group", "M /etc/passwd", "M /home"];
    outcome.exits(7).must(sorted(&outcome.error_text(), '\n') == expected, &format!("expected {expected:?}"));
    let outcome = run(who, rootfs.path(), &["-x", "--changes"], "true");
    outcome.exits(0).silent_on_stderr();
    Ok(())
}

fn opaque(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let script = "rm -r /etc; mkdir /etc; echo x >/etc/passwd; echo y >/etc/new";
    let outcome = run(who, rootfs.path(), &["-x", "--changes"], script);
    let mut expected = vec!["A /etc/new".to_owned(), "M /etc/passwd".to_owned()];
    for entry in fs::read_dir(rootfs.path().join("etc")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // The container's own resolv.conf is a mount point, which cannot be deleted.
        if name != "passwd" {
            expected.push(format!("D /etc/{name}"));
        }
    }
    expected.sort();
    if outcome.error_text().contains("busy") {
        return Ok(());
    }
    outcome.exits(0).must(sorted(&outcome.error_text(), '\n') == expected, &format!("expected {expected:?}"));
    Ok(())
}

fn strange_names(who: Who) -> Verdict {
    let (rootfs, directory) = (world().own_rootfs(who), world().directory(who));
    let script = "touch \"$(printf '/a\\nD \\\\b')\"";
    let outcome = run(who, rootfs.path(), &["-x", "--changes"], script);
    outcome.exits(0).must(outcome.error_text() == "A /a\\x0aD \\x5cb\n", "the name should have been one line");
    let file = directory.path().join("list");
    let option = format!("--changes={}", file.to_str().unwrap());
    run(who, rootfs.path(), &["-x", &option], script).exits(0).silent_on_stderr();
    assert_eq!(fs::read(&file).unwrap(), b"A /a\nD \\b\0");
    Ok(())
}

fn left_running(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let script = "(setsid sh -c 'while :; do echo x >>/new; done' &) ; until [ -e /new ]; do :; done; exit 3";
    let outcome = run(who, rootfs.path(), &["-x", "--changes"], script);
    outcome.exits(3).left_nothing();
    outcome.must(outcome.error_text() == "A /new\n", "only the one file is new");
    Ok(())
}

fn bad_changes(who: Who) -> Verdict {
    let rootfs = world().rootfs(who);
    run(who, &rootfs, &["--changes"], "true").misuses("changes");
    run(who, &rootfs, &["-x", "--changes="], "true").misuses("changes");
    run(who, &rootfs, &["-x", "--changes=/no/such/file"], "true").fails(125, "/no/such/file", "ENOENT");
    Ok(())
}

fn upper_in_root(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let upper = rootfs.path().join("kept");
    fs::create_dir(&upper).unwrap();
    std::os::unix::fs::chown(&upper, Some(who.uid()), Some(who.uid())).unwrap();
    for directory in [upper.as_path(), rootfs.path()] {
        let options = ["--upper", directory.to_str().unwrap(), "--changes"];
        let outcome = run(who, rootfs.path(), &options, "echo one >/new; echo two >/kept/file; cat /kept/file");
        outcome.exits(0).prints("two");
        let expected = ["A /kept/file", "A /new"];
        outcome.must(sorted(&outcome.error_text(), '\n') == expected, &format!("expected {expected:?}"));
        let enter =
            format!("cat /new; ls {}/upper 2>/dev/null || echo closed", if directory == upper { "/kept" } else { "" });
        run(who, rootfs.path(), &options, &enter).exits(0).prints("one\nclosed");
        assert!(!rootfs.path().join("new").exists() && directory.join("upper/new").exists());
    }
    Ok(())
}

fn root_in_upper(who: Who) -> Verdict {
    let upper = world().directory(who);
    for place in ["upper", "upper/below"] {
        let rootfs = upper.path().join(place);
        fs::create_dir(&rootfs).unwrap();
        std::os::unix::fs::chown(&rootfs, Some(who.uid()), Some(who.uid())).unwrap();
        let text = upper.path().to_str().unwrap();
        run(who, &rootfs, &["--upper", text], "true").fails(125, text, "ELOOP").left_nothing();
    }
    Ok(())
}

fn mapped(who: Who) -> Verdict {
    let own = who.uid().to_string();
    let (as_root, as_other) = (format!("0:{own}:1"), format!("1000:{own}:1"));
    let mut ways = vec![
        vec!["--userns", "keep-id"],
        vec!["--uidmap", &as_root, "--gidmap", &as_root],
        vec!["--uidmap", &as_other, "--gidmap", &as_other],
    ];
    if who == Who::Root {
        ways.extend([vec!["--userns", "auto"], vec!["--userns", "host"]]);
    }
    for way in ways {
        let (rootfs, upper) = (world().own_rootfs(who), world().directory(who));
        let kept = ["--upper", upper.path().to_str().unwrap()];
        let script = "[ ! -e /new ] && echo x >/new && rm /etc/group && mkdir /etc/d && stat -c %u /new && id -u";
        for writes in [&["-x"][..], &kept] {
            let outcome = run(who, rootfs.path(), &[&way, writes].concat(), script);
            let seen = outcome.exits(0).silent_on_stderr().text();
            let ids: Vec<_> = seen.lines().collect();
            outcome.must(ids.len() == 2 && ids[0] == ids[1], "the file should have been the command's");
            unchanged(rootfs.path());
        }
        assert!(upper.path().join("upper/new").exists());
    }
    Ok(())
}

fn mapped_to_others() -> Verdict {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root may map others without a helper"));
    }
    let (rootfs, upper) = (world().own_rootfs(Who::Root), world().directory(Who::Root));
    // Nobody but root may look into it.
    std::os::unix::fs::chown(rootfs.path().join("home"), Some(100_000), Some(100_000)).unwrap();
    let map = ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"];
    let script = "echo x >/home/f && chown 33:44 /home/f && stat -c %u:%g /home/f";
    run(Who::Root, rootfs.path(), &[&map[..], &["-x"]].concat(), script).exits(0).prints("33:44").silent_on_stderr();
    assert!(!rootfs.path().join("home/f").exists());
    let text = upper.path().to_str().unwrap();
    let options = [&map[..], &["--upper", text]].concat();
    run(Who::Root, rootfs.path(), &options, script).fails(125, text, "EACCES");
    std::os::unix::fs::chown(upper.path(), Some(100_000), Some(100_000)).unwrap();
    run(Who::Root, rootfs.path(), &options, script).exits(0).prints("33:44").silent_on_stderr();
    let facts = fs::metadata(upper.path().join("upper/home/f")).unwrap();
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!((facts.uid(), facts.gid()), (100_033, 100_044), "on the host");
    Ok(())
}

/// Runs a script as root in a mount namespace of its own, with `$1` a directory and `$2` engine.
fn with_mounts(script: &str) -> Result<Outcome, Skip> {
    if !crate::support::world::started_as_root() {
        return Err(Skip::because("only root may mount"));
    }
    let unshare = host::program("unshare").ok_or_else(|| Skip::because("unshare is not here"))?;
    let directory = world().directory(Who::Root);
    let run =
        Run::program(Who::Root, unshare).args(["--mount", "--propagation", "private", "/bin/sh", "-ec", script, "sh"]);
    Ok(run.arg(directory.path()).arg(world().engine()).run())
}

fn without_user_namespace() -> Verdict {
    let outcome = with_mounts(
        "mkdir $1/t; mount -t tmpfs t $1/t; mkdir $1/t/u; mount -t tmpfs u $1/t/u; echo host >$1/t/u/file
        for userns in host root; do
            $2 --userns $userns -x / sh -c \"cat $1/t/u/file; echo own >$1/t/u/file; cat $1/t/u/file; echo x >$1/t/new\"
        done; cat $1/t/u/file; ls $1/t",
    )?;
    outcome.exits(0).prints("host\nown\nhost\nown\nhost\nu").silent_on_stderr();
    Ok(())
}

fn many_mounts() -> Verdict {
    let outcome = with_mounts(
        "mount -t tmpfs t $1; seq 600 | while read -r n; do mkdir $1/$n; mount -t tmpfs t $1/$n; echo $n >$1/$n/file; done
        $2 -x / sh -ec \"cat $1/*/file | wc -l; n=0; for i in $1/*; do (echo >\\$i/new) 2>/dev/null && n=\\$((n + 1)) || :; done
            [ \\$n -gt 5 ] && [ \\$n -lt 256 ] && echo some
            while read -r a b c d e f g h i; do case \\$i in overlay*) echo; esac; done </proc/self/mountinfo | wc -l
            for place in / /usr /var /etc; do echo x >\\$place/engine-test; done\"; ls $1/*/new 2>/dev/null | wc -l",
    )?;
    let text = outcome.exits(0).silent_on_stderr().text();
    let lines: Vec<_> = text.lines().collect();
    outcome.must(lines.len() == 4 && (lines[0], lines[1], lines[3]) == ("600", "some", "0"), "600, some, N, 0");
    outcome.must(lines[2].parse().is_ok_and(|count: u32| count <= 256), "at most 256 overlays");
    Ok(())
}

fn few_descriptors(who: Who) -> Verdict {
    let overlays = "grep -c ' overlay ' /proc/mounts";
    let all = run(who, Path::new("/"), &["-x"], overlays);
    let all = all.exits(0).text().trim().to_owned();
    let (mut too_few, mut enough) = (0, 0);
    for limit in (20..80).step_by(2) {
        let run = Run::engine(who).args(["-x", "/", "/bin/sh", "-c", overlays]);
        let outcome = run.limit(libc::RLIMIT_NOFILE, limit).run();
        if outcome.error_text().contains("EMFILE") {
            outcome.exits(125).left_nothing();
            too_few += 1;
        } else {
            outcome.exits(0).prints(&all);
            enough += 1;
        }
    }
    assert!(too_few > 0 && enough > 0, "{too_few} limits were too low and {enough} high enough");
    Ok(())
}

fn deep(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    // Some 2,000 levels, each with descriptors and frames of its own.
    let script = "cd /tmp; i=0; while [ $i -lt 1000 ]; do mkdir -p d/d && cd -P d/d || exit 1; i=$((i + 1)); done";
    let run = Run::engine(who).args(["-x", "--changes=list"]).arg(rootfs.path()).args(["/bin/sh", "-c", script]);
    let directory = world().directory(who);
    let outcome = run.directory(directory.path()).limit(libc::RLIMIT_NOFILE, 16_384).run();
    outcome.exits(0).silent_on_stderr();
    let list = fs::read(directory.path().join("list")).unwrap();
    assert_eq!(list.split(|byte| *byte == 0).filter(|record| record.starts_with(b"A /tmp/d")).count(), 2_000);
    Ok(())
}
