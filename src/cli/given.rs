//! Which options a command line had.

use super::options::NAMES;
use super::row::{COUNT, Row};

/// Which options were given: a bit for each row of the table.
#[derive(Clone, Copy, Default)]
pub(super) struct Given(u64);

const _: () = assert!(COUNT <= u64::BITS as usize);

impl Given {
    /// Notes the row at this place of the table.
    pub(super) fn note(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    pub(super) fn has_any(self, bits: u64) -> bool {
        self.0 & bits != 0
    }

    /// The first of these in the order of the table that was given.
    pub(super) fn first(self, bits: u64) -> Option<Row> {
        (self.0 & bits != 0).then(|| Row((self.0 & bits).trailing_zeros() as usize))
    }
}

/// The bits of some options. For constants: there a name that no row has ends the build, by a shift too far.
pub(super) const fn bits(mut names: &[&str]) -> u64 {
    let mut bits = 0;
    while let [name, rest @ ..] = names {
        let mut rows = NAMES;
        let mut index = 0;
        while !rows.is_empty() && !is_first(rows, name.as_bytes()) {
            while let [byte, rest @ ..] = rows {
                rows = rest;
                if *byte == b' ' {
                    break;
                }
            }
            index += 1;
        }
        bits |= 1 << if rows.is_empty() { u64::BITS } else { index };
        names = rest;
    }
    bits
}

/// Whether the first of these rows has this name.
const fn is_first(mut rows: &[u8], mut name: &[u8]) -> bool {
    while let ([a, rows_rest @ ..], [b, name_rest @ ..]) = (rows, name) {
        if *a != *b {
            return false;
        }
        (rows, name) = (rows_rest, name_rest);
    }
    matches!((rows, name), ([b' ', ..], []))
}
