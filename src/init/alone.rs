//! `--no-init`: the command itself is PID 1. I becomes it, instead of starting it.
//!
//! What an init does is then the command's to do, and so the kernel has it: signals without a handler do nothing to
//! PID 1. Of the two means that tie a container to O only the parent-death signal is left.

use crate::command::{self, Task};
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::handover::World;
use crate::id_map;
use crate::sys::fd;
use crate::sys::file;
use crate::sys::process::{self, Fork, Namespaces};

/// Returns only where the command could not be executed. On entry I is alone in its memory.
pub(super) fn become_command(task: &Task<'_>, world: &World) -> Error {
    match enter(world) {
        Ok(()) => command::run(task),
        Err(error) => error,
    }
}

/// Moves into the inner namespaces, if there are any. Who does so cannot map more than itself there; a helper that stays
/// outside can.
fn enter(world: &World) -> Result<(), Error> {
    let Some(proc) = world.proc.as_ref().filter(|_| world.inner != Namespaces::default()) else { return Ok(()) };
    let object = Object::Place(Place::Command);
    let own = id_map::process_directory(Some(proc), None)?;
    let gate = fd::pipe().at(Step::MakePipe, object)?;
    match process::clone(Namespaces::default()).at(Step::StartCommand, object)? {
        Fork::Child => {
            gate.write.close();
            // Where nothing comes, the other has failed, and says so itself.
            let came = file::read_full(&gate.read, &mut [0]) == Ok(1);
            process::exit(u8::from(came && id_map::write_identity(&own, proc).is_err()))
        }
        Fork::Parent(helper) => {
            process::enter(world.inner).at(Step::MakeNamespaces, object)?;
            file::write_all(gate.write.number(), b"!").at(Step::MapIds, object)?;
            match process::wait(&helper).at(Step::Wait, object)?.status {
                0 => Ok(()),
                _ => Err(Error::new(Step::MapIds, Object::Place(Place::UidMap), Errno::PERM)),
            }
        }
    }
}
