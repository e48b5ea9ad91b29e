//! An external merge sort: byte strings go in, in any order and more than memory holds, and come out in order. What memory
//! does not hold lies sorted in temporary files, compressed.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

/// Files that are read at once: each takes a decoder's memory.
const FILES: usize = 128;
/// The first level of zstd: temporary files are to be fast.
const LEVEL: i32 = 1;
/// Bytes of a file that are unpacked at once.
const UNPACKED: usize = 64 << 10;

/// Entries that are to be sorted.
#[derive(Debug, Default)]
pub struct Sorter {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    /// Each of them sorted.
    files: Vec<PathBuf>,
}

/// Where an entry lies.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The entry's first bytes, which decide most comparisons without a look at it.
    head: u128,
    start: usize,
    end: usize,
}

/// Records could not be kept on their way.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot keep records there on their way: {reason}: make room there, or name another folder with --out", path.display())]
pub struct Failed {
    /// A temporary file or folder.
    pub path: PathBuf,
    /// Why.
    pub reason: io::Error,
}

/// A folder of temporary files, which goes with it.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
    files: usize,
}

/// Entries in order.
pub struct Sorted {
    sources: BinaryHeap<Reverse<Source>>,
}

/// What is left of a sorted part.
struct Source {
    /// The next one.
    entry: Vec<u8>,
    rest: Rest,
}

enum Rest {
    Memory { bytes: Vec<u8>, slots: std::vec::IntoIter<Slot> },
    File { path: PathBuf, reader: BufReader<zstd::Decoder<'static, BufReader<File>>> },
}

impl Scratch {
    /// A new folder on the disk of `place`: within it, or within what it will be made in.
    pub fn near(place: &Path) -> Result<Self, Failed> {
        let place = place.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        let made = tempfile::Builder::new().prefix(".fetch-").tempdir_in(place);
        let folder = made.map_err(|reason| Failed { path: place.to_owned(), reason })?;
        Ok(Self { folder, files: 0 })
    }

    fn next(&mut self) -> PathBuf {
        self.files += 1;
        self.folder.path().join(self.files.to_string())
    }
}

impl Sorter {
    /// Adds an entry; gives its length.
    pub fn push(&mut self, entry: &[u8]) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(entry);
        let mut head = [0; 16];
        let known = head.len().min(entry.len());
        head[..known].copy_from_slice(&entry[..known]);
        self.slots.push(Slot { head: u128::from_be_bytes(head), start, end: self.bytes.len() });
        entry.len()
    }

    /// Puts what is in memory into a file.
    pub fn spill(&mut self, scratch: &mut Scratch) -> Result<(), Failed> {
        if self.slots.is_empty() {
            return Ok(());
        }
        if self.files.len() >= FILES {
            let files = std::mem::take(&mut self.files);
            let mut sorted = Sorted::of(files.iter().cloned().map(Rest::open))?;
            self.files.push(write(scratch.next(), |entry| sorted.next(entry))?);
            for path in files {
                fs::remove_file(&path).map_err(|reason| Failed { path, reason })?;
            }
        }
        let mut rest = self.in_memory();
        self.files.push(write(scratch.next(), |entry| rest.next(entry))?);
        Ok(())
    }

    /// All entries.
    pub fn finish(mut self) -> Result<Sorted, Failed> {
        let memory = Ok(self.in_memory());
        Sorted::of(self.files.into_iter().map(Rest::open).chain([memory]))
    }

    /// What is in memory, sorted; nothing stays.
    fn in_memory(&mut self) -> Rest {
        let (bytes, mut slots) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.slots));
        slots.par_sort_unstable_by(|one, other| {
            let bytes = |slot: &Slot| &bytes[slot.start..slot.end];
            one.head.cmp(&other.head).then_with(|| bytes(one).cmp(bytes(other)))
        });
        Rest::Memory { bytes, slots: slots.into_iter() }
    }
}

impl Sorted {
    fn of(parts: impl Iterator<Item = Result<Rest, Failed>>) -> Result<Self, Failed> {
        let mut sources = BinaryHeap::new();
        for part in parts {
            let (mut rest, mut entry) = (part?, Vec::new());
            if rest.next(&mut entry)? {
                sources.push(Reverse(Source { entry, rest }));
            }
        }
        Ok(Self { sources })
    }

    /// Puts the next entry into `entry`; false where there is none.
    pub fn next(&mut self, entry: &mut Vec<u8>) -> Result<bool, Failed> {
        let Some(mut first) = self.sources.peek_mut() else { return Ok(false) };
        let Reverse(source) = &mut *first;
        std::mem::swap(entry, &mut source.entry);
        if !source.rest.next(&mut source.entry)? {
            PeekMut::pop(first);
        }
        Ok(true)
    }
}

impl Rest {
    fn open(path: PathBuf) -> Result<Self, Failed> {
        match File::open(&path).and_then(zstd::Decoder::new) {
            Ok(decoder) => Ok(Self::File { path, reader: BufReader::with_capacity(UNPACKED, decoder) }),
            Err(reason) => Err(Failed { path, reason }),
        }
    }

    /// Puts the next entry into `entry`; false where there is none.
    fn next(&mut self, entry: &mut Vec<u8>) -> Result<bool, Failed> {
        entry.clear();
        match self {
            Self::Memory { bytes, slots } => {
                let Some(slot) = slots.next() else { return Ok(false) };
                entry.extend_from_slice(&bytes[slot.start..slot.end]);
                Ok(true)
            }
            Self::File { path, reader } => read(reader, entry).map_err(|reason| Failed { path: path.clone(), reason }),
        }
    }
}

/// Writes a file of entries, each behind its length; gives its path again.
fn write(path: PathBuf, mut next: impl FnMut(&mut Vec<u8>) -> Result<bool, Failed>) -> Result<PathBuf, Failed> {
    let failed = |reason| Failed { path: path.clone(), reason };
    let file = File::create(&path).map_err(failed)?;
    let mut packed = zstd::Encoder::new(file, LEVEL).map_err(failed)?;
    let mut entry = Vec::new();
    while next(&mut entry)? {
        let length = u32::try_from(entry.len()).expect("an entry is of one row, which is below 4 GiB");
        packed.write_all(&length.to_le_bytes()).and_then(|()| packed.write_all(&entry)).map_err(failed)?;
    }
    packed.finish().map_err(failed)?;
    Ok(path)
}

fn read(reader: &mut impl Read, entry: &mut Vec<u8>) -> io::Result<bool> {
    let mut length = [0; 4];
    let read = reader.read(&mut length)?;
    if read == 0 {
        return Ok(false);
    }
    reader.read_exact(&mut length[read..])?;
    entry.resize(u32::from_le_bytes(length) as usize, 0);
    reader.read_exact(entry)?;
    Ok(true)
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.entry == other.entry
    }
}

impl Eq for Source {}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Source {
    fn cmp(&self, other: &Self) -> Ordering {
        self.entry.cmp(&other.entry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What comes out, and how many files were read for it.
    fn sorted(entries: &[Vec<u8>], spill_after: usize) -> (Vec<Vec<u8>>, usize) {
        let home = tempfile::tempdir().unwrap();
        let mut scratch = Scratch::near(home.path()).unwrap();
        let mut sorter = Sorter::default();
        for (number, entry) in entries.iter().enumerate() {
            assert_eq!(sorter.push(entry), entry.len());
            if number % spill_after == spill_after - 1 {
                sorter.spill(&mut scratch).unwrap();
            }
        }
        let files = sorter.files.len();
        let (mut sorted, mut entry, mut found) = (sorter.finish().unwrap(), Vec::new(), Vec::new());
        while sorted.next(&mut entry).unwrap() {
            found.push(entry.clone());
        }
        (found, files)
    }

    proptest! {
        #[test]
        fn what_comes_out_is_what_went_in_in_order(
            entries in prop::collection::vec(prop::collection::vec(0..3_u8, 0..20), 0..300),
            spill_after in 1..40_usize,
        ) {
            let mut expected = entries.clone();
            expected.sort();
            prop_assert_eq!(sorted(&entries, spill_after).0, expected);
        }
    }

    #[test]
    fn more_files_than_are_read_at_once_become_one() {
        let entries: Vec<Vec<u8>> = (0..200_u8).rev().map(|byte| vec![byte]).collect();
        let (found, files) = sorted(&entries, 1);
        assert_eq!(files, 200 - (FILES - 1));
        assert!(found.is_sorted() && found.len() == entries.len());
    }

    #[test]
    fn temporary_files_go_with_their_folder() {
        let home = tempfile::tempdir().unwrap();
        let mut scratch = Scratch::near(&home.path().join("not").join("yet")).unwrap();
        let mut sorter = Sorter::default();
        sorter.push(&[1]);
        sorter.spill(&mut scratch).unwrap();
        assert!(sorter.files[0].exists());
        drop(scratch);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_was_cut_off_is_told_by_its_name() {
        let home = tempfile::tempdir().unwrap();
        let mut scratch = Scratch::near(home.path()).unwrap();
        let mut sorter = Sorter::default();
        sorter.push(b"entry");
        sorter.spill(&mut scratch).unwrap();
        let path = sorter.files[0].clone();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        let failed = sorter.finish().err().unwrap();
        assert_eq!((failed.path, failed.reason.kind()), (path, io::ErrorKind::UnexpectedEof));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_by_the_file_that_did_not_fit() {
        let failed = write(PathBuf::from("/dev/full"), |entry| {
            entry.push(u8::MAX);
            Ok(entry.len() < 1 << 12)
        });
        let Failed { path, reason } = failed.unwrap_err();
        assert_eq!((path.to_str(), reason.kind()), (Some("/dev/full"), io::ErrorKind::StorageFull));
    }
}
