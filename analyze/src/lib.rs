//! From event records to numbers, figures and a verdict on their quality.

#[cfg(feature = "bigquery")]
pub mod bigquery;
pub mod bundle;
pub mod cli;
mod column;
pub mod compare;
pub mod explain;
pub mod export;
pub mod fetch;
pub mod frame;
mod interrupt;
pub mod metric;
pub mod plate;
pub mod quality;
pub mod report;
pub mod round;
pub mod runs;
pub mod source;
pub mod spool;
pub mod stats;
pub mod study;
pub mod table;
pub mod telemetry;
mod whole;
