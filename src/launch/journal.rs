//! `--status-fd` and `--pid-file`: what happens, for other programs to read, as it happens.

use super::cgroup::Usage;
use super::outcome::Outcome;
use super::say::{self, Form, Output};
use crate::config::Config;
use crate::error::{At, Errno, Error, OWN_FAILURE, Object, Step};
use crate::sys::clock;
use crate::sys::fd::Fd;
use crate::sys::file;
use crate::sys::process::{self, Ending, Pid};
use crate::sys::signal;

/// What is to be written once the command has started.
pub(super) struct Journal {
    pid_file: Option<Fd>,
}

impl Journal {
    /// Makes the file, before anything runs.
    pub(super) fn open(config: &Config) -> Result<Self, Error> {
        let pid_file = config.process.pid_file.map(file::create).transpose();
        Ok(Self { pid_file: pid_file.at(Step::Create, Object::PidFile)? })
    }

    /// The command has been executed.
    pub(super) fn started(&mut self, pid: Pid, config: &Config) -> Result<(), Error> {
        let pid = [u64::from(pid.unsigned_abs())];
        let mut written = true;
        if let Some(file) = self.pid_file.take() {
            let mut line = Output::to(file.number(), Form::Json);
            line.fill(b"#\n", &[], &pid);
            written = line.flush_and_go_on();
            file.close();
        }
        if let Some(status_fd) = config.process.status_fd {
            let mut line = Output::to(status_fd, Form::Json);
            line.fill(b"{\"event\":\"started\",\"pid\":#}\n", &[], &pid);
            line.flush_and_go_on();
        }
        if written { Ok(()) } else { Err(Error::new(Step::Write, Object::PidFile, Errno::IO)) }
    }
}

/// It is over. Where nobody reads it any more, that is no reason for anything.
pub(super) fn ended(number: i32, outcome: &Outcome, config: &Config, began: u64, limited: Option<&Usage>) {
    let mut line = Output::to(number, Form::Json);
    let out_of_memory = limited.is_some_and(|used| used.oom_kills != 0);
    let (cause, value) = match outcome {
        Outcome::Ended(status) => match Ending::from_wait_status(*status) {
            Ending::Exited(status) => (b"exit\",\"code".as_slice(), status),
            Ending::Killed(signal::KILL) if out_of_memory => (b"oom\",\"signal".as_slice(), signal::KILL as u8),
            Ending::Killed(signal) => (b"signal\",\"signal".as_slice(), signal as u8),
        },
        Outcome::TimedOut(status) => (b"timeout\",\"code".as_slice(), *status as u8),
        Outcome::Failed(error) => {
            let text = b"{\"event\":\"error\",\"step\":\"$\",\"object\":\"$\",\"why\":\"$\",\"errno\":\"$\"";
            say::describe(&mut line, *error, config, text, b",\"hint\":\"$\"");
            line.text(b"}\n");
            (b"error\",\"code".as_slice(), error.exit_status())
        }
        Outcome::InitKilled(_) => (b"error\",\"code".as_slice(), OWN_FAILURE),
    };
    line.text(b"{\"event\":\"exit\",\"cause\":\"");
    line.text(cause);
    let used = process::children_usage();
    let numbers = [value.into(), clock::now().wrapping_sub(began), used.user, used.system, used.memory];
    line.fill(b"\":#,\"wall_ns\":#,\"user_us\":#,\"sys_us\":#,\"maxrss_kib\":#", &[], &numbers);
    if let Some(used) = limited {
        line.fill(b",\"memory_peak\":#,\"oom_kills\":#", &[], &[used.memory_peak, used.oom_kills]);
    }
    line.text(b"}\n");
    line.flush();
}
