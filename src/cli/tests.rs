//! What a command line means, as the user sees it.

use super::row::{Row, rows};
use super::*;
use crate::config::*;
use crate::texts::texts;
use std::ffi::CString;

/// Words that live as long as the program, as its arguments do.
fn leak(words: &[&str]) -> Vec<&'static CStr> {
    words.iter().map(|word| &*Box::leak(CString::new(*word).unwrap().into_boxed_c_str())).collect()
}

fn try_parse(words: &[&str]) -> (Result<Request, Usage>, Box<Config>) {
    let mut config = Box::new(Config::EMPTY);
    let result = parse(&mut leak(words).into_iter(), &mut config);
    (result, config)
}

/// The configuration of a good command line that ends with its root filesystem.
fn good(words: &[&str]) -> Box<Config> {
    let (result, config) = try_parse(words);
    let consumed = if config.process.as_init { words.len() - 1 } else { words.len() };
    assert_eq!(result, Ok(Request::Run { consumed }), "{words:?}");
    config
}

/// The one line about a bad one, without its `engine: `.
fn bad(words: &[&str]) -> String {
    let (result, _) = try_parse(words);
    let Err(usage) = result else { panic!("{words:?} is taken: {result:?}") };
    let text = String::from_utf8_lossy(&usage.pieces(texts()).concat()).into_owned();
    let line = text.lines().next().unwrap();
    line.strip_prefix("engine: ").unwrap().to_owned()
}

#[track_caller]
fn assert_bad(words: &[&str], line: &str) {
    assert_eq!(bad(words), line, "{words:?}");
}

/// A value with which an option can be seen to have been set, and how to see it.
type Example = (&'static str, &'static str, fn(&Config) -> bool);

const EXAMPLES: &[Example] = &[
    (
        "volume",
        "/host:/inside:ro",
        |c| matches!(c.files.mounts.first(), Some(Mount::Volume(v)) if v.source == b"/host"),
    ),
    ("tmpfs", "/tmp:size=1k", |c| matches!(c.files.mounts.first(), Some(Mount::Tmpfs(t)) if t.size == Some(1024))),
    ("read-only", "", |c| c.files.read_only),
    ("ephemeral", "", |c| matches!(c.files.writes, Writes::Ephemeral)),
    ("upper", "up", |c| matches!(c.files.writes, Writes::Upper(d) if d == c"up")),
    ("changes", "list", |c| matches!(c.files.changes, Changes::File(f) if f == c"list")),
    ("mask", "/secret", |c| matches!(c.files.mounts.first(), Some(Mount::Mask(b"/secret")))),
    ("proc", "bind", |c| c.files.proc == Proc::Bind),
    ("sys", "none", |c| c.files.no_sys),
    ("no-dev", "", |c| c.files.no_dev),
    ("user", "7:games", |c| c.identity.user.is_some_and(|u| u.user == b"7" && u.group == Some(b"games"))),
    ("userns", "keep-id", |c| c.identity.userns == Userns::KeepId),
    ("uidmap", "0:1000:1", |c| c.identity.uid_map == [IdRange { inside: 0, outside: 1000, count: 1 }]),
    ("gidmap", "1:2:3", |c| c.identity.gid_map == [IdRange { inside: 1, outside: 2, count: 3 }]),
    ("hostname", "box", |c| c.surroundings.hostname == Some(c"box")),
    ("env", "A=b", |c| matches!(c.surroundings.environment.first(), Some(EnvEdit::Set(w)) if *w == c"A=b")),
    ("env-file", "vars", |c| matches!(c.surroundings.environment.first(), Some(EnvEdit::File(f)) if *f == c"vars")),
    ("clear-env", "", |c| c.surroundings.clear_environment),
    ("workdir", "/srv", |c| c.surroundings.workdir == Some(c"/srv")),
    ("net", "/run/netns/a", |c| matches!(c.namespaces.net, Net::Join(p) if p == c"/run/netns/a")),
    ("share", "ipc,cgroup", |c| c.namespaces.share_ipc && c.namespaces.share_cgroup && !c.namespaces.share_uts),
    ("monotonic", "100", |c| c.namespaces.monotonic == Some(100)),
    ("boottime", "200", |c| c.namespaces.boottime == Some(200)),
    ("tty", "", |c| c.process.tty),
    ("timeout", "2m", |c| c.process.timeout == 120_000),
    ("kill-after", "3s", |c| c.process.kill_after == 3000),
    ("grace", "40ms", |c| c.process.grace == 40),
    ("die-with-parent", "", |c| c.process.die_with_parent),
    ("preserve-fd", "9", |c| c.process.preserved == [9]),
    ("new-session", "", |c| c.process.new_session),
    ("no-init", "", |c| c.process.no_init),
    ("status-fd", "3", |c| c.process.status_fd == Some(3)),
    ("pid-file", "pid", |c| c.process.pid_file == Some(c"pid")),
    ("as-init", "", |c| c.process.as_init),
    ("group", "", |c| c.process.group),
    ("strict", "", |c| c.privileges.strict),
    ("cap-add", "net_admin", |c| c.privileges.capabilities == [CapabilityEdit::Add(capability::NET_ADMIN)]),
    ("cap-drop", "CAP_KILL", |c| c.privileges.capabilities == [CapabilityEdit::Drop(capability::KILL)]),
    ("allow-new-privs", "", |c| c.privileges.allow_new_privs),
    ("seccomp", "strict", |c| matches!(c.privileges.seccomp, Seccomp::Strict)),
    ("landlock-ro", "/a", |c| c.privileges.landlock.iter().any(|r| r.path == b"/a" && r.access == access::READ)),
    ("landlock-rw", "/a?", |c| c.privileges.landlock.iter().any(|r| r.best_effort && r.access == access::READ_WRITE)),
    ("landlock-rx", "/a", |c| c.privileges.landlock.iter().any(|r| !r.best_effort && r.access == access::READ_EXECUTE)),
    ("memory", "1k", |c| c.limits.shared[0] == Limit { value: 1024, best_effort: false }),
    ("cpus", "1.5?", |c| c.limits.shared[1] == Limit { value: 150_000, best_effort: true }),
    ("pids-limit", "9", |c| c.limits.shared[2] == Limit { value: 9, best_effort: false }),
    ("cgroup", "here?", |c| c.limits.cgroup == Some(b"here") && c.limits.cgroup_is_best_effort),
    ("ulimit", "nofile=5:6", |c| c.limits.ulimits == [Ulimit { resource: 7, soft: 5, hard: 6 }]),
];

/// Options that leave no trace in the configuration, and why the table above lacks them.
const NO_TRACE: &[&str] = &["interactive", "rm", "init", "help", "version"];

/// What an option needs beside it.
fn company(name: &str) -> &'static [&'static str] {
    match name {
        "changes" => &["-x"],
        "kill-after" => &["--timeout=1"],
        "group" => &["--as-init"],
        _ => &[],
    }
}

/// Parses with what the option needs.
fn with_company(name: &str, words: &[&str]) -> Box<Config> {
    good(&[company(name), words, &["/root"]].concat())
}

/// Every way to write an option with a value.
fn forms(name: &str, value: &str) -> Vec<Vec<String>> {
    let row = rows().find(|row| row.name_text() == name).unwrap();
    let long = format!("--{name}");
    let mut forms = match row.takes().unwrap() {
        Takes::Nothing => vec![vec![long]],
        Takes::OptionalValue => vec![vec![format!("{long}={value}")]],
        Takes::Value => vec![vec![format!("{long}={value}")], vec![long, value.to_owned()]],
    };
    if row.letter() != 0 {
        let letter = format!("-{}", row.letter() as char);
        match row.takes().unwrap() {
            Takes::Value => {
                forms.push(vec![format!("{letter}{value}")]);
                forms.push(vec![letter, value.to_owned()]);
                forms.push(vec![format!("-i{}{value}", row.letter() as char)]);
                forms.push(vec![format!("-i{}", row.letter() as char), value.to_owned()]);
            }
            _ => {
                forms.push(vec![letter]);
                forms.push(vec![format!("-i{}", row.letter() as char)]);
                forms.push(vec![format!("-{}i", row.letter() as char)]);
            }
        }
    }
    forms
}

#[test]
fn every_option_can_be_set_in_every_form() {
    for (name, value, is_set) in EXAMPLES {
        assert!(!is_set(&Config::EMPTY), "--{name} is set before it is given");
        for form in forms(name, value) {
            let words: Vec<&str> = form.iter().map(String::as_str).collect();
            assert!(is_set(&with_company(name, &words)), "{words:?}");
        }
    }
}

#[test]
fn an_option_sets_nothing_but_itself() {
    for (name, value, _) in EXAMPLES {
        let words = forms(name, value).remove(0);
        let config = with_company(name, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let company: &[&str] = match *name {
            "changes" => &["ephemeral"],
            "kill-after" => &["timeout"],
            "group" => &["as-init"],
            _ => &[],
        };
        for (other, _, is_set) in EXAMPLES {
            assert!(!is_set(&config) || other == name || company.contains(other), "--{name} sets --{other}");
        }
    }
}

#[test]
fn every_row_has_an_example_and_every_example_a_row() {
    for row in rows() {
        let traced = EXAMPLES.iter().any(|example| example.0 == row.name_text());
        assert!(traced != NO_TRACE.contains(&row.name_text()), "--{}", row.name_text());
    }
    assert_eq!(rows().count(), EXAMPLES.len() + NO_TRACE.len());
}

#[test]
fn every_row_is_documented_and_no_name_is_used_twice() {
    for (index, row) in rows().enumerate() {
        assert!(texts().line(row.help()).len() > 6, "--{}", row.name_text());
        assert!(row.name_text().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", row.name_text());
        for other in rows().skip(index + 1) {
            assert_ne!(row.name_text(), other.name_text());
            assert!(row.letter() == 0 || row.letter() != other.letter(), "-{}", row.letter() as char);
        }
    }
}

/// The table of the specification, which stays with the source as the list of what must be there.
#[test]
fn the_options_of_the_specification_are_all_there() {
    let names = "volume tmpfs read-only ephemeral upper changes mask proc sys no-dev user userns uidmap gidmap hostname \
        env env-file clear-env workdir net share monotonic boottime tty timeout kill-after grace die-with-parent \
        preserve-fd new-session no-init status-fd pid-file as-init group strict cap-add cap-drop allow-new-privs seccomp \
        landlock-ro landlock-rw landlock-rx ulimit memory cpus pids-limit cgroup help version interactive rm init";
    let names: Vec<&str> = names.split_whitespace().collect();
    assert_eq!(rows().map(Row::name_text).filter(|name| !names.contains(name)).count(), 0);
    assert_eq!(names.len(), rows().count());
    let letters: Vec<u8> = rows().map(|row| row.letter()).filter(|letter| *letter != 0).collect();
    assert_eq!(letters, b"vxuewtim");
}

#[test]
fn options_without_effect_have_none() {
    let config = good(&["-i", "--rm", "--init", "--interactive", "/root"]);
    for (name, _, is_set) in EXAMPLES {
        assert!(!is_set(&config), "--{name}");
    }
}

#[test]
fn what_follows_the_rootfs_is_the_commands() {
    let (result, config) = try_parse(&["--read-only", "/root", "sh", "--volume", "-x", "--help", "--", "--nonsense"]);
    assert_eq!(result, Ok(Request::Run { consumed: 2 }));
    assert_eq!(config.rootfs, Some(c"/root"));
    assert!(config.files.read_only && config.files.mounts.is_empty());
    assert!(matches!(config.files.writes, Writes::Through));
}

#[test]
fn words_behind_the_rootfs_are_not_even_read() {
    let words = leak(&["-x", "/root", "sh", "-c"]);
    let mut words = words.into_iter();
    parse(&mut words, &mut Box::new(Config::EMPTY)).unwrap();
    assert_eq!(words.next(), Some(c"sh"));
}

#[test]
fn two_dashes_end_the_options() {
    assert_eq!(good(&["--", "-x"]).rootfs, Some(c"-x"));
    assert_eq!(good(&["-x", "--", "--"]).rootfs, Some(c"--"));
    assert_eq!(good(&["-x", "--", "--help"]).rootfs, Some(c"--help"));
    assert_bad(&["--"], "a root filesystem is needed");
    assert_bad(&["-x", "--"], "a root filesystem is needed");
}

#[test]
fn a_single_dash_and_an_empty_word_are_no_options() {
    assert_eq!(good(&["-"]).rootfs, Some(c"-"));
    assert_eq!(good(&[""]).rootfs, Some(c""));
    assert_eq!(good(&["-x", ""]).rootfs, Some(c""));
}

#[test]
fn a_value_may_look_like_an_option() {
    assert_eq!(good(&["--hostname", "--help", "/root"]).surroundings.hostname, Some(c"--help"));
    assert_eq!(good(&["--hostname", "--", "/root"]).surroundings.hostname, Some(c"--"));
    assert_eq!(good(&["--hostname=a=b", "/root"]).surroundings.hostname, Some(c"a=b"));
}

#[test]
fn flags_bundle() {
    let config = good(&["-xi", "/root"]);
    assert!(matches!(config.files.writes, Writes::Ephemeral));
    let config = good(&["-ixu7", "/root"]);
    assert!(matches!(config.files.writes, Writes::Ephemeral) && config.identity.user.is_some_and(|u| u.user == b"7"));
    let config = good(&["-xiw/srv", "/root"]);
    assert!(matches!(config.files.writes, Writes::Ephemeral) && config.surroundings.workdir == Some(c"/srv"));
    // What follows the letter is its value, even where it could be more letters.
    let config = good(&["-exi", "/root"]);
    assert!(matches!(config.surroundings.environment.first(), Some(EnvEdit::Inherit(b"xi"))));
    assert!(matches!(config.files.writes, Writes::Through));
}

#[test]
fn a_command_line_without_a_rootfs() {
    let (result, _) = try_parse(&[]);
    assert_eq!(result.unwrap_err().problem(), Problem::NoArguments);
    assert_bad(&["-x"], "a root filesystem is needed");
    assert_eq!(try_parse(&["-x"]).0.unwrap_err().problem(), Problem::NoRootfs);
}

#[test]
fn unknown_options() {
    assert_bad(&["--colour", "/root"], "--colour: unknown option");
    assert_bad(&["--colour=red", "/root"], "--colour: unknown option");
    assert_bad(&["--=", "/root"], "--: unknown option");
    assert_bad(&["--volum", "/a", "/root"], "--volum: unknown option");
    assert_bad(&["--volumes", "/a", "/root"], "--volumes: unknown option");
    assert_bad(&["--Volume", "/a", "/root"], "--Volume: unknown option");
    assert_bad(&["--volume\tSRC", "/root"], "--volume\tSRC: unknown option");
    assert_bad(&["---init", "/root"], "---init: unknown option");
    assert_bad(&["-xq", "/root"], "-q: unknown option");
    assert_bad(&["-read-only", "/root"], "-r: unknown option");
    assert_bad(&["-x=1", "/root"], "-=: unknown option");
    assert_bad(&["-5", "/root"], "-5: unknown option");
}

#[test]
fn a_flag_takes_no_value() {
    for row in rows().filter(|row| row.takes() == Some(Takes::Nothing)) {
        for value in ["", "true"] {
            let word = format!("--{}={value}", row.name_text());
            assert_bad(&[&word, "/root"], &format!("--{}: takes no value", row.name_text()));
        }
    }
}

#[test]
fn an_option_wants_its_value() {
    for row in rows().filter(|row| row.takes() == Some(Takes::Value)) {
        let line =
            format!("--{}: needs a value: {}", row.name_text(), String::from_utf8_lossy(texts().line(row.value())));
        assert_bad(&[&format!("--{}", row.name_text())], &line);
        if row.letter() != 0 {
            assert_bad(&[&format!("-{}", row.letter() as char)], &line);
            assert_bad(&[&format!("-x{}", row.letter() as char)], &line);
        }
    }
}

#[test]
fn no_option_takes_an_empty_value() {
    for row in rows().filter(|row| row.takes() != Some(Takes::Nothing)) {
        let word = format!("--{}=", row.name_text());
        assert!(bad(&[&word, "/root"]).starts_with(&format!("--{}: ", row.name_text())), "{word}");
        if row.takes() == Some(Takes::Value) {
            let long = format!("--{}", row.name_text());
            assert!(bad(&[&long, "", "/root"]).starts_with(&format!("{long}: ")), "{long}");
        }
    }
}

#[test]
fn changes_has_its_value_by_the_equals_sign_only() {
    let (result, config) = try_parse(&["-x", "--changes", "/root", "sh"]);
    assert_eq!(result, Ok(Request::Run { consumed: 3 }));
    assert!(matches!(config.files.changes, Changes::Stderr));
    assert_eq!(config.rootfs, Some(c"/root"));
    assert_bad(&["-x", "--changes=", "/root"], "--changes: must not be empty");
}

#[test]
fn of_two_the_last_one_wins() {
    assert_eq!(good(&["--hostname", "a", "--hostname=b", "/root"]).surroundings.hostname, Some(c"b"));
    assert_eq!(good(&["-w/a", "--workdir=/b", "/root"]).surroundings.workdir, Some(c"/b"));
    assert!(good(&["--proc", "none", "--proc", "auto", "/root"]).files.proc == Proc::Auto);
    assert!(!good(&["--sys", "none", "--sys", "auto", "/root"]).files.no_sys);
    assert!(matches!(good(&["--net", "none", "--net", "host", "/root"]).namespaces.net, Net::Host));
    assert!(matches!(good(&["--upper", "a", "--upper", "b", "/root"]).files.writes, Writes::Upper(d) if d == c"b"));
}

#[test]
fn repeatable_options_stay_in_order() {
    let config = good(&["--mask=/c", "-v/a", "--tmpfs", "/b", "-v", "/d:/e", "/root"]);
    let targets: Vec<&[u8]> = config.files.mounts.iter().map(target).collect();
    assert_eq!(targets, [b"/c", b"/a", b"/b", b"/e"]);

    let config = good(&["-eA=1", "--env-file=f", "-eB", "--env", "A=2", "/root"]);
    assert!(matches!(
        config.surroundings.environment.as_slice(),
        [EnvEdit::Set(a), EnvEdit::File(f), EnvEdit::Inherit(b"B"), EnvEdit::Set(b)]
            if *a == c"A=1" && *f == c"f" && *b == c"A=2"
    ));

    let config = good(&["--cap-drop=all", "--cap-add=kill", "--cap-drop=KILL", "/root"]);
    assert_eq!(
        config.privileges.capabilities,
        [
            CapabilityEdit::Drop(capability::ALL),
            CapabilityEdit::Add(capability::KILL),
            CapabilityEdit::Drop(capability::KILL)
        ]
    );

    let config = good(&["--share=uts", "--share=ipc", "/root"]);
    assert!(config.namespaces.share_uts && config.namespaces.share_ipc && !config.namespaces.share_cgroup);

    let config = good(&["--ulimit=core=1", "--ulimit=cpu=2", "--ulimit=core=3", "/root"]);
    let limits: Vec<_> = config.limits.ulimits.iter().map(|limit| (limit.resource, limit.soft)).collect();
    assert_eq!(limits, [(4, 3), (0, 2)]);
}

fn target(mount: &Mount) -> &'static [u8] {
    match mount {
        Mount::Volume(volume) => volume.target,
        Mount::Tmpfs(tmpfs) => tmpfs.target,
        Mount::Mask(path) => path,
    }
}

#[test]
fn every_list_is_full_at_its_limit_and_says_so() {
    for (capacity, word, line) in [
        (MOUNTS_MAX, "-v/a:/b", "--volume: more than 512 mounts"),
        (MOUNTS_MAX, "--tmpfs=/b", "--tmpfs: more than 512 mounts"),
        (MOUNTS_MAX, "--mask=/b", "--mask: more than 512 mounts"),
        (ENV_EDITS_MAX, "-eA", "--env: more than 512 changes"),
        (ENV_EDITS_MAX, "--env-file=a", "--env-file: more than 512 changes"),
        (CAPABILITY_EDITS_MAX, "--cap-add=kill", "--cap-add: more than 64 changes"),
        (CAPABILITY_EDITS_MAX, "--cap-drop=kill", "--cap-drop: more than 64 changes"),
        (MAP_LINES_MAX, "--uidmap=#:#:1", "--uidmap: more than 340 lines"),
        (MAP_LINES_MAX, "--gidmap=#:#:1", "--gidmap: more than 340 lines"),
    ] {
        let mut words: Vec<String> = (0..capacity).map(|n| word.replace('#', &(n + 3).to_string())).collect();
        words.push(String::from("/root"));
        good(&words.iter().map(String::as_str).collect::<Vec<_>>());
        words.insert(0, word.replace('#', "100000"));
        assert_bad(&words.iter().map(String::as_str).collect::<Vec<_>>(), line);
    }
}

#[test]
fn every_limit_of_the_kernel_fits() {
    let names = "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack as";
    let mut words: Vec<String> = names.split(' ').map(|name| format!("--ulimit={name}=1")).collect();
    words.push(String::from("/root"));
    assert_eq!(good(&words.iter().map(String::as_str).collect::<Vec<_>>()).limits.ulimits.len(), ULIMITS_MAX);
}

#[test]
fn help_and_version_answer_at_once() {
    for words in [&["--help"][..], &["-x", "--help"], &["--help", "/root"], &["--help", "--nonsense"]] {
        assert_eq!(try_parse(words).0, Ok(Request::Help), "{words:?}");
    }
    for words in [&["--version"][..], &["-x", "--version", "/root"], &["--version", "--help"]] {
        assert_eq!(try_parse(words).0, Ok(Request::Version), "{words:?}");
    }
    // But not behind the end of the options, and not before an earlier mistake.
    good(&["--", "--help"]);
    assert_bad(&["--nonsense", "--help"], "--nonsense: unknown option");
}

#[test]
fn as_init_leaves_the_command_to_the_caller() {
    for (words, consumed) in [
        (&["--as-init", "sh", "-c", "true"][..], 1),
        (&["--as-init", "--", "sh"], 2),
        (&["--as-init", "--group", "--timeout", "5", "--", "--strange"], 5),
        (&["--as-init", ""], 1),
    ] {
        let (result, config) = try_parse(words);
        assert_eq!(result, Ok(Request::Run { consumed }), "{words:?}");
        assert!(config.process.as_init && config.rootfs.is_none());
    }
    assert_bad(&["--as-init"], "--as-init: needs a command");
    assert_bad(&["--as-init", "--group", "--"], "--as-init: needs a command");
}

#[test]
fn as_init_takes_what_is_about_the_command_and_nothing_about_a_container() {
    let about_the_command = [
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
        "ulimit",
    ];
    for (name, value, _) in EXAMPLES {
        let word = if value.is_empty() { format!("--{name}") } else { format!("--{name}={value}") };
        let words = ["--as-init", "--timeout=1", &word, "sh"];
        if about_the_command.contains(name) {
            assert_eq!(try_parse(&words).0, Ok(Request::Run { consumed: 3 }), "{words:?}");
        } else {
            let line = format!("--{name}: not with --as-init");
            assert_bad(&words, &line);
            assert_bad(&["--timeout=1", &word, "--as-init", "sh"], &line);
        }
    }
}

#[test]
fn contradictions_name_both() {
    for (words, line) in [
        (&["-x", "--upper=d"][..], "--ephemeral: not with --upper"),
        (&["--kill-after=1"], "--kill-after: needs --timeout"),
        (&["--kill-after=1", "--grace=1"], "--kill-after: needs --timeout"),
        (&["--grace=1", "--no-init"], "--no-init: not with --timeout, --grace or --changes"),
        (&["--no-init", "--timeout=1"], "--no-init: not with --timeout, --grace or --changes"),
        (&["--no-init", "-x", "--changes"], "--no-init: not with --timeout, --grace or --changes"),
        (&["--group"], "--group: needs --as-init"),
        (&["--upper=d", "-x"], "--ephemeral: not with --upper"),
        (&["--changes"], "--changes: needs -x (--ephemeral) or --upper"),
        (&["--changes=f"], "--changes: needs -x (--ephemeral) or --upper"),
        (&["--userns=keep-id", "--uidmap=0:0:1"], "--uidmap: only with --userns root"),
        (&["--gidmap=0:0:1", "--userns=auto"], "--gidmap: only with --userns root"),
        (&["--uidmap=0:0:1", "--userns=host"], "--uidmap: only with --userns root"),
        (&["--hostname=a", "--share=ipc,uts"], "--hostname: not with --share uts, which would rename the host"),
    ] {
        assert_bad(&[words, &["/root"]].concat(), line);
    }
}

#[test]
fn what_only_looks_like_a_contradiction_is_none() {
    good(&["--upper=d", "--changes", "/root"]);
    good(&["--kill-after=1", "--timeout=1", "/root"]);
    good(&["--no-init", "-t", "--new-session", "--status-fd=1", "/root"]);
    good(&["--uidmap=0:0:1", "--userns=root", "/root"]);
    good(&["--userns=host", "--userns=root", "--uidmap=0:0:1", "/root"]);
    good(&["--hostname=a", "--share=ipc,cgroup", "/root"]);
    good(&["--strict", "--net=host", "--allow-new-privs", "-x", "/root"]);
}

#[test]
fn the_two_maps_know_nothing_of_each_other() {
    let config = good(&["--uidmap=0:1000:1", "--gidmap=0:1000:1", "--uidmap=1:1:1", "--gidmap=1:1:2", "/root"]);
    assert_eq!((config.identity.uid_map.len(), config.identity.gid_map.len()), (2, 2));
    assert_bad(&["--uidmap=0:1:1", "--uidmap=0:2:1", "/root"], "--uidmap: 0:2:1: overlaps an earlier one");
    assert_bad(&["--gidmap=0:1:1", "--gidmap=2:1:1", "/root"], "--gidmap: 2:1:1: overlaps an earlier one");
}

/// One bad value of each kind; the kinds themselves are in the tests of values.rs and mounts.rs.
#[test]
fn bad_values_name_the_option() {
    let long_name = "a".repeat(65);
    for (name, value, line) in [
        ("volume", ":/a", ":/a: the host's path is missing"),
        ("volume", "a", "a: the path inside must begin with a slash"),
        ("tmpfs", "tmp", "tmp: must begin with a slash"),
        ("mask", "a", "a: must begin with a slash"),
        ("proc", "old", "old: must be auto|new|bind|none"),
        ("sys", "new", "new: must be auto|none"),
        ("user", ":1", ":1: must be USER[:GROUP]"),
        ("userns", "keep", "keep: must be root|keep-id|auto|host"),
        ("uidmap", "0:0", "0:0: must be IN:OUT:COUNT"),
        ("gidmap", "0:0:0", "0:0:0: must be more than 0"),
        ("hostname", &long_name, "longer than 64 bytes"),
        ("env", "=a", "=a: the name is missing"),
        ("workdir", "srv", "srv: must begin with a slash"),
        ("net", "bridge", "bridge: must be host, none or a path with a slash"),
        ("share", "ipc,", "ipc,: must be of ipc,uts,cgroup"),
        ("share", "pid", "pid: must be of ipc,uts,cgroup"),
        ("monotonic", "-1", "-1: must be a plain number"),
        ("boottime", "9223372036854775808", "9223372036854775808: too large"),
        ("timeout", "1d", "1d: must be digits and ms, s, m, h or nothing"),
        ("timeout", "0", "0: must be more than 0"),
        ("kill-after", "1.5", "1.5: must be digits and ms, s, m, h or nothing"),
        ("grace", "99999999999999999999", "99999999999999999999: too large"),
        ("preserve-fd", "-1", "-1: must be a plain number"),
        ("preserve-fd", "2147483648", "2147483648: too large"),
        ("status-fd", "0x3", "0x3: must be a plain number"),
        ("cap-add", "root", "root: unknown capability"),
        ("cap-drop", "CAP_", "CAP_: unknown capability"),
        ("seccomp", "deny", "deny: must be default|strict|none|RULES"),
        ("seccomp", "", "must be default|strict|none|RULES"),
        ("landlock-ro", "etc", "etc: must begin with a slash"),
        ("landlock-rw", "?", "?: must begin with a slash"),
        ("landlock-rx", "", "must begin with a slash"),
        ("memory", "1q", "1q: must be digits and k, m, g or nothing"),
        ("cpus", "0", "0: must be more than 0"),
        ("pids-limit", "1k?", "1k?: must be a plain number"),
        ("cgroup", "?", "must not be empty"),
        ("ulimit", "files=1", "files=1: unknown limit"),
        ("ulimit", "core=2:1", "core=2:1: soft is above hard"),
    ] {
        assert_bad(&[&format!("--{name}={value}"), "/root"], &format!("--{name}: {line}"));
        assert_bad(&[&format!("--{name}"), value, "/root"], &format!("--{name}: {line}"));
    }
}

/// A small generator of numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

/// Option soup: names, letters and values from the tables, cut, joined and salted. Whatever comes, parse must answer,
/// and its answer must fit the words.
#[test]
fn no_soup_of_words_breaks_the_parser() {
    const SALT: &[&str] = &[
        "",
        "-",
        "--",
        "=",
        ":",
        ",",
        "?",
        "/",
        "/a",
        "-1",
        "0",
        "1",
        "4294967295",
        "18446744073709551616",
        "k",
        "ms",
        "unlimited",
        "CAP_",
        "all",
        "ro",
        "size=",
        "mode=",
        "\u{e9}",
        "\t",
        "\u{7f}",
        "--=",
        "a:/b:rw,,ro",
        "0:0:1",
    ];
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut runs, mut errors) = (0, 0);
    for _ in 0..20_000 {
        let mut words = Vec::new();
        for _ in 0..dice.roll(6) {
            let (name, value, _) = EXAMPLES[dice.roll(EXAMPLES.len())];
            let row = rows().nth(dice.roll(rows().count())).unwrap();
            let salt = SALT[dice.roll(SALT.len())];
            let mut word = match dice.roll(8) {
                0 => format!("--{name}"),
                1 | 2 => format!("--{name}={value}"),
                3 => format!("--{}={value}{salt}", row.name_text()),
                4 => format!("-{}{salt}", row.letter().max(b'q') as char),
                5 => format!("--{name}={salt}{value}"),
                6 => salt.to_owned(),
                _ => value.to_owned(),
            };
            if dice.roll(4) == 0 {
                let cut = dice.roll(word.len() + 1);
                word = word.char_indices().filter(|(index, _)| *index < cut).map(|(_, letter)| letter).collect();
            }
            words.push(word);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match try_parse(&words) {
            (Ok(Request::Run { consumed }), config) => {
                assert!(consumed <= words.len(), "{words:?}");
                assert_eq!(config.rootfs.is_none(), config.process.as_init, "{words:?}");
                assert!(!config.process.as_init || consumed < words.len(), "{words:?}");
                runs += 1;
            }
            (Ok(_), _) => {}
            (Err(usage), _) => {
                let text = usage.pieces(texts()).concat();
                assert!(text.starts_with(b"engine: ") && text.ends_with(b"\n"), "{words:?}");
                errors += 1;
            }
        }
    }
    assert!(runs > 1000 && errors > 1000, "the soup is too thin: {runs} runs, {errors} errors");
}

/// The same with bytes that no one would type.
#[test]
fn no_random_bytes_break_the_parser() {
    let mut dice = Dice(42);
    for _ in 0..20_000 {
        let words: Vec<&'static CStr> = (0..dice.roll(4))
            .map(|_| {
                let dashes = ["", "-", "--", "--tmpfs=/", "-v/", "--ulimit=core=", "--uidmap="][dice.roll(7)];
                let mut bytes = dashes.as_bytes().to_vec();
                bytes.extend((0..dice.roll(12)).map(|_| 1 + dice.roll(255) as u8));
                &*Box::leak(CString::new(bytes).unwrap().into_boxed_c_str())
            })
            .collect();
        let count = words.len();
        match parse(&mut words.into_iter(), &mut Box::new(Config::EMPTY)) {
            Ok(Request::Run { consumed }) => assert!(consumed <= count),
            Ok(_) => {}
            Err(usage) => assert!(usage.pieces(texts()).concat().ends_with(b"\n")),
        }
    }
}
