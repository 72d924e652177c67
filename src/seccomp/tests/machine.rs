//! A machine for the kernel's classic BPF as seccomp(2) takes it, strict: what the kernel would refuse, it refuses.

use crate::seccomp::Instruction;
use crate::seccomp::assembler::{ANY_BIT, AT_LEAST, EQUAL, JUMP, LOAD, RETURN};

/// `struct seccomp_data` of linux/seccomp.h.
#[derive(Clone, Copy, Default)]
pub(super) struct Call {
    pub(super) number: u32,
    pub(super) architecture: u32,
    pub(super) arguments: [u64; 6],
}

impl Call {
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.architecture,
            8 | 12 => 0xdead_beef, // the instruction pointer
            _ => (self.arguments[(offset as usize - 16) / 8] >> ((offset % 8) * 8)) as u32,
        }
    }
}

/// What the kernel checks before it takes a program (net/core/filter.c `bpf_check_classic`, kernel/seccomp.c
/// `seccomp_check_filter`): known instructions, aligned loads, jumps that stay inside, a return at the end. And that
/// nothing lies there in vain: each instruction can be reached from the first.
pub(super) fn check(program: &[Instruction]) {
    assert!(!program.is_empty() && program.len() <= 4096);
    assert_eq!(program.last().unwrap().code, RETURN, "it must not run off its end");
    let mut reached = vec![false; program.len()];
    reached[0] = true;
    for (index, instruction) in program.iter().enumerate() {
        assert!(reached[index], "instruction {index} is reached by no way");
        for next in successors(index, instruction) {
            *reached.get_mut(next).unwrap_or_else(|| panic!("instruction {index} jumps out")) = true;
        }
    }
}

/// Where it may go on; always further on.
fn successors(index: usize, instruction: &Instruction) -> Vec<usize> {
    let (yes, no) = (usize::from(instruction.jump_true), usize::from(instruction.jump_false));
    match instruction.code {
        LOAD => {
            assert!(instruction.constant.is_multiple_of(4) && instruction.constant < 64, "a load of what is not there");
            assert_eq!((yes, no), (0, 0));
            vec![index + 1]
        }
        JUMP => {
            assert_eq!((yes, no), (0, 0));
            vec![index + 1 + instruction.constant as usize]
        }
        EQUAL | AT_LEAST | ANY_BIT => vec![index + 1 + yes, index + 1 + no],
        RETURN => {
            assert_eq!((yes, no), (0, 0));
            vec![]
        }
        code => panic!("instruction {index} has the unknown code {code:#x}"),
    }
}

/// The answer to a call, and how many instructions it took. It panics where the program runs off its end or compares
/// before it has loaded.
pub(super) fn run(program: &[Instruction], call: &Call) -> (u32, usize) {
    let (mut accumulator, mut next) = (None, 0);
    for steps in 1.. {
        let instruction = program.get(next).unwrap();
        let constant = instruction.constant;
        let value = || accumulator.unwrap();
        let holds = match instruction.code {
            LOAD => {
                accumulator = Some(call.word(constant));
                next += 1;
                continue;
            }
            JUMP => {
                next += 1 + constant as usize;
                continue;
            }
            RETURN => return (constant, steps),
            EQUAL => value() == constant,
            AT_LEAST => value() >= constant,
            ANY_BIT => value() & constant != 0,
            code => panic!("instruction {next} has the unknown code {code:#x}"),
        };
        next += 1 + usize::from(if holds { instruction.jump_true } else { instruction.jump_false });
    }
    panic!("it never ends")
}
