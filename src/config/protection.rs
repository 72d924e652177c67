//! What `--strict` and the defaults come to. An explicit option loosens just what it names; every room asks here, so
//! that the meaning of `--strict` stands in one place.

use super::{CapabilityEdit, Config, Mount, Net, Text, Userns, Writes, capability};

/// The variables of the caller's that `--strict` leaves to the command.
const KEPT_VARIABLES: &[&[u8]] = &[b"PATH", b"TERM", b"HOME", b"LANG"];

impl Config {
    /// Whether there is a user namespace around the container: not with `--userns host`.
    #[must_use]
    pub fn has_user_namespace(&self) -> bool {
        self.identity.userns != Userns::Host
    }

    /// The network, said or not: never [`Net::Unsaid`].
    #[must_use]
    pub const fn network(&self) -> Net {
        match self.namespaces.net {
            Net::Unsaid if self.privileges.strict => Net::None,
            Net::Unsaid => Net::Host,
            said => said,
        }
    }

    /// Whether the container is in the caller's network namespace.
    #[must_use]
    pub const fn shares_host_network(&self) -> bool {
        matches!(self.network(), Net::Host)
    }

    /// Whether there is a time namespace around the container.
    #[must_use]
    pub const fn has_clocks(&self) -> bool {
        self.namespaces.monotonic.is_some() || self.namespaces.boottime.is_some()
    }

    /// Whether the root and all mounts below it are read-only: `--read-only`, or `--strict` unless the writes go to an
    /// overlay.
    #[must_use]
    pub const fn root_is_read_only(&self) -> bool {
        self.files.read_only || self.privileges.strict && matches!(self.files.writes, Writes::Through)
    }

    /// Whether something was asked for that root inside could undo where the mounts are its own to change: a mask, or
    /// anything read-only or without execution. And where the container has limits: their files are the caller's, and
    /// lie in the host's /sys, which is read-only inside.
    #[must_use]
    pub fn locks_mounts(&self) -> bool {
        self.root_is_read_only()
            || self.limits.want_cgroup()
            || self.files.mounts.iter().any(|mount| match mount {
                Mount::Mask(_) => true,
                Mount::Volume(volume) => volume.read_only || volume.no_exec,
                Mount::Tmpfs(tmpfs) => tmpfs.read_only || tmpfs.no_exec,
            })
    }

    /// Whether mounts may have to be locked: also where the root is put together, and parts of it are read-only.
    #[must_use]
    pub fn may_lock_mounts(&self) -> bool {
        self.locks_mounts() || !matches!(self.files.writes, Writes::Through)
    }

    /// Whether the caller's variables are left behind, all but [`Config::keeps_variable`].
    #[must_use]
    pub const fn clears_environment(&self) -> bool {
        self.surroundings.clear_environment || self.privileges.strict
    }

    /// Whether a variable of this name is the command's although the environment is cleared. `--env` comes on top.
    #[must_use]
    pub fn keeps_variable(&self, name: Text) -> bool {
        !self.surroundings.clear_environment && KEPT_VARIABLES.contains(&name)
    }

    /// Whether /proc shows each user only the user's own processes (`hidepid`).
    #[must_use]
    pub const fn hides_processes(&self) -> bool {
        self.privileges.strict
    }

    /// Whether Landlock cuts the container off from abstract unix sockets outside, and from signalling what is there: where
    /// no network namespace of its own does the first, and with `--strict`.
    #[must_use]
    pub const fn is_scoped(&self) -> bool {
        self.shares_host_network() || self.privileges.strict
    }

    /// The capabilities that the command may have at most: all within a user namespace, docker's fourteen without one,
    /// podman's eleven with `--strict`; then `--cap-add` and `--cap-drop` in their order.
    #[must_use]
    pub fn capabilities(&self) -> u64 {
        let base = match (self.privileges.strict, self.has_user_namespace()) {
            (true, _) => capability::STRICT,
            (false, true) => capability::ALL,
            (false, false) => capability::WITHOUT_USER_NAMESPACE,
        };
        self.privileges.capabilities.iter().fold(base, |kept, edit| match edit {
            CapabilityEdit::Add(set) => kept | set,
            CapabilityEdit::Drop(set) => kept & !set,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::capability::{ALL, CHOWN, STRICT, SYS_ADMIN, WITHOUT_USER_NAMESPACE};

    fn strict() -> Config {
        let mut config = Config::EMPTY;
        config.privileges.strict = true;
        config
    }

    #[test]
    fn by_default_the_box_is_the_users_own() {
        let config = Config::EMPTY;
        assert!(config.has_user_namespace() && config.shares_host_network() && config.is_scoped());
        assert!(!config.root_is_read_only() && !config.clears_environment() && !config.hides_processes());
        assert_eq!(config.capabilities(), ALL);
    }

    #[test]
    fn without_a_user_namespace_fourteen_capabilities_stay() {
        let mut config = Config::EMPTY;
        config.identity.userns = Userns::Host;
        assert_eq!(config.capabilities(), WITHOUT_USER_NAMESPACE);
        config.privileges.strict = true;
        assert_eq!(config.capabilities(), STRICT);
    }

    #[test]
    fn capabilities_are_edited_in_the_order_of_the_command_line() {
        let mut config = Config::EMPTY;
        for edit in [CapabilityEdit::Drop(ALL), CapabilityEdit::Add(CHOWN | SYS_ADMIN), CapabilityEdit::Drop(CHOWN)] {
            assert!(config.privileges.capabilities.push(edit).is_ok());
        }
        assert_eq!(config.capabilities(), SYS_ADMIN);
        assert!(config.privileges.capabilities.push(CapabilityEdit::Add(ALL)).is_ok());
        assert_eq!(config.capabilities(), ALL);
    }

    #[test]
    fn strict_takes_what_nothing_gives_back() {
        let config = strict();
        assert!(!config.shares_host_network() && matches!(config.network(), Net::None));
        assert!(config.root_is_read_only() && config.clears_environment() && config.hides_processes());
        assert!(config.keeps_variable(b"PATH") && config.keeps_variable(b"LANG") && !config.keeps_variable(b"LC_ALL"));
    }

    #[test]
    fn an_option_loosens_just_what_it_names() {
        let mut config = strict();
        config.namespaces.net = Net::Host;
        assert!(config.shares_host_network() && config.root_is_read_only() && config.clears_environment());
        let mut config = strict();
        config.files.writes = Writes::Ephemeral;
        assert!(!config.root_is_read_only() && !config.shares_host_network());
        config.files.read_only = true;
        assert!(config.root_is_read_only());
    }

    #[test]
    fn an_environment_that_is_cleared_by_the_user_is_empty() {
        let mut config = strict();
        config.surroundings.clear_environment = true;
        assert!(config.clears_environment() && !config.keeps_variable(b"PATH"));
    }
}
