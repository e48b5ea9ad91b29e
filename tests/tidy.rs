//! The size of whole files and of all functions, tests among them, and what may not stand in the source. Sizes above the limits are
//! held by a ratchet: each is listed with what it is now, and may only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// Files above [`FILE_LINES_MAX`], as (path, lines): lower the number when one shrinks.
const LONG_FILES: &[(&str, usize)] = &[];

/// Functions above [`FUNCTION_LINES_MAX`], as (path, function, lines).
const LONG_FUNCTIONS: &[(&str, &str, usize)] = &[];

/// Words that may not stand in a source file, each with the reason.
const BANNED: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "finish it, or open an issue"),
    (concat!("FIX", "ME"), "finish it, or open an issue"),
    (concat!("#[ig", "nore"), "a skipped test counts as passed"),
    (concat!("unimpl", "emented!"), "no stubs"),
];

#[test]
fn files_stay_small() {
    let sizes = sources().into_iter().map(|source| (source.path, source.lines.len()));
    let long: BTreeMap<String, usize> = sizes.filter(|(_, lines)| *lines > FILE_LINES_MAX).collect();
    let known: BTreeMap<String, usize> = LONG_FILES.iter().map(|(path, lines)| ((*path).to_owned(), *lines)).collect();
    assert_eq!(long, known, "files above {FILE_LINES_MAX} lines");
}

#[test]
fn functions_stay_small() {
    let mut long = Vec::new();
    for source in sources() {
        for (name, lines) in functions(&source.lines) {
            if lines > FUNCTION_LINES_MAX {
                long.push((source.path.clone(), name, lines));
            }
        }
    }
    let known: Vec<(String, String, usize)> =
        LONG_FUNCTIONS.iter().map(|(path, name, lines)| ((*path).to_owned(), (*name).to_owned(), *lines)).collect();
    assert_eq!(long, known, "functions above {FUNCTION_LINES_MAX} lines");
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|source| !source.lines.first().is_some_and(|line| line.starts_with("//!")))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "files without a first //! line: {silent:?}");
}

#[test]
fn banned_words_stay_out() {
    let mut found = Vec::new();
    for source in sources() {
        for (word, reason) in BANNED {
            if source.text.contains(word) {
                found.push(format!("{}: {word}: {reason}", source.path));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_crate_s_folder_is_read() {
    let read: BTreeSet<String> =
        sources().iter().filter_map(|source| source.path.split('/').next().map(str::to_owned)).collect();
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members = ")).unwrap();
    for folder in members.split('"').skip(1).step_by(2).filter(|folder| *folder != ".") {
        assert!(read.contains(folder), "{folder} is not read");
    }
}

#[test]
fn functions_are_measured() {
    let lines =
        ["fn a(", "    x: u8,", ") -> u8 {", "    if x > 0 { 1 } else { 0 }", "}", "impl A {", "    fn b() {}", "}"];
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!(functions(&lines), [("a".to_owned(), 5), ("b".to_owned(), 1)]);
}

struct Source {
    path: String,
    text: String,
    lines: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("build.rs"), root.join("revision.rs")];
    for folder in
        ["proto", "files", "records", "node", "sim", "cluster", "experiment", "analyze", "charts", "tests", "benches"]
    {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    paths.iter().map(|path| read(root, path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("a source file of this checkout is readable");
    let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let lines = text.lines().map(str::to_owned).collect();
    Source { path: shown, text, lines }
}

/// Every function with its number of lines: from `fn` to the line whose indentation closes it.
fn functions(lines: &[String]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let closes = |other: &String| {
            let closing = other.len() - other.trim_start().len() == indent;
            closing && (other.trim_start().starts_with('}') || other.ends_with(';') || other.ends_with("{}"))
        };
        let one_line = line.ends_with('}') || line.ends_with(';');
        let length = if one_line { 1 } else { lines[start + 1..].iter().position(closes).map_or(1, |end| end + 2) };
        found.push((name, length));
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let words = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe "];
    let mut rest = line.trim_start();
    while let Some(word) = words.iter().find(|word| rest.starts_with(**word)) {
        rest = &rest[word.len()..];
    }
    let name = rest.strip_prefix("fn ")?;
    Some(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}
