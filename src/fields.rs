//! Files of lines with fields between colons: passwd(5), group(5), subuid(5). Read a piece at a time, so that neither
//! the length of a file nor that of a line matters, and up to a limit, so that no file takes for ever.
//!
//! After a failure there is nothing more to read. It is told once, by [`Lines::end`], which is to be asked before
//! anything is made of what was read.

use crate::error::Errno;
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use core::ffi::CStr;
use heapless::Vec;

/// A field that is longer counts as empty: as a path, a name or a number it could not be used.
const FIELD_BYTES: usize = 4096;
/// How much of a file is read: 16 MiB.
const FILE_BYTES: usize = 1 << 24;

/// A file, and how far it has been read.
pub struct Lines {
    file: Fd,
    buffer: [u8; 1024],
    next: usize,
    filled: usize,
    left: usize,
    in_line: bool,
    failure: Option<Errno>,
    field: Vec<u8, FIELD_BYTES>,
}

impl Lines {
    /// Opens a file; `None` where it is not there. Nothing but a regular file is read, and a fifo is not waited for.
    ///
    /// # Errors
    /// See open(2); EINVAL where it is no regular file.
    pub fn open(path: &CStr) -> Result<Option<Self>, Errno> {
        let file = match file::open_read(Dir::Here, path) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            result => result?,
        };
        if file::kind(Dir::At(&file), c"")? != Kind::Regular {
            return Err(Errno::INVAL);
        }
        Ok(Some(Self::of(file)))
    }

    /// The lines of an open file.
    #[must_use]
    pub const fn of(file: Fd) -> Self {
        let (next, filled, left) = (0, 0, FILE_BYTES);
        Self { file, buffer: [0; 1024], next, filled, left, in_line: false, failure: None, field: Vec::new() }
    }

    /// Goes to the beginning of the next line; false where there is none.
    #[inline(never)]
    pub fn next_line(&mut self) -> bool {
        while self.in_line {
            self.in_line = !matches!(self.byte(), None | Some(b'\n'));
        }
        self.in_line = self.byte().is_some();
        // The byte is the first of the line's first field.
        self.next -= usize::from(self.in_line);
        self.in_line
    }

    /// The next field of the line, up to this separator or the end of the line; empty where there is none.
    #[inline(never)]
    pub fn field(&mut self, separator: u8) -> &[u8] {
        self.field.clear();
        let mut fits = true;
        while self.in_line {
            match self.byte() {
                None | Some(b'\n') => self.in_line = false,
                Some(byte) if byte == separator => break,
                Some(byte) => fits &= self.field.push(byte).is_ok(),
            }
        }
        if fits && self.failure.is_none() { &self.field } else { b"" }
    }

    /// Whether the line has another field.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.in_line
    }

    /// Says whether all went well so far.
    ///
    /// # Errors
    /// See read(2); EFBIG where the file is too long.
    pub fn end(&self) -> Result<(), Errno> {
        self.failure.map_or(Ok(()), Err)
    }

    #[inline(never)]
    fn byte(&mut self) -> Option<u8> {
        if self.next == self.filled {
            self.next = 0;
            self.filled = 0;
            match file::read(&self.file, &mut self.buffer) {
                Err(errno) => self.failure = Some(errno),
                Ok(count) if count > self.left => self.failure = Some(Errno::FBIG),
                Ok(count) => {
                    self.filled = count;
                    self.left -= count;
                }
            }
        }
        let byte = self.buffer.get(..self.filled).and_then(|filled| filled.get(self.next)).copied();
        self.next += usize::from(byte.is_some());
        byte
    }
}

/// A plain decimal number of 32 bits: an id.
#[must_use]
#[inline(never)]
pub fn number(word: &[u8]) -> Option<u32> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt as _;

    fn lines_of(text: &[u8]) -> std::vec::Vec<std::vec::Vec<String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let path = CString::new(file.path().as_os_str().as_bytes()).unwrap();
        let mut lines = Lines::open(&path).unwrap().unwrap();
        let mut seen = std::vec::Vec::new();
        while lines.next_line() {
            let mut fields = std::vec::Vec::new();
            while lines.has_more() {
                fields.push(String::from_utf8_lossy(lines.field(b':')).into_owned());
            }
            seen.push(fields);
        }
        lines.end().unwrap();
        seen
    }

    #[test]
    fn lines_and_fields_are_told_apart() {
        assert_eq!(lines_of(b"a:b:c\n\nd\n:e:"), [vec!["a", "b", "c"], vec![""], vec!["d"], vec!["", "e", ""]]);
        assert_eq!(lines_of(b"a:b"), [vec!["a", "b"]]);
        assert!(lines_of(b"").is_empty());
    }

    #[test]
    fn no_length_of_a_line_matters() {
        for length in [1023, 1024, 1025, 4096, 4097, 100_000] {
            let field = "x".repeat(length);
            let expected = if length > FIELD_BYTES { "" } else { &field };
            assert_eq!(lines_of(format!("{field}:b\nc").as_bytes()), [vec![expected, "b"], vec!["c"]], "{length}");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        assert_eq!(Lines::open(c"/").err(), Some(Errno::INVAL));
        assert_eq!(Lines::open(c"/dev/zero").err(), Some(Errno::INVAL));
        assert!(Lines::open(c"/no/such/file").unwrap().is_none());
    }

    #[test]
    fn a_file_that_is_too_long_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        let path = CString::new(file.path().as_os_str().as_bytes()).unwrap();
        let mut lines = Lines::open(&path).unwrap().unwrap();
        assert!(lines.next_line());
        assert_eq!(lines.field(b':'), b"");
        assert!(!lines.next_line());
        assert_eq!(lines.end(), Err(Errno::FBIG));
    }

    #[test]
    fn numbers_are_plain() {
        assert_eq!(number(b"4294967295"), Some(u32::MAX));
        for word in [b"".as_slice(), b"4294967296", b"1x", b"-1", b" 1"] {
            assert_eq!(number(word), None);
        }
    }
}
