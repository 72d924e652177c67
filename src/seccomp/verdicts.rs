//! What a filter says to each call: the form between the lists and the program.

use super::cpu::{Cpu, number_of};

/// What a filter says to a call, or does about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Verdict {
    /// The kernel carries it out.
    Allow,
    /// EPERM.
    Refuse,
    /// ENOSYS: as a kernel that does not have the call.
    Missing,
    /// EAFNOSUPPORT: as a kernel without that protocol family.
    NoFamily,
    /// The process is killed.
    Kill,
    /// What the filter says that follows this one.
    Pass,
    /// ioctl(2): the requests that put input into a terminal are refused.
    CheckRequest,
    /// socket(2): families that no namespace contains are answered with [`Verdict::NoFamily`].
    CheckFamily,
    /// clone(2): refused where it asks for a namespace.
    CheckClone,
    /// A number above all known: allowed where it is one of the CPU's private calls, else [`Verdict::Missing`].
    CheckPrivate,
}

impl Verdict {
    /// How many there are.
    pub(super) const COUNT: usize = Self::CheckPrivate as usize + 1;

    /// `==`, as the compiler can evaluate it.
    pub(super) const fn is(self, other: Self) -> bool {
        self as u8 == other as u8
    }
}

/// How many call numbers there is room for.
pub(super) const NUMBERS: usize = 512;

/// A verdict for each call number; that after the highest is for all above.
#[derive(Clone, Copy)]
pub(super) struct Verdicts([Verdict; NUMBERS]);

/// Calls and what is said to them.
pub(super) type Row = (Verdict, &'static [&'static str]);

impl Verdicts {
    /// Every call that is known is allowed.
    pub(super) const fn allowing<C: Cpu>() -> Self {
        const { assert!(C::HIGHEST as usize + 1 < NUMBERS, "raise NUMBERS") };
        let mut verdicts = Self([Verdict::Allow; NUMBERS]);
        let above = if C::PRIVATE.is_some() { Verdict::CheckPrivate } else { Verdict::Missing };
        verdicts.set(C::HIGHEST as usize + 1, above);
        verdicts
    }

    /// Every call is left to the filter that follows.
    pub(super) const PASSING: Self = Self([Verdict::Pass; NUMBERS]);

    /// With these rows; a call that the CPU does not have is left out.
    pub(super) const fn with<C: Cpu>(mut self, mut rows: &[Row]) -> Self {
        while let [(verdict, calls), other_rows @ ..] = rows {
            let mut calls = *calls;
            while let [name, rest @ ..] = calls {
                if let Some(number) = number_of(C::NAMES, name.as_bytes()) {
                    self.set(number, *verdict);
                }
                calls = rest;
            }
            rows = other_rows;
        }
        self
    }

    /// Says this to the call of that number.
    pub(super) const fn set(&mut self, number: usize, verdict: Verdict) {
        put(&mut self.0, number, verdict);
    }

    /// The verdicts on the calls of this CPU, and the one on all numbers above.
    pub(super) const fn all<C: Cpu>(&self) -> &[Verdict] {
        match self.0.split_at_checked(C::HIGHEST as usize + 2) {
            Some((verdicts, _)) => verdicts,
            None => &self.0,
        }
    }
}

/// `table[index]`, as the compiler can evaluate it, without a panic.
pub(super) const fn at<T: Copy>(table: &[T], index: usize) -> Option<T> {
    match table.split_at_checked(index) {
        Some((_, [item, ..])) => Some(*item),
        _ => None,
    }
}

/// `table[index] = item`, likewise; what lies outside is left alone. Says whether it lay inside.
pub(super) const fn put<T: Copy>(table: &mut [T], index: usize, item: T) -> bool {
    match table.split_at_mut_checked(index) {
        Some((_, [slot, ..])) => {
            *slot = item;
            true
        }
        _ => false,
    }
}
