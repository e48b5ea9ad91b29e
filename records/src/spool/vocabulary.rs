//! The texts of a run's columns: each column is an enumeration of those that occur in it, in order, so that the file does
//! not depend on other runs, nor on the order in which records came.

use std::collections::BTreeMap;

use cnsim::event::{Column, Record};

use super::texts::SharedTexts;
use crate::names::Names;

/// The columns whose texts are enumerated.
pub(crate) const ENUMERATED: [Column; 9] = [
    Column::Message,
    Column::SenderId,
    Column::ReceiverId,
    Column::EventType,
    Column::RunId,
    Column::Protocol,
    Column::Condition,
    Column::Process,
    Column::Host,
];

/// The texts that occur in each column of texts, as numbers of a mapping that all records of a spool share.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    columns: [NumberSet; ENUMERATED.len()],
}

/// A set of numbers that lie close together, wherever that is: a bit for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct NumberSet {
    blocks: BTreeMap<u32, u64>,
}

impl NumberSet {
    fn insert(&mut self, number: u32) {
        *self.blocks.entry(number / u64::BITS).or_default() |= 1 << (number % u64::BITS);
    }

    fn add(&mut self, other: &Self) {
        other.blocks.iter().for_each(|(block, bits)| *self.blocks.entry(*block).or_default() |= bits);
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        let numbers = |(block, bits): (&u32, &u64)| {
            let (first, bits) = (block * u64::BITS, *bits);
            (0..u64::BITS).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| first + bit)
        };
        self.blocks.iter().flat_map(numbers)
    }
}

impl Vocabulary {
    /// Adds the texts of a record, given their numbers in the order of [`ENUMERATED`].
    pub(crate) fn insert(&mut self, numbers: &[u32; ENUMERATED.len()]) {
        self.columns.iter_mut().zip(numbers).for_each(|(column, number)| column.insert(*number));
    }

    /// Adds the texts of another vocabulary of the same mapping.
    pub fn add(&mut self, other: &Self) {
        self.columns.iter_mut().zip(&other.columns).for_each(|(column, other)| column.add(other));
    }

    /// The texts of each column in order.
    pub(crate) fn names(&self, texts: &SharedTexts) -> BTreeMap<Column, Names> {
        let names = |(column, numbers): (Column, &NumberSet)| {
            (column, Names::of_any(numbers.iter().filter_map(|number| texts.mapping.cat_to_str(number))))
        };
        ENUMERATED.into_iter().zip(&self.columns).map(names).collect()
    }
}

/// The text of a record in a column of [`ENUMERATED`].
pub(crate) fn text<'r>(record: &'r Record<'_>, column: Column) -> &'r str {
    match column {
        Column::Message => &record.message,
        Column::SenderId => &record.sender_id,
        Column::ReceiverId => &record.receiver_id,
        Column::EventType => record.kind.as_str(),
        Column::RunId => &record.run_id,
        Column::Protocol => &record.protocol,
        Column::Condition => &record.condition,
        Column::Process => &record.process,
        Column::Host => &record.host,
        Column::ReceivedTimestamp
        | Column::PropagationTime
        | Column::Detail
        | Column::Round
        | Column::Nodes
        | Column::Hop
        | Column::SentNs
        | Column::ReceivedNs
        | Column::SendId
        | Column::Seq
        | Column::Bytes
        | Column::Format
        | Column::Reason
        | Column::Incarnation
        | Column::Clock
        | Column::Topic => "",
    }
}
