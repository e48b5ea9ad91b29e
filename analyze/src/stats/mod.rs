//! Statistics over plain numbers, each with its source. Nothing here knows what a round is.
//!
//! A value that never came is infinitely long; what would be infinite or undefined is none.

mod band;
mod bca;
mod censored;
mod cliff;
mod cluster;
mod components;
mod counting;
mod dip;
mod distribution;
mod drift;
mod family;
mod gini;
mod growth;
mod hierarchy;
mod interval;
mod location;
mod mann_whitney;
mod offset;
mod pairs;
mod proportion;
mod quantile;
mod ranks;
mod ratio;
mod resample;
mod trend;
mod wilcoxon;

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod fixture;

pub use band::dkw_half_width;
pub use bca::mean_interval;
pub use censored::{Summary, censored_ms};
pub use cliff::{Dominance, cliffs_delta};
pub use cluster::Pool;
pub use components::{Components, Moments, components};
pub use dip::{dip, dip_probability};
pub use drift::{Drift, Low, Lows, drift};
pub use family::holm;
pub use gini::gini;
pub use growth::{Fit, Model, Residual, growth_fits, slope_interval};
pub use hierarchy::{hierarchical_interval, hierarchical_shift, over_deployments};
pub use interval::{Ranks, median_interval, quantile_interval, values_needed};
pub use location::{Shift, paired_shift, shift};
pub use mann_whitney::mann_whitney;
pub use offset::{Offset, offsets};
pub use proportion::wilson_interval;
pub use quantile::{percentile, select_percentile};
pub use ratio::{MedianRatio, median_ratio};
pub use resample::{REPLICATES, Resampling, quantile};
pub use trend::{Correlation, lag_1_autocorrelation, spearman};
pub use wilcoxon::wilcoxon;

/// The level of every interval that nobody chose one for.
pub const LEVEL: f64 = 0.95;

/// An interval; an end may be infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// What a test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Its statistic: U of the second sample, or the rank sum of positive differences.
    pub statistic: f64,
    /// The two-sided probability of one at least as extreme where there is no difference.
    pub p: f64,
    /// How `p` was found.
    pub method: Method,
}

/// How a probability was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Every arrangement was counted.
    Exact,
    /// Normal approximation with tie correction and continuity correction.
    Normal,
}

impl Interval {
    /// The interval that holds this one and the other, where there is another.
    fn around(self, other: Option<Self>) -> Self {
        let other = other.unwrap_or(self);
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Whether `value` lies in it.
    pub fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Arithmetic mean; none of no value.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u64);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

/// Values in order, infinite ones last.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The median of sorted values, of which the last may be infinite; none where it is infinite, or of no value.
pub fn median(sorted: &[f64]) -> Option<f64> {
    resample::quantile(sorted, 0.5).filter(|median| median.is_finite())
}
