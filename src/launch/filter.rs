//! The filter of system calls: made before there is a second process, so that a bad rule is a plain error.

use super::say;
use crate::config::Config;
use crate::error::{Errno, Error, Object, Place, Step};
use crate::seccomp::{Instruction, Policy, Space, program, ready};
use crate::sys::numbers::ThisCpu;
use crate::sys::once::Once;

/// Only touched where the user edits a preset.
static SPACE: Once<Space> = Once::new(Space::new());

/// The filter that the configuration asks for. Ends the program where RULES are not right. Not inlined, so that its
/// buffers are gone when it returns.
#[inline(never)]
pub(super) fn make(config: &Config) -> Result<&'static [Instruction], Error> {
    let policy = match Policy::of::<ThisCpu>(&config.privileges) {
        Ok(policy) => policy,
        Err(problem) => say::bad_rules(&problem),
    };
    if let Some(filter) = ready::<ThisCpu>(&policy) {
        return Ok(filter);
    }
    let again = Error::new(Step::InstallFilter, Object::Place(Place::Command), Errno::BUSY);
    program::<ThisCpu>(&policy, SPACE.take().ok_or(again)?).map_err(|problem| say::bad_rules(&problem))
}
