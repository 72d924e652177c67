//! Waiting for several descriptors at once.

use super::fd::Fd;
use super::{Result, call};
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

    /// Until there is something to read or room to write, each where it is asked for; else until the other end is gone.
    #[must_use]
    pub const fn to(fd: &Fd, read: bool, write: bool) -> Self {
        let input = if read { kernel::POLLIN } else { 0 };
        let output = if write { kernel::POLLOUT } else { 0 };
        Self(kernel::pollfd { fd: fd.number(), events: (input | output) as i16, revents: 0 })
    }

    /// For nothing: the kernel passes it over.
    #[must_use]
    pub const fn for_nothing() -> Self {
        Self(kernel::pollfd { fd: -1, events: 0, revents: 0 })
    }

    /// Until the other end is gone.
    #[must_use]
    pub const fn for_hangup(fd: &Fd) -> Self {
        Self(kernel::pollfd { fd: fd.number(), events: 0, revents: 0 })
    }

    /// Whether the other end is gone.
    #[must_use]
    pub const fn hung_up(&self) -> bool {
        self.0.revents & (kernel::POLLHUP | kernel::POLLERR) as i16 != 0
    }

    /// Whether anything came.
    #[must_use]
    pub const fn happened(&self) -> bool {
        self.0.revents != 0
    }
}

/// Waits until something happened on one of them, for as long as it takes or until `milliseconds` are over. Returns
/// false where the time is over.
///
/// # Errors
/// ENOMEM, EINVAL; see poll(2). EINTR is not one: stops and continues go unnoticed.
pub fn wait(descriptors: &mut [Waiting], milliseconds: Option<u64>) -> Result<bool> {
    // The kernel leaves there what is left, so that a wait that a signal interrupts takes no longer.
    let mut timeout = milliseconds.map(super::time::duration);
    let timeout = timeout.as_mut().map_or(core::ptr::null_mut(), |timeout| &raw mut *timeout);
    let count = descriptors.len();
    #[cfg(target_pointer_width = "64")]
    // SAFETY: `Waiting` is the kernel's structure; `descriptors` and `timeout` live until the call returns.
    let happened = unsafe { call!(ppoll, descriptors.as_mut_ptr(), count, timeout, 0, 0) }?;
    #[cfg(target_pointer_width = "32")]
    // SAFETY: as above.
    let happened = unsafe { call!(ppoll_time64, descriptors.as_mut_ptr(), count, timeout, 0, 0) }?;
    Ok(happened != 0)
}
