//! Id maps: which user and group ids of a user namespace are which of its parent (user_namespaces(7)).
//!
//! O writes I's, from the host; as root, I writes C's, from the container. Both through a procfs that is known to be one.

use crate::config::{IdRange, MAP_LINES_MAX};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::fields::{self, Lines, number};
use crate::sys::fd::{Dir, Fd};
use crate::sys::file;
use crate::sys::process::Pid;
use core::ffi::CStr;
use heapless::{Vec, VecView};

/// Users or groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// User ids.
    Users,
    /// Group ids.
    Groups,
}

impl Kind {
    /// The file below /proc/PID.
    const fn file(self) -> &'static CStr {
        match self {
            Self::Users => c"uid_map",
            Self::Groups => c"gid_map",
        }
    }

    const fn own_file(self) -> &'static CStr {
        match self {
            Self::Users => c"/proc/self/uid_map",
            Self::Groups => c"/proc/self/gid_map",
        }
    }

    const fn object(self) -> Object {
        match self {
            Self::Users => Object::Place(Place::UidMap),
            Self::Groups => Object::Place(Place::GidMap),
        }
    }
}

/// The kernel takes no more than a page at once.
const TEXT_BYTES: usize = 4096;

/// The lines of a map.
pub type Ranges = Vec<IdRange, MAP_LINES_MAX>;

/// Every id of the caller's own namespace, each mapped onto itself.
///
/// # Errors
/// See open(2) and read(2); E2BIG for more lines than Linux has.
pub fn identity(kind: Kind) -> Result<Ranges, Error> {
    let mut ranges = Ranges::new();
    let collect = &mut |lines: &mut Lines| {
        let mut numbers = [0_u32; 3];
        for value in &mut numbers {
            let mut word = None;
            // The kernel pads the columns with blanks.
            while word.is_none() && lines.has_more() {
                word = number(lines.field(b' '));
            }
            *value = word.unwrap_or_default();
        }
        let [inside, _, count] = numbers;
        if ranges.push(IdRange { inside, outside: inside, count }).is_err() {
            lines.fail(Errno::TOO_BIG);
        }
        false
    };
    file::open_read(Dir::Here, kind.own_file())
        .and_then(|file| fields::read_open(file, collect))
        .at(Step::Read, kind.object())?;
    Ok(ranges)
}

/// The directory of a process in the procfs at /proc; checked to be one, since whoever can put another filesystem there
/// could make engine believe in maps that were never written.
///
/// # Errors
/// See open(2) and statfs(2).
pub fn process_directory(pid: Pid) -> Result<Fd, Error> {
    let proc = Object::Place(Place::Proc);
    let process = open_process(pid).at(Step::Open, proc)?;
    if !file::is_procfs(&process).at(Step::Open, proc)? {
        return Err(Error::new(Step::Open, proc, Errno::INVAL).because(Why::NotProcfs));
    }
    Ok(process)
}

fn open_process(pid: Pid) -> Result<Fd, Errno> {
    let mut path = Vec::<u8, 32>::from_array(*b"/proc/");
    push_number(&mut path, pid.unsigned_abs())?;
    path.push(0).map_err(|_| Errno::TOO_BIG)?;
    file::open_directory(Dir::Here, CStr::from_bytes_until_nul(&path).map_err(|_| Errno::INVAL)?)
}

/// Writes a map; `process` is what [`process_directory`] gave. The kernel takes a map once, in one write or not at all.
///
/// # Errors
/// EPERM where the caller may not map these ids, E2BIG where the text of the map is longer than a page.
pub fn write(process: &Fd, kind: Kind, ranges: &[IdRange]) -> Result<(), Error> {
    write_text(process, kind, ranges).at(Step::MapIds, kind.object())
}

fn write_text(process: &Fd, kind: Kind, ranges: &[IdRange]) -> Result<(), Errno> {
    let mut text = Vec::<u8, TEXT_BYTES>::new();
    for range in ranges {
        for (value, end) in [(range.inside, b' '), (range.outside, b' '), (range.count, b'\n')] {
            push_number(&mut text, value)?;
            text.push(end).map_err(|_| Errno::TOO_BIG)?;
        }
    }
    put(process, kind.file(), &text)
}

/// Denies setgroups(2) to the namespace of a process: who may not set groups may not drop them either, and a group can
/// be a reason to be refused something. The kernel wants it before an unprivileged gid map.
///
/// # Errors
/// See write(2).
pub fn deny_setgroups(process: &Fd) -> Result<(), Error> {
    put(process, c"setgroups", b"deny").at(Step::MapIds, Object::Place(Place::Setgroups))
}

fn put(process: &Fd, name: &CStr, text: &[u8]) -> Result<(), Errno> {
    let fd = file::open_write(Dir::At(process), name)?;
    let written = file::write_all(fd.number(), text);
    fd.close();
    written
}

/// Puts the digits of a number behind a text.
///
/// # Errors
/// E2BIG where they do not fit.
pub fn push_number(text: &mut VecView<u8>, value: u32) -> Result<(), Errno> {
    if value >= 10 {
        push_number(text, value / 10)?;
    }
    text.push(b'0' + (value % 10) as u8).map_err(|_| Errno::TOO_BIG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_are_written_as_they_are_read() {
        for value in [0, 7, 10, 65_534, 100_000, u32::MAX] {
            let mut text = Vec::<u8, 16>::new();
            push_number(&mut text, value).unwrap();
            assert_eq!(&text[..], value.to_string().as_bytes());
            assert_eq!(number(&text), Some(value));
        }
    }

    #[test]
    fn a_number_that_does_not_fit_is_an_error() {
        assert_eq!(push_number(&mut Vec::<u8, 3>::new(), 1000), Err(Errno::TOO_BIG));
    }
}
