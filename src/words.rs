//! Tables of words, each kept as one text of many lines: a table of references would cost sixteen bytes a word more.

/// The line at this place; empty beyond the end.
#[must_use]
pub fn line(table: &'static str, index: usize) -> &'static str {
    table.split('\n').nth(index).unwrap_or_default()
}
