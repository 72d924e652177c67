//! `--userns auto`: the ids that /etc/subuid and /etc/subgid give to a user (subuid(5)).

use crate::config::IdRange;
use crate::error::{Errno, Error, Object, Place, Step, Why};
use crate::fields::{Lines, number};
use crate::id_map::{Kind, Ranges};
use core::ffi::CStr;
use heapless::Vec;

/// As long as a login name can be (LOGIN_NAME_MAX).
type Name = Vec<u8, 256>;

/// The caller's map: itself as 0, then all of its ranges, one behind the other.
#[inline(never)]
pub(super) fn ranges(kind: Kind, own: u32, uid: u32) -> Result<Ranges, Error> {
    let (path, place) = match kind {
        Kind::Users => (c"/etc/subuid", Place::SubordinateUids),
        Kind::Groups => (c"/etc/subgid", Place::SubordinateGids),
    };
    let mut ranges = Ranges::from_array([IdRange { inside: 0, outside: own, count: 1 }]);
    let why = match read(path, uid, &mut ranges) {
        Ok(()) if ranges.len() > 1 => return Ok(ranges),
        Ok(()) => (Errno::NOENT, Why::NoRange),
        Err(Errno::TOO_BIG) => (Errno::TOO_BIG, Why::TooManyRanges),
        Err(errno) => (errno, Why::Errno),
    };
    Err(Error::new(Step::FindIds, Object::Place(place), why.0).because(why.1))
}

/// Reads the file, where it is.
fn read(path: &CStr, uid: u32, ranges: &mut Ranges) -> Result<(), Errno> {
    let name = name_of(uid)?;
    let Some(mut lines) = Lines::open(path)? else { return Ok(()) };
    let mut inside = 1_u32;
    while lines.next_line() {
        let owner = lines.field(b':');
        let is_it = number(owner) == Some(uid) || !name.is_empty() && owner == name;
        let (outside, count) = (number(lines.field(b':')), number(lines.field(b':')));
        if let (true, Some(outside), Some(count @ 1..)) = (is_it, outside, count) {
            ranges.push(IdRange { inside, outside, count }).map_err(|_| Errno::TOO_BIG)?;
            inside = inside.checked_add(count).ok_or(Errno::OVERFLOW)?;
        }
    }
    lines.end()
}

/// The caller's name on the host; empty where it has none.
fn name_of(uid: u32) -> Result<Name, Errno> {
    let Some(mut lines) = Lines::open(c"/etc/passwd")? else { return Ok(Name::new()) };
    while lines.next_line() {
        let name = Name::from_slice(lines.field(b':')).unwrap_or_default();
        lines.field(b':');
        if number(lines.field(b':')) == Some(uid) {
            return lines.end().map(|()| name);
        }
    }
    lines.end().map(|()| Name::new())
}
