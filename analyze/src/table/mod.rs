//! Plain tables: typed columns, rows of cells, and a file for each form in which they are written. Nothing here knows what
//! a table is about, and nothing opens a file.

mod cell;
mod column;
mod csv;
mod data;
mod format;
mod json;
mod latex;
mod markdown;
mod text;

pub use cell::Cell;
pub use column::{Column, ColumnKind};
pub(crate) use column::{count, flag, ms, number, text};
pub use data::Table;
pub use format::TableFormat;

#[cfg(test)]
mod tests;
