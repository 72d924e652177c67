//! Id maps: which user and group ids of a user namespace are which of its parent (user_namespaces(7)).
//!
//! O writes I's, from the host; as root, I writes C's, from the container. Both through a procfs that is known to be one.

use crate::config::{IdRange, MAP_LINES_MAX};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::sys::fd::{Dir, Fd};
use crate::sys::file;
use crate::sys::process::Pid;
use core::ffi::CStr;
use heapless::{CString, Vec};

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
/// See open(2) and read(2).
pub fn identity(kind: Kind) -> Result<Ranges, Error> {
    let mut text = [0; TEXT_BYTES];
    let own = file::open_read(Dir::Here, kind.own_file()).at(Step::Read, kind.object())?;
    let length = file::read_full(&own, &mut text).at(Step::Read, kind.object())?;
    own.close();
    let words = text.get(..length).unwrap_or_default().split(u8::is_ascii_whitespace);
    let mut numbers = words.filter(|word| !word.is_empty()).filter_map(number);
    let mut ranges = Ranges::new();
    while let (Some(inside), Some(_), Some(count)) = (numbers.next(), numbers.next(), numbers.next()) {
        let range = IdRange { inside, outside: inside, count };
        ranges.push(range).map_err(|_| Errno::TOO_BIG).at(Step::Read, kind.object())?;
    }
    Ok(ranges)
}

/// A plain decimal number.
fn number(word: &[u8]) -> Option<u32> {
    word.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// The directory of a process in the procfs at /proc; checked to be one, since whoever can put another filesystem there
/// could make engine believe in maps that were never written.
///
/// # Errors
/// See open(2) and statfs(2).
pub fn process_directory(pid: Pid) -> Result<Fd, Error> {
    let proc = Object::Place(Place::Proc);
    let mut path = Vec::<u8, 32>::new();
    let mut name = CString::<32>::new();
    path.extend_from_slice(b"/proc/").map_err(|_| Errno::TOO_BIG).at(Step::Open, proc)?;
    push_number(&mut path, pid.unsigned_abs()).at(Step::Open, proc)?;
    name.extend_from_bytes(&path).map_err(|_| Errno::TOO_BIG).at(Step::Open, proc)?;
    let process = file::open_directory(Dir::Here, &name).at(Step::Open, proc)?;
    if !file::is_procfs(&process).at(Step::Open, proc)? {
        return Err(Error::new(Step::Open, proc, Errno::INVAL).because(Why::NotProcfs));
    }
    Ok(process)
}

/// Writes a map; `process` is what [`process_directory`] gave. The kernel takes a map once, in one write or not at all.
///
/// # Errors
/// EPERM where the caller may not map these ids, E2BIG where the text of the map is longer than a page.
pub fn write(process: &Fd, kind: Kind, ranges: &[IdRange]) -> Result<(), Error> {
    let mut text = Vec::<u8, TEXT_BYTES>::new();
    for range in ranges {
        for (value, end) in [(range.inside, b' '), (range.outside, b' '), (range.count, b'\n')] {
            push_number(&mut text, value).at(Step::MapIds, kind.object())?;
            text.push(end).map_err(|_| Errno::TOO_BIG).at(Step::MapIds, kind.object())?;
        }
    }
    put(process, kind.file(), &text).at(Step::MapIds, kind.object())
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

fn push_number<const N: usize>(text: &mut Vec<u8, N>, value: u32) -> Result<(), Errno> {
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
        assert_eq!(number(b"4294967296"), None);
        assert_eq!(number(b"1x"), None);
    }

    #[test]
    fn a_number_that_does_not_fit_is_an_error() {
        assert_eq!(push_number(&mut Vec::<u8, 3>::new(), 1000), Err(Errno::TOO_BIG));
    }
}
