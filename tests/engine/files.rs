//! What the options on files do: volumes, tmpfs, masks, read-only roots, /proc, /sys and /dev.

use crate::support::{Outcome, Run, Test, Verdict, Who, each, host, rounds, world};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, panic, thread};

pub(crate) const TESTS: &[Test] = &[
    each("a volume shows a host directory, writable, nosuid and nodev", volume),
    each("a volume's options set what they say", volume_options),
    each("a volume's source is relative to the caller's directory", relative_source),
    each("a missing target is made with its parents: a directory, or an empty file", missing_target),
    each("a target through links stays inside", links_stay_inside),
    each("a target through links is found while others rename", links_while_renaming),
    each("a read-only volume holds against root inside", read_only_volume),
    each("bad volumes are errors that name the side", bad_volumes),
    each("a missing source is none where it is optional", optional),
    each("volumes are mounted in the order of the command line", order),
    each("300 volumes with 400 descriptors", many),
    each("a tmpfs has the size and mode that were asked for", tmpfs),
    each("a mask reads as empty and holds against root inside", mask),
    each("none of the host's own /proc and /sys is in a root that has them", none_of_the_kernel),
    each("a mask of what is not there is an error", mask_of_nothing),
    each("a read-only root holds; volumes, tmpfs, /dev and /proc are usable", read_only),
    each("/proc, /sys and /dev can be left out", left_out),
    each("the host's /proc can be bound, with a mask on top", proc_bind),
    each("options go together in pairs", pairs),
    each("nothing of a run is left in the host's mount table", nothing_left),
];

/// A run with these options, and a script.
fn run(who: Who, rootfs: &Path, options: &[&str], script: &str) -> Outcome {
    Run::engine(who).args(options).arg(rootfs).args(["/bin/sh", "-c", script]).run()
}

/// A directory of this user's with a file in it.
fn source(who: Who) -> tempfile::TempDir {
    let directory = world().directory(who);
    fs::write(directory.path().join("file"), "content").unwrap();
    fs::create_dir(directory.path().join("below")).unwrap();
    for name in ["file", "below"] {
        std::os::unix::fs::chown(directory.path().join(name), Some(who.uid()), Some(who.uid())).unwrap();
    }
    directory
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The options of the mount at this place, with a comma before and after each.
fn options_of(place: &str) -> String {
    format!(
        "while read -r a b c d e f g; do [ \"$e\" = {place} ] && echo \",$f,\"; done </proc/self/mountinfo | tail -n 1"
    )
}

fn volume(who: Who) -> Verdict {
    let directory = source(who);
    let option = format!("{}:/mnt", text(directory.path()));
    let script = format!("cat /mnt/file; echo; echo new >/mnt/new; {}", options_of("/mnt"));
    let outcome = run(who, &world().rootfs(who), &["-v", &option], &script);
    let out = outcome.exits(0).silent_on_stderr().text();
    outcome.must(out.starts_with("content\n"), "the file should have been there");
    for option in ["rw", "nosuid", "nodev"] {
        outcome.must(out.contains(&format!(",{option},")), &format!("{option} should have been set"));
    }
    assert_eq!(fs::read_to_string(directory.path().join("new")).unwrap(), "new\n");
    Ok(())
}

fn volume_options(who: Who) -> Verdict {
    let directory = source(who);
    for (options, set, clear) in [
        ("ro", "ro", "rw"),
        ("noexec", "noexec", "ro"),
        ("suid,dev", "rw", "nosuid"),
        ("dev", "nosuid", "nodev"),
        ("ro,rw", "rw", "ro"),
    ] {
        let option = format!("{}:/mnt:{options}", text(directory.path()));
        let outcome = run(who, &world().rootfs(who), &["-v", &option], &options_of("/mnt"));
        let found = outcome.exits(0).silent_on_stderr().text();
        outcome.must(found.contains(&format!(",{set},")), &format!("{set} should have been set"));
        outcome.must(!found.contains(&format!(",{clear},")), &format!("{clear} should not have been set"));
    }
    Ok(())
}

fn relative_source(who: Who) -> Verdict {
    let directory = source(who);
    for source in [".", "file", "below/../file"] {
        let target = if source == "." { "/mnt" } else { "/etc/volume" };
        let rootfs = world().own_rootfs(who);
        let run = Run::engine(who).directory(directory.path()).args(["-v", &format!("{source}:{target}")]);
        let file = if source == "." { "/mnt/file" } else { target };
        run.arg(rootfs.path()).args(["cat", file]).run().exits(0).prints("content");
    }
    Ok(())
}

fn missing_target(who: Who) -> Verdict {
    let directory = source(who);
    for read_only in [false, true] {
        let rootfs = world().own_rootfs(who);
        let directory_option = format!("{}:/a/b//c/", text(directory.path()));
        let file_option = format!("{}/file:/a/f/g", text(directory.path()));
        let mut options = vec!["-v", &*directory_option, "-v", &*file_option, "--tmpfs", "/a/b/c/below/deep"];
        if read_only {
            options.push("--read-only");
        }
        run(who, rootfs.path(), &options, "cat /a/b/c/file /a/f/g")
            .exits(0)
            .prints("contentcontent")
            .silent_on_stderr();
        assert!(rootfs.path().join("a/b/c").is_dir());
        assert_eq!(fs::metadata(rootfs.path().join("a/f/g")).unwrap().len(), 0);
        assert!(directory.path().join("below/deep").is_dir(), "made in the volume that is there by then");
        assert!(!rootfs.path().join("a/b/c/below").exists());
    }
    Ok(())
}

fn links_stay_inside(who: Who) -> Verdict {
    let directory = source(who);
    let rootfs = world().own_rootfs(who);
    let outside = world().directory(who);
    symlink(outside.path(), rootfs.path().join("absolute")).unwrap();
    symlink("../../../../../../../../..", rootfs.path().join("up")).unwrap();
    symlink("/mnt", rootfs.path().join("link")).unwrap();
    let option = |target: &str| format!("{}:{target}", text(directory.path()));
    run(who, rootfs.path(), &["-v", &option("/link")], "cat /mnt/file").exits(0).prints("content");
    run(who, rootfs.path(), &["-v", &option("/up/mnt")], "cat /mnt/file").exits(0).prints("content");
    run(who, rootfs.path(), &["-v", &option("/../../mnt")], "cat /mnt/file").exits(0).prints("content");
    // The link leads to a path that the root does not have; nothing is made through it, and nothing on the host.
    let outcome = run(who, rootfs.path(), &["-v", &option("/absolute/new")], "true");
    outcome.fails(125, "/absolute/new", "EEXIST");
    run(who, rootfs.path(), &["-v", &option("/proc/self/root/mnt")], "true").fails(125, "/proc/self/root/mnt", "ELOOP");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0, "something was made outside");
    Ok(())
}

/// The kernel does not vouch for a `..` while something is renamed anywhere on the host (openat2(2): EAGAIN).
fn links_while_renaming(who: Who) -> Verdict {
    let directory = source(who);
    let rootfs = world().own_rootfs(who);
    symlink("../".repeat(500), rootfs.path().join("up")).unwrap();
    let option = format!("{}:/up/mnt", text(directory.path()));
    let elsewhere = world().directory(who);
    let (one, other) = (elsewhere.path().join("one"), elsewhere.path().join("other"));
    fs::write(&one, "").unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                fs::rename(&one, &other).and_then(|()| fs::rename(&other, &one)).unwrap();
            }
        });
        let runs = panic::catch_unwind(|| {
            for _ in 0..rounds(40, 2000) {
                run(who, rootfs.path(), &["-v", &option], "cat /mnt/file").exits(0).prints("content");
            }
        });
        done.store(true, Ordering::Relaxed);
        runs.unwrap_or_else(|panic| panic::resume_unwind(panic));
    });
    Ok(())
}

/// What root inside tries in order to write below `place`.
fn attack(place: &str) -> String {
    format!(
        "(echo x >{place}/attack) 2>/dev/null && echo written
         mount -o remount,rw,bind {place} 2>/dev/null; (echo x >{place}/attack) 2>/dev/null && echo remounted
         umount {place} 2>/dev/null; umount -l {place} 2>/dev/null; (echo x >{place}/attack) 2>/dev/null && echo unmounted
         mkdir -p /tmp/copy; mount --bind {place} /tmp/copy 2>/dev/null
         mount -o remount,rw,bind /tmp/copy 2>/dev/null; (echo x >/tmp/copy/attack) 2>/dev/null && [ -e {place}/attack ] \
         && echo copied
         true"
    )
}

fn read_only_volume(who: Who) -> Verdict {
    let directory = source(who);
    let option = format!("{}:/mnt:ro", text(directory.path()));
    let rootfs = world().own_rootfs(who);
    run(who, rootfs.path(), &["-v", &option], &attack("/mnt")).exits(0).prints("");
    assert!(!directory.path().join("attack").exists());
    Ok(())
}

fn bad_volumes(who: Who) -> Verdict {
    let directory = source(who);
    let base = text(directory.path());
    let rootfs = world().rootfs(who);
    for (option, object, errno) in [
        (format!("{base}/missing:/mnt"), "bind ".to_owned() + &base + "/missing", "ENOENT"),
        (format!("{base}/file:/mnt"), "/mnt".into(), "EISDIR"),
        (format!("{base}:/etc/passwd"), "/etc/passwd".into(), "ENOTDIR"),
        (format!("{base}:/"), "/".into(), "EBUSY"),
        (format!("{base}:/mnt/.."), "/mnt/..".into(), "EBUSY"),
        (format!("{base}:/proc"), "/proc".into(), "EBUSY"),
        (format!("{base}:/proc/sys"), "/proc/sys".into(), "EBUSY"),
        (format!("{base}:/sys/new"), "/sys/new".into(), "EROFS"),
    ] {
        run(who, &rootfs, &["-v", &option], "echo ran").fails(125, &object, errno);
    }
    let outcome = Run::engine(who).args(["-v", "/a:b"]).arg(&rootfs).arg("true").run();
    outcome.misuses("volume");
    let mut run = Run::engine(who);
    for _ in 0..513 {
        run = run.args(["-v", "/a:/b"]);
    }
    run.arg(&rootfs).arg("true").run().misuses("512");
    Ok(())
}

fn optional(who: Who) -> Verdict {
    run(who, &world().rootfs(who), &["-v", "/no/such/thing:/nothing:optional"], "ls -d /nothing 2>/dev/null; echo ran")
        .exits(0)
        .prints("ran");
    Ok(())
}

fn order(who: Who) -> Verdict {
    let directory = source(who);
    let volume = format!("{}:/mnt", text(directory.path()));
    let rootfs = world().rootfs(who);
    run(who, &rootfs, &["-v", &volume, "--tmpfs", "/mnt"], "ls /mnt").exits(0).prints("");
    run(who, &rootfs, &["--tmpfs", "/mnt", "-v", &volume], "ls /mnt").exits(0).prints("below\nfile");
    Ok(())
}

fn many(who: Who) -> Verdict {
    let directory = source(who);
    let rootfs = world().own_rootfs(who);
    let mut run = Run::engine(who).limit(libc::RLIMIT_NOFILE, 400);
    for number in 0..300 {
        run = run.args(["-v", &format!("{}:/m/{number}", text(directory.path()))]);
    }
    run.arg(rootfs.path()).args(["sh", "-c", "cat /m/299/file; ls /m | wc -l"]).run().exits(0).prints("content300");
    Ok(())
}

fn tmpfs(who: Who) -> Verdict {
    let script = "stat -c %a /mnt; dd if=/dev/zero of=/mnt/file bs=1024 count=65 2>/dev/null || echo full";
    run(who, &world().rootfs(who), &["--tmpfs", "/mnt:size=64k,mode=0710"], script).exits(0).prints("710\nfull");
    let script = "stat -c %a /mnt; echo x >/mnt/file && cat /mnt/file";
    run(who, &world().rootfs(who), &["--tmpfs", "/mnt"], script).exits(0).prints("1777\nx");
    for bad in ["/mnt:size=0", "/mnt:size=x", "/mnt:mode=9", "mnt", "/mnt:suid"] {
        run(who, &world().rootfs(who), &["--tmpfs", bad], "true").misuses("tmpfs");
    }
    run(who, &world().rootfs(who), &["--tmpfs", "/etc/passwd"], "true").fails(125, "/etc/passwd", "ENOTDIR");
    Ok(())
}

fn mask(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let options = ["--mask", "/etc/passwd", "--mask", "/root"];
    fs::write(rootfs.path().join("root/secret"), "secret").unwrap();
    let script = format!(
        "ls -A /root; cat /etc/passwd; (echo x >/etc/passwd) 2>/dev/null && echo written
         umount /etc/passwd 2>/dev/null; umount -l /root 2>/dev/null; cat /root/secret /etc/passwd 2>/dev/null
         {}",
        attack("/root")
    );
    run(who, rootfs.path(), &options, &script).exits(0).prints("");
    assert!(fs::read_to_string(rootfs.path().join("etc/passwd")).unwrap().starts_with("root:"));
    Ok(())
}

fn mask_of_nothing(who: Who) -> Verdict {
    run(who, &world().rootfs(who), &["--mask", "/nothing"], "true").fails(125, "/nothing", "ENOENT");
    run(who, &world().rootfs(who), &["--mask", "/"], "true").fails(125, "/", "EBUSY");
    run(who, &world().rootfs(who), &["--mask", "nothing"], "true").misuses("mask");
    Ok(())
}

fn read_only(who: Who) -> Verdict {
    let directory = source(who);
    let rootfs = world().own_rootfs(who);
    let volume = format!("{}:/mnt", text(directory.path()));
    let script = "for place in /mnt /tmp /dev/shm; do echo x >$place/new || echo $place; done
        echo x >/dev/null; echo 5 >/proc/self/oom_score_adj
        (echo x >/new) 2>/dev/null && echo written
        mount -o remount,rw,bind / 2>/dev/null; (echo x >/new) 2>/dev/null && echo remounted; true";
    let options = ["--read-only", "-v", &volume, "--tmpfs", "/tmp"];
    run(who, rootfs.path(), &options, script).exits(0).prints("").silent_on_stderr();
    assert!(directory.path().join("new").exists() && !rootfs.path().join("new").exists());
    Ok(())
}

fn left_out(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    run(who, rootfs.path(), &["--proc", "none"], "ls -A /proc; ls /dev/null").exits(0).prints("/dev/null");
    run(who, rootfs.path(), &["--sys", "none"], "ls -A /sys").exits(0).prints("");
    run(who, rootfs.path(), &["--no-dev"], "ls -A /dev").exits(0).prints("");
    run(who, rootfs.path(), &["--no-dev", "--sys", "none", "--proc", "none"], "echo ran").exits(0).prints("ran");
    run(who, rootfs.path(), &["--proc", "none", "--mask", "/root"], "mount -t proc p /proc 2>/dev/null || echo no")
        .exits(0)
        .prints("no");
    for (option, value) in [("proc", "maybe"), ("sys", "new"), ("sys", "")] {
        run(who, rootfs.path(), &[&format!("--{option}"), value], "true").misuses(option);
    }
    Ok(())
}

fn proc_bind(who: Who) -> Verdict {
    let pid = std::process::id().to_string();
    for options in [vec!["--proc", "bind"], vec!["--proc", "bind", "--mask", "/root"]] {
        let outcome = run(who, &world().rootfs(who), &options, &format!("[ -d /proc/{pid} ] && id -u"));
        outcome.exits(0).prints("0");
    }
    Ok(())
}

fn none_of_the_kernel(who: Who) -> Verdict {
    let look =
        "ls -A /proc /sys; umount /proc 2>/dev/null && ls -A /proc; umount /sys 2>/dev/null && ls -A /sys; echo end";
    let options = ["--mask", "/root", "--proc", "none", "--sys", "none"];
    run(who, std::path::Path::new("/"), &options, look).exits(0).prints("/proc:\n\n/sys:\nend");
    Ok(())
}

fn pairs(who: Who) -> Verdict {
    let directory = source(who);
    let volume = format!("{}:/mnt", text(directory.path()));
    let read_only = format!("{}:/home:ro", text(directory.path()));
    let upper = world().directory(who);
    let upper = text(upper.path());
    let options: &[&[&str]] = &[
        &["-v", &volume],
        &["-v", &read_only],
        &["--tmpfs", "/run"],
        &["--mask", "/root"],
        &["--read-only"],
        &["-x"],
        &["--upper", &upper],
        &["--proc", "none"],
        &["--proc", "bind"],
        &["--sys", "none"],
        &["--no-dev"],
    ];
    for (index, one) in options.iter().enumerate() {
        for other in options.iter().skip(index + 1) {
            let both: Vec<&str> = one.iter().chain(*other).copied().collect();
            if both.contains(&"-x") && both.contains(&"--upper") {
                continue;
            }
            let rootfs = world().rootfs(who);
            let outcome = run(who, &rootfs, &both, "echo ran; [ ! -d /mnt/below ] || cat /mnt/file");
            let expected = if both.contains(&&*volume) { "ran\ncontent" } else { "ran" };
            outcome.exits(0).silent_on_stderr().prints(expected);
        }
    }
    Ok(())
}

fn nothing_left(who: Who) -> Verdict {
    let directory = source(who);
    let rootfs = world().own_rootfs(who);
    let volume = format!("{}:/v", text(directory.path()));
    let options = ["-v", &volume, "--tmpfs", "/t", "--mask", "/root", "--read-only"];
    run(who, rootfs.path(), &options, "true").exits(0).left_nothing();
    let base = text(world().base());
    let left: Vec<_> = host::mounts().lines().filter(|line| line.contains(&base)).map(str::to_owned).collect();
    assert!(left.is_empty(), "mounts are left: {left:?}");
    Ok(())
}
