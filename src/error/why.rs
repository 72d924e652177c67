//! Causes that errno does not tell, as numbers.

use super::{Errno, FIRST_WHY, Why};
use core::num::NonZeroU32;

impl Why {
    /// As a cause in an [`Error`].
    #[inline(always)]
    pub(super) const fn code(self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(FIRST_WHY as u32 - 2 + self as u32)
    }

    /// What the kernel would have said.
    pub(super) fn errno(self) -> Errno {
        Errno::new(ERRNOS.get(self as usize).copied().unwrap_or_default().into())
    }

    /// The same for the compiler.
    const fn to_errno(self) -> Errno {
        match self {
            Self::NotOrdinaryDirectory => Errno::NOTDIR,
            Self::NotADevice => Errno::NODEV,
            Self::NotProcfs | Self::ForeignProc | Self::BadVariable | Self::NotANamespace => Errno::INVAL,
            Self::OldLandlock => Errno::OPNOTSUPP,
            Self::BadRecord => Errno::PROTO,
            Self::NoExecMount => Errno::ACCES,
            Self::TooManyGroups | Self::TooManyVariables | Self::EnvFilesTooLarge | Self::TooManyRanges => {
                Errno::TOO_BIG
            }
            Self::Privileged | Self::NeedsRoot | Self::HelperNotSetuid | Self::HelperFailed => Errno::PERM,
            Self::Errno
            | Self::MissingInterpreter
            | Self::NoSuchUser
            | Self::NoSuchGroup
            | Self::OutsideRoot
            | Self::NoRange
            | Self::HelperMissing => Errno::NOENT,
        }
    }
}

/// How many there are.
const COUNT: usize = Why::HelperFailed as usize + 1;

/// [`Why::to_errno`] of each, as bytes: smaller than to ask for one after the other.
const ERRNOS: [u8; COUNT] = {
    let mut errnos = [0; COUNT];
    let mut rest: &mut [u8] = &mut errnos;
    let mut code = 0;
    while let ([errno, tail @ ..], Some(why)) = (rest, Why::from_code(code)) {
        *errno = why.to_errno().number() as u8;
        rest = tail;
        code += 1;
    }
    errnos
};
