//! A second wall, of Landlock's: around whom the container may talk to, and around what the command may do with files.

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::sys::fd::Dir;
use crate::sys::file::{self, Kind};
use crate::sys::landlock;
use crate::sys::text::{self, PathBuffer};

/// Abstract unix sockets and signals (landlock(7), version 6 of the interface).
const SCOPES: u64 = 0b11;

/// The rights that make sense for a file that is no directory: to execute, write, read and truncate it, and to make
/// requests of a device.
const OF_FILES: u64 = 0b1100_0000_0000_0111;

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

/// Puts C under the rules of the command line. On entry every path is the command's, and C is root there: what somebody
/// else may not find can be named all the same.
pub(super) fn restrict(handover: &Handover) -> Result<(), Error> {
    let mut index = 0;
    apply(handover, &mut index).at(Step::Landlock, Object::Landlock(index))
}

/// `index` is that of the rule in hand.
fn apply(handover: &Handover, index: &mut u16) -> Result<(), Errno> {
    let known = handover.landlock;
    if known == 0 {
        return Ok(());
    }
    let rules = landlock::forbid(known, 0)?;
    for rule in &handover.config.privileges.landlock {
        let file = file::hold(Dir::HERE, text::path(rule.path, &mut PathBuffer::new())?)?;
        let sensible = if file::kind(Dir::at(&file), c"")? == Kind::Directory { known } else { known & OF_FILES };
        landlock::allow(&rules, rule.access & sensible, &file)?;
        file.close();
        *index += 1;
    }
    *index = 0;
    landlock::restrict(rules)
}
