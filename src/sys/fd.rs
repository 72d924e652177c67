//! File descriptors.
//!
//! They do not close themselves: that code would stand at every way out of every function, for processes that end, or
//! execute something, or close everything at once ([`close_all_but`]). What must not stay open is closed where it is said.

use super::{Result, call};
use crate::error::Errno;
use linux_raw_sys::general as kernel;
use syscalls::Sysno;

/// An open file descriptor; open until it is closed, or the process ends or executes something.
#[derive(Debug)]
#[must_use]
pub struct Fd(i32);

impl Fd {
    /// Takes what a system call returned.
    pub(super) const fn from_kernel(number: usize) -> Self {
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

/// Closes every descriptor from `first` on but these.
///
/// # Errors
/// See [`close_range`].
pub fn close_all_but(mut first: i32, kept: &[i32], also: &[i32]) -> Result<()> {
    loop {
        // The lowest that stays, of those that are left.
        let next = kept.iter().chain(also).copied().filter(|number| *number >= first).min();
        let last = next.map_or(i32::MAX, |number| number - 1);
        if first <= last {
            close_range(first, last)?;
        }
        match next {
            Some(i32::MAX) | None => return Ok(()),
            Some(number) => first = number + 1,
        }
    }
}

/// Closes a descriptor. There is nothing to be done about a failure: Linux frees the number in every case, and what is
/// closed here holds no unwritten data. Never retried, since after EINTR the number may be somebody else's (close(2)).
pub fn close(number: i32) {
    // SAFETY: no memory is involved.
    let _ = unsafe { syscalls::syscall1(Sysno::close, number as usize) };
}

/// Where a relative path begins.
#[derive(Clone, Copy)]
pub enum Dir<'a> {
    /// The working directory.
    Here,
    /// A directory that is open, or a detached mount.
    At(&'a Fd),
}

impl Dir<'_> {
    /// As the kernel wants it.
    pub(super) const fn number(self) -> i32 {
        match self {
            Self::Here => kernel::AT_FDCWD,
            Self::At(fd) => fd.0,
        }
    }
}

/// Closes every descriptor from `first` to `last`.
///
/// # Errors
/// Where the kernel has no close_range(2) (before Linux 5.9, or refused by a filter): what opening /proc/self/fd says.
pub fn close_range(first: i32, last: i32) -> Result<()> {
    // SAFETY: no memory is involved.
    match unsafe { call!(close_range, first, last, 0) } {
        Err(Errno::NOSYS | Errno::PERM) => close_listed(first, last),
        result => result.map(drop),
    }
}

/// The same, descriptor by descriptor, as far as the kernel lists them.
fn close_listed(first: i32, last: i32) -> Result<()> {
    if last - first < 8 {
        (first..=last).for_each(close);
        return Ok(());
    }
    let flags = kernel::O_RDONLY | kernel::O_DIRECTORY | kernel::O_CLOEXEC;
    let path = c"/proc/self/fd";
    // SAFETY: `path` is NUL-terminated.
    let list = unsafe { call!(openat, kernel::AT_FDCWD, path.as_ptr(), flags, 0) }.map(Fd::from_kernel)?;
    // Positions in this directory are the numbers of the descriptors, so closing one moves no other.
    let mut entries = [0_u64; 128];
    let size = size_of_val(&entries);
    loop {
        // SAFETY: `entries` is valid for writes of its size.
        let length = unsafe { call!(getdents64, list.number(), &raw mut entries, size) }?;
        if length == 0 {
            list.close();
            return Ok(());
        }
        // Each entry (getdents(2)): inode, offset, then its size in two bytes, its type in one, and its name.
        let mut rest = entries.get(..length / size_of::<u64>()).unwrap_or_default();
        while let [_, _, head, ..] = rest {
            let [low, high, _, name @ ..] = head.to_ne_bytes();
            let tail = rest.get(3).copied().unwrap_or_default().to_ne_bytes();
            let count = usize::from(u16::from_ne_bytes([low, high])) / size_of::<u64>();
            let digits = name.into_iter().chain(tail).map_while(|byte| char::from(byte).to_digit(10));
            let number = digits.fold((-1_i32, 0), |(_, value), digit| (0, value * 10 + digit as i32));
            if let (0, number) = number
                && (first..=last).contains(&number)
                && number != list.0
            {
                close(number);
            }
            rest = rest.get(count.max(1)..).unwrap_or_default();
        }
    }
}

/// Another descriptor for the same open file, above 2; it closes on exec.
///
/// # Errors
/// EBADF, EMFILE.
pub fn duplicate(number: i32) -> Result<Fd> {
    // SAFETY: no memory is involved.
    unsafe { call!(fcntl, number, kernel::F_DUPFD_CLOEXEC, 3) }.map(Fd::from_kernel)
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
    unsafe { call!(dup3, fd.0, number, 0) }.map(drop)
}

/// Sets or clears close-on-exec.
///
/// # Errors
/// EBADF.
pub fn set_close_on_exec(number: i32, on: bool) -> Result<()> {
    let flag = if on { kernel::FD_CLOEXEC } else { 0 };
    // SAFETY: no memory is involved.
    unsafe { call!(fcntl, number, kernel::F_SETFD, flag) }.map(drop)
}

/// Has reads and writes fail with EAGAIN instead of waiting. For everyone who has the same open file.
///
/// # Errors
/// EBADF.
pub fn set_nonblocking(fd: &Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { call!(fcntl, fd.number(), kernel::F_SETFL, kernel::O_NONBLOCK) }.map(drop)
}

/// Whether a descriptor is open.
///
/// # Errors
/// What fcntl(2) says beside EBADF.
pub fn is_open(number: i32) -> Result<bool> {
    // SAFETY: no memory is involved.
    match unsafe { call!(fcntl, number, kernel::F_GETFD, 0) } {
        Ok(_) => Ok(true),
        Err(Errno::BADF) => Ok(false),
        Err(errno) => Err(errno),
    }
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
    unsafe { call!(pipe2, &raw mut ends, kernel::O_CLOEXEC) }?;
    let [read, write] = ends;
    Ok(Pipe { read: Fd(read), write: Fd(write) })
}
