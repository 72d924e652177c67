//! OPTIONS: every option of engine, one row each.

use super::row::{Row, Scope, Section};
use super::usage::Problem;
use super::values::{self, Read, cut};
use super::{mounts, values as read};
use crate::config::{CapabilityEdit, Changes, Config, EnvEdit, LandlockAccess, Mount, Text, Ulimit, Writes};
use core::ffi::CStr;
use heapless::Vec;

/// A row: scope, section, letter, long name, value, help, and what it sets.
macro_rules! row {
    ($scope:ident, $section:ident, $letter:literal, $name:literal, $value:literal, $help:literal, $set:expr) => {
        Row {
            section: Section::$section,
            scope: Scope::$scope,
            letter: $letter,
            words: concat!($name, "\t", $value, "\t", $help),
            set: $set,
        }
    };
}

/// Every option, in the order of the help text.
#[rustfmt::skip]
pub(super) const OPTIONS: &[Row] = &[
    row!(Container, Files, b'v', "volume", "SRC[:DST[:OPTS]]",
        "bind a host path; without DST, the same path inside\n\
         OPTS: ro rw exec noexec suid nosuid dev nodev norec optional\n\
         (without them: rw, nosuid, nodev, and all mounts below it)",
        |config, word| push(&mut config.files.mounts, mounts::volume(word.to_bytes())?, Problem::MoreMounts)),
    row!(Container, Files, 0, "tmpfs", "DST[:OPTS]",
        "a fresh tmpfs; OPTS: size= mode= ro rw exec noexec",
        |config, word| push(&mut config.files.mounts, mounts::tmpfs(word.to_bytes())?, Problem::MoreMounts)),
    row!(Container, Files, 0, "read-only", "",
        "the root and all mounts below it read-only, volumes excepted",
        |config, _| on(&mut config.files.read_only)),
    row!(Container, Files, b'x', "ephemeral", "",
        "writes to the root go to an overlay and vanish at the end",
        |config, _| put(&mut config.files.writes, Writes::Ephemeral)),
    row!(Container, Files, 0, "upper", "DIR",
        "as -x, but the writes stay in DIR for the next time",
        |config, word| put(&mut config.files.writes, Writes::Upper(read::host_path(word)?))),
    row!(Container, Files, 0, "changes", "[=FILE]",
        "at the end, list what the run changed in the root: A, M or D\n\
         and the path (needs -x or --upper)",
        |config, word| {
            let changes = if word.is_empty() { Changes::Stderr } else { Changes::File(word) };
            put(&mut config.files.changes, changes)
        }),
    row!(Container, Files, 0, "mask", "PATH",
        "PATH reads as empty and cannot be written",
        |config, word| {
            let mask = Mount::Mask(read::absolute(word.to_bytes())?);
            push(&mut config.files.mounts, mask, Problem::MoreMounts)
        }),
    row!(Container, Files, 0, "proc", "auto|new|bind|none",
        "/proc: a fresh one (auto, new), the host's, or none",
        |config, word| put(&mut config.files.proc, read::proc(word.to_bytes())?)),
    row!(Container, Files, 0, "sys", "auto|none",
        "/sys: read-only, or none",
        |config, word| put(&mut config.files.no_sys, read::no_sys(word.to_bytes())?)),
    row!(Container, Files, 0, "no-dev", "",
        "leave the root's own /dev as it is",
        |config, _| on(&mut config.files.no_dev)),

    row!(Container, Identity, b'u', "user", "USER[:GROUP]",
        "a number, or a name from the root's /etc/passwd and /etc/group",
        |config, word| some(&mut config.identity.user, read::user(word.to_bytes())?)),
    row!(Container, Identity, 0, "userns", "root|keep-id|auto|host",
        "the caller is root inside (root), keeps its ids (keep-id), has\n\
         the ranges of /etc/subuid (auto); or no user namespace (host)",
        |config, word| put(&mut config.identity.userns, read::userns(word.to_bytes())?)),
    row!(Container, Identity, 0, "uidmap", "IN:OUT:COUNT",
        "an explicit map of user ids; repeatable",
        |config, word| {
            let range = read::id_range(word.to_bytes(), &config.identity.uid_map)?;
            push(&mut config.identity.uid_map, range, Problem::MoreMapLines)
        }),
    row!(Container, Identity, 0, "gidmap", "IN:OUT:COUNT",
        "an explicit map of group ids; repeatable",
        |config, word| {
            let range = read::id_range(word.to_bytes(), &config.identity.gid_map)?;
            push(&mut config.identity.gid_map, range, Problem::MoreMapLines)
        }),
    row!(Container, Identity, 0, "hostname", "NAME",
        "the host name inside (engine)",
        |config, word| some(&mut config.surroundings.hostname, read::hostname(word)?)),
    row!(Command, Identity, b'e', "env", "NAME[=VALUE]",
        "set a variable, or keep it with --clear-env",
        |config, word| push(&mut config.surroundings.environment, read::env(word)?, Problem::MoreEnvEdits)),
    row!(Command, Identity, 0, "env-file", "FILE",
        "the same for every line of FILE",
        |config, word| {
            let file = EnvEdit::File(read::host_path(word)?);
            push(&mut config.surroundings.environment, file, Problem::MoreEnvEdits)
        }),
    row!(Command, Identity, 0, "clear-env", "",
        "inherit no variable",
        |config, _| on(&mut config.surroundings.clear_environment)),
    row!(Command, Identity, b'w', "workdir", "DIR",
        "where the command starts (/)",
        |config, word| some(&mut config.surroundings.workdir, read::workdir(word)?)),

    row!(Container, Namespaces, 0, "net", "host|none|PATH",
        "the host's network, a new one with lo up, or the one at PATH",
        |config, word| put(&mut config.namespaces.net, read::net(word)?)),
    row!(Container, Namespaces, 0, "share", "NS[,NS]",
        "keep the host's ipc, uts or cgroup namespace",
        |config, word| share(config, word.to_bytes())),
    row!(Container, Namespaces, 0, "monotonic", "SECONDS",
        "a time namespace with this offset of the monotonic clock",
        |config, word| some(&mut config.namespaces.monotonic, read::seconds(word.to_bytes())?)),
    row!(Container, Namespaces, 0, "boottime", "SECONDS",
        "the same for the time since boot",
        |config, word| some(&mut config.namespaces.boottime, read::seconds(word.to_bytes())?)),

    row!(Container, Process, b't', "tty", "",
        "give the command its own terminal",
        |config, _| on(&mut config.process.tty)),
    row!(Command, Process, 0, "timeout", "DURATION",
        "then end the command with SIGTERM; exit status 124",
        |config, word| some(&mut config.process.timeout, read::positive(read::duration(word.to_bytes()))?)),
    row!(Command, Process, 0, "kill-after", "DURATION",
        "that long after the timeout, SIGKILL; exit status 137",
        |config, word| some(&mut config.process.kill_after, read::duration(word.to_bytes())?)),
    row!(Command, Process, 0, "grace", "DURATION",
        "how long what the command left behind has to finish",
        |config, word| some(&mut config.process.grace, read::duration(word.to_bytes())?)),
    row!(Command, Process, 0, "die-with-parent", "",
        "end when the parent of engine ends",
        |config, _| on(&mut config.process.die_with_parent)),
    row!(Command, Process, 0, "preserve-fd", "N",
        "keep file descriptor N open for the command; repeatable",
        |config, word| preserve(config, word.to_bytes())),
    row!(Command, Process, 0, "new-session", "",
        "no controlling terminal for the command",
        |config, _| on(&mut config.process.new_session)),
    row!(Container, Process, 0, "no-init", "",
        "the command itself is PID 1",
        |config, _| on(&mut config.process.no_init)),
    row!(Command, Process, 0, "status-fd", "N",
        "write what happens to descriptor N, a JSON object a line",
        |config, word| some(&mut config.process.status_fd, read::descriptor(word.to_bytes())?)),
    row!(Command, Process, 0, "pid-file", "FILE",
        "write the command's process id, as the host sees it, to FILE",
        |config, word| some(&mut config.process.pid_file, read::host_path(word)?)),
    row!(Command, Process, 0, "as-init", "",
        "no container: be the init of one that something else made",
        |config, _| on(&mut config.process.as_init)),
    row!(Command, Process, 0, "group", "",
        "with --as-init: signals go to the whole process group",
        |config, _| on(&mut config.process.group)),
    row!(Command, Process, b'i', "interactive", "",
        "no effect: standard input is always the command's",
        nothing),
    row!(Command, Process, 0, "rm", "",
        "no effect: nothing is ever left",
        nothing),
    row!(Command, Process, 0, "init", "",
        "no effect: there always is an init",
        nothing),

    row!(Container, Privileges, 0, "strict", "",
        "for code you do not trust: few capabilities, a strict seccomp\n\
         filter, no network, a clean environment, a read-only root",
        |config, _| on(&mut config.privileges.strict)),
    row!(Container, Privileges, 0, "cap-add", "CAP",
        "keep a capability, or ALL",
        |config, word| capabilities(config, CapabilityEdit::Add, word.to_bytes())),
    row!(Container, Privileges, 0, "cap-drop", "CAP",
        "drop a capability, or ALL",
        |config, word| capabilities(config, CapabilityEdit::Drop, word.to_bytes())),
    row!(Container, Privileges, 0, "allow-new-privs", "",
        "leave no_new_privs off",
        |config, _| on(&mut config.privileges.allow_new_privs)),
    row!(Container, Privileges, 0, "seccomp", "default|strict|none|RULES",
        "the system call filter; RULES: deny=NAME,NAME;errno=NAME;allow=NAME",
        |config, word| put(&mut config.privileges.seccomp, read::seccomp(word.to_bytes())?)),
    row!(Container, Privileges, 0, "landlock-ro", "PATH[?]",
        "with Landlock, only reading is allowed below PATH; repeatable",
        |config, word| landlock(config, LandlockAccess::ReadOnly, word)),
    row!(Container, Privileges, 0, "landlock-rw", "PATH[?]",
        "reading and writing",
        |config, word| landlock(config, LandlockAccess::ReadWrite, word)),
    row!(Container, Privileges, 0, "landlock-rx", "PATH[?]",
        "reading and executing",
        |config, word| landlock(config, LandlockAccess::ReadExecute, word)),
    row!(Command, Privileges, 0, "ulimit", "NAME=SOFT[:HARD]",
        "a resource limit, as nofile=1024:4096 or core=unlimited",
        |config, word| ulimit(config, word.to_bytes())),
    row!(Container, Privileges, b'm', "memory", "SIZE[?]",
        "a limit of memory; with ? a limit that cannot be had is said\n\
         and not an error",
        |config, word| some(&mut config.limits.memory, read::limit(word.to_bytes(), read::size)?)),
    row!(Container, Privileges, 0, "cpus", "N[?]",
        "how many processors, as 2 or 1.5",
        |config, word| some(&mut config.limits.cpus, read::limit(word.to_bytes(), read::cpus)?)),
    row!(Container, Privileges, 0, "pids-limit", "N[?]",
        "how many processes",
        |config, word| some(&mut config.limits.pids, read::limit(word.to_bytes(), read::number)?)),
    row!(Container, Privileges, 0, "cgroup", "PATH[?]",
        "the cgroup to make the container's below",
        |config, word| some(&mut config.limits.cgroup, read::cgroup(word.to_bytes())?)),

    row!(Command, Diagnosis, 0, "help", "",
        "print this",
        nothing),
    row!(Command, Diagnosis, 0, "version", "",
        "print the version",
        nothing),
];

/// An option that the parser itself acts on, or that has no effect.
fn nothing(_: &mut Config, _: &'static CStr) -> Read<()> {
    Ok(())
}

fn on(flag: &mut bool) -> Read<()> {
    *flag = true;
    Ok(())
}

fn put<T>(place: &mut T, value: T) -> Read<()> {
    *place = value;
    Ok(())
}

fn some<T>(place: &mut Option<T>, value: T) -> Read<()> {
    put(place, Some(value))
}

/// Not inlined: one copy a list, not one an option.
#[inline(never)]
fn push<T, const N: usize>(list: &mut Vec<T, N>, value: T, full: Problem) -> Read<()> {
    list.push(value).map_err(|_| full)
}

fn share(config: &mut Config, text: Text) -> Read<()> {
    let mut rest = Some(text);
    while let Some(names) = rest {
        let (name, next) = cut(names, b',');
        *values::shared(&mut config.namespaces, name)? = true;
        rest = next;
    }
    Ok(())
}

/// 0, 1 and 2 are kept anyway, and once is enough.
fn preserve(config: &mut Config, text: &[u8]) -> Read<()> {
    let descriptor = values::descriptor(text)?;
    let kept = &mut config.process.preserved;
    if descriptor <= 2 || kept.contains(&descriptor) {
        return Ok(());
    }
    push(kept, descriptor, Problem::MorePreserved)
}

fn capabilities(config: &mut Config, edit: fn(u64) -> CapabilityEdit, text: Text) -> Read<()> {
    push(&mut config.privileges.capabilities, edit(values::capabilities(text)?), Problem::MoreCapabilityEdits)
}

fn landlock(config: &mut Config, access: LandlockAccess, word: &'static CStr) -> Read<()> {
    push(&mut config.privileges.landlock, values::landlock(access, word.to_bytes())?, Problem::MoreLandlockRules)
}

/// Of two for the same resource the last one holds, so there is room for every one that the kernel has.
fn ulimit(config: &mut Config, text: Text) -> Read<()> {
    let new: Ulimit = values::ulimit(text)?;
    let ulimits = &mut config.limits.ulimits;
    match ulimits.iter_mut().find(|old| old.resource == new.resource) {
        Some(old) => {
            *old = new;
            Ok(())
        }
        None => push(ulimits, new, Problem::MoreUlimits),
    }
}
