//! What the container sees of files.

use super::{MOUNTS_MAX, Text};
use core::ffi::CStr;
use heapless::Vec;

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

impl Mount {
    /// Where it is mounted, inside.
    #[must_use]
    pub const fn target(&self) -> Text {
        match self {
            Self::Volume(volume) => volume.target,
            Self::Tmpfs(tmpfs) => tmpfs.target,
            Self::Mask(path) => path,
        }
    }
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
