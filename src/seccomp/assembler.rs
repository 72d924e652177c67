//! Verdicts into a program of the kernel's classic BPF (linux/filter.h, bpf_common.h; seccomp(2)).
//!
//! A program is made from its end to its beginning: what a jump leads to exists before the jump, so its distance is
//! known. The calls are searched by halves, some five comparisons to an answer. That matters less to the calls, since
//! the kernel remembers which are allowed whatever their arguments (Linux 5.11), than to installing the filter: for that
//! memory the kernel runs it once for each call number, and a list would cost its whole length each time. Measured on
//! Linux 6.18: 75 µs, where a list of the same verdicts takes 135 and a filter that allows all takes 22.

use super::cpu::Cpu;
use super::verdicts::{Verdict, Verdicts, at, put};
use crate::error::Errno;

/// One instruction: `struct sock_filter` of linux/filter.h, field by field.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip if a comparison holds.
    pub jump_true: u8,
    /// How many to skip if it does not.
    pub jump_false: u8,
    /// What to compare with, load from, jump over or return.
    pub constant: u32,
}

impl Instruction {
    pub(super) const fn new(code: u16, jump_true: u8, jump_false: u8, constant: u32) -> Self {
        Self { code, jump_true, jump_false, constant }
    }
}

/// `BPF_LD | BPF_W | BPF_ABS`: loads 32 bits of `struct seccomp_data`.
pub(super) const LOAD: u16 = 0x20;
/// `BPF_JMP | BPF_JA`: skips `constant` instructions.
pub(super) const JUMP: u16 = 0x05;
/// `BPF_JMP | BPF_JEQ | BPF_K`: is it equal to `constant`?
pub(super) const EQUAL: u16 = 0x15;
/// `BPF_JMP | BPF_JGE | BPF_K`: is it, unsigned, at least `constant`?
pub(super) const AT_LEAST: u16 = 0x35;
/// `BPF_JMP | BPF_JSET | BPF_K`: has it any of the bits of `constant`?
pub(super) const ANY_BIT: u16 = 0x45;
/// `BPF_RET | BPF_K`: the answer is `constant`.
pub(super) const RETURN: u16 = 0x06;

/// `SECCOMP_RET_ALLOW`.
pub(super) const ALLOW: u32 = 0x7fff_0000;
/// `SECCOMP_RET_KILL_PROCESS` (Linux 4.14).
pub(super) const KILL_PROCESS: u32 = 0x8000_0000;
/// `SECCOMP_RET_ERRNO`, with the errno in its low half.
pub(super) const fn refuse(errno: Errno) -> u32 {
    0x0005_0000 | errno.number() as u32
}

/// Where `struct seccomp_data` has the call's number.
pub(super) const NUMBER: u32 = 0;
/// Where it has the architecture.
pub(super) const ARCHITECTURE: u32 = 4;
/// Where it has the low 32 bits of an argument, all that the calls in question look at: a filter that compared all 64
/// would be passed by setting one of the others. All four CPUs are little-endian.
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

/// asm-generic/ioctls.h; the same on all four CPUs.
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;
/// linux/socket.h.
const AF_ALG: u32 = 38;
const AF_VSOCK: u32 = 40;
/// linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. CLONE_NEWTIME is not among them:
/// to clone(2) that bit is a part of the signal's number; only unshare(2) and clone3(2) take it for a namespace.
const CLONE_NAMESPACES: u32 = 0x7e02_0000;

/// How far a comparison may jump, less what may come between by making its other target reachable.
const REACH: usize = u8::MAX as usize - 16;

/// Filters of at most `ROOM` instructions.
#[derive(Clone, Copy)]
pub(super) struct Program<const ROOM: usize> {
    /// The program is at the end of it.
    room: [Instruction; ROOM],
    length: usize,
}

impl<const ROOM: usize> Program<ROOM> {
    /// The filter, as seccomp(2) takes it.
    #[must_use]
    pub(super) const fn instructions(&self) -> &[Instruction] {
        last(&self.room, self.length)
    }
}

/// The last of these instructions, so many.
pub(super) const fn last(instructions: &[Instruction], length: usize) -> &[Instruction] {
    match instructions.split_at_checked(instructions.len().saturating_sub(length)) {
        Some((_, last)) => last,
        None => &[],
    }
}

/// The filters that say this, each before the former and able to leave calls to it; `None` where they do not fit.
pub(super) const fn assemble<C: Cpu, const ROOM: usize>(mut filters: &[&Verdicts]) -> Option<Program<ROOM>> {
    let nothing = Instruction::new(RETURN, 0, 0, KILL_PROCESS);
    let program = Program { room: [nothing; ROOM], length: 0 };
    let private = match C::PRIVATE {
        Some(calls) => calls,
        None => (u32::MAX, u32::MAX),
    };
    let mut assembler = Assembler { program, answers: [None; Verdict::COUNT], following: None, private, fits: true };
    while let [verdicts, others @ ..] = filters {
        let verdict = assembler.search(verdicts.all::<C>(), 0);
        assembler.near(verdict);
        let number = Target::Before(assembler.load(NUMBER));
        // First of all: the numbers mean other calls to a program of another architecture, such as 32-bit x86.
        assembler.test(EQUAL, C::ARCHITECTURE, number, Target::Answer(Verdict::Kill));
        let start = Some(assembler.load(ARCHITECTURE));
        assembler.following = start;
        put(&mut assembler.answers, Verdict::Pass as usize, start);
        filters = others;
    }
    if assembler.fits { Some(assembler.program) } else { None }
}

/// Where a jump leads.
#[derive(Clone, Copy)]
enum Target {
    /// To an answer, which may not have been written yet.
    Answer(Verdict),
    /// To the instruction at this position: that many others follow it.
    Before(usize),
}

const ALLOWED: Target = Target::Answer(Verdict::Allow);
const MISSING: Target = Target::Answer(Verdict::Missing);

struct Assembler<const ROOM: usize> {
    program: Program<ROOM>,
    /// The position where each verdict was last written.
    answers: [Option<usize>; Verdict::COUNT],
    /// For [`Verdict::Pass`]: where the filter starts that was written before this one.
    following: Option<usize>,
    /// For [`Verdict::CheckPrivate`]: the first and the last.
    private: (u32, u32),
    fits: bool,
}

impl<const ROOM: usize> Assembler<ROOM> {
    /// Finds the verdict on a number that is `first` or one of the following. The last verdict holds for all above:
    /// comparisons are unsigned, so x32's calls, which have bit 30, and -1 are there too.
    const fn search(&mut self, verdicts: &[Verdict], first: usize) -> Target {
        if let Some((index, verdict, others)) = lone(verdicts) {
            let (verdict, others) = (Target::Answer(verdict), Target::Answer(others));
            return Target::Before(self.test(EQUAL, (first + index) as u32, verdict, others));
        }
        let Some((lower, upper)) = halves(verdicts) else {
            return Target::Answer(match verdicts {
                [verdict, ..] => *verdict,
                [] => Verdict::Missing,
            });
        };
        let middle = first + lower.len();
        let upper = self.search(upper, middle);
        let lower = self.search(lower, first);
        Target::Before(self.test(AT_LEAST, middle as u32, upper, lower))
    }

    /// Writes what carries out a verdict.
    const fn answer(&mut self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Allow => self.write(RETURN, 0, 0, ALLOW),
            Verdict::Refuse => self.write(RETURN, 0, 0, refuse(Errno::PERM)),
            Verdict::Missing => self.write(RETURN, 0, 0, refuse(Errno::NOSYS)),
            Verdict::NoFamily => self.write(RETURN, 0, 0, refuse(Errno::AFNOSUPPORT)),
            Verdict::Kill => self.write(RETURN, 0, 0, KILL_PROCESS),
            Verdict::Pass => match self.following {
                Some(position) => self.write(JUMP, 0, 0, self.distance(position) as u32),
                None => self.write(RETURN, 0, 0, KILL_PROCESS),
            },
            Verdict::CheckRequest => self.neither(1, TIOCSTI, TIOCLINUX, Verdict::Refuse),
            Verdict::CheckFamily => self.neither(0, AF_ALG, AF_VSOCK, Verdict::NoFamily),
            Verdict::CheckClone => {
                self.test(ANY_BIT, CLONE_NAMESPACES, Target::Answer(Verdict::Refuse), ALLOWED);
                self.load(argument(0))
            }
            Verdict::CheckPrivate => {
                let (first, last) = self.private;
                let above = Target::Before(self.test(AT_LEAST, last.saturating_add(1), MISSING, ALLOWED));
                self.test(AT_LEAST, first, above, MISSING)
            }
        }
    }

    /// Allows a call whose argument is neither of these.
    const fn neither(&mut self, index: u32, this: u32, that: u32, verdict: Verdict) -> usize {
        let second = Target::Before(self.test(EQUAL, that, Target::Answer(verdict), ALLOWED));
        self.test(EQUAL, this, Target::Answer(verdict), second);
        self.load(argument(index))
    }

    /// Loads a word of `struct seccomp_data` for what was written last.
    const fn load(&mut self, offset: u32) -> usize {
        self.write(LOAD, 0, 0, offset)
    }

    /// Goes one way or the other.
    const fn test(&mut self, code: u16, constant: u32, yes: Target, no: Target) -> usize {
        let yes = self.near(yes);
        let no = self.near(no);
        let (jump_true, jump_false) = (self.distance(yes), self.distance(no));
        if jump_true > u8::MAX as usize || jump_false > u8::MAX as usize {
            self.fits = false;
        }
        self.write(code, jump_true as u8, jump_false as u8, constant)
    }

    /// Where the target is, near enough for a comparison to jump to.
    const fn near(&mut self, target: Target) -> usize {
        match target {
            Target::Before(position) if self.distance(position) <= REACH => position,
            Target::Before(position) => self.write(JUMP, 0, 0, self.distance(position) as u32),
            Target::Answer(verdict) => match at(&self.answers, verdict as usize) {
                Some(Some(position)) if self.distance(position) <= REACH => position,
                _ => {
                    let position = self.answer(verdict);
                    put(&mut self.answers, verdict as usize, Some(position));
                    position
                }
            },
        }
    }

    /// How many instructions lie between the one to be written next and that one.
    const fn distance(&self, position: usize) -> usize {
        self.program.length.saturating_sub(position + 1)
    }

    /// Writes an instruction before all others, and says how many follow it: its position.
    const fn write(&mut self, code: u16, jump_true: u8, jump_false: u8, constant: u32) -> usize {
        let position = self.program.length;
        let instruction = Instruction::new(code, jump_true, jump_false, constant);
        if position < ROOM && put(&mut self.program.room, ROOM - 1 - position, instruction) {
            self.program.length += 1;
        } else {
            self.fits = false;
        }
        position
    }
}

/// The verdicts in two, at a change, and of all changes at the one that is nearest to the middle: every number costs
/// the kernel one run, so it is the numbers that are to be halved.
const fn halves(verdicts: &[Verdict]) -> Option<(&[Verdict], &[Verdict])> {
    let middle = verdicts.len() / 2;
    let (mut nearest, mut index, mut rest): (Option<usize>, usize, _) = (None, 0, verdicts);
    while let [before, following @ ..] = rest {
        index += 1;
        if let [verdict, ..] = following
            && !verdict.is(*before)
        {
            match nearest {
                Some(known) if index.abs_diff(middle) >= known.abs_diff(middle) => break,
                _ => nearest = Some(index),
            }
        }
        rest = following;
    }
    match nearest {
        Some(index) => verdicts.split_at_checked(index),
        None => None,
    }
}

/// Where a single verdict stands between others that are all the same: its index, itself, the others. One comparison
/// tells it from them, where its two edges would take two.
const fn lone(verdicts: &[Verdict]) -> Option<(usize, Verdict, Verdict)> {
    let ([others, ..], Some((lower, [verdict, upper @ ..]))) = (verdicts, halves(verdicts)) else { return None };
    match upper {
        [next, ..] if next.is(*others) && halves(lower).is_none() && halves(upper).is_none() => {
            Some((lower.len(), *verdict, *others))
        }
        _ => None,
    }
}
