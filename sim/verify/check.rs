//! One number that was simulated beside the one that it has to be.

/// How many rounds are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As many as a test has time for.
    Short,
    /// As many as the documentation tells of.
    Full,
}

impl Effort {
    /// `full` rounds, or a tenth of them.
    pub(crate) fn rounds(self, full: u32) -> u32 {
        match self {
            Self::Short => full / 10,
            Self::Full => full,
        }
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Check {
    /// What was simulated.
    pub(crate) experiment: String,
    /// Which number of it.
    pub(crate) quantity: &'static str,
    /// What it has to be.
    pub(crate) exact: f64,
    /// What it was.
    pub(crate) found: f64,
    /// How far it may be off.
    pub(crate) tolerance: f64,
}

impl Check {
    /// A number that chance has no part in.
    pub(crate) fn certain(experiment: &str, quantity: &'static str, exact: f64, found: f64) -> Self {
        Self { experiment: experiment.to_owned(), quantity, exact, found, tolerance: 0.0 }
    }

    /// The mean of independent numbers whose exact mean and standard deviation are known: off by 4 standard errors in one case of
    /// 16,000.
    pub(crate) fn mean(experiment: &str, quantity: &'static str, exact: f64, sd: f64, sample: &[f64]) -> Self {
        let count = sample.len() as f64;
        let found = sample.iter().sum::<f64>() / count;
        Self { experiment: experiment.to_owned(), quantity, exact, found, tolerance: 4.0 * sd / count.sqrt() }
    }

    /// The same where only the sample tells the standard deviation: Student's t is as far off in as few cases.
    pub(crate) fn mean_of_sample(experiment: &str, quantity: &'static str, exact: f64, sample: &[f64]) -> Self {
        let normal = Self::mean(experiment, quantity, exact, deviation(sample), sample);
        let tolerance = normal.tolerance * student_errors(sample.len() as f64 - 1.0) / 4.0;
        Self { tolerance, ..normal }
    }

    /// Two means that have to be the same, of which neither is exact: off by 4 standard errors of their difference.
    pub(crate) fn two_means(experiment: &str, quantity: &'static str, expected: &[f64], sample: &[f64]) -> Self {
        let squared_error = |values: &[f64]| deviation(values).powi(2) / values.len() as f64;
        let exact = expected.iter().sum::<f64>() / expected.len() as f64;
        let tolerance = 4.0 * (squared_error(expected) + squared_error(sample)).sqrt();
        Self { tolerance, ..Self::mean(experiment, quantity, exact, 0.0, sample) }
    }

    /// The standard deviation of independent numbers. Its own standard error is estimated from their fourth moment.
    pub(crate) fn deviation(experiment: &str, quantity: &'static str, exact: f64, sample: &[f64]) -> Self {
        let count = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / count;
        let fourth = sample.iter().map(|value| (value - mean).powi(4)).sum::<f64>() / count;
        let found = deviation(sample);
        let error = ((fourth - found.powi(4)).max(0.0) / count).sqrt() / (2.0 * found);
        Self { experiment: experiment.to_owned(), quantity, exact, found, tolerance: 4.0 * error }
    }

    /// Whether it is what it has to be.
    pub(crate) fn holds(&self) -> bool {
        // Exact values are sums of floats themselves.
        (self.found - self.exact).abs() <= self.tolerance + 1e-9 * self.exact.abs()
    }
}

/// How many standard errors of so many degrees of freedom are as improbable as 4 of the normal distribution: the first two terms of
/// the expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5).
fn student_errors(freedom: f64) -> f64 {
    const Z: f64 = 4.0;
    let first = (Z.powi(3) + Z) / 4.0;
    let second = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
    Z + first / freedom + second / freedom.powi(2)
}

fn deviation(sample: &[f64]) -> f64 {
    let count = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / count;
    (sample.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt()
}
