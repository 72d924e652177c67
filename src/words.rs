//! Tables of words, each kept as one text of many lines: a table of references would cost sixteen bytes a word more.

/// The line at this place; empty beyond the end.
#[must_use]
pub fn line(table: &'static str, index: usize) -> &'static str {
    table.split('\n').nth(index).unwrap_or_default()
}

/// The place of a line that begins with this word and a blank, or is this word.
#[must_use]
pub fn find(table: &'static str, word: &[u8]) -> Option<usize> {
    table.split('\n').position(|line| line.bytes().take_while(|&byte| byte != b' ').eq(word.iter().copied()))
}
