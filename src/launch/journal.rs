//! `--status-fd` and `--pid-file`: what happens, for other programs to read, as it happens.

use super::attend::Outcome;
use super::say::{self, Output};
use crate::config::Config;
use crate::error::{At, Error, OWN_FAILURE, Object, Step};
use crate::sys::fd::{self, Fd};
use crate::sys::file;
use crate::sys::process::{Ending, Pid};
use heapless::Vec;

/// Both are opened before anything runs, and written while it does.
#[derive(Default)]
pub(super) struct Journal {
    status: Option<Fd>,
    pid_file: Option<Fd>,
}

impl Journal {
    /// Opens what is asked for. The caller's descriptor stays the caller's: C does not get it, unless it is preserved too.
    pub(super) fn open(config: &Config) -> Result<Self, Error> {
        let mut journal = Self::default();
        if let Some(number) = config.process.status_fd {
            journal.status = Some(fd::duplicate(number).at(Step::KeepDescriptor, Object::StatusFd)?);
        }
        if let Some(path) = config.process.pid_file {
            journal.pid_file = Some(file::create(path).at(Step::Create, Object::PidFile)?);
        }
        Ok(journal)
    }

    /// The descriptors that are open.
    pub(super) fn kept(&self) -> Vec<&Fd, 2> {
        self.status.iter().chain(&self.pid_file).collect()
    }

    /// The command has been executed.
    pub(super) fn started(&mut self, pid: Pid) -> Result<(), Error> {
        let pid = u64::from(pid.unsigned_abs());
        if let Some(file) = self.pid_file.take() {
            let mut line = Output::new(file.number());
            line.number(pid);
            line.byte(b'\n');
            line.flush().at(Step::Write, Object::PidFile)?;
            file.close();
        }
        self.line(b"started\"", &mut |line| field(line, b"pid", pid));
        Ok(())
    }

    /// It is over. `used`: nanoseconds in all, microseconds in programs and in the kernel, KiB of memory.
    pub(super) fn ended(&self, outcome: &Outcome, config: &Config, used: [u64; 4]) {
        if let Outcome::Failed(error) = outcome {
            self.line(b"error\"", &mut |line| failed(line, error, config));
        }
        let (cause, name, value): (&[u8], &[u8], _) = match outcome {
            Outcome::Ended(Ending::Exited(status)) => (b"exit", b"code", *status),
            Outcome::Ended(Ending::Killed(signal)) => (b"signal", b"signal", *signal as u8),
            Outcome::TimedOut(status) => (b"timeout", b"code", *status),
            Outcome::Failed(error) => (b"error", b"code", error.exit_status()),
            Outcome::InitKilled(_) => (b"error", b"code", OWN_FAILURE),
        };
        self.line(b"exit\",\"cause\":\"", &mut |line| {
            line.text(cause);
            line.byte(b'"');
            field(line, name, value.into());
            if !matches!(outcome, Outcome::Failed(_) | Outcome::InitKilled(_)) {
                let names: [&[u8]; 4] = [b"wall_ns", b"user_us", b"sys_us", b"maxrss_kib"];
                names.iter().zip(used).for_each(|(name, value)| field(line, name, value));
            }
        });
    }

    /// Writes an object on a line of its own.
    fn line(&self, event: &[u8], content: &mut dyn FnMut(&mut Output)) {
        if let Some(status) = &self.status {
            let mut line = Output::new(status.number());
            line.text(b"{\"event\":\"");
            line.text(event);
            content(&mut line);
            line.text(b"}\n");
            // Whoever was to read it is gone. That is no reason to end the command.
            let _ = line.flush();
        }
    }
}

/// `,"name":value`
#[inline(never)]
fn field(line: &mut Output, name: &[u8], value: u64) {
    key(line, name);
    line.number(value);
}

fn key(line: &mut Output, name: &[u8]) {
    line.text(b",\"");
    line.text(name);
    line.text(b"\":");
}

fn failed(line: &mut Output, error: &Error, config: &Config) {
    let mut room = [0; 40];
    let fields: [(&[u8], &[u8]); 4] = [
        (b"step", error.step.text().as_bytes()),
        (b"object", say::object(error.object, config, &mut room)),
        (b"errno", error.errno.name().as_bytes()),
        (b"why", error.cause().as_bytes()),
    ];
    let hint = super::hints::hint(error).map(|hint| (b"hint".as_slice(), hint.as_bytes()));
    for (name, value) in fields.into_iter().chain(hint) {
        key(line, name);
        line.byte(b'"');
        string(line, value);
        line.byte(b'"');
    }
    if hint.is_none() {
        key(line, b"hint");
        line.text(b"null");
    }
}

/// The inside of a JSON string. Text stays as it is; a byte that belongs to none becomes the character that stands for
/// such (RFC 8259 knows only Unicode).
fn string(line: &mut Output, mut bytes: &[u8]) {
    while let [first, rest @ ..] = bytes {
        let length = character(bytes);
        match *first {
            b'"' | b'\\' => line.text(&[b'\\', *first]),
            byte if byte < b' ' || byte == 0x7f => {
                line.text(b"\\u00");
                line.hexadecimal(byte);
            }
            _ if length == 0 => line.text(b"\\ufffd"),
            _ => line.text(bytes.get(..length).unwrap_or_default()),
        }
        bytes = bytes.get(length..).filter(|_| length != 0).unwrap_or(rest);
    }
}

/// How many bytes the character takes that the text begins with (RFC 3629); 0 where they are none.
fn character(bytes: &[u8]) -> usize {
    let first = bytes.first().copied().unwrap_or_default();
    let (length, least) = match first {
        0..=0x7f => return 1,
        0xc2..=0xdf => (2, 0x80),
        0xe0..=0xef => (3, 0x800),
        0xf0..=0xf4 => (4, 0x1_0000),
        _ => return 0,
    };
    let mut code = u32::from(first) & (0x7f >> length);
    for byte in bytes.get(1..length).unwrap_or_default() {
        if byte & 0xc0 != 0x80 {
            return 0;
        }
        code = code << 6 | u32::from(byte & 0x3f);
    }
    // Neither longer than it need be, nor half of a pair, nor beyond the last one, nor cut off.
    let is_one = code >= least && !(0xd800..=0xdfff).contains(&code) && code <= 0x10_ffff && bytes.len() >= length;
    if is_one { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::character;

    #[test]
    fn characters_are_those_of_the_standard_library() {
        let edges = [0, 0x22, 0x5c, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed];
        let edges: Vec<u8> = edges.into_iter().chain([0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff]).collect();
        for &a in &edges {
            for &b in &edges {
                for &c in &edges {
                    for &d in &edges {
                        let bytes = [a, b, c, d];
                        for length in 1..=4 {
                            let expected = (1..=length).find(|end| std::str::from_utf8(&bytes[..*end]).is_ok());
                            let seen = character(&bytes[..length]);
                            assert_eq!(seen, expected.unwrap_or(0), "{:?}", &bytes[..length]);
                        }
                    }
                }
            }
        }
    }
}
