//! The filter of system calls: made before there is a second process, so that a bad rule is a plain error.

use super::say;
use crate::config::{Config, Seccomp};
use crate::error::{Errno, Error, Object, Place, Step};
use crate::seccomp::{Instruction, Space, edit, preset};
use crate::sys::numbers::ThisCpu;
use crate::sys::once::Once;

/// Only touched where the user edits a preset.
static SPACE: Once<Space> = Once::new(Space::new());

/// The filter that the configuration asks for. Ends the program where RULES are not right. Not inlined, so that its
/// buffers are gone when it returns.
#[inline(never)]
pub(super) fn make(config: &Config) -> Result<&'static [Instruction], Error> {
    let preset = preset::<ThisCpu>(&config.privileges);
    let Seccomp::Rules(rules) = config.privileges.seccomp else { return Ok(preset) };
    let again = Error::new(Step::InstallFilter, Object::Place(Place::Command), Errno::BUSY);
    let space = SPACE.take().ok_or(again)?;
    edit::<ThisCpu>(rules, preset, space).map_err(|problem| say::bad_rules(&problem))
}
