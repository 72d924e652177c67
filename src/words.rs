//! Tables of words, each kept as one text of many lines: a table of references would cost sixteen bytes a word more.

/// The line at this place; empty beyond the end.
#[must_use]
#[inline(never)]
pub fn line(table: &'static str, mut index: usize) -> &'static str {
    let mut start = 0;
    // The core library's own search is fast on long texts, and large.
    for (end, _) in table.bytes().enumerate().filter(|(_, byte)| *byte == b'\n') {
        if index == 0 {
            return table.get(start..end).unwrap_or_default();
        }
        index -= 1;
        start = end + 1;
    }
    ""
}

/// The place of a line that begins with this word and a blank, or is this word.
#[must_use]
pub fn find(table: &'static str, word: &[u8]) -> Option<usize> {
    let lines = (0..).map(|index| line(table, index)).take_while(|line| !line.is_empty());
    lines.into_iter().position(|line| line.bytes().take_while(|&byte| byte != b' ').eq(word.iter().copied()))
}
