//! /dev: a tmpfs with the devices that programs cannot do without, and nothing of the root filesystem's.

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step, Why};
use crate::sys::fd::{Dir, Fd};
use crate::sys::file::{self, Kind};
use crate::sys::mount::{self, Attributes, Depth};
use core::ffi::CStr;

/// A device that is bound from the host, since nobody may make one in a user namespace.
struct Device {
    /// On the host.
    source: &'static CStr,
    /// In /dev.
    name: &'static CStr,
    place: Place,
    /// As the kernel's list of devices has it (admin-guide/devices.txt): a host whose /dev says otherwise is not asked.
    kind: Kind,
}

const fn device(source: &'static CStr, name: &'static CStr, place: Place, major: u32, minor: u32) -> Device {
    Device { source, name, place, kind: Kind::character(major, minor) }
}

const DEVICES: [Device; 6] = [
    device(c"/dev/null", c"null", Place::DevNull, 1, 3),
    device(c"/dev/zero", c"zero", Place::DevZero, 1, 5),
    device(c"/dev/full", c"full", Place::DevFull, 1, 7),
    device(c"/dev/random", c"random", Place::DevRandom, 1, 8),
    device(c"/dev/urandom", c"urandom", Place::DevUrandom, 1, 9),
    device(c"/dev/tty", c"tty", Place::DevTty, 5, 0),
];

/// Directories in /dev and their modes.
const DIRECTORIES: [(&CStr, u32, Place); 3] =
    [(c"pts", 0o755, Place::DevPts), (c"shm", 0o1777, Place::DevShm), (c"mqueue", 0o755, Place::DevMqueue)];

/// Symbolic links in /dev and what they say.
const LINKS: [(&CStr, &CStr); 5] = [
    (c"ptmx", c"pts/ptmx"),
    (c"fd", c"/proc/self/fd"),
    (c"stdin", c"/proc/self/fd/0"),
    (c"stdout", c"/proc/self/fd/1"),
    (c"stderr", c"/proc/self/fd/2"),
];

/// The devices, taken from the host; attached to nothing yet.
pub(super) struct Devices {
    nodes: [Fd; DEVICES.len()],
    mqueue: Option<Fd>,
}

impl Devices {
    /// On entry every path is the host's.
    pub(super) fn open(config: &Config) -> Result<Self, Error> {
        let [null, zero, full, random, urandom, tty] = &DEVICES;
        let nodes = [bind(null)?, bind(zero)?, bind(full)?, bind(random)?, bind(urandom)?, bind(tty)?];
        Ok(Self { nodes, mqueue: open_mqueue(config)? })
    }

    /// /dev/null.
    pub(super) const fn null(&self) -> &Fd {
        let [null, ..] = &self.nodes;
        null
    }
}

/// The filesystems of /dev, which belong to somebody inside; filled, but attached to nothing.
pub(super) struct Filesystems {
    root: Fd,
    pts: Fd,
}

impl Filesystems {
    /// On entry the id maps are written. No path of the root filesystem is involved.
    pub(super) fn open() -> Result<Self, Error> {
        // The devices are mounts of their own; nobody may make another, whatever the user namespace allows.
        let attributes = Attributes::NO_SUID.and(Attributes::NO_DEV).and(Attributes::NO_EXEC);
        let root =
            mount::make(c"tmpfs", &[(c"mode", c"755")], attributes).at(Step::Mount, Object::Place(Place::Dev))?;
        fill(&root)?;
        Ok(Self { root, pts: open_pts()? })
    }

    /// The tmpfs that is /dev.
    pub(super) const fn root(&self) -> &Fd {
        &self.root
    }

    /// A directory with nothing in it, to be copied and mounted elsewhere: the one that the terminals will cover. On entry
    /// the tmpfs is attached and they are not, so that nobody comes to it by a path any more once they are.
    pub(super) fn empty_directory(&self) -> Result<Fd, Errno> {
        mount::clone_tree(Dir::at(&self.root), c"pts", Depth::One)
    }

    /// Attaches everything to the tmpfs, which is attached by now.
    pub(super) fn hang(&self, devices: &Devices) -> Result<(), Error> {
        let dev = Dir::at(&self.root);
        for (device, node) in DEVICES.iter().zip(&devices.nodes) {
            mount::attach(node, dev, device.name).at(Step::Mount, Object::Place(device.place))?;
        }
        mount::attach(&self.pts, dev, c"pts").at(Step::Mount, Object::Place(Place::DevPts))?;
        match &devices.mqueue {
            Some(mqueue) => mount::attach(mqueue, dev, c"mqueue").at(Step::Mount, Object::Place(Place::DevMqueue)),
            None => Ok(()),
        }
    }
}

/// Makes what /dev holds, through the descriptor of its mount.
fn fill(filesystem: &Fd) -> Result<(), Error> {
    let dev = Dir::at(filesystem);
    for device in &DEVICES {
        file::make_file(dev, device.name, 0o666).at(Step::Create, Object::Place(device.place))?;
    }
    for (name, mode, place) in &DIRECTORIES {
        file::make_directory(dev, name, *mode).at(Step::Create, Object::Place(*place))?;
    }
    // The one directory for everybody; the umask may have taken something off.
    file::set_mode(dev, c"shm", 0o1777).at(Step::Create, Object::Place(Place::DevShm))?;
    for (name, target) in &LINKS {
        file::make_link(dev, name, target).at(Step::Create, Object::Place(Place::DevLinks))?;
    }
    Ok(())
}

/// Takes a device from the host, and makes sure that it is the one.
fn bind(device: &Device) -> Result<Fd, Error> {
    let object = Object::Place(device.place);
    let bound = mount::clone_tree(Dir::HERE, device.source, Depth::One)
        .and_then(|bound| Ok((file::kind(Dir::at(&bound), c"")?, bound)));
    match bound.at(Step::Bind, object)? {
        (kind, bound) if kind == device.kind => Ok(bound),
        _ => Err(Error::because(Step::CheckDevice, object, Why::NotADevice)),
    }
}

/// Terminals of the container's own.
fn open_pts() -> Result<Fd, Error> {
    let settings = &[(c"ptmxmode", c"666"), (c"mode", c"620")];
    mount::make(c"devpts", settings, Attributes::NO_SUID.and(Attributes::NO_EXEC))
        .at(Step::Mount, Object::Place(Place::DevPts))
}

/// POSIX message queues, where the kernel has them. The host's, with `--share ipc`, may be used but not mounted by who
/// is root in a user namespace only.
fn open_mqueue(config: &Config) -> Result<Option<Fd>, Error> {
    let attributes = Attributes::NO_SUID.and(Attributes::NO_DEV).and(Attributes::NO_EXEC);
    match mount::make(c"mqueue", &[], attributes) {
        Ok(mqueue) => Ok(Some(mqueue)),
        Err(Errno::NODEV) => Ok(None),
        Err(Errno::PERM) if config.namespaces.share_ipc => Ok(None),
        Err(errno) => Err(Error::new(Step::Mount, Object::Place(Place::DevMqueue), errno)),
    }
}
