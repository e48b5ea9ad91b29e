//! Which paths a typed one stands for, and which conditions these are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::InputError;

/// The paths that one typed path stands for: itself, or what matches the pattern, in order. A folder with nothing but the report on
/// several runs, which lies among them, stands for none: whoever types `runs/*` means the runs.
pub(crate) fn expand(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    let mut paths = matching(path)?;
    paths.retain(|path| !holds_only_a_report(path));
    Ok(paths)
}

fn holds_only_a_report(path: &Path) -> bool {
    let names = |entries: std::fs::ReadDir| entries.flatten().map(|entry| entry.file_name()).collect::<Vec<_>>();
    std::fs::read_dir(path).is_ok_and(|entries| names(entries) == ["report"])
        && path.join("report/summary.json").is_file()
}

fn matching(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    let text = path.to_string_lossy();
    if !text.contains(['*', '?', '[']) || path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let pattern = |reason: String| InputError::Pattern { pattern: text.to_string(), reason };
    let matches = glob::glob(&text).map_err(|error| pattern(error.to_string()))?;
    let paths: Vec<PathBuf> = matches.collect::<Result<_, _>>().map_err(|error| pattern(error.to_string()))?;
    if paths.is_empty() { Err(pattern("no file matches the pattern".to_owned())) } else { Ok(paths) }
}

/// The condition that a path without a label is: its file name without its ending.
pub(crate) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    if name == "-" {
        return "stdin".to_owned();
    }
    let mut stem = name.as_str();
    for ending in [".gz", ".zst", ".csv", ".jsonl", ".json", ".ndjson", ".parquet"] {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    if stem.is_empty() { name } else { stem.to_owned() }
}

/// Refuses two paths that would be the same condition without anyone having said so of both; each with its label.
pub(crate) fn check_names(named: &[(Option<&str>, &Path)]) -> Result<(), InputError> {
    let mut seen: BTreeMap<String, (Option<&str>, &Path)> = BTreeMap::new();
    for &(label, path) in named {
        let condition = label.map_or_else(|| stem(path), str::to_owned);
        let Some((earlier, first)) = seen.insert(condition.clone(), (label, path)) else { continue };
        if (label.is_none() || earlier.is_none()) && !same(first, path) {
            let [first, second, unnamed] =
                [first, path, if earlier.is_none() { first } else { path }].map(|path| path.display().to_string());
            return Err(InputError::SameName { condition, first, second, unnamed });
        }
    }
    Ok(())
}

fn same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), _) | (_, Err(_)) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_on_several_runs_is_no_input_among_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("s/report")).unwrap();
        std::fs::write(at("s/report/summary.json"), "{}").unwrap();
        std::fs::create_dir_all(at("s-r1/report")).unwrap();
        std::fs::write(at("s-r1/manifest.json"), "{}").unwrap();

        assert_eq!(expand(&at("*")).unwrap(), [at("s-r1")]);
        assert_eq!(expand(&at("s")).unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn the_stem_is_the_name_without_the_endings_we_read() {
        for (path, expected) in
            [("d/a-100X.csv", "a-100X"), ("a.jsonl.gz", "a"), ("a.b.parquet", "a.b"), (".csv", ".csv"), ("-", "stdin")]
        {
            assert_eq!(stem(Path::new(path)), expected);
        }
    }

    #[test]
    fn equal_names_of_different_files_are_refused_unless_both_were_said() {
        let check = |named: &[(Option<&str>, &str)]| {
            let named: Vec<_> = named.iter().map(|(label, path)| (*label, Path::new(*path))).collect();
            check_names(&named).map_err(|error| error.to_string())
        };
        assert_eq!(check(&[(None, "x/a.csv"), (None, "y/b.csv"), (None, "x/a.csv")]), Ok(()));
        assert_eq!(check(&[(Some("c"), "x/a.csv"), (Some("c"), "y/a.csv.gz")]), Ok(()));
        for (named, unnamed) in [
            ([(None, "x/a.csv"), (None, "y/a.csv.gz")], "x/a.csv"),
            ([(Some("a"), "x/a.csv"), (None, "y/a.csv.gz")], "y/a.csv.gz"),
        ] {
            let error = format!(
                "x/a.csv and y/a.csv.gz would both be the condition \"a\": give each its label, as in LABEL={unnamed}"
            );
            assert_eq!(check(&named), Err(error));
        }
    }
}
