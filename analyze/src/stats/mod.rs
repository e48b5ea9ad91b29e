//! Statistics over whole nanoseconds and counts, each with its source. Nothing here knows what a round is.

mod band;
mod censored;
mod interval;
mod quantile;

pub use band::dkw_half_width;
pub use censored::Summary;
pub use interval::{Ranks, median_interval};
pub use quantile::{percentile, select_percentile};

/// Arithmetic mean; none of no value.
pub fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u64);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

/// The error that an interval or a band may have.
pub const ALPHA: f64 = 0.05;
