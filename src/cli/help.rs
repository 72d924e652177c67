//! The help text, printed from the table of options.

use super::options::OPTIONS;
use super::row::Row;
use super::usage::SYNOPSIS;

/// What `--version` prints.
pub const VERSION: &[u8] = concat!("engine ", env!("CARGO_PKG_VERSION"), "\n").as_bytes();

/// Where what an option does begins.
const COLUMN: usize = 33;
const BLANKS: &[u8; COLUMN] = &[b' '; COLUMN];

const EPILOGUE: &str = "
Sizes take k m g; durations ms s m h, and are seconds without.
Exit status: the command's own, or 124 timed out, 125 engine failed, 126 the command cannot be
executed, 127 the command was not found.
";

/// Writes the help text, in many small pieces: `write` had better gather them.
pub fn help(write: &mut dyn FnMut(&[u8])) {
    write(SYNOPSIS.as_bytes());
    let mut section = None;
    for row in OPTIONS {
        if section != Some(row.section) {
            section = Some(row.section);
            write(b"\n");
            write(row.section.title().as_bytes());
            write(b"\n");
        }
        option(row, write);
    }
    write(EPILOGUE.as_bytes());
}

/// `  -v, --volume SRC[:DST[:OPTS]]`, and what it does beside it, or below where there is no room.
fn option(row: &Row, write: &mut dyn FnMut(&[u8])) {
    let (name, value) = (row.name(), row.value());
    let letter = [b' ', b' ', b'-', row.letter, b',', b' '];
    write(if row.letter == 0 { b"      " } else { &letter });
    write(b"--");
    write(name);
    let separator: &[u8] = if value.first().is_none_or(|byte| *byte == b'[') { b"" } else { b" " };
    write(separator);
    write(value);
    let width = letter.len() + 2 + name.len() + separator.len() + value.len();
    // The text keeps two blanks off; the help of a row may have several lines.
    let mut indent = match COLUMN.checked_sub(width) {
        Some(room @ 2..) => room,
        _ => {
            write(b"\n");
            COLUMN
        }
    };
    for line in row.help().split(|byte| *byte == b'\n') {
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

    fn text() -> String {
        let mut bytes = Vec::new();
        help(&mut |piece| bytes.extend_from_slice(piece));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_option_has_its_line() {
        let text = text();
        for row in OPTIONS {
            let letter = if row.letter == 0 { String::from("    ") } else { format!("-{}, ", row.letter as char) };
            let value = String::from_utf8_lossy(row.value());
            let blank = if value.is_empty() || value.starts_with('[') { "" } else { " " };
            let start = format!("  {letter}--{}{blank}{value}", row.name_text());
            assert!(
                text.lines().any(|line| line == start || line.starts_with(&format!("{start}  "))),
                "no line {start:?}"
            );
            for line in String::from_utf8_lossy(row.help()).lines() {
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
            assert_eq!(text.lines().filter(|line| *line == section.title()).count(), 1, "{section:?}");
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
    fn it_begins_with_the_three_ways_to_call_it() {
        assert!(text().starts_with("usage: engine [options] [--] <rootfs> [command [args...]]\n"));
        assert!(text().contains("\n       engine --as-init [options] [--] <command> [args...]\n"));
        assert!(text().contains("\n       engine --version | --help\n"));
    }

    #[test]
    fn the_version_is_the_packages() {
        assert_eq!(VERSION, b"engine 0.1.0\n");
    }
}
