//! Records on their way from BigQuery to a run's file, in bounded memory: each run's are sorted as they come and merged when
//! all are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::FetchError;
use super::entry::Entry;
use super::sorted::{Failed, Scratch, Sorted, Sorter};
use super::vocabulary::Vocabulary;
use super::write::{self, EventsFile};
use crate::bigquery::PullError;
use crate::bigquery::records::{Records, RowError};
use crate::source::fetch_facts::FetchedRound;
use crate::source::open::hex;
use crate::source::table::Table;

/// Bytes that wait in memory, of all runs together.
const WAITING: usize = 48 << 20;
/// Entries that become rows of the file at once.
const BLOCK: usize = 1 << 13;
/// Entries that one thread reads at once.
const PART: usize = 1 << 10;

/// Records by run.
#[derive(Debug)]
pub(super) struct Spool {
    runs: BTreeMap<String, SpooledRun>,
    waiting: usize,
    most: usize,
    place: PathBuf,
    scratch: Option<Scratch>,
}

/// One run's records.
#[derive(Debug, Default)]
pub(super) struct SpooledRun {
    sorter: Sorter,
    /// Entries that the export wrote again, by round.
    repeats: BTreeMap<u32, u64>,
    vocabulary: Vocabulary,
    /// Records by table.
    pub(super) tables: BTreeMap<String, u64>,
    /// The sequence numbers of each process.
    pub(super) seqs: BTreeMap<String, Seqs>,
    /// Where processes ran.
    pub(super) hosts: BTreeSet<String>,
    /// The newest record's time in nanoseconds.
    pub(super) newest_ns: i64,
}

/// A set of sequence numbers, which are dense: a bit for each.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Seqs {
    blocks: BTreeMap<u64, u64>,
}

/// What writing a run found.
pub(super) struct Written {
    /// Round by round, in order.
    pub(super) rounds: Vec<FetchedRound>,
    /// Hex digest of the records' hashes in order.
    pub(super) sha256: String,
}

impl Seqs {
    /// Adds a number; whether it is new.
    pub(super) fn insert(&mut self, seq: u64) -> bool {
        let bits = self.blocks.entry(seq / 64).or_default();
        let bit = 1 << (seq % 64);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }

    /// How many there are from 1 to `last`.
    pub(super) fn count_to(&self, last: u64) -> u64 {
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
    pub(super) fn new(place: &Path) -> Self {
        Self::holding(WAITING, place)
    }

    fn holding(most: usize, place: &Path) -> Self {
        Self { runs: BTreeMap::new(), waiting: 0, most, place: place.to_owned(), scratch: None }
    }

    /// The runs, by name.
    pub(super) fn runs(&self) -> &BTreeMap<String, SpooledRun> {
        &self.runs
    }

    /// Takes a run out of it. Its temporary files are the spool's; where there are some, writing the run is left the memory.
    pub(super) fn take(&mut self, run_id: &str) -> Result<Option<SpooledRun>, PullError> {
        let mut run = self.runs.remove(run_id);
        if let (Some(run), Some(scratch)) = (&mut run, &mut self.scratch) {
            run.sorter.spill(scratch)?;
        }
        Ok(run)
    }

    /// Adds records of a table.
    pub(super) fn add(&mut self, table: &str, records: &Records) -> Result<(), PullError> {
        let rows = &records.table;
        let mut by_run: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in 0..rows.rows() {
            by_run.entry(rows.run.number(row)).or_default().push(row as u32);
        }
        for (number, of_run) in by_run {
            let run = self.runs.entry(rows.run.names().text(number).to_owned()).or_default();
            run.describe(table, rows, &of_run);
            for row in of_run {
                let row = row as usize;
                self.waiting += run.sorter.push(|bytes| Entry::write(rows, row, records.texts.text(row), bytes));
            }
        }
        for ((run, round), count) in &records.repeats {
            *self.runs.entry(run.clone()).or_default().repeats.entry(*round).or_default() += count;
        }
        if self.waiting > self.most { self.spill().map_err(PullError::from) } else { Ok(()) }
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

impl From<Failed> for PullError {
    fn from(Failed { path, source }: Failed) -> Self {
        Self::Spool { path, source }
    }
}

impl From<Failed> for FetchError {
    fn from(failed: Failed) -> Self {
        PullError::from(failed).into()
    }
}

impl SpooledRun {
    /// Adds what is told of its rows.
    fn describe(&mut self, table: &str, rows: &Table, of_run: &[u32]) {
        self.vocabulary.add(rows, of_run);
        *self.tables.entry(table.to_owned()).or_default() += of_run.len() as u64;
        for row in of_run {
            let row = *row as usize;
            self.newest_ns = self.newest_ns.max(rows.received_ns[row]);
            add_seq(&mut self.seqs, rows.process.text(row), rows.seq.get(row));
        }
        let hosts: BTreeSet<&str> = of_run.iter().map(|row| rows.host.text(*row as usize)).collect();
        self.hosts.extend(hosts.into_iter().map(str::to_owned));
    }

    /// Writes the run's events.parquet, without repeats and in order. Blocks are merged while others are written.
    pub(super) fn write(self, path: &Path) -> Result<Written, FetchError> {
        let Self { sorter, repeats, vocabulary, .. } = self;
        let merge = Merge::of(sorter.finish()?, repeats);
        let mut counts = Counts::default();
        write::events(path, vocabulary, |file: &mut EventsFile<'_>| {
            let (sender, blocks) = mpsc::sync_channel(1);
            std::thread::scope(|scope| {
                let merging = scope.spawn(move || merge.send(&sender));
                for block in blocks {
                    let block = block?;
                    let rows: Vec<u32> = (0..block.rows() as u32).collect();
                    counts.add(&block);
                    file.add(&block, &rows)?;
                }
                counts.add_repeats(merging.join().expect("merging does not panic"));
                Ok(())
            })
        })?;
        Ok(Written { rounds: counts.rounds.into_values().collect(), sha256: hex(counts.digest) })
    }
}

/// A run's entries on their way to its file.
struct Merge {
    sorted: Sorted,
    entry: Entry,
    before: Entry,
    /// Entries that came again, by round.
    repeats: BTreeMap<u32, u64>,
}

/// What is told of the rows of a file.
#[derive(Default)]
struct Counts {
    rounds: BTreeMap<u32, FetchedRound>,
    seqs: BTreeMap<String, Seqs>,
    digest: Sha256,
}

impl Merge {
    fn of(sorted: Sorted, repeats: BTreeMap<u32, u64>) -> Self {
        Self { sorted, entry: Entry::default(), before: Entry::default(), repeats }
    }

    /// Sends all rows, in order, to whoever takes them; gives the entries that came again, by round.
    fn send(mut self, blocks: &mpsc::SyncSender<Result<Table, FetchError>>) -> BTreeMap<u32, u64> {
        while let Some(block) = self.block().transpose() {
            let is_last = block.is_err();
            if blocks.send(block).is_err() || is_last {
                break;
            }
        }
        self.repeats
    }

    /// The next rows, in order; none behind the last one. What the one before says already is left out and counted.
    fn block(&mut self) -> Result<Option<Table>, FetchError> {
        let mut entries = Vec::with_capacity(BLOCK);
        while entries.len() < BLOCK && self.sorted.next(&mut self.entry.bytes)? {
            if self.entry.is_repeat_of(&self.before) {
                *self.repeats.entry(self.entry.round()).or_default() += 1;
                continue;
            }
            self.before.clone_from(&self.entry);
            entries.push(std::mem::take(&mut self.entry));
        }
        if entries.is_empty() {
            return Ok(None);
        }
        Ok(Some(rows(&entries).map_err(PullError::from)?))
    }
}

impl Counts {
    /// Adds rows.
    fn add(&mut self, rows: &Table) {
        for row in 0..rows.rows() {
            self.digest.update(rows.content[row].to_le_bytes());
            let seq = rows.seq.get(row);
            let is_new = add_seq(&mut self.seqs, rows.process.text(row), seq);
            let round = self.round(rows.round[row]);
            round.rows += 1;
            round.conflicts += u64::from(seq > 0 && !is_new);
        }
    }

    fn add_repeats(&mut self, repeats: BTreeMap<u32, u64>) {
        repeats.into_iter().for_each(|(round, repeats)| self.round(round).repeats += repeats);
    }

    fn round(&mut self, round: u32) -> &mut FetchedRound {
        self.rounds.entry(round).or_insert(FetchedRound { round, rows: 0, repeats: 0, conflicts: 0 })
    }
}

/// Adds a process's sequence number; whether it is new.
fn add_seq(seqs: &mut BTreeMap<String, Seqs>, process: &str, seq: u64) -> bool {
    match seqs.get_mut(process) {
        Some(seqs) => seqs.insert(seq),
        None => seqs.entry(process.to_owned()).or_default().insert(seq),
    }
}

/// Reads entries on all processors, in order.
fn rows(entries: &[Entry]) -> Result<Table, RowError> {
    let parts: Result<Vec<Records>, RowError> = entries
        .par_chunks(PART)
        .map(|entries| {
            let mut part = Records::default();
            entries.iter().try_for_each(|entry| part.push(entry.row()?)).map(|()| part)
        })
        .collect();
    let mut records = Records::default();
    parts?.into_iter().for_each(|part| records.append(part));
    Ok(records.table)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bigquery::records::{Row, Timestamps};
    use crate::source::gather::Gather;
    use crate::source::table::Keep;

    const FLOOD: &str = include_str!("../../tests/fixtures/flood-n4/events.jsonl");
    const RUN: &str = "5e1f00d2-cubaan4";

    fn exact(record: &str) -> Row<'_> {
        Row { record, received_ns: None, copies: 1, timestamps: Timestamps::Exact }
    }

    fn records<'a>(lines: impl Iterator<Item = &'a str>) -> Records {
        let mut records = Records::default();
        lines.for_each(|record| records.push_and_keep(exact(record)).unwrap());
        records
    }

    /// The file that these batches come to, where so many bytes wait in memory.
    fn written(batches: &[Records], most: usize) -> (Vec<u8>, Written) {
        let home = tempfile::tempdir().unwrap();
        let mut spool = Spool::holding(most, home.path());
        for batch in batches {
            spool.add("t", batch).unwrap();
        }
        let path = home.path().join("events.parquet");
        let written = spool.take(RUN).unwrap().unwrap().write(&path).unwrap();
        drop(spool);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "temporary files are there yet");
        (std::fs::read(path).unwrap(), written)
    }

    /// The flood and a record that contradicts one of it.
    fn lines() -> Vec<String> {
        let conflict = FLOOD.lines().nth(30).unwrap().replace("\"host\":\"bench\"", "\"host\":\"other\"");
        FLOOD.lines().map(str::to_owned).chain([conflict]).collect()
    }

    /// What a file with these lines comes to, which are sorted in memory.
    fn from_file(lines: &[&str]) -> (Vec<u8>, Vec<FetchedRound>) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.jsonl");
        std::fs::write(&path, lines.join("\n")).unwrap();
        let mut gather = Gather::new(Keep::Records);
        gather.read(&path).unwrap();
        let runs = super::super::runs(&gather, &[]).unwrap();
        write::run(&gather.table, &runs[0], &home.path().join("run")).unwrap();
        (std::fs::read(home.path().join("run").join(write::EVENTS)).unwrap(), runs[0].facts.rounds.clone())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_order_and_any_memory_give_the_file_that_is_sorted_in_memory(
            order in Just((0..81_usize).collect::<Vec<_>>()).prop_shuffle(),
            again in prop::collection::vec(0..81_usize, 0..9),
            batch in 1..50_usize,
            most in prop_oneof![Just(0), 1000..60_000_usize],
        ) {
            let lines = lines();
            let came: Vec<&str> = order.iter().chain(&again).map(|line| lines[*line].as_str()).collect();
            let batches: Vec<Records> = came.chunks(batch).map(|lines| records(lines.iter().copied())).collect();
            let (bytes, facts) = written(&batches, most);
            let (expected, rounds) = from_file(&came);
            prop_assert!(bytes == expected);
            prop_assert_eq!(&facts.rounds, &rounds);
            let repeats: u64 = rounds.iter().map(|round| round.repeats).sum();
            prop_assert_eq!(repeats, again.len() as u64);
            prop_assert_eq!(rounds.iter().map(|round| round.conflicts).sum::<u64>(), 1);
        }
    }

    #[test]
    fn a_row_that_was_exported_again_is_counted_with_those_that_came_again() {
        let mut records = records(FLOOD.lines());
        records.push_and_keep(Row { copies: 3, ..exact(FLOOD.lines().next().unwrap()) }).unwrap();
        let (_, facts) = written(&[records], WAITING);
        assert_eq!(facts.rounds.iter().map(|round| round.repeats).sum::<u64>(), 3);
    }

    #[test]
    fn numbers_are_counted_up_to_the_last_one() {
        let mut seqs = Seqs::default();
        for seq in [0, 1, 63, 64, 65, 200, u64::MAX] {
            assert!(seqs.insert(seq));
        }
        assert!(!seqs.insert(64));
        let counts: Vec<u64> =
            [0, 1, 63, 64, 127, 128, 200, u64::MAX].iter().map(|last| seqs.count_to(*last)).collect();
        assert_eq!(counts, [0, 1, 2, 3, 4, 4, 5, 6]);
    }
}
