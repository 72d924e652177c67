//! `--env-file`: read on the host, where its paths are.

use crate::config::{Config, EnvEdit};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::sys::file;
use crate::sys::once::Once;

/// How many bytes the environment files may have together.
const BYTES_MAX: usize = 256 * 1024;

/// Only touched where there is a file.
static TEXT: Once<[u8; BYTES_MAX]> = Once::new([0; BYTES_MAX]);

/// Reads every environment file. What comes of it is a text with a NUL behind it for each line that counts, and an
/// empty one behind the last of each file.
///
/// The caller's descriptors are still open, since a file may be one of them: `--env-file <(command)`.
pub(super) fn read_files(config: &Config) -> Result<&'static [u8], Error> {
    let edits = &config.surroundings.environment;
    if !edits.iter().any(|edit| matches!(edit, EnvEdit::File(_))) {
        return Ok(&[]);
    }
    let text = TEXT.take().ok_or(Errno::BUSY).at(Step::SetUp, Object::Place(Place::Environment))?;
    let mut length = 0;
    for (index, edit) in edits.iter().enumerate() {
        if let EnvEdit::File(path) = edit {
            let object = Object::EnvFile(index as u16);
            let free = text.get_mut(length..).unwrap_or_default();
            let file = file::open_read_waiting(path).at(Step::Read, object)?;
            let read = file::read_full(&file, free).at(Step::Read, object)?;
            file.close();
            length += keep_lines(free, read).map_err(|why| Error::because(Step::Read, object, why))?;
        }
    }
    Ok(text.get(..length).unwrap_or_default())
}

/// Where in a line the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Start,
    Comment,
    Name,
    Value,
}

/// Brings the lines that count together at the beginning of `text`, which holds `length` bytes of a file, as docker
/// reads them: blanks before a line, empty lines and those that begin with `#` do not count, nor does the carriage
/// return of another system. What comes of it is never longer than the file but by two bytes.
fn keep_lines(text: &mut [u8], length: usize) -> Result<usize, Why> {
    let mut kept = 0;
    let mut position = Position::Start;
    // The byte order mark of another system, if it is there.
    let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    for index in start..=length {
        // The end of the file ends a line, too.
        let byte = if index == length { b'\n' } else { text.get(index).copied().unwrap_or_default() };
        position = match (position, byte) {
            (Position::Start, b' ' | b'\t' | b'\r' | b'\n') => Position::Start,
            (Position::Comment, b'\n') => Position::Start,
            (Position::Comment, _) | (Position::Start, b'#') => Position::Comment,
            (Position::Start, b'=') | (Position::Name, b' ' | b'\t') | (_, 0) => return Err(Why::BadVariable),
            (_, b'\n') => {
                kept -= usize::from(text.get(..kept).is_some_and(|kept| kept.ends_with(b"\r")));
                put(text, &mut kept, 0)?;
                Position::Start
            }
            (now, byte) => {
                put(text, &mut kept, byte)?;
                if now == Position::Value || byte == b'=' { Position::Value } else { Position::Name }
            }
        };
    }
    put(text, &mut kept, 0)?;
    Ok(kept)
}

#[inline(never)]
fn put(text: &mut [u8], at: &mut usize, byte: u8) -> Result<(), Why> {
    *text.get_mut(*at).ok_or(Why::EnvFilesTooLarge)? = byte;
    *at += 1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(file: &[u8]) -> Result<std::vec::Vec<u8>, Why> {
        let mut text = file.to_vec();
        text.extend([0xaa; 2]);
        let length = keep_lines(&mut text, file.len())?;
        text.truncate(length);
        Ok(text)
    }

    #[test]
    fn lines_are_kept_as_docker_keeps_them() {
        for (file, expected) in [
            (b"".as_slice(), b"\0".as_slice()),
            (b"A=1\nB\n", b"A=1\0B\0\0"),
            (b"A=1", b"A=1\0\0"),
            (b"# no\n\n  \t\n\t A= b # c \n #x=1\nC==", b"A= b # c \0C==\0\0"),
            (b"A=1\r\nB\r\n\r\n", b"A=1\0B\0\0"),
            (b"\xef\xbb\xbfA=1\n", b"A=1\0\0"),
        ] {
            assert_eq!(kept(file).unwrap(), expected, "{:?}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn bad_lines_are_told() {
        for file in [b"=1".as_slice(), b"A B=1", b"A =1", b"A=\0", b"\0", b"A=1\n =\n"] {
            assert_eq!(kept(file), Err(Why::BadVariable), "{:?}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn a_file_that_fills_the_room_is_too_large() {
        assert_eq!(keep_lines(&mut b"A=1\n".to_vec(), 4), Err(Why::EnvFilesTooLarge));
        assert_eq!(keep_lines(&mut b"A=1\n\n".to_vec(), 5), Ok(5));
    }
}
