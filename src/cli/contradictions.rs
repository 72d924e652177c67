//! Options that do not go together, each with the reason in its [`Problem`]'s text.

use super::given::{Given, bits};
use super::row::Row;
use super::usage::Problem;
use crate::config::{Config, Userns};

/// Wrong where `all` of these options were given and `none` of those. The line is about the first of `all` in the order
/// of the table; the text of the problem names the other.
struct Rule {
    all: u64,
    none: u64,
    problem: Problem,
}

const RULES: &[Rule] = &[
    Rule { all: bits(&["ephemeral", "upper"]), none: 0, problem: Problem::WithUpper },
    Rule { all: bits(&["changes"]), none: bits(&["ephemeral", "upper"]), problem: Problem::WithoutOverlay },
    Rule { all: bits(&["kill-after"]), none: bits(&["timeout"]), problem: Problem::WithoutTimeout },
    Rule { all: bits(&["grace", "no-init"]), none: 0, problem: Problem::WithNoInit },
    Rule { all: bits(&["changes", "no-init"]), none: 0, problem: Problem::WithNoInitChanges },
    Rule { all: bits(&["tty", "no-dev"]), none: 0, problem: Problem::WithTty },
    Rule { all: bits(&["group"]), none: bits(&["as-init"]), problem: Problem::WithoutAsInit },
];

const AS_INIT: u64 = bits(&["as-init"]);
/// What is about a command, whoever made the container around it. `--as-init` makes none: what describes one would be
/// ignored.
const ABOUT_COMMAND: u64 = bits(&[
    "env", "env-file", "clear-env", "workdir", "timeout", "kill-after", "grace", "die-with-parent", "preserve-fd",
    "new-session", "status-fd", "pid-file", "as-init", "group", "interactive", "rm", "init", "ulimit",
]);

const MAPS: u64 = bits(&["uidmap", "gidmap"]);
const HOSTNAME: u64 = bits(&["hostname"]);

/// The first contradiction of a command line: the option that it is about, and what is wrong. It is looked for at the
/// end, when no later option can resolve it.
pub(super) fn find(given: Given, config: &Config) -> Option<(Row, Problem)> {
    let mapped = config.identity.userns != Userns::Root;
    let (bits, problem) =
        if given.has_any(AS_INIT) && given.has_any(!ABOUT_COMMAND) {
            (!ABOUT_COMMAND, Problem::WithAsInit)
        } else if let Some(rule) = RULES.iter().find(|rule| given.has_all(rule.all) && !given.has_any(rule.none)) {
            (rule.all, rule.problem)
        } else if mapped && given.has_any(MAPS) {
            (MAPS, Problem::WithUserns)
        } else if config.namespaces.share_uts && given.has_any(HOSTNAME) {
            (HOSTNAME, Problem::WithSharedUts)
        } else {
            return None;
        };
    given.first(bits).map(|row| (row, problem))
}
