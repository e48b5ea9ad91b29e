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

/// What a comparison can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// How the rounds of one deployment a side differ: nothing is known of others.
    OneDeployment,
    /// Nothing: of so few deployments no test finds a difference.
    TooFewDeployments {
        /// How many a side could.
        needed: usize,
    },
    /// How conditions differ: its unit is the deployment.
    Deployments,
    /// A size without an interval: a side is one simulated run.
    OneSimulation,
    /// A size with an interval over runs, a side of which is simulated: no test is made.
    Simulations,
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
    /// Whether any of its runs was simulated.
    pub is_simulated: bool,
    /// Scored rounds with a value, or censored.
    pub rounds: usize,
    /// Of those, censored.
    pub censored: usize,
    /// Median; none where it is infinite.
    pub median: Option<f64>,
    /// Its interval by order statistics, over several deployments hierarchical; none where the former does not exist, and of one
    /// simulated run; ends may be infinite.
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
    /// Whether any run of the baseline was simulated.
    pub simulated_a: bool,
    /// The same of the other.
    pub simulated_b: bool,
    /// Which rounds belong together.
    pub design: Design,
    /// The level of the intervals.
    pub level: f64,
    /// b - a.
    pub shift: Shift,
    /// b / a; none where a median is infinite or not above 0.
    pub ratio: Option<MedianRatio>,
    /// Whether there is a difference at all; none of simulations, which are as large as one likes.
    pub test: Option<Test>,
    /// The test's p, adjusted for the family.
    pub p_holm: Option<f64>,
    /// How often b is larger.
    pub dominance: Dominance,
    /// What the clocks of machines leave open of a time in the median round, of the side where that is more; none where nobody
    /// knows, or the metric is no time.
    pub clock_open_ms: Option<f64>,
    /// All of it in words.
    pub sentence: String,
}

impl Comparison {
    /// The test and how its p was found.
    pub fn test_name(&self) -> Option<&'static str> {
        Some(match (self.design, self.test?.method) {
            (Design::Independent, Method::Exact) => "mann-whitney-exact",
            (Design::Independent, Method::Normal) => "mann-whitney-normal",
            (Design::Paired, Method::Exact) => "wilcoxon-exact",
            (Design::Paired, Method::Normal) => "wilcoxon-normal",
            (_, Method::BrunnerMunzel) => "brunner-munzel",
            (_, Method::Permutation) => "permutation",
            (_, Method::Welch) => "welch",
        })
    }

    /// What it can show.
    pub fn standing(&self) -> Standing {
        let (least, needed) =
            (self.deployments_a.min(self.deployments_b), values_needed_to_differ(self.design, self.level));
        match self.deployments_a.max(self.deployments_b) {
            _ if self.has_lone_simulation() => Standing::OneSimulation,
            _ if self.is_simulated() => Standing::Simulations,
            ..=1 => Standing::OneDeployment,
            _ if least < needed => Standing::TooFewDeployments { needed },
            _ => Standing::Deployments,
        }
    }

    /// Whether any run of it was simulated.
    pub fn is_simulated(&self) -> bool {
        self.simulated_a || self.simulated_b
    }

    /// Whether a side is one simulated run, so that nobody knows how another would have differed.
    fn has_lone_simulation(&self) -> bool {
        self.simulated_a && self.deployments_a < 2 || self.simulated_b && self.deployments_b < 2
    }

    /// Whether its test finds a difference.
    pub fn is_significant(&self) -> bool {
        self.test.is_some_and(|test| test.p < 1.0 - self.level)
    }
}

/// The fewest values a side for which the test can reject at all, so that an interval exists.
pub(super) fn values_needed_to_differ(design: Design, level: f64) -> usize {
    let error = 1.0 - level;
    let extreme = |values: usize| match design {
        Design::Independent => 2.0 * (1..=values).map(|i| i as f64 / (values + i) as f64).product::<f64>(),
        Design::Paired => 2.0 * 0.5_f64.powi(values as i32),
    };
    (1..).find(|values| extreme(*values) <= error).expect("extremes get rarer with every value")
}
