//! How a failure is said, and how it travels.
//!
//! A failure is a step, an object and a cause. The same value is made in O, in I and in C; the last two send it to O as
//! one small record of fixed size, and O prints it once: `engine: cannot <step> <object>: <why> (<ERRNO>)`.

mod errno;
mod hint;
mod object;
mod why;

use crate::words::{Line, Table, Texts};
use core::num::NonZeroU32;
pub use errno::Errno;
pub use hint::{Condition, TEXTS};
pub use object::Object;

/// An enumeration whose members have a text and a code on the wire: the position in the table.
macro_rules! worded {
    ($(#[$doc:meta])* $name:ident after $before:path { $($(#[$member_doc:meta])* $member:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum $name { $(#[doc = concat!("\"", $text, "\"")] $(#[$member_doc])* $member,)* }

        impl $name {
            #[cfg(test)]
            const MEMBERS: &'static [Self] = &[$(Self::$member,)*];
            const TEXTS: Table = Table::after(&$before, concat!($($text, "\0",)*));

            /// The words for it.
            #[must_use]
            pub fn text(self) -> Line {
                Self::TEXTS.line(self as usize)
            }

            /// The member with this code on the wire.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                // Each has its position as its code: the compiler sees that there is nothing to be looked up.
                match code {
                    $(code if code == Self::$member as u8 => Some(Self::$member),)*
                    _ => None,
                }
            }
        }
    };
}

worded! {
    /// What was being done: the verb after "cannot".
    Step after Table::NONE {
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
        Overlay => "put an overlay on",
        ListChanges => "list changes in",
        MountProc => "mount",
        Create => "create",
        Bind => "bind",
        Open => "open",
        Read => "read",
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
        RunAs => "run as",
        SetGroups => "set the groups of",
        FindIds => "find ids for this user in",
        UseHelper => "map ids with",
        SetClocks => "set",
        BringUp => "bring up",
        SetLimit => "set limit",
        InstallFilter => "install the system call filter of",
        Scope => "apply Landlock scopes to",
        Landlock => "apply a Landlock rule to",
        MakeCgroup => "make a cgroup below",
        KeepDescriptor => "keep descriptor",
        Write => "write",
        SetTimer => "set a timer for",
    }
}

worded! {
    /// What it was done to, where that is not a word of the command line.
    Place after Step::TEXTS {
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
        DevConsole => "/dev/console",
        DevPts => "/dev/pts",
        DevShm => "/dev/shm",
        DevMqueue => "/dev/mqueue",
        Masks => "the masks of /proc and /sys",
        DevLinks => "the links in /dev",
        ResolvConf => "/etc/resolv.conf",
        Loopback => "lo",
        Environment => "the environment",
        Clocks => "the offsets of the clocks",
        Passwd => "the root filesystem's /etc/passwd",
        Group => "the root filesystem's /etc/group",
        SubordinateUids => "/etc/subuid",
        SubordinateGids => "/etc/subgid",
        NewUidMap => "newuidmap",
        NewGidMap => "newgidmap",
        Memory => "memory",
        Processors => "cpus",
        Processes => "pids",
        Terminal => "a terminal",
    }
}

worded! {
    /// A cause that errno does not tell.
    Why after Place::TEXTS {
        Errno => "",
        NotOrdinaryDirectory => "must be an ordinary directory",
        MissingInterpreter => "the interpreter named in its first line, or its loader, is missing",
        NotADevice => "it is not the device of that name",
        NotProcfs => "/proc is not a procfs",
        ForeignProc => "/proc is that of another PID namespace",
        BadRecord => "its report makes no sense",
        NoExecMount => "Permission denied: it is on a file system that is mounted noexec",
        Privileged => "take the bit or the capability off the file",
        NoSuchUser => "the root filesystem's /etc/passwd has no such user",
        NoSuchGroup => "the root filesystem's /etc/group has no such group",
        TooManyGroups => "the user is in more than 1024 groups",
        TooManyVariables => "there are more than 32768 variables",
        EnvFilesTooLarge => "the environment files have more than 256 KiB together",
        BadVariable => "a line of it has no name, or a name with a blank or a NUL in it",
        OutsideRoot => "it is not a path below /",
        NotANamespace => "it is not a network namespace",
        NeedsRoot => "--userns host needs root",
        NoRange => "it has no line for this user",
        TooManyRanges => "it has more than 339 lines for this user",
        HelperMissing => "it is not there (Debian: apt-get install uidmap)",
        HelperNotSetuid => "it is not set-user-id root",
        OldLandlock => "truncating cannot be forbidden before Linux 6.2",
        HelperFailed => "it refuses them: are they all in /etc/subuid and /etc/subgid?",
    }
}

/// A failure of engine's own: status 125, or 126 and 127 where it is the command that could not be run.
///
/// One number, so that results that carry it, and there are some three hundred, stay in a register. From its low end: 8
/// bits for the cause, 8 for the step, 6 for the kind of object, 10 for which of that kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Error(NonZeroU32);

/// Where in an [`Error`] the step begins.
const STEP: u32 = 8;
/// Where the kind of the object begins.
const KIND: u32 = 16;
/// Where the number of the object begins.
const INDEX: u32 = 22;
/// How many objects of a kind an [`Error`] can tell apart.
pub const INDICES: usize = 1 << (u32::BITS - INDEX);
/// The first [`Why`] as a cause; what is below is an errno.
const FIRST_WHY: u8 = 160;

/// Puts step and object to what the kernel said.
pub trait At<T> {
    /// The same result, with the failure told in full.
    fn at(self, step: Step, object: Object) -> Result<T, Error>;
}

impl<T> At<T> for Result<T, Errno> {
    #[inline(always)]
    fn at(self, step: Step, object: Object) -> Result<T, Error> {
        // Not `map_err`, which may be compiled to a function that is told the object at run time.
        match self {
            Ok(value) => Ok(value),
            Err(errno) => Err(Error::new(step, object, errno)),
        }
    }
}

impl Error {
    /// A failure with the kernel's own cause.
    #[inline(always)]
    pub fn new(step: Step, object: Object, errno: Errno) -> Self {
        Self::from_parts(step, object, errno.code())
    }

    /// A failure with a cause that errno does not tell.
    #[inline(always)]
    pub fn because(step: Step, object: Object, why: Why) -> Self {
        Self::from_parts(step, object, why.code())
    }

    /// The same failure with a cause that errno does not tell.
    #[inline(always)]
    pub fn for_reason(self, why: Why) -> Self {
        Self(why.code() | self.0.get() & !0xff)
    }

    #[inline(always)]
    fn from_parts(step: Step, object: Object, cause: NonZeroU32) -> Self {
        let (kind, index) = object.to_parts();
        Self(cause | (step as u32) << STEP | kind << KIND | u32::from(index) << INDEX)
    }

    /// What was being done; `None` where the number makes no sense.
    #[must_use]
    pub fn step(self) -> Option<Step> {
        Step::from_code((self.0.get() >> STEP) as u8)
    }

    /// To what; `None` where the number makes no sense.
    #[must_use]
    pub fn object(self) -> Option<Object> {
        Object::from_parts(self.0.get() >> KIND & 0x3f, (self.0.get() >> INDEX) as u16)
    }

    /// What it means, where errno alone does not tell; `None` where the number makes no sense.
    #[must_use]
    pub fn why(self) -> Option<Why> {
        Why::from_code((self.0.get() as u8).saturating_sub(FIRST_WHY - 1))
    }

    /// What the kernel said, or would have said.
    #[must_use]
    pub fn errno(self) -> Errno {
        match self.why() {
            Some(why) if why != Why::Errno => why.errno(),
            _ => Errno::new(u16::from(self.0.get() as u8)),
        }
    }

    /// Whether it is a failure of this step with this errno.
    #[must_use]
    pub fn is(self, step: Step, errno: Errno) -> bool {
        self.step() == Some(step) && self.errno() == errno
    }

    /// The exit status that this failure asks for.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match (self.step(), self.errno()) {
            (Some(Step::Execute), Errno::NOENT) => NOT_FOUND,
            (Some(Step::Execute), _) => NOT_EXECUTABLE,
            _ => OWN_FAILURE,
        }
    }

    /// What went wrong, in words.
    #[must_use]
    pub fn cause(self, texts: Texts) -> &'static [u8] {
        match self.why() {
            Some(why) if why != Why::Errno => texts.line(why.text()),
            _ => self.errno().text(texts),
        }
    }

    /// For the way from I or C to O.
    #[must_use]
    pub const fn to_number(self) -> u32 {
        self.0.get()
    }

    /// What [`Error::to_number`] made; `None` where it makes no sense.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let error = Self(NonZeroU32::new(number)?);
        (error.step().is_some() && error.object().is_some() && error.why().is_some()).then_some(error)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_survives_the_wire_and_has_its_own_words() {
        for (code, step) in Step::MEMBERS.iter().enumerate() {
            assert_eq!(Step::from_code(code as u8), Some(*step));
        }
        let texts = Texts::plain(&TEXTS);
        for (line, text) in [
            (Step::OpenRoot.text(), "open root filesystem"),
            (Step::SetUp.text(), "set up"),
            (Place::Nothing.text(), ""),
            (Place::DevNull.text(), "/dev/null"),
            (Why::NoRange.text(), "it has no line for this user"),
        ] {
            assert_eq!(texts.line(line), text.as_bytes());
        }
        assert_eq!(Step::from_code(Step::MEMBERS.len() as u8), None);
        for why in Why::MEMBERS.iter().filter(|why| **why != Why::Errno) {
            let error = Error::because(Step::SetUp, Object::Ulimit(INDICES as u16 - 1), *why);
            assert_eq!(Error::from_number(error.to_number()), Some(error));
            assert_eq!(
                (error.why(), error.errno(), error.cause(texts)),
                (Some(*why), why.errno(), texts.line(why.text()))
            );
            assert_ne!(why.errno(), Errno::new(0), "{why:?}");
            assert_eq!((error.step(), error.object()), (Some(Step::SetUp), Some(Object::Ulimit(1023))));
        }
        for object in (0..).map_while(|kind| Object::from_parts(kind, 7)) {
            let error = Error::new(Step::Scope, object, Errno::OVERFLOW);
            assert_eq!((error.object(), error.errno(), error.why()), (Some(object), Errno::OVERFLOW, Some(Why::Errno)));
            assert!(error.is(Step::Scope, Errno::OVERFLOW) && !error.is(Step::Scope, Errno::PERM));
            assert_eq!(error.for_reason(Why::NoRange), Error::because(Step::Scope, object, Why::NoRange));
        }
        for nonsense in [0, 0xff, 0xff01, 0x3f_0001, 0xffff_ff01] {
            assert_eq!(Error::from_number(nonsense), None, "{nonsense:x}");
        }
    }

    #[test]
    fn what_can_be_told_apart_is_enough() {
        let lists =
            [crate::config::MOUNTS_MAX, crate::config::ENV_EDITS_MAX, crate::config::ULIMITS_MAX, Place::MEMBERS.len()];
        assert!(lists.iter().all(|&length| length <= INDICES));
        assert!(Why::MEMBERS.len() <= usize::from(u8::MAX - FIRST_WHY) + 2 && Step::MEMBERS.len() <= 256);
        assert!(Errno::new(u16::MAX).number() < u16::from(FIRST_WHY));
    }
}
