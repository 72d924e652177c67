//! `--no-init`: the command itself is PID 1. I becomes it, instead of starting it.
//!
//! What an init does is then the command's to do, and so the kernel has it: signals without a handler do nothing to
//! PID 1. Of the two means that tie a container to O only the parent-death signal is left.

use crate::command;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::handover::Handover;
use crate::sys::children;
use crate::sys::fd;
use crate::sys::file;
use crate::sys::process::{self, Fork, Namespaces};

/// Returns only where it fails before the command could be tried.
pub(super) fn become_command(handover: &Handover, inner: Namespaces) -> Result<(), Error> {
    if inner != Namespaces::default() {
        enter(inner)?;
    }
    command::run(handover)
}

/// Moves into the inner namespaces. Who does so cannot map more than itself there; a helper that stays outside can.
fn enter(inner: Namespaces) -> Result<(), Error> {
    let object = Object::Place(Place::Command);
    let gate = fd::pipe().at(Step::MakePipe, object)?;
    match process::clone(Namespaces::default()).at(Step::StartCommand, object)? {
        Fork::Child => {
            gate.write.close();
            let mut byte = [0];
            let result = match file::read_full(&gate.read, &mut byte) {
                Ok(1) => super::introduce(1, inner),
                // The other has failed, and says so itself.
                _ => Ok(()),
            };
            process::exit(u8::from(result.is_err()))
        }
        Fork::Parent(helper) => {
            process::unshare(inner).at(Step::MakeNamespaces, object)?;
            file::write_all(gate.write.number(), b"!").at(Step::MapIds, object)?;
            match children::wait(&helper).at(Step::Wait, object)? {
                Some(children::Ended { status: 0, .. }) => Ok(()),
                _ => Err(Error::new(Step::MapIds, Object::Place(Place::UidMap), Errno::PERM)),
            }
        }
    }
}
