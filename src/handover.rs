//! What O hands to I at the clone, and I to C: everything that was true of the caller and that the command inherits.

use crate::config::{Config, Words};
use crate::error::Error;
use crate::report::Record;
use crate::sys::fd::Fd;
use crate::sys::file::{self, FileId};
use crate::sys::poll::{self, Waiting};
use crate::sys::process::Credentials;
use crate::sys::signal::{Disposition, Set};
use crate::sys::terminal::{Modes, Size};

/// See the module. The descriptors in it close on exec.
pub struct Handover {
    /// What the user asked for.
    pub config: &'static Config,
    /// The directory that the caller found at the root filesystem's path, and may search.
    pub root: Option<FileId>,
    /// The caller's environment.
    pub environment: Words,
    /// The caller's ids.
    pub credentials: Credentials,
    /// Which of the descriptors 0, 1 and 2 the caller had closed.
    pub closed_stdio: [bool; 3],
    /// The signals that the caller blocked.
    pub mask: Set,
    /// Whether the caller ignored SIGCHLD.
    pub child_signal: Disposition,
    /// `-t`: how C's own terminal is to be.
    pub model: Option<Model>,
    /// C's end of it, once I has opened it.
    pub terminal: Option<Fd>,
    /// Comes to its end when O does. Something to read in it: O is ready, and the id maps are written.
    pub lifeline: Fd,
    /// Where records go.
    pub reports: Fd,
}

/// What a new terminal takes over from the caller's.
pub struct Model {
    /// The modes of the caller's, where standard input is one.
    pub modes: Option<Modes>,
    /// The size of the caller's window, where there is one.
    pub size: Option<Size>,
}

impl Handover {
    /// Whether anyone wants to know what happens while it happens.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.config.process.status_fd.is_some() || self.config.process.pid_file.is_some()
    }

    /// Whether O has ended.
    ///
    /// # Errors
    /// See poll(2).
    pub fn is_alone(&self) -> crate::sys::Result<bool> {
        let mut lifeline = [Waiting::for_hangup(&self.lifeline)];
        poll::wait(&mut lifeline, Some(0))?;
        Ok(lifeline.iter().any(Waiting::hung_up))
    }

    /// Sends a record to O.
    pub fn report(&self, record: Record) {
        // If O is gone there is nobody to tell, and the lifeline ends everything.
        let _ = file::write_all(self.reports.number(), file::bytes_of(&mut record.to_words()));
    }

    /// Sends a failure to O.
    pub fn fail(&self, error: Error) {
        self.report(Record::Failed(error));
    }
}
