//! How far clocks are apart, from how long messages seem to take between them.

use std::collections::BTreeMap;

/// Loops that are closed for one pair at most: more tell little more.
const LOOPS: usize = 100;

/// How far the second of two clocks is ahead of the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offset {
    /// The middle of the bounds: right where the quickest messages take equally long both ways.
    pub value: f64,
    /// It is at least that.
    pub low: f64,
    /// It is at most that; below `low` where no constant offset explains the times.
    pub high: f64,
    /// Third clocks through which the pair was checked.
    pub loops: usize,
    /// The largest sum of the three values around such a loop, which is 0 where all are right; none without a loop.
    pub residual: Option<f64>,
}

impl Offset {
    /// How wrong the value may be: the residual around loops, else half the distance of the bounds, whichever is less. None
    /// where the bounds contradict each other.
    pub fn uncertainty(&self) -> Option<f64> {
        let reach = (self.high - self.low) / 2.0;
        (reach >= 0.0).then(|| self.residual.map_or(reach, |residual| residual.min(reach)))
    }

    /// Whether the bounds leave no room for clocks that agree.
    pub fn is_proven(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The offset of each pair of clocks, by their numbers in order. `least` holds the smallest apparent latency from one clock
/// to another; a pair needs both directions. A message takes longer than nothing, so the second clock is ahead of the
/// first by at most what a message to it seems to take, and at least minus what one from it does (Cristian 1989). Around
/// three clocks the offsets add up to nothing (transitive consistency: Geng et al. 2018).
pub fn offsets(least: &BTreeMap<(u32, u32), f64>) -> BTreeMap<(u32, u32), Offset> {
    let mut pairs: BTreeMap<(u32, u32), Offset> = BTreeMap::new();
    for ((from, to), there) in least.iter().filter(|((from, to), _)| from < to) {
        if let Some(back) = least.get(&(*to, *from)) {
            let (low, high) = (-back, *there);
            pairs.insert((*from, *to), Offset { value: (low + high) / 2.0, low, high, loops: 0, residual: None });
        }
    }
    let mut clocks: Vec<u32> = pairs.keys().flat_map(|(a, b)| [*a, *b]).collect();
    clocks.sort_unstable();
    clocks.dedup();
    let value = |a: u32, b: u32| match pairs.get(&(a, b)) {
        Some(pair) => Some(pair.value),
        None => pairs.get(&(b, a)).map(|pair| -pair.value),
    };
    let closed = |(a, b): (u32, u32)| {
        let residual = |third: &u32| Some((value(a, b)? + value(b, *third)? + value(*third, a)?).abs());
        let residuals: Vec<f64> = clocks.iter().filter_map(residual).take(LOOPS).collect();
        (residuals.len(), residuals.into_iter().reduce(f64::max))
    };
    let loops: Vec<(usize, Option<f64>)> = pairs.keys().map(|pair| closed(*pair)).collect();
    for (pair, (loops, residual)) in pairs.values_mut().zip(loops) {
        (pair.loops, pair.residual) = (loops, residual);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The smallest latencies between clocks that are ahead by `ahead`, where a message takes `true_latency`.
    fn seen(ahead: &[f64], true_latency: impl Fn(usize, usize) -> f64) -> BTreeMap<(u32, u32), f64> {
        let numbers = 0..ahead.len();
        let pairs = numbers.clone().flat_map(|from| numbers.clone().map(move |to| (from, to)));
        let pairs = pairs.filter(|(from, to)| from != to);
        pairs.map(|(from, to)| ((from as u32, to as u32), true_latency(from, to) + ahead[to] - ahead[from])).collect()
    }

    #[test]
    fn equal_ways_give_the_offsets_themselves_and_no_residual() {
        let offsets = offsets(&seen(&[0.0, 3.0, -2.0], |_, _| 1.0));
        let estimates: Vec<_> = offsets.values().map(|offset| (offset.value, offset.low, offset.high)).collect();
        assert_eq!(estimates, [(3.0, 2.0, 4.0), (-2.0, -3.0, -1.0), (-5.0, -6.0, -4.0)]);
        assert!(offsets.values().all(|offset| offset.loops == 1 && offset.residual == Some(0.0)));
        assert!(offsets.values().all(|offset| offset.is_proven() && offset.uncertainty() == Some(0.0)));
    }

    #[test]
    fn two_clocks_alone_are_as_uncertain_as_their_bounds_are_wide() {
        let offset = offsets(&seen(&[0.0, 0.2], |from, _| if from == 0 { 1.0 } else { 1.6 }))[&(0, 1)];
        assert_eq!((offset.loops, offset.residual, offset.is_proven()), (0, None, false));
        assert!((offset.uncertainty().unwrap() - 1.3).abs() < 1e-12);
    }

    #[test]
    fn one_direction_tells_nothing_and_a_contradiction_has_no_uncertainty() {
        assert_eq!(offsets(&BTreeMap::from([((0, 1), 1.0)])), BTreeMap::new());
        let contradiction = offsets(&BTreeMap::from([((0, 1), -3.0), ((1, 0), 1.0)]))[&(0, 1)];
        assert_eq!(contradiction.uncertainty(), None);
    }

    proptest! {
        #[test]
        fn the_bounds_hold_the_offset(
            ahead in prop::collection::vec(-50.0_f64..50.0, 2..6), latencies in prop::collection::vec(0.1_f64..9.0, 36)
        ) {
            for ((a, b), offset) in offsets(&seen(&ahead, |from, to| latencies[from * 6 + to])) {
                let truth = ahead[b as usize] - ahead[a as usize];
                prop_assert!(offset.low <= truth && truth <= offset.high);
            }
        }
    }
}
