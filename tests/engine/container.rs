//! What the command finds around it: namespaces, names, mounts, /proc, /dev, and nothing of the host.

use crate::support::{Run, Test, Verdict, Who, each, host, world};
use std::fs;
use std::os::unix::fs::symlink;

pub(crate) const TESTS: &[Test] = &[
    each("the main job, in Alpine", alpine),
    each("a shell is the default command", default_command),
    each("the caller is root inside", identity),
    each("as root every id maps onto itself; a user maps itself to 0", id_maps),
    each("user, pid, mount, uts, ipc and cgroup namespaces are new; the network is the host's", namespaces),
    each("the host name is engine's, and changing it leaves the host alone", hostname),
    each("mount -t tmpfs works inside, and the host's mount table stays", mount_inside),
    each("ps shows engine as PID 1 and the container's processes only", ps),
    each("/proc is new: nosuid, nodev, noexec, and of this PID namespace", proc),
    each("N10 /proc/1 shows nothing of the host", proc_one),
    each("kernel settings of the host cannot be written", settings),
    each("/dev holds the devices, and they work", dev),
    each("a pseudoterminal can be had", pty),
    each("/sys is read-only, with all below it", sys),
    each("/dev/null of the root filesystem is not what the command gets", dev_null),
    each("no mount of the host can be seen", no_host_mounts),
    each("no_new_privs is on", no_new_privs),
    each("the host's resolv.conf is there, read-only", resolv_conf),
    each("a root filesystem without /proc or /dev is an error that names it", missing_mount_points),
    each("a root filesystem without /sys does without", missing_sys),
    each("/proc, /dev or /sys that is no ordinary directory is an error, and nothing outside is touched", no_directory),
    each("/ as root filesystem", slash),
    each("what is written to the root filesystem is there afterwards", written),
];

fn alpine(who: Who) -> Verdict {
    let rootfs = world().alpine(who)?;
    let (name, mounts) = (host::hostname(), host::mounts());
    let outcome = Run::engine(who)
        .arg(&rootfs)
        .args(["/bin/sh", "-c", "id -u; id -g; hostname x; hostname; mount -t tmpfs t /mnt; ps"])
        .run();
    let text = outcome.exits(0).silent_on_stderr().text();
    outcome.must(text.starts_with("0\n0\nx\n"), "uid 0, gid 0 and the new host name should have come first");
    let processes: Vec<Vec<&str>> = text.lines().skip(4).map(|line| line.split_whitespace().collect()).collect();
    outcome.must(processes[0][0] == "1" && processes[0][3] == "engine", "PID 1 should have been engine");
    let names: Vec<&str> = processes.iter().map(|process| process[3]).collect();
    outcome
        .must(names.iter().all(|name| ["engine", "/bin/sh", "sh", "ps"].contains(name)), "no other process is there");
    assert_eq!(host::hostname(), name, "the host's name");
    same_mounts(&mounts);
    Run::engine(who).arg(&rootfs).args(["cat", "/etc/alpine-release"]).run().exits(0).silent_on_stderr();
    Ok(())
}

/// The host's mount table is as it was, give or take what others do on this machine.
fn same_mounts(before: &str) {
    let after = host::mounts();
    let base = world().base().to_str().unwrap();
    let ours: Vec<_> = after.lines().filter(|line| line.contains(base)).collect();
    assert!(ours.is_empty(), "mounts of the tests on the host: {ours:?}");
    let new: Vec<_> = after.lines().filter(|line| !before.lines().any(|old| old == *line)).collect();
    assert!(new.is_empty(), "new mounts on the host: {new:?}");
}

fn default_command(who: Who) -> Verdict {
    Run::engine(who).arg(world().rootfs(who)).input("echo it is $0; exit 3\n").run().exits(3).prints("it is /bin/sh");
    Ok(())
}

fn identity(who: Who) -> Verdict {
    Run::script(who, "id -u; id -g").run().exits(0).prints("0\n0").silent_on_stderr();
    Ok(())
}

fn id_maps(who: Who) -> Verdict {
    let map = |file: &str| {
        let outcome = Run::inside(who, ["cat", file]).run();
        outcome.exits(0).text().split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let own = |file: &str| {
        let text = fs::read_to_string(file).unwrap();
        let lines = text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        // Every id that is mapped here, onto itself.
        lines.map(|line| format!("{0} {0} {1}", line[0], line[2])).collect::<Vec<_>>().join(" ")
    };
    for (file, setgroups) in [("/proc/self/uid_map", ""), ("/proc/self/gid_map", "/proc/self/setgroups")] {
        match who {
            Who::Root => assert_eq!(map(file), own(file)),
            Who::User => {
                assert_eq!(map(file), format!("0 {} 1", who.uid()));
                if !setgroups.is_empty() {
                    assert_eq!(map(setgroups), "deny");
                }
            }
        }
    }
    if who == Who::Root {
        let rootfs = world().own_rootfs(who);
        let script = "touch /new && chown 1234:5678 /new && stat -c %u:%g /new";
        Run::engine(who).arg(rootfs.path()).args(["sh", "-c", script]).run().exits(0).prints("1234:5678");
    }
    Ok(())
}

fn namespaces(who: Who) -> Verdict {
    for name in ["user", "pid", "mnt", "uts", "ipc", "cgroup", "net"] {
        let file = format!("/proc/self/ns/{name}");
        let host = fs::read_link(&file).unwrap();
        let outcome = Run::inside(who, ["readlink", &file]).run();
        let inside = outcome.exits(0).text();
        if name == "net" {
            outcome.prints(host.to_str().unwrap());
        } else {
            outcome.must(inside != host.to_str().unwrap(), &format!("the {name} namespace should have been new"));
        }
    }
    Ok(())
}

fn hostname(who: Who) -> Verdict {
    let before = host::hostname();
    Run::script(who, "hostname; hostname x; hostname; uname -n")
        .run()
        .exits(0)
        .prints("engine\nx\nx")
        .silent_on_stderr();
    assert_eq!(host::hostname(), before, "the host's name");
    Ok(())
}

fn mount_inside(who: Who) -> Verdict {
    let before = host::mounts();
    let script = "mount -t tmpfs t /mnt && echo x >/mnt/file && cat /mnt/file && grep -c ' /mnt ' /proc/self/mountinfo";
    Run::script(who, script).run().exits(0).prints("x\n1").silent_on_stderr();
    same_mounts(&before);
    assert!(
        !world().rootfs(who).join("mnt/file").exists(),
        "a file on the container's tmpfs is in the root filesystem"
    );
    Ok(())
}

fn ps(who: Who) -> Verdict {
    let outcome = Run::script(who, "ps -e -o pid= -o ppid= -o comm=; true").run();
    let text = outcome.exits(0).silent_on_stderr().text();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    outcome.must(rows.len() == 3, "three processes should have been there");
    outcome.must(rows[0] == ["1", "0", "engine"], "PID 1 should have been engine");
    outcome.must(rows[1][1..] == ["1", "sh"], "the shell should have been its child");
    outcome.must(rows[2][1..] == [rows[1][0], "ps"], "ps should have been the shell's");
    Ok(())
}

/// The mount options of a mount point inside: per mount, and of the file system.
fn mount_options(who: Who, point: &str) -> Vec<(String, String)> {
    let outcome = Run::inside(who, ["cat", "/proc/self/mountinfo"]).run();
    let text = outcome.exits(0).text();
    let rows = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let rows: Vec<_> = rows
        .filter(|row| row[4] == point || row[4].starts_with(&format!("{point}/")))
        .map(|row| (row[4].to_owned(), format!(",{},", row[5])))
        .collect();
    outcome.must(rows.first().is_some_and(|row| row.0 == point), &format!("{point} should have been a mount"));
    rows
}

fn proc(who: Who) -> Verdict {
    let options = &mount_options(who, "/proc")[0].1;
    for option in ["nosuid", "nodev", "noexec"] {
        assert!(options.contains(&format!(",{option},")), "/proc has {options} but not {option}");
    }
    let outcome = Run::script(who, "echo $$; readlink /proc/self/../$$/exe >/dev/null && cat /proc/1/comm").run();
    outcome.exits(0).must(outcome.text().ends_with("\nengine"), "PID 1 should have been engine");
    Ok(())
}

fn proc_one(who: Who) -> Verdict {
    for name in ["exe", "root", "cwd"] {
        let outcome = Run::inside(who, ["readlink", &format!("/proc/1/{name}")]).run();
        outcome.must(outcome.text().is_empty(), &format!("/proc/1/{name} should not lead anywhere"));
        let outcome = Run::inside(who, ["ls", &format!("/proc/1/{name}/")]).run();
        outcome.must(outcome.text().is_empty(), &format!("/proc/1/{name} should not be open"));
    }
    for name in ["environ", "maps", "mem", "auxv"] {
        let outcome = Run::inside(who, ["head", "-c", "1", &format!("/proc/1/{name}")]).run();
        outcome.must(outcome.stdout.is_empty(), &format!("/proc/1/{name} should not be readable"));
    }
    let outcome = Run::script(who, "for fd in /proc/1/fd/*; do readlink $fd; done").run();
    outcome.must(outcome.text().is_empty(), "the descriptors of PID 1 should not be visible");
    Ok(())
}

fn settings(who: Who) -> Verdict {
    // Writes back what it reads, so that nothing happens to the host where it should not be safe.
    for file in ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/proc/sys/kernel/panic"] {
        let script = format!("value=$(cat {file}) && (echo \"$value\" >{file}) 2>/dev/null && echo written; true");
        Run::script(who, &script).run().exits(0).prints("");
    }
    let script = "ls /proc/sysrq-trigger >/dev/null 2>&1 && : >>/proc/sysrq-trigger";
    let outcome = Run::script(who, script).run();
    outcome.must(outcome.end != crate::support::End::Exit(0), "/proc/sysrq-trigger should not open for writing");
    Ok(())
}

fn dev(who: Who) -> Verdict {
    let script = r#"
        set -e
        for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
            name=${node%%:*}
            [ -c /dev/$name ] || { echo "no device: $name"; exit 1; }
            [ "$(stat -c %t:%T /dev/$name)" = "${node#*:}" ] || { echo "another device: $name"; exit 1; }
        done
        echo gone >/dev/null
        [ -z "$(cat /dev/null)" ]
        [ "$(head -c 5 /dev/zero | wc -c)" = 5 ]
        [ "$(head -c 5 /dev/urandom | wc -c)" = 5 ]
        [ "$(head -c 5 /dev/random | wc -c)" = 5 ]
        ! (echo x >/dev/full) 2>/dev/null
        [ "$(readlink /dev/fd)" = /proc/self/fd ]
        [ "$(readlink /dev/stdin)" = /proc/self/fd/0 ]
        [ "$(readlink /dev/stdout)" = /proc/self/fd/1 ]
        [ "$(readlink /dev/stderr)" = /proc/self/fd/2 ]
        [ -d /dev/pts ] && [ -c /dev/pts/ptmx ] && [ -e /dev/ptmx ] && [ -d /dev/mqueue ]
        [ "$(stat -c %a /dev/shm)" = 1777 ]
        echo x >/dev/shm/file
        rm /dev/shm/file
        ls /dev | sort | tr '\n' ' '
    "#;
    let outcome = Run::script(who, script).run();
    let entries = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ";
    outcome.exits(0).silent_on_stderr().prints(entries);
    assert_eq!(
        fs::read_dir(world().rootfs(who).join("dev")).unwrap().count(),
        0,
        "files in the root filesystem's /dev"
    );
    Ok(())
}

fn pty(who: Who) -> Verdict {
    Run::probe(who, ["pty"]).run().exits(0).prints("/dev/pts/0").silent_on_stderr();
    Ok(())
}

fn sys(who: Who) -> Verdict {
    for (point, options) in mount_options(who, "/sys") {
        assert!(options.contains(",ro,"), "{point} is not read-only: {options}");
    }
    Ok(())
}

fn dev_null(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    for kind in ["file", "symlink"] {
        let path = rootfs.path().join("dev/null");
        if kind == "file" {
            fs::write(&path, "mine").unwrap();
        } else {
            fs::remove_file(&path).unwrap();
            symlink("/etc/passwd", &path).unwrap();
        }
        let run = Run::engine(who).arg(rootfs.path()).args(["stat", "-c", "%F %t:%T", "/dev/null"]);
        run.run().exits(0).prints("character special file 1:3");
    }
    Ok(())
}

fn no_host_mounts(who: Who) -> Verdict {
    let outcome = Run::inside(who, ["cat", "/proc/self/mountinfo"]).run();
    let text = outcome.exits(0).text();
    for line in text.lines() {
        let point = line.split(' ').nth(4).unwrap();
        let known = point == "/"
            || point == "/etc/resolv.conf"
            || ["/proc", "/dev", "/sys"].iter().any(|place| point == *place || point.starts_with(&format!("{place}/")));
        outcome.must(known, &format!("{point} should not have been mounted"));
    }
    let above = Run::script(who, "cd ..; pwd; ls / | tr '\\n' ' '; ls /.. | tr '\\n' ' '").run();
    let mut names: Vec<_> =
        fs::read_dir(world().rootfs(who)).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let list = names.join(" ");
    above.exits(0).prints(&format!("/\n{list} {list} "));
    Ok(())
}

fn no_new_privs(who: Who) -> Verdict {
    let outcome = Run::inside(who, ["cat", "/proc/self/status"]).run();
    let value = host::field(&outcome.exits(0).text(), "NoNewPrivs");
    outcome.must(value.as_deref() == Some("1"), "NoNewPrivs should have been 1");
    Ok(())
}

fn resolv_conf(who: Who) -> Verdict {
    let Ok(text) = fs::read_to_string("/etc/resolv.conf") else { return Ok(()) };
    let outcome = Run::script(who, "cat /etc/resolv.conf").run();
    outcome.exits(0).prints(text.strip_suffix('\n').unwrap_or(&text));
    let outcome = Run::script(who, "(echo x >>/etc/resolv.conf) 2>/dev/null && echo written; true").run();
    outcome.exits(0).prints("");
    let own = fs::read(world().rootfs(who).join("etc/resolv.conf")).unwrap();
    assert!(own.is_empty(), "the root filesystem's own resolv.conf was written to");
    Ok(())
}

fn missing_mount_points(who: Who) -> Verdict {
    for name in ["proc", "dev"] {
        let rootfs = world().own_rootfs(who);
        fs::remove_dir(rootfs.path().join(name)).unwrap();
        Run::engine(who).arg(rootfs.path()).arg("true").run().fails(125, &format!("/{name}"), "ENOENT");
        assert!(!rootfs.path().join(name).exists(), "/{name} was made in the root filesystem");
    }
    Ok(())
}

fn missing_sys(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    fs::remove_dir(rootfs.path().join("sys")).unwrap();
    Run::engine(who).arg(rootfs.path()).arg("true").run().exits(0).silent_on_stderr();
    Ok(())
}

fn no_directory(who: Who) -> Verdict {
    for name in ["proc", "dev", "sys"] {
        let rootfs = world().own_rootfs(who);
        let outside = world().directory(who);
        let place = rootfs.path().join(name);
        fs::remove_dir(&place).unwrap();
        let check = |kind: &str| {
            let outcome = Run::engine(who).arg(rootfs.path()).arg("true").run();
            outcome.one_line(125);
            let text = outcome.error_text();
            outcome.must(text.contains(&format!("/{name}")), &format!("/{name}, {kind}, should have been named"));
            outcome.must(text.contains("must be an ordinary directory"), "the cause should have been said");
        };
        fs::write(&place, "").unwrap();
        check("a file");
        for target in [outside.path().to_str().unwrap(), "/tmp", "/etc", ".", "nowhere"] {
            fs::remove_file(&place).unwrap();
            symlink(target, &place).unwrap();
            check("a symlink");
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0, "something was made outside");
    }
    Ok(())
}

fn slash(who: Who) -> Verdict {
    Run::engine(who).args(["/", "/bin/sh", "-c", "exit 9"]).run().exits(9).silent_on_stderr();
    Ok(())
}

fn written(who: Who) -> Verdict {
    let rootfs = world().own_rootfs(who);
    let script = "echo kept >/root/new; mkdir /a; mv /root/new /a/new; chmod 4711 /a/new";
    Run::engine(who).arg(rootfs.path()).args(["sh", "-c", script]).run().exits(0).silent_on_stderr();
    let file = rootfs.path().join("a/new");
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept\n");
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&fs::metadata(&file).unwrap()), who.uid(), "its owner on the host");
    Ok(())
}
