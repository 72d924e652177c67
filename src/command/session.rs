//! The command's session, process group and terminal.

use crate::config::Config;
use crate::sys::Result;
use crate::sys::fd::Fd;
use crate::sys::terminal;

/// The command begins a session or a group of its own, where that is wanted; with `-t` standard input is its terminal.
pub(super) fn begin(config: &Config) -> Result<()> {
    let process = &config.process;
    if process.has_own_session() {
        terminal::new_session()?;
    }
    if process.tty {
        terminal::take_control(&Fd::INPUT)?;
    }
    if process.group && !process.new_session {
        let terminal = terminal::controlling();
        let in_front = terminal.as_ref().is_ok_and(|terminal| {
            terminal::foreground_group(terminal).is_ok_and(|group| group == terminal::own_group())
        });
        terminal::new_group()?;
        if let (Ok(terminal), true) = (terminal, in_front) {
            // All signals are blocked yet. Where the terminal is gone meanwhile, the command finds that out.
            let _ = terminal::set_foreground_group(&terminal, terminal::own_group());
            terminal.close();
        }
    }
    Ok(())
}
