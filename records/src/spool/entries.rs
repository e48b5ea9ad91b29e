//! The records of a part of a file as entries by run, with what a fetch has to know of each run.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::event::{Column, Record};

use super::entry::{Entry, SHARED};
use super::texts::SharedTexts;
use super::vocabulary::{ENUMERATED, Vocabulary, text};
use crate::gather::Gather;
use crate::identity::Identifier;
use crate::times::Times;

/// Whole records that came together.
#[derive(Debug)]
pub struct Entries {
    texts: SharedTexts,
    identifier: Identifier,
    /// The numbers of the last record's texts, which are often the next one's too.
    last: Option<[u32; ENUMERATED.len()]>,
    identities: Vec<u128>,
    pub(super) runs: BTreeMap<u32, RunEntries>,
    /// How many more of them the source held, which left repeats out itself, by run and round.
    pub repeats: BTreeMap<(String, u32), u64>,
}

/// The entries of one run.
#[derive(Debug, Default)]
pub(super) struct RunEntries {
    pub(super) bytes: Vec<u8>,
    /// Where each entry ends.
    pub(super) ends: Vec<usize>,
    pub(super) vocabulary: Vocabulary,
    /// Sequence numbers, 0 where there is none, by process.
    pub(super) seqs: BTreeMap<u32, Vec<u64>>,
    pub(super) hosts: BTreeSet<u32>,
    pub(super) newest_ns: i64,
}

impl Entries {
    /// None yet.
    pub fn new(texts: &SharedTexts) -> Self {
        Self {
            texts: texts.clone(),
            identifier: Identifier::default(),
            last: None,
            identities: Vec::new(),
            runs: BTreeMap::new(),
            repeats: BTreeMap::new(),
        }
    }

    /// What each record says, as one number, in the order in which they came.
    pub fn identities(&self) -> &[u128] {
        &self.identities
    }

    /// The sequence numbers of its records, 0 where there is none, by run and process.
    pub fn seqs(&self) -> impl Iterator<Item = (&str, &str, &[u64])> {
        let text = |number: &u32| self.texts.mapping.cat_to_str(*number).unwrap_or_default();
        self.runs.iter().flat_map(move |(run, entries)| {
            entries.seqs.iter().map(move |(process, seqs)| (text(run), text(process), seqs.as_slice()))
        })
    }

    /// The numbers of a record's texts in the order of [`ENUMERATED`].
    fn numbers(&mut self, record: &Record<'_>) -> [u32; ENUMERATED.len()] {
        let mapping = &self.texts.mapping;
        let mut numbers = [0; ENUMERATED.len()];
        for (place, column) in ENUMERATED.into_iter().enumerate() {
            let text = text(record, column);
            let last = self.last.map(|last| last[place]).filter(|last| mapping.cat_to_str(*last) == Some(text));
            numbers[place] =
                last.unwrap_or_else(|| mapping.insert_cat(text).expect("memory does not hold 2^32 distinct texts"));
        }
        self.last = Some(numbers);
        numbers
    }
}

impl Gather for Entries {
    fn push(&mut self, record: &Record<'_>) {
        let times = Times::of(record);
        let identity = self.identifier.identify(record, &times);
        let numbers = self.numbers(record);
        let number = |column: Column| numbers[place(column)];
        let run = self.runs.entry(number(Column::RunId)).or_default();
        Entry::write(record, &times, SHARED.map(number), identity, &mut run.bytes);
        run.ends.push(run.bytes.len());
        run.vocabulary.insert(&numbers);
        run.seqs.entry(number(Column::Process)).or_default().push(record.seq.unwrap_or(0));
        run.hosts.insert(number(Column::Host));
        run.newest_ns = run.newest_ns.max(record.received_ns);
        self.identities.push(identity);
    }

    fn rows(&self) -> usize {
        self.identities.len()
    }
}

/// Where a column stands in [`ENUMERATED`].
fn place(column: Column) -> usize {
    ENUMERATED.iter().position(|enumerated| *enumerated == column).expect("shared texts are enumerated")
}
