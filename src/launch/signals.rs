//! The names of signals (signal(7)).

use crate::sys::signal::Signal;
use crate::words;

/// In the order of their numbers, from 1 on.
const NAMES: &[u8] = b"\
HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP \
TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

/// `TERM`; empty for the real-time ones, which have no names of their own.
pub(super) fn name(signal: Signal) -> &'static [u8] {
    usize::try_from(signal - 1).map_or(b"", |index| words::word(NAMES, b' ', index))
}
