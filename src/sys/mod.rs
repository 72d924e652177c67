//! The kernel as engine sees it: one safe function for each use of a system call.
//!
//! This is the only room that names the crates `syscalls` and `linux_raw_sys`, and the only one with `unsafe` in it.
//! A function here has the kernel's word for what it does, takes and gives safe types, and says errno; which step of
//! engine's it was, and on what, is said by the caller ([`At`](crate::error::At)).
#![allow(unsafe_code, reason = "this is the single home of unsafe; each use argues why it is right")]

use crate::error::Errno;
use syscalls::Sysno;

mod arch;
pub mod fd;
pub mod file;
pub mod identity;
pub mod mount;
pub mod numbers;
pub mod once;
pub mod poll;
pub mod process;
pub mod signal;
pub mod terminal;
pub mod time;

pub use fd::Fd;

/// The result of a system call.
pub type Result<T> = core::result::Result<T, Errno>;

/// Makes a system call, again and again while a signal interrupts it. Out of line: its callers are many and small.
///
/// # Safety
/// As the call itself: every pointer among the arguments must be valid for what the kernel does with it.
#[inline(never)]
unsafe fn retried(number: Sysno, arguments: [usize; 6]) -> Result<usize> {
    loop {
        // SAFETY: the caller's contract.
        match unsafe { once(number, arguments) } {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// Makes a system call once.
///
/// # Safety
/// As [`retried`].
#[inline(never)]
unsafe fn once(number: Sysno, [a, b, c, d, e, f]: [usize; 6]) -> Result<usize> {
    // SAFETY: the caller's contract.
    unsafe { syscalls::syscall6(number, a, b, c, d, e, f) }.map_err(|errno| Errno(errno.into_raw() as u16))
}

/// `call!(name, arguments…)`: a system call of up to six arguments, each cast to a machine word.
macro_rules! call {
    ($name:ident) => { call!(@pad $name;) };
    ($name:ident, $($argument:expr),+) => { call!(@pad $name; $($argument),+) };
    (@pad $name:ident; $($argument:expr),*) => {{
        let mut words = [0_usize; 6];
        let mut _rest = words.iter_mut();
        $(if let Some(word) = _rest.next() { *word = $argument as usize; })*
        $crate::sys::retried(syscalls::Sysno::$name, words)
    }};
}
use call;
