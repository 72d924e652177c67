//! What the new namespaces need beyond being new.

use crate::config::{Config, IdRange, Net};
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::sys::digits::decimal;
use crate::sys::fd::Dir;
use crate::sys::{file, identity, mount, network, process};
use heapless::Vec;

/// All that does not depend on who is who. On entry every path is the host's.
pub(super) fn prepare(config: &Config) -> Result<(), Error> {
    if !config.has_user_namespace() {
        // The kernel cuts a mount namespace off from its parent only below another user namespace.
        mount::make_all_private().at(Step::LeaveHost, Object::Place(Place::Container))?;
    }
    if matches!(config.network(), Net::None) {
        network::bring_up_loopback().at(Step::BringUp, Object::Place(Place::Loopback))?;
    }
    if config.has_clocks() {
        set_clocks(config).at(Step::SetClocks, Object::Place(Place::Clocks))?;
    }
    Ok(())
}

/// Moves I to a time namespace with the offsets that the user wants. I itself, and not only its children: on some
/// kernels a child that shares its parent's memory must share its clocks too.
fn set_clocks(config: &Config) -> Result<(), Errno> {
    process::new_time_namespace()?;
    // As time_namespaces(7) numbers them.
    for (clock, seconds) in [(b"1 ", config.namespaces.monotonic), (b"7 ", config.namespaces.boottime)] {
        let seconds = u32::try_from(seconds.unwrap_or(0)).map_err(|_| Errno::RANGE)?;
        let mut room = [0; 40];
        let mut text = Vec::<u8, 40>::new();
        text.extend_from_slice(decimal(clock, seconds, &mut room).to_bytes()).map_err(|_| Errno::TOO_BIG)?;
        text.extend_from_slice(b" 0\n").map_err(|_| Errno::TOO_BIG)?;
        // Each has to be written to the beginning of the file.
        file::put(Dir::HERE, c"/proc/self/timens_offsets", &text)?;
    }
    // Only now: the offsets of a namespace are for ever from its first process on.
    let clocks = file::open_read(Dir::HERE, c"/proc/self/ns/time_for_children")?;
    process::join_time_namespace(&clocks)
}

/// With explicit maps, I may be nobody inside: it becomes root, or who the first line begins with. On entry the maps
/// are written.
pub(super) fn take_ids(handover: &Handover) -> Result<(), Error> {
    let Config { identity: maps, .. } = handover.config;
    let first = |ranges: &[IdRange]| {
        let root = ranges.iter().find(|range| range.inside == 0);
        root.or(ranges.first()).map(|range| range.inside)
    };
    let init = Object::Place(Place::Init);
    if let Some(gid) = first(&maps.gid_map) {
        match identity::set_groups(&[]) {
            // Who maps itself alone may not (user_namespaces(7)).
            Err(Errno::PERM) if handover.credentials.euid != 0 => {}
            result => result.at(Step::SetGroups, init)?,
        }
        identity::set_group(gid).at(Step::MapIds, Object::Place(Place::GidMap))?;
    }
    if let Some(uid) = first(&maps.uid_map) {
        identity::set_user(uid).at(Step::MapIds, Object::Place(Place::UidMap))?;
    }
    // A change of credentials, of the gid alone too, undoes it, and makes /proc/PID somebody else's, where C's id maps may
    // have to be written. I hides later.
    process::die_with_parent().at(Step::TieToParent, init)?;
    process::show().at(Step::HideInit, init)
}
