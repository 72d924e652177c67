//! The benchmark: engine beside whichever of its peers are installed, on one root filesystem, in one run, and each
//! budget of the project with what was measured for it.
//!
//! `make bench` runs it, best as root and on a machine that does nothing else. `BENCH_ROUNDS=10` is a quick look.
//! The results go to `bench-results/`: a table and a chart.
//!
//! The same executable, called with `--probe`, is a program that the benchmark runs inside containers: see [`orphans`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a benchmark fails by panicking"
)]

mod budgets;
mod bundle;
mod chart;
mod contenders;
mod exit_latency;
mod host_load;
mod idle;
mod orphans;
mod peers;
mod report;
mod residents;
mod rounds;
mod spawn;
#[allow(dead_code, unused_imports, reason = "the tests use the rest of it")]
#[path = "../engine/support/mod.rs"]
mod support;
mod weights;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Instant;
use support::{Who, world};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "--probe") {
        return orphans::probe(&words.collect::<Vec<_>>());
    }
    spawn::prepare();
    let own_mounts = host_load::leave_host_mounts();
    let result = catch_unwind(AssertUnwindSafe(|| measure(own_mounts)));
    peers::clean_up();
    support::world::remove();
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures everything there is, one thing after the other, since two at once would disturb each other.
fn measure(own_mounts: Result<(), String>) {
    let rounds = std::env::var("BENCH_ROUNDS").map_or(60, |text| match text.parse() {
        Ok(rounds) if rounds > 0 => rounds,
        _ => panic!("BENCH_ROUNDS={text}: not a number of rounds"),
    });
    for who in Who::all() {
        if let Err(reason) = world().namespaces(who) {
            panic!("{}", reason.0);
        }
    }
    let load = report::load();
    let (root, root_name) = root();
    say(&format!("trying who can take part, in {root_name}"));
    let contenders = contenders::all(&root);
    say(&format!("timing {rounds} rounds"));
    let timings = rounds::run(&contenders, rounds);
    say("timing with a loaded host");
    let loads = host_load::run(&root, rounds, own_mounts);
    say("timing the end of a run");
    let latencies = exit_latency::run(&root, rounds);
    say("counting wake-ups of idle containers");
    let idle = idle::processes(&root);
    say("weighing idle containers");
    let weights = weights::run(&root);
    say("weighing resident inits");
    let residents = residents::run(&root);
    say("making orphans");
    let orphans = orphans::run();
    let measured = budgets::Measured {
        timings: &timings,
        loads: &loads,
        latencies: &latencies,
        idle: &idle,
        weights: &weights,
        orphans: &orphans,
    };
    let budgets = budgets::rows(&measured);
    let text = report::text(&report::Parts {
        rounds,
        root: &root_name,
        load: &load,
        timings: &timings,
        budgets: &budgets,
        residents: &residents,
        weights: &weights,
        protections: &peers::protections(&root),
    });
    println!("{text}");
    let (table, picture) = report::write(&text, &chart::draw(&timings));
    say(&format!("written to {table} and {picture}"));
}

/// What goes on, for those who watch.
fn say(text: &str) {
    spawn::stop_where_interrupted();
    static START: OnceLock<Instant> = OnceLock::new();
    let seconds = START.get_or_init(Instant::now).elapsed().as_secs();
    eprintln!("bench: {seconds:3} s: {text}");
}

/// The root filesystem that everyone runs in, and what it is: Alpine where it is at hand.
fn root() -> (PathBuf, String) {
    let tarball = std::env::var_os("ALPINE_TARBALL");
    match world().alpine(Who::User) {
        Ok(tree) => {
            let release = std::fs::read_to_string(tree.join("etc/alpine-release")).unwrap_or_default();
            (tree, format!("Alpine {}", release.trim()))
        }
        Err(reason) => {
            assert!(tarball.is_none(), "{}", reason.0);
            eprintln!("bench: {}", reason.0);
            (world().rootfs(Who::User), "a root filesystem of the host's own programs".into())
        }
    }
}
