//! What engine does, seen from outside: every test drives the binary and looks at what comes back.
//!
//! The binary is the one that `ENGINE` names (as `make test` does), else the one that cargo built. Each test runs as
//! root and as an unprivileged user where the run was started as root, else as the user who started it. What cannot run
//! says why and counts as ignored; with `ENGINE_MUST_WORK=1` it fails. `ENGINE_SOAK=1` runs the long forms.
//!
//! The same executable, called with `--probe`, is the program that tests run inside containers: see [`probe`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    reason = "a test fails by panicking"
)]

mod as_init;
mod binary;
mod container;
mod cookbook;
mod environment;
mod errors;
mod exit_status;
mod files;
mod forbidden;
mod gaps;
mod hostile;
mod house;
mod identity;
mod inherits;
mod lifetime;
mod namespaces;
mod overlay;
mod own_terminal;
mod probe;
mod random;
mod recipes;
mod record;
mod rules;
mod signals;
mod support;
mod terminal;
mod time;
mod together;
mod vm;
mod wall;

use std::process::ExitCode;
use support::trial::{Area, keep_panics, trials};

/// Every area with its tests.
const AREAS: &[Area] = &[
    ("time", time::TESTS),
    ("record", record::TESTS),
    ("own_terminal", own_terminal::TESTS),
    ("as_init", as_init::TESTS),
    ("binary", binary::TESTS),
    ("container", container::TESTS),
    ("cookbook", cookbook::TESTS),
    ("environment", environment::TESTS),
    ("errors", errors::TESTS),
    ("exit_status", exit_status::TESTS),
    ("files", files::TESTS),
    ("forbidden", forbidden::TESTS),
    ("gaps", gaps::TESTS),
    ("hostile", hostile::TESTS),
    ("house", house::TESTS),
    ("identity", identity::TESTS),
    ("inherits", inherits::TESTS),
    ("lifetime", lifetime::TESTS),
    ("namespaces", namespaces::TESTS),
    ("overlay", overlay::TESTS),
    ("random", random::TESTS),
    ("recipes", recipes::TESTS),
    ("rules", rules::TESTS),
    ("signals", signals::TESTS),
    ("terminal", terminal::TESTS),
    ("together", together::TESTS),
    ("vm", vm::TESTS),
    ("wall", wall::TESTS),
];

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "--probe") {
        return probe::main(&words.collect::<Vec<_>>());
    }
    if std::env::args_os().nth(1).is_some_and(|word| word == "--table") {
        let code = forbidden::print_table();
        support::world::remove();
        return code;
    }
    let arguments = libtest_mimic::Arguments::from_args();
    keep_panics();
    // What nohup(1) or a shell in the background had ignored would be ignored by every command of a test.
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: no handler is installed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let conclusion = libtest_mimic::run(&arguments, trials(AREAS));
    support::world::remove();
    conclusion.exit_code()
}
