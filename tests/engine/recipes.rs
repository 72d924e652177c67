//! The recipes in `rootfs/` and the Makefile, without a network: a curl of our own stands where the real one would.

use crate::support::world::PROJECT;
use crate::support::{End, Outcome, Run, Skip, Test, Verdict, Who, host, once, world};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const TESTS: &[Test] = &[
    once("a tarball is checked and unpacked, modes kept", unpacks),
    once("a tarball with another hash is refused, and nothing is left", wrong_hash),
    once("a download with another hash is refused, and nothing is left", wrong_download),
    once("a download that is interrupted leaves nothing", interrupted),
    once("a recipe that is killed leaves nothing that counts as good", killed),
    once("a damaged tarball leaves nothing", damaged),
    once("another version is checked against the hash beside it, and that is said", other_version),
    once("a directory that is there stays as it is", already_there),
    once("recipes at work at the same time do not break each other", concurrent),
    once("the pinned hashes are the published ones", pins),
    once("BusyBox becomes a root filesystem with its applets", busybox),
    once("where Alpine cannot be had, make run says so and runs BusyBox", falls_back),
    once("CMD is run as words, or by the container's shell", command_words),
    once("make builds ./engine for musl where that is installed, else for gnu, and says which", make_targets),
    once("make says what is missing", make_missing),
    once("make run works without a terminal; make install installs", make_run_install),
    once("the scripts are clean", shellcheck),
];

/// A place to try recipes in: a working directory, and programs of our own before those of the host.
struct Place {
    who: Who,
    directory: TempDir,
}

impl Place {
    fn new(who: Who) -> Self {
        let directory = world().directory(who);
        fs::create_dir(directory.path().join("programs")).unwrap();
        fs::create_dir(directory.path().join("work")).unwrap();
        chown(directory.path().join("work"), Some(who.uid()), Some(who.uid())).unwrap();
        Self { who, directory }
    }

    fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// A file that all can read, outside of the working directory.
    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A program before those of the host.
    fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.directory.path().join("programs").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A small tarball in the shape of Alpine's, and its hash.
    fn tarball(&self) -> (PathBuf, String) {
        let tree = self.file("tree");
        for name in ["bin", "etc", "tmp", "locked"] {
            fs::create_dir_all(tree.join(name)).unwrap();
        }
        fs::write(tree.join("etc/alpine-release"), "3.20.3\n").unwrap();
        fs::write(tree.join("bin/sh"), "a shell").unwrap();
        fs::write(tree.join("locked/file"), "").unwrap();
        fs::set_permissions(tree.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        fs::set_permissions(tree.join("bin/sh"), fs::Permissions::from_mode(0o750)).unwrap();
        fs::set_permissions(tree.join("locked"), fs::Permissions::from_mode(0o555)).unwrap();
        let tarball = self.file("tarball.tar.gz");
        let run = Run::program(Who::all()[0], "/bin/tar").args(["-czf"]).arg(&tarball).arg("-C").arg(&tree).arg(".");
        run.run().exits(0);
        fs::set_permissions(&tarball, fs::Permissions::from_mode(0o644)).unwrap();
        let sum = hash_of(&tarball);
        (tarball, sum)
    }

    fn recipe(&self, name: &str) -> Run {
        let path = format!("{}:{}", self.directory.path().join("programs").display(), crate::support::run::PATH);
        Run::program(self.who, world().recipes().join(name)).directory(self.work()).env("PATH", path)
    }

    /// What is in the working directory, hidden or not.
    fn entries(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(self.work()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[track_caller]
    fn holds(&self, names: &[&str]) {
        assert_eq!(self.entries(), names, "what the recipe left in its directory");
    }
}

fn hash_of(file: &Path) -> String {
    let outcome = Run::program(Who::all()[0], "/usr/bin/sha256sum").arg(file).run();
    outcome.exits(0).text().split(' ').next().unwrap().to_owned()
}

/// The script of a curl that serves a file for every URL that ends in these words, and fails as for a host that cannot
/// be reached otherwise.
fn serving(files: &[(&str, &Path)]) -> String {
    let mut cases = String::new();
    for (end, file) in files {
        cases.push_str(&format!("*{end}) cp '{}' \"$out\" ;; ", file.display()));
    }
    format!(
        "while [ $# -gt 1 ]; do case $1 in --output) out=$2; shift ;; esac; shift; done\n\
         case $1 in {cases} *) echo \"no such host: $1\" >&2; exit 6 ;; esac"
    )
}

#[track_caller]
fn says(outcome: &Outcome, words: &str) {
    outcome.must(outcome.error_text().contains(words), &format!("it should have said {words:?}"));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn unpacks() -> Verdict {
    for who in Who::all() {
        let place = Place::new(who);
        let (tarball, sum) = place.tarball();
        place.recipe("alpine").env("ALPINE_TARBALL", tarball).env("ALPINE_SHA256", sum).run().exits(0);
        place.holds(&["alpine_fs"]);
        let tree = place.work().join("alpine_fs");
        assert_eq!(mode(&tree), 0o755);
        assert_eq!(mode(&tree.join("tmp")), 0o1777);
        assert_eq!(mode(&tree.join("bin/sh")), 0o750);
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&fs::metadata(tree.join("bin/sh")).unwrap()), who.uid());
        assert!(tree.join("etc/resolv.conf").is_file());
    }
    Ok(())
}

fn wrong_hash() -> Verdict {
    for who in Who::all() {
        let place = Place::new(who);
        let (tarball, sum) = place.tarball();
        let outcome = place.recipe("alpine").env("ALPINE_TARBALL", &tarball).run();
        says(outcome.exits(1), "wrong hash");
        says(&outcome, &sum);
        let outcome = place.recipe("alpine").env("ALPINE_TARBALL", &tarball).env("ALPINE_SHA256", "0".repeat(64)).run();
        says(outcome.exits(1), "wrong hash");
        place.recipe("alpine").env("ALPINE_TARBALL", "/no/such/file").run().exits(1);
        place.holds(&[]);
    }
    Ok(())
}

fn wrong_download() -> Verdict {
    for who in Who::all() {
        let place = Place::new(who);
        let (tarball, _) = place.tarball();
        place.program("curl", &serving(&[(".tar.gz", &tarball)]));
        says(place.recipe("alpine").run().exits(1), "wrong hash");
        place.holds(&[]);
        // And `make run` runs nothing then: a wrong hash is no reason to go on with something else.
        let engine = place.program("engine", "echo run");
        place.recipe("run").arg(engine).run().exits(1).prints("");
        place.holds(&[]);
    }
    Ok(())
}

/// A curl that writes the first half of something, says so, and then hangs.
fn hanging(place: &Place) {
    fs::write(place.file("half"), "half of it").unwrap();
    let script = "while [ $# -gt 1 ]; do case $1 in --output) out=$2; shift ;; esac; shift; done\n\
                  printf half >\"$out\"; echo downloading; exec sleep 1000";
    place.program("curl", script);
}

fn interrupted() -> Verdict {
    for who in Who::all() {
        for (signal, status) in [(libc::SIGINT, 130), (libc::SIGTERM, 143), (libc::SIGHUP, 129)] {
            for group in [true, false] {
                let place = Place::new(who);
                hanging(&place);
                let running = place.recipe("alpine").spawn();
                running.wait_for_output("downloading");
                // The terminal's ^C goes to the whole group; kill(1) to the recipe alone.
                crate::support::run::send(if group { -running.pid() } else { running.pid() }, signal);
                running.finish().ends(End::Exit(status)).left_nothing();
                place.holds(&[]);
            }
        }
    }
    Ok(())
}

fn killed() -> Verdict {
    for who in Who::all() {
        let place = Place::new(who);
        hanging(&place);
        let running = place.recipe("alpine").spawn();
        running.wait_for_output("downloading");
        crate::support::run::send(-running.pid(), libc::SIGKILL);
        running.finish().dies_of(libc::SIGKILL);
        assert!(!place.work().join("alpine_fs").exists());
        let (tarball, sum) = place.tarball();
        place.recipe("alpine").env("ALPINE_TARBALL", tarball).env("ALPINE_SHA256", sum).run().exits(0);
        assert!(place.work().join("alpine_fs/bin/sh").exists());
    }
    Ok(())
}

fn damaged() -> Verdict {
    for who in Who::all() {
        let place = Place::new(who);
        let (tarball, _) = place.tarball();
        let whole = fs::read(&tarball).unwrap();
        fs::write(&tarball, &whole[..whole.len() - 20]).unwrap();
        let run = place.recipe("alpine").env("ALPINE_TARBALL", &tarball).env("ALPINE_SHA256", hash_of(&tarball));
        says(run.run().exits(1), "cannot unpack");
        place.holds(&[]);
    }
    Ok(())
}

fn other_version() -> Verdict {
    let place = Place::new(Who::User);
    let (tarball, sum) = place.tarball();
    fs::write(place.file("sum"), format!("{sum}  alpine-minirootfs-3.19.9-x86_64.tar.gz\n")).unwrap();
    place.program(
        "curl",
        &serving(&[
            ("3.19.9-x86_64.tar.gz.sha256", &place.file("sum")),
            ("/v3.19/releases/x86_64/alpine-minirootfs-3.19.9-x86_64.tar.gz", &tarball),
        ]),
    );
    let version = |number: &str| place.recipe("alpine").env("ALPINE_VERSION", number).env("ALPINE_ARCH", "x86_64");
    let outcome = version("3.19.9").run();
    says(outcome.exits(0), "not in");
    says(&outcome, &sum);
    place.holds(&["alpine_fs"]);
    // Another one than the one that is there now.
    says(version("3.18.0").run().exits(1), "already there");
    fs::rename(place.work().join("alpine_fs"), place.work().parent().unwrap().join("old")).unwrap();

    fs::write(place.file("sum"), format!("{}  x\n", "0".repeat(64))).unwrap();
    says(version("3.19.9").run().exits(1), "wrong hash");
    // Asked for by name and not to be had: no falling back.
    version("3.18.0").run().exits(1);
    for wrong in ["../../x", "3.20", "latest", "3.20.3/x"] {
        says(version(wrong).run().exits(1), "is not a");
    }
    place.holds(&[]);
    Ok(())
}

fn already_there() -> Verdict {
    let place = Place::new(Who::User);
    place.program("curl", "echo \"curl was called\"; exit 1");
    let tree = place.work().join("alpine_fs");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("mine"), "").unwrap();
    place.recipe("alpine").run().exits(0).prints("");
    assert!(tree.join("mine").exists());
    fs::remove_dir_all(&tree).unwrap();
    fs::write(&tree, "a file").unwrap();
    says(place.recipe("alpine").run().exits(1), "in the way");
    assert_eq!(fs::read_to_string(&tree).unwrap(), "a file");
    Ok(())
}

fn concurrent() -> Verdict {
    for who in Who::all() {
        let place = Place::new(who);
        let (tarball, sum) = place.tarball();
        let all: Vec<_> = (0..8)
            .map(|_| place.recipe("alpine").env("ALPINE_TARBALL", &tarball).env("ALPINE_SHA256", &sum).spawn())
            .collect();
        for running in all {
            running.finish().exits(0);
        }
        place.holds(&["alpine_fs"]);
        assert!(place.work().join("alpine_fs/bin/sh").exists());
        assert!(!place.work().join("alpine_fs/tree").exists(), "one was moved into another");
    }
    Ok(())
}

fn pins() -> Verdict {
    let text = fs::read_to_string(world().recipes().join("alpine.sha256")).unwrap();
    for cpu in ["x86_64", "aarch64", "armv7", "riscv64"] {
        let name = format!("alpine-minirootfs-3.20.3-{cpu}.tar.gz");
        let line = text.lines().find(|line| line.ends_with(&name)).expect("a hash for each CPU");
        let (hash, rest) = line.split_once("  ").unwrap();
        assert_eq!(rest, name);
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
    }
    Ok(())
}

/// A BusyBox of ours: static in its way, and a good deal smaller.
fn small_busybox(place: &Place) -> PathBuf {
    let script = "case ${1:-} in\n--list-full) echo bin/busybox; echo bin/sh; echo usr/bin/wc; echo linuxrc ;;\n\
                  '') echo 'BusyBox v1.2.3 (test) multi-call binary.' ;;\nesac";
    place.program("small", script)
}

fn busybox() -> Verdict {
    for who in Who::all() {
        let place = Place::new(who);
        let run = place.recipe("busybox").env("BUSYBOX", small_busybox(&place));
        run.run().exits(0);
        place.holds(&["busybox_fs"]);
        let tree = place.work().join("busybox_fs");
        assert_eq!(fs::read_link(tree.join("bin/sh")).unwrap(), Path::new("/bin/busybox"));
        assert_eq!(fs::read_link(tree.join("usr/bin/wc")).unwrap(), Path::new("/bin/busybox"));
        for name in ["proc", "sys", "dev", "tmp", "root", "mnt"] {
            assert!(tree.join(name).is_dir(), "{name}");
        }
        assert!(fs::read_to_string(tree.join("etc/os-release")).unwrap().contains("VERSION_ID=\"1.2.3\""));
        assert!(fs::read_to_string(tree.join("etc/passwd")).unwrap().starts_with("root:x:0:0:"));
        // A program that needs a loader is none for a root filesystem that has no libraries.
        let place = Place::new(who);
        says(place.recipe("busybox").env("BUSYBOX", world().probe()).run().exits(1), "not a static program");
        place.holds(&[]);
    }
    Ok(())
}

fn falls_back() -> Verdict {
    for who in Who::all() {
        let place = Place::new(who);
        place.program("curl", &serving(&[]));
        let engine = place.program("engine", "echo \"engine $*\"; exit 7");
        let run = place.recipe("run").arg(&engine).env("BUSYBOX", small_busybox(&place));
        let outcome = run.env("CMD", "cat /etc/os-release").run();
        says(outcome.exits(7).prints("engine busybox_fs cat /etc/os-release"), "cannot download Alpine");
        says(&outcome, "BusyBox instead");
        place.holds(&["busybox_fs"]);
        // A root filesystem of one's own is taken as it is.
        let outcome = place.recipe("run").arg(&engine).env("ROOTFS", "/").run();
        outcome.exits(7).prints("engine / /bin/sh");
    }
    Ok(())
}

fn command_words() -> Verdict {
    let place = Place::new(Who::User);
    let engine =
        place.program("engine", "printf '<%s>' \"$@\"; echo; echo \"${CMD-unset} ${ROOTFS-unset} ${MAKEFLAGS-unset}\"");
    let words = |command: &str| {
        let run = place.recipe("run").arg(&engine).env("ROOTFS", "/").env("CMD", command).env("MAKEFLAGS", "w");
        let outcome = run.run();
        let text = outcome.exits(0).text();
        let (words, rest) = text.split_once('\n').unwrap();
        outcome.must(rest == "unset unset unset", "make's variables should not have come along");
        words.to_owned()
    };
    assert_eq!(words("ls -l  /etc"), "</><ls><-l></etc>");
    assert_eq!(words("echo $HOME; ls | wc"), "</></bin/sh><-c><echo $HOME; ls | wc>");
    assert_eq!(words("echo 'a  b'"), "</></bin/sh><-c><echo 'a  b'>");
    assert_eq!(words("echo *"), "</></bin/sh><-c><echo *>");
    Ok(())
}

/// The project with a toolchain that builds nothing, to try the Makefile with.
fn project(place: &Place, with_musl: bool) -> Result<Run, Skip> {
    let make = host::program("make").ok_or_else(|| Skip::because("make is not here"))?;
    fs::copy(Path::new(PROJECT).join("Makefile"), place.work().join("Makefile")).unwrap();
    let sysroot = place.file("sysroot");
    let target = if with_musl { "x86_64-unknown-linux-musl" } else { "x86_64-unknown-linux-gnu" };
    fs::create_dir_all(sysroot.join("lib/rustlib").join(target).join("lib")).unwrap();
    fs::write(sysroot.join("lib/rustlib").join(target).join("lib/libcore-x.rlib"), "").unwrap();
    place.program(
        "rustc",
        &format!(
            "case $1 in -vV) echo 'host: x86_64-unknown-linux-gnu' ;; --print) echo '{}' ;; esac",
            sysroot.display()
        ),
    );
    let cargo = "while [ $# -gt 0 ]; do case $1 in --target) target=$2 ;; --target-dir) directory=$2 ;; esac; shift; done\n\
                 mkdir -p $directory/$target/release\n\
                 printf '#!/bin/sh\\necho engine \"$@\"\\n' >$directory/$target/release/engine\n\
                 chmod 755 $directory/$target/release/engine";
    place.program("cargo", cargo);
    place.program("cc", "");
    let recipes = place.work().join("rootfs");
    if !recipes.exists() {
        std::os::unix::fs::symlink(world().recipes(), recipes).unwrap();
    }
    let path = format!("{}:{}", place.directory.path().join("programs").display(), crate::support::run::PATH);
    Ok(Run::program(place.who, make).directory(place.work()).env("PATH", path))
}

fn make_targets() -> Verdict {
    for with_musl in [true, false] {
        let place = Place::new(Who::User);
        let outcome = project(&place, with_musl)?.run();
        outcome.exits(0);
        let target = if with_musl { "x86_64-unknown-linux-musl" } else { "x86_64-unknown-linux-gnu" };
        outcome
            .must(outcome.text().contains(&format!("building engine for {target}")), "it should have said the target");
        assert_eq!(mode(&place.work().join("engine")) & 0o111, 0o111);
    }
    Ok(())
}

fn make_missing() -> Verdict {
    let place = Place::new(Who::User);
    project(&place, false)?;
    fs::remove_file(place.file("programs").join("cargo")).unwrap();
    fs::remove_file(place.file("programs").join("rustc")).unwrap();
    for name in ["sh", "sed", "uname"] {
        std::os::unix::fs::symlink(host::program(name).unwrap(), place.file("programs").join(name)).unwrap();
    }
    let run = project_without_toolchain(&place)?;
    let outcome = run.run();
    outcome.must(outcome.end != End::Exit(0), "it should have failed");
    says(&outcome, "https://rustup.rs");
    Ok(())
}

fn project_without_toolchain(place: &Place) -> Result<Run, Skip> {
    let make = host::program("make").ok_or_else(|| Skip::because("make is not here"))?;
    let programs = place.file("programs");
    Ok(Run::program(place.who, make).directory(place.work()).env("PATH", programs).env("HOME", "/no/such/home"))
}

fn make_run_install() -> Verdict {
    let place = Place::new(Who::User);
    let outcome = project(&place, false)?.args(["run", "ROOTFS=/", "CMD=echo $HOME 'x'"]).run();
    outcome.exits(0);
    outcome
        .must(outcome.text().ends_with("engine / /bin/sh -c echo $HOME 'x'"), "CMD should have come through as typed");
    let root = place.work().join("staging");
    let run = project(&place, false)?.args(["install", "PREFIX=/opt/x"]).arg(format!("DESTDIR={}", root.display()));
    run.run().exits(0);
    assert_eq!(mode(&root.join("opt/x/bin/engine")), 0o755);
    let outcome = project(&place, false)?.arg("help").run();
    outcome.exits(0).must(outcome.text().contains("make run"), "make run should have been explained");
    project(&place, false)?.arg("clean").run().exits(0);
    assert!(!place.work().join("engine").exists());
    Ok(())
}

fn shellcheck() -> Verdict {
    let shellcheck = host::program("shellcheck").ok_or_else(|| Skip::because("shellcheck is not here"))?;
    let run = Run::program(Who::all()[0], shellcheck).directory(PROJECT).arg("-x");
    run.args(["rootfs/alpine", "rootfs/busybox", "rootfs/run", "rootfs/place.sh", ".ci/run"]).run().exits(0).prints("");
    Ok(())
}
