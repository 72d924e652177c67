//! `-t`, on O's side: the caller's terminal, or whatever else standard input and output are, and the command's.
//!
//! The caller's own descriptors are never made non-blocking, since others may share them: O opens terminals and pipes
//! anew where it may, and else never writes more than the kernel has promised to take.

use crate::config::Config;
use crate::error::{At, Errno, Error, Object, Place, Step};
use crate::sys::fd::{self, Fd};
use crate::sys::file;
use crate::sys::once::Once;
use crate::sys::poll::{self, Waiting};
use crate::sys::signal::{self, Arrived, Set};
use crate::sys::terminal::{self, Modes};

/// What a pipe takes at once when it has any room at all.
const PIPE_BYTES: usize = 4096;

/// Bytes on their way in one direction.
struct Flow {
    bytes: [u8; PIPE_BYTES],
    from: usize,
    to: usize,
}

impl Flow {
    const EMPTY: Self = Self { bytes: [0; PIPE_BYTES], from: 0, to: 0 };

    const fn is_empty(&self) -> bool {
        self.from == self.to
    }

    /// Takes what there is; the flow must be empty. False at the end of it, or where a terminal is gone.
    #[inline(never)]
    fn fill(&mut self, source: &Fd) -> bool {
        match file::read(source, &mut self.bytes) {
            Ok(count) => {
                (self.from, self.to) = (0, count);
                count != 0
            }
            Err(errno) => errno == Errno::AGAIN,
        }
    }

    /// Gives as much as is taken. False where nothing will ever be taken any more.
    #[inline(never)]
    fn drain(&mut self, target: &Fd) -> bool {
        match file::write_some(target.number(), self.bytes.get(self.from..self.to).unwrap_or_default()) {
            Ok(count) => {
                self.from += count;
                true
            }
            Err(errno) => errno == Errno::AGAIN,
        }
    }
}

/// O's alone.
static FLOWS: Once<[Flow; 2]> = Once::new([Flow::EMPTY; 2]);

/// Both terminals, and what is on its way between them.
pub(super) struct Relay {
    input: Fd,
    output: Fd,
    /// Writing to the output does not block.
    may_try: bool,
    /// The caller's modes as they were; none where standard input is no terminal.
    modes: Option<Modes>,
    is_raw: bool,
    /// The command's terminal, from its coming to its end.
    master: Option<Fd>,
    /// Nothing comes from the caller any more.
    input_ended: bool,
    to_command: &'static mut Flow,
    to_caller: &'static mut Flow,
}

impl Relay {
    /// Takes hold of the caller's descriptors and changes nothing yet.
    pub(super) fn of_caller(config: &Config) -> Result<Option<Self>, Error> {
        if !config.process.tty {
            return Ok(None);
        }
        Self::open().map(Some).at(Step::OpenTerminal, Object::Place(Place::Engine))
    }

    fn open() -> crate::sys::Result<Self> {
        let [to_command, to_caller] = FLOWS.take().ok_or(Errno::BUSY)?;
        let (input, _) = open_anew(0, false)?;
        let (output, may_try) = open_anew(1, true)?;
        let modes = terminal::modes(0).ok();
        let (is_raw, master, input_ended) = (false, None, false);
        Ok(Self { input, output, may_try, modes, is_raw, master, input_ended, to_command, to_caller })
    }

    /// The command's terminal is there.
    pub(super) fn begin(&mut self, master: Fd) {
        // What cannot be made non-blocking is not a terminal, and fails below.
        let _ = fd::set_nonblocking(&master);
        self.master = Some(master);
        self.adapt();
    }

    /// What to wait for: on the command's terminal, the caller's input and the caller's output.
    pub(super) fn waiting(&self) -> [Waiting; 3] {
        let Some(master) = &self.master else { return [Waiting::NOTHING; 3] };
        let (idle, wanted) = (self.to_command.is_empty(), !self.to_caller.is_empty());
        [
            Waiting::to(master, !wanted, !idle),
            if idle && !self.input_ended { Waiting::to_read(&self.input) } else { Waiting::NOTHING },
            if wanted { Waiting::to(&self.output, false, true) } else { Waiting::NOTHING },
        ]
    }

    /// Copies what can be copied.
    pub(super) fn copy(&mut self, [master, input, output]: [Waiting; 3]) {
        if input.happened() && !self.to_command.fill(&self.input) {
            self.end_input();
        }
        let Some(terminal) = &self.master else { return };
        let mut alive = true;
        if master.happened() {
            if !self.to_command.is_empty() {
                alive = self.to_command.drain(terminal);
            }
            if self.to_caller.is_empty() {
                alive &= self.to_caller.fill(terminal);
                // What could block waits until there is room.
                if self.may_try && !self.to_caller.is_empty() {
                    alive &= self.to_caller.drain(&self.output);
                }
            }
        }
        if output.happened() && !self.to_caller.is_empty() {
            alive &= self.to_caller.drain(&self.output);
        }
        if !alive {
            self.hang_up();
        }
    }

    /// As a terminal that is closed: the command gets SIGHUP.
    fn hang_up(&mut self) {
        if let Some(master) = self.master.take() {
            master.close();
        }
    }

    /// The end of the caller's input. Where that is a terminal, it was closed. Else the command is to see the end: where
    /// its terminal hands over line by line, a byte says so, twice where a line has begun.
    fn end_input(&mut self) {
        self.input_ended = true;
        if self.modes.is_some() {
            return self.hang_up();
        }
        let Some(master) = &self.master else { return };
        if let Some(end) = terminal::modes(master.number()).ok().and_then(|modes| modes.end_of_input()) {
            let flow = &mut *self.to_command;
            let last = flow.to.checked_sub(1).and_then(|last| flow.bytes.get(last));
            let count = if last.is_none_or(|byte| *byte == b'\n') { 1 } else { 2 };
            (flow.from, flow.to) = (0, count);
            flow.bytes.iter_mut().take(count).for_each(|byte| *byte = end);
        }
    }

    /// The container has ended: what its terminal still holds goes to the caller, unless a signal comes first.
    pub(super) fn finish(&mut self, signals: &Fd) {
        while let Some(master) = &self.master {
            if self.to_caller.is_empty() && (!self.to_caller.fill(master) || self.to_caller.is_empty()) {
                return;
            }
            let mut events = [Waiting::to(&self.output, false, true), Waiting::to_read(signals)];
            let waited = poll::wait(&mut events);
            while let Ok(Some(arrived)) = signal::next(signals) {
                // What is left is lost, as the user wants it, or with the terminal.
                if arrived.signal == signal::HUP || !(arrived.from_kernel || arrived.signal == signal::CHLD) {
                    return;
                }
            }
            let [output, _] = events;
            if waited.is_err() || (output.happened() && !self.to_caller.drain(&self.output)) {
                return;
            }
        }
    }

    /// Whether a signal is about the caller's terminal alone.
    pub(super) fn concerns(&mut self, arrived: Arrived) -> bool {
        if matches!(arrived.signal, signal::WINCH | signal::CONT) {
            // Where engine was stopped, the terminal was the shell's meanwhile.
            self.adapt();
        }
        arrived.signal == signal::WINCH && arrived.from_kernel
    }

    /// From here on the caller's terminal passes on everything as it is, and the command's has its size. In the background
    /// that waits for SIGCONT.
    fn adapt(&mut self) {
        if let Some(modes) = self.modes.as_ref().filter(|_| self.is_in_front()) {
            // A terminal that is gone has no modes.
            self.is_raw |= terminal::set_modes(self.input.number(), &modes.raw()).is_ok();
        }
        if let Some(master) = &self.master {
            terminal::copy_size([self.input.number(), self.output.number(), 2], master.number());
        }
    }

    /// Whether the terminal is O's to change; so is one that is not O's controlling one.
    fn is_in_front(&self) -> bool {
        terminal::foreground_group(self.input.number()).map_or(true, |group| group == terminal::own_group())
    }

    /// Whatever way O goes out, the caller's terminal is as it was.
    pub(super) fn restore(&self) {
        if let Some(modes) = self.modes.as_ref().filter(|_| self.is_raw && self.is_in_front()) {
            // If O gets into the background just now, it must not be stopped. The mask stays: O is about to end.
            let _ = signal::set_mask(Set::all_but(&[]));
            // A terminal that is gone has no modes.
            let _ = terminal::set_modes(self.input.number(), modes);
        }
    }
}

/// A descriptor for the same terminal or pipe that is O's alone, and does not block. Where that cannot be had, it is the
/// caller's. Says which it is.
fn open_anew(number: i32, write: bool) -> crate::sys::Result<(Fd, bool)> {
    let same = fd::duplicate(number)?;
    match file::open_anew(&same, write) {
        Ok(own) => {
            same.close();
            Ok((own, true))
        }
        // A file, a socket, or not the caller's to open.
        Err(_) => Ok((same, false)),
    }
}
