//! `--die-with-parent`.

use crate::config::Config;
use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::sys::process;

/// Has the kernel kill O when its parent ends, where that is asked for; I and the container end with O.
pub(super) fn to_parent(config: &Config) -> Result<(), Error> {
    if config.process.die_with_parent {
        let parent = process::parent();
        process::die_with_parent().at(Step::TieToParent, Object::Place(Place::Engine))?;
        if process::parent() != parent {
            // It has ended in between.
            process::exit(OWN_FAILURE);
        }
    }
    Ok(())
}
