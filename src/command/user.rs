//! Who the command is: `--user`, by the root filesystem's own /etc/passwd and /etc/group, which may hold anything.

use crate::accounts::{self, Account};
use crate::config::{Config, Userns};
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::handover::Handover;
use crate::sys::digits;
use crate::sys::identity;
use crate::sys::once::Once;
use crate::sys::text::PathBuffer;
use core::ffi::CStr;
use heapless::Vec;

/// How many supplementary groups a user may have.
const GROUPS_MAX: usize = 1024;

/// What `--user` comes to.
pub(super) struct User {
    account: Account,
    groups: Vec<u32, GROUPS_MAX>,
    /// `HOME=` and a path.
    home: PathBuffer,
}

/// Only touched with `--user`. On the stack, its pages would be touched wherever the function begins that has it.
static USER: Once<User> = Once::new(User { account: Account::NOBODY, groups: Vec::new(), home: PathBuffer::new() });

/// Looks the user up, where `--user` names one. On entry every path is the container's, and C still is who I is.
///
/// As docker has it: a number need not be listed, and then has group 0 and home `/`. The groups that list the user
/// come on top, unless a group is named.
pub(super) fn look_up(config: &Config) -> Result<Option<&'static User>, Error> {
    let Some(wanted) = config.identity.user else { return Ok(None) };
    let user = USER.take().ok_or(Errno::BUSY).at(Step::Read, Object::Place(Place::Passwd))?;
    let account = &mut user.account;
    let listed = account.find(wanted.user).at(Step::Read, Object::Place(Place::Passwd))?;
    if !listed && digits::read(wanted.user).is_none() {
        return Err(Error::because(Step::Lookup, Object::User, Why::NoSuchUser));
    }
    let directory = if account.home.is_empty() { b"/" } else { account.home.as_slice() };
    user.home.push(b"HOME=").and_then(|()| user.home.push(directory)).at(Step::Read, Object::Place(Place::Passwd))?;
    if let Some(group) = wanted.group {
        account.gid = find_group(group)?;
    } else if listed {
        let full = accounts::groups(b"", &account.name, &mut |gid| user.groups.push(gid).is_err());
        if full.at(Step::Read, Object::Place(Place::Group))? {
            return Err(Error::because(Step::SetGroups, Object::User, Why::TooManyGroups));
        }
    }
    Ok(Some(user))
}

/// The group that is named behind the user.
fn find_group(wanted: &[u8]) -> Result<u32, Error> {
    let mut found = digits::read(wanted);
    if found.is_none() {
        let note = &mut |gid| {
            found = Some(gid);
            true
        };
        accounts::groups(wanted, b"", note).at(Step::Read, Object::Place(Place::Group))?;
    }
    found.ok_or(Error::because(Step::Lookup, Object::Group, Why::NoSuchGroup))
}

impl User {
    /// The variable that says where it is at home.
    pub(super) fn home(&self) -> &CStr {
        &self.home
    }

    /// Makes C the user. What it may do as root of the container ends with that, as far as execve(2).
    pub(super) fn assume(&self, handover: &Handover) -> Result<(), Error> {
        match identity::set_groups(&self.groups) {
            // Who maps nothing but itself may not set groups, and so cannot drop its own either (user_namespaces(7)).
            Err(Errno::PERM) if may_not_set_groups(handover) => {}
            result => result.at(Step::SetGroups, Object::User)?,
        }
        identity::set_group(self.account.gid).at(Step::RunAs, Object::User)?;
        identity::set_user(self.account.uid).at(Step::RunAs, Object::User)
    }
}

/// Whether setgroups(2) was denied with the id maps.
fn may_not_set_groups(handover: &Handover) -> bool {
    handover.credentials.euid != 0 || handover.config.identity.userns == Userns::KeepId
}
