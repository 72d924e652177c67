//! From a table of tests to what libtest-mimic runs: once for each user, with reasons for what cannot run.

use super::world::{Who, world};
use libtest_mimic::{Completion, Failed, Trial};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::ScopedJoinHandle;

/// Why a test cannot run here.
pub(crate) struct Skip(pub(crate) String);

impl Skip {
    /// For `ok_or_else` and the like.
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A test that returns has passed, or could not run; one that fails panics.
pub(crate) type Verdict = Result<(), Skip>;

/// A test and its name.
pub(crate) struct Test {
    name: &'static str,
    kind: Kind,
}

impl Test {
    /// The rows of the specification that its name begins with: a letter and a number each.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'static str> {
        self.name.split(' ').take_while(|word| {
            let (letter, number) = word.split_at_checked(1).unwrap_or_default();
            letter.chars().all(|letter| letter.is_ascii_uppercase()) && number.parse::<u8>().is_ok()
        })
    }
}

/// How often a test runs.
enum Kind {
    /// Once for each user.
    Each(fn(Who) -> Verdict),
    /// Once, since no user runs anything in it, or it says itself as whom.
    Once(fn() -> Verdict),
}

/// A test of engine as root and as a user.
pub(crate) const fn each(name: &'static str, run: fn(Who) -> Verdict) -> Test {
    Test { name, kind: Kind::Each(run) }
}

/// A test that no user runs anything in.
pub(crate) const fn once(name: &'static str, run: fn() -> Verdict) -> Test {
    Test { name, kind: Kind::Once(run) }
}

/// The name of an area and its tests.
pub(crate) type Area = (&'static str, &'static [Test]);

/// All of them, ready to run.
pub(crate) fn trials(areas: &[Area]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (area, tests) in areas {
        for test in *tests {
            match test.kind {
                Kind::Once(run) => trials.push(trial(format!("{area}::{}", test.name), run)),
                Kind::Each(run) => {
                    for who in Who::all() {
                        trials.push(trial(format!("{area}::{} ({})", test.name, who.label()), move || {
                            world().namespaces(who)?;
                            run(who)
                        }));
                    }
                }
            }
        }
    }
    trials
}

fn trial(name: String, run: impl FnOnce() -> Verdict + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => Ok(Completion::Completed),
        Ok(Err(Skip(reason))) if must_work() => Err(Failed::from(format!("cannot run here: {reason}"))),
        Ok(Err(Skip(reason))) => Ok(Completion::ignored_with(reason)),
        Err(_) => Err(Failed::from(PANIC.take())),
    })
}

thread_local! {
    /// What the last panic of this thread said, and where.
    static PANIC: Cell<String> = const { Cell::new(String::new()) };
}

/// From here on a panic in a test prints nothing by itself: the report at the end has it, with its place in the source.
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| PANIC.set(panic.to_string())));
}

/// Joins a thread of a test; where it has panicked, so does this one, with the same words.
pub(crate) fn join(thread: ScopedJoinHandle<'_, Result<(), String>>) {
    if let Ok(Err(words)) = thread.join() {
        panic!("{words}");
    }
}

/// Runs a part of a test in a thread of its own; for [`join`].
pub(crate) fn part(run: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| PANIC.take())
}

/// `ENGINE_MUST_WORK=1`: a test that cannot run fails.
fn must_work() -> bool {
    std::env::var_os("ENGINE_MUST_WORK").is_some_and(|value| value == "1")
}
