//! `--no-init`: the command itself is PID 1. I becomes it, instead of starting it.
//!
//! What an init does is then the command's to do, and so the kernel has it: signals without a handler do nothing to
//! PID 1. Of the two means that tie a container to O only the parent-death signal is left.

use crate::command;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::handover::{Handover, World};
use crate::sys::fd;
use crate::sys::file;
use crate::sys::process::{self, Fork, Namespaces};

/// Returns only where it fails.
pub(super) fn become_command(handover: &Handover, world: &World) -> Error {
    let result = if world.proc.is_some() { enter(world) } else { Ok(()) };
    result.and_then(|()| super::hide()).err().unwrap_or_else(|| command::run(handover))
}

/// Moves into the inner namespaces. Who does so cannot map more than itself there; a child that stays outside can.
fn enter(world: &World) -> Result<(), Error> {
    let command = Object::Place(Place::Command);
    let gate = fd::pipe().at(Step::MakePipe, command)?;
    match process::clone(Namespaces::default()).at(Step::StartCommand, command)? {
        Fork::Child => {
            gate.write.close();
            // Where the other has failed, it says so itself.
            let mapped = file::read_full(&gate.read, &mut [0]) != Ok(1) || super::introduce(1, world).is_ok();
            process::exit(u8::from(!mapped))
        }
        Fork::Parent(child) => {
            process::enter_new(world.inner).at(Step::MakeNamespaces, command)?;
            file::write_all(gate.write.number(), b"!").at(Step::MapIds, command)?;
            match process::wait(&child).at(Step::Wait, command)? {
                0 => Ok(()),
                _ => Err(Error::new(Step::MapIds, Object::Place(Place::UidMap), Errno::PERM)),
            }
        }
    }
}
