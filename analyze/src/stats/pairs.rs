//! Order statistics of the sums of all pairs, without forming them: found by bisection, in time that grows with the
//! number of values and not of pairs.

/// Where a sum that is not known counts: that of an infinitely long and an infinitely negative value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Lowest,
    Highest,
}

/// Which pairs there are; both lists are sorted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pairs<'a> {
    /// Each of one list with each of the other.
    Across(&'a [f64], &'a [f64]),
    /// Each of one list with itself and each after it.
    Within(&'a [f64]),
}

impl Pairs<'_> {
    /// How many there are.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Across(one, other) => one.len() * other.len(),
            Self::Within(values) => values.len() * (values.len() + 1) / 2,
        }
    }

    /// The sum at `rank`, counted from 1.
    pub(super) fn at(self, rank: usize, unknown: Unknown) -> f64 {
        debug_assert!((1..=self.len()).contains(&rank), "rank {rank} of {}", self.len());
        let (mut low, mut high) = (key(f64::NEG_INFINITY), key(f64::INFINITY));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.up_to(value(middle), unknown) >= rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        value(low)
    }

    /// The median of the sums: none where the unknown ones leave it open, or it is infinite.
    pub(super) fn median(self) -> Option<f64> {
        let median = if self.len() > 0 { self.median_with(Unknown::Lowest) } else { f64::NAN };
        (median.is_finite() && median == self.median_with(Unknown::Highest)).then_some(median)
    }

    /// The median of the sums, of which there is one at least, with the unknown ones at one end; may be infinite.
    pub(super) fn median_with(self, unknown: Unknown) -> f64 {
        let count = self.len();
        let (low, high) = (self.at(count.div_ceil(2), unknown), self.at(count / 2 + 1, unknown));
        if low == high || low.is_infinite() { low } else { low + (high - low) / 2.0 }
    }

    /// How many sums are at most `limit`.
    fn up_to(self, limit: f64, unknown: Unknown) -> usize {
        let across = |one: &[f64], other: &[f64]| {
            let mut reach = other.len();
            let mut count = 0;
            for first in one {
                while reach > 0 && sum(*first, other[reach - 1], unknown) > limit {
                    reach -= 1;
                }
                count += reach;
            }
            count
        };
        match self {
            Self::Across(one, other) => across(one, other),
            Self::Within(values) => {
                let doubled = values.partition_point(|value| value + value <= limit);
                (across(values, values) + doubled) / 2
            }
        }
    }
}

fn sum(one: f64, other: f64, unknown: Unknown) -> f64 {
    match (one + other, unknown) {
        (sum, Unknown::Lowest) if sum.is_nan() => f64::NEG_INFINITY,
        (sum, Unknown::Highest) if sum.is_nan() => f64::INFINITY,
        (sum, Unknown::Lowest | Unknown::Highest) => sum,
    }
}

/// A whole number that is in the order of the values.
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// What has that key.
fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key }) + 0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![8 => (-50_i32..50).prop_map(|value| f64::from(value) / 7.0), 1 => Just(f64::INFINITY), 1 => Just(f64::NEG_INFINITY)];
        prop::collection::vec(value, 1..12).prop_map(|mut values| {
            values.sort_by(f64::total_cmp);
            values
        })
    }

    proptest! {
        #[test]
        fn every_rank_is_that_of_the_sorted_sums(one in values(), other in values()) {
            for unknown in [Unknown::Lowest, Unknown::Highest] {
                let mut sums: Vec<f64> =
                    one.iter().flat_map(|a| other.iter().map(move |b| sum(*a, *b, unknown))).collect();
                sums.sort_by(f64::total_cmp);
                let found: Vec<f64> =
                    (1..=sums.len()).map(|rank| Pairs::Across(&one, &other).at(rank, unknown)).collect();
                prop_assert_eq!(found, sums);
                let mut sums: Vec<f64> = (0..one.len())
                    .flat_map(|i| one[i..].iter().map(|b| sum(one[i], *b, unknown)).collect::<Vec<_>>())
                    .collect();
                sums.sort_by(f64::total_cmp);
                let found: Vec<f64> = (1..=sums.len()).map(|rank| Pairs::Within(&one).at(rank, unknown)).collect();
                prop_assert_eq!(found, sums);
            }
        }
    }

    #[test]
    fn a_median_that_depends_on_unknown_sums_is_none() {
        let (below, above) = ([f64::NEG_INFINITY, -1.0], [2.0, f64::INFINITY]);
        assert_eq!(Pairs::Across(&below, &above).median(), None);
        assert_eq!(Pairs::Across(&[-2.0, -1.0], &[2.0, f64::INFINITY]).median(), None);
        assert_eq!(Pairs::Across(&[-3.0, -2.0, -1.0], &[2.0]).median(), Some(0.0));
        assert_eq!(Pairs::Across(&[], &[2.0]).median(), None);
    }
}
