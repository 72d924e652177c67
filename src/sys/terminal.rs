//! Terminals and sessions.
use super::fd::Fd;
use super::process::{Pid, own_pid};
use super::{Result, call, done};
use crate::error::Errno;
use linux_raw_sys::ioctl;

/// Begins a session of the caller's own, without a terminal.
///
/// # Errors
/// EPERM where the caller leads a process group already.
pub fn new_session() -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(setsid) }
}

/// Whether the caller began its session.
#[must_use]
pub fn is_session_leader() -> bool {
    // SAFETY: no memory is involved; it cannot fail.
    let session = unsafe { call!(getsid, 0) };
    session == Ok(own_pid() as usize)
}

/// The caller's process group.
#[must_use]
pub fn own_group() -> Pid {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { call!(getpgid, 0) }.unwrap_or_default() as Pid
}

/// The process group in the foreground of the caller's controlling terminal, which this is; 0 where the caller's PID
/// namespace does not know it.
///
/// # Errors
/// ENOTTY where it is not, EIO where it is gone.
pub fn foreground_group(terminal: &Fd) -> Result<Pid> {
    let mut group: Pid = 0;
    // SAFETY: `group` is valid for a write.
    unsafe { done!(ioctl, terminal.number(), ioctl::TIOCGPGRP, &raw mut group) }?;
    Ok(group)
}

/// Puts a process group of the caller's session into the foreground. From the background, SIGTTOU must be blocked.
///
/// # Errors
/// See tcsetpgrp(3).
pub fn set_foreground_group(terminal: &Fd, group: Pid) -> Result<()> {
    // SAFETY: `group` is valid for reads.
    unsafe { done!(ioctl, terminal.number(), ioctl::TIOCSPGRP, &raw const group) }
}

/// Whether no process is left in a group. To kill(2) 0 and 1 mean others than a group; that of PID 1 has PID 1.
#[must_use]
pub fn is_deserted(group: Pid) -> bool {
    // SAFETY: no memory is involved.
    group > 1 && unsafe { done!(kill, -group, 0) } == Err(Errno::SRCH)
}
