//! Which options a command line had.

use super::options::OPTIONS;
use super::row::Row;

/// Which options were given: a bit for each row of [`OPTIONS`].
#[derive(Clone, Copy, Default)]
pub(super) struct Given(u64);

const _: () = assert!(OPTIONS.len() <= u64::BITS as usize);

impl Given {
    /// Notes the row at this place of the table.
    pub(super) fn note(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    pub(super) fn has_any(self, bits: u64) -> bool {
        self.0 & bits != 0
    }

    pub(super) fn has_all(self, bits: u64) -> bool {
        self.0 & bits == bits
    }

    /// The rows that were given, in the order of the table.
    pub(super) fn rows(self) -> impl Iterator<Item = &'static Row> {
        OPTIONS.iter().enumerate().filter(move |(index, _)| (self.0 >> index) & 1 == 1).map(|(_, row)| row)
    }
}

/// The bits of some options. For constants: there a name that no row has ends the build, by a shift too far.
pub(super) const fn bits(mut names: &[&str]) -> u64 {
    let mut bits = 0;
    while let [name, rest @ ..] = names {
        let mut rows = OPTIONS;
        let mut index = 0;
        while let [row, rest @ ..] = rows {
            if row.is(name.as_bytes()) {
                break;
            }
            rows = rest;
            index += 1;
        }
        bits |= 1 << if rows.is_empty() { u64::BITS } else { index };
        names = rest;
    }
    bits
}
