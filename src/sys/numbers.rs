//! The system calls of this CPU: names and numbers, as the crate `syscalls` has them from the kernel's headers. Data.

use crate::seccomp::{Cpu, GAP, Instruction, hash, presets, presets_length};

/// How many bytes [`joined`] makes of this table.
const fn joined_length(mut table: &[&str]) -> usize {
    let mut length = 0;
    while let [name, rest @ ..] = table {
        length += 1 + name.len();
        table = rest;
    }
    length
}

/// The table in the form of [`Cpu::NAMES`].
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone, which refuses what is out of bounds")]
const fn joined<const LENGTH: usize>(mut table: &[&str]) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let mut at = 0;
    while let [name, rest @ ..] = table {
        assert!(name.len() <= u8::MAX as usize);
        bytes[at] = name.len() as u8;
        at += 1;
        let mut name = name.as_bytes();
        while let [byte, tail @ ..] = name {
            bytes[at] = *byte;
            at += 1;
            name = tail;
        }
        table = rest;
    }
    bytes
}

/// How many words [`hashed`] makes of this table.
const fn hashed_length(mut table: &[&str]) -> usize {
    let (mut length, mut in_gap) = (0, false);
    while let [name, rest @ ..] = table {
        length += !(in_gap && name.is_empty()) as usize;
        in_gap = name.is_empty();
        table = rest;
    }
    length
}

/// The table in the form of [`Cpu::HASHES`].
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone, which refuses what is out of bounds")]
const fn hashed<const LENGTH: usize>(mut table: &[&str]) -> [u32; LENGTH] {
    let mut words = [0; LENGTH];
    let (mut at, mut gap) = (0, 0);
    while let [name, rest @ ..] = table {
        if name.is_empty() {
            gap += 1;
            words[at] = gap;
        } else {
            at += (gap > 0) as usize;
            gap = 0;
            words[at] = hash(name.as_bytes());
            assert!(words[at] > GAP, "it would pass for a gap");
            at += 1;
        }
        table = rest;
    }
    words
}

/// One CPU: its name here, its table in `syscalls`, its `AUDIT_ARCH_*` (linux/audit.h) and its private calls.
macro_rules! cpu {
    ($(#[$attribute:meta])* $name:ident, $calls:ty, $architecture:literal, $private:expr) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        $(#[$attribute])*
        impl $name {
            const COUNT: usize = <$calls>::last().id() as usize + 1;
            #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
            const TABLE: [&str; Self::COUNT] = {
                let mut table = [""; Self::COUNT];
                let mut number = 0;
                while number < Self::COUNT {
                    if let Some(call) = <$calls>::new(number) {
                        table[number] = call.name();
                    }
                    number += 1;
                }
                table
            };
        }

        $(#[$attribute])*
        impl Cpu for $name {
            const ARCHITECTURE: u32 = $architecture;
            const HIGHEST: u32 = <$calls>::last().id() as u32;
            const PRIVATE: Option<(u32, u32)> = $private;
            const HASHES: &'static [u32] = &hashed::<{ hashed_length(&Self::TABLE) }>(&Self::TABLE);
            const PRESETS: &'static [Instruction] = &presets::<Self, { presets_length::<Self>() }>();
            const NAMES: &'static [u8] = &joined::<{ joined_length(&Self::TABLE) }>(&Self::TABLE);
        }
    };
}

// The tests build every CPU's filter on any CPU; the program has its own only.
cpu! {
    /// x86-64.
    #[cfg(any(target_arch = "x86_64", test))]
    X86_64, syscalls::x86_64::Sysno, 0xc000_003e, None
}
cpu! {
    /// 64-bit ARM.
    #[cfg(any(target_arch = "aarch64", test))]
    Aarch64, syscalls::aarch64::Sysno, 0xc000_00b7, None
}
cpu! {
    /// 64-bit RISC-V.
    #[cfg(any(target_arch = "riscv64", test))]
    Riscv64, syscalls::riscv64::Sysno, 0xc000_00f3, None
}
cpu! {
    /// 32-bit ARM. Its private calls, from breakpoint to get_tls, are those of arch/arm/include/uapi/asm/unistd.h.
    #[cfg(any(target_arch = "arm", test))]
    Arm, syscalls::arm::Sysno, 0x4000_0028, Some((0x0f_0001, 0x0f_0006))
}

/// The CPU that this program is built for.
#[cfg(target_arch = "x86_64")]
pub type ThisCpu = X86_64;
/// The CPU that this program is built for.
#[cfg(target_arch = "aarch64")]
pub type ThisCpu = Aarch64;
/// The CPU that this program is built for.
#[cfg(target_arch = "riscv64")]
pub type ThisCpu = Riscv64;
/// The CPU that this program is built for.
#[cfg(target_arch = "arm")]
pub type ThisCpu = Arm;
