//! The command's environment: the caller's, as it is, unless something in it must change.

use crate::config::{Config, DEFAULT_PATH, Words};
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::sys::once::Once;
use core::ffi::c_char;
use heapless::Vec;

/// How many variables an environment may have where engine has to change it.
const VARIABLES_MAX: usize = 32_768;

/// Pointers to the variables, NULL-terminated.
type Variables = Vec<Option<&'static c_char>, { VARIABLES_MAX + 1 }>;

/// Only touched where the caller's own vector will not do.
static VARIABLES: Once<Variables> = Once::new(Variables::new());

/// The environment for execve(2). E2BIG where it has more variables than engine can hold.
pub(super) fn build(_config: &Config, inherited: Words) -> Result<Words, Error> {
    if find(inherited, b"PATH").is_some() {
        return Ok(inherited);
    }
    let step = |result: Result<(), Errno>| result.at(Step::SetUp, Object::Place(Place::Command));
    let variables = VARIABLES.take().ok_or(Errno::BUSY).at(Step::SetUp, Object::Place(Place::Command))?;
    for &variable in inherited.0.iter().take_while(|variable| variable.is_some()) {
        step(variables.push(variable).map_err(|_| Errno::TOO_BIG))?;
    }
    step(variables.push(Words::word(DEFAULT_PATH)).map_err(|_| Errno::TOO_BIG))?;
    step(variables.push(None).map_err(|_| Errno::TOO_BIG))?;
    Ok(Words(variables))
}

/// The value of a variable.
pub(super) fn find(environment: Words, name: &[u8]) -> Option<&'static [u8]> {
    environment.iter().find_map(|variable| variable.to_bytes().strip_prefix(name)?.strip_prefix(b"="))
}
