//! What the user asked for. Data only: nothing here knows which front door it came through, and nothing here acts.
//!
//! Every text is borrowed from memory that outlives the program (its arguments, its environment, a file read once), so
//! there is no string buffer. Every list has a fixed capacity; what does not fit is a usage error that names the limit.

pub mod capability;
mod protection;
pub mod ulimit;

use core::ffi::{CStr, c_char};
use heapless::Vec;

/// Bytes of a word or of a part of one; never holds a NUL.
pub type Text = &'static [u8];

/// How many of `--volume`, `--tmpfs` and `--mask` a command line may hold together.
pub const MOUNTS_MAX: usize = 512;
/// How many lines `/proc/PID/uid_map` takes (user_namespaces(7), Linux 4.15).
pub const MAP_LINES_MAX: usize = 340;
/// How many of `--env` and `--env-file` a command line may hold together.
pub const ENV_EDITS_MAX: usize = 512;
/// How many descriptors `--preserve-fd` may name.
pub const PRESERVED_MAX: usize = 64;
/// How many `--landlock-*` rules a command line may hold.
pub const LANDLOCK_RULES_MAX: usize = 64;
/// How many `--ulimit` a command line may hold: one for each limit of the kernel.
pub const ULIMITS_MAX: usize = 16;
/// How many `--cap-add` and `--cap-drop` a command line may hold together.
pub const CAPABILITY_EDITS_MAX: usize = 64;

/// One run, as the user described it.
pub struct Config {
    /// The root filesystem's directory; none with `--as-init`.
    pub rootfs: Option<&'static CStr>,
    /// The command and its arguments; `None` means [`DEFAULT_COMMAND`].
    pub command: Option<Words>,
    /// `-v`, `--tmpfs`, `--mask`, `--read-only`, `-x`, `--proc`, …: what the container sees of files.
    pub files: Files,
    /// `-u`, `--userns`, `--uidmap`, …: who the command is.
    pub identity: Identity,
    /// `-e`, `--clear-env`, `-w`, `--hostname`: what surrounds the command.
    pub surroundings: Surroundings,
    /// `--net`, `--share`, `--monotonic`, …: which namespaces are new.
    pub namespaces: Namespaces,
    /// `-t`, `--timeout`, `--preserve-fd`, …: how the command lives and ends.
    pub process: Process,
    /// `--strict`, `--cap-add`, `--seccomp`, …: what the command may do.
    pub privileges: Privileges,
    /// `--ulimit`, `--memory`, …: how much the command may use.
    pub limits: Limits,
}

impl Config {
    /// The command as the user wrote it, or the one that runs where none was given.
    #[must_use]
    pub fn command_name(&self) -> &'static CStr {
        self.command.and_then(|words| words.iter().next()).unwrap_or(DEFAULT_COMMAND)
    }

    /// Nothing asked for yet: all zeros.
    pub const EMPTY: Self = Self {
        rootfs: None,
        command: None,
        files: Files {
            mounts: Vec::new(),
            read_only: false,
            writes: Writes::Through,
            changes: Changes::No,
            proc: Proc::Auto,
            no_sys: false,
            no_dev: false,
        },
        identity: Identity { user: None, userns: Userns::Root, uid_map: Vec::new(), gid_map: Vec::new() },
        surroundings: Surroundings { environment: Vec::new(), clear_environment: false, workdir: None, hostname: None },
        namespaces: Namespaces {
            net: Net::Unsaid,
            share_ipc: false,
            share_uts: false,
            share_cgroup: false,
            monotonic: None,
            boottime: None,
        },
        process: Process {
            tty: false,
            timeout: None,
            kill_after: None,
            grace: None,
            die_with_parent: false,
            preserved: Vec::new(),
            new_session: false,
            no_init: false,
            status_fd: None,
            pid_file: None,
            as_init: false,
            group: false,
        },
        privileges: Privileges {
            strict: false,
            capabilities: Vec::new(),
            allow_new_privs: false,
            seccomp: Seccomp::Unsaid,
            landlock: Vec::new(),
        },
        limits: Limits { ulimits: Vec::new(), memory: None, cpus: None, pids: None, cgroup: None },
    };
}

/// What runs where no command is given, as in chroot(1).
pub const DEFAULT_COMMAND: &CStr = c"/bin/sh";
/// The host name inside where none is given.
pub const DEFAULT_HOSTNAME: &CStr = c"engine";
/// PATH inside where the environment has none: docker's.
pub const DEFAULT_PATH: &CStr = c"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A tail of the program's own arguments as the kernel laid them out: thin pointers, `None` last, as execve(2) wants it.
/// Never without a word.
#[derive(Clone, Copy)]
pub struct Words(pub &'static [Option<&'static c_char>]);

/// What the container sees of files.
pub struct Files {
    /// Volumes, tmpfs and masks in the order of the command line.
    pub mounts: Vec<Mount, MOUNTS_MAX>,
    /// `--read-only`: the root and all mounts below it, volumes excepted.
    pub read_only: bool,
    /// `-x`, `--upper DIR`: where writes to the root go.
    pub writes: Writes,
    /// `--changes[=FILE]`: list what the run changed in the root.
    pub changes: Changes,
    /// `--proc`.
    pub proc: Proc,
    /// `--sys none`: no /sys of ours.
    pub no_sys: bool,
    /// `--no-dev`: no /dev of ours.
    pub no_dev: bool,
}

/// One thing to be mounted below the root.
pub enum Mount {
    /// `-v SRC[:DST[:OPTS]]`.
    Volume(Volume),
    /// `--tmpfs DST[:size=,mode=,…]`.
    Tmpfs(Tmpfs),
    /// `--mask PATH`.
    Mask(Text),
}

/// A host path bound into the container.
pub struct Volume {
    /// On the host; relative to the caller's working directory.
    pub source: Text,
    /// Inside.
    pub target: Text,
    /// `ro`.
    pub read_only: bool,
    /// `noexec`.
    pub no_exec: bool,
    /// `suid`: honour set-user-id bits.
    pub suid: bool,
    /// `dev`: devices work.
    pub dev: bool,
    /// `norec`: not the mounts below it.
    pub not_recursive: bool,
    /// `optional`: a missing source is no error.
    pub optional: bool,
}

/// A fresh tmpfs.
pub struct Tmpfs {
    /// Inside.
    pub target: Text,
    /// `size=` in bytes; `None`: the kernel's default, half of memory.
    pub size: Option<u64>,
    /// `mode=`; `None`: 01777, as docker.
    pub mode: Option<u32>,
    /// `noexec`.
    pub no_exec: bool,
    /// `ro`.
    pub read_only: bool,
}

/// Where writes to the root go.
#[derive(Default, Clone, Copy)]
pub enum Writes {
    /// Into the root filesystem itself.
    #[default]
    Through,
    /// `-x`: to a throw-away overlay.
    Ephemeral,
    /// `--upper DIR`: to an overlay kept in DIR.
    Upper(&'static CStr),
}

/// Where the list of changes goes.
#[derive(Default, Clone, Copy)]
pub enum Changes {
    /// It is not made.
    #[default]
    No,
    /// `--changes`: standard error, after the command has ended.
    Stderr,
    /// `--changes=FILE`.
    File(&'static CStr),
}

/// `--proc`.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Proc {
    /// A fresh procfs, or an error that names the alternatives.
    #[default]
    Auto,
    /// A fresh procfs.
    New,
    /// The host's /proc, bound: shows the host's processes.
    Bind,
    /// None.
    None,
}

/// Who the command is.
pub struct Identity {
    /// `-u USER[:GROUP]`.
    pub user: Option<User>,
    /// `--userns`.
    pub userns: Userns,
    /// `--uidmap IN:OUT:COUNT`, repeatable.
    pub uid_map: Vec<IdRange, MAP_LINES_MAX>,
    /// `--gidmap IN:OUT:COUNT`, repeatable.
    pub gid_map: Vec<IdRange, MAP_LINES_MAX>,
}

/// `-u USER[:GROUP]`: numbers or names of the rootfs's own /etc/passwd and /etc/group.
#[derive(Clone, Copy)]
pub struct User {
    /// The user.
    pub user: Text,
    /// The group; `None`: the user's own.
    pub group: Option<Text>,
}

/// `--userns`.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Userns {
    /// The caller is uid 0 inside; for root, every id of the caller's namespace maps onto itself.
    #[default]
    Root,
    /// The caller keeps its ids.
    KeepId,
    /// 0 is the caller, 1… the ranges of /etc/subuid and /etc/subgid.
    Auto,
    /// No user namespace.
    Host,
}

/// A line of a uid or gid map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdRange {
    /// The first id inside.
    pub inside: u32,
    /// The first id outside.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

/// What surrounds the command.
pub struct Surroundings {
    /// `-e`, `--env-file` in the order of the command line.
    pub environment: Vec<EnvEdit, ENV_EDITS_MAX>,
    /// `--clear-env`.
    pub clear_environment: bool,
    /// `-w`.
    pub workdir: Option<&'static CStr>,
    /// `--hostname`.
    pub hostname: Option<&'static CStr>,
}

/// One change to the environment.
#[derive(Clone, Copy)]
pub enum EnvEdit {
    /// `-e NAME=VALUE`: the whole word.
    Set(&'static CStr),
    /// `-e NAME`: the caller's value, which only matters after `--clear-env`.
    Inherit(Text),
    /// `--env-file FILE`: a line each.
    File(&'static CStr),
}

/// Which namespaces are new.
pub struct Namespaces {
    /// `--net`.
    pub net: Net,
    /// `--share ipc`.
    pub share_ipc: bool,
    /// `--share uts`.
    pub share_uts: bool,
    /// `--share cgroup`.
    pub share_cgroup: bool,
    /// `--monotonic`, in seconds.
    pub monotonic: Option<i64>,
    /// `--boottime`, in seconds.
    pub boottime: Option<i64>,
}

/// `--net`.
#[derive(Default, Clone, Copy)]
pub enum Net {
    /// Not said: host, or none with `--strict`.
    #[default]
    Unsaid,
    /// The caller's network.
    Host,
    /// A new network namespace with lo up.
    None,
    /// The network namespace behind this file.
    Join(&'static CStr),
}

/// How the command lives and ends. Durations are in milliseconds.
pub struct Process {
    /// `-t`.
    pub tty: bool,
    /// `--timeout`.
    pub timeout: Option<u64>,
    /// `--kill-after`.
    pub kill_after: Option<u64>,
    /// `--grace`.
    pub grace: Option<u64>,
    /// `--die-with-parent`.
    pub die_with_parent: bool,
    /// `--preserve-fd`, repeatable.
    pub preserved: Vec<i32, PRESERVED_MAX>,
    /// `--new-session`.
    pub new_session: bool,
    /// `--no-init`: the command itself is PID 1.
    pub no_init: bool,
    /// `--status-fd`.
    pub status_fd: Option<i32>,
    /// `--pid-file`.
    pub pid_file: Option<&'static CStr>,
    /// `--as-init`: no container, be the init of one that something else made.
    pub as_init: bool,
    /// `--group`: signals go to the command's whole process group.
    pub group: bool,
}

/// What the command may do.
pub struct Privileges {
    /// `--strict`.
    pub strict: bool,
    /// `--cap-add` and `--cap-drop` in the order of the command line.
    pub capabilities: Vec<CapabilityEdit, CAPABILITY_EDITS_MAX>,
    /// `--allow-new-privs`: leave no_new_privs off.
    pub allow_new_privs: bool,
    /// `--seccomp`.
    pub seccomp: Seccomp,
    /// `--landlock-ro`, `-rw`, `-rx`.
    pub landlock: Vec<LandlockRule, LANDLOCK_RULES_MAX>,
}

/// `--cap-add CAP` or `--cap-drop CAP`: a set of capabilities, one bit each, as capabilities(7) numbers them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CapabilityEdit {
    /// To be kept.
    Add(u64),
    /// To be dropped.
    Drop(u64),
}

/// `--seccomp`.
#[derive(Default, Clone, Copy)]
pub enum Seccomp {
    /// Not said: default, or strict with `--strict`.
    #[default]
    Unsaid,
    /// What namespaces do not contain is refused.
    Default,
    /// For code that is not trusted.
    Strict,
    /// No filter.
    None,
    /// `deny=a,b;errno=EPERM;allow=…`: edits of the list that would hold otherwise.
    Rules(Text),
}

/// One `--landlock-*` rule.
#[derive(Clone, Copy)]
pub struct LandlockRule {
    /// What is allowed below `path`.
    pub access: LandlockAccess,
    /// Inside the container.
    pub path: Text,
    /// Whether the value ended in `?`.
    pub effort: Effort,
}

/// What a Landlock rule allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LandlockAccess {
    /// Read files and directories.
    ReadOnly,
    /// Read, write, create and remove.
    ReadWrite,
    /// Read and execute.
    ReadExecute,
}

/// How much the command may use.
pub struct Limits {
    /// `--ulimit`, repeatable.
    pub ulimits: Vec<Ulimit, ULIMITS_MAX>,
    /// `-m`, in bytes.
    pub memory: Option<Limit>,
    /// `--cpus`, in thousandths of a processor.
    pub cpus: Option<Limit>,
    /// `--pids-limit`.
    pub pids: Option<Limit>,
    /// `--cgroup PATH`: below which cgroup the leaf is made.
    pub cgroup: Option<Cgroup>,
}

/// `--cgroup PATH`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cgroup {
    /// As the user wrote it.
    pub path: Text,
    /// Whether the value ended in `?`.
    pub effort: Effort,
}

/// What happens where a limit cannot be had. The numbers leave zero to the `None` of an option, so that a `Config` of
/// which nothing is set is all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Effort {
    /// The run fails.
    Required = 1,
    /// That is said, and the run goes on.
    Best = 2,
}

/// `--ulimit NAME=SOFT[:HARD]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ulimit {
    /// RLIMIT_*, as getrlimit(2) numbers it.
    pub resource: u32,
    /// The soft limit; `u64::MAX` is unlimited.
    pub soft: u64,
    /// The hard limit.
    pub hard: u64,
}

/// A cgroup limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// In the unit of the option.
    pub value: u64,
    /// Whether the value ended in `?`.
    pub effort: Effort,
}
