//! The events of an input as one Polars frame: what every reader gives, and every metric and check takes.

use std::collections::BTreeMap;

use polars::prelude::*;
use rayon::prelude::*;

use crate::builder::{Block, Texts};
use crate::columns::{EventColumns, EventNames, constant, enumerated, kind_names, plain_values};
use crate::names::Names;
use crate::repeats;
use crate::schema::{CONDITION, HOST, KIND, PROCESS, PROTOCOL, RECEIVED_NS, RECEIVER, ROUND, RUN, SENDER, SEQ};

/// Event records, one a row, in no particular order. Columns are those of [`crate::schema`]; one that holds the same value
/// in all rows takes the room of one value.
#[derive(Debug, Clone, Default)]
pub struct Events {
    frame: DataFrame,
    names: EventNames,
}

/// Records that came more than once, or that contradict each other or themselves, by run id and round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repetitions {
    /// Repeats that were removed.
    pub repeats: BTreeMap<(String, u32), u64>,
    /// Records with equal process and seq but other content, which were kept.
    pub conflicts: BTreeMap<(String, u32), u64>,
    /// Records that say one thing twice and differently, which were kept.
    pub contradictory: BTreeMap<(String, u32), u64>,
}

impl Events {
    /// Events that are there as columns.
    ///
    /// # Errors
    /// Where a number stands for no text.
    pub fn of_columns(columns: &EventColumns) -> PolarsResult<Self> {
        Ok(Self { frame: columns.to_frame()?, names: columns.names.clone() })
    }

    /// The events of blocks in their order, without the records that an earlier one says already.
    ///
    /// # Errors
    /// Those of Polars, which are faults of this program.
    pub fn of_blocks(mut blocks: Vec<Block>, texts: &Texts) -> PolarsResult<(Self, Repetitions)> {
        let repetitions = remove_repeats(&mut blocks, texts)?;
        let sorted = SortedTexts::of(texts);
        let join_in_order = |parts: Vec<Column>| match parts.first().and_then(|part| sorted.of_column(part.name())) {
            Some((names, places)) => join_enumerated(parts, places, names),
            None => join_column(parts),
        };
        let frames = blocks.into_iter().map(|block| block.frame).collect();
        let frame = join(frames, join_in_order)?;
        Ok((Self { frame, names: sorted.into_names() }, repetitions))
    }

    /// The events of frames in their order, which must have these names.
    ///
    /// # Errors
    /// Where the columns of two frames differ in type.
    pub fn of_frames(frames: Vec<DataFrame>, names: EventNames) -> PolarsResult<Self> {
        Ok(Self { frame: join(frames, join_column)?, names })
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.frame.height()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.frame.height() == 0
    }

    /// All rows as plain slices.
    ///
    /// # Errors
    /// Those of Polars, which are faults of this program.
    pub fn columns(&self) -> PolarsResult<EventColumns> {
        EventColumns::of(&self.frame, &self.names)
    }

    /// The first and the last receipt, in ns since the Unix epoch; none where there is no record.
    pub fn span_ns(&self) -> Option<(i64, i64)> {
        let received = self.frame.column(RECEIVED_NS).ok()?.as_materialized_series().i64().ok()?;
        Some((received.min()?, received.max()?))
    }

    /// The frame.
    pub fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// The texts behind the numbers of its enumerations.
    pub fn names(&self) -> &EventNames {
        &self.names
    }
}

/// The texts of each column in order, and what translates their numbers while reading into places in that order.
struct SortedTexts {
    kinds: (Names, Vec<u32>),
    runs: (Names, Vec<u32>),
    nodes: (Names, Vec<u32>),
    processes: (Names, Vec<u32>),
    hosts: (Names, Vec<u32>),
    protocols: (Names, Vec<u32>),
    conditions: (Names, Vec<u32>),
}

impl SortedTexts {
    fn of(texts: &Texts) -> Self {
        let kinds = kind_names();
        Self {
            kinds: (kinds.clone(), (0..kinds.len() as u32).collect()),
            runs: texts.sorted(RUN),
            nodes: texts.sorted(SENDER),
            processes: texts.sorted(PROCESS),
            hosts: texts.sorted(HOST),
            protocols: texts.sorted(PROTOCOL),
            conditions: texts.sorted(CONDITION),
        }
    }

    /// Those of a column; none where it holds no texts.
    fn of_column(&self, column: &str) -> Option<&(Names, Vec<u32>)> {
        match column {
            KIND => Some(&self.kinds),
            RUN => Some(&self.runs),
            SENDER | RECEIVER => Some(&self.nodes),
            PROCESS => Some(&self.processes),
            HOST => Some(&self.hosts),
            PROTOCOL => Some(&self.protocols),
            CONDITION => Some(&self.conditions),
            _ => None,
        }
    }

    fn into_names(self) -> EventNames {
        EventNames {
            runs: self.runs.0,
            nodes: self.nodes.0,
            processes: self.processes.0,
            hosts: self.hosts.0,
            protocols: self.protocols.0,
            conditions: self.conditions.0,
        }
    }
}

/// Takes out of blocks what an earlier record says already; counts that, and records that contradict each other.
fn remove_repeats(blocks: &mut [Block], texts: &Texts) -> PolarsResult<Repetitions> {
    let repeated = repeats::later_equals(&blocks.iter().map(|block| &block.identities[..]).collect::<Vec<_>>());
    blocks.iter_mut().for_each(|block| block.identities = Vec::new());
    let conflicting = conflicting(blocks, &repeated)?;
    let repetitions = Repetitions {
        repeats: counted(blocks, &repeated, texts)?,
        conflicts: counted(blocks, &conflicting, texts)?,
        contradictory: contradictory(blocks, texts),
    };
    let (mut first, mut repeated) = (0, repeated.into_iter().peekable());
    for block in blocks {
        let rows = block.frame.height();
        let of_block: Vec<usize> = std::iter::from_fn(|| repeated.next_if(|row| (*row as usize) < first + rows))
            .map(|row| row as usize - first)
            .collect();
        if !of_block.is_empty() {
            let mut keep = vec![true; rows];
            of_block.into_iter().for_each(|row| keep[row] = false);
            block.frame = block.frame.filter(&BooleanChunked::from_slice(PlSmallStr::EMPTY, &keep))?;
        }
        first += rows;
    }
    Ok(repetitions)
}

/// The records of blocks that contradict themselves, by run id and round.
fn contradictory(blocks: &[Block], texts: &Texts) -> BTreeMap<(String, u32), u64> {
    let mut all = BTreeMap::new();
    for ((run, round), count) in blocks.iter().flat_map(|block| &block.contradictory) {
        *all.entry((texts.text(RUN, *run).to_owned(), *round)).or_default() += count;
    }
    all
}

/// The rows, but repeats, that have an earlier record's process, run and seq but say something else, in order.
fn conflicting(blocks: &[Block], repeated: &[u32]) -> PolarsResult<Vec<u32>> {
    let (mut keys, mut rows, mut first) = (Vec::new(), Vec::new(), 0_u32);
    let mut repeated = repeated.iter().peekable();
    for Block { frame, .. } in blocks {
        let of_seq = frame.column(SEQ)?;
        let is_numbered = !matches!(of_seq, Column::Scalar(seq) if seq.scalar().value().extract::<u64>() == Some(0));
        if is_numbered {
            let seqs = plain_values::<UInt64Type>(of_seq, 0)?;
            let [runs, processes] = [RUN, PROCESS].map(|name| numbers(frame, name));
            for (row, ((seq, run), process)) in (first..).zip(seqs.into_iter().zip(runs?).zip(processes?)) {
                while repeated.next_if(|other| **other < row).is_some() {}
                if seq > 0 && repeated.peek() != Some(&&row) {
                    keys.push(u128::from(process) << 96 | u128::from(run) << 64 | u128::from(seq));
                    rows.push(row);
                }
            }
        }
        first += frame.height() as u32;
    }
    Ok(repeats::later_equals(&[&keys]).into_iter().map(|index| rows[index as usize]).collect())
}

/// How many of some rows, which are in order, each round has.
fn counted(blocks: &[Block], rows: &[u32], texts: &Texts) -> PolarsResult<BTreeMap<(String, u32), u64>> {
    let mut counts = BTreeMap::new();
    let (mut first, mut rows) = (0, rows.iter().map(|row| *row as usize).peekable());
    for Block { frame, .. } in blocks {
        let end = first + frame.height();
        if rows.peek().is_some_and(|row| *row < end) {
            let (runs, rounds) = (numbers(frame, RUN)?, numbers(frame, ROUND)?);
            while let Some(row) = rows.next_if(|row| *row < end) {
                let run_id = texts.text(RUN, runs[row - first]).to_owned();
                *counts.entry((run_id, rounds[row - first])).or_default() += 1;
            }
        }
        first = end;
    }
    Ok(counts)
}

/// The values of a column of u32.
fn numbers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<u32>> {
    plain_values::<UInt32Type>(frame.column(name)?, 0)
}

/// Columns that are joined at once, so that memory holds only so many of them twice.
const JOINED_AT_ONCE: usize = 2;

/// Frames of the same columns, one below the other; `of_parts` makes one column of the parts of it.
fn join(
    frames: Vec<DataFrame>,
    of_parts: impl Fn(Vec<Column>) -> PolarsResult<Column> + Sync,
) -> PolarsResult<DataFrame> {
    let rows = frames.iter().map(DataFrame::height).sum();
    let mut columns: Vec<Vec<Column>> = Vec::new();
    // An empty frame has no value that its columns could share with the others.
    for frame in frames.into_iter().filter(|frame| rows == 0 || frame.height() > 0) {
        columns.resize_with(frame.width(), Vec::new);
        columns.iter_mut().zip(frame.into_columns()).for_each(|(column, part)| column.push(part));
    }
    let mut joined = Vec::with_capacity(columns.len());
    for parts in columns.chunks_mut(JOINED_AT_ONCE) {
        let columns: PolarsResult<Vec<Column>> =
            parts.par_iter_mut().map(|parts| of_parts(std::mem::take(parts))).collect();
        joined.extend(columns?);
    }
    DataFrame::new(rows, joined)
}

fn join_column(parts: Vec<Column>) -> PolarsResult<Column> {
    if let Some(column) = join_equal(&parts) {
        return Ok(column);
    }
    let mut parts = parts.into_iter().map(Column::take_materialized_series);
    let Some(mut all) = parts.next() else { return Ok(Column::default()) };
    parts.try_for_each(|part| all.append(&part).map(drop))?;
    Ok(all.rechunk().into())
}

/// Parts that hold one value and all of them the same; none where they do not.
fn join_equal(parts: &[Column]) -> Option<Column> {
    let scalars: Option<Vec<&Scalar>> = parts
        .iter()
        .map(|part| match part {
            Column::Scalar(column) => Some(column.scalar()),
            Column::Series(_) => None,
        })
        .collect();
    let rows = parts.iter().map(Column::len).sum();
    match parts.first() {
        Some(Column::Scalar(column)) if scalars?.windows(2).all(|pair| pair[0] == pair[1]) => {
            Some(column.resize(rows).into())
        }
        Some(_) | None => None,
    }
}

/// Parts of a column of numbers of texts as they came, as an enumeration of the texts in order.
fn join_enumerated(parts: Vec<Column>, to_sorted: &[u32], names: &Names) -> PolarsResult<Column> {
    if let Some(Column::Scalar(column)) = join_equal(&parts) {
        let number = column.as_single_value_series().u32()?.get(0).unwrap_or(0);
        let one = enumerated(column.name(), &[to_sorted[number as usize]], names)?;
        return Ok(constant(&one.take_materialized_series(), column.len()));
    }
    let name = parts.first().map_or(PlSmallStr::EMPTY, |part| part.name().clone());
    let mut numbers = Vec::with_capacity(parts.iter().map(Column::len).sum());
    for part in parts {
        match &part {
            Column::Scalar(scalar) => {
                let number = scalar.as_single_value_series().u32()?.get(0).unwrap_or(0);
                numbers.resize(numbers.len() + part.len(), to_sorted[number as usize]);
            }
            Column::Series(series) => {
                for part in series.u32()?.downcast_iter() {
                    numbers.extend(part.values_iter().map(|number| to_sorted[*number as usize]));
                }
            }
        }
    }
    enumerated(&name, &numbers, names)
}
