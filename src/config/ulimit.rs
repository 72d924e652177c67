//! The limits of getrlimit(2): their names.

use super::Text;
use crate::words;

/// In the order of their numbers (asm-generic/resource.h), as docker names them.
pub const NAMES: &[u8] =
    b"cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime";

/// The name of a limit; empty for a number that is none.
#[must_use]
pub fn name(resource: u32) -> Text {
    words::word(NAMES, b' ', resource as usize)
}
