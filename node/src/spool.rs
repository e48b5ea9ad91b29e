//! The last records of a process on disk, in two segment files: what the control service streams from.
//!
//! When the newer segment is half as large as the limit it becomes the older one, and what was the older one is gone:
//! the first sequence number that is left shows the gap.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use cnsim::event::Record;

/// Lines are handed on in pieces of about this size.
const CHUNK_BYTES: usize = 64 * 1024;

/// Where the spool is and how large it may become.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The newer segment; the older one has `.old` appended.
    pub(crate) path: PathBuf,
    /// Both segments together, in bytes.
    pub(crate) limit: u64,
}

/// An open spool.
#[derive(Debug)]
pub(crate) struct Spool {
    options: Options,
    newer: Mutex<Segment>,
}

#[derive(Debug)]
struct Segment {
    file: File,
    bytes: u64,
}

impl Spool {
    /// Begins an empty spool.
    pub(crate) fn create(options: Options) -> io::Result<Self> {
        let file = File::create(&options.path)?;
        remove_if_there(&older(&options.path))?;
        Ok(Self { options, newer: Mutex::new(Segment { file, bytes: 0 }) })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.options.path
    }

    /// Appends whole lines.
    pub(crate) fn append(&self, lines: &[u8]) -> io::Result<()> {
        let mut newer = self.newer.lock().expect("no holder of this lock panics");
        if newer.bytes > 0 && newer.bytes + lines.len() as u64 > self.options.limit / 2 {
            fs::rename(&self.options.path, older(&self.options.path))?;
            *newer = Segment { file: File::create(&self.options.path)?, bytes: 0 };
        }
        newer.file.write_all(lines)?;
        newer.bytes += lines.len() as u64;
        Ok(())
    }

    /// Gives the lines of `run_id` from `from_seq` on to `take`, in pieces of whole lines, until it returns false.
    pub(crate) fn read(&self, run_id: &str, from_seq: u64, mut take: impl FnMut(Vec<u8>) -> bool) -> io::Result<()> {
        let mut chunk = Vec::new();
        for segment in self.open_segments()? {
            let mut lines = BufReader::new(segment);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line)? > 0 {
                let wanted = Record::read_line(&line)
                    .is_ok_and(|record| record.run_id == run_id && record.seq >= Some(from_seq));
                if wanted && line.ends_with(b"\n") {
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

    /// Both segments, older first; an open file stays readable when the spool moves on.
    fn open_segments(&self) -> io::Result<Vec<File>> {
        let _at_rest = self.newer.lock().expect("no holder of this lock panics");
        let mut segments = Vec::new();
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

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use cnsim::event::{Context, Stamp};
    use cnsim::id::{MessageId, NodeId};
    use cnsim::machine::Event;
    use cnsim::time::Timestamp;

    use super::*;

    #[test]
    fn lines_of_one_run_come_back_from_a_sequence_number_on() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::create(Options { path: folder.path().join("s"), limit: 100_000 }).unwrap();
        for seq in 1..=5 {
            spool.append(&line("a", seq)).unwrap();
            spool.append(&line("b", seq)).unwrap();
        }
        assert_eq!(seqs(&spool, "a", 3), [3, 4, 5]);
        assert_eq!(seqs(&spool, "c", 0), [0u64; 0]);
    }

    #[test]
    fn a_full_spool_forgets_the_oldest_lines_and_stays_within_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let limit = 10 * line("a", 10).len() as u64;
        let spool = Spool::create(Options { path: path.clone(), limit }).unwrap();
        for seq in 10..60 {
            spool.append(&line("a", seq)).unwrap();
        }
        let left = seqs(&spool, "a", 0);
        assert!((5..=10).contains(&left.len()), "{left:?}");
        assert_eq!(left, (60 - left.len() as u64..60).collect::<Vec<_>>());
        let bytes = fs::metadata(&path).unwrap().len() + fs::metadata(older(&path)).unwrap().len();
        assert!(bytes <= limit);
    }

    #[test]
    fn a_new_spool_begins_empty() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { path: folder.path().join("s"), limit: 2 };
        let old = Spool::create(options.clone()).unwrap();
        old.append(&line("a", 1)).unwrap();
        old.append(&line("a", 2)).unwrap();
        assert_eq!(seqs(&Spool::create(options).unwrap(), "a", 0), [0u64; 0]);
    }

    fn line(run: &str, seq: u64) -> Vec<u8> {
        let event = Event::Initiated { message: MessageId::new(&format!("{run}-1")), at: Timestamp(5) };
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
        spool.read(run, from, take).unwrap();
        bytes.split_inclusive(|b| *b == b'\n').map(|line| Record::read_line(line).unwrap().seq.unwrap()).collect()
    }
}
