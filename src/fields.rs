//! Files of lines with fields between colons: passwd(5), group(5), subuid(5). Read a piece at a time, so that neither
//! the length of a file nor that of a line matters, and up to a limit, so that no file takes for ever.

use crate::error::Errno;
use crate::sys::digits;
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

/// Shows `visit` the lines of a file, one after the other, until it says that it has seen enough; says whether it did.
/// A file that is not there has no lines. Nothing but a regular file is read, and a fifo is not waited for.
///
/// # Errors
/// See open(2) and read(2); EINVAL where it is no regular file; EFBIG where it is too long; what [`Lines::fail`] was
/// told. A field that could not be read to its end has been shown as an empty one.
#[inline(never)]
pub fn read(path: &CStr, visit: &mut dyn FnMut(&mut Lines) -> bool) -> Result<bool, Errno> {
    let file = match file::open_read(Dir::HERE, path) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(false),
        result => result?,
    };
    match file::kind(Dir::at(&file), c"") {
        Ok(Kind::Regular) => read_open(file, visit),
        kind => {
            file.close();
            kind.and(Err(Errno::INVAL))
        }
    }
}

/// The same for a file that is open.
///
/// # Errors
/// As [`read`].
#[inline(never)]
pub fn read_open(file: Fd, visit: &mut dyn FnMut(&mut Lines) -> bool) -> Result<bool, Errno> {
    let (next, filled, left) = (0, 0, FILE_BYTES);
    let mut lines =
        Lines { file, buffer: [0; 1024], next, filled, left, in_line: false, failure: None, field: Vec::new() };
    let mut enough = false;
    while !enough && lines.next_line() {
        enough = visit(&mut lines);
    }
    lines.file.close();
    lines.failure.map_or(Ok(enough), Err)
}

impl Lines {
    /// Goes to the beginning of the next line; false where there is none.
    fn next_line(&mut self) -> bool {
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

    /// The next field as a number, if it is one.
    #[inline(never)]
    pub fn number(&mut self) -> Option<u32> {
        digits::read(self.field(b':'))
    }

    /// Ends the reading with a failure of the reader's.
    pub fn fail(&mut self, errno: Errno) {
        self.failure = Some(errno);
    }

    #[inline(never)]
    fn byte(&mut self) -> Option<u8> {
        if self.failure.is_some() {
            return None;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt as _;

    fn lines_of(text: &[u8]) -> std::vec::Vec<std::vec::Vec<String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let path = CString::new(file.path().as_os_str().as_bytes()).unwrap();
        let mut seen = std::vec::Vec::new();
        let enough = read(&path, &mut |lines| {
            let mut fields = std::vec::Vec::new();
            while lines.has_more() {
                fields.push(String::from_utf8_lossy(lines.field(b':')).into_owned());
            }
            seen.push(fields);
            false
        });
        assert_eq!(enough, Ok(false));
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
        assert_eq!(read(c"/", &mut |_| true), Err(Errno::INVAL));
        assert_eq!(read(c"/dev/zero", &mut |_| true), Err(Errno::INVAL));
        assert_eq!(read(c"/no/such/file", &mut |_| true), Ok(false));
    }

    #[test]
    fn a_file_that_is_too_long_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        let path = CString::new(file.path().as_os_str().as_bytes()).unwrap();
        assert_eq!(read(&path, &mut |lines| !lines.field(b':').is_empty()), Err(Errno::FBIG));
        assert_eq!(read(&path, &mut |_| true), Ok(true));
    }

    #[test]
    fn the_reader_can_stop_and_fail() {
        let mut seen = 0;
        let stop = read(c"/proc/self/status", &mut |_| {
            seen += 1;
            seen == 2
        });
        assert_eq!((stop, seen), (Ok(true), 2));
        let fail = |lines: &mut Lines| {
            lines.fail(Errno::TOO_BIG);
            true
        };
        assert_eq!(read(c"/proc/self/status", &mut { fail }), Err(Errno::TOO_BIG));
    }
}
