//! The capabilities of capabilities(7): their names and the sets that engine gives. A set is a `u64`, a bit each.

/// Number and name of each capability, once; the number is the position.
macro_rules! capabilities {
    ($($name:ident $number:literal)*) => {
        $(
            #[doc = concat!("`CAP_", stringify!($name), "`.")]
            pub const $name: u64 = 1 << $number;
        )*
        /// How many there are.
        pub const COUNT: u8 = [$($number,)*].len() as u8;
        /// Every name in the order of the numbers: one text is a third of the size of a table of texts.
        const NAMES: &[u8] = concat!($(stringify!($name), " ",)*).as_bytes();
    };
}

capabilities! {
    CHOWN 0 DAC_OVERRIDE 1 DAC_READ_SEARCH 2 FOWNER 3 FSETID 4 KILL 5 SETGID 6 SETUID 7 SETPCAP 8 LINUX_IMMUTABLE 9
    NET_BIND_SERVICE 10 NET_BROADCAST 11 NET_ADMIN 12 NET_RAW 13 IPC_LOCK 14 IPC_OWNER 15 SYS_MODULE 16 SYS_RAWIO 17
    SYS_CHROOT 18 SYS_PTRACE 19 SYS_PACCT 20 SYS_ADMIN 21 SYS_BOOT 22 SYS_NICE 23 SYS_RESOURCE 24 SYS_TIME 25
    SYS_TTY_CONFIG 26 MKNOD 27 LEASE 28 AUDIT_WRITE 29 AUDIT_CONTROL 30 SETFCAP 31 MAC_OVERRIDE 32 MAC_ADMIN 33
    SYSLOG 34 WAKE_ALARM 35 BLOCK_SUSPEND 36 AUDIT_READ 37 PERFMON 38 BPF 39 CHECKPOINT_RESTORE 40
}

/// Every capability.
pub const ALL: u64 = (1 << COUNT) - 1;

/// What `--strict` leaves at most: Podman's eleven.
pub const STRICT: u64 =
    CHOWN | DAC_OVERRIDE | FSETID | FOWNER | SETGID | SETUID | SETFCAP | SETPCAP | NET_BIND_SERVICE | SYS_CHROOT | KILL;

/// What `--userns host` leaves, where a capability counts on the host: Docker's fourteen.
pub const WITHOUT_USER_NAMESPACE: u64 = STRICT | MKNOD | NET_RAW | AUDIT_WRITE;

/// The set that a name stands for: one capability, in any case and with or without `CAP_`, or `ALL`.
#[must_use]
pub fn set(name: &[u8]) -> Option<u64> {
    if same(name, b"ALL") {
        return Some(ALL);
    }
    let bare = match name.split_at_checked(4) {
        Some((prefix, rest)) if same(prefix, b"CAP_") => rest,
        _ => name,
    };
    // The last of the names ends in a blank too, so an empty word would be found behind it.
    if bare.is_empty() {
        return None;
    }
    names().position(|known| same(known, bare)).map(|number| 1 << number)
}

/// Whether they differ in nothing but case. The core library's own is fast on long texts, and large.
#[inline(never)]
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// The name of a capability by its number, without `CAP_`.
#[must_use]
pub fn name(number: u8) -> Option<&'static [u8]> {
    names().nth(usize::from(number)).filter(|name| !name.is_empty())
}

fn names() -> impl Iterator<Item = &'static [u8]> {
    NAMES.split(|byte| *byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_kernels() {
        // A few spread over the list, from linux/capability.h; the order of the rest is held by the next test.
        for (number, name, bit) in [
            (0, "chown", CHOWN),
            (6, "setgid", SETGID),
            (12, "net_admin", NET_ADMIN),
            (21, "sys_admin", SYS_ADMIN),
            (27, "mknod", MKNOD),
            (31, "setfcap", SETFCAP),
            (34, "syslog", SYSLOG),
            (40, "checkpoint_restore", CHECKPOINT_RESTORE),
        ] {
            assert_eq!(bit, 1 << number, "{name}");
            assert_eq!(set(name.as_bytes()), Some(1 << number), "{name}");
        }
    }

    #[test]
    fn every_number_has_one_name_and_the_way_back() {
        assert_eq!(COUNT, 41);
        assert_eq!(ALL, 0x1ff_ffff_ffff);
        for number in 0..COUNT {
            let name = name(number).unwrap();
            assert_eq!(set(name), Some(1 << number), "{}", String::from_utf8_lossy(name));
        }
        assert_eq!(name(COUNT), None);
        assert_eq!(name(255), None);
    }

    #[test]
    fn a_name_may_be_written_in_four_ways() {
        for word in ["sys_admin", "SYS_ADMIN", "CAP_SYS_ADMIN", "cap_Sys_Admin"] {
            assert_eq!(set(word.as_bytes()), Some(SYS_ADMIN), "{word}");
        }
        assert_eq!(set(b"all"), Some(ALL));
        assert_eq!(set(b"ALL"), Some(ALL));
    }

    #[test]
    fn nothing_else_is_a_name() {
        for word in ["", "CAP_", "cap", "CAP_ALL", "CAP_CAP_CHOWN", "CHOW", "CHOWNS", " CHOWN", "CHOWN KILL", "21"] {
            assert_eq!(set(word.as_bytes()), None, "{word:?}");
        }
    }

    #[test]
    fn the_sets_have_the_sizes_that_their_names_promise() {
        assert_eq!(STRICT.count_ones(), 11);
        assert_eq!(WITHOUT_USER_NAMESPACE.count_ones(), 14);
        assert_eq!(STRICT & (SYS_ADMIN | NET_ADMIN | SYS_PTRACE | MKNOD | NET_RAW | AUDIT_WRITE), 0);
    }
}
