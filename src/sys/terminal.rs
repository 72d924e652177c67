//! Terminals and sessions.
use super::{Result, done};

/// Begins a session of the caller's own, without a terminal.
///
/// # Errors
/// EPERM where the caller leads a process group already.
pub fn new_session() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(setsid) }
}
