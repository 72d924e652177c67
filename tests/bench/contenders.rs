//! Who takes part: engine, and whichever of its peers are installed. A row each, as root and as a user.
//!
//! Everyone runs without a locale, which is the fastest for all of them: a program with a C library reads a dozen files
//! for one before it does anything, chroot(1) too, and that is a quarter of its time. But every shell has one. So the
//! yardstick and what is measured by it are there twice, a second time with Debian's own locale; nothing else differs.

use crate::bundle;
use crate::spawn::{self, Program};
use crate::support::{End, Who, host, world};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What a contender is asked for; the same word for every user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Chroot,
    ChrootLocale,
    Engine,
    EngineLocale,
    EngineNetNone,
    EngineStrict,
    Unshare,
    BubblewrapShareNet,
    BubblewrapAll,
    Minijail,
    Nsjail,
    Crun,
    Runc,
    Nspawn,
}

/// One row of the table.
struct Entry {
    kind: Kind,
    /// The executable's name on the host.
    program: &'static str,
    /// What the table says.
    label: &'static str,
    /// Namespaces that must be new inside: the proof that the contender does what its row says.
    fresh: &'static [&'static str],
    /// Whether an unprivileged user can run it.
    as_user: bool,
    /// What its environment says of the locale.
    locale: &'static str,
    /// Command line up to the command; ROOT stands for the root filesystem. Empty for what takes a bundle.
    words: &'static str,
}

const fn entry(kind: Kind, program: &'static str, label: &'static str, words: &'static str) -> Entry {
    Entry {
        kind,
        program,
        label,
        fresh: &["user", "pid", "mnt", "uts"],
        as_user: true,
        locale: spawn::NO_LOCALE,
        words,
    }
}

/// What a shell of Debian's has where nobody chose a language.
const SHELLS_LOCALE: &str = "LANG=C.UTF-8";

const ENTRIES: &[Entry] = &[
    Entry { fresh: &[], as_user: false, ..entry(Kind::Chroot, "chroot", "chroot(1), no isolation at all", "ROOT") },
    Entry {
        fresh: &[],
        as_user: false,
        locale: SHELLS_LOCALE,
        ..entry(Kind::ChrootLocale, "chroot", "chroot(1), LANG=C.UTF-8", "ROOT")
    },
    Entry {
        fresh: &["user", "pid", "mnt", "uts", "ipc", "cgroup"],
        ..entry(Kind::Engine, "engine", "engine, default", "ROOT")
    },
    Entry {
        fresh: &["user", "pid", "mnt", "uts", "ipc", "cgroup"],
        locale: SHELLS_LOCALE,
        ..entry(Kind::EngineLocale, "engine", "engine, default, LANG=C.UTF-8", "ROOT")
    },
    Entry {
        fresh: &["user", "pid", "mnt", "uts", "ipc", "cgroup", "net"],
        ..entry(Kind::EngineNetNone, "engine", "engine --net none", "--net none ROOT")
    },
    Entry {
        fresh: &["user", "pid", "mnt", "uts", "ipc", "cgroup", "net"],
        ..entry(Kind::EngineStrict, "engine", "engine --strict", "--strict ROOT")
    },
    entry(Kind::Unshare, "unshare", "unshare -Urpf --mount-proc --uts", "-Urpf --mount-proc --uts --root=ROOT"),
    Entry {
        fresh: &["pid", "mnt", "uts", "ipc"],
        ..entry(
            Kind::BubblewrapShareNet,
            "bwrap",
            "bubblewrap --unshare-all --share-net",
            "--unshare-all --share-net --die-with-parent --bind ROOT / --proc /proc --dev /dev",
        )
    },
    Entry {
        fresh: &["pid", "mnt", "uts", "ipc", "net"],
        ..entry(
            Kind::BubblewrapAll,
            "bwrap",
            "bubblewrap --unshare-all",
            "--unshare-all --die-with-parent --bind ROOT / --proc /proc --dev /dev",
        )
    },
    Entry {
        fresh: &["pid", "mnt"],
        ..entry(Kind::Minijail, "minijail0", "minijail0 -U -m -M -p -v -r", "-U -m -M -p -v -r -P ROOT --")
    },
    Entry {
        fresh: &["user", "pid", "mnt", "uts", "ipc"],
        ..entry(Kind::Nsjail, "nsjail", "nsjail, host network", "-Mo -Q --disable_clone_newnet --chroot ROOT --")
    },
    Entry { fresh: &["pid", "mnt", "uts"], ..entry(Kind::Crun, "crun", "crun run (mount, pid, uts)", "") },
    Entry { fresh: &["pid", "mnt", "uts"], ..entry(Kind::Runc, "runc", "runc run (mount, pid, uts)", "") },
    Entry {
        fresh: &["pid", "mnt", "uts"],
        as_user: false,
        ..entry(
            Kind::Nspawn,
            "systemd-nspawn",
            "systemd-nspawn",
            "-q --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off -M NAME -D ROOT",
        )
    },
];

/// A program under a name, as a user, ready to be timed.
pub(crate) struct Contender {
    pub(crate) kind: Kind,
    pub(crate) who: Who,
    pub(crate) label: String,
    /// It, running /bin/true; or why it cannot.
    pub(crate) program: Result<Program, String>,
}

impl Contender {
    pub(crate) fn is_engine(&self) -> bool {
        matches!(self.kind, Kind::Engine | Kind::EngineLocale | Kind::EngineNetNone | Kind::EngineStrict)
    }
}

/// Everyone, tried.
pub(crate) fn all(root: &Path) -> Vec<Contender> {
    let mut contenders = Vec::new();
    for entry in ENTRIES {
        for who in Who::all() {
            if who == Who::Root || entry.as_user {
                let program = build(entry, who, root, &["/bin/true"]).and_then(|program| {
                    prove(entry, who, root)?;
                    Ok(program)
                });
                contenders.push(Contender {
                    kind: entry.kind,
                    who,
                    label: format!("{}, as {}", entry.label, who.label()),
                    program,
                });
            }
        }
    }
    contenders
}

/// A contender with a command of one's own.
pub(crate) fn program(kind: Kind, who: Who, root: &Path, command: &[&str]) -> Result<Program, String> {
    let entry = ENTRIES.iter().find(|entry| entry.kind == kind).unwrap();
    build(entry, who, root, command)
}

/// Where a contender's executable is.
pub(crate) fn executable(name: &str) -> Option<PathBuf> {
    if name == "engine" { Some(world().engine()) } else { host::program(name) }
}

/// The names of all executables that take part, once each.
pub(crate) fn executables() -> Vec<&'static str> {
    let mut names: Vec<_> = ENTRIES.iter().map(|entry| entry.program).collect();
    names.dedup();
    names
}

/// What containers of this run are called where they must have a name.
pub(crate) fn machine_name() -> String {
    format!("engine-bench-{}", std::process::id())
}

fn build(entry: &Entry, who: Who, root: &Path, command: &[&str]) -> Result<Program, String> {
    let path = executable(entry.program).ok_or("not installed")?;
    if matches!(entry.kind, Kind::Crun | Kind::Runc) {
        return Ok(Program::new(who, &path, bundle::words(who, root, command)).in_locale(entry.locale));
    }
    let words = entry.words.split(' ').map(|word| match word {
        "ROOT" => root.as_os_str().to_owned(),
        "NAME" => machine_name().into(),
        _ => match word.strip_suffix("=ROOT") {
            Some(option) => {
                let mut word = OsString::from(format!("{option}="));
                word.push(root);
                word
            }
            None => word.into(),
        },
    });
    Ok(Program::new(who, &path, words.chain(command.iter().map(OsString::from))).in_locale(entry.locale))
}

/// Has a contender show that it runs a command, passes its exit status on, and isolates it as its row says. A number for
/// less than that would be wrong.
fn prove(entry: &Entry, who: Who, root: &Path) -> Result<(), String> {
    let mut script = String::new();
    for name in entry.fresh {
        let own = std::fs::read_link(format!("/proc/self/ns/{name}")).map_err(|error| format!("{name}: {error}"))?;
        script.push_str(&format!(
            "it=$(readlink /proc/self/ns/{name}) && [ \"$it\" != '{}' ] || {{ echo '{name} is the host'\"'s\" >&2; \
             exit 8; }}; ",
            own.display()
        ));
    }
    if entry.kind == Kind::EngineStrict {
        script.push_str("grep -q '^Seccomp:.*2' /proc/self/status || { echo 'no seccomp filter' >&2; exit 8; }; ");
    }
    script.push_str("exit 7");
    let (end, text) = build(entry, who, root, &["/bin/sh", "-c", &script])?.listen();
    let said = text.lines().find(|line| !line.is_empty()).unwrap_or("it said nothing");
    match end {
        End::Exit(7) => Ok(()),
        End::Exit(8) => Err(format!("does not do what the row says: {said}")),
        End::Exit(status) => Err(format!("exit status {status}: {said}")),
        End::Signal(signal) => Err(format!("ended by signal {signal}: {said}")),
    }
}
