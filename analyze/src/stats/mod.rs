//! Statistics over plain numbers, each with its source. Nothing here knows what a round is.
//!
//! A value that never came is infinitely long; what would be infinite or undefined is none.

mod band;
mod bca;
mod brunner_munzel;
mod censored;
mod cliff;
mod cluster;
mod components;
mod counting;
mod dip;
mod dip_table;
mod distribution;
mod drawn;
mod drift;
mod family;
mod gini;
mod growth;
mod hierarchy;
mod hierarchy_shift;
mod interval;
mod location;
mod mann_whitney;
mod offset;
mod order_statistics;
mod pairs;
mod permutation;
mod proportion;
mod quantile;
mod ranks;
mod ratio;
mod resample;
mod resampled;
mod saddlepoint;
mod search;
mod significance;
mod strides;
mod trend;
mod values;
mod wilcoxon;

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod resampled_tests;

pub use band::dkw_half_width;
pub use bca::mean_interval;
pub use brunner_munzel::brunner_munzel;
pub use censored::{Summary, censored_ms};
pub use cliff::{Dominance, cliffs_delta};
pub use cluster::Pool;
pub use components::{Components, Moments, components};
pub use dip::{DipReference, dip};
pub use drift::{Drift, Low, Lows, drift};
pub use family::holm;
pub use gini::gini;
pub use growth::{Fit, Model, Residual, growth_fits, slope_interval};
pub use hierarchy::{hierarchical_mean, hierarchical_quantile, over_deployments};
pub use hierarchy_shift::{hierarchical_shift, resampled_shift};
pub use interval::{Interval, LEVEL};
pub use location::{Shift, paired_shift, shift};
pub use mann_whitney::{RankedValues, mann_whitney};
pub use offset::{Offset, offsets};
pub use order_statistics::{Ranks, median_interval, quantile_interval, values_needed};
pub use permutation::{deployments_interval, deployments_test};
pub use proportion::wilson_interval;
pub use quantile::{percentile, quantile, select_percentile};
pub use ratio::{MedianRatio, median_ratio};
pub use resample::{MANY_ROUNDS, REPLICATES, Resampling};
pub use significance::{Method, Test};
pub use trend::{Correlation, lag_1_autocorrelation, spearman_of_sequence};
pub use values::{mean, median, sorted};
pub use wilcoxon::wilcoxon;
