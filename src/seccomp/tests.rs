//! Every filter of every CPU is run in a machine of our own, over all numbers that could be a call.

mod filters;
mod machine;
mod rules;

use super::cpu::number_of;
use super::presets::{DEFAULT, STRICT};
use super::{Editor, Fault, Instruction, preset};
use crate::config::{Privileges, Seccomp, Text};
use crate::seccomp::Cpu;
use crate::sys::numbers::{Aarch64, Arm, Riscv64, X86_64};
use crate::texts::texts;
use core::mem::{offset_of, size_of};

/// The filter that these ask for, edits and all; or what is wrong, and with which words.
fn program<C: Cpu>(privileges: &Privileges) -> Result<Vec<Instruction>, (Fault, Text)> {
    let preset = preset::<C>(privileges);
    let Seccomp::Rules(rules) = privileges.seccomp else { return Ok(preset.to_vec()) };
    let mut editor = Box::new(Editor::new());
    match editor.edit::<C>(rules, preset, texts) {
        Ok(()) => Ok(editor.program.to_vec()),
        Err(fault) => Err((fault, editor.what.unwrap())),
    }
}

#[test]
fn an_instruction_is_the_kernels() {
    let offsets = [
        offset_of!(Instruction, code),
        offset_of!(Instruction, jump_true),
        offset_of!(Instruction, jump_false),
        offset_of!(Instruction, constant),
    ];
    assert_eq!((size_of::<Instruction>(), offsets), (8, [0, 2, 3, 4]));
}

#[test]
fn names_have_their_numbers() {
    for (name, numbers) in
        [("read", [0, 63, 63, 3]), ("getppid", [110, 173, 173, 64]), ("openat2", [437; 4]), ("file_setattr", [469; 4])]
    {
        let name = name.as_bytes();
        let found = [X86_64::NAMES, Aarch64::NAMES, Riscv64::NAMES, Arm::NAMES].map(|names| number_of(names, name));
        assert_eq!(found, numbers.map(Some));
    }
    for nothing in ["", "rea", "reads", "READ", "\u{4}read"] {
        assert_eq!(number_of(X86_64::NAMES, nothing.as_bytes()), None);
    }
}

/// A misspelt name in a preset would be left out in silence, as if no CPU had it.
#[test]
fn presets_name_calls_that_exist() {
    for name in DEFAULT.iter().chain(STRICT).flat_map(|row| row.1) {
        let tables = [X86_64::NAMES, Aarch64::NAMES, Riscv64::NAMES, Arm::NAMES];
        assert!(tables.iter().any(|names| number_of(names, name.as_bytes()).is_some()), "{name}");
    }
}
