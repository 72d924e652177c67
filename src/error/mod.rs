//! How a failure is said, and how it travels.
//!
//! A failure is a step, an object and a cause. The same value is made in O, in I and in C; the last two send it to O as
//! one small record of fixed size, and O prints it once: `engine: cannot <step> <object>: <why> (<ERRNO>)`.

mod errno;

use crate::words;
pub use errno::Errno;

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
        KeepDescriptor => "keep descriptor",
        BeginSession => "begin a session for",
        OpenTerminal => "open a terminal for",
        HandTerminal => "hand a terminal to",
        AdoptOrphans => "adopt orphans for",
        Write => "write",
        Scope => "apply Landlock scopes to",
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
        Remains => "what the command left",
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
        HelperFailed => "it refuses them: are they all in /etc/subuid and /etc/subgid?",
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
    /// The directory of `--upper`, or the root filesystem that `-x` covers.
    Upper,
    /// The file of `--changes`.
    Changes,
    /// The source of the n-th of `config.files.mounts`.
    MountSource(u16),
    /// The target of the n-th of `config.files.mounts`.
    MountTarget(u16),
    /// The user of `--user`.
    User,
    /// The group of `--user`.
    Group,
    /// The file that the n-th of `config.surroundings.environment` is.
    EnvFile(u16),
    /// The path of `--net`.
    Network,
    /// The n-th of `config.limits.ulimits`.
    Ulimit(u16),
    /// The n-th of `config.process.preserved`.
    Preserved(u16),
    /// `--status-fd`.
    StatusFd,
    /// `--pid-file`.
    PidFile,
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
    // Out of line: it stands at some two hundred places.
    #[inline(never)]
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
        // In the order of the members: then there is nothing to be translated.
        let (kind, index) = match self.object {
            Object::Place(place) => (0, place as u16),
            Object::Rootfs => (1, 0),
            Object::Command => (2, 0),
            Object::Workdir => (3, 0),
            Object::Hostname => (4, 0),
            Object::Upper => (5, 0),
            Object::Changes => (6, 0),
            Object::MountSource(index) => (7, index),
            Object::MountTarget(index) => (8, index),
            Object::User => (9, 0),
            Object::Group => (10, 0),
            Object::EnvFile(index) => (11, index),
            Object::Network => (12, 0),
            Object::Ulimit(index) => (13, index),
            Object::Preserved(index) => (14, index),
            Object::StatusFd => (15, 0),
            Object::PidFile => (16, 0),
        };
        let index = index.to_ne_bytes();
        let errno = self.errno.number().to_ne_bytes();
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
            5 => Object::Upper,
            6 => Object::Changes,
            7 => Object::MountSource(index),
            8 => Object::MountTarget(index),
            9 => Object::User,
            10 => Object::Group,
            11 => Object::EnvFile(index),
            12 => Object::Network,
            13 => Object::Ulimit(index),
            14 => Object::Preserved(index),
            15 => Object::StatusFd,
            16 => Object::PidFile,
            _ => return None,
        };
        let errno = Errno::from_code(u16::from_ne_bytes([e0, e1]))?;
        Some(Self { step: Step::from_code(step)?, object, errno, why: Why::from_code(why)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
