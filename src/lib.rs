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
//!   reports ──── clone ────────▶ I  init: setup/ once, then init.rs for life
//!        ▲                    │    builds the world, steps into it; PID 1:
//!        │ one record ◀───────┼──  reaps, forwards, reports ──── clone ───▶ C  command.rs
//!        │ (how it ended)     │                                             drops privileges, execve
//! ```
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")
)]

pub mod cli;
pub mod config;
pub mod error;
pub mod seccomp;
pub mod sys;
