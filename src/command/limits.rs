//! `--ulimit`: what the command may use of its own process.

use crate::config::Config;
use crate::error::{At, Error, Object, Step};
use crate::sys::limits;

/// Sets every limit that was asked for. On entry C still has what raising one may take (CAP_SYS_RESOURCE, on the host).
pub(super) fn apply(config: &Config) -> Result<(), Error> {
    for (index, ulimit) in config.limits.ulimits.iter().enumerate() {
        limits::set(ulimit.resource, ulimit.soft, ulimit.hard).at(Step::SetLimit, Object::Ulimit(index as u16))?;
    }
    Ok(())
}
