//! What every figure shows: measurements of scored rounds as the plain numbers that `cnsim-charts` draws, a file for each
//! figure or a few that are alike.

mod control;
mod convergence;
mod cost;
mod effects;
mod evenly;
mod group;
mod growth_residuals;
mod hops;
mod infection_curves;
mod latency;
mod latency_tail;
mod load;
mod motion;
mod offered_load;
pub mod telemetry;
mod time_spent;
mod under_faults;

pub use control::control;
pub use convergence::{convergence_by_nodes, convergence_by_round, convergence_ecdf};
pub use cost::cost_reliability;
pub use effects::effects;
pub use growth_residuals::growth_residuals;
pub use hops::hop_distribution;
pub use infection_curves::infection_curves;
pub use latency::{latency_by_hop, latency_by_hosts};
pub use latency_tail::latency_tail;
pub use load::{copies_by_round, load_lorenz};
pub use motion::components;
pub use offered_load::offered_load;
pub use time_spent::time_spent;
pub use under_faults::{coverage_under_faults, population};

#[cfg(test)]
mod tests;
