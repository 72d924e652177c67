//! What the command may do, and how much of everything it may use.

use super::{CAPABILITY_EDITS_MAX, LANDLOCK_RULES_MAX, Text, ULIMITS_MAX};
use heapless::Vec;

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
    /// `--landlock-ro`, `--landlock-rw` and `--landlock-rx`.
    pub landlock: Vec<LandlockRule, LANDLOCK_RULES_MAX>,
}

/// `--landlock-ro PATH` and its kin: what may be done with PATH and all below it, and with nothing else.
#[derive(Clone, Copy)]
pub struct LandlockRule {
    /// A path inside.
    pub path: Text,
    /// What is allowed: a bit each, as landlock(7) numbers them.
    pub access: u64,
    /// Whether to go on where the kernel cannot.
    pub best_effort: bool,
}

/// What the kinds of Landlock rules allow.
pub mod access {
    /// To execute a file.
    pub const EXECUTE: u64 = 1;
    /// `--landlock-ro`: to read files and directories.
    pub const READ: u64 = 0b1100;
    /// `--landlock-rx`.
    pub const READ_EXECUTE: u64 = READ | EXECUTE;
    /// `--landlock-rw`: everything else.
    pub const READ_WRITE: u64 = !EXECUTE;
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
    /// What would hold with [`Seccomp::Unsaid`], edited: `deny=a,b;errno=NAME;allow=c`.
    Rules(Text),
}

/// How much the command may use.
pub struct Limits {
    /// `--ulimit`, repeatable.
    pub ulimits: Vec<Ulimit, ULIMITS_MAX>,
    /// How much all processes of the container may use together: `--memory`, in bytes; `--cpus`, in microseconds of
    /// running in a tenth of a second, as the kernel counts them; `--pids-limit`.
    pub shared: [Limit; 3],
    /// `--cgroup`: a directory of the host's, below which the container's is made.
    pub cgroup: Option<Text>,
    /// `--cgroup PATH?`: whether to go on where that cannot be had.
    pub cgroup_is_best_effort: bool,
}

/// How much of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// How much; 0 is no limit.
    pub value: u64,
    /// Whether to go on where that cannot be had.
    pub best_effort: bool,
}

impl Limit {
    /// Not asked for.
    pub const NONE: Self = Self { value: 0, best_effort: false };
}

impl Limits {
    /// Whether the container is to have a cgroup of its own.
    #[must_use]
    pub fn want_cgroup(&self) -> bool {
        self.cgroup.is_some() || self.shared.iter().any(|limit| limit.value != 0)
    }

    /// Whether all that a cgroup is wanted for may be left out.
    #[must_use]
    pub fn are_best_effort(&self) -> bool {
        self.shared.iter().all(|limit| limit.value == 0 || limit.best_effort)
            && (self.cgroup.is_none() || self.cgroup_is_best_effort)
    }
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
