//! Texts as the kernel takes them: with a NUL at the end and no other.

use super::Result;
use crate::error::Errno;
use core::ffi::CStr;

/// The text up to the first NUL, if there is one.
#[must_use]
#[inline(never)]
pub fn terminated(bytes: &[u8]) -> Option<&CStr> {
    // The core library's own search is fast on long texts, and large.
    let end = bytes.iter().position(|&byte| byte == 0)?;
    // SAFETY: the only NUL is the last byte.
    bytes.get(..=end).map(|text| unsafe { CStr::from_bytes_with_nul_unchecked(text) })
}

/// A path of the kernel's longest length, for what is not NUL-terminated where it stands.
#[derive(Debug)]
pub struct PathBuffer {
    bytes: [u8; 4096],
    length: usize,
}

impl PathBuffer {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; 4096], length: 0 }
    }

    /// Puts `part` behind what is there.
    ///
    /// # Errors
    /// ENAMETOOLONG where that is more than 4095 bytes; EINVAL where it has a NUL inside.
    #[inline(never)]
    pub fn push(&mut self, part: &[u8]) -> Result<()> {
        for &byte in part {
            if byte == 0 {
                return Err(Errno::INVAL);
            }
            // The last byte stays 0.
            let last = self.bytes.len() - 1;
            *self.bytes.get_mut(..last).and_then(|free| free.get_mut(self.length)).ok_or(Errno::NAMETOOLONG)? = byte;
            self.length += 1;
        }
        Ok(())
    }
}

impl Default for PathBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl core::ops::Deref for PathBuffer {
    type Target = CStr;

    fn deref(&self) -> &CStr {
        terminated(&self.bytes).unwrap_or_default()
    }
}

/// Terminates `text` for the kernel.
///
/// # Errors
/// As [`PathBuffer::push`].
pub fn path(text: &[u8]) -> Result<PathBuffer> {
    let mut buffer = PathBuffer::new();
    buffer.push(text)?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_as_long_as_the_kernel_takes_it() {
        assert_eq!(path(b"/a").unwrap().to_bytes(), b"/a");
        assert_eq!(path(&[b'x'; 4095]).unwrap().to_bytes(), [b'x'; 4095]);
        assert_eq!(path(&[b'x'; 4096]).err(), Some(Errno::NAMETOOLONG));
        assert_eq!(path(b"a\0b").err(), Some(Errno::INVAL));
    }

    #[test]
    fn a_text_ends_at_its_first_nul() {
        assert_eq!(terminated(b"a\0b\0"), Some(c"a"));
        assert_eq!(terminated(b"\0"), Some(c""));
        assert_eq!(terminated(b"a"), None);
    }
}
