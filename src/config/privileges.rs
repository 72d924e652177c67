//! What the command may do, and how much of everything it may use.

use super::{CAPABILITY_EDITS_MAX, Text, ULIMITS_MAX};
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
