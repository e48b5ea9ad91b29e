//! Records on their way into files, in bounded memory: those of each run are sorted as they come, and merged in its total
//! order when all are there. What stays in memory are distinct texts and the sequence numbers of each process, a bit each.

mod entries;
mod entry;
mod seqs;
mod sorted;
mod spooling;
mod texts;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use cnsim::event::Record;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::open::hex;
use entry::Entry;
use sorted::{Scratch, Sorted, Sorter};

pub use entries::Entries;
pub use seqs::Seqs;
pub use sorted::Failed;
pub use spooling::Spooling;
pub use texts::SharedTexts;
pub use vocabulary::Vocabulary;
pub(crate) use vocabulary::text;

/// Bytes that wait in memory, of all runs together.
const WAITING: usize = 48 << 20;
/// Entries that become rows at once.
const BLOCK: usize = 1 << 13;
/// Entries that one thread reads at once.
const PART: usize = 1 << 10;

/// Records by run.
#[derive(Debug)]
pub struct Spool {
    texts: SharedTexts,
    runs: BTreeMap<String, SpooledRun>,
    waiting: usize,
    most: usize,
    place: PathBuf,
    scratch: Option<Scratch>,
}

/// One run's records.
#[derive(Debug, Default)]
pub struct SpooledRun {
    /// The texts behind the numbers of its entries.
    texts: SharedTexts,
    sorter: Sorter,
    /// Records that the source left out as repeats, by round.
    repeats: BTreeMap<u32, u64>,
    /// The texts of its columns.
    pub vocabulary: Vocabulary,
    /// Records by the file or table that they came from.
    pub origins: BTreeMap<String, u64>,
    /// The sequence numbers of each process.
    pub seqs: BTreeMap<String, Seqs>,
    /// Where processes ran.
    pub hosts: BTreeSet<String>,
    /// The newest record's time in nanoseconds.
    pub newest_ns: i64,
}

/// One round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedRound {
    /// Its number; 0 is warm-up.
    pub round: u32,
    /// Records in events.parquet.
    pub rows: u64,
    /// Records that said again what another said, which were removed.
    pub repeats: u64,
    /// Records with equal process and seq but other content, which were kept.
    pub conflicts: u64,
    /// Records that say one thing twice and differently, which were kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub contradictory: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What there is of a run.
pub struct Found {
    /// Round by round, in order.
    pub rounds: Vec<FetchedRound>,
    /// Hex digest of the records' hashes in order.
    pub sha256: String,
}

impl Spool {
    /// Nothing yet; what memory does not hold goes into temporary files on the disk of `place`.
    pub fn new(place: &Path) -> Self {
        Self::holding(WAITING, place)
    }

    fn holding(most: usize, place: &Path) -> Self {
        Self {
            texts: SharedTexts::default(),
            runs: BTreeMap::new(),
            waiting: 0,
            most,
            place: place.to_owned(),
            scratch: None,
        }
    }

    /// The runs, by name.
    pub fn runs(&self) -> &BTreeMap<String, SpooledRun> {
        &self.runs
    }

    /// Takes a run out of it. Its temporary files are the spool's; where there are some, writing the run is left the memory.
    pub fn take(&mut self, run_id: &str) -> Result<Option<SpooledRun>, Failed> {
        let mut run = self.runs.remove(run_id);
        if let (Some(run), Some(scratch)) = (&mut run, &mut self.scratch) {
            run.sorter.spill(scratch)?;
        }
        Ok(run)
    }

    /// The texts that its records share: what is to be added numbers its texts in them.
    pub fn texts(&self) -> &SharedTexts {
        &self.texts
    }

    /// Adds records of a file or table.
    ///
    /// # Errors
    /// Where temporary files cannot be written.
    pub fn add(&mut self, origin: &str, entries: Entries) -> Result<(), Failed> {
        let mapping = &self.texts.mapping;
        let text = |number: u32| mapping.cat_to_str(number).unwrap_or_default().to_owned();
        for (number, of_run) in entries.runs {
            let new = || SpooledRun { texts: self.texts.clone(), ..SpooledRun::default() };
            let run = self.runs.entry(text(number)).or_insert_with(new);
            run.vocabulary.add(&of_run.vocabulary);
            *run.origins.entry(origin.to_owned()).or_default() += of_run.ends.len() as u64;
            run.newest_ns = run.newest_ns.max(of_run.newest_ns);
            run.hosts.extend(of_run.hosts.into_iter().map(text));
            for (process, seqs) in of_run.seqs {
                let known = run.seqs.entry(text(process)).or_default();
                for seq in seqs {
                    known.insert(seq);
                }
            }
            let mut start = 0;
            for end in of_run.ends {
                self.waiting += run.sorter.push(&of_run.bytes[start..end]);
                start = end;
            }
        }
        for ((run, round), count) in entries.repeats {
            let new = || SpooledRun { texts: self.texts.clone(), ..SpooledRun::default() };
            *self.runs.entry(run).or_insert_with(new).repeats.entry(round).or_default() += count;
        }
        if self.waiting > self.most { self.spill() } else { Ok(()) }
    }

    /// Puts what waits into temporary files.
    fn spill(&mut self) -> Result<(), Failed> {
        if self.scratch.is_none() {
            self.scratch = Some(Scratch::near(&self.place)?);
        }
        let scratch = self.scratch.as_mut().expect("it was made above");
        self.waiting = 0;
        self.runs.values_mut().try_for_each(|run| run.sorter.spill(scratch))
    }
}

impl SpooledRun {
    /// The texts behind the numbers of its vocabulary.
    pub fn texts(&self) -> &SharedTexts {
        &self.texts
    }

    /// Gives the run's records to `take`, some at a time, without repeats and in order. They are merged while others are taken.
    ///
    /// # Errors
    /// Where temporary files cannot be read, and those of `take`.
    pub fn each<E: From<Failed>>(self, mut take: impl FnMut(&[Record<'_>]) -> Result<(), E>) -> Result<Found, E> {
        let Self { texts, sorter, repeats, .. } = self;
        let merge = Merge { sorted: sorter.finish()?, entry: Entry::default(), before: Entry::default(), repeats };
        let mut counts = Counts::default();
        let (sender, blocks) = mpsc::sync_channel(1);
        std::thread::scope(|scope| {
            let merging = scope.spawn(move || merge.send(&sender));
            for entries in blocks {
                let entries = entries?;
                let records = records(&entries, &texts)?;
                counts.add(&entries, &records);
                take(&records)?;
            }
            counts.add_repeats(merging.join().expect("merging does not panic"));
            Ok::<(), E>(())
        })?;
        Ok(Found { rounds: counts.rounds.into_values().collect(), sha256: hex(counts.digest) })
    }
}

/// A run's entries on their way out.
struct Merge {
    sorted: Sorted,
    entry: Entry,
    before: Entry,
    /// Entries that came again, by round.
    repeats: BTreeMap<u32, u64>,
}

/// What is told of the records that come out.
#[derive(Default)]
struct Counts {
    rounds: BTreeMap<u32, FetchedRound>,
    seqs: BTreeMap<String, Seqs>,
    digest: Sha256,
}

impl Merge {
    /// Sends all entries, in order, to whoever takes them; gives how many came again, by round.
    fn send(mut self, blocks: &mpsc::SyncSender<Result<Vec<Entry>, Failed>>) -> BTreeMap<u32, u64> {
        while let Some(block) = self.block().transpose() {
            let is_last = block.is_err();
            if blocks.send(block).is_err() || is_last {
                break;
            }
        }
        self.repeats
    }

    /// The next entries, in order; none behind the last one. What the one before says already is left out and counted.
    fn block(&mut self) -> Result<Option<Vec<Entry>>, Failed> {
        let mut entries = Vec::with_capacity(BLOCK);
        while entries.len() < BLOCK && self.sorted.next(&mut self.entry.bytes)? {
            if self.entry.is_repeat_of(&self.before) {
                *self.repeats.entry(self.entry.round()).or_default() += 1;
                continue;
            }
            self.before.clone_from(&self.entry);
            entries.push(std::mem::take(&mut self.entry));
        }
        Ok((!entries.is_empty()).then_some(entries))
    }
}

impl Counts {
    /// Adds records, which were these entries.
    fn add(&mut self, entries: &[Entry], records: &[Record<'_>]) {
        entries.iter().for_each(|entry| self.digest.update(entry.identity().to_le_bytes()));
        for record in records {
            self.round(record.round).rows += 1;
            self.round(record.round).contradictory += u64::from(record.contradicts_itself());
            let seq = record.seq.unwrap_or(0);
            if !self.is_new(&record.process, seq) && seq > 0 {
                self.round(record.round).conflicts += 1;
            }
        }
    }

    /// Notes a process's number; whether it is new.
    fn is_new(&mut self, process: &str, seq: u64) -> bool {
        if let Some(seqs) = self.seqs.get_mut(process) {
            return seqs.insert(seq);
        }
        self.seqs.entry(process.to_owned()).or_default().insert(seq)
    }

    fn add_repeats(&mut self, repeats: BTreeMap<u32, u64>) {
        repeats.into_iter().for_each(|(round, repeats)| self.round(round).repeats += repeats);
    }

    fn round(&mut self, round: u32) -> &mut FetchedRound {
        self.rounds.entry(round).or_insert(FetchedRound { round, ..FetchedRound::default() })
    }
}

/// The records that entries were, read on all processors, in order.
fn records<'a>(entries: &'a [Entry], texts: &'a SharedTexts) -> Result<Vec<Record<'a>>, Failed> {
    let changed = || Failed {
        path: PathBuf::from("temporary files"),
        reason: io::Error::new(io::ErrorKind::InvalidData, "they were changed meanwhile"),
    };
    let read = entries.par_iter().with_min_len(PART).map(|entry| entry.record(&texts.mapping));
    read.collect::<Option<_>>().ok_or_else(changed)
}

#[cfg(test)]
#[path = "spool_tests.rs"]
mod tests;
