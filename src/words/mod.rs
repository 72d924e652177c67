//! Words: tables of them, each kept as one text, since a table of references would cost sixteen
//! bytes a word more; and what the program says to its user, which is kept packed until it is said.
//!
//! A room says what it has to say as a [`Table`] beside the code that uses it. The tables stand one after another, so
//! that all of them are packed as one: each learns from those before it how the program speaks.

mod packing;

pub use packing::{Packed, Room, pack, unpack};

/// The word at this place, where `separator` stands between two; empty beyond the end.
#[must_use]
#[inline(never)]
pub fn word(table: &'static [u8], separator: u8, index: usize) -> &'static [u8] {
    table.split(|byte| *byte == separator).nth(index).unwrap_or_default()
}

/// What stands before the first blank, and what stands behind it.
#[must_use]
pub fn halves(line: &'static [u8]) -> (&'static [u8], &'static [u8]) {
    line.iter().position(|byte| *byte == b' ').and_then(|end| line.split_at_checked(end)).map_or(
        (line, b""),
        |halves| {
            let [_, behind @ ..] = halves.1 else { return halves };
            (halves.0, behind)
        },
    )
}

/// The next part of what is left: as far as the separator, behind which the rest is left. Where there is no separator
/// all of it is the last part, and nothing is left. Not `split`, whose state is longer.
#[inline(never)]
pub fn part(rest: &mut Option<&'static [u8]>, separator: u8) -> Option<&'static [u8]> {
    let text = rest.take()?;
    let Some(end) = text.iter().position(|byte| *byte == separator) else { return Some(text) };
    *rest = text.get(end + 1..);
    text.get(..end)
}

/// Where `word` stands among `words`, which have a blank between two. One text for all the words, and not a `match` over
/// them, which would be compiled to a comparison a byte.
#[inline(never)]
#[must_use]
pub fn position(words: &'static [u8], word: &[u8]) -> Option<usize> {
    let mut rest = Some(words);
    let mut position = 0;
    while part(&mut rest, b' ')? != word {
        position += 1;
    }
    Some(position)
}

/// A text that is kept packed: its place among all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line(u16);

/// Texts with a NUL behind each, and the tables before this one.
#[derive(Debug)]
pub struct Table {
    before: Option<&'static Self>,
    text: &'static str,
    /// The place of its first text.
    first: u16,
    /// The bytes of this table and all before it.
    length: usize,
}

impl Table {
    /// Where the row of tables begins.
    pub const NONE: Self = Self { before: None, text: "", first: 0, length: 0 };

    /// The table behind another one. For constants.
    #[must_use]
    pub const fn after(before: &'static Self, text: &'static str) -> Self {
        let first = before.first + count(before.text);
        Self { before: Some(before), text, first, length: before.length + text.len() }
    }

    /// The text at this place of the table.
    #[must_use]
    pub const fn line(&self, index: usize) -> Line {
        Line(self.first.wrapping_add(index as u16))
    }

    /// How many bytes there are in this table and all before it.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }
}

/// How many texts there are.
const fn count(text: &str) -> u16 {
    let mut rest = text.as_bytes();
    let mut count = 0;
    while let [byte, behind @ ..] = rest {
        count += (*byte == 0) as u16;
        rest = behind;
    }
    count
}

/// The texts, once they are unpacked.
#[derive(Clone, Copy, Debug)]
pub struct Texts(pub &'static [u8]);

impl Texts {
    /// What this one says.
    #[must_use]
    pub fn line(self, line: Line) -> &'static [u8] {
        word(self.0, 0, usize::from(line.0))
    }

    /// Those of a table and all before it, as they stand in the source.
    #[cfg(test)]
    pub(crate) fn plain(last: &Table) -> Self {
        let mut pieces = Vec::new();
        let mut table = Some(last);
        while let Some(now) = table {
            pieces.insert(0, now.text);
            table = now.before;
        }
        Self(pieces.concat().leak().as_bytes())
    }
}
