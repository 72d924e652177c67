//! `-t`, on O's side: the caller's terminal, or whatever else standard input and output are, and the command's.
//!
//! The caller's own descriptors are never made non-blocking, since others may share them: O opens terminals and pipes
//! anew where it may, and else never writes more than the kernel has promised to take.

use crate::config::Config;
use crate::error::{At, Error, Object, Place, Step};
use crate::handover::Model;
use crate::sys::fd::{self, Fd};
use crate::sys::file::{self, PIPE_BYTES};
use crate::sys::once::Once;
use crate::sys::poll::{self, Waiting};
use crate::sys::signal::{self, Arrived, Set};
use crate::sys::terminal::{self, Modes, Size};

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

    /// Takes what there is; the flow must be empty. False at the end of it.
    fn fill(&mut self, source: &Fd) -> bool {
        match file::read(source, &mut self.bytes) {
            Ok(0) => false,
            Ok(count) => {
                (self.from, self.to) = (0, count);
                true
            }
            // Nothing at the moment, where that can be told; or a terminal that is gone.
            Err(errno) => errno == crate::error::Errno::AGAIN,
        }
    }

    /// Gives as much as is taken. False where nothing will ever be taken any more.
    fn drain(&mut self, target: &Fd) -> bool {
        let bytes = self.bytes.get(self.from..self.to).unwrap_or_default();
        match file::write_some(target.number(), bytes) {
            Ok(count) => {
                self.from += count;
                true
            }
            Err(errno) => errno == crate::error::Errno::AGAIN,
        }
    }

    /// The last byte that came.
    fn last(&self) -> Option<u8> {
        self.bytes.get(self.to.checked_sub(1)?).copied()
    }
}

static FLOWS: Once<[Flow; 2]> = Once::new([Flow::EMPTY; 2]);

/// How many pieces of output are passed on before O looks for anything else.
const ROUND: usize = 16;

/// Both terminals, and what is on its way between them.
pub(super) struct Relay {
    input: Fd,
    output: Fd,
    /// Writing to the output does not block.
    may_try: bool,
    /// The caller's modes as they were; none where standard input is no terminal.
    modes: Option<Modes>,
    size: Option<Size>,
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
        let object = Object::Place(Place::Engine);
        let Some([to_command, to_caller]) = FLOWS.take() else { return Ok(None) };
        let (input, _) = open_anew(0, false).at(Step::OpenTerminal, object)?;
        let (output, may_try) = open_anew(1, true).at(Step::OpenTerminal, object)?;
        Ok(Some(Self {
            modes: terminal::modes(0).ok(),
            size: (0..3).find_map(|number| terminal::size(number).ok()),
            input,
            output,
            may_try,
            is_raw: false,
            master: None,
            input_ended: false,
            to_command,
            to_caller,
        }))
    }

    /// What the command's terminal takes over.
    pub(super) const fn model(&self) -> Model {
        Model { modes: self.modes, size: self.size }
    }

    /// The command's terminal is there.
    pub(super) fn begin(&mut self, master: Fd) {
        // What cannot be made non-blocking is not a terminal, and fails below.
        let _ = fd::set_nonblocking(&master);
        self.master = Some(master);
        self.make_raw();
        self.resize();
    }

    /// What to wait for: on the command's terminal, the caller's input and the caller's output.
    pub(super) fn waiting(&self) -> [Waiting; 3] {
        let Some(master) = &self.master else { return [Waiting::for_nothing(); 3] };
        let (idle, wanted) = (self.to_command.is_empty(), !self.to_caller.is_empty());
        [
            Waiting::to(master, !wanted, !idle),
            if idle && !self.input_ended { Waiting::to(&self.input, true, false) } else { Waiting::for_nothing() },
            if wanted { Waiting::to(&self.output, false, true) } else { Waiting::for_nothing() },
        ]
    }

    /// Copies what can be copied.
    pub(super) fn copy(&mut self, master: Waiting, input: Waiting, output: Waiting) {
        if input.happened() && !self.to_command.fill(&self.input) {
            self.end_input();
        }
        let Some(terminal) = &self.master else { return };
        let mut alive = true;
        if master.happened() && !self.to_command.is_empty() {
            alive = self.to_command.drain(terminal);
        }
        if output.happened() && !self.to_caller.is_empty() {
            alive &= self.to_caller.drain(&self.output);
        }
        let mut rounds = if master.happened() { ROUND } else { 0 };
        while alive && rounds != 0 && self.to_caller.is_empty() {
            alive = self.to_caller.fill(terminal);
            // What could block waits until there is room.
            if self.to_caller.is_empty() || !self.may_try {
                break;
            }
            alive &= self.to_caller.drain(&self.output);
            rounds -= 1;
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
        let Some(master) = &self.master else { return };
        if self.modes.is_some() {
            return self.hang_up();
        }
        let end = terminal::modes(master.number()).ok().and_then(|modes| modes.end_of_input());
        if let Some(end) = end {
            let begun = self.to_command.last().is_some_and(|byte| byte != b'\n');
            let length = if begun { 2 } else { 1 };
            (self.to_command.from, self.to_command.to) = (0, length);
            self.to_command.bytes.iter_mut().take(length).for_each(|byte| *byte = end);
        }
    }

    /// The container has ended: what its terminal still holds goes to the caller, unless a signal comes first.
    pub(super) fn finish(&mut self, signals: &Fd) {
        self.input_ended = true;
        self.to_command.to = self.to_command.from;
        while let Some(master) = &self.master {
            if self.to_caller.is_empty() && (!self.to_caller.fill(master) || self.to_caller.is_empty()) {
                return;
            }
            let mut events = [Waiting::to(&self.output, false, true), Waiting::to_read(signals)];
            let waited = poll::wait(&mut events, None);
            let [output, signals] = events;
            if waited.is_err() || signals.happened() || (output.happened() && !self.to_caller.drain(&self.output)) {
                return;
            }
        }
    }

    /// Whether a signal is about the caller's terminal alone.
    pub(super) fn concerns(&mut self, arrived: Arrived) -> bool {
        match arrived.signal {
            signal::WINCH => {
                self.resize();
                arrived.from_kernel
            }
            signal::CONT => {
                // Meanwhile the terminal was the shell's.
                self.make_raw();
                self.resize();
                false
            }
            _ => false,
        }
    }

    /// Gives the command's terminal the size of the caller's.
    fn resize(&self) {
        let sources = [self.input.number(), self.output.number(), 2];
        let size = sources.into_iter().find_map(|number| terminal::size(number).ok());
        if let (Some(master), Some(size)) = (&self.master, size) {
            // A terminal that is gone has no size.
            let _ = terminal::set_size(master.number(), size);
        }
    }

    /// From here on the caller's terminal passes on everything as it is. In the background that waits for SIGCONT.
    fn make_raw(&mut self) {
        if let Some(modes) = &self.modes
            && self.is_in_front()
        {
            // A terminal that is gone has no modes.
            self.is_raw |= terminal::set_modes(self.input.number(), &modes.raw()).is_ok();
        }
    }

    /// Whether the terminal is O's to change; so is one that is not O's controlling one.
    fn is_in_front(&self) -> bool {
        terminal::foreground_group(self.input.number()).map_or(true, |group| group == terminal::own_group())
    }
}

impl Relay {
    /// Whatever way O goes out, the caller's terminal is as it was.
    pub(super) fn restore(&self) {
        if let (Some(modes), true, true) = (&self.modes, self.is_raw, self.is_in_front()) {
            // If O gets into the background just now, it must not be stopped. The mask stays: O is about to end.
            let _ = signal::set_mask(Set::all_but(&[]));
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
