//! Tables of words, each kept as one text of many lines: a table of references would cost sixteen bytes a word more.

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

/// The place of a line that begins with this word and a blank, or is this word.
#[must_use]
pub fn find(table: &'static str, word: &[u8]) -> Option<usize> {
    let mut lines = table.as_bytes().split(|&byte| byte == b'\n');
    lines.position(|line| line.strip_prefix(word).is_some_and(|rest| matches!(rest, [] | [b' ', ..])))
}
