//! How a failure is said, and how it travels.
//!
//! A failure is a step, an object and a cause. The same value is made in O, in I and in C; the last two send it to O as
//! one small record of fixed size, and O prints it once: `engine: cannot <step> <object>: <why> (<ERRNO>)`.

use crate::words;

/// `EPERM` and its kin, as errno(3) numbers them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub u16);

/// An enumeration whose members have a text and a code on the wire: the position in the table.
macro_rules! worded {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum $name { $(#[doc = concat!("\"", $text, "\"")] $(#[$member_doc])* $member,)* }

        impl $name {
            const MEMBERS: &'static [Self] = &[$(Self::$member,)*];
            const TEXTS: &'static str = concat!($($text, "\n",)*);

            /// The words for it.
            #[must_use]
            pub fn text(self) -> &'static str {
                words::line(Self::TEXTS, self as usize)
            }

            /// The member with this code on the wire.
            #[must_use]
            pub fn from_code(code: u8) -> Option<Self> {
                Self::MEMBERS.get(usize::from(code)).copied()
            }
        }
    };
}

worded! {
    /// What was being done: the verb after "cannot".
    Step {
        OpenStdio => "open /dev/null for a closed",
        PrepareSignals => "prepare signals for",
        MakePipe => "make a pipe for",
        MakeNamespaces => "make namespaces for",
        MapIds => "write",
        OpenRoot => "open root filesystem",
        ProtectRoot => "set mount options of",
        EnterRoot => "enter root filesystem",
        LeaveHost => "leave the host's file system for",
        Mount => "mount",
        MountProc => "mount",
        Create => "create",
        Bind => "bind",
        Open => "open",
        Read => "read",
        Write => "write",
        CheckDevice => "use the host's",
        SetHostname => "set host name",
        StartInit => "start",
        StartCommand => "start",
        ChangeDirectory => "change to working directory",
        Execute => "run",
        Lookup => "look up",
        DropPrivileges => "drop privileges of",
        SetNoNewPrivileges => "set no_new_privs for",
        HideInit => "hide",
        TieToParent => "tie to its parent",
        RestoreSignals => "restore signals for",
        CloseDescriptors => "close descriptors of",
        Wait => "wait for",
        RunSetuid => "run set-user-id or with file capabilities:",
        Join => "join",
        SetUp => "set up",
        SetLimit => "set limit",
        InstallFilter => "install the system call filter of",
        ReadRules => "understand seccomp rules",
        Landlock => "apply Landlock rule",
        Scope => "apply Landlock scopes to",
        Limit => "limit",
        UseCgroup => "use",
        MakeCgroup => "make a cgroup below",
    }
}

worded! {
    /// What it was done to, where that is not a word of the command line.
    Place {
        Nothing => "",
        Engine => "engine",
        Container => "the container",
        Command => "the command",
        Init => "init",
        Descriptor0 => "standard input",
        Descriptor1 => "standard output",
        Descriptor2 => "standard error",
        UidMap => "the uid map",
        GidMap => "the gid map",
        Setgroups => "setgroups",
        Proc => "/proc",
        Sys => "/sys",
        Dev => "/dev",
        DevNull => "/dev/null",
        DevZero => "/dev/zero",
        DevFull => "/dev/full",
        DevRandom => "/dev/random",
        DevUrandom => "/dev/urandom",
        DevTty => "/dev/tty",
        DevPts => "/dev/pts",
        DevPtmx => "/dev/ptmx",
        DevShm => "/dev/shm",
        DevMqueue => "/dev/mqueue",
        DevConsole => "/dev/console",
        Masks => "the masks of /proc and /sys",
        DevLinks => "the links in /dev",
        ResolvConf => "/etc/resolv.conf",
        Loopback => "lo",
        Memory => "memory",
        Processors => "processors",
        Processes => "processes",
    }
}

worded! {
    /// A cause that errno does not tell.
    Why {
        Errno => "",
        NotOrdinaryDirectory => "must be an ordinary directory",
        MissingInterpreter => "the interpreter named in its first line, or its loader, is missing",
        NotADevice => "it is not the device of that name",
        NotProcfs => "/proc is not a procfs",
        InitKilled => "it was killed by",
        BadRecord => "its report makes no sense",
        NoExecMount => "Permission denied: it is on a file system that is mounted noexec",
        Privileged => "take the bit or the capability off the file",
        NotCgroup => "it is no cgroup of version 2",
        NoCommandWord => "the command is an empty word",
    }
}

/// What a failure was about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    /// A fixed thing.
    Place(Place),
    /// The root filesystem, as the user wrote it.
    Rootfs,
    /// The command, as the user wrote it.
    Command,
    /// `--workdir`.
    Workdir,
    /// `--hostname`.
    Hostname,
    /// The source of the n-th of `config.files.mounts`.
    MountSource(u16),
    /// The target of the n-th of `config.files.mounts`.
    MountTarget(u16),
    /// The n-th of `config.limits.ulimits`.
    Ulimit(u16),
    /// The path of the n-th of `config.privileges.landlock`.
    Landlock(u16),
    /// `--cgroup`, or what stands for it.
    Cgroup,
}

/// A failure of engine's own: status 125, or 126 and 127 where it is the command that could not be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Error {
    /// What was being done.
    pub step: Step,
    /// To what.
    pub object: Object,
    /// What the kernel said.
    pub errno: Errno,
    /// What it means, where errno alone does not tell.
    pub why: Why,
}

/// Puts step and object to what the kernel said.
pub trait At<T> {
    /// The same result, with the failure told in full.
    fn at(self, step: Step, object: Object) -> Result<T, Error>;
}

impl<T> At<T> for Result<T, Errno> {
    fn at(self, step: Step, object: Object) -> Result<T, Error> {
        self.map_err(|errno| Error::new(step, object, errno))
    }
}

impl Error {
    /// A failure with the kernel's own cause.
    pub const fn new(step: Step, object: Object, errno: Errno) -> Self {
        Self { step, object, errno, why: Why::Errno }
    }

    /// The same failure with a cause that errno does not tell.
    pub const fn because(self, why: Why) -> Self {
        Self { why, ..self }
    }

    /// The exit status that this failure asks for.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match (self.step, self.errno) {
            (Step::Execute, Errno::NOENT) => NOT_FOUND,
            (Step::Execute, _) => NOT_EXECUTABLE,
            _ => OWN_FAILURE,
        }
    }

    /// What went wrong, in words.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        match self.why {
            Why::Errno => self.errno.text(),
            why => why.text(),
        }
    }
}

/// engine could not run the command: usage, set-up, or its own fault.
pub const OWN_FAILURE: u8 = 125;
/// The command was found and cannot be executed.
pub const NOT_EXECUTABLE: u8 = 126;
/// The command was not found.
pub const NOT_FOUND: u8 = 127;

/// The line below a complaint about the command line.
pub const TRY_HELP: &str = "try 'engine --help'\n";

/// How many bytes a failure takes in a record.
pub const ERROR_BYTES: usize = 8;

impl Error {
    /// For the way from I or C to O.
    #[must_use]
    pub fn to_bytes(self) -> [u8; ERROR_BYTES] {
        let (kind, index) = match self.object {
            Object::Place(place) => (0, place as u16),
            Object::Rootfs => (1, 0),
            Object::Command => (2, 0),
            Object::Workdir => (3, 0),
            Object::Hostname => (4, 0),
            Object::MountSource(index) => (5, index),
            Object::MountTarget(index) => (6, index),
            Object::Ulimit(index) => (7, index),
            Object::Landlock(index) => (8, index),
            Object::Cgroup => (9, 0),
        };
        let index = index.to_ne_bytes();
        let errno = self.errno.0.to_ne_bytes();
        [self.step as u8, self.why as u8, kind, 0, index[0], index[1], errno[0], errno[1]]
    }

    /// What [`Error::to_bytes`] made; `None` where it makes no sense.
    #[must_use]
    pub fn from_bytes(bytes: [u8; ERROR_BYTES]) -> Option<Self> {
        let [step, why, kind, _, i0, i1, e0, e1] = bytes;
        let index = u16::from_ne_bytes([i0, i1]);
        let object = match kind {
            0 => Object::Place(Place::from_code(u8::try_from(index).ok()?)?),
            1 => Object::Rootfs,
            2 => Object::Command,
            3 => Object::Workdir,
            4 => Object::Hostname,
            5 => Object::MountSource(index),
            6 => Object::MountTarget(index),
            7 => Object::Ulimit(index),
            8 => Object::Landlock(index),
            9 => Object::Cgroup,
            _ => return None,
        };
        let errno = Errno(u16::from_ne_bytes([e0, e1]));
        Some(Self { step: Step::from_code(step)?, object, errno, why: Why::from_code(why)? })
    }
}

/// Number, name and text of an errno, each once.
macro_rules! errnos {
    ($($constant:ident $number:literal $name:literal $text:literal;)*) => {
        #[allow(missing_docs, reason = "errno(3) documents them, and the table says what each means")]
        impl Errno { $(pub const $constant: Self = Self($number);)* }
        /// The numbers, in the order of the texts.
        const NUMBERS: &[u8] = &[$($number,)*];
        /// A name and what it means, a line each.
        const TEXTS: &str = concat!($($name, " ", $text, "\n",)*);
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
    fn words(self) -> Option<(&'static str, &'static str)> {
        let index = NUMBERS.iter().position(|&number| u16::from(number) == self.0)?;
        words::line(TEXTS, index).split_once(' ')
    }

    /// `EPERM`; empty for a number that the table does not know.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.words().map_or("", |words| words.0)
    }

    /// What it means.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.words().map_or("Unknown error", |words| words.1)
    }

    /// The one of this name, if the table knows it.
    #[must_use]
    pub fn by_name(name: &[u8]) -> Option<Self> {
        NUMBERS.iter().map(|&number| Self(u16::from(number))).find(|errno| errno.name().as_bytes() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_errno_has_the_name_and_the_text_of_its_row() {
        assert_eq!((Errno::PERM.name(), Errno::PERM.text()), ("EPERM", "Operation not permitted"));
        assert_eq!((Errno::LOOP.name(), Errno::LOOP.text()), ("ELOOP", "Too many levels of symbolic links"));
        for &number in NUMBERS {
            let errno = Errno(u16::from(number));
            assert_eq!(Errno::by_name(errno.name().as_bytes()), Some(errno));
        }
        assert_eq!((Errno(4000).name(), Errno(4000).text()), ("", "Unknown error"));
        assert_eq!((Errno::by_name(b""), Errno::by_name(b"E"), Errno::by_name(b"EPERM ")), (None, None, None));
    }

    #[test]
    fn every_member_survives_the_wire_and_has_its_own_words() {
        for (code, step) in Step::MEMBERS.iter().enumerate() {
            assert_eq!(Step::from_code(code as u8), Some(*step));
        }
        assert_eq!((Step::OpenRoot.text(), Step::SetUp.text()), ("open root filesystem", "set up"));
        assert_eq!((Place::Nothing.text(), Place::DevNull.text()), ("", "/dev/null"));
        assert_eq!(Step::from_code(Step::MEMBERS.len() as u8), None);
    }
}
