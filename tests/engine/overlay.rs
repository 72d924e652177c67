//! `-x`, `--upper` and `--changes`: writes that do not reach the root filesystem.

use crate::support::{Outcome, Run, Test, Verdict, Who, each, world};
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
