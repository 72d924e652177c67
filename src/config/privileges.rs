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
