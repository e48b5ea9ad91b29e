//! Tables: typed columns, rows of cells, and pure serialisers that return bytes. What stands in which table is one file a
//! table; nothing here opens a file.

mod clocks;
mod comparisons;
mod conditions;
mod convergence;
mod critical;
mod csv;
mod duplicates;
mod ecdf;
pub mod figure_file;
pub mod figures;
mod growth;
mod hops;
mod incidents;
mod intervals;
mod json;
mod latency;
mod latex;
mod load;
mod markdown;
mod resources;
mod rounds;
mod telemetry;
mod text;
mod variance;

use crate::audit::Quality;
use crate::compare::{Comparison, Side};
use crate::inputs::About;
use crate::measure::Analysis;
use crate::measure::usage::Usage;

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The file's name without its ending.
    pub name: &'static str,
    /// What it shows, in one sentence.
    pub caption: &'static str,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// Rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in every format.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: ColumnKind,
}

/// What a column's cells hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Words.
    Text,
    /// Whole numbers.
    Count,
    /// Numbers, which readers of md, tex and the terminal see with that many decimals. CSV and JSON have all of them.
    Number {
        /// Digits after the point.
        decimals: usize,
    },
    /// `true` or `false`.
    Flag,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A finite number.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// No value.
    None,
}

/// Every table, in the order of the report.
pub fn all(analysis: &Analysis) -> Vec<Table> {
    let always = [
        convergence::table(analysis),
        intervals::table(analysis),
        variance::table(analysis),
        ecdf::table(analysis),
        rounds::table(analysis),
        duplicates::table(analysis),
        hops::table(analysis),
        latency::table(analysis),
        load::table(analysis),
    ];
    always
        .into_iter()
        .chain(critical::table(analysis))
        .chain(clocks::table(analysis))
        .chain(resources::table(analysis))
        .chain(growth::table(analysis))
        .collect()
}

/// The tables of what the network was under, where there is anything to tell: limits, and what befell processes.
pub fn of_network(inputs: &[About], quality: &Quality) -> Vec<Table> {
    conditions::table(&quality.limits).into_iter().chain(incidents::table(inputs)).collect()
}

/// The table of what pods used, where any telemetry tells of it.
pub fn telemetry(usages: &[Usage]) -> Option<Table> {
    telemetry::table(usages)
}

/// The table that `report` prints.
pub fn convergence(analysis: &Analysis) -> Table {
    convergence::table(analysis)
}

/// Every round, as `compare` reads it.
pub fn rounds(analysis: &Analysis) -> Table {
    rounds::table(analysis)
}

/// What `compare` prints for programs.
pub fn comparisons(comparisons: &[Comparison]) -> Table {
    comparisons::table(comparisons)
}

/// What `compare` prints for readers: comparisons.
pub fn comparisons_for_readers(comparisons: &[Comparison]) -> Table {
    comparisons::for_readers(comparisons)
}

/// What `compare` prints for readers: each condition.
pub fn sides(sides: &[Side]) -> Table {
    comparisons::sides(sides)
}

impl Table {
    fn new<const N: usize>(
        name: &'static str,
        caption: &'static str,
        columns: [Column; N],
        rows: impl IntoIterator<Item = [Cell; N]>,
    ) -> Self {
        Self { name, caption, columns: columns.to_vec(), rows: rows.into_iter().map(Vec::from).collect() }
    }

    /// The rows whose cell in `column` is the text `value`: what `--origin` chooses.
    pub fn only(mut self, column: &str, value: &str) -> Self {
        let place = self.columns.iter().position(|candidate| candidate.name == column);
        let place = place.expect("callers name a column of this table");
        self.rows.retain(|row| matches!(&row[place], Cell::Text(text) if text == value));
        self
    }

    /// RFC 4180 with LF: full precision, empty where there is no value.
    pub fn to_csv(&self) -> Vec<u8> {
        csv::bytes(self)
    }

    /// A Markdown table with rounded numbers.
    pub fn to_markdown(&self) -> Vec<u8> {
        markdown::bytes(self)
    }

    /// A LaTeX `tabular` with the rules of booktabs and rounded numbers.
    pub fn to_latex(&self) -> Vec<u8> {
        latex::bytes(self)
    }

    /// Aligned columns for a terminal, with rounded numbers.
    pub fn to_text(&self) -> Vec<u8> {
        text::bytes(self)
    }

    /// A list of objects, one a row, with the columns' names in their order and full precision.
    pub fn to_json(&self) -> Vec<u8> {
        json::bytes(self)
    }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Text }
}

const fn count(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Count }
}

const fn flag(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Flag }
}

/// Milliseconds, to the microsecond where they are rounded.
const fn ms(name: &'static str) -> Column {
    number(name, 3)
}

const fn number(name: &'static str, decimals: usize) -> Column {
    Column { name, kind: ColumnKind::Number { decimals } }
}

impl Column {
    pub(crate) fn is_left_aligned(self) -> bool {
        match self.kind {
            ColumnKind::Text | ColumnKind::Flag => true,
            ColumnKind::Count | ColumnKind::Number { .. } => false,
        }
    }

    /// A cell of this column as readers see it; none where there is no value.
    pub(crate) fn rounded(self, cell: &Cell) -> Option<String> {
        let decimals = match self.kind {
            ColumnKind::Number { decimals } => decimals,
            ColumnKind::Text | ColumnKind::Count | ColumnKind::Flag => 0,
        };
        match cell {
            Cell::Number(value) => {
                let text = format!("{value:.decimals$}");
                let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
                Some(if is_zero { text.trim_start_matches('-').to_owned() } else { text })
            }
            Cell::Text(_) | Cell::Count(_) | Cell::Flag(_) | Cell::None => cell.full(),
        }
    }
}

impl Cell {
    /// The value in full; a number is the shortest text that reads back as the same; none where there is no value.
    fn full(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Count(count) => Some(count.to_string()),
            Self::Number(value) => Some(value.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::None => None,
        }
    }

    /// A time in ns as milliseconds.
    fn ms(time_ns: Option<f64>) -> Self {
        time_ns.map(|time_ns| time_ns / 1e6).into()
    }

    /// A time in whole ns as milliseconds.
    fn whole_ms(time_ns: Option<i64>) -> Self {
        Self::ms(time_ns.map(|time_ns| time_ns as f64))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Cell {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<usize> for Cell {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        assert!(value.is_finite(), "{value} in a table: what is infinite or undefined is no value");
        Self::Number(value)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
