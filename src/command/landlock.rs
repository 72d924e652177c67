//! A second wall, of Landlock's: around whom the container may talk to, and around what the command may do with files.

use crate::config::{Access, Config, LandlockRule};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::handover::Handover;
use crate::sys::fd::Dir;
use crate::sys::file::{self, Kind};
use crate::sys::landlock;
use crate::sys::text::{self, PathBuffer};

/// Abstract unix sockets and signals (landlock(7), version 6 of the interface).
const SCOPES: u64 = 0b11;

/// Rights of landlock(7).
const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const TRUNCATE: u64 = 1 << 14;
const IOCTL_DEV: u64 = 1 << 15;
/// What makes sense for a file that is no directory.
const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;

/// How many rights each version of the interface has, from the lowest bit on; a later one has those of the last.
const COUNTS: [u8; 6] = [0, 13, 14, 15, 15, 16];
/// The first with [`TRUNCATE`]: what is to be read only must not be emptied either.
const ENOUGH: usize = 3;

/// Cuts the container off from abstract unix sockets of the host and from processes outside of it, where the kernel can
/// (Linux 6.12). In I, so that init and the command are on the same side: a signal to PID 1 arrives.
pub fn scope(config: &Config) -> Result<(), Error> {
    if !config.is_scoped() {
        return Ok(());
    }
    match landlock::forbid(0, SCOPES).and_then(landlock::restrict) {
        // A kernel without Landlock, or with one that does not know scopes: they are no promise, but one wall more.
        Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::TOO_BIG) => Ok(()),
        result => result.at(Step::Scope, Object::Place(Place::Container)),
    }
}

/// The rights that the rules of the command line forbid on this kernel, none where there are no rules; and what is missing
/// for them, with whether that is no matter. For O, who says so before there is a container.
pub fn rights(config: &Config) -> (u64, Option<(Error, bool)>) {
    let rules = &config.privileges.landlock;
    if rules.is_empty() {
        return (0, None);
    }
    let required = rules.iter().position(|rule| !rule.best_effort);
    let object = Object::Landlock(required.unwrap_or(0) as u16);
    let version = landlock::version();
    let missing = match version {
        Ok(ENOUGH..) => None,
        Ok(_) => Some(Error::because(Step::Landlock, object, Why::OldLandlock)),
        Err(errno) => Some(Error::new(Step::Landlock, object, errno)),
    };
    let count = COUNTS.get(version.unwrap_or(0)).or(COUNTS.last()).copied().unwrap_or(0);
    ((1 << count) - 1, missing.map(|error| (error, required.is_none())))
}

/// Puts C under the rules of the command line. On entry every path is the command's, and C is root there: what somebody
/// else may not find can be named all the same.
pub(super) fn restrict(handover: &Handover) -> Result<(), Error> {
    let known = handover.landlock;
    if known == 0 {
        return Ok(());
    }
    let first = Object::Landlock(0);
    let rules = landlock::forbid(known, 0).at(Step::Landlock, first)?;
    for (index, rule) in handover.config.privileges.landlock.iter().enumerate() {
        let (file, access) = open(rule).at(Step::Landlock, Object::Landlock(index as u16))?;
        landlock::allow(&rules, access & known, &file).at(Step::Landlock, Object::Landlock(index as u16))?;
        file.close();
    }
    landlock::restrict(rules).at(Step::Landlock, first)
}

/// Takes hold of what a rule is about, and says what it allows there.
fn open(rule: &LandlockRule) -> Result<(crate::sys::Fd, u64), Errno> {
    let file = file::hold(Dir::Here, text::path(rule.path, &mut PathBuffer::new())?)?;
    let access = match rule.access {
        Access::Read => READ_FILE | READ_DIR,
        Access::Execute => READ_FILE | READ_DIR | EXECUTE,
        Access::Write => !EXECUTE,
    };
    let sensible = if file::kind(Dir::At(&file), c"")? == Kind::Directory { !0 } else { OF_FILES };
    Ok((file, access & sensible))
}
