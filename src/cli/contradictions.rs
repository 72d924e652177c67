//! Options that do not go together, each with the reason in its [`Problem`]'s text.

use super::given::{Given, bits};
use super::row::Scope;
use super::usage::Problem;
use crate::config::{Config, Text, Userns};

/// Wrong where `all` of these options were given and `none` of those.
struct Rule {
    all: u64,
    none: u64,
    /// The option that the line is about; the text of the problem names the other.
    option: Text,
    problem: Problem,
}

const RULES: &[Rule] = &[
    Rule { all: bits(&["ephemeral", "upper"]), none: 0, option: b"ephemeral", problem: Problem::WithUpper },
    Rule {
        all: bits(&["changes"]),
        none: bits(&["ephemeral", "upper"]),
        option: b"changes",
        problem: Problem::WithoutOverlay,
    },
    Rule {
        all: bits(&["kill-after"]),
        none: bits(&["timeout"]),
        option: b"kill-after",
        problem: Problem::WithoutTimeout,
    },
    Rule { all: bits(&["grace", "no-init"]), none: 0, option: b"grace", problem: Problem::WithNoInit },
    Rule { all: bits(&["tty", "no-dev"]), none: 0, option: b"tty", problem: Problem::WithNoDev },
    Rule { all: bits(&["group"]), none: bits(&["as-init"]), option: b"group", problem: Problem::WithoutAsInit },
];

const AS_INIT: u64 = bits(&["as-init"]);

/// The first contradiction of a command line: the option that it is about, and what is wrong. It is looked for at the
/// end, when no later option can resolve it.
pub(super) fn find(given: Given, config: &Config) -> Option<(Text, Problem)> {
    let mapped = config.identity.userns != Userns::Root;
    if let Some(found) = out_of_scope(given) {
        Some(found)
    } else if let Some(rule) = RULES.iter().find(|rule| given.has_all(rule.all) && !given.has_any(rule.none)) {
        Some((rule.option, rule.problem))
    } else if mapped && !config.identity.uid_map.is_empty() {
        Some((b"uidmap", Problem::WithUserns))
    } else if mapped && !config.identity.gid_map.is_empty() {
        Some((b"gidmap", Problem::WithUserns))
    } else if config.namespaces.share_uts && config.surroundings.hostname.is_some() {
        Some((b"hostname", Problem::WithSharedUts))
    } else {
        None
    }
}

/// `--as-init` makes no container: what describes one would be ignored.
fn out_of_scope(given: Given) -> Option<(Text, Problem)> {
    if given.has_any(AS_INIT) {
        let container = given.rows().find(|row| row.scope == Scope::Container);
        return container.map(|row| (row.name(), Problem::WithAsInit));
    }
    None
}
