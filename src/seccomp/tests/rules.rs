//! RULES: what is understood, what is not, and what the filter does then.

use super::filters::{ALLOW, Base, ENOSYS, EPERM, Expected, expected, numbers};
use super::machine::{self, Call};
use super::program;
use crate::config::{Config, Privileges, Seccomp, Text};
use crate::error::Errno;
use crate::seccomp::assembler::{JUMP, assemble};
use crate::seccomp::cpu::{hash, number_by_hash, number_of};
use crate::seccomp::presets::Presets;
use crate::seccomp::verdicts::{Verdict, Verdicts};
use crate::seccomp::{Cpu, Editor, Fault, Instruction};
use crate::sys::numbers::{Aarch64, Arm, Riscv64, X86_64};
use crate::texts::texts;
use std::collections::{HashMap, HashSet};

/// The calls of a CPU.
fn calls<C: Cpu>() -> Vec<(u32, &'static str)> {
    let (mut names, mut calls) = (C::NAMES, Vec::new());
    for number in 0..=C::HIGHEST {
        let (length, rest) = names.split_first().unwrap();
        let (name, rest) = rest.split_at(usize::from(*length));
        if !name.is_empty() {
            calls.push((number, str::from_utf8(name).unwrap()));
        }
        names = rest;
    }
    assert!(names.is_empty());
    calls
}

/// Text that outlives the program, as the command line does.
fn text(text: impl Into<Vec<u8>>) -> Text {
    text.into().leak()
}

fn list(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(",")
}

/// The answers to all numbers after these edits.
fn answers<C: Cpu>(base: Base, rules: &str) -> Vec<(u32, u32)> {
    let program = program::<C>(&base.with(Seccomp::Rules(text(rules)))).unwrap();
    machine::check(&program);
    let answer = |number| machine::run(&program, &Call { number, architecture: C::ARCHITECTURE, arguments: [0; 6] }).0;
    numbers().map(|number| (number, answer(number))).collect()
}

fn answer<C: Cpu>(base: Base, rules: &str, call: &str) -> u32 {
    let number = number_of(C::NAMES, call.as_bytes()).unwrap();
    answers::<C>(base, rules)[number].1
}

fn fault(rules: &'static str) -> (Fault, &'static str) {
    let privileges = Base::Default.with(Seccomp::Rules(rules.as_bytes()));
    let (fault, what) = program::<X86_64>(&privileges).unwrap_err();
    (fault, str::from_utf8(what).unwrap())
}

#[test]
fn parts_come_in_any_order() {
    let whole = answers::<X86_64>(Base::Default, "deny=mkdir,rmdir;errno=EACCES;allow=bpf");
    for same in [
        "errno=EACCES;allow=bpf;deny=mkdir,rmdir",
        "allow=bpf;deny=rmdir;errno=EACCES;deny=mkdir",
        "deny=mkdir,rmdir,mkdir;deny=mkdir;allow=bpf,bpf;errno=EACCES",
        "errno=EPERM;deny=mkdir,rmdir;errno=ENOSYS;allow=bpf;errno=EACCES",
    ] {
        assert_eq!(answers::<X86_64>(Base::Default, same), whole, "{same}");
    }
}

#[test]
fn edits_change_what_they_name() {
    assert_eq!(answer::<X86_64>(Base::Default, "deny=mkdir", "mkdir"), EPERM);
    assert_eq!(answer::<X86_64>(Base::Default, "deny=mkdir", "rmdir"), ALLOW);
    assert_eq!(answer::<X86_64>(Base::Default, "deny=mkdir;errno=ENOSYS", "mkdir"), ENOSYS);
    assert_eq!(answer::<X86_64>(Base::Default, "deny=bpf;errno=ENOSYS", "bpf"), ENOSYS, "the rule is the last word");
    assert_eq!(answer::<X86_64>(Base::Default, "deny=mkdir;errno=ENOSYS", "bpf"), EPERM, "errno= is for deny= alone");
    assert_eq!(answer::<X86_64>(Base::Default, "allow=bpf", "bpf"), ALLOW);
    assert_eq!(answer::<X86_64>(Base::Default, "allow=bpf", "syslog"), EPERM);
    assert_eq!(answer::<X86_64>(Base::Strict, "allow=clone3", "clone3"), ALLOW);
    assert_eq!(answer::<X86_64>(Base::Strict, "deny=clone3", "clone3"), EPERM);
    assert_eq!(answer::<X86_64>(Base::Default, "deny=ioctl", "ioctl"), EPERM, "whatever the request");
    assert_eq!(answer::<Arm>(Base::Default, "deny=mmap2", "mmap2"), EPERM);
}

#[test]
fn an_allowed_call_is_allowed_with_any_arguments() {
    let privileges = Base::Strict.with(Seccomp::Rules(b"allow=ioctl,socket,clone"));
    let program = program::<X86_64>(&privileges).unwrap();
    for (number, arguments) in
        [(16, [0, 0x5412, 0, 0, 0, 0]), (41, [38, 0, 0, 0, 0, 0]), (56, [0x7e02_0000, 0, 0, 0, 0, 0])]
    {
        let call = Call { number, architecture: X86_64::ARCHITECTURE, arguments };
        assert_eq!(machine::run(&program, &call).0, ALLOW);
    }
}

#[test]
fn bad_rules_name_the_word() {
    assert_eq!(fault(""), (Fault::UnknownPart, ""));
    assert_eq!(fault("mkdir"), (Fault::UnknownPart, "mkdir"));
    assert_eq!(fault("default"), (Fault::UnknownPart, "default"));
    assert_eq!(fault("deny"), (Fault::UnknownPart, "deny"));
    assert_eq!(fault("Deny=mkdir"), (Fault::UnknownPart, "Deny=mkdir"));
    assert_eq!(fault(" deny=mkdir"), (Fault::UnknownPart, " deny=mkdir"));
    assert_eq!(fault("deny=mkdir;"), (Fault::UnknownPart, ""));
    assert_eq!(fault(";deny=mkdir"), (Fault::UnknownPart, ""));
    assert_eq!(fault("deny=mkdir;;allow=bpf"), (Fault::UnknownPart, ""));
    assert_eq!(fault("deny=mkdir;kill=bpf"), (Fault::UnknownPart, "kill=bpf"));
    assert_eq!(fault("deny="), (Fault::UnknownCall, ""));
    assert_eq!(fault("allow=bpf,"), (Fault::UnknownCall, ""));
    assert_eq!(fault("deny=,mkdir"), (Fault::UnknownCall, ""));
    assert_eq!(fault("deny=mkdir, rmdir"), (Fault::UnknownCall, " rmdir"));
    assert_eq!(fault("deny=mkdi"), (Fault::UnknownCall, "mkdi"));
    assert_eq!(fault("deny=mkdirs"), (Fault::UnknownCall, "mkdirs"));
    assert_eq!(fault("deny=MKDIR"), (Fault::UnknownCall, "MKDIR"));
    assert_eq!(fault("deny=83"), (Fault::UnknownCall, "83"));
    assert_eq!(fault("deny=mmap2"), (Fault::UnknownCall, "mmap2"), "a call of another CPU");
    assert_eq!(fault("deny=mkdir=EPERM"), (Fault::UnknownCall, "mkdir=EPERM"));
    assert_eq!(fault("deny=mkdir;errno="), (Fault::UnknownErrno, ""));
    assert_eq!(fault("deny=mkdir;errno=PERM"), (Fault::UnknownErrno, "PERM"));
    assert_eq!(fault("deny=mkdir;errno=1"), (Fault::UnknownErrno, "1"));
    assert_eq!(fault("errno"), (Fault::UnknownPart, "errno"));
    assert_eq!(fault("errno=EPERM"), (Fault::IdleErrno, "errno=EPERM"));
    assert_eq!(fault("allow=bpf;errno=ENOSYS"), (Fault::IdleErrno, "allow=bpf;errno=ENOSYS"));
    assert_eq!(fault("deny=mkdir,bpf;allow=keyctl,bpf"), (Fault::Contradiction, "bpf"));
    assert_eq!(fault("allow=bpf;deny=bpf"), (Fault::Contradiction, "bpf"));
}

#[test]
fn every_errno_can_be_the_answer() {
    for number in 1..=133 {
        let errno = Errno::new(number);
        if !errno.name(texts()).is_empty() {
            let rules = format!("deny=mkdir;errno={}", String::from_utf8_lossy(errno.name(texts())));
            assert_eq!(answer::<X86_64>(Base::Default, &rules, "mkdir"), 0x0005_0000 | u32::from(number));
        }
    }
    assert_eq!(Errno::by_name(b"", texts()), None);
}

/// The answers that edits ask for, without a filter.
fn edited<C: Expected>(base: Base, denied: &[u32], allowed: &[u32]) -> Vec<(u32, u32)> {
    let one = |number: u32| match number {
        _ if denied.contains(&number) => 0x0005_0000 | u32::from(Errno::ACCES.number()),
        _ if allowed.contains(&number) => ALLOW,
        _ => expected::<C>(base, number),
    };
    numbers().map(|number| (number, one(number))).collect()
}

/// Denies and allows the calls that `choose` says, by their place in the table.
fn chosen<C: Expected>(base: Base, choose: &mut dyn FnMut(usize) -> Option<bool>) {
    let (mut denied, mut allowed) = (Vec::new(), Vec::new());
    for (index, call) in calls::<C>().into_iter().enumerate() {
        match choose(index) {
            Some(true) => denied.push(call),
            Some(false) => allowed.push(call),
            None => {}
        }
    }
    let part = |key, calls: &[(u32, &'static str)]| match calls {
        [] => String::new(),
        calls => format!("{key}={};", list(calls.iter().map(|call| call.1))),
    };
    let rules = format!("{}{}", part("deny", &denied), part("allow", &allowed));
    let errno = if denied.is_empty() { "" } else { "errno=EACCES;" };
    let rules = format!("{errno}{rules}");
    let number = |call: &(u32, &'static str)| call.0;
    let (denied, allowed): (Vec<_>, Vec<_>) =
        (denied.iter().map(number).collect(), allowed.iter().map(number).collect());
    assert_eq!(answers::<C>(base, rules.trim_end_matches(';')), edited::<C>(base, &denied, &allowed), "{rules}");
}

fn many_rules<C: Expected>() {
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for base in [Base::Default, Base::Strict] {
        chosen::<C>(base, &mut |_| Some(true));
        chosen::<C>(base, &mut |_| Some(false));
        for step in 2..6 {
            chosen::<C>(base, &mut |index| index.is_multiple_of(step).then_some(true));
            chosen::<C>(base, &mut |index| Some(index.is_multiple_of(step)));
        }
        for round in [0, 3, 7, 10, 13, 16, 19] {
            chosen::<C>(base, &mut |_| (random() % 20 <= round).then(|| random().is_multiple_of(2)));
        }
    }
}

#[test]
fn any_rules_give_the_filter_that_they_describe() {
    many_rules::<X86_64>();
    many_rules::<Aarch64>();
    many_rules::<Riscv64>();
    many_rules::<Arm>();
}

/// No two neighbours alike, nothing lone: the longest program that there is.
#[test]
fn the_longest_program_fits() {
    let mut verdicts = Verdicts::allowing::<Arm>();
    let turns = [Verdict::Allow, Verdict::NoFamily, Verdict::Refuse, Verdict::Missing, Verdict::CheckClone];
    for number in 0..=Arm::HIGHEST as usize {
        verdicts.set(number, turns[number % turns.len()]);
    }
    let program = assemble::<Arm, 640>(&[&verdicts]).unwrap();
    machine::check(program.instructions());
    assert!(program.instructions().iter().any(|instruction| instruction.code == JUMP), "nothing is far away");
    assert!(program.instructions().len() < 640 - 64, "{}", program.instructions().len());
    for number in 0..=Arm::HIGHEST {
        let call = Call { number, architecture: Arm::ARCHITECTURE, arguments: [0; 6] };
        let expected = [ALLOW, 0x0005_0000 | 97, EPERM, ENOSYS, ALLOW][number as usize % 5];
        assert_eq!(machine::run(program.instructions(), &call).0, expected);
    }
}

#[test]
fn a_program_without_room_is_refused() {
    let mut verdicts = Verdicts::allowing::<X86_64>();
    verdicts.set(83, Verdict::Refuse);
    assert!(assemble::<X86_64, 0>(&[&verdicts]).is_none());
    assert!(assemble::<X86_64, 5>(&[&verdicts]).is_none());
    assert!(assemble::<X86_64, 12>(&[&verdicts]).is_some());
}

/// A filter that leaves everything to the next one, and no next one: nobody should be let through by mistake.
#[test]
fn what_is_left_to_nobody_kills() {
    let program = assemble::<X86_64, 64>(&[&Verdicts::PASSING]).unwrap();
    let call = Call { architecture: X86_64::ARCHITECTURE, ..Call::default() };
    assert_eq!(machine::run(program.instructions(), &call).0, 0x8000_0000);
}

#[test]
fn rules_without_room_are_refused() {
    let needed = 4 + 2 * 2 + Presets::<X86_64>::STRICT.len();
    for room in 0..=needed {
        let mut editor = Box::new(Editor::new());
        let filled = Instruction { code: 0x06, jump_true: 0, jump_false: 0, constant: 0 };
        let capacity = editor.program.capacity();
        editor.program.resize(capacity - room, filled).unwrap();
        let refused = editor.edit::<X86_64>(b"deny=mkdir,rmdir,mkdir", Presets::<X86_64>::STRICT, texts);
        assert_eq!(refused, if room < needed { Err(Fault::TooLong) } else { Ok(()) }, "{room}");
    }
}

fn every_name<C: Cpu>() {
    for (number, name) in calls::<C>() {
        assert_eq!(number_by_hash(C::HASHES, name.as_bytes()), Some(number), "{name}");
    }
}

#[test]
fn every_name_is_found_by_its_hash() {
    every_name::<X86_64>();
    every_name::<Aarch64>();
    every_name::<Riscv64>();
    every_name::<Arm>();
}

/// All that is one slip away from a word: a byte more, less or other, or two in each other's place.
fn slips(word: &[u8]) -> Vec<Vec<u8>> {
    let mut slips = Vec::new();
    for at in 0..=word.len() {
        let (before, after) = word.split_at(at);
        for byte in *b"abcdefghijklmnopqrstuvwxyz0123456789_- " {
            slips.push([before, &[byte], after].concat());
            slips.push([before, &[byte], after.get(1..).unwrap_or_default()].concat());
        }
        if let [first, others @ ..] = after {
            slips.push([before, others].concat());
            if let [second, others @ ..] = others {
                slips.push([before, &[*second, *first], others].concat());
            }
        }
    }
    slips
}

/// A hash of 32 bits can take a wrong name for a right one. It takes none that people write: the names of other CPUs,
/// and all names with a slip.
#[test]
fn no_likely_mistake_passes_for_a_name() {
    fn by_hash<C: Cpu>() -> HashMap<u32, &'static [u8]> {
        calls::<C>().into_iter().map(|(_, name)| (hash(name.as_bytes()), name.as_bytes())).collect()
    }
    let tables = [by_hash::<X86_64>(), by_hash::<Aarch64>(), by_hash::<Riscv64>(), by_hash::<Arm>()];
    let names: HashSet<&[u8]> = tables.iter().flat_map(HashMap::values).copied().collect();
    for wrong in names.iter().flat_map(|name| slips(name)).chain(names.iter().map(|name| name.to_vec())) {
        let hash = hash(&wrong);
        for table in &tables {
            let taken_for = table.get(&hash).copied().unwrap_or(&wrong);
            assert_eq!(taken_for.escape_ascii().to_string(), wrong.escape_ascii().to_string());
        }
    }
    for hashes in [X86_64::HASHES, Aarch64::HASHES, Riscv64::HASHES, Arm::HASHES] {
        assert_eq!(number_by_hash(hashes, b""), None);
    }
}

#[test]
fn the_command_line_chooses_the_filter() {
    let chosen = |strict, seccomp| {
        let privileges = Privileges { strict, seccomp, ..Config::EMPTY.privileges };
        program::<X86_64>(&privileges).unwrap()
    };
    let (default, strict) = (Presets::<X86_64>::DEFAULT, Presets::<X86_64>::STRICT);
    assert_ne!(default, strict);
    assert_eq!(chosen(false, Seccomp::Unsaid), default);
    assert_eq!(chosen(true, Seccomp::Unsaid), strict);
    assert_eq!(chosen(true, Seccomp::Default), default, "explicit loosens what it names");
    assert_eq!(chosen(false, Seccomp::Strict), strict);
    assert_eq!(chosen(true, Seccomp::None), []);
    let edits = Seccomp::Rules(b"deny=mkdir");
    assert_eq!(chosen(false, edits).get(6..).unwrap(), default);
    assert_eq!(chosen(true, edits).get(6..).unwrap(), strict);
}
