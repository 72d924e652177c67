//! The command's environment: the caller's, as it is, unless something in it must change.

use crate::config::{Config, DEFAULT_PATH, EnvEdit, Words};
use crate::error::{Errno, Error, Object, Place, Step, Why};
use crate::sys::once::Once;
use crate::sys::text::terminated;
use core::ffi::{CStr, c_char};
use heapless::Vec;

/// How many variables an environment may have where engine has to change it.
const VARIABLES_MAX: usize = 32_768;

/// Pointers to the variables; with the one that ends the vector.
struct Variables(Vec<Option<&'static c_char>, { VARIABLES_MAX + 1 }>);

/// Only touched where the caller's own vector will not do.
static VARIABLES: Once<Variables> = Once::new(Variables(Vec::new()));

/// The environment for execve(2). `files` is what `--env-file` brought, `home` what `--user` did.
pub(super) fn build(
    config: &Config,
    inherited: Words,
    files: &'static [u8],
    home: Option<&'static CStr>,
) -> Result<Words, Error> {
    let edits = &config.surroundings.environment;
    let cleared = config.clears_environment();
    if edits.is_empty() && !cleared && home.is_none() && find(inherited, b"PATH").is_some() {
        return Ok(inherited);
    }
    let variables = VARIABLES.take().ok_or_else(|| failed(Errno::BUSY))?;
    for variable in inherited.iter() {
        if !cleared || config.keeps_variable(name(variable)) {
            variables.push(Words::word(variable))?;
        }
    }
    if let Some(home) = home {
        variables.set(home)?;
    }
    let mut lines = files;
    for edit in edits {
        match edit {
            EnvEdit::Set(variable) => variables.set(variable)?,
            EnvEdit::Inherit(name) => variables.inherit(name, inherited)?,
            EnvEdit::File(_) => variables.read(&mut lines, inherited)?,
        }
    }
    if !variables.0.iter().flatten().any(|variable| name(Words::text(variable)) == b"PATH") {
        variables.push(Words::word(DEFAULT_PATH))?;
    }
    variables.push(None)?;
    Ok(Words(&variables.0))
}

impl Variables {
    /// Puts a variable behind the others.
    fn push(&mut self, variable: Option<&'static c_char>) -> Result<(), Error> {
        self.0.push(variable).map_err(|_| failed(Errno::TOO_BIG).for_reason(Why::TooManyVariables))
    }

    /// Takes every variable of this name out.
    fn remove(&mut self, removed: &[u8]) {
        // The first byte spares most of them the search for their end.
        let first = removed.first().copied();
        let is_it = |word: &'static c_char| first == Some(*word as u8) && name(Words::text(word)) == removed;
        self.0.retain(|variable| !variable.is_some_and(is_it));
    }

    /// `NAME=VALUE`, in place of what was there by that name.
    fn set(&mut self, variable: &'static CStr) -> Result<(), Error> {
        self.remove(name(variable));
        self.push(Words::word(variable))
    }

    /// `NAME`: as the caller has it, or not at all.
    fn inherit(&mut self, wanted: &[u8], inherited: Words) -> Result<(), Error> {
        self.remove(wanted);
        match inherited.iter().find(|variable| name(variable) == wanted) {
            Some(variable) => self.push(Words::word(variable)),
            None => Ok(()),
        }
    }

    /// The lines of one file: up to the empty one.
    fn read(&mut self, lines: &mut &'static [u8], inherited: Words) -> Result<(), Error> {
        while let Some(line) = terminated(lines) {
            *lines = lines.get(line.count_bytes() + 1..).unwrap_or_default();
            match line.to_bytes() {
                [] => break,
                text if name(line).len() < text.len() => self.set(line)?,
                text => self.inherit(text, inherited)?,
            }
        }
        Ok(())
    }
}

fn failed(errno: Errno) -> Error {
    Error::new(Step::SetUp, Object::Place(Place::Environment), errno)
}

/// The part before the `=`; all of it, where there is none.
fn name(variable: &CStr) -> &[u8] {
    let text = variable.to_bytes();
    text.split(|&byte| byte == b'=').next().unwrap_or(text)
}

/// The value of a variable.
pub(super) fn find(environment: Words, name: &[u8]) -> Option<&'static [u8]> {
    environment.iter().find_map(|variable| variable.to_bytes().strip_prefix(name)?.strip_prefix(b"="))
}
