//! An interval of a number.

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

impl Interval {
    /// The interval that holds this one and the other, where there is another.
    pub(super) fn around(self, other: Option<Self>) -> Self {
        let other = other.unwrap_or(self);
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Whether `value` lies in it.
    pub fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}
