//! The commands of `cnsim-analyze`.

pub mod arguments;
#[cfg(feature = "bigquery")]
pub mod bigquery_runs;
pub mod runs;
