//! The rules of the house, kept by a test: who may import whom, where `unsafe` lives, no way to panic, few dependencies,
//! short files.

use crate::support::world::PROJECT;
use crate::support::{Test, Verdict, once};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use std::fs;
use std::path::Path;
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;

pub(crate) const TESTS: &[Test] = &[
    once("imports run one way", imports),
    once("unsafe lives in sys, and at the way in", unsafe_code),
    once("the kernel's crates are named in sys only", kernel_crates),
    once("product code has no way to panic", panics),
    once("files are short", lengths),
    once("the product depends on three crates, without their default features", dependencies),
    once("each of these rules can fail", rules_can_fail),
    once("every row of a container's life has a test with its name", rows_of_life),
];

/// Who may import whom. What is in no row has no place in the house yet.
const IMPORTS: &[(&str, &[&str])] = &[
    ("main", &["lib", "sys"]),
    ("lib", &["cli", "config", "error", "launch", "sys", "texts", "words"]),
    ("cli", &["config", "error", "words"]),
    (
        "launch",
        &[
            "accounts", "config", "error", "fields", "handover", "id_map", "report", "seccomp", "setup", "sys",
            "texts", "words", // With --as-init O starts the command itself, and serves as I does.
            "command", "serve",
        ],
    ),
    ("setup", &["changes", "config", "error", "handover", "id_map", "init", "seccomp", "sys", "words"]),
    ("init", &["changes", "command", "config", "error", "handover", "id_map", "report", "serve", "sys"]),
    ("serve", &["config", "error", "report", "sys"]),
    ("command", &["accounts", "config", "error", "handover", "report", "seccomp", "sys"]),
    ("accounts", &["error", "fields", "sys"]),
    ("changes", &["error", "sys"]),
    ("fields", &["error", "sys"]),
    ("handover", &["changes", "config", "error", "report", "seccomp", "sys"]),
    ("id_map", &["config", "error", "fields", "sys"]),
    ("report", &["config", "error"]),
    ("seccomp", &["config", "error", "words"]),
    // The trait of a CPU that seccomp wants is written where the numbers of the calls may be named.
    ("sys", &["config", "error", "seccomp"]),
    ("texts", &["cli", "sys", "words"]),
    ("config", &["words"]),
    ("error", &["words"]),
    ("words", &[]),
    ("mem", &[]),
];

/// Where `unsafe` may stand: modules of [`IMPORTS`].
const UNSAFE: &[&str] = &["sys", "main", "mem"];
/// The crates that only `sys` names.
const KERNEL: &[&str] = &["syscalls", "linux_raw_sys"];
const METHODS: &[&str] = &["unwrap", "expect", "unwrap_err", "expect_err"];
const MACROS: &[&str] =
    &["panic", "todo", "unimplemented", "unreachable", "assert", "assert_eq", "assert_ne", "unreachable_unchecked"];
const LINES_MAX: usize = 400;
const DEPENDENCIES: &[&str] = &["heapless", "linux-raw-sys", "syscalls"];

/// A file of the product, without its tests.
struct Source {
    /// Its path below `src/`.
    path: String,
    /// The modules that its path stands for: none for lib.rs, `main` for main.rs.
    module: Vec<String>,
    syntax: syn::File,
    tokens: Vec<(Token, usize)>,
    lines: usize,
}

/// A token, as far as the rules look at it.
#[derive(Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(char),
    Other,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let mut syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("src/{path}: {error}"));
        let mut tests = Tests { lines: 0 };
        tests.visit_file_mut(&mut syntax);
        let mut tokens = Vec::new();
        flatten(syntax.to_token_stream(), &mut tokens);
        let stem = path.strip_suffix(".rs").unwrap();
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        let module = if stem == "lib" { Vec::new() } else { stem.split('/').map(str::to_owned).collect() };
        Self { path: path.to_owned(), module, syntax, tokens, lines: text.lines().count() - tests.lines }
    }

    /// The room of the house that it belongs to.
    fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    fn complain(&self, line: usize, complaint: &str) -> String {
        format!("src/{}:{line}: {complaint}", self.path)
    }
}

/// Takes out what is for tests only, and counts its lines.
struct Tests {
    lines: usize,
}

impl VisitMut for Tests {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        // `cfg_attr(test, ...)` as well: it says nothing about the product.
        file.attrs.retain(|attribute| !is_for_tests(attribute));
        self.drop_tests(&mut file.items);
        syn::visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            self.drop_tests(items);
        }
        syn::visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        item.items.retain(|item| match item {
            syn::ImplItem::Fn(function) if function.attrs.iter().any(is_for_tests) => {
                let span = function.span();
                self.lines += span.end().line + 1 - span.start().line;
                false
            }
            _ => true,
        });
        syn::visit_mut::visit_item_impl_mut(self, item);
    }
}

impl Tests {
    fn drop_tests(&mut self, items: &mut Vec<syn::Item>) {
        items.retain(|item| {
            let attributes: &[syn::Attribute] = match item {
                syn::Item::Const(item) => &item.attrs,
                syn::Item::Fn(item) => &item.attrs,
                syn::Item::Impl(item) => &item.attrs,
                syn::Item::Macro(item) => &item.attrs,
                syn::Item::Mod(item) => &item.attrs,
                syn::Item::Struct(item) => &item.attrs,
                syn::Item::Use(item) => &item.attrs,
                _ => &[],
            };
            let for_tests = attributes.iter().any(is_for_tests);
            if for_tests {
                let span = item.span();
                self.lines += span.end().line + 1 - span.start().line;
            }
            !for_tests
        });
    }
}

/// `#[cfg(test)]` or `#[cfg_attr(test, ...)]`.
fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let tokens = attribute.meta.to_token_stream().to_string().replace(' ', "");
    tokens == "cfg(test)" || tokens.starts_with("cfg_attr(test,")
}

/// Every token in a row, those of macros included.
fn flatten(stream: TokenStream, tokens: &mut Vec<(Token, usize)>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                tokens.push((Token::Sign('('), line));
                flatten(group.stream(), tokens);
                tokens.push((Token::Sign(')'), line));
            }
            TokenTree::Ident(word) => tokens.push((Token::Word(word.to_string()), line)),
            TokenTree::Punct(sign) => tokens.push((Token::Sign(sign.as_char()), line)),
            TokenTree::Literal(_) => tokens.push((Token::Other, line)),
        }
    }
}

/// Every file of the product.
fn sources() -> Vec<Source> {
    fn walk(directory: &Path, root: &Path, found: &mut Vec<Source>) {
        let mut entries: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(Source::new(&name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(PROJECT).join("src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    // A module file that is for tests only is declared so elsewhere.
    found.retain(|source| !source.module.iter().any(|name| name == "tests"));
    assert!(found.len() > 5, "src/ should hold the product");
    found
}

/// Holds all of the product against a rule.
fn hold(rule: fn(&Source) -> Vec<String>) -> Verdict {
    let complaints: Vec<_> = sources().iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    Ok(())
}

fn imports() -> Verdict {
    hold(imports_of)
}

fn unsafe_code() -> Verdict {
    hold(unsafe_of)
}

fn kernel_crates() -> Verdict {
    hold(kernel_of)
}

fn panics() -> Verdict {
    hold(panics_of)
}

fn lengths() -> Verdict {
    hold(length_of)
}

/// The paths that a file names, each with the line and the inline modules that it stands in.
struct Paths<'a> {
    /// The file's module and the inline modules around what is visited.
    module: Vec<String>,
    /// Complete paths, from the root of the crate, of what is named.
    found: Vec<(Vec<String>, usize)>,
    source: &'a Source,
}

impl Paths<'_> {
    fn note(&mut self, words: &[String], line: usize) {
        let Some(first) = words.first() else { return };
        let in_binary = self.source.room() == "main";
        let mut module = self.module.clone();
        let mut rest = words;
        match first.as_str() {
            "crate" => {
                if in_binary {
                    return;
                }
                module.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            // The library, seen from main.rs.
            "engine" if in_binary => {
                module.clear();
                rest = &rest[1..];
            }
            // In lib.rs a module is named without more ado.
            name if module.is_empty() && IMPORTS.iter().any(|row| row.0 == name) => {}
            _ => return,
        }
        module.extend(rest.iter().cloned());
        self.found.push((module, line));
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |word: &syn::Ident| before.iter().cloned().chain([word.to_string()]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item, before)),
            syn::UseTree::Name(name) => self.note(&with(&name.ident), name.ident.span().start().line),
            syn::UseTree::Rename(name) => self.note(&with(&name.ident), name.ident.span().start().line),
            _ => self.note(before, tree.span().start().line),
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &[]);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.note(&words, path.span().start().line);
        syn::visit::visit_path(self, path);
    }
}

fn imports_of(source: &Source) -> Vec<String> {
    let room = source.room();
    let Some((_, allowed)) = IMPORTS.iter().find(|row| row.0 == room) else {
        return vec![source.complain(1, &format!("{room} has no place in the table of imports"))];
    };
    let mut paths = Paths { module: source.module.clone(), found: Vec::new(), source };
    paths.visit_file(&source.syntax);
    let mut complaints = Vec::new();
    for (path, line) in paths.found {
        let named = path.first().map_or("lib", String::as_str);
        let known = IMPORTS.iter().any(|row| row.0 == named);
        if known && named != room && !allowed.contains(&named) {
            complaints.push(source.complain(line, &format!("{room} imports {named}")));
        }
    }
    complaints.dedup();
    // Macros are not parsed; what they name of the crate stands in their tokens.
    for window in source.tokens.windows(4) {
        let [(Token::Word(first), line), (Token::Sign(':'), _), (Token::Sign(':'), _), (Token::Word(second), _)] =
            window
        else {
            continue;
        };
        let known = IMPORTS.iter().any(|row| row.0 == second);
        if first == "crate" && known && room != "main" && second != room && !allowed.contains(&second.as_str()) {
            let complaint = source.complain(*line, &format!("{room} imports {second}"));
            if !complaints.contains(&complaint) {
                complaints.push(complaint);
            }
        }
    }
    complaints
}

/// A complaint for each word of `words`, where `counts` says so of what stands before and behind it.
fn words_of(source: &Source, words: &[&str], counts: impl Fn(Option<&Token>, Option<&Token>) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for (index, (token, line)) in source.tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| source.tokens.get(index)).map(|token| &token.0);
        let behind = source.tokens.get(index + 1).map(|token| &token.0);
        if let Token::Word(word) = token
            && words.contains(&word.as_str())
            && counts(before, behind)
        {
            complaints.push(source.complain(*line, word));
        }
    }
    complaints
}

fn unsafe_of(source: &Source) -> Vec<String> {
    if UNSAFE.contains(&source.room()) { Vec::new() } else { words_of(source, &["unsafe"], |_, _| true) }
}

fn kernel_of(source: &Source) -> Vec<String> {
    if source.room() == "sys" { Vec::new() } else { words_of(source, KERNEL, |_, _| true) }
}

/// Indexes that are no literal: those can be out of range at run time. The compiler checks literals into arrays, and
/// clippy those into slices.
struct Indexes<'a> {
    source: &'a Source,
    complaints: Vec<String>,
}

impl<'ast> Visit<'ast> for Indexes<'_> {
    fn visit_expr_index(&mut self, expression: &'ast syn::ExprIndex) {
        if !matches!(&*expression.index, syn::Expr::Lit(_)) {
            let line = expression.span().start().line;
            self.complaints.push(self.source.complain(line, "an index that can be out of range"));
        }
        syn::visit::visit_expr_index(self, expression);
    }

    /// What is computed at compile time fails at compile time.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}

    /// As for a constant.
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !is_for_the_compiler(&function.sig, &function.attrs) {
            syn::visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_the_compiler(&function.sig, &function.attrs) {
            syn::visit::visit_impl_item_fn(self, function);
        }
    }
}

/// A `const fn` that is allowed a panic or an index for the reason that it is evaluated by the compiler alone.
fn is_for_the_compiler(signature: &syn::Signature, attributes: &[syn::Attribute]) -> bool {
    let excused = |attribute: &syn::Attribute| {
        attribute.path().is_ident("allow")
            && attribute.meta.to_token_stream().to_string().contains("evaluated by the compiler alone")
    };
    signature.constness.is_some() && attributes.iter().any(excused)
}

fn panics_of(source: &Source) -> Vec<String> {
    let mut complaints = words_of(source, METHODS, |before, behind| {
        matches!(before, Some(Token::Sign('.' | ':'))) && matches!(behind, Some(Token::Sign('(')))
    });
    let mut constants = Constants::default();
    constants.visit_file(&source.syntax);
    let macros = words_of(source, MACROS, |_, behind| matches!(behind, Some(Token::Sign('!'))));
    let at_run_time = |complaint: &String| {
        let line: usize = complaint.split(':').nth(1).unwrap().parse().unwrap();
        !constants.0.iter().any(|range| range.contains(&line))
    };
    complaints.extend(macros.into_iter().filter(at_run_time));
    let mut indexes = Indexes { source, complaints };
    indexes.visit_file(&source.syntax);
    indexes.complaints
}

/// The lines of constants, of functions for the compiler alone, and of `const { ... }`: a panic there is a failure to compile.
#[derive(Default)]
struct Constants(Vec<std::ops::RangeInclusive<usize>>);

impl<'ast> Visit<'ast> for Constants {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.0.push(item.span().start().line..=item.span().end().line);
    }

    fn visit_expr_const(&mut self, expression: &'ast syn::ExprConst) {
        self.0.push(expression.span().start().line..=expression.span().end().line);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if is_for_the_compiler(&function.sig, &function.attrs) {
            self.0.push(function.span().start().line..=function.span().end().line);
        }
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if is_for_the_compiler(&function.sig, &function.attrs) {
            self.0.push(function.span().start().line..=function.span().end().line);
        }
        syn::visit::visit_impl_item_fn(self, function);
    }
}

fn length_of(source: &Source) -> Vec<String> {
    if source.lines > LINES_MAX {
        return vec![source.complain(LINES_MAX, &format!("{} lines without its tests", source.lines))];
    }
    Vec::new()
}

/// The complaints about a Cargo.toml.
fn dependencies_of(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut names = Vec::new();
    let mut complaints = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
            if section.contains("dependencies") && section != "[dependencies]" && section != "[dev-dependencies]" {
                complaints.push(format!("{section}: the product's dependencies stand in [dependencies]"));
            }
        } else if section == "[dependencies]"
            && let Some((name, value)) = line.split_once('=')
            && !line.starts_with('#')
        {
            names.push(name.trim());
            if !value.contains("default-features = false") {
                complaints.push(format!("{} comes with its default features", name.trim()));
            }
        }
    }
    names.sort_unstable();
    if names != DEPENDENCIES {
        complaints.push(format!("the dependencies are {names:?}"));
    }
    complaints
}

fn dependencies() -> Verdict {
    let complaints = dependencies_of(&fs::read_to_string(Path::new(PROJECT).join("Cargo.toml")).unwrap());
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    Ok(())
}

/// How many rows there are of each kind: exit status, signals, terminals, lifetime, what is inherited.
const ROWS_OF_LIFE: [(char, usize); 5] = [('X', 8), ('S', 8), ('T', 12), ('L', 11), ('N', 10)];

fn rows_of_life() -> Verdict {
    let tests = crate::AREAS.iter().flat_map(|(_, tests)| tests.iter());
    let tested: Vec<_> = tests.flat_map(|test| test.rows()).collect();
    let rows = ROWS_OF_LIFE.iter().flat_map(|(kind, count)| (1..=*count).map(move |number| format!("{kind}{number}")));
    let missing: Vec<_> = rows.filter(|row| !tested.contains(&row.as_str())).collect();
    assert!(missing.is_empty(), "rows without a test: {missing:?}");
    Ok(())
}

/// A rule, a path below `src/`, a text, and what the rule is to say of it: nothing, or something with these words.
type Sample = (fn(&Source) -> Vec<String>, &'static str, &'static str, Option<&'static str>);

const SAMPLES: &[Sample] = &[
    (imports_of, "cli/mod.rs", "use crate::sys::Fd;", Some("cli imports sys")),
    (imports_of, "cli/mod.rs", "use crate::{config::Config, sys};", Some("cli imports sys")),
    (imports_of, "cli/values.rs", "fn f() { super::super::sys::fork() }", Some("cli imports sys")),
    (imports_of, "cli/values.rs", "use super::options; use crate::config::Config;", None),
    (imports_of, "setup/mod.rs", "fn f() { crate::launch::go() }", Some("setup imports launch")),
    (imports_of, "init.rs", "use crate::launch as l;", Some("init imports launch")),
    (imports_of, "init.rs", "mod inner { use super::super::launch; }", Some("init imports launch")),
    (imports_of, "command.rs", "macro_rules! m { () => { crate::launch::go() } }", Some("command imports launch")),
    (imports_of, "error.rs", "use crate::config::Config;", Some("error imports config")),
    (imports_of, "seccomp/mod.rs", "use crate::sys;", Some("seccomp imports sys")),
    (imports_of, "main.rs", "fn f() { engine::launch::go() }", Some("main imports launch")),
    (imports_of, "lib.rs", "pub mod cli; fn f() { cli::parse(); launch::go() }", None),
    (imports_of, "helpers.rs", "", Some("no place")),
    (imports_of, "cli/mod.rs", "#[cfg(test)] mod tests { use crate::sys; }", None),
    (unsafe_of, "cli/mod.rs", "fn f() { unsafe { g() } }", Some("unsafe")),
    (unsafe_of, "init.rs", "unsafe extern \"C\" fn f() {}", Some("unsafe")),
    (unsafe_of, "init.rs", "macro_rules! m { () => { unsafe { g() } } }", Some("unsafe")),
    (unsafe_of, "sys/mod.rs", "fn f() { unsafe { g() } }", None),
    (kernel_of, "launch/mod.rs", "use linux_raw_sys::general::CLONE_NEWNS;", Some("linux_raw_sys")),
    (kernel_of, "launch/mod.rs", "fn f() { syscalls::syscall!(Sysno::fork); }", Some("syscalls")),
    (kernel_of, "launch/mod.rs", "/// See linux_raw_sys.\nfn f() {}", None),
    (panics_of, "init.rs", "fn f() { g().unwrap(); }", Some("unwrap")),
    (panics_of, "init.rs", "fn f() { g().expect(\"\"); }", Some("expect")),
    (panics_of, "init.rs", "fn f() { g().map(Option::unwrap()); }", Some("unwrap")),
    (panics_of, "init.rs", "fn f() { panic!() }", Some("panic")),
    (panics_of, "init.rs", "fn f() { h(|| { todo!() }) }", Some("todo")),
    (panics_of, "init.rs", "macro_rules! m { () => { unreachable!() } }", Some("unreachable")),
    (panics_of, "init.rs", "fn f(a: &[u8], i: usize) -> u8 { a[i] }", Some("index")),
    (panics_of, "init.rs", "fn f(a: &[u8], i: usize) -> &[u8] { &a[..i] }", Some("index")),
    (panics_of, "init.rs", "fn f(a: [u8; 2]) -> u8 { a.get(0).copied().unwrap_or(a[1]) }", None),
    (panics_of, "init.rs", "const _: () = assert!(1 < 2);", None),
    (panics_of, "init.rs", "const fn f() { panic!() }", Some("panic")),
    (
        panics_of,
        "init.rs",
        "#[allow(x, reason = \"evaluated by the compiler alone\")]\nfn f() { panic!() }",
        Some("panic"),
    ),
    (
        panics_of,
        "init.rs",
        "#[allow(x, reason = \"evaluated by the compiler alone\")]\nconst fn f() { panic!() }",
        None,
    ),
    (panics_of, "init.rs", "impl A {\n#[cfg(test)]\nfn f() { g().unwrap(); }\n}", None),
    (panics_of, "init.rs", "impl A {\nfn f() { g().unwrap(); }\n}", Some("unwrap")),
    (panics_of, "init.rs", "#[cfg(test)]\nmod tests { fn f() { g().unwrap(); } }", None),
];

fn rules_can_fail() -> Verdict {
    for (rule, path, text, expected) in SAMPLES {
        let complaints = rule(&Source::new(path, text));
        match expected {
            None => assert!(complaints.is_empty(), "{path}: {text}: {complaints:?}"),
            Some(words) => {
                assert!(complaints.iter().any(|c| c.contains(words)), "{path}: {text}: {complaints:?}, not {words:?}");
            }
        }
    }
    let long = "fn f() {}\n".repeat(LINES_MAX + 1);
    assert!(!length_of(&Source::new("init.rs", &long)).is_empty());
    let tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    assert!(length_of(&Source::new("init.rs", &tests)).is_empty());

    let three = "[dependencies]\nheapless = { default-features = false }\nlinux-raw-sys = { default-features = false }\n\
                 syscalls = { default-features = false }\n";
    assert!(dependencies_of(three).is_empty());
    assert!(!dependencies_of(&three.replacen(" default-features = false", "", 1)).is_empty());
    assert!(!dependencies_of(&format!("{three}libc = {{ default-features = false }}\n")).is_empty());
    assert!(!dependencies_of(&format!("{three}[build-dependencies]\ncc = \"1\"\n")).is_empty());
    Ok(())
}
