//! The filter of system calls: made before there is a second process, so that a bad rule is a plain error.

use super::say;
use crate::config::Config;
use crate::error::{Errno, Error, Object, Place, Step};
use crate::seccomp::{Instruction, Space, program};
use crate::sys::numbers::ThisCpu;
use crate::sys::once::Once;

/// Only touched where the user edits a preset.
static SPACE: Once<Space> = Once::new(Space::new());

/// The filter that the configuration asks for. Ends the program where RULES are not right.
pub(super) fn make(config: &Config) -> Result<&'static [Instruction], Error> {
    let again = Error::new(Step::InstallFilter, Object::Place(Place::Command), Errno::BUSY);
    let space = SPACE.take().ok_or(again)?;
    match program::<ThisCpu>(&config.privileges, space) {
        Ok(filter) => Ok(filter),
        Err(problem) => say::bad_rules(&problem),
    }
}
