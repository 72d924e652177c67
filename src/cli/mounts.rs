//! `--volume` and `--tmpfs`: a path and what is said about the mount there.

use super::usage::Problem;
use super::values::{self, Read, absolute, cut, part, position, positive};
use crate::config::{Mount, Text, Tmpfs, Volume};

/// Words in pairs, one that clears a flag and one that sets it; a comma stands where there is no word.
const VOLUME_OPTIONS: Text = b"rw ro exec noexec nosuid suid nodev dev , norec , optional";
/// Those without a value. A tmpfs always is nosuid and nodev; docker's users say so.
const TMPFS_OPTIONS: Text = b"rw ro exec noexec nosuid , nodev ,";

/// Flags in the order of those pairs.
#[derive(Default)]
struct Flags(u32);

impl Flags {
    /// Takes in a word. False where it is none of them.
    fn take(&mut self, words: Text, word: Text) -> bool {
        let Some(position) = position(words, word) else { return false };
        let bit = 1 << (position / 2);
        self.0 = if position % 2 == 0 { self.0 & !bit } else { self.0 | bit };
        true
    }

    fn has(&self, pair: u32) -> bool {
        (self.0 >> pair) & 1 == 1
    }
}

/// `SRC[:DST[:OPTS]]`.
pub(super) fn volume(text: Text) -> Read<Mount> {
    let (source, rest) = cut(text, b':');
    if source.is_empty() {
        return Err(Problem::NoVolumeSource);
    }
    let (target, mut rest) = cut(rest.unwrap_or(source), b':');
    if absolute(target).is_err() {
        return Err(Problem::VolumeTargetNotAbsolute);
    }
    let mut flags = Flags::default();
    while let Some(option) = part(&mut rest, b',') {
        if !flags.take(VOLUME_OPTIONS, option) {
            return Err(Problem::UnknownVolumeOption);
        }
    }
    Ok(Mount::Volume(Volume {
        source,
        target,
        read_only: flags.has(0),
        no_exec: flags.has(1),
        suid: flags.has(2),
        dev: flags.has(3),
        not_recursive: flags.has(4),
        optional: flags.has(5),
    }))
}

/// `DST[:size=,mode=,…]`.
pub(super) fn tmpfs(text: Text) -> Read<Mount> {
    let (target, mut rest) = cut(text, b':');
    absolute(target)?;
    let (mut size, mut mode, mut flags) = (None, None, Flags::default());
    while let Some(option) = part(&mut rest, b',') {
        match cut(option, b'=') {
            (b"size", Some(value)) => size = Some(positive(values::size(value))?),
            (b"mode", Some(value)) => mode = Some(octal(value)?),
            _ if flags.take(TMPFS_OPTIONS, option) => {}
            _ => return Err(Problem::UnknownTmpfsOption),
        }
    }
    Ok(Mount::Tmpfs(Tmpfs { target, size, mode, no_exec: flags.has(1), read_only: flags.has(0) }))
}

/// `PATH`.
pub(super) fn mask(text: Text) -> Read<Mount> {
    absolute(text)?;
    Ok(Mount::Mask(text))
}

/// Permission bits, octal as in chmod(1).
fn octal(text: &[u8]) -> Read<u32> {
    let mut value = 0;
    for byte in text {
        value = match byte.wrapping_sub(b'0') {
            digit @ 0..=7 if value <= 0o777 => value * 8 + u32::from(digit),
            _ => return Err(Problem::NotOctal),
        };
    }
    if text.is_empty() { Err(Problem::NotOctal) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(text: &'static str) -> Result<Volume, Problem> {
        match super::volume(text.as_bytes())? {
            Mount::Volume(volume) => Ok(volume),
            _ => panic!("{text} is no volume"),
        }
    }

    fn tmpfs(text: &'static str) -> Result<Tmpfs, Problem> {
        match super::tmpfs(text.as_bytes())? {
            Mount::Tmpfs(tmpfs) => Ok(tmpfs),
            _ => panic!("{text} is no tmpfs"),
        }
    }

    /// The flags of a volume in one text, so that a test sees every one of them.
    fn flags(text: &'static str) -> String {
        let volume = volume(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        [
            (volume.read_only, "ro"),
            (volume.no_exec, "noexec"),
            (volume.suid, "suid"),
            (volume.dev, "dev"),
            (volume.not_recursive, "norec"),
            (volume.optional, "optional"),
        ]
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name))
        .collect::<Vec<_>>()
        .join(",")
    }

    #[test]
    fn a_volume_has_two_paths() {
        for (text, source, target) in [
            ("/a", "/a", "/a"),
            ("/a:/b", "/a", "/b"),
            ("a/b:/b", "a/b", "/b"),
            (".:/", ".", "/"),
            ("/a:/b:ro", "/a", "/b"),
        ] {
            let volume = volume(text).unwrap();
            assert_eq!((volume.source, volume.target), (source.as_bytes(), target.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_volumes_options() {
        assert_eq!(flags("/a:/b"), "");
        for option in ["ro", "noexec", "suid", "dev", "norec", "optional"] {
            let text: &'static str = Box::leak(format!("/a:/b:{option}").into_boxed_str());
            assert_eq!(flags(text), option);
        }
        assert_eq!(flags("/a:/b:rw,exec,nosuid,nodev"), "");
        assert_eq!(flags("/a:/b:ro,noexec,suid,dev,norec,optional"), "ro,noexec,suid,dev,norec,optional");
    }

    #[test]
    fn of_two_opposite_options_the_last_one_holds() {
        assert_eq!(flags("/a:/b:ro,noexec,suid,dev,rw,exec,nosuid,nodev"), "");
        assert_eq!(flags("/a:/b:rw,exec,nosuid,nodev,ro,noexec,suid,dev"), "ro,noexec,suid,dev");
    }

    #[test]
    fn bad_volumes() {
        for (text, problem) in [
            ("", Problem::NoVolumeSource),
            (":/b", Problem::NoVolumeSource),
            (":", Problem::NoVolumeSource),
            ("a", Problem::VolumeTargetNotAbsolute),
            ("/a:", Problem::VolumeTargetNotAbsolute),
            ("/a::ro", Problem::VolumeTargetNotAbsolute),
            ("/a:b", Problem::VolumeTargetNotAbsolute),
            ("/a:ro", Problem::VolumeTargetNotAbsolute),
            ("/a:/b:", Problem::UnknownVolumeOption),
            ("/a:/b:ro,", Problem::UnknownVolumeOption),
            ("/a:/b:,ro", Problem::UnknownVolumeOption),
            ("/a:/b:RO", Problem::UnknownVolumeOption),
            ("/a:/b: ro", Problem::UnknownVolumeOption),
            ("/a:/b:ro:rw", Problem::UnknownVolumeOption),
            ("/a:/b:z", Problem::UnknownVolumeOption),
            ("/a:/b:rec", Problem::UnknownVolumeOption),
        ] {
            assert_eq!(volume(text).err(), Some(problem), "{text:?}");
        }
    }

    #[test]
    fn a_tmpfs_and_its_options() {
        let plain = tmpfs("/tmp").unwrap();
        assert_eq!(plain.target, b"/tmp");
        assert_eq!((plain.size, plain.mode, plain.no_exec, plain.read_only), (None, None, false, false));
        let full = tmpfs("/tmp:size=64m,mode=0755,noexec,nosuid,nodev,ro").unwrap();
        assert_eq!((full.size, full.mode, full.no_exec, full.read_only), (Some(64 << 20), Some(0o755), true, true));
        let undone = tmpfs("/tmp:noexec,ro,exec,rw,size=1,size=2").unwrap();
        assert_eq!((undone.size, undone.no_exec, undone.read_only), (Some(2), false, false));
        assert_eq!(tmpfs("/t:mode=7777").unwrap().mode, Some(0o7777));
        assert_eq!(tmpfs("/t:mode=01777").unwrap().mode, Some(0o1777));
        assert_eq!(tmpfs("/t:mode=0").unwrap().mode, Some(0));
    }

    #[test]
    fn bad_tmpfs() {
        for (text, problem) in [
            ("", Problem::NotAbsolute),
            ("tmp", Problem::NotAbsolute),
            (":ro", Problem::NotAbsolute),
            ("/tmp:", Problem::UnknownTmpfsOption),
            ("/tmp:suid", Problem::UnknownTmpfsOption),
            ("/tmp:dev", Problem::UnknownTmpfsOption),
            ("/tmp:size", Problem::UnknownTmpfsOption),
            ("/tmp:ro:rw", Problem::UnknownTmpfsOption),
            ("/tmp:size=", Problem::NotASize),
            ("/tmp:size=50%", Problem::NotASize),
            ("/tmp:size=0", Problem::Zero),
            ("/tmp:size=99999999999999999999", Problem::TooLarge),
            ("/tmp:mode=", Problem::NotOctal),
            ("/tmp:mode=8", Problem::NotOctal),
            ("/tmp:mode=-1", Problem::NotOctal),
            ("/tmp:mode=u+x", Problem::NotOctal),
            ("/tmp:mode=10000", Problem::NotOctal),
            ("/tmp:mode=777777777777777777777777", Problem::NotOctal),
        ] {
            assert_eq!(tmpfs(text).err(), Some(problem), "{text:?}");
        }
    }
}
