//! What engine says, each thing once: failures, usage, answers.

use super::unicode;
use crate::config::{Changes, Config, DEFAULT_HOSTNAME, EnvEdit, Mount, Net, Writes, ulimit};
use crate::error::{Error, OWN_FAILURE, Object, Place};
use crate::sys::digits::{self, Base, Room};
use crate::sys::file;
use crate::sys::process;
use crate::sys::signal::{self, Disposition, Set, Signal};
use crate::texts::{said, texts};
use heapless::Vec;

const STDOUT: i32 = 1;
const STDERR: i32 = 2;

/// Text on its way to a descriptor: one write where it fits, several where it does not; nothing is cut off.
pub(super) struct Output {
    number: i32,
    /// How words look that may hold anything.
    form: Form,
    buffer: Vec<u8, 1024>,
    failed: bool,
}

/// See [`Output::word`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Plain,
    /// As what stands between the quotes of a JSON string.
    Json,
}

impl Output {
    /// Nothing yet.
    pub(super) fn to(number: i32, form: Form) -> Self {
        // A reader that has gone is no reason to die of SIGPIPE: the status says what there is to say. Where the mask
        // cannot be set, the signal says it.
        let _ = signal::set_mask(Set::all_but(&[]));
        Self { number, form, buffer: Vec::new(), failed: false }
    }

    /// Adds text as it is.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.byte(byte);
        }
    }

    /// Adds `text` as it is, but the next of `words` where it has a `$`, and the next number where it has a `#`.
    pub(super) fn fill(&mut self, text: &[u8], words: &[&[u8]], numbers: &[u64]) {
        let (mut words, mut numbers) = (words.iter(), numbers.iter());
        for byte in text {
            match byte {
                b'$' => self.word(words.next().copied().unwrap_or_default()),
                b'#' => {
                    let number = numbers.next().copied().unwrap_or_default();
                    self.text(digits::write(b"", number, Base::Decimal, &mut [0; 40]).to_bytes());
                }
                byte => self.byte(*byte),
            }
        }
    }

    /// Adds a word of the user's. What would move the cursor or begin a new line is shown as `\xNN`; in JSON as it is said
    /// there, and what is no text as the character that stands for such (RFC 8259 knows only Unicode).
    fn word(&mut self, mut bytes: &[u8]) {
        while let [byte, ..] = bytes {
            let json = self.form == Form::Json;
            let length = if json { unicode::character(bytes) } else { 1 };
            if length == 0 {
                self.text(b"\\ufffd");
            } else if *byte < b' ' || *byte == 0x7f {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                self.text(if json { b"\\u00" } else { b"\\x" });
                // The first digit is no letter.
                self.byte(b'0' + (byte >> 4));
                self.byte(DIGITS.get(usize::from(byte & 15)).copied().unwrap_or_default());
            } else {
                if json && matches!(byte, b'"' | b'\\') {
                    self.byte(b'\\');
                }
                self.text(bytes.get(..length).unwrap_or_default());
            }
            bytes = bytes.get(length.max(1)..).unwrap_or_default();
        }
    }

    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        if self.buffer.push(byte).is_err() {
            self.flush();
            // There is room now.
            let _ = self.buffer.push(byte);
        }
    }

    /// Writes what is there. False where anything since the beginning could not be written.
    pub(super) fn flush(&mut self) -> bool {
        self.failed |= file::write_all(self.number, &self.buffer).is_err();
        self.buffer.clear();
        !self.failed
    }

    /// The same for O as long as the command lives: what a reader that has gone sends to O must not reach the command. To be
    /// ignored for a moment takes it away.
    pub(super) fn flush_and_go_on(&mut self) -> bool {
        let written = self.flush();
        if !written {
            let mut disposition = Disposition::Ignored;
            let _ = signal::swap_disposition(signal::PIPE, &mut disposition)
                .and_then(|()| signal::set_disposition(signal::PIPE, disposition));
        }
        // `Output` has blocked all of them.
        let _ = signal::set_mask(super::attend::BLOCKED);
        written
    }
}

/// `engine: cannot <step> <object>: <why> (<ERRNO>)`. Standard error may be closed, full or broken: the status says it all
/// the same.
pub(super) fn failure(error: Error, config: &Config) {
    let mut line = Output::to(STDERR, Form::Plain);
    describe(&mut line, error, config, b"engine: cannot $ $: $ ($)\n", b"engine: hint: $\n");
    line.flush();
}

/// Fills in step, object, cause and errno; and then the hint, if there is one.
pub(super) fn describe(line: &mut Output, error: Error, config: &Config, text: &[u8], with_hint: &[u8]) {
    let texts = texts();
    let mut room = [0; 40];
    let mut words = [
        error.step().map_or(b"".as_slice(), |step| texts.line(step.text())),
        error.object().map_or(b"", |what| object(what, config, &mut room)),
        error.cause(texts),
        error.errno().name(texts),
    ];
    if let (Form::Plain, [_, object @ b"", ..]) = (line.form, &mut words) {
        *object = b"''";
    }
    line.fill(text, &words, &[]);
    if let (Some(hint), false) = (error.hint(super::hints::holds), with_hint.is_empty()) {
        line.fill(with_hint, &[texts.line(hint)], &[]);
    }
}

/// A failure where doing without was asked for: says so, and lets the run go on. Else the failure itself.
pub(super) fn unless_best_effort(error: Error, best_effort: bool, config: &Config) -> Result<(), Error> {
    if !best_effort {
        return Err(error);
    }
    let mut line = Output::to(STDERR, Form::Plain);
    describe(&mut line, error, config, b"engine: cannot $ $: $ ($); going on without\n", b"");
    // Where standard error takes nothing there is nobody to be told.
    line.flush_and_go_on();
    Ok(())
}

/// I was killed from outside.
pub(super) fn init_killed(signal: Signal) {
    let mut line = Output::to(STDERR, Form::Plain);
    line.text(b"engine: init was killed by SIG");
    line.text(super::signals::name(signal));
    line.text(b"\n");
    line.flush();
}

/// The object as the user wrote it.
pub(super) fn object<'a>(object: Object, config: &Config, room: &'a mut Room) -> &'a [u8] {
    let mount = |index: u16| config.files.mounts.get(usize::from(index));
    match object {
        Object::Place(place) => said(place.text()),
        Object::Rootfs => config.rootfs.map_or(b"", |path| path.to_bytes()),
        Object::Upper => match config.files.writes {
            Writes::Upper(path) => path.to_bytes(),
            _ => config.rootfs.map_or(b"", |path| path.to_bytes()),
        },
        Object::Changes => match config.files.changes {
            Changes::File(path) => path.to_bytes(),
            _ => said(Place::Descriptor2.text()),
        },
        Object::Command => config.command_name().to_bytes(),
        Object::Workdir => config.surroundings.workdir.map_or(b"", |path| path.to_bytes()),
        Object::Hostname => config.surroundings.hostname.unwrap_or(DEFAULT_HOSTNAME).to_bytes(),
        Object::User => config.identity.user.map_or(b"", |user| user.user),
        Object::Group => config.identity.user.and_then(|user| user.group).unwrap_or_default(),
        Object::EnvFile(index) => match config.surroundings.environment.get(usize::from(index)) {
            Some(EnvEdit::File(path)) => path.to_bytes(),
            _ => b"",
        },
        Object::Network => match config.namespaces.net {
            Net::Join(path) => path.to_bytes(),
            _ => b"",
        },
        Object::MountSource(index) | Object::MountTarget(index) => match mount(index) {
            Some(Mount::Volume(volume)) if matches!(object, Object::MountSource(_)) => volume.source,
            Some(mount) => mount.target(),
            None => b"",
        },
        Object::Landlock(index) => config.privileges.landlock.get(usize::from(index)).map_or(b"", |rule| rule.path),
        Object::StatusFd => number(config.process.status_fd, room),
        Object::PidFile => config.process.pid_file.map_or(b"", |path| path.to_bytes()),
        Object::Preserved(index) => number(config.process.preserved.get(usize::from(index)).copied(), room),
        Object::Cgroup => config.limits.cgroup.unwrap_or(b"engine's own"),
        Object::Ulimit(index) => {
            config.limits.ulimits.get(usize::from(index)).map_or(b"", |ulimit| ulimit::name(ulimit.resource))
        }
    }
}

/// A descriptor.
fn number(number: Option<i32>, room: &mut Room) -> &[u8] {
    digits::decimal(b"", number.unwrap_or_default().unsigned_abs(), room).to_bytes()
}

/// A command line that makes no sense, in the words of whoever read it.
pub fn usage(words: &[&[u8]]) -> ! {
    let mut line = Output::to(STDERR, Form::Plain);
    for word in words {
        line.text(word);
    }
    line.flush();
    process::exit(OWN_FAILURE)
}

/// What the user asked engine itself: on standard output, where someone may be reading.
pub fn answer(tell: impl FnOnce(&mut dyn FnMut(&[u8]))) -> ! {
    let mut output = Output::to(STDOUT, Form::Plain);
    tell(&mut |text| output.text(text));
    process::exit(if output.flush() { 0 } else { OWN_FAILURE })
}
