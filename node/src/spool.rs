//! The last records on disk, in two segment files: what the control service streams from.
//!
//! When the newer segment is half as large as the limit it becomes the older one, and what was the older one is gone:
//! the first sequence number that is left shows the gap. What an earlier process left in the newer segment becomes the
//! older one too: the records of a container that was killed outlive it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use cnsim::event::Record;

/// Lines are handed on in pieces of about this size.
const CHUNK_BYTES: usize = 64 * 1024;

/// Where the spool is and how large it may become.
#[derive(Debug, Clone)]
pub(crate) struct SpoolOptions {
    /// The newer segment; the older one has `.old` appended.
    pub(crate) path: PathBuf,
    /// Both segments together, in bytes.
    pub(crate) limit: u64,
}

/// An open spool.
#[derive(Debug)]
pub(crate) struct Spool {
    options: SpoolOptions,
    newer: Mutex<Segment>,
}

#[derive(Debug)]
struct Segment {
    file: File,
    bytes: u64,
    /// Where each batch begins, with its first sequence number in each of its runs.
    batches: Vec<Batch>,
}

/// Lines that were appended together.
#[derive(Debug)]
struct Batch {
    start: u64,
    firsts: BTreeMap<String, u64>,
}

/// Which lines a reader wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Of this run.
    pub(crate) run_id: &'a str,
    /// From this sequence number on.
    pub(crate) from_seq: u64,
    /// Of this process; empty: of any.
    pub(crate) process: &'a str,
}

impl Spool {
    /// Begins a spool; what an earlier process left in it stays readable.
    pub(crate) fn create(options: SpoolOptions) -> io::Result<Self> {
        keep_if_there(&options)?;
        let newer = Mutex::new(Segment::create(&options.path)?);
        Ok(Self { options, newer })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.options.path
    }

    /// Appends whole lines, whose first sequence numbers are these.
    pub(crate) fn append(&self, lines: &[u8], firsts: BTreeMap<String, u64>) -> io::Result<()> {
        let mut newer = self.newer.lock().expect("no holder of this lock panics");
        if newer.bytes > 0 && newer.bytes + lines.len() as u64 > self.options.limit / 2 {
            fs::rename(&self.options.path, older(&self.options.path))?;
            *newer = Segment::create(&self.options.path)?;
        }
        let start = newer.bytes;
        newer.batches.push(Batch { start, firsts });
        newer.file.write_all(lines)?;
        newer.bytes += lines.len() as u64;
        Ok(())
    }

    /// Gives the wanted lines to `take`, in pieces of whole lines, until it returns false.
    pub(crate) fn read(&self, wanted: Wanted<'_>, mut take: impl FnMut(Vec<u8>) -> bool) -> io::Result<()> {
        let mut chunk = Vec::new();
        for segment in self.open_segments(wanted)? {
            let mut lines = BufReader::new(segment);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line)? > 0 {
                if Record::read_line(&line).is_ok_and(|record| wanted.has(&record)) && line.ends_with(b"\n") {
                    chunk.extend_from_slice(&line);
                }
                line.clear();
                if chunk.len() >= CHUNK_BYTES && !take(std::mem::take(&mut chunk)) {
                    return Ok(());
                }
            }
        }
        if !chunk.is_empty() {
            take(chunk);
        }
        Ok(())
    }

    /// The segments that can have wanted lines, older first, each from where they can be on; an open file stays readable
    /// when the spool moves on.
    fn open_segments(&self, wanted: Wanted<'_>) -> io::Result<Vec<File>> {
        let newer = self.newer.lock().expect("no holder of this lock panics");
        let mut segments = Vec::new();
        if let Some(start) = newer.start_of(wanted) {
            let mut file = File::open(&self.options.path)?;
            file.seek(SeekFrom::Start(start))?;
            return Ok(vec![file]);
        }
        match File::open(older(&self.options.path)) {
            Ok(file) => segments.push(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        segments.push(File::open(&self.options.path)?);
        Ok(segments)
    }
}

fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".old");
    name.into()
}

impl Segment {
    fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::create(path)?, bytes: 0, batches: Vec::new() })
    }

    /// Where the wanted lines begin, where all of them are surely in this segment.
    fn start_of(&self, wanted: Wanted<'_>) -> Option<u64> {
        let first = |batch: &Batch| batch.firsts.get(wanted.run_id).copied();
        let known = self.batches.iter().rev().find(|batch| first(batch).is_some_and(|seq| seq <= wanted.from_seq))?;
        (!wanted.process.is_empty()).then_some(known.start)
    }
}

impl Wanted<'_> {
    fn has(&self, record: &Record<'_>) -> bool {
        let is_of_process = self.process.is_empty() || record.process == self.process;
        is_of_process && record.run_id == self.run_id && record.seq >= Some(self.from_seq)
    }
}

/// Makes what an earlier process left the older segment.
fn keep_if_there(options: &SpoolOptions) -> io::Result<()> {
    match fs::metadata(&options.path) {
        Ok(left) if left.len() == 0 => Ok(()),
        Ok(_) => fs::rename(&options.path, older(&options.path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use cnsim::event::NamedEvent;
    use cnsim::event::{Context, Stamp};
    use cnsim::id::{MessageId, NodeId};
    use cnsim::time::Timestamp;

    use super::*;

    #[test]
    fn lines_of_one_run_come_back_from_a_sequence_number_on() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::create(SpoolOptions { path: folder.path().join("s"), limit: 100_000 }).unwrap();
        for seq in 1..=5 {
            append(&spool, "a", seq);
            append(&spool, "b", seq);
        }
        assert_eq!(seqs(&spool, "a", 3), [3, 4, 5]);
        assert_eq!(seqs(&spool, "c", 0), [0u64; 0]);
    }

    #[test]
    fn a_full_spool_forgets_the_oldest_lines_and_stays_within_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let limit = 10 * line("a", 10).len() as u64;
        let spool = Spool::create(SpoolOptions { path: path.clone(), limit }).unwrap();
        for seq in 10..60 {
            append(&spool, "a", seq);
        }
        let left = seqs(&spool, "a", 0);
        assert!((5..=10).contains(&left.len()), "{left:?}");
        assert_eq!(left, (60 - left.len() as u64..60).collect::<Vec<_>>());
        let bytes = fs::metadata(&path).unwrap().len() + fs::metadata(older(&path)).unwrap().len();
        assert!(bytes <= limit);
    }

    #[test]
    fn what_an_earlier_process_left_is_still_there_and_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let options = SpoolOptions { path: folder.path().join("s"), limit: 100_000 };
        let old = Spool::create(options.clone()).unwrap();
        append(&old, "a", 1);
        append(&old, "a", 2);

        let new = Spool::create(options).unwrap();

        assert_eq!(seqs(&new, "a", 0), [1, 2]);
        let mut found = 0;
        let wanted = Wanted { run_id: "a", from_seq: 0, process: "another" };
        new.read(wanted, |_| {
            found += 1;
            true
        })
        .unwrap();
        assert_eq!(found, 0);
    }

    #[test]
    fn a_reader_of_one_process_begins_where_its_lines_begin() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::create(SpoolOptions { path: folder.path().join("s"), limit: 100_000 }).unwrap();
        for seq in 1..=9 {
            append(&spool, "a", seq);
            append(&spool, "b", seq);
        }
        let wanted = Wanted { run_id: "a", from_seq: 8, process: "p" };
        let start = spool.newer.lock().unwrap().start_of(wanted).unwrap();
        assert_eq!(start, 7 * (line("a", 1).len() + line("b", 1).len()) as u64);
        let mut bytes = Vec::new();
        spool
            .read(wanted, |chunk| {
                bytes.extend(chunk);
                true
            })
            .unwrap();
        assert_eq!(bytes, [line("a", 8), line("a", 9)].concat());
    }

    fn append(spool: &Spool, run: &str, seq: u64) {
        spool.append(&line(run, seq), BTreeMap::from([(run.to_owned(), seq)])).unwrap();
    }

    fn line(run: &str, seq: u64) -> Vec<u8> {
        let event = NamedEvent::Initiated { message: MessageId::new(&format!("{run}-1")), at: Timestamp(5) };
        let stamp = Stamp { process: "p".to_owned(), host: "h".to_owned(), pod: "p".to_owned() };
        let (me, context) = (NodeId::new("n").unwrap(), Context::default());
        let mut line = Vec::new();
        Record { seq: Some(seq), ..Record::of(&event, &me, &context, &stamp) }.write_line(&mut line);
        line
    }

    fn seqs(spool: &Spool, run: &str, from: u64) -> Vec<u64> {
        let mut bytes = Vec::new();
        let take = |chunk: Vec<u8>| {
            bytes.extend(chunk);
            true
        };
        spool.read(Wanted { run_id: run, from_seq: from, process: "" }, take).unwrap();
        bytes.split_inclusive(|b| *b == b'\n').map(|line| Record::read_line(line).unwrap().seq.unwrap()).collect()
    }
}
