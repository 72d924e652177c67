//! `--userns auto`: the ids that /etc/subuid and /etc/subgid give to a user (subuid(5)).

use crate::accounts::Account;
use crate::config::IdRange;
use crate::error::{Errno, Error, Object, Place, Step, Why};
use crate::fields;
use crate::id_map::{Kind, Ranges};
use crate::sys::digits::decimal;
use core::ffi::CStr;

/// The caller's map: itself as 0, then all of its ranges, one behind the other.
#[inline(never)]
pub(super) fn ranges(kind: Kind, own: u32, uid: u32) -> Result<Ranges, Error> {
    let (path, place) = match kind {
        Kind::Users => (c"/etc/subuid", Place::SubordinateUids),
        Kind::Groups => (c"/etc/subgid", Place::SubordinateGids),
    };
    let mut ranges = Ranges::from_array([IdRange { inside: 0, outside: own, count: 1 }]);
    let (step, object) = (Step::FindIds, Object::Place(place));
    Err(match read(path, uid, &mut ranges) {
        Ok(_) if ranges.len() > 1 => return Ok(ranges),
        Ok(_) => Error::because(step, object, Why::NoRange),
        Err(Errno::TOO_BIG) => Error::because(step, object, Why::TooManyRanges),
        Err(errno) => Error::new(step, object, errno),
    })
}

/// Reads the file, where it is.
fn read(path: &CStr, uid: u32, ranges: &mut Ranges) -> Result<bool, Errno> {
    let mut account = Account::NOBODY;
    let mut room = [0; 40];
    let digits = decimal(b"", uid, &mut room).to_bytes();
    account.find(digits)?;
    let mut inside = 1_u32;
    fields::read(path, &mut |lines| {
        let owner = lines.field(b':');
        let is_it = owner == digits || !owner.is_empty() && owner == account.name;
        if let (true, Some(outside), Some(count @ 1..)) = (is_it, lines.number(), lines.number()) {
            match inside.checked_add(count) {
                Some(next) if ranges.push(IdRange { inside, outside, count }).is_ok() => inside = next,
                _ => lines.fail(Errno::TOO_BIG),
            }
        }
        false
    })
}
