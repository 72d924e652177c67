//! What O hands to I at the clone, and I to C: everything that was true of the caller and that the command inherits.

use crate::changes::Pending;
use crate::config::{Config, Words};
use crate::error::{At, Error, OWN_FAILURE, Object, Place, Step};
use crate::report::Record;
use crate::seccomp::Instruction;
use crate::sys::fd::Fd;
use crate::sys::file::{self, FileId};
use crate::sys::poll::{self, Waiting};
use crate::sys::process::{self, Namespaces};
use crate::sys::signal::{Disposition, Set};
use crate::sys::start::Credentials;

/// See the module. The descriptors in it close on exec.
pub struct Handover {
    /// What the user asked for.
    pub config: &'static Config,
    /// The directory that the caller found at the root filesystem's path, and may search.
    pub root: FileId,
    /// The caller's environment.
    pub environment: Words,
    /// The lines of every `--env-file`, a NUL behind each, and two behind the last of a file.
    pub env_files: &'static [u8],
    /// The caller's ids.
    pub credentials: Credentials,
    /// Which of the descriptors 0, 1 and 2 the caller had closed.
    pub closed_stdio: [bool; 3],
    /// What the command may call: the last thing that C installs. Empty where there is no filter.
    pub filter: &'static [Instruction],
    /// The rights over files that Landlock forbids the command, but for what the rules allow; 0 for none.
    pub landlock: u64,
    /// Whether I is put into a cgroup of its own.
    pub limited: bool,
    /// The signals that the caller blocked.
    pub mask: Set,
    /// Whether the caller ignored SIGCHLD.
    pub child_signal: Disposition,
    /// O's ends of the pipes below, which I closes first.
    pub outside: [i32; 2],
    /// Comes to its end when O does. Something to read in it: O is ready, and the id maps are written.
    pub lifeline: Fd,
    /// Where records go.
    pub reports: Fd,
}

/// What set-up hands to I's life after it.
#[derive(Debug)]
pub struct World {
    /// The namespaces that C gets below I's.
    pub inner: Namespaces,
    /// A procfs, wherever it is mounted, if at all: there is one where `inner` has a user namespace.
    pub proc: Option<Fd>,
    /// Whether that procfs is the host's, which has its own numbers for processes.
    pub proc_is_the_hosts: bool,
    /// What is to be told of the run after its end.
    pub changes: Option<Pending>,
}

impl Handover {
    /// Sends a record to O.
    pub fn report(&self, record: Record) {
        // If O is gone there is nobody to tell, and the lifeline ends everything.
        let _ = file::write_all(self.reports.number(), &record.to_bytes());
    }

    /// Waits until O has written the id maps, which it does once, and makes sure that nothing of the container outlives O.
    ///
    /// Two means that do not depend on each other do that: the parent-death signal, and the lifeline, whose other end only
    /// O holds. Where O ended before the signal was set, the lifeline shows it here.
    ///
    /// # Errors
    /// See poll(2).
    pub fn await_outside(&self) -> Result<(), Error> {
        let mut lifeline = [Waiting::to_read(&self.lifeline)];
        poll::wait(&mut lifeline).at(Step::TieToParent, Object::Place(Place::Init))?;
        if lifeline.iter().any(Waiting::hung_up) {
            // There is nobody left to tell.
            process::exit(OWN_FAILURE);
        }
        Ok(())
    }

    /// Sends a failure to O.
    pub fn fail(&self, error: Error) {
        self.report(Record::Failed(error));
    }
}
