//! What Landlock can do here for the rules of the command line: found out before there is a container.

use super::say;
use crate::config::Config;
use crate::error::{Error, Object, Step, Why};
use crate::sys::landlock;

/// The rights that the rules forbid on this kernel: all that it knows, from the lowest bit on (landlock(7)); 0 without
/// rules. The first versions of the interface have no right to truncate (14): what is to be read only could be emptied.
pub(super) fn rights(config: &Config) -> Result<u64, Error> {
    let rules = &config.privileges.landlock;
    if rules.is_empty() {
        return Ok(0);
    }
    let required = rules.iter().position(|rule| !rule.best_effort);
    let object = Object::Landlock(required.unwrap_or(0) as u16);
    let (rights, missing) = match landlock::version() {
        Ok(1) => (0x1fff, Some(Error::because(Step::Landlock, object, Why::OldLandlock))),
        Ok(2) => (0x3fff, Some(Error::because(Step::Landlock, object, Why::OldLandlock))),
        Ok(3 | 4) => (0x7fff, None),
        Ok(_) => (0xffff, None),
        Err(errno) => (0, Some(Error::new(Step::Landlock, object, errno))),
    };
    match missing {
        Some(error) => say::unless_best_effort(error, required.is_none(), config).map(|()| rights),
        None => Ok(rights),
    }
}
