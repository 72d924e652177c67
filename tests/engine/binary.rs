//! The binary is one small static file.

use crate::support::{Skip, Test, Verdict, once, world};

pub(crate) const TESTS: &[Test] = &[
    once("static: no interpreter, no dynamic section", static_file),
    once("no memory that is writable and executable, no executable stack", memory),
    once("stripped", stripped),
    once("at most 64 KiB", size),
];

const SIZE_MAX: usize = 64 * 1024;
const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const PT_GNU_STACK: u64 = 0x6474_e551;
const SHT_SYMTAB: u64 = 2;
const PF_X: u64 = 1;
const PF_W: u64 = 2;

/// The tables of an ELF file, as far as these tests look: little-endian, 32 or 64 bits.
struct Elf {
    /// Type and flags of each program header.
    segments: Vec<(u64, u64)>,
    /// Type of each section header.
    sections: Vec<u64>,
    size: usize,
}

impl Elf {
    fn of_binary() -> Self {
        let bytes = std::fs::read(world().engine()).unwrap();
        assert_eq!(&bytes[..4], b"\x7fELF");
        assert_eq!(bytes[5], 1, "little-endian");
        let wide = bytes[4] == 2;
        let number = |offset: usize, length: usize| {
            bytes[offset..offset + length].iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
        };
        let place = |offset: usize, length: usize| usize::try_from(number(offset, length)).unwrap();
        // e_phoff, e_shoff, e_phentsize, e_phnum, e_shentsize, e_shnum; p_flags within a program header.
        let (headers, sections, counts, flags) =
            if wide { (place(32, 8), place(40, 8), 54, 4) } else { (place(28, 4), place(32, 4), 42, 24) };
        let [header_size, header_count, section_size, section_count] =
            [0, 2, 4, 6].map(|offset| place(counts + offset, 2));
        let at = |index: usize| headers + index * header_size;
        Self {
            segments: (0..header_count).map(|index| (number(at(index), 4), number(at(index) + flags, 4))).collect(),
            sections: (0..section_count).map(|index| number(sections + index * section_size + 4, 4)).collect(),
            size: bytes.len(),
        }
    }

    fn has(&self, kind: u64) -> bool {
        self.segments.iter().any(|segment| segment.0 == kind)
    }
}

/// What holds for the release binary only.
fn release_only() -> Result<(), Skip> {
    if std::env::var_os("ENGINE").is_none() && cfg!(debug_assertions) {
        return Err(Skip::because("this is a debug build; `make test` takes the release binary"));
    }
    Ok(())
}

fn static_file() -> Verdict {
    let elf = Elf::of_binary();
    assert!(elf.has(PT_LOAD));
    assert!(!elf.has(PT_INTERP), "it asks for an interpreter");
    assert!(!elf.has(PT_DYNAMIC), "it has a dynamic section");
    Ok(())
}

fn memory() -> Verdict {
    let elf = Elf::of_binary();
    for (kind, flags) in &elf.segments {
        assert!(*kind != PT_LOAD || flags & PF_W == 0 || flags & PF_X == 0, "a segment is writable and executable");
    }
    let stack = elf.segments.iter().find(|segment| segment.0 == PT_GNU_STACK);
    assert!(stack.is_some_and(|stack| stack.1 & PF_X == 0), "the stack is executable");
    Ok(())
}

fn stripped() -> Verdict {
    release_only()?;
    assert!(!Elf::of_binary().sections.contains(&SHT_SYMTAB), "it has a symbol table");
    Ok(())
}

fn size() -> Verdict {
    release_only()?;
    let size = Elf::of_binary().size;
    assert!(size <= SIZE_MAX, "it is {size} bytes long, {} too many", size - SIZE_MAX);
    Ok(())
}
