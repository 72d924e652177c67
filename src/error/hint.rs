//! What usually stands behind a failure, and what mends it: the second line of what engine says.

use super::errno::TEXTS as ERRNOS;
use super::{Errno, Error, Step};
use crate::words::{Line, Table};

/// What must hold on the host for a hint to be right. It is looked at only after something has failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Condition {
    /// Nothing more.
    Always,
    /// AppArmor restricts unprivileged user namespaces.
    AppArmor,
    /// kernel.unprivileged_userns_clone is 0.
    UsernsCloneIsOff,
    /// The root of this process was changed by chroot(2).
    InChroot,
    /// There is a seccomp filter around engine.
    Filtered,
}

/// A failure that a hint explains, where the condition holds.
struct Cause {
    step: Step,
    /// Its number: a byte, since there are many.
    errno: u8,
    condition: Condition,
}

/// Hints: condition and text of each, and the failures it is said of.
macro_rules! hints {
    ($($condition:ident, $text:literal: $($step:ident $errno:ident),*;)*) => {
        /// The hints.
        pub const TEXTS: Table = Table::after(&ERRNOS, concat!($($text, "\0",)*));
        /// The causes of the first hint, and `None` behind them; those of the second; and so on.
        const CAUSES: &[Option<Cause>] = &[$(
            $(Some(Cause { step: Step::$step, errno: Errno::$errno.number() as u8, condition: Condition::$condition }),)*
            None,
        )*];
    };
}

// The first that holds is said.
hints! {
    InChroot, "in a chroot the kernel makes no user namespace": MakeNamespaces PERM;
    UsernsCloneIsOff, "sysctl kernel.unprivileged_userns_clone=1 allows it": MakeNamespaces PERM;
    AppArmor, "AppArmor keeps user namespaces from unconfined programs: \
        sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give engine the profile in its README":
        MapIds PERM, MapIds ACCES, MakeNamespaces PERM;
    Filtered, "a seccomp filter around engine forbids it: \
        with docker, --security-opt seccomp=unconfined; in a systemd unit, RestrictNamespaces=no":
        MakeNamespaces PERM, EnterRoot PERM, OpenRoot PERM;
    Always, "one of the sysctls user.max_*_namespaces is 0 or reached, or namespaces are nested 32 deep":
        MakeNamespaces NOSPC, MakeNamespaces USERS;
    Always, "this kernel lacks a kind of namespace (CONFIG_USER_NS?); \
        as root, --userns host does without user namespaces": MakeNamespaces INVAL;
    Always, "there is no such id in the container: map it, with --userns auto or --uidmap and --gidmap":
        RunAs INVAL, SetGroups INVAL;
    Always, "only who has CAP_SYS_ADMIN over that network namespace may join it: root": Join PERM;
    Always, "usermod --add-subuids and --add-subgids give the user some": FindIds NOENT;
    Always, "an outer container masks /proc; allow it there, or use --proc bind or --proc none": MountProc PERM;
    Always, "pivot_root does not leave an initramfs; switch_root to another filesystem first": EnterRoot INVAL;
    Always, "overlays in a user namespace need Linux 5.11 with CONFIG_OVERLAY_FS, and a root that they take":
        Overlay PERM, Overlay INVAL, Overlay NODEV;
    Always, "the mount API (open_tree, fsopen, move_mount) needs Linux 5.2":
        OpenRoot NOSYS, Bind NOSYS, Mount NOSYS, MountProc NOSYS;
    Always, "nothing is mounted over / and below /proc": Mount BUSY;
    Always, "with norec, what the mounts below it hide would show": Bind INVAL;
    Always, "give engine a cgroup: systemd-run --user --scope -p Delegate=yes engine ...":
        MakeCgroup ACCES, MakeCgroup ROFS, MakeCgroup NOENT, SetLimit ACCES, SetLimit BUSY, SetLimit NOENT;
    Always, "mount_setattr needs Linux 5.12": ProtectRoot NOSYS;
}

impl Error {
    /// What to say below this failure, if anything is known of it.
    #[must_use]
    pub fn hint(self, holds: impl Fn(Condition) -> bool) -> Option<Line> {
        let mut index = 0;
        for cause in CAUSES {
            match cause {
                Some(cause) if self.is(cause.step, Errno::new(u16::from(cause.errno))) && holds(cause.condition) => {
                    return Some(TEXTS.line(index));
                }
                Some(_) => {}
                None => index += 1,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Object, Place};
    use super::*;
    use crate::words::Texts;

    fn hint(step: Step, errno: Errno, condition: Condition) -> Option<&'static str> {
        let error = Error::new(step, Object::Place(Place::Nothing), errno);
        let line = error.hint(|other| other == condition);
        line.map(|line| str::from_utf8(Texts::plain(&TEXTS).line(line)).unwrap())
    }

    #[test]
    fn a_failure_has_the_first_hint_whose_condition_holds() {
        for (condition, start) in [
            (Condition::InChroot, "in a chroot"),
            (Condition::UsernsCloneIsOff, "sysctl kernel.unprivileged"),
            (Condition::AppArmor, "AppArmor"),
            (Condition::Filtered, "a seccomp filter"),
        ] {
            assert!(hint(Step::MakeNamespaces, Errno::PERM, condition).unwrap().starts_with(start), "{condition:?}");
        }
        assert_eq!(hint(Step::MakeNamespaces, Errno::PERM, Condition::Always), None);
        assert_eq!(hint(Step::Mount, Errno::PERM, Condition::Always), None);
        let last = hint(Step::ProtectRoot, Errno::NOSYS, Condition::Always);
        assert_eq!(last, Some("mount_setattr needs Linux 5.12"));
    }

    #[test]
    fn what_has_a_cause_of_its_own_needs_no_hint() {
        let error = Error::because(Step::Mount, Object::Rootfs, super::super::Why::NotOrdinaryDirectory);
        assert_eq!(error.hint(|_| true), None);
    }
}
