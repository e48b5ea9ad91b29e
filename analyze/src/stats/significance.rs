//! What a test of no difference found.

/// The outcome of a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Its statistic: U of the second sample, the rank sum of positive differences, or what its test's own words say.
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
    /// The test of Brunner and Munzel, with Student's distribution.
    BrunnerMunzel,
    /// Every way to share the values out was looked at.
    Permutation,
    /// Welch's t.
    Welch,
}
