//! The command line: words in, [`Config`](crate::config::Config) out.
use crate::config::Config;
use core::ffi::CStr;

/// stub
pub enum Request {
    /// r
    Run {
        /// c
        consumed: usize,
    },
    /// h
    Help,
    /// v
    Version,
    /// c
    Check {
        /// j
        json: bool,
    },
}
/// u
pub struct Usage;
impl Usage {
    /// p
    pub fn pieces(&self) -> [&[u8]; 1] {
        [b"usage"]
    }
}
/// v
pub const VERSION: &[u8] = b"engine 0.1.0\n";
/// h
pub fn help(write: &mut dyn FnMut(&[u8])) {
    write(b"help\n");
}
/// p
pub fn parse(words: &mut impl Iterator<Item = &'static CStr>, config: &mut Config) -> Result<Request, Usage> {
    config.rootfs = words.next();
    if config.rootfs.is_none() {
        return Err(Usage);
    }
    Ok(Request::Run { consumed: 1 })
}
