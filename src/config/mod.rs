//! What the user asked for. Data only: nothing here knows which front door it came through, and nothing here acts.
//!
//! Every text is borrowed from memory that outlives the program (its arguments, its environment, a file read once), so
//! there is no string buffer. Every list has a fixed capacity; what does not fit is a usage error that names the limit.

pub mod capability;
mod files;
mod privileges;
mod process;
mod protection;
pub mod ulimit;

pub use files::{Changes, Files, Mount, Proc, Tmpfs, Volume, Writes};
pub use privileges::{CapabilityEdit, LandlockRule, Limit, Limits, Privileges, Seccomp, Ulimit, access};
pub use process::{PRESERVED_MAX, Process};

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
/// How many `--ulimit` a command line may hold: one for each limit of the kernel.
pub const ULIMITS_MAX: usize = 16;
/// How many `--cap-add` and `--cap-drop` a command line may hold together.
pub const CAPABILITY_EDITS_MAX: usize = 64;
/// How many `--landlock-ro`, `--landlock-rw` and `--landlock-rx` a command line may hold together.
pub const LANDLOCK_RULES_MAX: usize = 64;

/// One run, as the user described it. In this order: what every run writes lies in one page of memory, at the beginning.
#[repr(C)]
pub struct Config {
    /// The root filesystem's directory; none before it was read.
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
    /// `--timeout`, `--preserve-fd`, `--no-init`, …: how the command lives and ends.
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
            timeout: 0,
            kill_after: 0,
            grace: 0,
            die_with_parent: false,
            new_session: false,
            no_init: false,
            as_init: false,
            group: false,
            status_fd: None,
            pid_file: None,
            preserved: Vec::new(),
        },
        privileges: Privileges {
            strict: false,
            capabilities: Vec::new(),
            allow_new_privs: false,
            seccomp: Seccomp::Unsaid,
            landlock: Vec::new(),
        },
        limits: Limits { ulimits: Vec::new(), shared: [Limit::NONE; 3], cgroup: None, cgroup_is_best_effort: false },
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
