//! What the user wrote as a value, read into the types of [`config`](crate::config). Pure: a text in, a value or a
//! problem out.

use super::usage::Problem;
use crate::config::{
    Cgroup, Effort, EnvEdit, IdRange, LandlockAccess, LandlockRule, Limit, Namespaces, Net, Proc, Seccomp, Text,
    Ulimit, User, Userns, capability, ulimit,
};
use core::ffi::CStr;

/// A value, or what is wrong with its text.
pub(super) type Read<T> = Result<T, Problem>;

/// What stands before the first separator, and what stands behind it where there is one.
#[inline(never)]
pub(super) fn cut(text: Text, separator: u8) -> (Text, Option<Text>) {
    let end = text.iter().position(|byte| *byte == separator).unwrap_or(text.len());
    match text.split_at_checked(end) {
        Some((head, [_, tail @ ..])) => (head, Some(tail)),
        _ => (text, None),
    }
}

/// Where `word` stands among `words`, which have a blank between two.
#[inline(never)]
fn position(words: &[u8], word: &[u8]) -> Option<usize> {
    words.split(|byte| *byte == b' ').position(|known| known == word)
}

/// The value that stands where `text` stands among `words`. One text for all the words, and not a `match` over
/// them, which would be compiled to a comparison a byte.
fn choose<T: Copy>(text: &[u8], words: &[u8], values: &[T], otherwise: Problem) -> Read<T> {
    position(words, text).and_then(|position| values.get(position)).copied().ok_or(otherwise)
}

/// Plain decimal: digits and nothing else.
pub(super) fn number(text: &[u8]) -> Read<u64> {
    if text.is_empty() {
        return Err(Problem::NotANumber);
    }
    text.iter().try_fold(0u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Problem::NotANumber);
        }
        value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit))).ok_or(Problem::TooLarge)
    })
}

/// A better word for what is no number, where a number is only a part of what is wanted.
fn or(problem: Problem, otherwise: Problem) -> Problem {
    if problem == Problem::NotANumber { otherwise } else { problem }
}

/// A number of 32 bits.
fn number32(text: &[u8]) -> Read<u32> {
    u32::try_from(number(text)?).map_err(|_| Problem::TooLarge)
}

/// The number of a file descriptor.
pub(super) fn descriptor(text: &[u8]) -> Read<i32> {
    i32::try_from(number(text)?).map_err(|_| Problem::TooLarge)
}

/// A number of seconds, as the kernel counts them.
pub(super) fn seconds(text: &[u8]) -> Read<i64> {
    i64::try_from(number(text)?).map_err(|_| Problem::TooLarge)
}

/// A number with one of these units behind it, or with none. The first unit that fits is taken.
fn with_unit(text: &[u8], units: &[(&[u8], u64)], none: u64, otherwise: Problem) -> Read<u64> {
    let unit = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(*unit)?, *factor)));
    let (digits, factor) = unit.unwrap_or((text, none));
    let value = number(digits).map_err(|problem| or(problem, otherwise))?;
    value.checked_mul(factor).ok_or(Problem::TooLarge)
}

/// Bytes: `k`, `m`, `g` in either case are powers of 1024.
pub(super) fn size(text: &[u8]) -> Read<u64> {
    const UNITS: &[(&[u8], u64)] =
        &[(b"k", 1 << 10), (b"K", 1 << 10), (b"m", 1 << 20), (b"M", 1 << 20), (b"g", 1 << 30), (b"G", 1 << 30)];
    with_unit(text, UNITS, 1, Problem::NotASize)
}

/// Milliseconds; a plain number is seconds.
pub(super) fn duration(text: &[u8]) -> Read<u64> {
    // `ms` before `s`, of which it is no multiple.
    const UNITS: &[(&[u8], u64)] = &[(b"ms", 1), (b"s", 1000), (b"m", 60_000), (b"h", 3_600_000)];
    with_unit(text, UNITS, 1000, Problem::NotADuration)
}

/// Thousandths of a processor.
pub(super) fn cpus(text: Text) -> Read<u64> {
    let (whole, decimals) = cut(text, b'.');
    let whole = number32(whole).map_err(|problem| or(problem, Problem::NotCpus))?;
    let Some(decimals) = decimals else { return Ok(u64::from(whole) * 1000) };
    let scale = match decimals.len() {
        1 => 100,
        2 => 10,
        3 => 1,
        _ => return Err(Problem::NotCpus),
    };
    let part = number(decimals).map_err(|_| Problem::NotCpus)?;
    Ok(u64::from(whole) * 1000 + part * scale)
}

/// Zero would mean "nothing" to one reader and "no limit" to the next.
pub(super) fn positive(value: Read<u64>) -> Read<u64> {
    match value? {
        0 => Err(Problem::Zero),
        value => Ok(value),
    }
}

/// Splits off a `?` at the end: what cannot be had is then no error.
fn effort(text: Text) -> (Text, Effort) {
    text.strip_suffix(b"?").map_or((text, Effort::Required), |rest| (rest, Effort::Best))
}

/// A cgroup limit, read by `read`.
pub(super) fn limit(text: Text, read: fn(Text) -> Read<u64>) -> Read<Limit> {
    let (text, effort) = effort(text);
    Ok(Limit { value: positive(read(text))?, effort })
}

/// A cgroup, with `?` or without.
pub(super) fn cgroup(text: Text) -> Read<Cgroup> {
    let (path, effort) = effort(text);
    if path.is_empty() { Err(Problem::Empty) } else { Ok(Cgroup { path, effort }) }
}

/// A Landlock rule, with `?` or without.
pub(super) fn landlock(access: LandlockAccess, text: Text) -> Read<LandlockRule> {
    let (path, effort) = effort(text);
    Ok(LandlockRule { access, path: absolute(path)?, effort })
}

/// A path inside the container.
pub(super) fn absolute(text: Text) -> Read<Text> {
    if text.starts_with(b"/") { Ok(text) } else { Err(Problem::NotAbsolute) }
}

/// A path on the host: any text but an empty one.
pub(super) fn host_path(word: &'static CStr) -> Read<&'static CStr> {
    if word.is_empty() { Err(Problem::Empty) } else { Ok(word) }
}

/// `DIR` inside.
pub(super) fn workdir(word: &'static CStr) -> Read<&'static CStr> {
    absolute(word.to_bytes()).map(|_| word)
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
    let (inside, rest) = cut(text, b':');
    let (outside, count) = cut(rest.ok_or(Problem::NotAMap)?, b':');
    let part = |text: &[u8]| number32(text).map_err(|problem| or(problem, Problem::NotAMap));
    let count = part(count.ok_or(Problem::NotAMap)?)?;
    let range = IdRange { inside: part(inside)?, outside: part(outside)?, count };
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
    match number32(text) {
        Ok(u32::MAX) | Err(Problem::TooLarge) => Err(Problem::TooLarge),
        Ok(_) => Ok(text),
        Err(_) if text.is_empty() || cut(text, b':').1.is_some() => Err(Problem::NotAUser),
        Err(_) => Ok(text),
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
    choose(text, b"auto new bind none", &[Proc::Auto, Proc::New, Proc::Bind, Proc::None], Problem::NotProc)
}

/// `--sys`: whether there is none.
pub(super) fn no_sys(text: &[u8]) -> Read<bool> {
    choose(text, b"auto none", &[false, true], Problem::NotSys)
}

/// `--userns`.
pub(super) fn userns(text: &[u8]) -> Read<Userns> {
    const EACH: &[Userns] = &[Userns::Root, Userns::KeepId, Userns::Auto, Userns::Host];
    choose(text, b"root keep-id auto host", EACH, Problem::NotUserns)
}

/// `--net`. A path has a slash, so that a misspelt word is not taken for one.
pub(super) fn net(word: &'static CStr) -> Read<Net> {
    let path = if cut(word.to_bytes(), b'/').1.is_some() { Ok(Net::Join(word)) } else { Err(Problem::NotNet) };
    choose(word.to_bytes(), b"host none", &[Net::Host, Net::None], Problem::NotNet).or(path)
}

/// One of the namespaces that `--share` keeps.
pub(super) fn shared<'a>(namespaces: &'a mut Namespaces, name: &[u8]) -> Read<&'a mut bool> {
    let flags = [&mut namespaces.share_ipc, &mut namespaces.share_uts, &mut namespaces.share_cgroup];
    let position = position(b"ipc uts cgroup", name);
    flags.into_iter().nth(position.unwrap_or(usize::MAX)).ok_or(Problem::NotShare)
}

/// `--seccomp`. The rules are read by the room that knows the names of the system calls.
pub(super) fn seccomp(text: Text) -> Read<Seccomp> {
    const EACH: &[Seccomp] = &[Seccomp::Default, Seccomp::Strict, Seccomp::None];
    let rules = if text.is_empty() { Err(Problem::Empty) } else { Ok(Seccomp::Rules(text)) };
    choose(text, b"default strict none", EACH, Problem::Empty).or(rules)
}

/// One capability or all.
pub(super) fn capabilities(text: &[u8]) -> Read<u64> {
    capability::set(text).ok_or(Problem::UnknownCapability)
}

/// `NAME=SOFT[:HARD]`.
pub(super) fn ulimit(text: Text) -> Read<Ulimit> {
    let (name, limits) = cut(text, b'=');
    let resource = position(ulimit::NAMES, name).ok_or(Problem::UnknownUlimit)? as u32;
    let (soft, hard) = cut(limits.ok_or(Problem::NotAUlimit)?, b':');
    let soft = ulimit_value(soft)?;
    let hard = hard.map_or(Ok(soft), ulimit_value)?;
    if soft > hard { Err(Problem::SoftAboveHard) } else { Ok(Ulimit { resource, soft, hard }) }
}

fn ulimit_value(text: Text) -> Read<u64> {
    if text == b"unlimited" || text == b"-1" {
        return Ok(u64::MAX);
    }
    number(text).map_err(|problem| or(problem, Problem::NotAUlimit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_decimal() {
        for (text, value) in [("0", 0), ("7", 7), ("007", 7), ("10", 10), ("18446744073709551615", u64::MAX)] {
            assert_eq!(number(text.as_bytes()), Ok(value), "{text:?}");
        }
        for text in ["", " ", " 1", "1 ", "1 2", "+1", "-1", "0x1", "1a", "1e3", "1_000", "1,000", "1.0", "\u{661}"] {
            assert_eq!(number(text.as_bytes()), Err(Problem::NotANumber), "{text:?}");
        }
        for text in ["18446744073709551616", "20000000000000000000", "99999999999999999999999999999999"] {
            assert_eq!(number(text.as_bytes()), Err(Problem::TooLarge), "{text:?}");
        }
    }

    #[test]
    fn descriptors_and_seconds_are_as_wide_as_the_kernels() {
        assert_eq!(descriptor(b"2147483647"), Ok(i32::MAX));
        assert_eq!(descriptor(b"2147483648"), Err(Problem::TooLarge));
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
            ("5", 5000),
            ("5s", 5000),
            ("5ms", 5),
            ("5m", 300_000),
            ("5h", 18_000_000),
            ("18446744073709551615ms", u64::MAX),
        ] {
            assert_eq!(duration(text.as_bytes()), Ok(value), "{text:?}");
        }
        for text in ["", "s", "ms", "5d", "5S", "5 s", "1.5s", "-5", "5us", "5sm", "5mss"] {
            assert_eq!(duration(text.as_bytes()), Err(Problem::NotADuration), "{text:?}");
        }
        for text in ["18446744073709551615", "18446744073709551615s", "18446744073709551616ms", "5124095576031h"] {
            assert_eq!(duration(text.as_bytes()), Err(Problem::TooLarge), "{text:?}");
        }
    }

    #[test]
    fn processors_in_thousandths() {
        for (text, value) in [
            ("0", 0),
            ("2", 2000),
            ("1.5", 1500),
            ("1.05", 1050),
            ("1.005", 1005),
            ("0.25", 250),
            ("0.000", 0),
            ("4294967295.999", 4_294_967_295_999),
        ] {
            assert_eq!(cpus(text.as_bytes()), Ok(value), "{text:?}");
        }
        for text in ["", ".", "1.", ".5", "1.0005", "1.5.5", "1,5", "-1", "1.-5", "1. 5", "1.+5", "1e1", "1.5k"] {
            assert_eq!(cpus(text.as_bytes()), Err(Problem::NotCpus), "{text:?}");
        }
        assert_eq!(cpus(b"4294967296"), Err(Problem::TooLarge));
    }

    #[test]
    fn a_limit_is_never_zero_and_may_be_best_effort() {
        assert_eq!(limit(b"5", number), Ok(Limit { value: 5, effort: Effort::Required }));
        assert_eq!(limit(b"5?", number), Ok(Limit { value: 5, effort: Effort::Best }));
        assert_eq!(limit(b"0", number), Err(Problem::Zero));
        assert_eq!(limit(b"0.000?", cpus), Err(Problem::Zero));
        assert_eq!(limit(b"?", number), Err(Problem::NotANumber));
        assert_eq!(limit(b"?5", number), Err(Problem::NotANumber));
    }

    #[test]
    fn id_maps() {
        let range = |inside, outside, count| Ok(IdRange { inside, outside, count });
        assert_eq!(id_range(b"0:1000:1", &[]), range(0, 1000, 1));
        assert_eq!(id_range(b"0:0:4294967295", &[]), range(0, 0, u32::MAX));
        assert_eq!(id_range(b"4294967294:2147483648:1", &[]), range(4_294_967_294, 2_147_483_648, 1));
        for text in ["", "0", "0:0", "0:0:", ":0:1", "0::1", "0:0:1:1", "a:0:1", "-1:0:1", "0:0: 1", "0x0:0:1"] {
            assert_eq!(id_range(text.as_bytes(), &[]), Err(Problem::NotAMap), "{text:?}");
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
            assert_eq!(user(text.as_bytes()).err(), Some(Problem::NotAUser), "{text:?}");
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
            ("core", Problem::NotAUlimit),
            ("core=", Problem::NotAUlimit),
            ("core=1:", Problem::NotAUlimit),
            ("core=:1", Problem::NotAUlimit),
            ("core=1:2:3", Problem::NotAUlimit),
            ("core=-2", Problem::NotAUlimit),
            ("core=1k", Problem::NotAUlimit),
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
