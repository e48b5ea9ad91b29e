//! Telemetry: what pods used of processors, memory and network, as a monitoring system sampled it.
//!
//! A series belongs to one pod where the source says which, and to all pods that the source summed where it does not. A
//! sample is a mean or a reading over the sampling interval before its time, a minute on Google's clusters, which is
//! longer than most rounds.

mod error;
mod explorer;
mod file;
mod load;
mod pods;
pub(crate) mod prometheus;
mod series;
mod source;

pub use error::TelemetryError;
pub use file::{FILE, read, write};
pub use load::{LoadedTelemetry, load};
pub(crate) use pods::pods;
pub use series::{Quantity, Sample, Series};
pub use source::Source;
