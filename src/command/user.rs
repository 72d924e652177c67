//! Who the command is: `--user`, by the root filesystem's own /etc/passwd and /etc/group, which may hold anything.

use crate::config::{Config, Userns};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::fields::{Lines, number};
use crate::handover::Handover;
use crate::sys::identity;
use crate::sys::once::Once;
use core::ffi::CStr;
use heapless::Vec;

/// How many supplementary groups a user may have.
const GROUPS_MAX: usize = 1024;
/// As long as a login name can be (LOGIN_NAME_MAX).
const NAME_BYTES: usize = 256;

/// `HOME=`, a path, NUL. Only touched with `--user`.
static HOME: Once<Vec<u8, 4102>> = Once::new(Vec::new());

/// What `--user` comes to.
pub(super) struct Account {
    uid: u32,
    gid: u32,
    groups: Vec<u32, GROUPS_MAX>,
    /// Empty for who is not listed.
    name: Vec<u8, NAME_BYTES>,
    /// The variable.
    pub(super) home: &'static CStr,
}

/// Looks the user up, where `--user` names one. On entry every path is the container's, and C still is who I is.
///
/// As docker has it: a number need not be listed, and then has group 0 and home `/`. The groups that list the user
/// come on top, unless a group is named.
pub(super) fn look_up(config: &Config) -> Result<Option<Account>, Error> {
    let Some(user) = config.identity.user else { return Ok(None) };
    let id = number(user.user);
    let mut account = Account { uid: id.unwrap_or(0), gid: 0, groups: Vec::new(), name: Vec::new(), home: c"HOME=/" };
    let (passwd, group) = (Object::Place(Place::Passwd), Object::Place(Place::Group));
    if !account.find(user.user, id).at(Step::Read, passwd)? && id.is_none() {
        return Err(Error::new(Step::Lookup, Object::User, Errno::NOENT).because(Why::NoSuchUser));
    }
    if let Some(wanted) = user.group {
        let found = number(wanted).map_or_else(|| find_group(wanted), |gid| Ok(Some(gid))).at(Step::Read, group)?;
        let missing = Error::new(Step::Lookup, Object::Group, Errno::NOENT).because(Why::NoSuchGroup);
        account.gid = found.ok_or(missing)?;
    } else if !account.name.is_empty() {
        account.find_groups().map_err(|errno| {
            let error = Error::new(Step::Read, group, errno);
            if errno == Errno::TOO_BIG { error.because(Why::TooManyGroups) } else { error }
        })?;
    }
    Ok(Some(account))
}

impl Account {
    /// Reads /etc/passwd: the first line for the user counts. A number is always an id, never a name.
    fn find(&mut self, wanted: &[u8], id: Option<u32>) -> Result<bool, Errno> {
        let Some(mut lines) = Lines::open(c"/etc/passwd")? else { return Ok(false) };
        while lines.next_line() {
            let name = Vec::from_slice(lines.field(b':')).unwrap_or_default();
            lines.field(b':');
            let (uid, gid) = (number(lines.field(b':')), number(lines.field(b':')));
            let is_it = if id.is_some() { uid == id } else { name == wanted };
            if let (true, Some(uid), Some(gid)) = (is_it, uid, gid) {
                lines.field(b':');
                self.home = match lines.field(b':') {
                    b"" => self.home,
                    directory => home(directory)?,
                };
                (self.uid, self.gid, self.name) = (uid, gid, name);
                return lines.end().map(|()| true);
            }
        }
        lines.end().map(|()| false)
    }

    /// Reads /etc/group: every group that lists the user.
    fn find_groups(&mut self) -> Result<(), Errno> {
        let Some(mut lines) = Lines::open(c"/etc/group")? else { return Ok(()) };
        while lines.next_line() {
            lines.field(b':');
            lines.field(b':');
            let gid = number(lines.field(b':'));
            while let (Some(gid), true) = (gid, lines.has_more()) {
                if lines.field(b',') == self.name {
                    self.groups.push(gid).map_err(|_| Errno::TOO_BIG)?;
                    break;
                }
            }
        }
        lines.end()
    }

    /// Makes C the user. What it may do as root of the container ends with that, as far as execve(2).
    pub(super) fn assume(&self, handover: &Handover) -> Result<(), Error> {
        match identity::set_groups(&self.groups) {
            // Who maps nothing but itself may not set groups, and so cannot drop its own either (user_namespaces(7)).
            Err(Errno::PERM) if may_not_set_groups(handover) => {}
            result => result.at(Step::SetGroups, Object::User)?,
        }
        identity::set_group(self.gid).at(Step::RunAs, Object::User)?;
        identity::set_user(self.uid).at(Step::RunAs, Object::User)
    }
}

/// The variable for this directory.
fn home(directory: &[u8]) -> Result<&'static CStr, Errno> {
    let home = HOME.take().ok_or(Errno::BUSY)?;
    for part in [b"HOME=", directory, b"\0"] {
        home.extend_from_slice(part).map_err(|_| Errno::NAMETOOLONG)?;
    }
    CStr::from_bytes_with_nul(home).map_err(|_| Errno::INVAL)
}

/// Whether setgroups(2) was denied with the id maps.
fn may_not_set_groups(handover: &Handover) -> bool {
    handover.credentials.euid != 0 || handover.config.identity.userns == Userns::KeepId
}

/// Reads /etc/group: the first line for this name counts.
fn find_group(wanted: &[u8]) -> Result<Option<u32>, Errno> {
    let Some(mut lines) = Lines::open(c"/etc/group")? else { return Ok(None) };
    while lines.next_line() {
        let is_it = lines.field(b':') == wanted;
        lines.field(b':');
        let gid = number(lines.field(b':'));
        if is_it && gid.is_some() {
            return lines.end().map(|()| gid);
        }
    }
    lines.end().map(|()| None)
}
