//! `-t`: O between the caller's terminal, or whatever its standard input and output are, and the command's own terminal.
//!
//! The caller's descriptors are shared with others, so they stay as they are: what must not block is opened anew, and what
//! cannot be opened anew is written to only where there is room. The caller's terminal passes on every byte as it is
//! meanwhile, and is as it was on every way out.

use crate::error::Errno;
use crate::sys::fd::{self, Fd};
use crate::sys::file;
use crate::sys::once::Once;
use crate::sys::poll::{self, Waiting};
use crate::sys::signal::{self, Set, Signal};
use crate::sys::terminal::{self, Modes};

/// How much is copied at once: what a pipe takes without blocking where poll(2) says that there is room (PIPE_BUF).
const BYTES: usize = 4096;

/// Room for both directions. Only touched with `-t`: on the stack, the compiler would touch it where its function begins.
static ROOM: Once<[[u8; BYTES]; 2]> = Once::new([[0; BYTES]; 2]);

/// Bytes on their way in one direction.
struct Flow {
    /// None before there is a terminal.
    bytes: &'static mut [u8],
    from: usize,
    to: usize,
}

impl Flow {
    const fn is_empty(&self) -> bool {
        self.from == self.to
    }

    /// Takes what there is. False at the end.
    fn fill(&mut self, source: &Fd) -> bool {
        match file::read(source, self.bytes) {
            Err(Errno::AGAIN) => true,
            Ok(0) | Err(_) => false,
            Ok(count) => {
                (self.from, self.to) = (0, count);
                true
            }
        }
    }

    /// Hands on what it takes. False where nobody takes it any more.
    fn drain(&mut self, target: &Fd) -> bool {
        match file::write_some(target.number(), self.bytes.get(self.from..self.to).unwrap_or_default()) {
            Ok(count) => self.from += count,
            Err(Errno::AGAIN) => {}
            Err(_) => return false,
        }
        true
    }
}

/// See the module.
pub(super) struct Relay {
    /// The caller's terminal as it was found, where standard input is one.
    modes: Option<Modes>,
    /// The first end of the command's terminal. None before it is there, and after it was hung up.
    master: Fd,
    /// Standard input, as long as there may be more.
    input: Fd,
    /// Standard output, or the same terminal anew.
    output: Fd,
    to_command: Flow,
    to_caller: Flow,
    /// The last byte that the command was sent ended a line.
    at_line_start: bool,
}

impl Relay {
    /// Changes nothing yet.
    pub(super) fn new() -> Self {
        Self {
            modes: None,
            master: Fd::NONE,
            input: Fd::NONE,
            output: Fd::OUTPUT,
            to_command: Flow { bytes: &mut [], from: 0, to: 0 },
            to_caller: Flow { bytes: &mut [], from: 0, to: 0 },
            at_line_start: true,
        }
    }

    /// The command's terminal is there: it gets what the caller's has, and without one no echo, since what is not typed is
    /// not to be seen twice.
    pub(super) fn begin(&mut self, master: Fd) -> crate::sys::Result<()> {
        let [to_command, to_caller] = ROOM.take().ok_or(Errno::BUSY)?;
        (self.to_command.bytes, self.to_caller.bytes) = (to_command, to_caller);
        if terminal::modes(&Fd::OUTPUT).is_ok() {
            // Where it is not the caller's to open it may block.
            self.output = file::open_anew(c"/proc/self/fd/1").unwrap_or(Fd::OUTPUT);
        }
        self.modes = terminal::modes(&Fd::INPUT).ok();
        let modes = match self.modes {
            Some(modes) => modes,
            None => terminal::modes(&master)?.silent(),
        };
        terminal::set_modes(&master, &modes)?;
        (self.master, self.input) = (master, Fd::INPUT);
        self.take();
        Ok(())
    }

    /// What to wait for: on the command's terminal, the caller's input and the caller's output.
    pub(super) fn waiting(&self) -> [Waiting; 3] {
        let (idle, wanted) = (self.to_command.is_empty(), !self.to_caller.is_empty());
        [
            Waiting::to(&self.master, !wanted, !idle),
            Waiting::to(&self.input, idle, false),
            Waiting::to(&self.output, false, wanted),
        ]
    }

    /// Copies what can be copied.
    pub(super) fn copy(&mut self, [master, input, output]: [Waiting; 3]) {
        if input.happened() {
            if self.to_command.fill(&self.input) {
                self.at_line_start = self.to_command.bytes.get(self.to_command.to.wrapping_sub(1)) == Some(&b'\n');
            } else {
                self.end_input();
            }
        }
        let mut alive = true;
        if master.happened() {
            alive = self.to_command.is_empty() || self.to_command.drain(&self.master);
            alive &= !self.to_caller.is_empty() || self.to_caller.fill(&self.master);
        }
        if output.happened() {
            alive &= self.to_caller.drain(&self.output);
        }
        if !alive {
            self.hang_up();
        }
    }

    /// As a terminal that is closed: the command gets SIGHUP.
    fn hang_up(&mut self) {
        fd::close(self.master.number());
        (self.master, self.input) = (Fd::NONE, Fd::NONE);
    }

    /// The end of the caller's input. Where that is a terminal, it was closed. Else the command is to see the end: where
    /// its terminal hands over line by line, a byte says so, twice where a line has begun.
    fn end_input(&mut self) {
        if self.modes.is_some() {
            return self.hang_up();
        }
        self.input = Fd::NONE;
        if let Some(end) = terminal::modes(&self.master).ok().and_then(|modes| modes.end_of_input()) {
            (self.to_command.from, self.to_command.to) = (0, if self.at_line_start { 1 } else { 2 });
            self.to_command.bytes.fill(end);
        }
    }

    /// Whether a signal is about the caller's terminal alone.
    pub(super) fn concerns(&self, signal: Signal) -> bool {
        if matches!(signal, signal::WINCH | signal::CONT) {
            // Meanwhile the terminal was the shell's.
            self.take();
        }
        signal == signal::WINCH && self.modes.is_some()
    }

    /// From here on the caller's terminal passes on everything as it is, and the command's has its size. In the background
    /// that waits for the foreground.
    fn take(&self) {
        if let Some(modes) = &self.modes {
            // A terminal that is gone has neither.
            let _ = terminal::set_modes(&Fd::INPUT, &modes.raw());
        }
        terminal::copy_size(if self.modes.is_some() { &Fd::INPUT } else { &self.output }, &self.master);
    }

    /// The container has ended: what its terminal still holds goes to the caller, unless a signal comes first.
    pub(super) fn finish(&mut self, signals: &Fd) {
        while !self.to_caller.is_empty() || self.to_caller.fill(&self.master) && !self.to_caller.is_empty() {
            let mut events = [Waiting::to(&self.output, false, true), Waiting::to_read(signals)];
            let waited = poll::wait(&mut events);
            let [output, signals] = events;
            if waited.is_err() || signals.happened() || output.happened() && !self.to_caller.drain(&self.output) {
                break;
            }
        }
    }

    /// Whatever way O goes out, the caller's terminal is as it was.
    pub(super) fn restore(&self) {
        if let Some(modes) = &self.modes {
            // If O is in the background now, it must not be stopped. The mask stays: O is about to end.
            let _ = signal::set_mask(Set::all_but(&[]));
            let _ = terminal::set_modes(&Fd::INPUT, modes);
        }
    }
}
