//! Which ids I's user namespace maps.
//!
//! O writes the maps, from outside and through the host's own procfs: only there does the caller still have what the
//! kernel asks of who maps more than itself. Where it has not, newuidmap and newgidmap have.

use super::{map_helper, subordinate};
use crate::config::{Config, IdRange, Userns};
use crate::error::{Errno, Error, Why};
use crate::fields;
use crate::id_map::{self, Kind, Ranges};
use crate::sys::digits;
use crate::sys::fd::Fd;
use crate::sys::process::{self, PidFd};
use crate::sys::start::Credentials;

/// Writes the maps of I's user namespace, if it has one. Not inlined, so that its buffers are gone when it returns.
#[inline(never)]
pub(super) fn write(init: &PidFd, config: &Config, credentials: &Credentials) -> Result<(), Error> {
    if !config.has_user_namespace() {
        return Ok(());
    }
    write_both(init, config, credentials).map_err(|error| {
        // Below a container that shows the host's /proc: the numbers in it are those of other processes.
        if proc_is_anothers() == Ok(true) { error.for_reason(Why::ForeignProc) } else { error }
    })
}

/// Whether the procfs at /proc has another number for this process than the process itself.
fn proc_is_anothers() -> Result<bool, Errno> {
    fields::read(c"/proc/self/stat", &mut |lines| {
        digits::read(lines.field(b' ')) != Some(process::own_pid().unsigned_abs())
    })
}

fn write_both(init: &PidFd, config: &Config, credentials: &Credentials) -> Result<(), Error> {
    let process = id_map::process_directory(None, init.pid())?;
    for kind in [Kind::Users, Kind::Groups] {
        write_one(init, &process, kind, config, credentials)?;
    }
    process.close();
    Ok(())
}

/// Writes one of the two.
fn write_one(init: &PidFd, process: &Fd, kind: Kind, config: &Config, credentials: &Credentials) -> Result<(), Error> {
    let (own, said) = match kind {
        Kind::Users => (credentials.euid, &config.identity.uid_map),
        Kind::Groups => (credentials.egid, &config.identity.gid_map),
    };
    let root = credentials.euid == 0;
    match config.identity.userns {
        _ if !said.is_empty() && root => id_map::write(process, kind, said),
        _ if !said.is_empty() => write_as_user(init, process, kind, said, own),
        Userns::KeepId => write_alone(process, kind, own, own),
        _ if root && write_identity(process, kind)? => Ok(()),
        Userns::Auto => write_subordinate(init, kind, own, credentials.uid),
        _ => write_alone(process, kind, 0, own),
    }
}

#[inline(never)]
fn write_subordinate(init: &PidFd, kind: Kind, own: u32, uid: u32) -> Result<(), Error> {
    map_helper::write(init, kind, &subordinate::ranges(kind, own, uid)?)
}

/// Everyone may map themselves, and nobody but themselves.
fn write_as_user(init: &PidFd, process: &Fd, kind: Kind, said: &Ranges, own: u32) -> Result<(), Error> {
    match said.as_slice() {
        [IdRange { inside, outside, count: 1 }] if *outside == own => write_alone(process, kind, *inside, own),
        ranges => map_helper::write(init, kind, ranges),
    }
}

/// Maps the caller itself and nobody else.
fn write_alone(process: &Fd, kind: Kind, inside: u32, outside: u32) -> Result<(), Error> {
    if kind == Kind::Groups {
        id_map::deny_setgroups(process)?;
    }
    id_map::write(process, kind, &[IdRange { inside, outside, count: 1 }])
}

/// As root, maps every id of the caller's own namespace onto itself. False where root is not all that it seems: without
/// CAP_SETUID or CAP_SETFCAP it may map itself alone, as everyone may.
fn write_identity(process: &Fd, kind: Kind) -> Result<bool, Error> {
    match id_map::write_identity(process, kind, None) {
        Err(error) if error.errno() == Errno::PERM => Ok(false),
        result => result.map(|()| true),
    }
}
