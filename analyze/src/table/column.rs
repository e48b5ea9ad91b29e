//! Columns: a name, what cells hold, and how many decimals a reader sees.

use super::cell::Cell;

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

pub(crate) const fn text(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Text }
}

pub(crate) const fn count(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Count }
}

pub(crate) const fn flag(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Flag }
}

/// Milliseconds, to the microsecond where they are rounded.
pub(crate) const fn ms(name: &'static str) -> Column {
    number(name, 3)
}

pub(crate) const fn number(name: &'static str, decimals: usize) -> Column {
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
                // A number that is rounded to zero has no sign.
                let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
                Some(if is_zero { text.trim_start_matches('-').to_owned() } else { text })
            }
            Cell::Text(_) | Cell::Count(_) | Cell::Flag(_) | Cell::None => cell.full(),
        }
    }
}
