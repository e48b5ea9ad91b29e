//! A delay that is ready to be drawn from: its files are read, its seed is known.

use super::copy::Edge;
use super::delay::DelaySpec;
use super::normal::Sigma;
use super::regions::{Regions, RegionsError};
use super::samples::{Samples, SamplesError};
use crate::id::NodeIx;
use crate::quantity::DURATION_MAX;
use crate::random::Random;
use crate::time::Interval;

/// The law that delays follow. None is longer than an hour.
#[derive(Debug, Clone, PartialEq)]
pub struct DelayModel(Law);

#[derive(Debug, Clone, PartialEq)]
enum Law {
    Constant(Interval),
    Weights,
    Uniform { least: Interval, span: u64 },
    Exponential { mean_ns: f64 },
    Lognormal { median_ns: f64, sigma: Sigma },
    Empirical(Samples),
    Regions { regions: Regions, seed: u64 },
}

/// A delay whose file is not what it has to be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DelayModelError {
    /// The caller has not read the file.
    #[error("{file}: the text of this file is needed")]
    Unread {
        /// Which file.
        file: String,
    },
    /// It holds no measured delays.
    #[error("{file}: {reason}")]
    Samples {
        /// Which file.
        file: String,
        /// Why not.
        reason: SamplesError,
    },
    /// It describes no regions.
    #[error("{file}: {reason}")]
    Regions {
        /// Which file.
        file: String,
        /// Why not.
        reason: RegionsError,
    },
}

impl DelayModel {
    /// The model of `spec`. `text` is what stands in the file that [`DelaySpec::file`] names; `seed` says which node is in
    /// which region.
    pub fn new(spec: &DelaySpec, text: Option<&str>, seed: u64) -> Result<Self, DelayModelError> {
        Ok(Self(match spec {
            DelaySpec::None => Law::Constant(Interval::ZERO),
            DelaySpec::Weights => Law::Weights,
            DelaySpec::Constant(delay) => Law::Constant(*delay),
            DelaySpec::Uniform { least, most } if least == most => Law::Constant(*least),
            DelaySpec::Uniform { least, most } => Law::Uniform { least: *least, span: most.0.saturating_sub(least.0) },
            DelaySpec::Exponential { mean } => Law::Exponential { mean_ns: mean.0 as f64 },
            DelaySpec::Lognormal { median, sigma } if sigma.get() == 0.0 => Law::Constant(*median),
            DelaySpec::Lognormal { median, sigma } => Law::Lognormal { median_ns: median.0 as f64, sigma: *sigma },
            DelaySpec::Empirical { file } => Law::Empirical(samples(file, text)?),
            DelaySpec::Regions { file } => Law::Regions { regions: regions(spec, file, text)?, seed },
        }))
    }

    /// Whether every copy arrives at once.
    pub fn is_zero(&self) -> bool {
        self.0 == Law::Constant(Interval::ZERO)
    }

    /// The delay on `edge` where all copies have the same, so that nothing needs to be drawn. An edge without a weight has
    /// none in a model of weights: whoever reads the topology refuses it.
    pub fn fixed(&self, edge: Edge) -> Option<Interval> {
        match &self.0 {
            Law::Constant(delay) => Some(*delay),
            Law::Weights => Some(edge.weight.unwrap_or(Interval::ZERO).min(DURATION_MAX)),
            Law::Regions { regions, seed } if regions.jitter().get() == 0.0 => Some(regions.one_way(*seed, edge)),
            Law::Uniform { .. }
            | Law::Exponential { .. }
            | Law::Lognormal { .. }
            | Law::Empirical(_)
            | Law::Regions { .. } => None,
        }
    }

    /// The delay of one copy on `edge`; draws at most one number.
    pub fn sample(&self, random: &mut Random, edge: Edge) -> Interval {
        match &self.0 {
            Law::Constant(delay) => *delay,
            Law::Weights => edge.weight.unwrap_or(Interval::ZERO).min(DURATION_MAX),
            Law::Uniform { least, span } => Interval(least.0 + random.below(span + 1)),
            Law::Exponential { mean_ns } => rounded(-libm::log(random.unit()) * mean_ns),
            Law::Lognormal { median_ns, sigma } => rounded(median_ns * sigma.factor(random)),
            Law::Empirical(samples) => samples.draw(random),
            Law::Regions { regions, seed } => {
                let one_way = regions.one_way(*seed, edge);
                rounded(one_way.0 as f64 * regions.jitter().factor(random))
            }
        }
    }

    /// The region that `node` is in; none where the delay knows no regions.
    pub fn region(&self, node: NodeIx) -> Option<&str> {
        match &self.0 {
            Law::Regions { regions, seed } => Some(regions.name(*seed, node)),
            Law::Constant(_)
            | Law::Weights
            | Law::Uniform { .. }
            | Law::Exponential { .. }
            | Law::Lognormal { .. }
            | Law::Empirical(_) => None,
        }
    }
}

fn samples(file: &str, text: Option<&str>) -> Result<Samples, DelayModelError> {
    let text = text.ok_or_else(|| DelayModelError::Unread { file: file.to_owned() })?;
    Samples::parse(text).map_err(|reason| DelayModelError::Samples { file: file.to_owned(), reason })
}

fn regions(spec: &DelaySpec, file: &str, text: Option<&str>) -> Result<Regions, DelayModelError> {
    if spec.file().is_none() {
        return Ok(Regions::world());
    }
    let text = text.ok_or_else(|| DelayModelError::Unread { file: file.to_owned() })?;
    Regions::parse(text).map_err(|reason| DelayModelError::Regions { file: file.to_owned(), reason })
}

/// Whole nanoseconds, at most an hour.
fn rounded(ns: f64) -> Interval {
    Interval(ns.round() as u64).min(DURATION_MAX)
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
