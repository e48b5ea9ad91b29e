//! Records on their way from BigQuery to a run's file, in bounded memory: kept by run and round, since the file's order
//! begins with these, and read back round by round. What memory does not hold lies in temporary files, compressed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::FetchError;
use super::vocabulary::Vocabulary;
use super::write::{self, EventsFile};
use crate::bigquery::PullError;
use crate::bigquery::records::Records;
use crate::source::fetch_facts::FetchedRound;
use crate::source::open::hex;
use crate::source::repeats;
use crate::source::table::Table;

/// Lines that wait in memory, of all rounds together.
const WAITING: usize = 48 << 20;
/// Lines of a round that are read back at once.
const BLOCK: usize = 4 << 20;
/// Lines that one thread reads at once.
const LINES: usize = 4096;
/// The first level of zstd: temporary files are to be fast.
const LEVEL: i32 = 1;

/// Records by run and round.
#[derive(Debug, Default)]
pub(super) struct Spool {
    runs: BTreeMap<String, SpooledRun>,
    waiting: usize,
    folder: Option<tempfile::TempDir>,
    files: usize,
}

/// One run's records.
#[derive(Debug, Default)]
pub(super) struct SpooledRun {
    rounds: BTreeMap<u32, SpooledRound>,
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

#[derive(Debug, Default)]
struct SpooledRound {
    lines: Vec<u8>,
    file: Option<PathBuf>,
    /// Entries that the export wrote again.
    repeats: u64,
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
    /// The runs, by name.
    pub(super) fn runs(&self) -> &BTreeMap<String, SpooledRun> {
        &self.runs
    }

    /// Takes a run out of it.
    pub(super) fn take(&mut self, run_id: &str) -> Option<SpooledRun> {
        self.runs.remove(run_id)
    }

    /// Adds records of a table.
    pub(super) fn add(&mut self, table: &str, records: Records) -> Result<(), PullError> {
        let Records { table: rows, repeats, lines } = records;
        for ((run, round), lines) in lines {
            let run = self.runs.entry(rows.run.names().text(run).to_owned()).or_default();
            run.rounds.entry(round).or_default().lines.extend_from_slice(&lines);
            self.waiting += lines.len();
        }
        for ((run, round), count) in repeats {
            self.runs.entry(run).or_default().rounds.entry(round).or_default().repeats += count;
        }
        self.describe(table, &rows);
        if self.waiting > WAITING { self.flush() } else { Ok(()) }
    }

    /// Adds what is told of each run's rows.
    fn describe(&mut self, table: &str, rows: &Table) {
        let mut by_run: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for row in 0..rows.rows() {
            by_run.entry(rows.run.number(row)).or_default().push(row as u32);
        }
        for (number, of_run) in by_run {
            let run = self.runs.entry(rows.run.names().text(number).to_owned()).or_default();
            run.vocabulary.add(rows, &of_run);
            *run.tables.entry(table.to_owned()).or_default() += of_run.len() as u64;
            for row in &of_run {
                let row = *row as usize;
                run.newest_ns = run.newest_ns.max(rows.received_ns[row]);
                add_seq(&mut run.seqs, rows.process.text(row), rows.seq.get(row));
            }
            let hosts: BTreeSet<&str> = of_run.iter().map(|row| rows.host.text(*row as usize)).collect();
            run.hosts.extend(hosts.into_iter().map(str::to_owned));
        }
    }

    /// Puts what waits into temporary files.
    fn flush(&mut self) -> Result<(), PullError> {
        let failed = |path: &Path, source| PullError::Spool { path: path.to_owned(), source };
        if self.folder.is_none() {
            let made = tempfile::Builder::new().prefix("cnsim-fetch-").tempdir();
            self.folder = Some(made.map_err(|source| failed(&std::env::temp_dir(), source))?);
        }
        let folder = self.folder.as_ref().expect("it was made above").path();
        for round in self.runs.values_mut().flat_map(|run| run.rounds.values_mut()) {
            if round.lines.is_empty() {
                continue;
            }
            self.files += 1;
            let path: &PathBuf = round.file.get_or_insert_with(|| folder.join(self.files.to_string()));
            let packed = zstd::bulk::compress(&round.lines, LEVEL).map_err(|source| failed(path, source))?;
            let mut options = OpenOptions::new();
            let file = options.create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(&packed)).map_err(|source| failed(path, source))?;
            round.lines = Vec::new();
        }
        self.waiting = 0;
        Ok(())
    }
}

impl SpooledRun {
    /// Writes the run's events.parquet, without repeats and in order.
    pub(super) fn write(mut self, path: &Path) -> Result<Written, FetchError> {
        let (mut rounds, mut digest) = (Vec::with_capacity(self.rounds.len()), Sha256::new());
        let mut seqs: BTreeMap<String, Seqs> = BTreeMap::new();
        write::events(path, std::mem::take(&mut self.vocabulary), |file: &mut EventsFile<'_>| {
            for (round, spooled) in std::mem::take(&mut self.rounds) {
                rounds.push(one_round(round, spooled, &mut seqs, &mut digest, file)?);
            }
            Ok(())
        })?;
        Ok(Written { rounds, sha256: hex(digest) })
    }
}

/// Adds a process's sequence number; whether it is new.
fn add_seq(seqs: &mut BTreeMap<String, Seqs>, process: &str, seq: u64) -> bool {
    match seqs.get_mut(process) {
        Some(seqs) => seqs.insert(seq),
        None => seqs.entry(process.to_owned()).or_default().insert(seq),
    }
}

/// Writes the rows of a round.
fn one_round(
    round: u32,
    spooled: SpooledRound,
    seqs: &mut BTreeMap<String, Seqs>,
    digest: &mut Sha256,
    file: &mut EventsFile<'_>,
) -> Result<FetchedRound, FetchError> {
    let exported_again = spooled.repeats;
    let table = spooled.read()?;
    let found = repeats::find(&table);
    let mut repeated = found.repeated.iter().peekable();
    let mut rows: Vec<u32> =
        (0..table.rows() as u32).filter(|row| repeated.next_if(|next| *next == row).is_none()).collect();
    write::sort(&table, &mut rows);
    let mut conflicts = 0;
    for row in &rows {
        let row = *row as usize;
        digest.update(table.content[row].to_le_bytes());
        let (process, seq) = (table.process.text(row), table.seq.get(row));
        let is_new = add_seq(seqs, process, seq);
        conflicts += u64::from(seq > 0 && !is_new);
    }
    file.add(&table, &rows)?;
    let repeats = found.repeated.len() as u64 + exported_again;
    Ok(FetchedRound { round, rows: rows.len() as u64, repeats, conflicts })
}

impl SpooledRound {
    /// Its records again.
    fn read(self) -> Result<Table, PullError> {
        let mut records = Records::default();
        if let Some(path) = &self.file {
            let failed = |source| PullError::Spool { path: path.clone(), source };
            let file = std::fs::File::open(path).map_err(failed)?;
            let mut decoder = zstd::stream::read::Decoder::new(file).map_err(failed)?;
            let mut block = Vec::with_capacity(BLOCK);
            loop {
                let read = decoder.by_ref().take(BLOCK as u64).read_to_end(&mut block).map_err(failed)?;
                let end = block.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                read_lines(&block[..end], &mut records)?;
                block.drain(..end);
                if read == 0 {
                    break;
                }
            }
        }
        read_lines(&self.lines, &mut records)?;
        Ok(records.table)
    }
}

/// Reads lines on all processors, in order.
fn read_lines(block: &[u8], records: &mut Records) -> Result<(), PullError> {
    let lines: Vec<&[u8]> = block.split_inclusive(|byte| *byte == b'\n').collect();
    let parts: Result<Vec<Records>, PullError> = lines
        .par_chunks(LINES)
        .map(|lines| {
            let mut part = Records::default();
            lines.iter().try_for_each(|line| part.push_line(line)).map(|()| part).map_err(PullError::from)
        })
        .collect();
    parts?.into_iter().for_each(|part| records.append(part));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bigquery::records::Row;
    use crate::source::gather::Gather;
    use crate::source::table::Keep;

    const FLOOD: &str = include_str!("../../tests/fixtures/flood-n4/events.jsonl");
    const RUN: &str = "5e1f00d2-cubaan4";

    fn records<'a>(lines: impl Iterator<Item = &'a str>) -> Records {
        let mut records = Records::default();
        lines.for_each(|record| records.push_and_keep(Row { record, received_ns: None, copies: 1 }).unwrap());
        records
    }

    /// The file that these batches come to; after each one what waits is written to the disk, or not.
    fn written(batches: Vec<Records>, flushed: bool) -> (Vec<u8>, Written) {
        let home = tempfile::tempdir().unwrap();
        let mut spool = Spool::default();
        for batch in batches {
            spool.add("t", batch).unwrap();
            if flushed {
                spool.flush().unwrap();
            }
        }
        let path = home.path().join("events.parquet");
        let written = spool.take(RUN).unwrap().write(&path).unwrap();
        (std::fs::read(path).unwrap(), written)
    }

    #[test]
    fn records_that_lay_on_the_disk_give_the_same_file() {
        let whole = || vec![records(FLOOD.lines())];
        let parts = || vec![records(FLOOD.lines().rev().step_by(2)), records(FLOOD.lines().rev().skip(1).step_by(2))];
        let (expected, facts) = written(whole(), false);
        for (bytes, same) in [written(whole(), true), written(parts(), true), written(parts(), false)] {
            assert_eq!(bytes, expected);
            assert_eq!((same.sha256, same.rounds), (facts.sha256.clone(), facts.rounds.clone()));
        }
    }

    #[test]
    fn repeats_go_and_conflicts_stay_and_both_are_counted_as_for_files() {
        let conflict = FLOOD.lines().nth(30).unwrap().replace("\"host\":\"bench\"", "\"host\":\"other\"");
        let lines = || FLOOD.lines().chain([FLOOD.lines().nth(7).unwrap(), conflict.as_str()]);
        let (_, facts) = written(vec![records(lines())], true);
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.jsonl");
        std::fs::write(&path, lines().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        let mut gather = Gather::new(Keep::Records);
        gather.read(&path).unwrap();
        let runs = super::super::runs(&gather, &[]).unwrap();
        assert_eq!(facts.rounds, runs[0].facts.rounds);
        let sums = facts.rounds.iter().map(|round| [round.repeats, round.conflicts]);
        assert_eq!(sums.fold([0, 0], |[a, b], [c, d]| [a + c, b + d]), [1, 1]);
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
