//! Options that do not go together, each with the reason in its [`Problem`]'s text.

use super::given::{Given, bits};
use super::row::Row;
use super::usage::Problem;
use crate::config::{Config, Userns};

/// Wrong where `option` was given with `any` of these, if there are any, and `none` of those. The line is about `option`;
/// the text of the problem names the others.
struct Rule {
    option: u64,
    any: u64,
    none: u64,
    problem: Problem,
}

const RULES: &[Rule] = &[
    Rule { option: bits(&["group"]), any: EVERY, none: bits(&["as-init"]), problem: Problem::WithoutAsInit },
    Rule { option: CONTAINER, any: bits(&["as-init"]), none: 0, problem: Problem::WithAsInit },
    Rule { option: bits(&["ephemeral"]), any: bits(&["upper"]), none: 0, problem: Problem::WithUpper },
    Rule {
        option: bits(&["changes"]),
        any: EVERY,
        none: bits(&["ephemeral", "upper"]),
        problem: Problem::WithoutOverlay,
    },
    Rule { option: bits(&["kill-after"]), any: EVERY, none: bits(&["timeout"]), problem: Problem::WithoutTimeout },
    Rule {
        option: bits(&["no-init"]),
        any: bits(&["timeout", "grace", "changes"]),
        none: 0,
        problem: Problem::WithNoInit,
    },
];

/// What is about a container, and not about the command alone.
const CONTAINER: u64 = !bits(&[
    "env",
    "env-file",
    "clear-env",
    "workdir",
    "timeout",
    "kill-after",
    "die-with-parent",
    "preserve-fd",
    "new-session",
    "status-fd",
    "pid-file",
    "as-init",
    "group",
    "interactive",
    "rm",
    "init",
    "ulimit",
]);

/// The option itself is one of them.
const EVERY: u64 = u64::MAX;

const MAPS: u64 = bits(&["uidmap", "gidmap"]);
const HOSTNAME: u64 = bits(&["hostname"]);

/// The first contradiction of a command line: the option that it is about, and what is wrong. It is looked for at the
/// end, when no later option can resolve it.
pub(super) fn find(given: Given, config: &Config) -> Option<(Row, Problem)> {
    let mapped = config.identity.userns != Userns::Root;
    let (bits, problem) = if let Some(rule) =
        RULES.iter().find(|rule| given.has_any(rule.option) && given.has_any(rule.any) && !given.has_any(rule.none))
    {
        (rule.option, rule.problem)
    } else if mapped && given.has_any(MAPS) {
        (MAPS, Problem::WithUserns)
    } else if config.namespaces.share_uts && given.has_any(HOSTNAME) {
        (HOSTNAME, Problem::WithSharedUts)
    } else {
        return None;
    };
    given.first(bits).map(|row| (row, problem))
}
