//! The names of signals (signal(7)).

use crate::sys::signal::Signal;
use crate::words;

/// In the order of their numbers, from 1 on.
const NAMES: &str = "\
HUP\nINT\nQUIT\nILL\nTRAP\nABRT\nBUS\nFPE\nKILL\nUSR1\nSEGV\nUSR2\nPIPE\nALRM\nTERM\nSTKFLT\nCHLD\nCONT\nSTOP\nTSTP\n\
TTIN\nTTOU\nURG\nXCPU\nXFSZ\nVTALRM\nPROF\nWINCH\nIO\nPWR\nSYS";

/// `TERM`; empty for the real-time ones, which have no names of their own.
pub(super) fn name(signal: Signal) -> &'static str {
    usize::try_from(signal - 1).map_or("", |index| words::line(NAMES, index))
}
