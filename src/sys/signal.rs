//! Signals: masks, dispositions, and signals as something to read (signalfd(2)).

use super::fd::Fd;
use super::process::{Pid, PidFd};
use super::{Result, call, done, open};
use crate::error::Errno;
use core::num::NonZeroU32;
use linux_raw_sys::general as kernel;

/// A signal's number.
pub type Signal = i32;

pub use numbers::*;

/// The signals that engine names.
mod numbers {
    #![allow(missing_docs, reason = "signal(7) documents them")]
    use super::{Signal, kernel};
    pub const HUP: Signal = kernel::SIGHUP as Signal;
    pub const ILL: Signal = kernel::SIGILL as Signal;
    pub const TRAP: Signal = kernel::SIGTRAP as Signal;
    pub const ABRT: Signal = kernel::SIGABRT as Signal;
    pub const BUS: Signal = kernel::SIGBUS as Signal;
    pub const FPE: Signal = kernel::SIGFPE as Signal;
    pub const PIPE: Signal = kernel::SIGPIPE as Signal;
    pub const KILL: Signal = kernel::SIGKILL as Signal;
    pub const SEGV: Signal = kernel::SIGSEGV as Signal;
    pub const ALRM: Signal = kernel::SIGALRM as Signal;
    pub const TERM: Signal = kernel::SIGTERM as Signal;
    pub const CONT: Signal = kernel::SIGCONT as Signal;
    pub const WINCH: Signal = kernel::SIGWINCH as Signal;
    pub const CHLD: Signal = kernel::SIGCHLD as Signal;
    pub const STOP: Signal = kernel::SIGSTOP as Signal;
    pub const TSTP: Signal = kernel::SIGTSTP as Signal;
    pub const TTIN: Signal = kernel::SIGTTIN as Signal;
    pub const TTOU: Signal = kernel::SIGTTOU as Signal;
    pub const SYS: Signal = kernel::SIGSYS as Signal;
}

/// A set of signals, as the kernel has it: bit n-1 is signal n.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Set(u64);

impl Set {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// All but these.
    #[must_use]
    pub const fn all_but(signals: &[Signal]) -> Self {
        Self(!Self::of(signals).0)
    }

    /// Just these.
    #[must_use]
    pub const fn of(signals: &[Signal]) -> Self {
        let mut rest = signals;
        let mut bits = 0;
        while let [first, tail @ ..] = rest {
            bits |= 1 << (*first - 1);
            rest = tail;
        }
        Self(bits)
    }
}

/// The kernel's size of a set.
const SET_BYTES: usize = size_of::<Set>();

/// Blocks exactly the signals of `set`.
///
/// # Errors
/// None that is not a fault of engine's own; see sigprocmask(2).
pub fn set_mask(mut set: Set) -> Result<()> {
    swap_mask(&mut set)
}

/// The same; on return `set` is what was blocked before.
///
/// # Errors
/// As [`set_mask`].
pub fn swap_mask(set: &mut Set) -> Result<()> {
    let set = &raw mut *set;
    // SAFETY: the set has the size that is given, and the kernel reads it before it writes to it.
    unsafe { done!(rt_sigprocmask, kernel::SIG_SETMASK, set, set, SET_BYTES) }
}

/// What happens when a signal arrives, of the two things that survive execve(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disposition {
    /// The signal's default action.
    Default,
    /// Nothing.
    Ignored,
}

/// Sets a signal's disposition.
///
/// # Errors
/// EINVAL for KILL and STOP.
pub fn set_disposition(signal: Signal, mut disposition: Disposition) -> Result<()> {
    swap_disposition(signal, &mut disposition)
}

/// The same; on return `disposition` is what it was before: ignored, or anything else.
///
/// # Errors
/// As [`set_disposition`].
pub fn swap_disposition(signal: Signal, disposition: &mut Disposition) -> Result<()> {
    // SIG_DFL and SIG_IGN are 0 and 1 in the first word of the structure on every CPU; flags and mask stay zero.
    const WORDS: usize = size_of::<kernel::kernel_sigaction>() / size_of::<usize>();
    let mut action = [0_usize; WORDS];
    if let (Disposition::Ignored, Some(handler)) = (*disposition, action.first_mut()) {
        *handler = 1;
    }
    let place = &raw mut action;
    // SAFETY: the area has the kernel's size of the structure, is read before it is written to, and no handler is
    // installed.
    unsafe { done!(rt_sigaction, signal, place, place, SET_BYTES) }?;
    *disposition = if action.first() == Some(&1) { Disposition::Ignored } else { Disposition::Default };
    Ok(())
}

/// A descriptor that gives the blocked signals of `set` to whoever reads it.
///
/// # Errors
/// EMFILE, ENFILE, ENOMEM; see signalfd(2).
pub fn descriptor(set: Set) -> Result<Fd> {
    let flags = kernel::O_CLOEXEC | kernel::O_NONBLOCK;
    // SAFETY: `set` has the size that is given.
    unsafe { open!(signalfd4, -1_i32, &raw const set, SET_BYTES, flags) }
}

/// A signal that has arrived, and from where: one number, for a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrived(NonZeroU32);

const FROM_TERMINAL: u32 = 1 << 8;
const FROM_TIMER: u32 = 1 << 9;

impl Arrived {
    /// Which.
    #[must_use]
    pub const fn signal(self) -> Signal {
        (self.0.get() & 0xff) as Signal
    }

    /// Whether the terminal's driver sent it, as on ^C: everyone in the foreground group has it already.
    #[must_use]
    pub const fn is_from_terminal(self) -> bool {
        self.0.get() & FROM_TERMINAL != 0
    }

    /// Whether a [`Timer`](super::clock::Timer) has run out.
    #[must_use]
    pub const fn is_from_timer(self) -> bool {
        self.0.get() & FROM_TIMER != 0
    }
}

/// The next signal that is waiting; `None` where there is none.
///
/// # Errors
/// See read(2).
pub fn next(descriptor: &Fd) -> Result<Option<Arrived>> {
    // signalfd_siginfo is 128 bytes: ssi_signo, ssi_errno, ssi_code and more (signalfd(2)).
    let mut words = [0_u32; 32];
    // SAFETY: `words` is valid for writes of its size.
    match unsafe { call!(read, descriptor.number(), &raw mut words, size_of_val(&words)) } {
        Err(Errno::AGAIN) => return Ok(None),
        result => result?,
    };
    let [signal, _, code, ..] = words;
    let from = match code as i32 {
        // What else the kernel sends, but for the alarm that a program can have itself sent across execve(2), is about the
        // process that gets it.
        code if code == kernel::SI_KERNEL as i32 && signal as Signal != ALRM => FROM_TERMINAL,
        kernel::SI_TIMER => FROM_TIMER,
        _ => 0,
    };
    Ok(NonZeroU32::new(signal | from).map(Arrived))
}

/// Sends a signal to the process behind a pidfd.
///
/// # Errors
/// ESRCH where it has ended.
pub fn send(process: &PidFd, signal: Signal) -> Result<()> {
    // SAFETY: a null siginfo asks for what kill(2) would send.
    unsafe { done!(pidfd_send_signal, process.fd().number(), signal, 0, 0) }
}

/// Every process that the caller can see, itself and PID 1 excepted.
pub const EVERYONE: Pid = -1;

/// Sends a signal to a child that has not been waited for, so that its number is still its own; or to [`EVERYONE`].
///
/// # Errors
/// See kill(2).
pub fn send_to(pid: Pid, signal: Signal) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { done!(kill, pid, signal) }
}

/// Ends the calling process by this signal: default action, unblocked, so that the parent sees the signal itself.
/// Returns where the signal does not end it.
pub fn raise(signal: Signal) {
    // None of the three can fail in a way that leaves anything to do but what the caller does then: exit with 128+n.
    let _ = set_disposition(signal, Disposition::Default);
    // SAFETY: no memory is involved.
    let _ = unsafe { call!(kill, super::process::own_pid(), signal) };
    let _ = set_mask(Set::EMPTY);
}
