//! Figures of gossip measurements from plain structs.
//!
//! Each figure is one function from a struct of [`data`] and a [`Sheet`] to a [`Drawing`], which gives itself as SVG, for the inside of a
//! page too, as PDF, PNG and TIFF. Text is outlines in SVG, and text in a bundled font that the file holds in PDF. The same data give the
//! same bytes. Deliberately absent: files and paths, statistics, the clock, the fonts of the machine.

#![warn(missing_docs)]

pub mod data;

mod axis;
mod canvas;
mod components;
mod control;
mod convergence_by_nodes;
mod convergence_by_round;
mod convergence_ecdf;
mod copies_by_round;
mod cost_reliability;
mod deflate;
mod drawing;
mod effects;
mod embedded_font;
mod error;
mod figure;
mod font;
mod growth_residuals;
mod hop_distribution;
mod infection_curves;
mod latency_by_hop;
mod latency_by_hosts;
mod latency_tail;
mod left_margin;
mod legend;
mod load_lorenz;
mod mark;
mod metadata;
mod offered_load;
mod panel;
mod pdf;
mod pixels;
mod sheet;
mod stacked_bars;
mod style;
mod telemetry;
mod time_spent;
mod under_faults;

pub use components::components;
pub use control::control;
pub use convergence_by_nodes::convergence_by_nodes;
pub use convergence_by_round::convergence_by_round;
pub use convergence_ecdf::convergence_ecdf;
pub use copies_by_round::copies_by_round;
pub use cost_reliability::cost_reliability;
pub use drawing::{Drawing, Format};
pub use effects::effects;
pub use error::ChartError;
pub use growth_residuals::growth_residuals;
pub use hop_distribution::hop_distribution;
pub use infection_curves::infection_curves;
pub use latency_by_hop::latency_by_hop;
pub use latency_by_hosts::latency_by_hosts;
pub use latency_tail::latency_tail;
pub use load_lorenz::load_lorenz;
pub use metadata::Metadata;
pub use offered_load::offered_load;
pub use sheet::{Mark, Sheet, Style, Venue, Width};
pub use telemetry::telemetry;
pub use time_spent::time_spent;
pub use under_faults::{coverage_under_faults, population};

#[cfg(test)]
mod tests;
