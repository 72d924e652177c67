//! From a table of tests to what libtest-mimic runs: once for each user, with reasons for what cannot run.

use super::world::{Who, world};
use libtest_mimic::{Completion, Failed, Trial};

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
    Trial::ignorable_test(name, move || match run() {
        Ok(()) => Ok(Completion::Completed),
        Err(Skip(reason)) if must_work() => Err(Failed::from(format!("cannot run here: {reason}"))),
        Err(Skip(reason)) => Ok(Completion::ignored_with(reason)),
    })
}

/// `ENGINE_MUST_WORK=1`: a test that cannot run fails.
fn must_work() -> bool {
    std::env::var_os("ENGINE_MUST_WORK").is_some_and(|value| value == "1")
}
