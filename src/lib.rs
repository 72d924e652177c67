//! A whole container in one small static file.
//!
//! Three processes take part in a run:
//!
//! ```text
//!   host                      │ container
//!                             │
//!   O  outside: launch/       │
//!   reads the command line,   │
//!   clones I, writes id maps, │
//!   forwards signals, waits,  │
//!   reports ──── clone ────────▶ I  init: setup/ once, then init/ for life
//!        ▲                    │    builds the world, steps into it; PID 1:
//!        │ one record ◀───────┼──  reaps, forwards, reports ──── clone ───▶ C  command/
//!        │ (how it ended)     │                                             drops privileges, execve
//! ```
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")
)]

pub mod accounts;
pub mod changes;
pub mod cli;
pub mod command;
pub mod config;
pub mod error;
pub mod fields;
pub mod handover;
pub mod id_map;
pub mod init;
pub mod launch;
pub mod report;
pub mod seccomp;
pub mod serve;
pub mod setup;
pub mod sys;
pub mod texts;
pub mod words;

use config::Config;
use sys::once::Once;
use sys::process::exit;
use sys::start::Start;

/// What the user asked for: large, and mostly never touched.
static CONFIG: Once<Config> = Once::new(Config::EMPTY);

/// The program: words to [`Config`], then the run that it describes.
pub fn run(start: Start) -> ! {
    let words = start.arguments();
    // There is one caller, once; the status is for the type.
    let Some(config) = CONFIG.take() else { exit(error::OWN_FAILURE) };
    // The first is the program's own name.
    let mut options = words.iter();
    options.next();
    match cli::parse(&mut options, config) {
        Ok(cli::Request::Run { consumed }) => {
            config.command = words.skip(1 + consumed);
            launch::run(config, start)
        }
        Ok(cli::Request::Help) => launch::say::answer(|write| cli::help(texts::texts(), write)),
        Ok(cli::Request::Version) => launch::say::answer(|write| write(cli::VERSION)),
        Err(usage) => launch::say::usage(&usage.pieces(texts::texts())),
    }
}
