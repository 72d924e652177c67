//! The world that engine is tried in: a directory that every user can read, with the binary, a root filesystem made of
//! the host's own programs for each user, and Alpine where it is at hand. Made once, removed at the end.

use super::host;
use super::run::{PATH, Run};
use super::trial::Skip;
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use tempfile::TempDir;

/// As whom something runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    /// Root on the host.
    Root,
    /// An unprivileged user: nobody where the tests run as root, else whoever runs them.
    User,
}

const NOBODY: u32 = 65534;

impl Who {
    /// Everyone whom the tests can be.
    pub(crate) fn all() -> Vec<Self> {
        if started_as_root() { vec![Self::Root, Self::User] } else { vec![Self::User] }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::User => "user",
        }
    }

    /// Its uid on the host, and its gid.
    pub(crate) fn uid(self) -> u32 {
        match self {
            Self::Root => 0,
            Self::User if started_as_root() => NOBODY,
            // SAFETY: geteuid(2) cannot fail.
            Self::User => unsafe { libc::geteuid() },
        }
    }

    /// Another user than the one who runs the tests.
    pub(crate) fn is_other(self) -> bool {
        self == Self::User && started_as_root()
    }
}

pub(crate) fn started_as_root() -> bool {
    // SAFETY: geteuid(2) cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// The programs that the test root filesystem is made of; those that the host lacks are left out.
const PROGRAMS: &[&str] = &[
    "bash", "cat", "chmod", "chown", "cksum", "cp", "cut", "dash", "dd", "echo", "env", "false", "grep", "head",
    "hostname", "id", "kill", "ln", "ls", "mkdir", "mkfifo", "mknod", "mount", "mv", "printenv", "ps", "pwd",
    "readlink", "rm", "sed", "seq", "setsid", "sh", "sleep", "sort", "stat", "stty", "tail", "test", "touch", "tr",
    "true", "tty", "umount", "uname", "wc", "whoami",
];

/// The directory of the project.
pub(crate) const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// See the head of this file.
pub(crate) struct World {
    base: PathBuf,
    rootfs: OnceLock<()>,
    namespaces: Mutex<Vec<(Who, Result<(), String>)>>,
    alpine: Mutex<Vec<(Who, Result<PathBuf, String>)>>,
}

static WORLD: OnceLock<World> = OnceLock::new();
static DIRECTORY: Mutex<Option<TempDir>> = Mutex::new(None);

/// The one world of this run, made when it is first asked for.
pub(crate) fn world() -> &'static World {
    WORLD.get_or_init(World::new)
}

/// Removes it. For the very end.
pub(crate) fn remove() {
    if let Some(directory) = DIRECTORY.lock().unwrap().take() {
        // A root filesystem may hold directories that their owner must not write to.
        drop(Command::new("chmod").args(["-R", "u+rwX"]).arg(directory.path()).status());
        directory.close().unwrap_or_else(|error| eprintln!("cannot remove the tests' directory: {error}"));
    }
}

impl World {
    fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("engine-tests-").tempdir().unwrap();
        let base = directory.path().canonicalize().unwrap();
        *DIRECTORY.lock().unwrap() = Some(directory);
        fs::set_permissions(&base, Permissions::from_mode(0o755)).unwrap();

        // Copies, since the directory that cargo builds in may be closed to other users.
        let binary = std::env::var_os("ENGINE")
            .or_else(|| option_env!("CARGO_BIN_EXE_engine").map(Into::into))
            .expect("ENGINE names the binary to test, or cargo has built one");
        let binary = Path::new(&binary);
        fs::copy(binary, base.join("engine"))
            .unwrap_or_else(|error| panic!("cannot copy {}: {error}", binary.display()));
        fs::set_permissions(base.join("engine"), Permissions::from_mode(0o755)).unwrap();
        fs::copy(std::env::current_exe().unwrap(), base.join("probe")).unwrap();
        fs::set_permissions(base.join("probe"), Permissions::from_mode(0o755)).unwrap();
        copy_tree(&Path::new(PROJECT).join("rootfs"), &base.join("recipes"));
        for who in Who::all() {
            let own = base.join(who.label());
            fs::create_dir(&own).unwrap();
            chown(&own, Some(who.uid()), Some(who.uid())).unwrap();
        }
        Self { base, rootfs: OnceLock::new(), namespaces: Mutex::default(), alpine: Mutex::default() }
    }

    /// A directory that everyone can read.
    pub(crate) fn base(&self) -> &Path {
        &self.base
    }

    /// A copy of the binary under test.
    pub(crate) fn engine(&self) -> PathBuf {
        self.base.join("engine")
    }

    /// The tests' own executable, for `--probe` outside of containers.
    pub(crate) fn probe(&self) -> PathBuf {
        self.base.join("probe")
    }

    /// A copy of the recipes in `rootfs/`.
    pub(crate) fn recipes(&self) -> PathBuf {
        self.base.join("recipes")
    }

    /// The root filesystem of this user, made of the host's programs.
    pub(crate) fn rootfs(&self, who: Who) -> PathBuf {
        self.rootfs.get_or_init(|| {
            for who in Who::all() {
                let tree = self.base.join(who.label()).join("rootfs");
                build(&tree, &self.probe());
                give(&tree, who);
            }
        });
        self.base.join(who.label()).join("rootfs")
    }

    /// A new directory that belongs to this user.
    pub(crate) fn directory(&self, who: Who) -> TempDir {
        let directory = tempfile::Builder::new().prefix("t").tempdir_in(self.base.join(who.label())).unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        chown(directory.path(), Some(who.uid()), Some(who.uid())).unwrap();
        directory
    }

    /// A new root filesystem of this user, to change. Its files are hard links: replace them, never write into them.
    pub(crate) fn own_rootfs(&self, who: Who) -> TempDir {
        let directory = self.directory(who);
        copy("-al", &self.rootfs(who), directory.path());
        // Linked files have one mode: who changes it here must not change it for all.
        let etc = directory.path().join("etc");
        fs::remove_dir_all(&etc).unwrap();
        copy("-a", &self.rootfs(who).join("etc"), &etc);
        give(directory.path(), who);
        directory
    }

    /// Whether this user may make namespaces here at all.
    pub(crate) fn namespaces(&self, who: Who) -> Result<(), Skip> {
        let mut known = self.namespaces.lock().unwrap();
        if !known.iter().any(|(user, _)| *user == who) {
            known.push((who, try_namespaces(who)));
        }
        let (_, answer) = known.iter().find(|(user, _)| *user == who).unwrap();
        answer.clone().map_err(Skip)
    }

    /// Alpine, unpacked by the project's own recipe as this user.
    pub(crate) fn alpine(&self, who: Who) -> Result<PathBuf, Skip> {
        let mut known = self.alpine.lock().unwrap();
        if !known.iter().any(|(user, _)| *user == who) {
            known.push((who, self.unpack_alpine(who)));
        }
        let (_, answer) = known.iter().find(|(user, _)| *user == who).unwrap();
        answer.clone().map_err(Skip)
    }

    fn unpack_alpine(&self, who: Who) -> Result<PathBuf, String> {
        let Some(tarball) = std::env::var_os("ALPINE_TARBALL") else {
            let there = Path::new(PROJECT).join("alpine_fs");
            if !there.join("bin/busybox").exists() {
                return Err("no Alpine at hand: set ALPINE_TARBALL, or `make run` once".into());
            }
            let tree = self.base.join(who.label()).join("alpine_fs");
            copy_tree(&there, &tree);
            give(&tree, who);
            return Ok(tree);
        };
        let copy = self.base.join("alpine.tar.gz");
        fs::copy(&tarball, &copy).map_err(|error| format!("ALPINE_TARBALL={}: {error}", tarball.display()))?;
        fs::set_permissions(&copy, Permissions::from_mode(0o644)).unwrap();
        let own = self.base.join(who.label());
        let outcome = Run::program(who, self.recipes().join("alpine"))
            .arg("alpine_fs")
            .env("ALPINE_TARBALL", &copy)
            .directory(&own)
            .run();
        outcome.exits(0);
        Ok(own.join("alpine_fs"))
    }
}

/// Tries what every container begins with.
fn try_namespaces(who: Who) -> Result<(), String> {
    let flags = libc::CLONE_NEWUSER | libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWUTS;
    let mut command = Command::new("true");
    if who.is_other() {
        command.uid(who.uid()).gid(who.uid());
    }
    // SAFETY: unshare(2) is a bare system call.
    unsafe {
        command.pre_exec(move || if libc::unshare(flags) < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) });
    }
    match command.env("PATH", PATH).status() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{} may not make namespaces here: {error}", who.label())),
    }
}

/// Makes a root filesystem of the host's programs and the libraries that they need.
fn build(tree: &Path, probe: &Path) {
    for directory in ["usr/bin", "usr/sbin", "proc", "sys", "dev", "etc", "root", "mnt", "run", "var", "home"] {
        fs::create_dir_all(tree.join(directory)).unwrap();
    }
    fs::create_dir(tree.join("tmp")).unwrap();
    fs::set_permissions(tree.join("tmp"), Permissions::from_mode(0o1777)).unwrap();
    // The same shape as the host's, since programs know their loader by its path.
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        let own = Path::new("/").join(name);
        if let Ok(target) = fs::read_link(&own) {
            let relative = target.strip_prefix("/").unwrap_or(&target);
            fs::create_dir_all(tree.join(relative)).unwrap();
            symlink(relative, tree.join(name)).unwrap();
        } else if own.is_dir() {
            fs::create_dir_all(tree.join(name)).unwrap();
        }
    }
    let mut sources = Vec::new();
    for name in PROGRAMS {
        if let Some(source) = host::program(name) {
            let place = if tree.join("bin").is_symlink() { "usr/bin" } else { "bin" };
            fs::copy(&source, tree.join(place).join(name)).unwrap();
            sources.push(source);
        }
    }
    fs::copy(probe, tree.join("probe")).unwrap();
    sources.push(probe.to_owned());
    for library in libraries(&sources) {
        let target = tree.join(library.strip_prefix("/").unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&library, &target).unwrap_or_else(|error| panic!("cannot copy {}: {error}", library.display()));
    }
    let files = [
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
        ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
        ("etc/os-release", "NAME=\"engine's tests\"\nID=engine-tests\n"),
        ("etc/resolv.conf", ""),
    ];
    for (name, text) in files {
        fs::write(tree.join(name), text).unwrap();
    }
}

/// The shared libraries of these programs and their loader, by ldd(1).
fn libraries(programs: &[PathBuf]) -> BTreeSet<PathBuf> {
    let output = Command::new("ldd").args(programs).output().expect("ldd");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = text.lines().filter(|line| line.starts_with('\t')).filter_map(|line| {
        let word = line.split_once("=>").map_or(line, |(_, path)| path).trim();
        let path = word.split(' ').next()?;
        path.starts_with('/').then(|| PathBuf::from(path))
    });
    paths.collect()
}

/// Copies a tree as it is: links, modes, times, and owners where that is allowed.
fn copy_tree(from: &Path, to: &Path) {
    copy("-a", from, to);
}

/// cp(1) with these options, from directory to directory.
fn copy(options: &str, from: &Path, to: &Path) {
    let mut source = from.as_os_str().to_owned();
    source.push("/.");
    let status = Command::new("cp").arg(options).arg(source).arg(to).status().expect("cp");
    assert!(status.success(), "cp {options} {} {}", from.display(), to.display());
}

/// Makes a tree and all in it this user's.
fn give(tree: &Path, who: Who) {
    lchown(tree, Some(who.uid()), Some(who.uid())).unwrap();
    if tree.is_dir() && !tree.is_symlink() {
        for entry in fs::read_dir(tree).unwrap() {
            give(&entry.unwrap().path(), who);
        }
    }
}
