//! A second wall of Landlock's: around whom the container may talk to, and around what the command may do with files.

use crate::config::{Config, Effort, LandlockAccess, LandlockRule};
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::sys::fd::Dir;
use crate::sys::file::{self, Kind};
use crate::sys::landlock::{self, Ruleset};
use linux_landlock::*;

/// The rights and scopes of landlock(7), by the version of the interface that brought them.
mod linux_landlock {
    pub(super) const EXECUTE: u64 = 1;
    pub(super) const WRITE_FILE: u64 = 1 << 1;
    pub(super) const READ_FILE: u64 = 1 << 2;
    pub(super) const READ_DIR: u64 = 1 << 3;
    /// From `EXECUTE` to `MAKE_SYM`: version 1.
    pub(super) const FIRST: u64 = (1 << 13) - 1;
    /// Version 2.
    pub(super) const REFER: u64 = 1 << 13;
    /// Version 3.
    pub(super) const TRUNCATE: u64 = 1 << 14;
    /// Version 5.
    pub(super) const IOCTL_DEV: u64 = 1 << 15;
    /// What makes sense for a file that is no directory.
    pub(super) const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
    /// Abstract unix sockets and signals: version 6.
    pub(super) const SCOPES: u64 = 0b11;
}

/// Cuts the container off from abstract unix sockets of the host and from processes outside of it, where the kernel can
/// (Linux 6.12). In I, so that init and the command are on the same side: a signal to PID 1 arrives.
pub fn scope(config: &Config) -> Result<(), Error> {
    if !config.is_scoped() {
        return Ok(());
    }
    let rules = match Ruleset::forbidding(0, SCOPES) {
        // A kernel without Landlock, or with one that does not know scopes: they are no promise, but one wall more.
        Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::TOO_BIG) => return Ok(()),
        rules => rules,
    };
    rules.and_then(|rules| rules.apply()).at(Step::Scope, Object::Place(Place::Container))
}

/// Puts C under the rules of the command line. On entry every path is the command's.
pub(super) fn restrict(config: &Config) -> Result<(), Error> {
    let rules = &config.privileges.landlock;
    if rules.is_empty() {
        return Ok(());
    }
    let first = Object::Landlock(0);
    let known = match landlock::version() {
        Err(errno) if is_missing(errno) && required(config).is_none() => return Ok(()),
        version => rights(version.at(Step::Landlock, first)?),
    };
    let ruleset = Ruleset::forbidding(known, 0).at(Step::Landlock, first)?;
    for (index, rule) in rules.iter().enumerate() {
        add(&ruleset, rule, known).at(Step::Landlock, Object::Landlock(index as u16))?;
    }
    ruleset.apply().at(Step::Landlock, first)
}

/// Adds a rule to those rights that are `known`.
fn add(ruleset: &Ruleset, rule: &LandlockRule, known: u64) -> Result<(), Errno> {
    let file = file::hold(Dir::Here, &file::path(rule.path)?)?;
    let applicable = if file::kind(Dir::At(&file), c"")? == Kind::Directory { known } else { known & OF_FILES };
    ruleset.allow(allowed(rule.access) & applicable, &file)
}

/// Why the rules of the command line cannot be had on this kernel, and whether they must be; `None` where they can. For O,
/// who says so before there is a container.
pub fn missing(config: &Config) -> Option<(Error, Effort)> {
    let first = (!config.privileges.landlock.is_empty()).then_some(0)?;
    let errno = landlock::version().err().filter(|errno| is_missing(*errno))?;
    let (index, effort) = required(config).map_or((first, Effort::Best), |index| (index, Effort::Required));
    Some((Error::new(Step::Landlock, Object::Landlock(index as u16), errno), effort))
}

/// The first rule that must be had.
fn required(config: &Config) -> Option<usize> {
    config.privileges.landlock.iter().position(|rule| rule.effort == Effort::Required)
}

/// The kernel was built without Landlock, or started without.
fn is_missing(errno: Errno) -> bool {
    matches!(errno, Errno::NOSYS | Errno::OPNOTSUPP)
}

/// Every right that this version of the interface can forbid.
const fn rights(version: u32) -> u64 {
    match version {
        ..=1 => FIRST,
        2 => FIRST | REFER,
        3 | 4 => FIRST | REFER | TRUNCATE,
        _ => FIRST | REFER | TRUNCATE | IOCTL_DEV,
    }
}

const fn allowed(access: LandlockAccess) -> u64 {
    match access {
        LandlockAccess::ReadOnly => READ_FILE | READ_DIR,
        LandlockAccess::ReadExecute => READ_FILE | READ_DIR | EXECUTE,
        LandlockAccess::ReadWrite => (FIRST | REFER | TRUNCATE | IOCTL_DEV) & !EXECUTE,
    }
}
