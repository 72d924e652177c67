//! Who is listed in /etc/passwd and /etc/group: of the host, where O asks, and of the root filesystem, where C does.

use crate::error::Errno;
use crate::fields;
use crate::sys::digits;
use heapless::Vec;

/// As long as a login name can be (LOGIN_NAME_MAX). A longer one counts as none.
const NAME_BYTES: usize = 256;

/// A user.
pub struct Account {
    /// The user's id.
    pub uid: u32,
    /// The id of its group.
    pub gid: u32,
    /// Its name; empty for who is not listed.
    pub name: Vec<u8, NAME_BYTES>,
    /// Its directory; empty where there is none.
    pub home: Vec<u8, 4096>,
}

impl Account {
    /// Nobody yet: all zeros.
    pub const NOBODY: Self = Self { uid: 0, gid: 0, name: Vec::new(), home: Vec::new() };

    /// Reads /etc/passwd: the first line for the user counts. A number is always an id, never a name. False where the
    /// user is not listed, which leaves a number its id and group 0.
    ///
    /// # Errors
    /// See [`fields::read`].
    pub fn find(&mut self, wanted: &[u8]) -> Result<bool, Errno> {
        let id = digits::read(wanted);
        self.uid = id.unwrap_or_default();
        fields::read(c"/etc/passwd", &mut |lines| {
            self.name.clear();
            // What does not fit is left empty.
            let _ = self.name.extend_from_slice(lines.field(b':'));
            lines.field(b':');
            let (Some(uid), Some(gid)) = (lines.number(), lines.number()) else { return false };
            if id.map_or(self.name != wanted, |id| uid != id) {
                return false;
            }
            (self.uid, self.gid) = (uid, gid);
            lines.field(b':');
            // As long as a field can be.
            let _ = self.home.extend_from_slice(lines.field(b':'));
            true
        })
    }
}

/// Reads /etc/group: `visit` gets the id of each group that is named `name` or that lists `member`, until it says that
/// it has seen enough; says whether it did. An empty name is nobody's.
///
/// # Errors
/// See [`fields::read`].
pub fn groups(name: &[u8], member: &[u8], visit: &mut dyn FnMut(u32) -> bool) -> Result<bool, Errno> {
    fields::read(c"/etc/group", &mut |lines| {
        let is = |field: &[u8], wanted: &[u8]| !field.is_empty() && field == wanted;
        let mut is_it = is(lines.field(b':'), name);
        lines.field(b':');
        let gid = lines.number();
        while lines.has_more() {
            is_it |= is(lines.field(b','), member);
        }
        is_it && gid.is_some_and(&mut *visit)
    })
}
