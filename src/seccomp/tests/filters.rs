//! The presets of every CPU, call by call, against lists written by hand from the kernel's tables.

use super::machine::{self, Call};
use super::program;
use crate::config::{Config, Privileges, Seccomp};
use crate::seccomp::{Cpu, Instruction};
use crate::sys::numbers::{Aarch64, Arm, Riscv64, X86_64};

/// A preset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Base {
    Default,
    Strict,
}

impl Base {
    /// What gives this preset, alone or below `seccomp`'s edits.
    pub(super) fn with(self, seccomp: Seccomp) -> Privileges {
        Privileges { strict: self == Self::Strict, seccomp, ..Config::EMPTY.privileges }
    }
}

pub(super) const ALLOW: u32 = 0x7fff_0000;
pub(super) const KILL: u32 = 0x8000_0000;
pub(super) const EPERM: u32 = 0x0005_0001;
pub(super) const ENOSYS: u32 = 0x0005_0026;
pub(super) const EAFNOSUPPORT: u32 = 0x0005_0061;

/// What a CPU's presets are to do, in numbers of its own table in the kernel's sources.
pub(super) trait Expected: Cpu {
    const AUDIT: u32;
    const DEFAULT: &'static [&'static [u32]];
    const STRICT: &'static [u32];
    const IOCTL: u32;
    const SOCKET: u32;
    const CLONE: u32;
}

/// arch/x86/entry/syscalls/syscall_64.tbl.
impl Expected for X86_64 {
    const AUDIT: u32 = 0xC000_003E;
    const DEFAULT: &'static [&'static [u32]] = &[&[
        103, 134, 153, 154, 163, 164, 167, 168, 169, 172, 173, 174, 175, 176, 177, 178, 179, 180, 212, 227, 246, 248,
        249, 250, 256, 279, 298, 300, 304, 305, 313, 320, 321, 323, 425, 426, 427, 443,
    ]];
    const STRICT: &'static [u32] =
        &[101, 155, 161, 165, 166, 272, 308, 310, 311, 312, 428, 429, 430, 431, 432, 433, 438, 442, 467];
    const IOCTL: u32 = 16;
    const SOCKET: u32 = 41;
    const CLONE: u32 = 56;
}

/// include/uapi/asm-generic/unistd.h: what aarch64 and riscv64 have in common.
const GENERIC: &[u32] = &[
    18, 42, 58, 60, 89, 104, 105, 106, 112, 116, 142, 170, 217, 218, 219, 224, 225, 238, 239, 241, 262, 265, 266, 273,
    280, 282, 294, 425, 426, 427, 443,
];
const GENERIC_STRICT: &[u32] =
    &[39, 40, 41, 51, 97, 117, 268, 270, 271, 272, 428, 429, 430, 431, 432, 433, 438, 442, 467];

impl Expected for Riscv64 {
    const AUDIT: u32 = 0xC000_00F3;
    const DEFAULT: &'static [&'static [u32]] = &[GENERIC];
    const STRICT: &'static [u32] = GENERIC_STRICT;
    const IOCTL: u32 = 29;
    const SOCKET: u32 = 198;
    const CLONE: u32 = 220;
}

impl Expected for Aarch64 {
    const AUDIT: u32 = 0xC000_00B7;
    // 404 and 405 are calls of 32-bit CPUs. The crate's table has them here too, the kernel has not: it answers either
    // EPERM or ENOSYS, which is as good.
    const DEFAULT: &'static [&'static [u32]] = &[GENERIC, &[404, 405]];
    const STRICT: &'static [u32] = GENERIC_STRICT;
    const IOCTL: u32 = 29;
    const SOCKET: u32 = 198;
    const CLONE: u32 = 220;
}

/// arch/arm/tools/syscall.tbl.
impl Expected for Arm {
    const AUDIT: u32 = 0x4000_0028;
    const DEFAULT: &'static [&'static [u32]] = &[&[
        51, 79, 86, 87, 88, 103, 111, 115, 128, 129, 131, 169, 249, 262, 309, 310, 311, 344, 347, 364, 367, 371, 372,
        379, 386, 388, 400, 401, 404, 405, 425, 426, 427, 443,
    ]];
    const STRICT: &'static [u32] =
        &[21, 26, 52, 61, 218, 337, 375, 376, 377, 378, 428, 429, 430, 431, 432, 433, 438, 442, 467];
    const IOCTL: u32 = 54;
    const SOCKET: u32 = 281;
    const CLONE: u32 = 120;
}

/// On every CPU alike.
const CLONE3: u32 = 435;

/// What a preset is to answer to a call whose arguments are all zero.
pub(super) fn expected<C: Expected>(base: Base, number: u32) -> u32 {
    let private = C::AUDIT == Arm::AUDIT && (0x000f_0001..=0x000f_0006).contains(&number);
    match number {
        _ if private => ALLOW,
        470.. => ENOSYS,
        _ if C::DEFAULT.iter().any(|list| list.contains(&number)) => EPERM,
        _ if base == Base::Default => ALLOW,
        _ if C::STRICT.contains(&number) => EPERM,
        CLONE3 => ENOSYS,
        _ => ALLOW,
    }
}

/// Every number that could be a call, and those around them.
pub(super) fn numbers() -> impl Iterator<Item = u32> {
    let x32 = 0x4000_0000;
    (0..2500)
        .chain(0x000e_fff0..0x000f_0100)
        .chain(x32..x32 + 2500)
        .chain([0x7fff_ffff, 0x8000_0000])
        .chain(u32::MAX - 9..=u32::MAX)
}

fn answer<C: Expected>(program: &[Instruction], number: u32, arguments: [u64; 6]) -> u32 {
    machine::run(program, &Call { number, architecture: C::AUDIT, arguments }).0
}

fn preset<C: Cpu>(base: Base) -> Vec<Instruction> {
    program::<C>(&base.with(Seccomp::Unsaid)).unwrap()
}

fn every_call<C: Expected>() {
    for base in [Base::Default, Base::Strict] {
        let program = preset::<C>(base);
        machine::check(&program);
        for number in numbers() {
            let (expected, answer) = (expected::<C>(base, number), answer::<C>(&program, number, [0; 6]));
            assert_eq!(expected, answer, "call {number} under {base:?} on {:#x}", C::AUDIT);
        }
    }
}

#[test]
fn presets_answer_every_call_as_listed() {
    every_call::<X86_64>();
    every_call::<Aarch64>();
    every_call::<Riscv64>();
    every_call::<Arm>();
}

fn arguments<C: Expected>() {
    for base in [Base::Default, Base::Strict] {
        let program = preset::<C>(base);
        let ioctl = |request| answer::<C>(&program, C::IOCTL, [0, request, 0, 0, 0, 0]);
        let socket = |family| answer::<C>(&program, C::SOCKET, [family, 0, 0, 0, 0, 0]);
        // What the kernel does not look at makes no difference.
        for high in [0, 1 << 32, 0xffff_ffff << 32] {
            assert_eq!([ioctl(high | 0x5412), ioctl(high | 0x541c)], [EPERM; 2], "TIOCSTI, TIOCLINUX");
            assert_eq!([ioctl(high | 0x5411), ioctl(high | 0x5413), ioctl(high | 0x541b), ioctl(high)], [ALLOW; 4]);
            assert_eq!([socket(high | 38), socket(high | 40)], [EAFNOSUPPORT; 2], "AF_ALG, AF_VSOCK");
            for family in (0..60).filter(|family| ![38, 40].contains(family)) {
                assert_eq!(socket(high | family), ALLOW, "family {family}");
            }
        }
    }
}

#[test]
fn arguments_are_compared_by_their_low_half() {
    arguments::<X86_64>();
    arguments::<Aarch64>();
    arguments::<Riscv64>();
    arguments::<Arm>();
}

fn clone<C: Expected>() {
    let flags = |base, flags| answer::<C>(&preset::<C>(base), C::CLONE, [flags, 0, 0, 0, 0, 0]);
    // linux/sched.h: mount, cgroup, uts, ipc, user, pid, net.
    let namespaces = [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];
    for bit in 0..64 {
        let flag = 1_u64 << bit;
        assert_eq!(flags(Base::Default, flag), ALLOW);
        assert_eq!(flags(Base::Strict, flag), if namespaces.contains(&flag) { EPERM } else { ALLOW }, "{flag:#x}");
        assert_eq!(flags(Base::Strict, flag | 0x1000_0000), EPERM);
    }
    // What musl and glibc ask for to start a thread, and to fork.
    assert_eq!([flags(Base::Strict, 0x007d_0f00), flags(Base::Strict, 0x0120_0011)], [ALLOW; 2]);
}

#[test]
fn strict_refuses_clone_into_a_namespace() {
    clone::<X86_64>();
    clone::<Aarch64>();
    clone::<Riscv64>();
    clone::<Arm>();
}

fn other_architectures<C: Expected>() {
    for base in [Base::Default, Base::Strict] {
        let program = preset::<C>(base);
        // 32-bit x86 and ARM, the four, 0, and ours but for a bit.
        for architecture in [0x4000_0003, 0x4000_0028, 0xC000_003E, 0xC000_00B7, 0xC000_00F3, 0, C::AUDIT ^ 0x8000_0000]
        {
            for number in numbers().filter(|_| architecture != C::AUDIT) {
                let call = Call { number, architecture, arguments: [0; 6] };
                assert_eq!(machine::run(&program, &call), (KILL, 3));
            }
        }
    }
}

#[test]
fn a_call_of_another_architecture_kills() {
    other_architectures::<X86_64>();
    other_architectures::<Aarch64>();
    other_architectures::<Riscv64>();
    other_architectures::<Arm>();
}

fn length<C: Cpu>(most: [usize; 2]) {
    for (base, most) in [Base::Default, Base::Strict].into_iter().zip(most) {
        let program = preset::<C>(base);
        let steps =
            |number| machine::run(&program, &Call { number, architecture: C::ARCHITECTURE, arguments: [0; 6] }).1;
        let total: usize = (0..=C::HIGHEST).map(steps).sum();
        // What strict leaves to default has gone through its own halves first.
        let steps = if base == Base::Default { 10 } else { 16 };
        assert!(program.len() <= most, "{} instructions", program.len());
        assert!(total <= steps * C::HIGHEST as usize, "the kernel runs it for every call: {total} steps in all");
    }
}

#[test]
fn presets_are_short() {
    length::<X86_64>([60, 90]);
    length::<Aarch64>([60, 90]);
    length::<Riscv64>([60, 90]);
    length::<Arm>([70, 100]);
}
