//! A run's records from BigQuery, where a log sink puts what the nodes wrote: found, priced, read once each.

mod arrow;
pub mod client;
mod collect;
mod completeness;
pub mod doctor;
mod earlier;
pub mod endpoint;
mod error;
mod job;
pub mod names;
mod plan;
pub mod price;
mod pull;
mod records;
pub(super) mod run;
pub mod runs;
mod servers;
pub mod sink;
pub mod spec;
mod statement;
mod tables;
pub mod target;
pub mod telemetry;
pub mod time_range;

pub use error::BigQueryError;
pub use spec::Method;
