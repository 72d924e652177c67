//! What usually stands behind a failure, and what mends it: the second line of what engine says.
//!
//! A row holds for a step and an errno, where its condition does. The conditions look at the host, and only after
//! something has failed.

use crate::error::{Errno, Error, Step};
use crate::sys::fd::Dir;
use crate::sys::file;
use core::ffi::CStr;

/// One known cause.
struct Cause {
    step: Step,
    errno: Errno,
    holds: fn() -> bool,
    hint: &'static str,
}

const fn cause(step: Step, errno: Errno, holds: fn() -> bool, hint: &'static str) -> Cause {
    Cause { step, errno, holds, hint }
}

const APPARMOR: &str = "AppArmor keeps user namespaces from unconfined programs: \
    sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give engine the profile in its README";
const TOO_MANY: &str = "one of the sysctls user.max_*_namespaces is 0 or reached, or namespaces are nested 32 deep";
const NO_MOUNT_API: &str = "the mount API (open_tree, fsopen, move_mount) needs Linux 5.2";
const NOT_MAPPED: &str = "there is no such id in the container: map it, with --userns auto or --uidmap and --gidmap";
const OLD_OVERLAY: &str =
    "overlays in a user namespace need Linux 5.11 with CONFIG_OVERLAY_FS, and a root that they take";
const SECCOMP: &str = "a seccomp filter around engine forbids it: \
    with docker, --security-opt seccomp=unconfined; in a systemd unit, RestrictNamespaces=no";

/// The first that holds is said.
const CAUSES: &[Cause] = &[
    cause(Step::MapIds, Errno::PERM, apparmor_restricts, APPARMOR),
    cause(Step::MapIds, Errno::ACCES, apparmor_restricts, APPARMOR),
    cause(Step::MakeNamespaces, Errno::PERM, in_chroot, "in a chroot the kernel makes no user namespace"),
    cause(
        Step::MakeNamespaces,
        Errno::PERM,
        userns_clone_is_off,
        "sysctl kernel.unprivileged_userns_clone=1 allows it",
    ),
    cause(Step::MakeNamespaces, Errno::PERM, apparmor_restricts, APPARMOR),
    cause(Step::MakeNamespaces, Errno::PERM, filtered, SECCOMP),
    cause(Step::MakeNamespaces, Errno::NOSPC, always, TOO_MANY),
    cause(Step::MakeNamespaces, Errno::USERS, always, TOO_MANY),
    cause(
        Step::MakeNamespaces,
        Errno::INVAL,
        always,
        "this kernel lacks a kind of namespace (CONFIG_USER_NS?); as root, --userns host does without user namespaces",
    ),
    cause(Step::RunAs, Errno::INVAL, always, NOT_MAPPED),
    cause(Step::SetGroups, Errno::INVAL, always, NOT_MAPPED),
    cause(Step::Join, Errno::PERM, always, "only who has CAP_SYS_ADMIN over that network namespace may join it: root"),
    cause(Step::FindIds, Errno::NOENT, always, "usermod --add-subuids and --add-subgids give the user some"),
    cause(
        Step::MountProc,
        Errno::PERM,
        always,
        "an outer container masks /proc; allow it there, or use --proc bind or --proc none",
    ),
    cause(
        Step::EnterRoot,
        Errno::INVAL,
        always,
        "pivot_root does not leave an initramfs; switch_root to another filesystem first",
    ),
    cause(Step::Overlay, Errno::PERM, always, OLD_OVERLAY),
    cause(Step::Overlay, Errno::INVAL, always, OLD_OVERLAY),
    cause(Step::Overlay, Errno::NODEV, always, OLD_OVERLAY),
    cause(Step::OpenRoot, Errno::NOSYS, always, NO_MOUNT_API),
    cause(Step::Bind, Errno::NOSYS, always, NO_MOUNT_API),
    cause(Step::Mount, Errno::NOSYS, always, NO_MOUNT_API),
    cause(Step::MountProc, Errno::NOSYS, always, NO_MOUNT_API),
    cause(Step::EnterRoot, Errno::PERM, filtered, SECCOMP),
    cause(Step::OpenRoot, Errno::PERM, filtered, SECCOMP),
    cause(Step::Mount, Errno::BUSY, always, "nothing is mounted over / and below /proc"),
    cause(Step::Bind, Errno::INVAL, always, "with norec, what the mounts below it hide would show"),
    cause(Step::ProtectRoot, Errno::NOSYS, always, "mount_setattr needs Linux 5.12"),
];

/// What to say below this failure, if anything is known of it.
pub(super) fn hint(error: Error) -> Option<&'static str> {
    let known = CAUSES.iter().filter(|cause| error.is(cause.step, cause.errno));
    known.into_iter().find(|cause| (cause.holds)()).map(|cause| cause.hint)
}

fn always() -> bool {
    true
}

fn apparmor_restricts() -> bool {
    begins_with(c"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", b"1")
}

fn userns_clone_is_off() -> bool {
    begins_with(c"/proc/sys/kernel/unprivileged_userns_clone", b"0")
}

/// The root of a process is the root of a mount, unless somebody has changed it by chroot(2).
fn in_chroot() -> bool {
    file::is_mount_root(Dir::Here, c"/") == Ok(false)
}

/// `Seccomp: 2` in /proc/self/status.
fn filtered() -> bool {
    let mut text = [0; 4096];
    let Ok(length) = file::open_read(Dir::Here, c"/proc/self/status").and_then(|fd| file::read_full(&fd, &mut text))
    else {
        return false;
    };
    text.get(..length).unwrap_or_default().windows(12).any(|window| window == b"\nSeccomp:\t2\n".as_slice())
}

fn begins_with(path: &CStr, value: &[u8]) -> bool {
    let mut text = [0; 1];
    file::open_read(Dir::Here, path).and_then(|fd| file::read_full(&fd, &mut text)).is_ok() && text == value
}
