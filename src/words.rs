//! Tables of words, each kept as one text of many lines: a table of references would cost sixteen bytes a word more. And
//! texts that are taken apart.

/// The line at this place; empty beyond the end.
#[must_use]
pub fn line(table: &'static str, index: usize) -> &'static str {
    // Not by `split`, whose search for a character is fast on long texts, and large.
    let (mut start, mut left) = (0, index);
    for (end, byte) in table.bytes().enumerate() {
        if byte == b'\n' {
            if left == 0 {
                return table.get(start..end).unwrap_or_default();
            }
            (start, left) = (end + 1, left - 1);
        }
    }
    if left == 0 { table.get(start..).unwrap_or_default() } else { "" }
}

/// What stands before the first blank, and what stands behind it.
#[must_use]
pub fn halves(line: &'static str) -> Option<(&'static str, &'static str)> {
    let end = line.bytes().position(|byte| byte == b' ')?;
    Some((line.get(..end)?, line.get(end + 1..)?))
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
