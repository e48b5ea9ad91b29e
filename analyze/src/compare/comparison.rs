//! What a comparison is: one condition on its own, and one against another.

use crate::measure::catalogue::Metric;
use crate::stats::{Dominance, Interval, MedianRatio, Method, Shift, Test};

/// Whether rounds come in pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Every round on its own.
    Independent,
    /// Rounds of one number and initiator are a block.
    Paired,
}

/// One condition on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// What of each round.
    pub metric: Metric,
    /// Nodes in the network.
    pub nodes: u32,
    /// The condition.
    pub condition: String,
    /// Scored rounds with a value, or censored.
    pub rounds: usize,
    /// Of those, censored.
    pub censored: usize,
    /// Median; none where it is infinite.
    pub median: Option<f64>,
    /// Its interval by order statistics, over several deployments hierarchical; none where the former does not exist, ends
    /// may be infinite.
    pub median_interval: Option<Interval>,
    /// Mean; none where a round is censored.
    pub mean: Option<f64>,
    /// Its interval: BCa, over several deployments hierarchical.
    pub mean_interval: Option<Interval>,
}

/// One condition against another.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What of each round.
    pub metric: Metric,
    /// Nodes in the network.
    pub nodes: u32,
    /// The baseline.
    pub a: String,
    /// The other.
    pub b: String,
    /// Rounds of the baseline.
    pub rounds_a: usize,
    /// Rounds of the other.
    pub rounds_b: usize,
    /// Deployments of the baseline.
    pub deployments_a: usize,
    /// Deployments of the other.
    pub deployments_b: usize,
    /// Which rounds belong together.
    pub design: Design,
    /// The level of the intervals.
    pub level: f64,
    /// b - a.
    pub shift: Shift,
    /// b / a; none where a median is infinite or not above 0.
    pub ratio: Option<MedianRatio>,
    /// Whether there is a difference at all.
    pub test: Test,
    /// The test's p, adjusted for the family.
    pub p_holm: f64,
    /// How often b is larger.
    pub dominance: Dominance,
    /// All of it in words.
    pub sentence: String,
}

impl Comparison {
    /// The test and how its p was found.
    pub fn test_name(&self) -> &'static str {
        match (self.design, self.test.method) {
            (Design::Independent, Method::Exact) => "mann-whitney-exact",
            (Design::Independent, Method::Normal) => "mann-whitney-normal",
            (Design::Paired, Method::Exact) => "wilcoxon-exact",
            (Design::Paired, Method::Normal) => "wilcoxon-normal",
        }
    }
}
