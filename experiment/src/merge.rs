//! Every process's own records, merged into one events.jsonl.
//!
//! Records are taken by receive time as far as the order within each process allows, so the merge streams. A last line
//! without its end was cut off by a process that died while writing it: it is left out and named.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use cnsim_files::{WriteError, at};

/// What was merged.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Lines written.
    pub lines: u64,
    /// The files whose last line was cut off.
    pub torn: Vec<PathBuf>,
}

/// Merges the record files `parts` into `target`, which is written whole or not at all.
///
/// # Errors
/// Where a part cannot be read, or the target not written.
pub fn merge(parts: &[PathBuf], target: &Path) -> Result<Merged, WriteError> {
    cnsim_files::fill(target, |file| write(parts, target, file))
}

fn write(paths: &[PathBuf], target: &Path, file: File) -> Result<Merged, WriteError> {
    let mut parts = paths.iter().map(Part::open).collect::<Result<Vec<_>, _>>()?;
    let mut output = BufWriter::with_capacity(1 << 20, file);
    let mut merged = Merged::default();
    // The next line of every part, the earliest on top.
    let mut heads = BinaryHeap::new();
    for (index, part) in parts.iter_mut().enumerate() {
        heads.extend(part.advance(&mut merged)?.map(|key| Reverse((key, index))));
    }
    while let Some(Reverse((_, index))) = heads.pop() {
        let part = &mut parts[index];
        output.write_all(&part.line).map_err(at(target))?;
        merged.lines += 1;
        heads.extend(part.advance(&mut merged)?.map(|key| Reverse((key, index))));
    }
    output.flush().map_err(at(target))?;
    Ok(merged)
}

/// The records of one process, with the line that comes next.
struct Part {
    path: PathBuf,
    input: BufReader<File>,
    line: Vec<u8>,
    key: i64,
}

/// The field that lines are ordered by.
#[derive(Deserialize)]
struct Key {
    received_timestamp: i64,
}

impl Part {
    fn open(path: &PathBuf) -> Result<Self, WriteError> {
        let input = BufReader::with_capacity(1 << 16, File::open(path).map_err(at(path))?);
        Ok(Self { path: path.clone(), input, line: Vec::new(), key: i64::MIN })
    }

    /// Reads the next line and returns its key; a line without one stays where it is, after the one before it.
    fn advance(&mut self, merged: &mut Merged) -> Result<Option<i64>, WriteError> {
        self.line.clear();
        let read: io::Result<usize> = self.input.read_until(b'\n', &mut self.line);
        if read.map_err(at(&self.path))? == 0 {
            return Ok(None);
        }
        if self.line.last() != Some(&b'\n') {
            merged.torn.push(self.path.clone());
            return Ok(None);
        }
        if let Ok(key) = serde_json::from_slice::<Key>(&self.line) {
            self.key = key.received_timestamp;
        }
        Ok(Some(self.key))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn part(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn records_are_merged_by_time_and_a_cut_off_line_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let a = part(folder.path(), "a", "{\"received_timestamp\":1}\n{\"received_timestamp\":5}\n{\"received_ti");
        let b = part(folder.path(), "b", "{\"received_timestamp\":3}\nno record\n{\"received_timestamp\":4}\n");
        let target = folder.path().join("events.jsonl");

        let merged = merge(&[a.clone(), b], &target).unwrap();

        assert_eq!(merged, Merged { lines: 5, torn: vec![a] });
        let text = fs::read_to_string(&target).unwrap();
        let expected = "{\"received_timestamp\":1}\n{\"received_timestamp\":3}\nno record\n{\"received_timestamp\":4}\n{\"received_timestamp\":5}\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_part_that_is_missing_leaves_no_target() {
        let folder = tempfile::tempdir().unwrap();
        let a = part(folder.path(), "a", "{\"received_timestamp\":1}\n");

        let error = merge(&[a, folder.path().join("gone")], &folder.path().join("events.jsonl")).unwrap_err();

        assert!(error.to_string().contains("gone"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
