//! What is measured: per round, then per condition and number of nodes. Definitions: docs/metrics.md.
//!
//! Each metric is a file of its own. What is a fold over rows is a Polars expression over the frames of `frames.rs`, to be read
//! beside its formula; what walks a tree or compares clocks is a function over one round's `spread::Spread`. `batch.rs` measures
//! some rounds together, [`analyse`] brings rounds into groups. Expressions add up integers only; floats are made of them
//! afterwards, in a fixed order. Nothing here reads a file, judges a record or draws.

mod analyse;
mod analysis;
mod batch;
mod bottleneck;
mod by_hop;
pub mod catalogue;
mod clock;
pub(crate) mod clock_error;
mod control;
mod convergence;
mod cost;
mod coverage;
mod critical;
mod dissemination;
mod duplicates;
mod energy;
pub(crate) mod estimate;
mod execution;
mod expected;
mod frames;
mod goodput;
pub(crate) mod growth;
mod hop_band;
mod hops;
mod hosts;
mod lasting;
pub(crate) mod late;
mod latency;
mod load;
pub(crate) mod machines;
mod network;
mod numbered;
mod path;
mod reachable;
mod resources;
pub(crate) mod scenario;
mod scored;
pub(crate) mod settings;
mod setup;
mod shape;
pub(crate) mod silent;
mod spread;
mod theory;
pub(crate) mod traffic;
mod transmissions;
mod tree;
mod under_faults;
pub mod usage;
mod weighted;

#[cfg(test)]
pub(crate) mod fixture;

pub(crate) use analyse::Measuring;
pub use analyse::{Options, analyse};
pub use analysis::{Analysis, Convergence, Group, Origin, PERCENTS, RoundMetrics};
pub use bottleneck::{Bottleneck, Bottlenecks, Part};
pub use by_hop::HopDeliveries;
#[cfg(test)]
pub(crate) use clock::RunWays;
pub use clock::{HostPair, RunClocks, Way};
pub use control::RoundControl;
pub(crate) use cost::{Cost, cost};
pub use critical::{CriticalHop, End};
pub use dissemination::{Dissemination, Reached, dissemination};
pub use energy::{Energy, EnergyModel, EnergyModelError};
pub use execution::Execution;
pub use goodput::{Goodput, goodput};
pub use hop_band::Band;
pub use hosts::BetweenHosts;
pub use load::{RoundLoad, RunLoad};
pub use path::PathTime;
pub use reachable::Reachable;
pub use resources::RoundResources;
pub use shape::Shape;
pub use traffic::{Busiest, Moved};
pub use tree::Parent;
pub use under_faults::{FaultSpan, UnderFaults};
pub use weighted::Weighted;
