//! What the kernel says where it does not do something.

use super::Why;
use crate::words::{self, Line, Table, Texts};
use core::num::NonZeroU32;

/// `EPERM` and its kin, as errno(3) numbers them.
///
/// None is 0, so that a result of nothing but an errno is one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(NonZeroU32);

impl Errno {
    /// What stands for all that errno(3) does not know: no CPU's Linux has as many.
    const UNKNOWN: u16 = 159;

    /// The errno of this number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        match NonZeroU32::new(if number < Self::UNKNOWN { number as u32 } else { Self::UNKNOWN as u32 }) {
            Some(number) => Self(number),
            // There is no such errno.
            None => Self::new(Self::UNKNOWN),
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0.get() as u16
    }

    /// The same as a cause in an [`Error`](super::Error).
    #[inline(always)]
    pub(super) const fn code(self) -> NonZeroU32 {
        self.0
    }
}

/// Number, name and text of an errno, each once.
macro_rules! errnos {
    ($($constant:ident $number:literal $name:literal $text:literal;)*) => {
        #[allow(missing_docs, reason = "errno(3) documents them, and the table says what each means")]
        impl Errno { $(pub const $constant: Self = Self::new($number);)* }
        /// The numbers, in the order of the texts.
        const NUMBERS: &[u8] = &[$($number,)*];
        /// A name and what it means of each, and what is said of all others.
        pub(super) const TEXTS: Table =
            Table::after(&Why::TEXTS, concat!($($name, " ", $text, "\0",)* " Unknown error\0"));
    };
}

errnos! {
    PERM 1 "EPERM" "Operation not permitted";
    NOENT 2 "ENOENT" "No such file or directory";
    SRCH 3 "ESRCH" "No such process";
    INTR 4 "EINTR" "Interrupted system call";
    IO 5 "EIO" "Input/output error";
    NXIO 6 "ENXIO" "No such device or address";
    TOO_BIG 7 "E2BIG" "Argument list too long";
    NOEXEC 8 "ENOEXEC" "Exec format error";
    BADF 9 "EBADF" "Bad file descriptor";
    CHILD 10 "ECHILD" "No child processes";
    AGAIN 11 "EAGAIN" "Resource temporarily unavailable";
    NOMEM 12 "ENOMEM" "Cannot allocate memory";
    ACCES 13 "EACCES" "Permission denied";
    FAULT 14 "EFAULT" "Bad address";
    BUSY 16 "EBUSY" "Device or resource busy";
    EXIST 17 "EEXIST" "File exists";
    XDEV 18 "EXDEV" "Invalid cross-device link";
    NODEV 19 "ENODEV" "No such device";
    NOTDIR 20 "ENOTDIR" "Not a directory";
    ISDIR 21 "EISDIR" "Is a directory";
    INVAL 22 "EINVAL" "Invalid argument";
    NFILE 23 "ENFILE" "Too many open files in system";
    MFILE 24 "EMFILE" "Too many open files";
    NOTTY 25 "ENOTTY" "Inappropriate ioctl for device";
    TXTBSY 26 "ETXTBSY" "Text file busy";
    FBIG 27 "EFBIG" "File too large";
    NOSPC 28 "ENOSPC" "No space left on device";
    SPIPE 29 "ESPIPE" "Illegal seek";
    ROFS 30 "EROFS" "Read-only file system";
    MLINK 31 "EMLINK" "Too many links";
    PIPE 32 "EPIPE" "Broken pipe";
    RANGE 34 "ERANGE" "Numerical result out of range";
    NAMETOOLONG 36 "ENAMETOOLONG" "File name too long";
    NOSYS 38 "ENOSYS" "Function not implemented";
    NOTEMPTY 39 "ENOTEMPTY" "Directory not empty";
    LOOP 40 "ELOOP" "Too many levels of symbolic links";
    LIBACC 79 "ELIBACC" "Cannot access a needed shared library";
    LIBBAD 80 "ELIBBAD" "Accessing a corrupted shared library";
    USERS 87 "EUSERS" "Too many users";
    OPNOTSUPP 95 "EOPNOTSUPP" "Operation not supported";
    AFNOSUPPORT 97 "EAFNOSUPPORT" "Address family not supported by protocol";
    STALE 116 "ESTALE" "Stale file handle";
    DQUOT 122 "EDQUOT" "Disk quota exceeded";
    OVERFLOW 75 "EOVERFLOW" "Value too large for defined data type";
    PROTO 71 "EPROTO" "Protocol error";
    NODATA 61 "ENODATA" "No data available";
    TIMEDOUT 110 "ETIMEDOUT" "Connection timed out";
    CONNRESET 104 "ECONNRESET" "Connection reset by peer";
    HOSTDOWN 112 "EHOSTDOWN" "Host is down";
}

impl Errno {
    /// Name and text.
    fn words(self) -> Line {
        let index = NUMBERS.iter().position(|&number| u16::from(number) == self.number());
        TEXTS.line(index.unwrap_or(NUMBERS.len()))
    }

    /// `EPERM`; empty for a number that the table does not know.
    #[must_use]
    pub fn name(self, texts: Texts) -> &'static [u8] {
        words::halves(texts.line(self.words())).0
    }

    /// The one of this name, if the table knows it.
    #[must_use]
    pub fn by_name(name: &[u8], texts: Texts) -> Option<Self> {
        NUMBERS.iter().map(|&number| Self::new(u16::from(number))).find(|errno| errno.name(texts) == name)
    }

    /// What it means.
    #[must_use]
    pub fn text(self, texts: Texts) -> &'static [u8] {
        words::halves(texts.line(self.words())).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_errno_has_the_name_and_the_text_of_its_row() {
        let texts = Texts::plain(&TEXTS);
        let words = |errno: Errno| (errno.name(texts), errno.text(texts));
        assert_eq!(words(Errno::PERM), (&b"EPERM"[..], &b"Operation not permitted"[..]));
        assert_eq!(words(Errno::LOOP), (&b"ELOOP"[..], &b"Too many levels of symbolic links"[..]));
        for &number in NUMBERS {
            assert!(Errno::new(u16::from(number)).name(texts).starts_with(b"E"), "{number}");
        }
        assert_eq!(words(Errno::new(4000)), (&b""[..], &b"Unknown error"[..]));
    }
}
