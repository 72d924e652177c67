//! What a filter has to know of the CPU that it is for.

use super::assembler::Instruction;
use super::verdicts::NUMBERS;

/// A CPU as the kernel's system call interface sees it. The room takes it as a parameter, so that it touches no kernel
/// and the filters of every CPU can be tried on any; [`sys::numbers`](crate::sys::numbers) has the tables.
pub trait Cpu {
    /// `AUDIT_ARCH_*` of linux/audit.h: what seccomp(2) reports as the architecture of a call.
    const ARCHITECTURE: u32;
    /// The highest call number known. Calls that a later kernel adds are answered as if it did not have them.
    const HIGHEST: u32;
    /// The first and the last of the calls that lie far above the others, where there are such.
    const PRIVATE: Option<(u32, u32)>;
    /// [`hash`] of each name in the order of their numbers, from 0 to [`Cpu::HIGHEST`]. A word up to [`GAP`] stands for
    /// that many numbers without a call.
    const HASHES: &'static [u32];
    /// The names in the order of their numbers, from 0 to [`Cpu::HIGHEST`], each with its length in a byte before it.
    /// A number without a call has the empty name. For the compiler and the tests: 4 KiB that the program does without.
    const NAMES: &'static [u8];
    /// Both presets as [`presets`](super::presets::presets) assembles them.
    const PRESETS: &'static [Instruction];
}

/// The longest gap in [`Cpu::HASHES`]: as long as the whole table may be.
pub const GAP: u32 = NUMBERS as u32;

/// The number of the call of this name in a table like [`Cpu::HASHES`].
pub(super) fn number_by_hash(hashes: &[u32], name: &[u8]) -> Option<u32> {
    let wanted = hash(name);
    let mut number = 0;
    for &word in hashes {
        if word <= GAP {
            number += word;
        } else if word == wanted {
            return Some(number);
        } else {
            number += 1;
        }
    }
    None
}

/// The number of the call of this name in a table like [`Cpu::NAMES`].
pub(super) const fn number_of(mut names: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut number = 0;
    while let [length, rest @ ..] = names {
        let Some((name, rest)) = rest.split_at_checked(*length as usize) else { return None };
        if same(name, wanted) && !wanted.is_empty() {
            return Some(number);
        }
        names = rest;
        number += 1;
    }
    None
}

/// Stands for a name at run time, in less than half of the room that the name takes (FNV-1a). No two calls of a CPU have
/// the same; what is no call's name passes for one once in ten million times.
#[must_use]
pub const fn hash(mut name: &[u8]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    while let [byte, rest @ ..] = name {
        hash = (hash ^ *byte as u32).wrapping_mul(0x0100_0193);
        name = rest;
    }
    hash
}

/// Whether the two are equal: `==`, which the compiler cannot evaluate yet.
const fn same(mut left: &[u8], mut right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        if *a != *b {
            return false;
        }
        (left, right) = (left_rest, right_rest);
    }
    true
}
