//! A percentile of the values of rounds that count several times each, without sorting again: all values in order, and how
//! many of each round stand before every so many of them.

use super::quantile::Position;

/// Values of rounds, laid out.
#[derive(Debug, Clone)]
pub(super) struct Strides {
    /// Every value with the number of its round, sorted.
    values: Vec<(i64, u32)>,
    /// Values from one count to the next.
    stride: usize,
    /// By `stride`, then by round: values of the round before.
    before: Vec<u32>,
    rounds: usize,
}

impl Strides {
    /// Lays out the values of rounds, none empty.
    pub(super) fn of(rounds: &[Vec<i64>]) -> Self {
        const STRIDES_MAX: usize = 2_048;
        const STRIDE_MIN: usize = 64;
        let numbered = |(number, round): (usize, &Vec<i64>)| {
            round.iter().map(move |value| (*value, number as u32)).collect::<Vec<_>>()
        };
        let mut values: Vec<(i64, u32)> = rounds.iter().enumerate().flat_map(numbered).collect();
        values.sort_unstable();
        let stride = (values.len() / STRIDES_MAX).max(STRIDE_MIN);
        let mut seen = vec![0_u32; rounds.len()];
        let mut before = Vec::new();
        for part in values.chunks(stride) {
            before.extend_from_slice(&seen);
            part.iter().for_each(|(_, round)| seen[*round as usize] += 1);
        }
        before.extend_from_slice(&seen);
        Self { values, stride, before, rounds: rounds.len() }
    }

    /// A percentile, type 7, of the values of rounds each of which counts as often as `times` says, one at least.
    pub(super) fn percentile(&self, times: &[usize], percent: u32) -> f64 {
        let strides = self.before.len() / self.rounds;
        let before = |stride: usize| -> usize {
            let counts = &self.before[stride * self.rounds..][..self.rounds];
            counts.iter().zip(times).map(|(count, times)| *count as usize * times).sum()
        };
        let position = Position::of(before(strides - 1), percent).expect("no round is empty");
        let (mut low, mut high) = (0, strides - 1);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if before(middle) <= position.rank { low = middle } else { high = middle }
        }
        let mut passed = before(low);
        let mut at_rank = None;
        for (value, round) in &self.values[low * self.stride..] {
            passed += times[*round as usize];
            match at_rank {
                None if passed > position.rank && (position.hundredths == 0 || passed > position.rank + 1) => {
                    return position.between(*value, *value);
                }
                None if passed > position.rank => at_rank = Some(*value),
                Some(first) if passed > position.rank + 1 => return position.between(first, *value),
                None | Some(_) => {}
            }
        }
        unreachable!("a percentile below the last value has one after it")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::percentile;
    use super::*;

    proptest! {
        #[test]
        fn a_percentile_is_that_of_the_rounds_as_often_as_they_were_drawn(
            rounds in prop::collection::vec((prop::collection::vec(-40_i64..40, 1..60), 0_usize..4), 1..9),
            percent in 0_u32..=100
        ) {
            let (rounds, mut times): (Vec<_>, Vec<_>) = rounds.into_iter().unzip();
            times[0] = 1;
            let mut drawn: Vec<i64> =
                rounds.iter().zip(&times).flat_map(|(values, times)| values.repeat(*times)).collect();
            drawn.sort_unstable();
            let strides = Strides::of(&rounds);
            prop_assert_eq!(Some(strides.percentile(&times, percent)), percentile(&drawn, percent));
        }
    }
}
