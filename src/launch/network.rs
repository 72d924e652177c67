//! `--net PATH`: a network that somebody else has made.

use crate::config::{Config, Net};
use crate::error::{At, Errno, Error, Object, Step, Why};
use crate::sys::fd::Dir;
use crate::sys::{file, process};

/// Joins it, where one is named. O does that itself, and I inherits it: in a user namespace of its own I would not
/// have the power over it that joining asks for. So inside nobody has any, as over the host's network.
pub(super) fn join(config: &Config) -> Result<(), Error> {
    let Net::Join(path) = config.network() else { return Ok(()) };
    let network = file::open_read(Dir::HERE, path).at(Step::Join, Object::Network)?;
    let joined = process::join_network_namespace(&network);
    network.close();
    joined.map_err(|errno| {
        let error = Error::new(Step::Join, Object::Network, errno);
        if errno == Errno::INVAL { error.for_reason(Why::NotANamespace) } else { error }
    })
}
