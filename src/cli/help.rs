//! The help text, printed from the table of options.

use super::options;
use super::options::SECTIONS;
use super::row::{Row, Takes, rows};
use super::usage::SYNOPSIS;
use super::values::part;
use crate::words::{Table, Texts};

/// What `--version` prints.
pub const VERSION: &[u8] = concat!("engine ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();

/// Where what an option does begins.
const COLUMN: usize = 33;
const BLANKS: &[u8; COLUMN] = &[b' '; COLUMN];

/// What help ends with. It is the last text of the command line.
pub const TEXTS: Table = Table::after(
    &options::TEXTS,
    "
Sizes take k m g; durations ms s m h.
Exit status: the command's, or 124 timeout, 125 engine failed, 126 not executable, 127 not found.
\0",
);

/// Writes the help text, in many small pieces: `write` had better gather them.
pub fn help(texts: Texts, write: &mut dyn FnMut(&[u8])) {
    write(texts.line(SYNOPSIS.line(0)));
    let mut section = None;
    for (row, its) in rows().zip(SECTIONS) {
        if section != Some(*its) {
            section = Some(*its);
            write(b"\n");
            write(texts.line(its.title()));
            write(b"\n");
        }
        option(row, texts, write);
    }
    write(texts.line(TEXTS.line(0)));
}

/// `  -v, --volume SRC[:DST[:OPTS]]`, and what it does beside it, or below where there is no room.
#[inline(never)]
fn option(row: Row, texts: Texts, write: &mut dyn FnMut(&[u8])) {
    let mut indent = COLUMN;
    let mut left = |text: &[u8]| {
        write(text);
        indent = indent.saturating_sub(text.len());
    };
    let letter = row.letter();
    left(if letter == 0 { b"      --" } else { b"  -" });
    if letter != 0 {
        left(&[letter]);
        left(b", --");
    }
    left(row.name());
    if row.takes() == Some(Takes::Value) {
        left(b" ");
    }
    left(texts.line(row.value()));
    // The text keeps two blanks off; the help of a row may have several lines.
    if indent < 2 {
        write(b"\n");
        indent = COLUMN;
    }
    let mut rest = Some(texts.line(row.help()));
    while let Some(line) = part(&mut rest, b'\n') {
        write(BLANKS.get(..indent).unwrap_or_default());
        write(line);
        write(b"\n");
        indent = COLUMN;
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Section;
    use super::*;
    use crate::texts::texts;

    fn text() -> String {
        let mut bytes = Vec::new();
        help(texts(), &mut |piece| bytes.extend_from_slice(piece));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_option_has_its_line() {
        let text = text();
        for row in rows() {
            let letter = if row.letter() == 0 { String::from("    ") } else { format!("-{}, ", row.letter() as char) };
            let value = String::from_utf8_lossy(texts().line(row.value()));
            let blank = if value.is_empty() || value.starts_with('[') { "" } else { " " };
            let start = format!("  {letter}--{}{blank}{value}", row.name_text());
            assert!(
                text.lines().any(|line| line == start || line.starts_with(&format!("{start}  "))),
                "no line {start:?}"
            );
            for line in String::from_utf8_lossy(texts().line(row.help())).lines() {
                assert!(text.lines().any(|shown| shown.ends_with(&format!("  {line}"))), "no text {line:?}");
            }
        }
    }

    #[test]
    fn every_section_has_one_heading() {
        let text = text();
        for section in [
            Section::Files,
            Section::Identity,
            Section::Namespaces,
            Section::Process,
            Section::Privileges,
            Section::Diagnosis,
        ] {
            let title = texts().line(section.title());
            assert_eq!(text.lines().filter(|line| line.as_bytes() == title).count(), 1, "{section:?}");
        }
    }

    #[test]
    fn it_fits_a_hundred_columns_and_stands_in_two() {
        for line in text().lines() {
            assert!(line.chars().count() <= 100, "{line}");
            assert_eq!(line.trim_end(), line, "blanks at the end");
            if let Some(option) = line.strip_prefix("      --").or(line.strip_prefix("  -")) {
                let help = option.split_once("  ").map(|parts| parts.1.trim_start());
                assert!(help.is_none_or(|help| line.find(help) == Some(COLUMN)), "{line}");
            }
        }
    }

    #[test]
    fn it_begins_with_the_ways_to_call_it() {
        assert!(text().starts_with("usage: engine [options] [--] <rootfs> [command [args...]]\n"));
        assert!(text().contains("\n       engine --version | --help\n"));
    }

    #[test]
    fn the_version_is_the_packages() {
        assert_eq!(VERSION, b"engine 0.1.0\n");
    }
}
