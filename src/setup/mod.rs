//! I, once: builds the container and steps into it.
//!
//! The world is built as descriptors and then entered. What comes from the host is opened before the step through
//! pivot_root(2); what is named by a path of the root filesystem is resolved after it, when no host path exists any
//! more. So nothing in a root filesystem can lead to the host, whatever it is and whoever changes it meanwhile.

mod dev;
mod masks;
mod mounts;
mod namespaces;
mod overlay;
mod root;
mod system;
mod target;

use crate::changes;
use crate::config::{Changes, Config, DEFAULT_HOSTNAME, Proc};
use crate::error::{At, Errno, Error, OWN_FAILURE, Object, Place, Step};
use crate::handover::{Handover, World};
use crate::init;
use crate::sys::fd::{self, Dir, Fd};
use crate::sys::file;
use crate::sys::identity;
use crate::sys::process::{self, Namespaces};
use crate::sys::tree;
use masks::Masks;

/// I's whole life. On entry the namespaces are new and everything else is the host's.
pub fn run(handover: &Handover) -> ! {
    for number in handover.outside {
        fd::close(number);
    }
    match set_up(handover) {
        Ok(world) => init::run(handover, world),
        Err(error) => handover.fail(error),
    }
    process::exit(OWN_FAILURE)
}

/// Builds the world and steps into it. Not inlined, so that its buffers are gone when it returns.
#[inline(never)]
fn set_up(handover: &Handover) -> Result<World, Error> {
    let config = handover.config;
    process::die_with_parent().at(Step::TieToParent, Object::Place(Place::Init))?;
    namespaces::prepare(config)?;
    // What does not depend on who is who is done while O writes the id maps.
    let host = HostPieces::open(handover)?;
    handover.await_outside()?;
    if handover.limited && !config.namespaces.share_cgroup {
        // Only now is I in the cgroup where the namespace is to begin.
        process::enter_new(Namespaces::CGROUP).at(Step::MakeNamespaces, Object::Place(Place::Container))?;
    }
    let pieces = Pieces::open(handover)?;
    root::enter(&pieces.root)?;
    if config.root_is_read_only() {
        root::protect(&pieces.root)?;
    }
    let host_root_is_inside = handover.credentials.euid == 0 && host.host_root_is_inside(config)?;
    let mut masks = Masks::default();
    hang(config, &host, &pieces, host_root_is_inside.then_some(&mut masks)).map_err(explain_empty_root)?;
    if host_root_is_inside {
        let null = host.devices.as_ref().map(dev::Devices::null);
        let proc = host.proc.as_ref().filter(|_| config.files.proc != Proc::None);
        masks.hang(proc, host.sys.as_ref(), null).at(Step::Mount, Object::Place(Place::Masks))?;
    }
    if config.files.proc == Proc::None {
        masks.put_over_kernel(b"/proc").at(Step::Mount, Object::Place(Place::Proc))?;
    }
    if config.files.no_sys {
        masks.put_over_kernel(b"/sys").at(Step::Mount, Object::Place(Place::Sys))?;
    }
    mounts::hang(config, pieces.volumes, &mut masks)?;
    if config.root_is_read_only() {
        root::seal(&pieces.root)?;
    }
    if !config.namespaces.share_uts {
        let name = config.surroundings.hostname.unwrap_or(DEFAULT_HOSTNAME);
        identity::set_hostname(name.to_bytes()).at(Step::SetHostname, Object::Hostname)?;
    }
    let inner = inner_namespaces(config, host_root_is_inside || pieces.root.composed || config.locks_mounts());
    Ok(World {
        inner,
        proc: host.proc.filter(|_| inner.has(Namespaces::USER)),
        proc_is_the_hosts: config.files.proc == Proc::Bind,
        changes: pieces.changes.zip(pieces.root.layers).map(|(output, (upper, below))| changes::Pending {
            upper,
            below,
            output,
            is_text: matches!(config.files.changes, Changes::Stderr),
        }),
    })
}

/// Those that C gets below I's, so that root inside cannot undo what is mounted here: the mounts are locked there, and
/// only there. Without a user namespace there is nothing to be locked, since C has no power over mounts (`--cap-add` may
/// give it back, as the user wishes).
fn inner_namespaces(config: &Config, lock: bool) -> Namespaces {
    if !lock || !config.has_user_namespace() {
        return Namespaces::default();
    }
    Namespaces::USER.and(Namespaces::MOUNT).and_if(!config.namespaces.share_uts, Namespaces::UTS)
}

/// What comes from the host, whoever I is there; attached to nothing yet.
struct HostPieces {
    /// With `--proc none` attached to nothing, or not there.
    proc: Option<Fd>,
    sys: Option<Fd>,
    devices: Option<dev::Devices>,
}

impl HostPieces {
    /// On entry every path is the host's.
    fn open(handover: &Handover) -> Result<Self, Error> {
        let config = handover.config;
        let devices = if config.files.no_dev { None } else { Some(dev::Devices::open(config)?) };
        Ok(Self { proc: system::open_proc(handover)?, sys: system::open_sys(config)?, devices })
    }

    /// Whether what is here must be masked.
    fn host_root_is_inside(&self, config: &Config) -> Result<bool, Error> {
        // Nothing of the kernel's is shown where neither is there.
        let shown = self.proc.as_ref().or(self.sys.as_ref());
        shown
            .map_or(Ok(false), |mount| masks::host_root_is_inside(mount, config))
            .at(Step::Read, Object::Place(Place::Proc))
    }
}

/// What wants the id maps: because it belongs to somebody inside, or because I may only then go where the caller may.
struct Pieces {
    root: root::Root,
    /// Where the list of changes goes, if one is wanted.
    changes: Option<Fd>,
    dev: Option<dev::Filesystems>,
    resolv_conf: Option<Fd>,
    volumes: &'static mut mounts::Sources,
}

impl Pieces {
    /// On entry every path is the host's.
    fn open(handover: &Handover) -> Result<Self, Error> {
        let config = handover.config;
        // As who the caller is on the host, and then as somebody who is known inside.
        let changes = open_changes(config)?;
        let parts = root::open(handover)?;
        let resolv_conf =
            if parts.lacks(config, c"etc/resolv.conf") { None } else { system::open_resolv_conf(config)? };
        let volumes = mounts::open(config)?;
        namespaces::take_ids(handover)?;
        let root = root::make(parts, config)?;
        let dev = if config.files.no_dev { None } else { Some(dev::Filesystems::open()?) };
        Ok(Self { root, changes, dev, resolv_conf, volumes })
    }
}

/// Takes hold of where the list of changes will go: the file is the caller's to make, and standard error is closed by
/// then.
fn open_changes(config: &Config) -> Result<Option<Fd>, Error> {
    let output = match config.files.changes {
        Changes::No => return Ok(None),
        Changes::Stderr => fd::duplicate(2),
        Changes::File(path) => file::create(path),
    };
    output.map(Some).at(Step::Open, Object::Changes)
}

/// Attaches the pieces. On entry every path is the container's. Where there will be masks, they get from /dev what they
/// are made of: a tmpfs of their own takes three times as long.
fn hang(config: &Config, host: &HostPieces, pieces: &Pieces, masks: Option<&mut Masks>) -> Result<(), Error> {
    if let (Some(proc), true) = (&host.proc, config.files.proc != Proc::None) {
        system::hang_directory(proc, c"/proc", Place::Proc)?;
    }
    if let (Some(dev), Some(devices)) = (&pieces.dev, &host.devices) {
        system::hang_directory(dev.root(), c"/dev", Place::Dev)?;
        if let Some(masks) = masks {
            *masks = dev.empty_directory().and_then(Masks::with).at(Step::Mount, Object::Place(Place::Masks))?;
        }
        dev.hang(devices)?;
    }
    if let Some(sys) = &host.sys {
        match system::hang_directory(sys, c"/sys", Place::Sys) {
            // Programs do without /sys more often than images do with it.
            Err(error) if error.errno() == Errno::NOENT => {}
            result => result?,
        }
    }
    match &pieces.resolv_conf {
        Some(file) => system::hang_resolv_conf(file),
        None => Ok(()),
    }
}

/// In an empty directory it is not /proc that the user misses most.
fn explain_empty_root(error: Error) -> Error {
    let is_empty = |root: Fd| tree::is_empty(&root);
    if error.errno() == Errno::NOENT && file::open_directory(Dir::HERE, c"/").is_ok_and(is_empty) {
        return Error::new(Step::Execute, Object::Command, Errno::NOENT);
    }
    error
}
