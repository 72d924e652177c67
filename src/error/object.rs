//! What a failure was about, as a number.

use super::Place;

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
    /// The path of the n-th of `config.privileges.landlock`.
    Landlock(u16),
    /// The cgroup that the container's is made below.
    Cgroup,
    /// The descriptor of `--status-fd`.
    StatusFd,
    /// The file of `--pid-file`.
    PidFile,
    /// The n-th of `config.process.preserved`.
    Preserved(u16),
}

impl Object {
    /// The kind and which of that kind it is. In the order of the members: then there is nothing to be translated.
    #[inline(always)]
    pub(super) const fn to_parts(self) -> (u32, u16) {
        match self {
            Self::Place(place) => (0, place as u16),
            Self::Rootfs => (1, 0),
            Self::Command => (2, 0),
            Self::Workdir => (3, 0),
            Self::Hostname => (4, 0),
            Self::Upper => (5, 0),
            Self::Changes => (6, 0),
            Self::MountSource(index) => (7, index),
            Self::MountTarget(index) => (8, index),
            Self::User => (9, 0),
            Self::Group => (10, 0),
            Self::EnvFile(index) => (11, index),
            Self::Network => (12, 0),
            Self::Ulimit(index) => (13, index),
            Self::Landlock(index) => (14, index),
            Self::Cgroup => (15, 0),
            Self::StatusFd => (16, 0),
            Self::PidFile => (17, 0),
            Self::Preserved(index) => (18, index),
        }
    }

    /// What [`Object::to_parts`] took apart.
    pub(super) fn from_parts(kind: u32, index: u16) -> Option<Self> {
        Some(match kind {
            0 => Self::Place(Place::from_code(u8::try_from(index).ok()?)?),
            1 => Self::Rootfs,
            2 => Self::Command,
            3 => Self::Workdir,
            4 => Self::Hostname,
            5 => Self::Upper,
            6 => Self::Changes,
            7 => Self::MountSource(index),
            8 => Self::MountTarget(index),
            9 => Self::User,
            10 => Self::Group,
            11 => Self::EnvFile(index),
            12 => Self::Network,
            13 => Self::Ulimit(index),
            14 => Self::Landlock(index),
            15 => Self::Cgroup,
            16 => Self::StatusFd,
            17 => Self::PidFile,
            18 => Self::Preserved(index),
            _ => return None,
        })
    }
}
