//! Records on their way into files, in bounded memory: those of each run are sorted as they come, and merged in its total
//! order when all are there.

mod entry;
mod sorted;
mod spooling;
pub mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::intern::Interner;
use crate::open::hex;
use crate::table::{Keep, Table};
use entry::{Entry, Shared};
use sorted::{Scratch, Sorted, Sorter};
use vocabulary::Vocabulary;

pub use sorted::Failed;
pub use spooling::Spooling;

/// Bytes that wait in memory, of all runs together.
const WAITING: usize = 48 << 20;
/// Entries that become rows at once.
const BLOCK: usize = 1 << 13;
/// Entries that one thread reads at once.
const PART: usize = 1 << 10;

/// Whole records that came together.
#[derive(Debug)]
pub struct Records {
    /// The records.
    pub table: Table,
    /// How many more of them the source held, which left repeats out itself, by run and round.
    pub repeats: BTreeMap<(String, u32), u64>,
}

/// Records by run.
#[derive(Debug)]
pub struct Spool {
    runs: BTreeMap<String, SpooledRun>,
    waiting: usize,
    most: usize,
    place: PathBuf,
    scratch: Option<Scratch>,
}

/// One run's records.
#[derive(Debug, Default)]
pub struct SpooledRun {
    sorter: Sorter,
    /// The texts that its entries have as numbers.
    names: Interner,
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

/// A set of sequence numbers, which are dense: a bit for each.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seqs {
    blocks: BTreeMap<u64, u64>,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedRound {
    /// Its number; 0 is warm-up.
    pub round: u32,
    /// Records in events.parquet.
    pub rows: u64,
    /// Records that said again what another said, which were removed.
    pub repeats: u64,
    /// Records with equal process and seq but other content, which were kept.
    pub conflicts: u64,
}

/// What there is of a run.
pub struct Found {
    /// Round by round, in order.
    pub rounds: Vec<FetchedRound>,
    /// Hex digest of the records' hashes in order.
    pub sha256: String,
}

impl Default for Records {
    fn default() -> Self {
        Table::new(Keep::Records).into()
    }
}

impl From<Table> for Records {
    fn from(table: Table) -> Self {
        Self { table, repeats: BTreeMap::new() }
    }
}

impl Seqs {
    /// Adds a number; whether it is new.
    pub fn insert(&mut self, seq: u64) -> bool {
        let bits = self.blocks.entry(seq / 64).or_default();
        let bit = 1 << (seq % 64);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    /// How many there are from 1 to `last`.
    pub fn count_to(&self, last: u64) -> u64 {
        let within = |(block, bits): (&u64, &u64)| {
            let mask = if *block == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            let zero = u64::from(*block == 0 && bits & 1 == 1);
            u64::from((bits & mask).count_ones()) - zero
        };
        self.blocks.range(..=last / 64).map(within).sum()
    }
}

impl Spool {
    /// Nothing yet; what memory does not hold goes into temporary files on the disk of `place`.
    pub fn new(place: &Path) -> Self {
        Self::holding(WAITING, place)
    }

    fn holding(most: usize, place: &Path) -> Self {
        Self { runs: BTreeMap::new(), waiting: 0, most, place: place.to_owned(), scratch: None }
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

    /// Adds records of a file or table.
    pub fn add(&mut self, origin: &str, records: &Records) -> Result<(), Failed> {
        let rows = &records.table;
        let mut by_run: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in 0..rows.rows() {
            by_run.entry(rows.run.number(row)).or_default().push(row as u32);
        }
        for (number, of_run) in by_run {
            let run = self.runs.entry(rows.run.names().text(number).to_owned()).or_default();
            run.describe(origin, rows, &of_run);
            let shared = Shared::of(rows, &mut run.names);
            for row in of_run {
                self.waiting += run.sorter.push(|bytes| Entry::write(rows, &shared, row as usize, bytes));
            }
        }
        for ((run, round), count) in &records.repeats {
            *self.runs.entry(run.clone()).or_default().repeats.entry(*round).or_default() += count;
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
    /// Adds what is told of its rows.
    fn describe(&mut self, origin: &str, rows: &Table, of_run: &[u32]) {
        self.vocabulary.add(rows, of_run);
        *self.origins.entry(origin.to_owned()).or_default() += of_run.len() as u64;
        for row in of_run {
            self.newest_ns = self.newest_ns.max(rows.received_ns[*row as usize]);
        }
        add_seqs(&mut self.seqs, rows, of_run.iter().map(|row| *row as usize), |_| {});
        let hosts: BTreeSet<&str> = of_run.iter().map(|row| rows.host.text(*row as usize)).collect();
        self.hosts.extend(hosts.into_iter().map(str::to_owned));
    }

    /// Gives the run's records to `take`, block by block, without repeats and in order. Blocks are merged while others are
    /// taken.
    pub fn each<E: From<Failed>>(self, mut take: impl FnMut(&Table) -> Result<(), E>) -> Result<Found, E> {
        let Self { sorter, names, repeats, .. } = self;
        let merge =
            Merge { sorted: sorter.finish()?, names, entry: Entry::default(), before: Entry::default(), repeats };
        let mut counts = Counts::default();
        let (sender, blocks) = mpsc::sync_channel(1);
        std::thread::scope(|scope| {
            let merging = scope.spawn(move || merge.send(&sender));
            for block in blocks {
                let block = block?;
                counts.add(&block);
                take(&block)?;
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
    names: Interner,
    entry: Entry,
    before: Entry,
    /// Entries that came again, by round.
    repeats: BTreeMap<u32, u64>,
}

/// What is told of the rows that come out.
#[derive(Default)]
struct Counts {
    rounds: BTreeMap<u32, FetchedRound>,
    seqs: BTreeMap<String, Seqs>,
    digest: Sha256,
}

impl Merge {
    /// Sends all rows, in order, to whoever takes them; gives the entries that came again, by round.
    fn send(mut self, blocks: &mpsc::SyncSender<Result<Table, Failed>>) -> BTreeMap<u32, u64> {
        while let Some(block) = self.block().transpose() {
            let is_last = block.is_err();
            if blocks.send(block).is_err() || is_last {
                break;
            }
        }
        self.repeats
    }

    /// The next rows, in order; none behind the last one. What the one before says already is left out and counted.
    fn block(&mut self) -> Result<Option<Table>, Failed> {
        let mut entries = Vec::with_capacity(BLOCK);
        while entries.len() < BLOCK && self.sorted.next(&mut self.entry.bytes)? {
            if self.entry.is_repeat_of(&self.before) {
                *self.repeats.entry(self.entry.round()).or_default() += 1;
                continue;
            }
            self.before.clone_from(&self.entry);
            entries.push(std::mem::take(&mut self.entry));
        }
        if entries.is_empty() { Ok(None) } else { rows(&entries, &self.names).map(Some) }
    }
}

impl Counts {
    /// Adds rows.
    fn add(&mut self, rows: &Table) {
        let hashes: Vec<u8> = rows.content.iter().flat_map(|content| content.to_le_bytes()).collect();
        self.digest.update(&hashes);
        let rows_of_round = rows.round.chunk_by(|one, next| one == next);
        rows_of_round.for_each(|same| self.round(same[0]).rows += same.len() as u64);
        let mut conflicting = Vec::new();
        add_seqs(&mut self.seqs, rows, 0..rows.rows(), |row| conflicting.push(row));
        conflicting.into_iter().for_each(|row| self.round(rows.round[row]).conflicts += 1);
    }

    fn add_repeats(&mut self, repeats: BTreeMap<u32, u64>) {
        repeats.into_iter().for_each(|(round, repeats)| self.round(round).repeats += repeats);
    }

    fn round(&mut self, round: u32) -> &mut FetchedRound {
        self.rounds.entry(round).or_insert(FetchedRound { round, rows: 0, repeats: 0, conflicts: 0 })
    }
}

/// Adds the sequence numbers of rows to those of their processes; tells of each row whose number was there.
fn add_seqs(
    seqs: &mut BTreeMap<String, Seqs>,
    table: &Table,
    rows: impl Iterator<Item = usize>,
    mut known: impl FnMut(usize),
) {
    let mut by_process: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    rows.for_each(|row| by_process.entry(table.process.number(row)).or_default().push(row));
    for (process, rows) in by_process {
        let seqs = seqs.entry(table.process.names().text(process).to_owned()).or_default();
        for row in rows {
            let seq = table.seq.get(row);
            if !seqs.insert(seq) && seq > 0 {
                known(row);
            }
        }
    }
}

/// Reads entries on all processors, in order.
fn rows(entries: &[Entry], names: &Interner) -> Result<Table, Failed> {
    let part = |entries: &[Entry]| {
        let mut part = Table::new(Keep::Records);
        entries.iter().try_for_each(|entry| entry.record(names).map(|record| part.push(&record))).map(|()| part)
    };
    let parts: Option<Vec<Table>> = entries.par_chunks(PART).map(part).collect();
    let mut rows = Table::new(Keep::Records);
    let changed = || Failed {
        path: PathBuf::from("temporary files"),
        reason: io::Error::new(io::ErrorKind::InvalidData, "they were changed meanwhile"),
    };
    parts.ok_or_else(changed)?.iter().for_each(|part| rows.append(part));
    Ok(rows)
}

#[cfg(test)]
#[path = "spool_tests.rs"]
mod tests;
