//! File descriptors.
//!
//! They do not close themselves: that code would stand at every way out of every function, for processes that end, or
//! execute something, or close everything at once ([`close_all_but`]). What must not stay open is closed where it is said.

use super::{Result, done, open};
use core::marker::PhantomData;
use linux_raw_sys::general as kernel;
use syscalls::Sysno;

/// An open file descriptor; open until it is closed, or the process ends or executes something.
#[derive(Debug)]
#[must_use]
pub struct Fd(i32);

impl Fd {
    /// Standard input.
    pub const INPUT: Self = Self(0);
    /// Standard output.
    pub const OUTPUT: Self = Self(1);
    /// No descriptor: what is done with it fails, and nobody waits for it.
    pub const NONE: Self = Self(-1);

    /// Takes what a system call returned.
    pub(super) const fn from_kernel(number: u32) -> Self {
        Self(number as i32)
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> i32 {
        self.0
    }

    /// Closes it.
    pub fn close(self) {
        close(self.0);
    }
}

/// Closes every descriptor above 2 but these and those.
///
/// # Errors
/// See [`close_range`].
pub fn close_all_but(these: &[i32], those: &[i32]) -> Result<()> {
    let mut first = 3;
    loop {
        let mut next = i32::MAX;
        for list in [these, those] {
            for &number in list {
                if number >= first && number < next {
                    next = number;
                }
            }
        }
        if next > first {
            close_range(first, next - 1)?;
        }
        if next == i32::MAX {
            return Ok(());
        }
        first = next + 1;
    }
}

/// Closes a descriptor. There is nothing to be done about a failure: Linux frees the number in every case, and what is
/// closed here holds no unwritten data. Never retried, since after EINTR the number may be somebody else's (close(2)).
#[inline(never)]
pub fn close(number: i32) {
    // SAFETY: no memory is involved.
    let _ = unsafe { syscalls::syscall1(Sysno::close, number as usize) };
}

/// Where a relative path begins. A number as the kernel wants it, which is smaller to hand on than a reference.
#[derive(Clone, Copy)]
pub struct Dir<'a>(i32, PhantomData<&'a Fd>);

impl<'a> Dir<'a> {
    /// The working directory.
    pub const HERE: Dir<'static> = Dir(kernel::AT_FDCWD, PhantomData);

    /// A directory that is open, or a detached mount.
    #[must_use]
    pub const fn at(fd: &'a Fd) -> Self {
        Self(fd.0, PhantomData)
    }

    /// As the kernel wants it.
    pub(super) const fn number(self) -> i32 {
        self.0
    }
}

/// Closes every descriptor from `first` to `last`.
///
/// # Errors
/// ENOSYS before Linux 5.9.
pub fn close_range(first: i32, last: i32) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(close_range, first, last, 0) }
}

/// Makes `number` refer to what `fd` refers to, and not close-on-exec.
///
/// # Errors
/// EBADF, EMFILE; see dup(2).
pub fn duplicate_onto(fd: &Fd, number: i32) -> Result<()> {
    if fd.0 == number {
        // dup3(2) refuses equal numbers.
        return set_close_on_exec(number, false);
    }
    // SAFETY: no memory is involved.
    unsafe { done!(dup3, fd.0, number, 0) }
}

/// Another descriptor above 2 for what `number` refers to; closes on exec.
///
/// # Errors
/// EBADF, EMFILE.
pub fn duplicate(number: i32) -> Result<Fd> {
    // SAFETY: no memory is involved.
    unsafe { open!(fcntl, number, kernel::F_DUPFD_CLOEXEC, 3) }
}

/// Sets or clears close-on-exec.
///
/// # Errors
/// EBADF.
pub fn set_close_on_exec(number: i32, on: bool) -> Result<()> {
    let flag = if on { kernel::FD_CLOEXEC } else { 0 };
    // SAFETY: no memory is involved.
    unsafe { done!(fcntl, number, kernel::F_SETFD, flag) }
}

/// Whether a descriptor is open.
///
/// # Errors
/// EBADF where it is not.
pub fn must_be_open(number: i32) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(fcntl, number, kernel::F_GETFD, 0) }
}

/// The two ends of a pipe.
#[derive(Debug)]
pub struct Pipe {
    /// Where bytes come out.
    pub read: Fd,
    /// Where bytes go in.
    pub write: Fd,
}

/// Makes a pipe whose ends close on exec.
///
/// # Errors
/// EMFILE, ENFILE; see pipe(2).
pub fn pipe() -> Result<Pipe> {
    let mut ends = [0_i32; 2];
    // SAFETY: `ends` has room for the two numbers.
    unsafe { done!(pipe2, &raw mut ends, kernel::O_CLOEXEC) }?;
    let [read, write] = ends;
    Ok(Pipe { read: Fd(read), write: Fd(write) })
}
