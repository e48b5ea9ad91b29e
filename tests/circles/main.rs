//! The order of the house, read from the source: no files that use each other in a circle, and no arrow between crates or between the
//! folders of `analyze` that is not in the order. What does not keep it would be held by a ratchet: `known.rs` lists it, must match, and is empty.

mod arrows;
mod known;
mod modules;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use arrows::{Arrows, find_arrows, find_circles};
use modules::Sources;

/// Every crate as (name, root, crates that it may use). A program's own file stands before its library, and may use what that may.
const CRATES: &[(&str, &str, &[&str])] = &[
    ("cnsim", "proto/lib.rs", &[]),
    ("cnsim_charts", "charts/src/lib.rs", &[]),
    ("cnsim_cluster", "cluster/src/lib.rs", &[]),
    ("cnsim_files", "files/src/lib.rs", &[]),
    ("cnsim_records", "records/src/lib.rs", &["cnsim"]),
    ("cnsim_node", "node/src/lib.rs", &["cnsim"]),
    ("cnsim_sim", "sim/src/lib.rs", &["cnsim"]),
    (
        "cnsim_analyze",
        "analyze/src/lib.rs",
        &["cnsim", "cnsim_files", "cnsim_records", "cnsim_charts", "cnsim_cluster"],
    ),
    (
        "cnsim_experiment",
        "experiment/src/lib.rs",
        &["cnsim", "cnsim_files", "cnsim_records", "cnsim_node", "cnsim_sim", "cnsim_cluster", "cnsim_analyze"],
    ),
];

/// What a folder of `analyze/src` may use of the others.
enum MayUse {
    /// All that stand before it.
    Before,
    /// All that stand before it but this one, which stands beside it.
    BeforeBut(&'static str),
    /// These.
    Only(&'static [&'static str]),
}

/// The folders of `analyze/src`, and its files that are like one, in their order.
const FOLDERS: &[(&str, MayUse)] = &[
    ("messages", MayUse::Only(&[])),
    ("stats", MayUse::Before),
    ("table", MayUse::Before),
    ("inputs", MayUse::Only(&[])),
    ("rounds", MayUse::Before),
    ("measure", MayUse::Before),
    ("evidence", MayUse::Before),
    ("evaluation", MayUse::Before),
    ("audit", MayUse::Before),
    ("compare", MayUse::Before),
    ("explain", MayUse::BeforeBut("compare")),
    ("output", MayUse::Before),
    ("report", MayUse::Before),
    ("bundle", MayUse::Before),
    ("fetch", MayUse::Only(&["inputs", "messages"])),
    ("export", MayUse::Before),
    ("commands", MayUse::Before),
];

/// The arrows of this checkout, read once for all tests.
static ARROWS: LazyLock<Arrows> = LazyLock::new(|| find_arrows(&roots(), &sources()));

#[test]
fn no_files_use_each_other_in_a_circle() {
    let arrows = &*ARROWS;
    assert!(arrows.len() > 500, "the source was read: {} arrows", arrows.len());

    let circles = find_circles(arrows);

    let known: BTreeSet<Vec<String>> =
        known::CIRCLES.iter().map(|circle| circle.iter().map(|file| (*file).to_owned()).collect()).collect();
    let described: String = circles.difference(&known).map(|circle| describe_circle(circle, arrows)).collect();
    assert!(described.is_empty(), "what two files need of each other belongs in a third:\n{described}");
    let mended: Vec<_> = known.difference(&circles).collect();
    assert!(mended.is_empty(), "no circles any more, take them out of the list: {mended:#?}");
}

#[test]
fn crates_use_only_the_crates_that_they_may() {
    let may_use: BTreeMap<&str, &[&str]> = CRATES.iter().map(|(name, _, may_use)| (*name, *may_use)).collect();
    let crate_of = |file: &str| {
        let folder = |root: &&str| file.starts_with(root.trim_end_matches("lib.rs"));
        CRATES.iter().find(|(_, root, _)| folder(root)).map(|(name, ..)| *name).expect("every file is in a crate")
    };

    let forbidden: Vec<String> = ARROWS
        .iter()
        .filter(|((from, to), _)| {
            let (from, to) = (crate_of(from), crate_of(to));
            from != to && !may_use[from].contains(&to)
        })
        .map(describe_arrow)
        .collect();

    assert!(forbidden.is_empty(), "arrows between crates that may not be:\n{}", forbidden.concat());
}

#[test]
fn folders_of_the_analysis_use_only_those_that_they_may() {
    let found = forbidden_arrows(&ARROWS);

    let known: BTreeSet<(String, String)> =
        known::FOLDER_ARROWS.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    let new: String =
        found.iter().filter(|(pair, _)| !known.contains(pair)).map(|(_, described)| described.as_str()).collect();
    assert!(new.is_empty(), "arrows between folders against the order:\n{new}");
    let mended: Vec<_> = known.iter().filter(|pair| !found.contains_key(pair)).collect();
    assert!(mended.is_empty(), "no arrows any more, take them out of the list: {mended:?}");
}

#[test]
fn every_crate_of_the_workspace_is_read() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members = ")).unwrap();
    let folders: BTreeSet<&str> = members.split('"').skip(1).step_by(2).filter(|folder| *folder != ".").collect();
    let read = CRATES.iter().filter_map(|(_, root, _)| root.strip_suffix("/src/lib.rs"));
    assert_eq!(folders, read.collect());
}

#[test]
fn a_planted_circle_and_a_planted_arrow_are_found() {
    let sources = planted(&[
        (
            "one/src/lib.rs",
            "mod a; mod b; mod c; mod d; pub use c::Handed; #[cfg(test)] mod tests { use crate::a::first; }",
        ),
        (
            "one/src/a.rs",
            "use crate::b::{self, Second}; pub const LIMIT: u32 = 1; pub fn first() -> Second { b::second() }",
        ),
        ("one/src/b.rs", "pub struct Second; pub fn second() -> Second { assert!(crate::a::LIMIT > 0); Second }"),
        // A child uses what is defined in mod.rs, which calls the child.
        ("one/src/c/mod.rs", "mod child; pub use child::Handed; pub struct Kind; fn call() { child::run(&Kind) }"),
        ("one/src/c/child.rs", "use super::Kind; pub struct Handed; pub fn run(_: &Kind) {}"),
        // Files beside each other, which only hand on and only test: no circle.
        ("one/src/d/mod.rs", "mod inner; mod outer; pub use inner::Inner; pub use outer::*; use std::fmt;"),
        ("one/src/d/inner.rs", "pub struct Inner; #[cfg(test)] mod tests { use crate::d::Outer; }"),
        (
            "one/src/d/outer.rs",
            "use super::Inner; #[derive(Debug)] #[serde(with = \"crate::b::second\")] pub struct Outer(Inner);",
        ),
        ("two/src/lib.rs", "use one::Handed; fn f(inner: Handed) -> Handed { inner }"),
    ]);
    let roots = ["one", "two"].map(|name| (name.to_owned(), format!("{name}/src/lib.rs")));

    let arrows = find_arrows(&roots, &sources);

    let described: Vec<String> = arrows.iter().map(|arrow| describe_arrow(arrow).trim().replace("/src", "")).collect();
    assert_eq!(
        described,
        [
            "one/a.rs -> one/b.rs: Second, second",
            "one/b.rs -> one/a.rs: LIMIT",
            "one/c/child.rs -> one/c/mod.rs: Kind",
            "one/c/mod.rs -> one/c/child.rs: run",
            "one/d/outer.rs -> one/b.rs: second",
            "one/d/outer.rs -> one/d/inner.rs: Inner",
            "two/lib.rs -> one/c/child.rs: Handed",
        ]
    );
    let circles: Vec<Vec<String>> = find_circles(&arrows).into_iter().collect();
    assert_eq!(circles, [["one/src/a.rs", "one/src/b.rs"], ["one/src/c/child.rs", "one/src/c/mod.rs"]]);
}

#[test]
fn a_planted_arrow_against_the_order_of_folders_is_found() {
    let sources = planted(&[
        ("analyze/src/lib.rs", "pub mod stats; pub mod rounds; pub mod compare; pub mod explain; pub mod fetch;"),
        ("analyze/src/stats/mod.rs", "mod mean; pub use mean::mean;"),
        ("analyze/src/stats/mean.rs", "use crate::rounds::Round; pub fn mean(_: &[Round]) {}"),
        ("analyze/src/rounds.rs", "pub struct Round;"),
        ("analyze/src/compare.rs", "pub fn compare(_: &crate::rounds::Round) { crate::stats::mean(&[]) }"),
        ("analyze/src/explain.rs", "pub fn explain() { crate::compare::compare() }"),
        ("analyze/src/fetch.rs", "fn fetch() -> crate::rounds::Round { todo() }"),
    ]);

    let arrows = find_arrows(&[("cnsim_analyze".to_owned(), "analyze/src/lib.rs".to_owned())], &sources);

    let found: Vec<String> =
        forbidden_arrows(&arrows).into_keys().map(|(from, to)| format!("{from} -> {to}")).collect();
    assert_eq!(found, ["explain -> compare", "fetch -> rounds", "stats -> rounds"]);
    let words = &forbidden_arrows(&arrows)[&("stats".to_owned(), "rounds".to_owned())];
    assert_eq!(words, "  analyze/src/stats/mean.rs -> analyze/src/rounds.rs: Round\n");
}

fn planted(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// The folder of `analyze/src` that a file stands in, or the file itself; none for the roots, which may use all.
fn folder_of(file: &str) -> Option<&str> {
    let inside = file.strip_prefix("analyze/src/")?;
    let first = inside.split('/').next()?.trim_end_matches(".rs");
    (!matches!(first, "lib" | "main")).then_some(first)
}

/// The arrows between folders that may not be, each pair of folders with all of its arrows in words.
fn forbidden_arrows(arrows: &Arrows) -> BTreeMap<(String, String), String> {
    let mut forbidden: BTreeMap<(String, String), String> = BTreeMap::new();
    for arrow in arrows {
        let (Some(from), Some(to)) = (folder_of(&arrow.0.0), folder_of(&arrow.0.1)) else { continue };
        if from != to && !may_use(from, to) {
            forbidden.entry((from.to_owned(), to.to_owned())).or_default().push_str(&describe_arrow(arrow));
        }
    }
    forbidden
}

fn may_use(from: &str, to: &str) -> bool {
    let place = |folder: &str| {
        let at = FOLDERS.iter().position(|(name, _)| *name == folder);
        at.unwrap_or_else(|| panic!("analyze/src/{folder} has no place in the order of folders: give it one"))
    };
    let is_before = place(to) < place(from);
    match FOLDERS[place(from)].1 {
        MayUse::Before => is_before,
        MayUse::BeforeBut(beside) => is_before && to != beside,
        MayUse::Only(those) => those.contains(&to),
    }
}

fn describe_circle(circle: &Vec<String>, arrows: &Arrows) -> String {
    let inside = arrows.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
    format!("a circle of {} files: {circle:?}\n{}", circle.len(), inside.map(describe_arrow).collect::<String>())
}

fn describe_arrow(((from, to), names): (&(String, String), &BTreeSet<String>)) -> String {
    format!("  {from} -> {to}: {}\n", names.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// The roots of libraries, by name, and of programs, which nobody can use.
fn roots() -> Vec<(String, String)> {
    let libraries = CRATES.iter().map(|(name, root, _)| ((*name).to_owned(), (*root).to_owned()));
    let programs = ["analyze", "experiment", "node"].map(|folder| (String::new(), format!("{folder}/src/main.rs")));
    libraries.chain(programs).collect()
}

fn sources() -> Sources {
    let mut sources = Sources::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (_, file, _) in CRATES {
        let folder = Path::new(file).parent().expect("a root stands in a folder");
        collect(root, folder, &mut sources);
    }
    sources
}

fn collect(root: &Path, folder: &Path, sources: &mut Sources) {
    for entry in fs::read_dir(root.join(folder)).expect("a folder of this checkout is readable").flatten() {
        let path = folder.join(entry.file_name());
        if root.join(&path).is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(root.join(&path)).expect("a source file of this checkout is readable");
            sources.insert(path.display().to_string(), text);
        }
    }
}
