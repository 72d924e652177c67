//! `--status-fd` and `--pid-file`: what happens, for other programs to read, as it happens.

use super::limit::Stage;
use super::outcome::{Account, Outcome};
use super::say::Output;
use crate::config::Config;
use crate::error::{At, Error, OWN_FAILURE, Object, Step};
use crate::sys::children::Ending;
use crate::sys::fd::{self, Fd};
use crate::sys::file;
use crate::sys::process::Pid;

/// Both are opened before anything runs, and written while it does.
#[derive(Default)]
pub(super) struct Journal {
    status: Option<Fd>,
    pid_file: Option<Fd>,
}

impl Journal {
    /// Opens what is asked for. The caller's descriptor stays the caller's: C does not get it, unless it is preserved too.
    pub(super) fn open(config: &Config) -> Result<Self, Error> {
        let process = &config.process;
        let mut journal = Self::default();
        if let Some(number) = process.status_fd {
            journal.status = Some(fd::duplicate(number).at(Step::KeepDescriptor, Object::StatusFd)?);
            if number > 2 && !process.preserved.contains(&number) {
                fd::close(number);
            }
        }
        if let Some(path) = process.pid_file {
            journal.pid_file = Some(file::create(path).at(Step::Create, Object::PidFile)?);
        }
        Ok(journal)
    }

    /// The command has been executed.
    pub(super) fn started(&mut self, pid: Pid) -> Result<(), Error> {
        let pid = u64::from(pid.unsigned_abs());
        if let Some(file) = self.pid_file.take() {
            let mut line = Output::to(file.number());
            line.number(pid);
            line.byte(b'\n');
            line.flush().at(Step::Write, Object::PidFile)?;
            file.close();
        }
        self.line(|line| {
            line.text(b"{\"event\":\"started\"");
            field(line, "pid", pid);
        });
        Ok(())
    }

    /// It is over.
    pub(super) fn ended(&self, outcome: &Outcome, config: &Config) {
        if let Outcome::Failed(error) = outcome {
            self.line(|line| failed(line, error, config));
        }
        self.line(|line| {
            line.text(b"{\"event\":\"exit\",\"cause\":\"");
            let exit = |line: &mut Output, cause: &[u8], name, value: u8| {
                line.text(cause);
                line.byte(b'"');
                field(line, name, value.into());
            };
            match outcome {
                Outcome::Ended(Ending::Exited(status), _) => exit(line, b"exit", "code", *status),
                Outcome::Ended(Ending::Killed(signal), _) => exit(line, b"signal", "signal", *signal as u8),
                Outcome::TimedOut(stage, _) => exit(line, b"timeout", "code", stage.exit_status()),
                Outcome::Failed(error) => exit(line, b"error", "code", error.exit_status()),
                Outcome::InitKilled(_) => exit(line, b"error", "code", OWN_FAILURE),
            }
            if let Outcome::Ended(_, account) | Outcome::TimedOut(_, account) = outcome {
                used(line, account);
            }
        });
    }

    /// Writes an object on a line of its own; `content` opens it.
    fn line(&self, content: impl FnOnce(&mut Output)) {
        if let Some(status) = &self.status {
            let mut line = Output::to(status.number());
            content(&mut line);
            line.text(b"}\n");
            // Whoever was to read it is gone. That is no reason to end the command.
            let _ = line.flush();
        }
    }
}

/// `,"name":value`
fn field(line: &mut Output, name: &str, value: u64) {
    line.text(b",\"");
    line.text(name.as_bytes());
    line.text(b"\":");
    line.number(value);
}

fn used(line: &mut Output, account: &Account) {
    let usage = &account.usage;
    let fields =
        [("wall_ns", account.wall), ("user_us", usage.user), ("sys_us", usage.system), ("maxrss_kib", usage.memory)];
    for (name, value) in fields {
        field(line, name, value);
    }
}

fn failed(line: &mut Output, error: &Error, config: &Config) {
    line.text(b"{\"event\":\"error\",\"step\":\"");
    line.text(error.step.text().as_bytes());
    line.text(b"\",\"object\":\"");
    line.object(error.object, config, text);
    line.text(b"\",\"errno\":\"");
    line.text(error.errno.name().as_bytes());
    line.text(b"\",\"why\":\"");
    text(line, error.cause().as_bytes());
    line.text(b"\",\"hint\":");
    match super::hints::hint(error) {
        Some(hint) => {
            line.byte(b'"');
            text(line, hint.as_bytes());
            line.byte(b'"');
        }
        None => line.text(b"null"),
    }
}

/// The inside of a JSON string. Text stays as it is; a byte that belongs to none becomes the character that stands for
/// such (RFC 8259 knows only Unicode).
fn text(line: &mut Output, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for &byte in chunk.valid().as_bytes() {
            if byte < b' ' || byte == 0x7f {
                line.text(b"\\u00");
                line.hexadecimal(byte);
                continue;
            }
            if byte == b'"' || byte == b'\\' {
                line.byte(b'\\');
            }
            line.byte(byte);
        }
        if !chunk.invalid().is_empty() {
            line.text(b"\\ufffd");
        }
    }
}

impl Stage {
    /// As timeout(1) has it.
    pub(super) const fn exit_status(self) -> u8 {
        match self {
            Self::Running | Self::Asked => 124,
            Self::Killed => 137,
        }
    }
}
