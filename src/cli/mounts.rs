//! `--volume` and `--tmpfs`: a path and what is said about the mount there.

use super::usage::Problem;
use super::values::{Read, absolute, cut, positive, size};
use crate::config::{Mount, Text, Tmpfs, Volume};

/// A word of a list of options, and what it says.
type Word<T> = (&'static [u8], fn(&mut T));

const VOLUME_OPTIONS: &[Word<Volume>] = &[
    (b"ro", |volume| volume.read_only = true),
    (b"rw", |volume| volume.read_only = false),
    (b"noexec", |volume| volume.no_exec = true),
    (b"exec", |volume| volume.no_exec = false),
    (b"suid", |volume| volume.suid = true),
    (b"nosuid", |volume| volume.suid = false),
    (b"dev", |volume| volume.dev = true),
    (b"nodev", |volume| volume.dev = false),
    (b"norec", |volume| volume.not_recursive = true),
    (b"optional", |volume| volume.optional = true),
];

/// Those without a value.
const TMPFS_OPTIONS: &[Word<Tmpfs>] = &[
    (b"ro", |tmpfs| tmpfs.read_only = true),
    (b"rw", |tmpfs| tmpfs.read_only = false),
    (b"noexec", |tmpfs| tmpfs.no_exec = true),
    (b"exec", |tmpfs| tmpfs.no_exec = false),
    // It always is; docker's users say so.
    (b"nosuid", |_| ()),
    (b"nodev", |_| ()),
];

/// `SRC[:DST[:OPTS]]`.
pub(super) fn volume(text: Text) -> Read<Mount> {
    let (source, rest) = cut(text, b':');
    if source.is_empty() {
        return Err(Problem::NoVolumeSource);
    }
    let (target, mut rest) = cut(rest.unwrap_or(source), b':');
    let target = absolute(target).map_err(|_| Problem::VolumeTargetNotAbsolute)?;
    let mut volume = Volume {
        source,
        target,
        read_only: false,
        no_exec: false,
        suid: false,
        dev: false,
        not_recursive: false,
        optional: false,
    };
    while let Some(options) = rest {
        let (option, next) = cut(options, b',');
        let known = VOLUME_OPTIONS.iter().find(|row| row.0 == option);
        known.ok_or(Problem::UnknownVolumeOption)?.1(&mut volume);
        rest = next;
    }
    Ok(Mount::Volume(volume))
}

/// `DST[:size=,mode=,…]`.
pub(super) fn tmpfs(text: Text) -> Read<Mount> {
    let (target, mut rest) = cut(text, b':');
    let mut tmpfs = Tmpfs { target: absolute(target)?, size: None, mode: None, no_exec: false, read_only: false };
    while let Some(options) = rest {
        let (option, next) = cut(options, b',');
        match (cut(option, b'='), TMPFS_OPTIONS.iter().find(|row| row.0 == option)) {
            (_, Some((_, set))) => set(&mut tmpfs),
            ((b"size", Some(value)), _) => tmpfs.size = Some(positive(size(value))?),
            ((b"mode", Some(value)), _) => tmpfs.mode = Some(mode(value)?),
            _ => return Err(Problem::UnknownTmpfsOption),
        }
        rest = next;
    }
    Ok(Mount::Tmpfs(tmpfs))
}

/// Permission bits, octal as in chmod(1).
fn mode(text: &[u8]) -> Read<u32> {
    let octal = |value: u32, byte: &u8| match byte.wrapping_sub(b'0') {
        digit @ 0..=7 if value <= 0o777 => Some(value * 8 + u32::from(digit)),
        _ => None,
    };
    if text.is_empty() {
        return Err(Problem::NotOctal);
    }
    text.iter().try_fold(0, octal).ok_or(Problem::NotOctal)
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
