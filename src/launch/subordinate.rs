//! `--userns auto`: the ids that /etc/subuid and /etc/subgid give to a user (subuid(5)).

use crate::config::IdRange;
use crate::error::{Errno, Error, Object, Place, Step, Why};
use crate::fields::{Lines, number};
use crate::id_map::{Kind, Ranges};
use heapless::Vec;

/// As long as a login name can be (LOGIN_NAME_MAX).
type Name = Vec<u8, 256>;

/// The caller's map: itself as 0, then all of its ranges, one behind the other.
pub(super) fn ranges(kind: Kind, own: u32, uid: u32) -> Result<Ranges, Error> {
    let (path, place) = match kind {
        Kind::Users => (c"/etc/subuid", Place::SubordinateUids),
        Kind::Groups => (c"/etc/subgid", Place::SubordinateGids),
    };
    let at = |errno| Error::new(Step::FindIds, Object::Place(place), errno);
    let name = name_of(uid).map_err(|errno| Error::new(Step::Read, Object::Place(Place::HostPasswd), errno))?;
    let mut ranges = Ranges::new();
    let mut push = |range| ranges.push(range).map_err(|_| at(Errno::TOO_BIG).because(Why::TooManyRanges));
    push(IdRange { inside: 0, outside: own, count: 1 })?;
    let mut inside = 1_u32;
    let mut lines = Lines::open(path).and_then(|lines| lines.ok_or(Errno::NOENT)).map_err(at)?;
    while lines.next_line() {
        let owner = lines.field(b':');
        let is_it = number(owner) == Some(uid) || !name.is_empty() && owner == name;
        let (outside, count) = (number(lines.field(b':')), number(lines.field(b':')));
        if let (true, Some(outside), Some(count @ 1..)) = (is_it, outside, count) {
            push(IdRange { inside, outside, count })?;
            inside = inside.checked_add(count).ok_or_else(|| at(Errno::OVERFLOW))?;
        }
    }
    lines.end().map_err(at)?;
    if inside == 1 {
        return Err(at(Errno::NOENT).because(Why::NoRange));
    }
    Ok(ranges)
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
