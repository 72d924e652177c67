//! What surrounds the command: variables, working directory, host name.

use crate::support::run::bytes;
use crate::support::{Outcome, Run, Test, Verdict, Who, each, host, world};
use std::fs;
use std::path::PathBuf;

pub(crate) const TESTS: &[Test] = &[
    each("--env sets, replaces, keeps and drops variables; the last one wins", env),
    each("--clear-env leaves a default PATH, and what is said", clear_env),
    each("--env-file is read as docker reads it", env_file),
    each("--env-file may be a descriptor or a pipe", env_file_pipe),
    each("--env-file: missing, a directory, with bad lines, too large", bad_env_file),
    each("N9 changes to an environment leave the rest of it byte for byte", rest_is_untouched),
    each("10,000 variables pass through a change, too many are told", many),
    each("--env: refused values", env_usage),
    each("--workdir is where the command starts", workdir),
    each("N7 --workdir leads nowhere but to a path below /", workdir_outside),
    each("--hostname, of up to 64 bytes", hostname),
];

/// What the command sees, when engine runs with exactly these variables and options.
fn environment(who: Who, entries: &[&[u8]], options: &[&str]) -> Outcome {
    let run = Run::program(who, world().probe()).args(["--probe", "bare-exec"]).arg(world().engine());
    let run = run.arg((options.len() + 4).to_string()).arg("engine").args(options).arg(world().rootfs(who));
    run.args(["/bin/cat", "/proc/self/environ"]).args(entries.iter().map(|entry| bytes(entry))).run()
}

fn seen(who: Who, entries: &[&[u8]], options: &[&str]) -> Vec<String> {
    let outcome = environment(who, entries, options);
    outcome.exits(0).silent_on_stderr();
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    text.split_terminator('\0').map(str::to_owned).collect()
}

const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

fn env(who: Who) -> Verdict {
    let own: [&[u8]; 3] = [b"PATH=/bin", b"A=1", b"B=2"];
    assert_eq!(seen(who, &own, &["-e", "C=3"]), ["PATH=/bin", "A=1", "B=2", "C=3"]);
    assert_eq!(seen(who, &own, &["-e", "A=x", "-eA=y"]), ["PATH=/bin", "B=2", "A=y"]);
    assert_eq!(seen(who, &own, &["-e", "A=x", "-e", "A"]), ["PATH=/bin", "B=2", "A=1"]);
    assert_eq!(seen(who, &own, &["-e", "NEW=x", "-e", "NEW"]), ["PATH=/bin", "A=1", "B=2"]);
    assert_eq!(seen(who, &own, &["--env=A=", "-e", "B== =", "-e", "AB=\n"]), ["PATH=/bin", "A=", "B== =", "AB=\n"]);
    // PATH is where the command is looked for, too.
    Run::engine(who).args(["-e", "PATH=/nowhere"]).arg(world().rootfs(who)).arg("true").run().exits(127);
    Run::engine(who).args(["-e", "PATH=/bin"]).arg(world().rootfs(who)).arg("true").without_path().run().exits(0);
    Ok(())
}

fn clear_env(who: Who) -> Verdict {
    let own: [&[u8]; 4] = [b"PATH=/bin", b"A=1", b"A=2", b"HOME=/h"];
    assert_eq!(seen(who, &own, &["--clear-env"]), [DEFAULT_PATH]);
    assert_eq!(seen(who, &own, &["--clear-env", "-e", "PATH"]), ["PATH=/bin"]);
    assert_eq!(seen(who, &own, &["-e", "A", "--clear-env", "-e", "B=2", "-e", "NO"]), ["A=1", "B=2", DEFAULT_PATH]);
    Run::engine(who).arg("--clear-env").arg(world().rootfs(who)).arg("true").run().exits(0);
    Ok(())
}

/// A file with this in it.
fn file(who: Who, text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let directory = world().directory(who);
    let path = directory.path().join("variables");
    fs::write(&path, text).unwrap();
    (directory, path)
}

fn env_file(who: Who) -> Verdict {
    let text = b"# a comment\nX=1\n\n  \t Y= two words # no comment \nA\nNONE\nZ=a=b\r\n\t#\nX=2\nLAST=end";
    let (_directory, path) = file(who, text);
    let path = path.to_str().unwrap();
    let own: [&[u8]; 2] = [b"PATH=/bin", b"A=own"];
    let expected = ["PATH=/bin", "Y= two words # no comment ", "A=own", "Z=a=b", "X=2", "LAST=end"];
    assert_eq!(seen(who, &own, &["--env-file", path]), expected);
    // The order is the command line's.
    let (_other, second) = file(who, b"\xef\xbb\xbfX=3\n");
    let options = ["--clear-env", "-e", "X=0", "--env-file", path, "--env-file", second.to_str().unwrap(), "-e", "Z=9"];
    let expected = ["Y= two words # no comment ", "A=own", "LAST=end", "X=3", "Z=9", DEFAULT_PATH];
    assert_eq!(seen(who, &own, &options), expected);
    let (_empty, empty) = file(who, b"");
    assert_eq!(seen(who, &own, &["--env-file", empty.to_str().unwrap()]), ["PATH=/bin", "A=own"]);
    Ok(())
}

fn env_file_pipe(who: Who) -> Verdict {
    let script = "(sleep 0.2; echo X=piped) | \"$0\" --env-file /dev/fd/9 \"$@\" 9<&0 </dev/null";
    let run = Run::program(who, "/bin/sh").args(["-c", script]).arg(world().engine()).arg(world().rootfs(who));
    run.args(["sh", "-c", "echo $X"]).run().exits(0).prints("piped").silent_on_stderr();
    Ok(())
}

fn bad_env_file(who: Who) -> Verdict {
    let with = |path: &str| Run::engine(who).args(["--env-file", path]).arg(world().rootfs(who)).arg("true").run();
    with("/no/such/file").fails(125, "/no/such/file", "ENOENT");
    with("/etc").fails(125, "/etc", "EISDIR");
    with("").misuses("--env-file");
    for text in [&b"=x\n"[..], b"A B=1\n", b"A =1", b"A=\0\n"] {
        let (_directory, path) = file(who, text);
        with(path.to_str().unwrap()).fails(125, path.to_str().unwrap(), "EINVAL");
    }
    let line = format!("V={}\n", "x".repeat(1021));
    let (_fits, path) = file(who, line.repeat(255).as_bytes());
    with(path.to_str().unwrap()).exits(0);
    let (_too_large, path) = file(who, line.repeat(256).as_bytes());
    let outcome = with(path.to_str().unwrap());
    outcome.fails(125, path.to_str().unwrap(), "E2BIG").must(outcome.error_text().contains("256 KiB"), "the limit");
    Ok(())
}

fn rest_is_untouched(who: Who) -> Verdict {
    let every: Vec<u8> = b"EVERY=".iter().copied().chain(1..=255).collect();
    let entries: [&[u8]; 9] = [
        b"PATH=/bin",
        &every,
        b"EMPTY=",
        b"LINES=a\nb\n",
        b"no equals sign",
        b"=nameless",
        b"TWICE=1",
        b"TWICE=2",
        b"==",
    ];
    let outcome = environment(who, &entries, &["-e", "NEW=1"]);
    let expected = [&entries.join(&0), &b"\0NEW=1\0"[..]].concat();
    outcome.exits(0).must(outcome.stdout == expected, "all should have come back byte for byte");
    Ok(())
}

fn many(who: Who) -> Verdict {
    let texts: Vec<String> = (0..10_000).map(|number| format!("VARIABLE_{number}=value {number}")).collect();
    let mut entries: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    entries.push(b"PATH=/bin");
    let outcome = environment(who, &entries, &["-e", "VARIABLE_0=new", "-e", "VARIABLE_9999=new"]);
    let text = outcome.exits(0).text();
    assert_eq!(text.matches('\0').count(), 10_001);
    assert!(text.ends_with("PATH=/bin\0VARIABLE_0=new\0VARIABLE_9999=new\0"));
    let short: Vec<String> = (0..32_768).map(|number| format!("{number:x}=")).collect();
    let entries: Vec<&[u8]> = short.iter().map(String::as_bytes).collect();
    let outcome = environment(who, &entries, &["-e", "PATH=/bin"]);
    outcome.fails(125, "the environment", "E2BIG").must(outcome.error_text().contains("32768"), "the limit");
    Ok(())
}

fn env_usage(who: Who) -> Verdict {
    for value in ["", "=", "=x"] {
        Run::engine(who).args(["-e", value]).arg(world().rootfs(who)).arg("true").run().misuses("--env");
    }
    Ok(())
}

fn workdir(who: Who) -> Verdict {
    let at = |directory: &str| Run::engine(who).args(["-w", directory]).arg(world().rootfs(who)).arg("pwd").run();
    at("/tmp").exits(0).prints("/tmp");
    at("/usr/../usr/bin/.").exits(0).prints("/usr/bin");
    at("/").exits(0).prints("/");
    at("/proc/self/root/usr").exits(0);
    at("/no/such").fails(125, "/no/such", "ENOENT");
    at("/etc/passwd").fails(125, "/etc/passwd", "ENOTDIR");
    at(&format!("/{}", "x".repeat(300))).fails(125, "xxx", "ENAMETOOLONG");
    at("tmp").misuses("--workdir");
    at("").misuses("--workdir");
    // A relative command is looked for from there.
    let run = Run::engine(who).args(["--workdir=/bin"]).arg(world().rootfs(who));
    run.args(["./sh", "-c", "exit 5"]).run().exits(5);
    if who == Who::Root {
        let rootfs = world().own_rootfs(who);
        let closed = rootfs.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let run = |user: &str| Run::engine(who).args(["-u", user, "-w", "/closed"]).arg(rootfs.path()).arg("pwd").run();
        run("0").exits(0).prints("/closed");
        run("1000").fails(125, "/closed", "EACCES");
    }
    Ok(())
}

fn workdir_outside(who: Who) -> Verdict {
    for number in 3..20 {
        let place = format!("/proc/self/fd/{number}");
        let run = Run::engine(who).args(["-w", &place]).arg(world().rootfs(who)).arg("true");
        let outcome = run.opening(7, "/", libc::O_RDONLY).run();
        outcome.one_line(125);
        outcome.must(outcome.error_text().contains(&place), "it should have been named");
    }
    // A link of the root filesystem that would lead to the host stays inside.
    let rootfs = world().own_rootfs(who);
    std::os::unix::fs::symlink(world().base(), rootfs.path().join("link")).unwrap();
    let run = Run::engine(who).args(["-w", "/link"]).arg(rootfs.path()).arg("true");
    run.run().fails(125, "/link", "ENOENT");
    Ok(())
}

fn hostname(who: Who) -> Verdict {
    let before = host::hostname();
    let named = |name: &str| Run::engine(who).args(["--hostname", name]).arg(world().rootfs(who)).arg("hostname").run();
    named("box").exits(0).prints("box");
    named(&"x".repeat(64)).exits(0).prints(&"x".repeat(64));
    named(&"x".repeat(65)).misuses("--hostname");
    named("").misuses("--hostname");
    assert_eq!(host::hostname(), before);
    Ok(())
}
