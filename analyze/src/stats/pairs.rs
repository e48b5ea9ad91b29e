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

    /// The sum at `rank`, counted from 1: by halving what it lies between, until few sums do.
    pub(super) fn at(self, rank: usize, unknown: Unknown) -> f64 {
        /// As many sums are passed over one by one.
        const FEW: usize = 3;
        debug_assert!((1..=self.len()).contains(&rank), "rank {rank} of {}", self.len());
        let (mut low, mut high) = (key(f64::NEG_INFINITY), key(f64::INFINITY));
        let (mut below, mut up_to) = (self.up_to(f64::NEG_INFINITY, unknown), self.len());
        if below >= rank {
            return f64::NEG_INFINITY;
        }
        while up_to - below > FEW && high - low > 1 {
            let middle = low.midpoint(high);
            let count = self.up_to(value(middle), unknown);
            if count < rank {
                (low, below) = (middle, count);
            } else {
                (high, up_to) = (middle, count);
            }
        }
        let mut sum = value(low);
        loop {
            sum = self.after(sum, unknown);
            if self.up_to(sum, unknown) >= rank {
                return sum;
            }
        }
    }

    /// The median of the sums: none where the unknown ones leave it open, or it is infinite.
    pub(super) fn median(self) -> Option<f64> {
        let median = if self.len() > 0 { self.median_with(Unknown::Lowest) } else { f64::NAN };
        (median.is_finite() && median == self.median_with(Unknown::Highest)).then_some(median)
    }

    /// The median of the sums, of which there is one at least, with the unknown ones at one end; may be infinite.
    pub(super) fn median_with(self, unknown: Unknown) -> f64 {
        let count = self.len();
        let low = self.at(count.div_ceil(2), unknown);
        let is_next = count.is_multiple_of(2) && self.up_to(low, unknown) < count / 2 + 1;
        let high = if is_next { self.after(low, unknown) } else { low };
        if low == high || low.is_infinite() { low } else { low + (high - low) / 2.0 }
    }

    /// How many sums are at most `limit`.
    fn up_to(self, limit: f64, unknown: Unknown) -> usize {
        match self {
            Self::Across(one, other) => reaches(one, other, limit, unknown).map(|(_, reach)| reach).sum(),
            Self::Within(values) => {
                let doubled = values.partition_point(|value| value + value <= limit);
                let both_ways: usize = reaches(values, values, limit, unknown).map(|(_, reach)| reach).sum();
                (both_ways + doubled) / 2
            }
        }
    }

    /// The smallest sum above `limit`; infinite where there is none.
    fn after(self, limit: f64, unknown: Unknown) -> f64 {
        let (one, other) = match self {
            Self::Across(one, other) => (one, other),
            Self::Within(values) => (values, values),
        };
        let next = |(first, reach): (f64, usize)| other.get(reach).map(|other| sum(first, *other, unknown));
        let least = reaches(one, other, limit, unknown).filter_map(next).fold(f64::INFINITY, f64::min);
        least + 0.0
    }
}

/// Each value of one list with how many of the other make a sum with it that is at most `limit`.
fn reaches(one: &[f64], other: &[f64], limit: f64, unknown: Unknown) -> impl Iterator<Item = (f64, usize)> {
    let mut reach = other.len();
    one.iter().map(move |first| {
        while reach > 0 && sum(*first, other[reach - 1], unknown) > limit {
            reach -= 1;
        }
        (*first, reach)
    })
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
