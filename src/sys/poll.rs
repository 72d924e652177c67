//! Waiting for several descriptors at once.

use super::fd::Fd;
use super::{Result, done};
use linux_raw_sys::general as kernel;

/// One descriptor to wait for, and what came of it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Waiting(kernel::pollfd);

impl Waiting {
    /// Until there is something to read, or the other end is gone.
    #[must_use]
    pub const fn to_read(fd: &Fd) -> Self {
        Self(kernel::pollfd { fd: fd.number(), events: kernel::POLLIN as i16, revents: 0 })
    }

    /// Until the other end is gone.
    #[must_use]
    pub const fn for_hangup(fd: &Fd) -> Self {
        Self(kernel::pollfd { fd: fd.number(), events: 0, revents: 0 })
    }

    /// Until a file of the kernel's says something else than when it was read.
    #[must_use]
    pub const fn for_change(fd: &Fd) -> Self {
        Self(kernel::pollfd { fd: fd.number(), events: kernel::POLLPRI as i16, revents: 0 })
    }

    /// Until there is something to read, or room to write, as is wanted; where neither is, for nothing.
    #[must_use]
    pub const fn to(fd: &Fd, read: bool, write: bool) -> Self {
        let events = if read { kernel::POLLIN } else { 0 } | if write { kernel::POLLOUT } else { 0 };
        Self(kernel::pollfd { fd: if events == 0 { -1 } else { fd.number() }, events: events as i16, revents: 0 })
    }

    /// Whether anything happened.
    #[must_use]
    pub const fn happened(&self) -> bool {
        self.0.revents != 0
    }

    /// Whether the other end is gone.
    #[must_use]
    pub const fn hung_up(&self) -> bool {
        self.0.revents & (kernel::POLLHUP | kernel::POLLERR) as i16 != 0
    }
}

/// Waits until something happened on one of them, for as long as it takes.
///
/// # Errors
/// ENOMEM, EINVAL; see poll(2). EINTR is not one: stops and continues go unnoticed.
pub fn wait(descriptors: &mut [Waiting]) -> Result<()> {
    let count = descriptors.len();
    #[cfg(target_pointer_width = "64")]
    // SAFETY: `Waiting` is the kernel's structure; `descriptors` lives until the call returns, and no timeout is given.
    return unsafe { done!(ppoll, descriptors.as_mut_ptr(), count, 0, 0, 0) };
    #[cfg(target_pointer_width = "32")]
    // SAFETY: as above.
    return unsafe { done!(ppoll_time64, descriptors.as_mut_ptr(), count, 0, 0, 0) };
}
