//! The filter of system calls: made before there is a second process, so that a bad rule is a plain error.

use super::say;
use crate::config::{Config, Seccomp};
use crate::error::TRY_HELP;
use crate::seccomp::{Editor, Instruction, preset};
use crate::sys::numbers::ThisCpu;
use crate::sys::once::Once;
use crate::sys::process;
use crate::texts::texts;

/// Only touched where the user edits a preset.
static EDITOR: Once<Editor> = Once::new(Editor::new());

/// The filter that the configuration asks for. Ends the program where RULES are not right.
#[inline(never)]
pub(super) fn make(config: &Config) -> &'static [Instruction] {
    if config.process.as_init {
        return &[];
    }
    let preset = preset::<ThisCpu>(&config.privileges);
    let Seccomp::Rules(rules) = config.privileges.seccomp else { return preset };
    // There is one caller, once.
    let Some(editor) = EDITOR.take() else { process::abort() };
    match editor.edit::<ThisCpu>(rules, preset, texts) {
        Ok(()) => &editor.program,
        Err(fault) => {
            let fault = fault.text();
            say::usage(&[
                b"engine: --seccomp: ",
                editor.what.unwrap_or_default(),
                b": ",
                fault,
                b"\n",
                TRY_HELP.as_bytes(),
            ])
        }
    }
}
