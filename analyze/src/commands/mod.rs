//! The commands of `cnsim-analyze`, a file each: what is typed becomes a plain spec, the spec is carried out, and what came of
//! it is printed.

pub mod arguments;
#[cfg(feature = "bigquery")]
mod bigquery_args;
#[cfg(feature = "bigquery")]
mod clock;
mod compare;
#[cfg(feature = "bigquery")]
mod doctor;
mod explain;
mod export;
mod fetch;
mod figure_args;
pub mod printing;
mod report;
mod runs;
mod time_args;
mod values;
mod verify;
