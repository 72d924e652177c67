//! Which file the command is, and execve(2).

use super::environment;
use crate::config::{Config, DEFAULT_COMMAND, Words};
use crate::error::{Errno, Error, Object, Step, Why};
use crate::sys::fd::Dir;
use crate::sys::file;
use crate::sys::process;
use crate::sys::text;
use core::ffi::CStr;

/// Executes the command; returns only where that fails. A name without a slash is looked for in the container's PATH,
/// never in the working directory. What is not executable is never given to a shell.
pub(super) fn execute(config: &Config, environment: Words) -> Error {
    let default = [Words::word(DEFAULT_COMMAND), None];
    let arguments = config.command.map_or(default.as_slice(), |words| words.0);
    let name = config.command_name();
    let failed = |errno| Error::new(Step::Execute, Object::Command, errno);
    if name.is_empty() {
        return failed(Errno::NOENT);
    }
    if name.to_bytes().iter().any(|byte| matches!(byte, b'/')) {
        let errno = process::execute(name, arguments, environment);
        return explain(failed(errno), name);
    }
    let mut worst = failed(Errno::NOENT);
    let path = environment::find(environment, b"PATH").unwrap_or_default();
    for directory in path.split(|&byte| byte == b':').filter(|directory| !directory.is_empty()) {
        let mut file = text::PathBuffer::new();
        // Where the path is longer than the kernel takes, there can be no such file.
        if [directory, b"/", name.to_bytes()].iter().any(|part| file.push(part).is_err()) {
            continue;
        }
        match process::execute(&file, arguments, environment) {
            Errno::NOENT if file::kind(Dir::HERE, &file).is_err() => {}
            Errno::NOTDIR => {}
            // Another directory may have one that can be executed (execvp(3)).
            Errno::ACCES => worst = failed(Errno::ACCES),
            errno => return explain(failed(errno), &file),
        }
    }
    worst
}

/// ENOENT for a file that is there means that what should interpret or load it is not; EACCES can be the mount's.
fn explain(error: Error, file: &CStr) -> Error {
    match (error.errno(), file::hold(Dir::HERE, file)) {
        (Errno::NOENT, Ok(_)) => error.for_reason(Why::MissingInterpreter),
        (Errno::ACCES, Ok(held)) if file::is_no_exec(&held) == Ok(true) => error.for_reason(Why::NoExecMount),
        _ => error,
    }
}
