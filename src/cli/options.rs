//! OPTIONS: every option of engine, one row each.

use super::mounts;
use super::row::{Section, TITLES, Takes};
use super::usage::Problem;
use super::values::{self as read, Read, part};
use crate::config::{
    CapabilityEdit, Changes, Config, EnvEdit, IdRange, LandlockRule, Limit, Mount, Text, Writes, access,
};
use crate::words::Table;
use core::ffi::CStr;
use heapless::Vec;

/// Puts a value into the configuration. A flag, and an option without its optional value, is given an empty text.
pub(super) type Set = fn(&mut Config, &'static CStr) -> Read<()>;

/// Rows: section, letter or 0, long name, value, help, and what it sets. A column is kept as one text or list:
/// rows of references would take as much room as what they say.
macro_rules! options {
    ($(row!($section:ident, $letter:literal, $name:literal, $value:literal, $help:literal, $set:expr),)*) => {
        /// The long names, with a blank behind each. They are searched, and so are not packed.
        pub(super) const NAMES: Text = concat!($($name, " ",)*).as_bytes();
        /// The letters, or 0.
        #[allow(clippy::char_lit_as_u8, reason = "a letter or 0, as the rows say it")]
        pub(super) const LETTERS: &[u8] = &[$($letter as u8,)*];
        pub(super) const TAKES: &[Takes] = &[$(Takes::of($value),)*];
        /// How the value of each is written, and what it does.
        pub(super) const TEXTS: Table = Table::after(&TITLES, concat!($($value, "\0", $help, "\0",)*));
        pub(super) const SECTIONS: &[Section] = &[$(Section::$section,)*];
        pub(super) const SETS: &[Set] = &[$($set,)*];
    };
}

// Every option, in the order of the help text.
#[rustfmt::skip]
options! {
    row!(Files, 'v', "volume", "SRC[:DST[:OPTS]]",
        "bind a host path; without DST, the same path inside\n\
         OPTS: ro rw exec noexec suid nosuid dev nodev norec optional",
        |config, word| mount(config, word, mounts::volume)),
    row!(Files, 0, "tmpfs", "DST[:OPTS]",
        "a fresh tmpfs; OPTS: size= mode= ro rw exec noexec",
        |config, word| mount(config, word, mounts::tmpfs)),
    row!(Files, 0, "read-only", "",
        "root and mounts below read-only, but for volumes",
        |config, _| on(&mut config.files.read_only)),
    row!(Files, 'x', "ephemeral", "",
        "writes to the root vanish at the end",
        |config, _| put(&mut config.files.writes, Writes::Ephemeral)),
    row!(Files, 0, "upper", "DIR",
        "as -x, but the writes stay in DIR",
        |config, word| put(&mut config.files.writes, Writes::Upper(read::host_path(word)?))),
    row!(Files, 0, "changes", "[=FILE]",
        "list changes of the root at the end (with -x or --upper)",
        |config, word| {
            let changes = if word.is_empty() { Changes::Stderr } else { Changes::File(word) };
            put(&mut config.files.changes, changes)
        }),
    row!(Files, 0, "mask", "PATH",
        "PATH reads as empty and cannot be written",
        |config, word| mount(config, word, mounts::mask)),
    row!(Files, 0, "proc", "auto|new|bind|none",
        "/proc: fresh (auto, new), the host's or none",
        |config, word| put(&mut config.files.proc, read::proc(word.to_bytes())?)),
    row!(Files, 0, "sys", "auto|none",
        "/sys: read-only or none",
        |config, word| put(&mut config.files.no_sys, read::no_sys(word.to_bytes())?)),
    row!(Files, 0, "no-dev", "",
        "leave the root's own /dev",
        |config, _| on(&mut config.files.no_dev)),

    row!(Identity, 'u', "user", "USER[:GROUP]",
        "a number, or a name of the root's /etc/passwd",
        |config, word| some(&mut config.identity.user, read::user(word.to_bytes())?)),
    row!(Identity, 0, "userns", "root|keep-id|auto|host",
        "be root inside, keep the ids, take ranges of /etc/subuid, or\n\
         have no user namespace",
        |config, word| put(&mut config.identity.userns, read::userns(word.to_bytes())?)),
    row!(Identity, 0, "uidmap", "IN:OUT:COUNT",
        "map user ids; repeatable",
        |config, word| id_range(&mut config.identity.uid_map, word)),
    row!(Identity, 0, "gidmap", "IN:OUT:COUNT",
        "map group ids; repeatable",
        |config, word| id_range(&mut config.identity.gid_map, word)),
    row!(Identity, 0, "hostname", "NAME",
        "the host name inside (engine)",
        |config, word| some(&mut config.surroundings.hostname, read::hostname(word)?)),
    row!(Identity, 'e', "env", "NAME[=VALUE]",
        "set a variable, or keep it with --clear-env",
        |config, word| environment(config, read::env(word))),
    row!(Identity, 0, "env-file", "FILE",
        "the same for every line of FILE",
        |config, word| environment(config, read::host_path(word).map(EnvEdit::File))),
    row!(Identity, 0, "clear-env", "",
        "inherit no variable",
        |config, _| on(&mut config.surroundings.clear_environment)),
    row!(Identity, 'w', "workdir", "DIR",
        "where the command starts (/)",
        |config, word| some(&mut config.surroundings.workdir, read::workdir(word)?)),

    row!(Namespaces, 0, "net", "host|none|PATH",
        "the host's network, a new one, or the one at PATH",
        |config, word| put(&mut config.namespaces.net, read::net(word)?)),
    row!(Namespaces, 0, "share", "NS[,NS]",
        "keep the host's ipc, uts or cgroup namespace",
        share),
    row!(Namespaces, 0, "monotonic", "SECONDS",
        "offset of the monotonic clock",
        |config, word| seconds(&mut config.namespaces.monotonic, word)),
    row!(Namespaces, 0, "boottime", "SECONDS",
        "offset of the time since boot",
        |config, word| seconds(&mut config.namespaces.boottime, word)),

    row!(Process, 't', "tty", "",
        "give the command its own terminal",
        |config, _| on(&mut config.process.tty)),
    row!(Process, 0, "timeout", "DURATION",
        "then SIGTERM to the command; exit status 124",
        |config, word| duration(&mut config.process.timeout, word)),
    row!(Process, 0, "kill-after", "DURATION",
        "that long after the timeout, SIGKILL; exit status 137",
        |config, word| duration(&mut config.process.kill_after, word)),
    row!(Process, 0, "grace", "DURATION",
        "time to finish for what the command leaves behind",
        |config, word| duration(&mut config.process.grace, word)),
    row!(Process, 0, "die-with-parent", "",
        "end when the parent of engine ends",
        |config, _| on(&mut config.process.die_with_parent)),
    row!(Process, 0, "preserve-fd", "N",
        "keep descriptor N open; repeatable",
        preserve),
    row!(Process, 0, "new-session", "",
        "no controlling terminal",
        |config, _| on(&mut config.process.new_session)),
    row!(Process, 0, "no-init", "",
        "the command itself is PID 1",
        |config, _| on(&mut config.process.no_init)),
    row!(Process, 0, "status-fd", "N",
        "report to descriptor N, a JSON object a line",
        |config, word| some(&mut config.process.status_fd, read::descriptor(word)?)),
    row!(Process, 0, "pid-file", "FILE",
        "write the command's process id to FILE",
        |config, word| some(&mut config.process.pid_file, read::host_path(word)?)),
    row!(Process, 0, "as-init", "",
        "no container: be the init of one made by something else",
        |config, _| on(&mut config.process.as_init)),
    row!(Process, 0, "group", "",
        "with --as-init: signals go to the process group",
        |config, _| on(&mut config.process.group)),
    row!(Process, 'i', "interactive", "",
        "no effect: stdin is always there",
        nothing),
    row!(Process, 0, "rm", "",
        "no effect: nothing is ever left",
        nothing),
    row!(Process, 0, "init", "",
        "no effect: there always is an init",
        nothing),

    row!(Privileges, 0, "strict", "",
        "for code you do not trust: few capabilities and calls,\n\
         no network, a clean environment, a read-only root",
        |config, _| on(&mut config.privileges.strict)),
    row!(Privileges, 0, "cap-add", "CAP",
        "keep a capability, or ALL",
        |config, word| capabilities(config, word, CapabilityEdit::Add)),
    row!(Privileges, 0, "cap-drop", "CAP",
        "drop a capability, or ALL",
        |config, word| capabilities(config, word, CapabilityEdit::Drop)),
    row!(Privileges, 0, "allow-new-privs", "",
        "leave no_new_privs off",
        |config, _| on(&mut config.privileges.allow_new_privs)),
    row!(Privileges, 0, "seccomp", "default|strict|none|RULES",
        "system calls; RULES: deny=NAME,..;errno=NAME;allow=NAME,..",
        |config, word| put(&mut config.privileges.seccomp, read::seccomp(word.to_bytes())?)),
    row!(Privileges, 0, "landlock-ro", "PATH[?]",
        "Landlock: allow only this; ? as far as the kernel can",
        |config, word| landlock(config, word, access::READ)),
    row!(Privileges, 0, "landlock-rw", "PATH[?]",
        "and to write",
        |config, word| landlock(config, word, access::READ_WRITE)),
    row!(Privileges, 0, "landlock-rx", "PATH[?]",
        "and to execute",
        |config, word| landlock(config, word, access::READ_EXECUTE)),
    row!(Privileges, 0, "ulimit", "NAME=SOFT[:HARD]",
        "as nofile=1024:4096 or core=unlimited",
        ulimit),
    row!(Privileges, 'm', "memory", "SIZE[?]",
        "limits of all together, by a cgroup; ? if it can be had",
        |config, word| limit(&mut config.limits.shared[0], word, read::size)),
    row!(Privileges, 0, "cpus", "N[?]",
        "processors, as 1.5",
        |config, word| limit(&mut config.limits.shared[1], word, read::cpus)),
    row!(Privileges, 0, "pids-limit", "N[?]",
        "processes",
        |config, word| limit(&mut config.limits.shared[2], word, read::number)),
    row!(Privileges, 0, "cgroup", "PATH[?]",
        "where that cgroup is made",
        cgroup),

    row!(Diagnosis, 0, "help", "",
        "print this",
        nothing),
    row!(Diagnosis, 0, "version", "",
        "print the version",
        nothing),
}

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

// What several options share is not inlined: one copy a kind, not one an option.

#[inline(never)]
fn seconds(place: &mut Option<i64>, word: &'static CStr) -> Read<()> {
    some(place, read::seconds(word.to_bytes())?)
}

fn push<T, const N: usize>(list: &mut Vec<T, N>, value: T, full: Problem) -> Read<()> {
    list.push(value).map_err(|_| full)
}

/// 0, 1 and 2 are always kept.
fn preserve(config: &mut Config, word: &'static CStr) -> Read<()> {
    match read::descriptor(word)? {
        ..3 => Ok(()),
        number => push(&mut config.process.preserved, number, Problem::MoreDescriptors),
    }
}

#[inline(never)]
fn duration(place: &mut u64, word: &'static CStr) -> Read<()> {
    put(place, read::positive(read::duration(word.to_bytes()))?)
}

#[inline(never)]
fn mount(config: &mut Config, word: &'static CStr, read: fn(Text) -> Read<Mount>) -> Read<()> {
    push(&mut config.files.mounts, read(word.to_bytes())?, Problem::MoreMounts)
}

#[inline(never)]
fn environment(config: &mut Config, edit: Read<EnvEdit>) -> Read<()> {
    push(&mut config.surroundings.environment, edit?, Problem::MoreEnvEdits)
}

#[inline(never)]
fn id_range<const N: usize>(map: &mut Vec<IdRange, N>, word: &'static CStr) -> Read<()> {
    let range = read::id_range(word.to_bytes(), map)?;
    push(map, range, Problem::MoreMapLines)
}

fn share(config: &mut Config, word: &'static CStr) -> Read<()> {
    let mut rest = Some(word.to_bytes());
    while let Some(name) = part(&mut rest, b',') {
        *read::shared(&mut config.namespaces, name)? = true;
    }
    Ok(())
}

#[inline(never)]
fn capabilities(config: &mut Config, word: &'static CStr, edit: fn(u64) -> CapabilityEdit) -> Read<()> {
    let set = read::capabilities(word.to_bytes())?;
    push(&mut config.privileges.capabilities, edit(set), Problem::MoreCapabilityEdits)
}

/// Of two for the same resource the last one holds, so there is room for every one that the kernel has.
fn ulimit(config: &mut Config, word: &'static CStr) -> Read<()> {
    let new = read::ulimit(word.to_bytes())?;
    let ulimits = &mut config.limits.ulimits;
    match ulimits.iter_mut().find(|old| old.resource == new.resource) {
        Some(old) => put(old, new),
        None => push(ulimits, new, Problem::MoreUlimits),
    }
}

#[inline(never)]
fn landlock(config: &mut Config, word: &'static CStr, access: u64) -> Read<()> {
    let (path, best_effort) = read::effort(word);
    read::absolute(path)?;
    push(&mut config.privileges.landlock, LandlockRule { path, access, best_effort }, Problem::MoreLandlockRules)
}

#[inline(never)]
fn limit(place: &mut Limit, word: &'static CStr, read: fn(Text) -> Read<u64>) -> Read<()> {
    let (text, best_effort) = read::effort(word);
    put(place, Limit { value: read::positive(read(text))?, best_effort })
}

fn cgroup(config: &mut Config, word: &'static CStr) -> Read<()> {
    let (path, best_effort) = read::effort(word);
    config.limits.cgroup_is_best_effort = best_effort;
    if path.is_empty() { Err(Problem::Empty) } else { some(&mut config.limits.cgroup, path) }
}
