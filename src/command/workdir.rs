//! Where the command begins: `--workdir`.

use crate::config::Config;
use crate::error::{At, Error, Object, Step, Why};
use crate::sys::file;

/// Goes there, and asks the kernel what it calls the place: a path that leads out of the root, through a descriptor
/// that was left open for example, has none below `/` (runc, CVE-2024-21626).
pub(super) fn enter(config: &Config) -> Result<(), Error> {
    let Some(path) = config.surroundings.workdir else { return Ok(()) };
    file::change_directory(path).at(Step::ChangeDirectory, Object::Workdir)?;
    let mut buffer = [0; 4096];
    let place = file::working_directory(&mut buffer).at(Step::ChangeDirectory, Object::Workdir)?;
    if place.starts_with(b"/") {
        return Ok(());
    }
    Err(Error::because(Step::ChangeDirectory, Object::Workdir, Why::OutsideRoot))
}
