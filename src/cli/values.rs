//! What the user wrote as a value, read into the types of [`config`](crate::config). Pure: a text in, a value or a
//! problem out.

use super::usage::Problem;
use crate::config::{EnvEdit, IdRange, Namespaces, Net, Proc, Seccomp, Text, Ulimit, User, Userns, capability, ulimit};
pub(super) use crate::words::{part, position};
use core::ffi::CStr;

/// A value, or what is wrong with its text.
pub(super) type Read<T> = Result<T, Problem>;

/// What stands before the first separator, and what stands behind it where there is one.
#[inline(never)]
pub(super) fn cut(text: Text, separator: u8) -> (Text, Option<Text>) {
    let mut rest = Some(text);
    (part(&mut rest, separator).unwrap_or_default(), rest)
}

/// Whether there is such a byte. The core library's own search is fast on long texts, and large.
pub(super) fn has(text: Text, byte: u8) -> bool {
    cut(text, byte).1.is_some()
}

/// Where `text` stands among the words of a choice.
#[inline(never)]
fn choice(words: Text, text: &[u8]) -> Read<usize> {
    position(words, text).ok_or(Problem::NotOfForm)
}

/// A number that is not too large; `otherwise` says what is wanted where it is no number.
#[inline(never)]
fn number_up_to(max: u64, text: &[u8], otherwise: Problem) -> Read<u64> {
    let mut value = Some(0u64);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(otherwise);
        }
        value = value.and_then(|value| value.checked_mul(10)?.checked_add(u64::from(digit)));
    }
    if text.is_empty() {
        return Err(otherwise);
    }
    value.filter(|value| *value <= max).ok_or(Problem::TooLarge)
}

/// A number of 32 bits.
fn number32(text: &[u8], otherwise: Problem) -> Read<u32> {
    number_up_to(u32::MAX.into(), text, otherwise).map(|value| value as u32)
}

/// A number of seconds, as the kernel counts them.
pub(super) fn seconds(text: &[u8]) -> Read<i64> {
    number_up_to(i64::MAX as u64, text, Problem::NotANumber).map(|value| value as i64)
}

/// Bytes: `k`, `m`, `g` in either case are powers of 1024.
pub(super) fn size(text: &[u8]) -> Read<u64> {
    let (digits, factor) = match text {
        [digits @ .., b'k' | b'K'] => (digits, 1 << 10),
        [digits @ .., b'm' | b'M'] => (digits, 1 << 20),
        [digits @ .., b'g' | b'G'] => (digits, 1 << 30),
        _ => (text, 1),
    };
    times(digits, factor, Problem::NotASize)
}

/// Milliseconds: `ms`, `s`, `m`, `h`; seconds where there is none.
pub(super) fn duration(text: &[u8]) -> Read<u64> {
    let (digits, factor) = match text {
        [digits @ .., b'm', b's'] => (digits, 1),
        [digits @ .., b's'] => (digits, 1000),
        [digits @ .., b'm'] => (digits, 60 * 1000),
        [digits @ .., b'h'] => (digits, 60 * 60 * 1000),
        _ => (text, 1000),
    };
    times(digits, factor, Problem::NotADuration)
}

fn times(digits: &[u8], factor: u64, otherwise: Problem) -> Read<u64> {
    number_up_to(u64::MAX, digits, otherwise)?.checked_mul(factor).ok_or(Problem::TooLarge)
}

/// Processors, in microseconds of a tenth of a second: `2`, `1.5`, `0.125`.
pub(super) fn cpus(text: Text) -> Read<u64> {
    let (whole, decimals) = cut(text, b'.');
    let decimals = decimals.unwrap_or(b"0");
    // More digits than count would count for nothing.
    let scale = match decimals.len() {
        1 => 10_000,
        2 => 1000,
        3 => 100,
        _ => return Err(Problem::NotCpus),
    };
    Ok(number_up_to(1 << 20, whole, Problem::NotCpus)? * 100_000
        + number_up_to(999, decimals, Problem::NotCpus)? * scale)
}

/// A plain number.
pub(super) fn number(text: Text) -> Read<u64> {
    number_up_to(u64::MAX, text, Problem::NotANumber)
}

/// The number of a descriptor.
#[inline(never)]
pub(super) fn descriptor(word: &'static CStr) -> Read<i32> {
    number_up_to(i32::MAX as u64, word.to_bytes(), Problem::NotANumber).map(|number| number as i32)
}

/// Without the `?` at its end, and whether there was one: what cannot be had is then no error.
#[inline(never)]
pub(super) fn effort(word: &'static CStr) -> (Text, bool) {
    match word.to_bytes() {
        [text @ .., b'?'] => (text, true),
        text => (text, false),
    }
}

/// Zero would mean "nothing" to one reader and "no limit" to the next.
pub(super) fn positive(value: Read<u64>) -> Read<u64> {
    match value? {
        0 => Err(Problem::Zero),
        value => Ok(value),
    }
}

/// A path inside the container.
pub(super) fn absolute(text: Text) -> Read<()> {
    if text.starts_with(b"/") { Ok(()) } else { Err(Problem::NotAbsolute) }
}

/// A path on the host: any text but an empty one.
pub(super) fn host_path(word: &'static CStr) -> Read<&'static CStr> {
    if word.is_empty() { Err(Problem::Empty) } else { Ok(word) }
}

/// `DIR` inside.
pub(super) fn workdir(word: &'static CStr) -> Read<&'static CStr> {
    absolute(word.to_bytes())?;
    Ok(word)
}

/// A host name that sethostname(2) takes.
pub(super) fn hostname(word: &'static CStr) -> Read<&'static CStr> {
    match word.to_bytes().len() {
        0 => Err(Problem::Empty),
        1..=64 => Ok(word),
        _ => Err(Problem::HostnameTooLong),
    }
}

/// `IN:OUT:COUNT`, which must not overlap what `earlier` maps.
pub(super) fn id_range(text: Text, earlier: &[IdRange]) -> Read<IdRange> {
    let mut rest = Some(text);
    let mut numbers = [0; 3];
    for number in &mut numbers {
        // Where one is missing it is an empty text, which is no number.
        *number = number32(part(&mut rest, b':').unwrap_or_default(), Problem::NotOfForm)?;
    }
    if rest.is_some() {
        return Err(Problem::NotOfForm);
    }
    let [inside, outside, count] = numbers;
    let range = IdRange { inside, outside, count };
    if range.count == 0 {
        return Err(Problem::Zero);
    }
    // The kernel wants the end itself to be a number of 32 bits: the last of them, -1, is no id.
    if range.inside.checked_add(range.count).is_none() || range.outside.checked_add(range.count).is_none() {
        return Err(Problem::MapTooLarge);
    }
    let meet = |a: u32, b: u32, other: &IdRange| a < b + other.count && b < a + range.count;
    let overlaps = earlier
        .iter()
        .any(|other| meet(range.inside, other.inside, other) || meet(range.outside, other.outside, other));
    if overlaps { Err(Problem::MapOverlaps) } else { Ok(range) }
}

/// `USER[:GROUP]`. Names are looked up later, in the rootfs; a number must be one that can be an id.
pub(super) fn user(text: Text) -> Read<User> {
    let (user, group) = cut(text, b':');
    Ok(User { user: name_or_id(user)?, group: group.map(name_or_id).transpose()? })
}

fn name_or_id(text: Text) -> Read<Text> {
    // The last number of 32 bits, -1, is no id.
    let number = number_up_to(u64::from(u32::MAX) - 1, text, Problem::NotANumber);
    if number == Err(Problem::TooLarge) {
        Err(Problem::TooLarge)
    } else if text.is_empty() || has(text, b':') {
        Err(Problem::NotOfForm)
    } else {
        Ok(text)
    }
}

/// `NAME` or `NAME=VALUE`.
pub(super) fn env(word: &'static CStr) -> Read<EnvEdit> {
    match cut(word.to_bytes(), b'=') {
        ([], _) => Err(Problem::NoVariableName),
        (_, Some(_)) => Ok(EnvEdit::Set(word)),
        (name, None) => Ok(EnvEdit::Inherit(name)),
    }
}

/// `--proc`.
pub(super) fn proc(text: &[u8]) -> Read<Proc> {
    Ok(match choice(b"auto new bind none", text)? {
        0 => Proc::Auto,
        1 => Proc::New,
        2 => Proc::Bind,
        _ => Proc::None,
    })
}

/// `--sys`: whether there is none.
pub(super) fn no_sys(text: &[u8]) -> Read<bool> {
    Ok(choice(b"auto none", text)? == 1)
}

/// `--userns`.
pub(super) fn userns(text: &[u8]) -> Read<Userns> {
    Ok(match choice(b"root keep-id auto host", text)? {
        0 => Userns::Root,
        1 => Userns::KeepId,
        2 => Userns::Auto,
        _ => Userns::Host,
    })
}

/// `--net`. A path has a slash, so that a misspelt word is not taken for one.
pub(super) fn net(word: &'static CStr) -> Read<Net> {
    match position(b"host none", word.to_bytes()) {
        Some(0) => Ok(Net::Host),
        Some(_) => Ok(Net::None),
        None if has(word.to_bytes(), b'/') => Ok(Net::Join(word)),
        None => Err(Problem::NotNet),
    }
}

/// One of the namespaces that `--share` keeps.
pub(super) fn shared<'a>(namespaces: &'a mut Namespaces, name: &[u8]) -> Read<&'a mut bool> {
    match position(b"ipc uts cgroup", name) {
        Some(0) => Ok(&mut namespaces.share_ipc),
        Some(1) => Ok(&mut namespaces.share_uts),
        Some(_) => Ok(&mut namespaces.share_cgroup),
        None => Err(Problem::NotShare),
    }
}

/// `--seccomp`. RULES are read by the room that knows the names of the system calls.
pub(super) fn seccomp(text: Text) -> Read<Seccomp> {
    Ok(match position(b"default strict none", text) {
        Some(0) => Seccomp::Default,
        Some(1) => Seccomp::Strict,
        Some(_) => Seccomp::None,
        None if has(text, b'=') => Seccomp::Rules(text),
        None => return Err(Problem::NotOfForm),
    })
}

/// One capability or all.
pub(super) fn capabilities(text: &[u8]) -> Read<u64> {
    capability::set(text).ok_or(Problem::UnknownCapability)
}

/// `NAME=SOFT[:HARD]`.
pub(super) fn ulimit(text: Text) -> Read<Ulimit> {
    let (name, limits) = cut(text, b'=');
    let resource = position(ulimit::NAMES, name).ok_or(Problem::UnknownUlimit)? as u32;
    let (soft, hard) = cut(limits.unwrap_or_default(), b':');
    let soft = ulimit_value(soft)?;
    let hard = hard.map_or(Ok(soft), ulimit_value)?;
    if soft > hard { Err(Problem::SoftAboveHard) } else { Ok(Ulimit { resource, soft, hard }) }
}

fn ulimit_value(text: Text) -> Read<u64> {
    match position(b"unlimited -1", text) {
        Some(_) => Ok(u64::MAX),
        None => number_up_to(u64::MAX, text, Problem::NotOfForm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_decimal() {
        let number = |text: &str| number_up_to(u64::MAX, text.as_bytes(), Problem::NotANumber);
        for (text, value) in [("0", 0), ("7", 7), ("007", 7), ("10", 10), ("18446744073709551615", u64::MAX)] {
            assert_eq!(number(text), Ok(value), "{text:?}");
        }
        for text in ["", " ", " 1", "1 ", "1 2", "+1", "-1", "0x1", "1a", "1e3", "1_000", "1,000", "1.0", "\u{661}"] {
            assert_eq!(number(text), Err(Problem::NotANumber), "{text:?}");
        }
        for text in ["18446744073709551616", "20000000000000000000", "99999999999999999999999999999999"] {
            assert_eq!(number(text), Err(Problem::TooLarge), "{text:?}");
        }
    }

    #[test]
    fn seconds_are_as_wide_as_the_kernels() {
        assert_eq!(seconds(b"9223372036854775807"), Ok(i64::MAX));
        assert_eq!(seconds(b"9223372036854775808"), Err(Problem::TooLarge));
    }

    #[test]
    fn sizes() {
        for (text, value) in [
            ("0", 0),
            ("12", 12),
            ("1k", 1024),
            ("1K", 1024),
            ("3m", 3 << 20),
            ("3M", 3 << 20),
            ("2g", 2 << 30),
            ("2G", 2 << 30),
            ("17179869183g", 17_179_869_183 << 30),
        ] {
            assert_eq!(size(text.as_bytes()), Ok(value), "{text:?}");
        }
        for text in ["", "k", "1kb", "1KiB", "1 k", "1t", "1kk", "1.5g", "-1k", "0x1k", "g1"] {
            assert_eq!(size(text.as_bytes()), Err(Problem::NotASize), "{text:?}");
        }
        for text in ["17179869184g", "18446744073709551615k", "18446744073709551616", "99999999999999999999m"] {
            assert_eq!(size(text.as_bytes()), Err(Problem::TooLarge), "{text:?}");
        }
    }

    #[test]
    fn durations() {
        for (text, value) in [
            ("0", 0),
            ("3", 3000),
            ("20ms", 20),
            ("4s", 4000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("18446744073709551615ms", u64::MAX),
            ("5124095576030h", 5_124_095_576_030 * 3_600_000),
        ] {
            assert_eq!(duration(text.as_bytes()), Ok(value), "{text:?}");
        }
        for text in ["", "s", "ms", "1d", "1S", "1 s", "1sec", "1.5s", "-1s", "0x1s", "1m s", "1mms", "1hs", "+1"] {
            assert_eq!(duration(text.as_bytes()), Err(Problem::NotADuration), "{text:?}");
        }
        for text in ["5124095576031h", "18446744073709552s", "18446744073709551616ms"] {
            assert_eq!(duration(text.as_bytes()), Err(Problem::TooLarge), "{text:?}");
        }
    }

    #[test]
    fn processors() {
        for (text, value) in [
            ("1", 100_000),
            ("1.5", 150_000),
            ("0.125", 12_500),
            ("0.001", 100),
            ("2.50", 250_000),
            ("0", 0),
            ("00.0", 0),
        ] {
            assert_eq!(cpus(text.as_bytes()), Ok(value), "{text:?}");
        }
        for text in ["", ".5", "1.", "1.2.3", "1,5", "-1", "1e3", " 1", "1.0000", "0.0009"] {
            assert_eq!(cpus(text.as_bytes()), Err(Problem::NotCpus), "{text:?}");
        }
        assert_eq!(cpus(b"1048577"), Err(Problem::TooLarge));
    }

    #[test]
    fn id_maps() {
        let range = |inside, outside, count| Ok(IdRange { inside, outside, count });
        assert_eq!(id_range(b"0:1000:1", &[]), range(0, 1000, 1));
        assert_eq!(id_range(b"0:0:4294967295", &[]), range(0, 0, u32::MAX));
        assert_eq!(id_range(b"4294967294:2147483648:1", &[]), range(4_294_967_294, 2_147_483_648, 1));
        for text in ["", "0", "0:0", "0:0:", ":0:1", "0::1", "0:0:1:1", "a:0:1", "-1:0:1", "0:0: 1", "0x0:0:1"] {
            assert_eq!(id_range(text.as_bytes(), &[]), Err(Problem::NotOfForm), "{text:?}");
        }
        assert_eq!(id_range(b"0:0:0", &[]), Err(Problem::Zero));
        for text in ["4294967295:0:1", "0:4294967295:1", "1:0:4294967295", "0:1:4294967295", "4294967000:0:1000"] {
            assert_eq!(id_range(text.as_bytes(), &[]), Err(Problem::MapTooLarge), "{text:?}");
        }
        for text in ["4294967296:0:1", "0:4294967296:1", "0:0:4294967296", "0:0:18446744073709551616"] {
            assert_eq!(id_range(text.as_bytes(), &[]), Err(Problem::TooLarge), "{text:?}");
        }
    }

    #[test]
    fn lines_of_a_map_lie_side_by_side() {
        let earlier = [IdRange { inside: 100, outside: 2000, count: 10 }];
        for text in ["0:0:100", "110:2010:5", "99:1999:1", "110:1990:10"] {
            assert!(id_range(text.as_bytes(), &earlier).is_ok(), "{text}");
        }
        for text in ["100:0:1", "109:0:1", "0:0:101", "95:0:20", "0:2000:1", "0:2009:1", "0:1999:2", "0:1000:1500"] {
            assert_eq!(id_range(text.as_bytes(), &earlier), Err(Problem::MapOverlaps), "{text}");
        }
    }

    #[test]
    fn users() {
        for (text, name, group) in [
            ("0", "0", None),
            ("www-data", "www-data", None),
            ("1000:1000", "1000", Some("1000")),
            ("a:b", "a", Some("b")),
            ("4294967294", "4294967294", None),
            ("1a", "1a", None),
        ] {
            let user = user(text.as_bytes()).unwrap();
            assert_eq!((user.user, user.group), (name.as_bytes(), group.map(str::as_bytes)), "{text}");
        }
        for text in ["", ":", ":1", "1:", "a:", "a:b:c"] {
            assert_eq!(user(text.as_bytes()).err(), Some(Problem::NotOfForm), "{text:?}");
        }
        for text in ["4294967295", "4294967296", "0:4294967295", "99999999999999999999"] {
            assert_eq!(user(text.as_bytes()).err(), Some(Problem::TooLarge), "{text:?}");
        }
    }

    #[test]
    fn variables() {
        assert!(matches!(env(c"A=b"), Ok(EnvEdit::Set(word)) if word == c"A=b"));
        assert!(matches!(env(c"A="), Ok(EnvEdit::Set(word)) if word == c"A="));
        assert!(matches!(env(c"A=b=c"), Ok(EnvEdit::Set(word)) if word == c"A=b=c"));
        assert!(matches!(env(c"A"), Ok(EnvEdit::Inherit(b"A"))));
        for word in [c"", c"=", c"=a", c"=a=b"] {
            assert_eq!(env(word).err(), Some(Problem::NoVariableName), "{word:?}");
        }
    }

    #[test]
    fn host_names() {
        let word = |length| &*Box::leak(std::ffi::CString::new("a".repeat(length)).unwrap().into_boxed_c_str());
        assert!(hostname(word(1)).is_ok() && hostname(word(64)).is_ok());
        assert_eq!(hostname(word(65)), Err(Problem::HostnameTooLong));
        assert_eq!(hostname(c""), Err(Problem::Empty));
    }

    #[test]
    fn words_of_a_choice() {
        assert!(proc(b"auto") == Ok(Proc::Auto) && proc(b"new") == Ok(Proc::New));
        assert!(proc(b"bind") == Ok(Proc::Bind) && proc(b"none") == Ok(Proc::None));
        assert!(no_sys(b"auto") == Ok(false) && no_sys(b"none") == Ok(true));
        assert!(userns(b"root") == Ok(Userns::Root) && userns(b"keep-id") == Ok(Userns::KeepId));
        assert!(userns(b"auto") == Ok(Userns::Auto) && userns(b"host") == Ok(Userns::Host));
        assert!(matches!((net(c"host"), net(c"none")), (Ok(Net::Host), Ok(Net::None))));
        assert!(matches!(net(c"./ns"), Ok(Net::Join(path)) if path == c"./ns"));
        assert!(matches!((seccomp(b"default"), seccomp(b"strict")), (Ok(Seccomp::Default), Ok(Seccomp::Strict))));
        assert!(matches!(seccomp(b"none"), Ok(Seccomp::None)));
        assert!(matches!(seccomp(b"deny=mount"), Ok(Seccomp::Rules(b"deny=mount"))));
        for text in [&b""[..], b"Auto", b"auto ", b"no", b"nonee"] {
            assert!(proc(text).is_err() && no_sys(text).is_err() && userns(text).is_err(), "{text:?}");
        }
        assert!(net(c"").is_err() && net(c"Host").is_err() && seccomp(b"").is_err());
    }

    #[test]
    fn ulimits_have_the_kernels_numbers() {
        // RLIMIT_* of asm-generic/resource.h, by hand: the table must not be its own witness.
        for (name, number) in [
            ("cpu", 0),
            ("fsize", 1),
            ("data", 2),
            ("stack", 3),
            ("core", 4),
            ("rss", 5),
            ("nproc", 6),
            ("nofile", 7),
            ("memlock", 8),
            ("as", 9),
            ("locks", 10),
            ("sigpending", 11),
            ("msgqueue", 12),
            ("nice", 13),
            ("rtprio", 14),
            ("rttime", 15),
        ] {
            let text: Text = Box::leak(format!("{name}=1:2").into_bytes().into_boxed_slice());
            assert_eq!(ulimit(text), Ok(Ulimit { resource: number, soft: 1, hard: 2 }), "{name}");
        }
    }

    #[test]
    fn ulimits_soft_and_hard() {
        let core = |soft, hard| Ok(Ulimit { resource: 4, soft, hard });
        assert_eq!(ulimit(b"core=5"), core(5, 5));
        assert_eq!(ulimit(b"core=0:0"), core(0, 0));
        assert_eq!(ulimit(b"core=5:unlimited"), core(5, u64::MAX));
        assert_eq!(ulimit(b"core=-1"), core(u64::MAX, u64::MAX));
        assert_eq!(ulimit(b"core=unlimited:-1"), core(u64::MAX, u64::MAX));
        for (text, problem) in [
            ("core", Problem::NotOfForm),
            ("core=", Problem::NotOfForm),
            ("core=1:", Problem::NotOfForm),
            ("core=:1", Problem::NotOfForm),
            ("core=1:2:3", Problem::NotOfForm),
            ("core=-2", Problem::NotOfForm),
            ("core=1k", Problem::NotOfForm),
            ("core=18446744073709551616", Problem::TooLarge),
            ("core=2:1", Problem::SoftAboveHard),
            ("core=unlimited:1", Problem::SoftAboveHard),
            ("", Problem::UnknownUlimit),
            ("=1", Problem::UnknownUlimit),
            ("CORE=1", Problem::UnknownUlimit),
            ("cpu fsize=1", Problem::UnknownUlimit),
            ("cor=1", Problem::UnknownUlimit),
        ] {
            assert_eq!(ulimit(text.as_bytes()), Err(problem), "{text:?}");
        }
    }
}
