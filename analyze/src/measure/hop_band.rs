//! The band that theory draws around the largest hop of a round, as a value.

/// What theory says of the largest hop of a round.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// It is at least that.
    pub low: f64,
    /// It is at most that; none where only the lower end is known.
    pub high: Option<f64>,
    /// What it is and what it assumes, in a few words.
    pub label: String,
}
