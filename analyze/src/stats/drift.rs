//! How fast clocks move apart, from how long messages seem to take between them at different times.

/// How much the second of two clocks gains on the first per unit of time: bounds that hold whatever messages truly took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// It is at least that.
    pub low: f64,
    /// It is at most that; below `low` where no constant drift explains the times, as after a step.
    pub high: f64,
}

/// The quickest messages one way over time: the lower convex hull of how long they seem to take. A line that no message is
/// below is one that no point of the hull is below.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lows {
    points: Vec<Low>,
    latest: Option<i64>,
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Low {
    /// When.
    pub at: i64,
    /// How long it seems to take.
    pub took: i64,
}

impl Drift {
    /// The middle of the bounds; none where they contradict each other.
    pub fn value(self) -> Option<f64> {
        (self.low <= self.high).then(|| f64::midpoint(self.low, self.high))
    }

    /// Whether the bounds leave no room for clocks that keep their distance.
    pub fn is_proven(self) -> bool {
        self.value().is_some() && (self.low > 0.0 || self.high < 0.0)
    }
}

impl Lows {
    /// Adds a message that is later than all before; one that is not is left out, which makes bounds no narrower.
    pub fn push(&mut self, next: Low) {
        if self.latest.is_some_and(|latest| latest >= next.at) {
            return;
        }
        self.latest = Some(next.at);
        while let [.., before, last] = self.points[..]
            && is_above(last, before, next)
        {
            self.points.pop();
        }
        self.points.push(next);
    }

    /// How long it is from the first message to the last.
    pub fn span(&self) -> i64 {
        let first = self.points.first().map_or(0, |low| low.at);
        self.latest.map_or(0, |latest| latest - first)
    }
}

/// Whether a point is not below the line from the one before it to the one after it. In i128: products of nanoseconds do
/// not fit into 64 bits.
fn is_above(point: Low, before: Low, after: Low) -> bool {
    let rise = |low: Low| i128::from(low.took) - i128::from(before.took);
    let run = |low: Low| i128::from(low.at) - i128::from(before.at);
    rise(point) * run(after) >= rise(after) * run(point)
}

/// The drift between two clocks, from messages `there` and `back` (Duda, Harrus, Haddad and Bernard 1987: extreme lines
/// between the points of both directions). At any time the second clock is ahead by at most what a message to it seems to
/// take, and by at least minus what one from it does; a line that is below the former and above the latter everywhere
/// has a slope that every two of them bound. None unless there are two such times on either side.
pub fn drift(there: &Lows, back: &Lows) -> Option<Drift> {
    let mut drift = Drift { low: f64::NEG_INFINITY, high: f64::INFINITY };
    for upper in &there.points {
        for lower in &back.points {
            let (rise, run) = ((upper.took as f64) + (lower.took as f64), (upper.at - lower.at) as f64);
            match upper.at.cmp(&lower.at) {
                std::cmp::Ordering::Greater => drift.high = drift.high.min(rise / run),
                std::cmp::Ordering::Less => drift.low = drift.low.max(rise / run),
                std::cmp::Ordering::Equal => {}
            }
        }
    }
    (drift.low.is_finite() && drift.high.is_finite()).then_some(drift)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn lows(points: impl IntoIterator<Item = (i64, i64)>) -> Lows {
        let mut lows = Lows::default();
        points.into_iter().for_each(|(at, took)| lows.push(Low { at, took }));
        lows
    }

    /// What messages seem to take between clocks of which the second is ahead by `offset` and gains `per_second` ns a second.
    /// There and back go by turns.
    fn seen(offset: i64, per_second: i64, latencies: &[(i64, i64)]) -> [Lows; 2] {
        let ahead = |at: i64| offset + per_second * at / SECOND;
        let times = (0..).step_by(2).map(|turn: i64| turn * SECOND);
        let there = times.clone().zip(latencies).map(|(at, (there, _))| (at, there + ahead(at)));
        let back = times.zip(latencies).map(|(at, (_, back))| (at + SECOND, back - ahead(at + SECOND)));
        [lows(there), lows(back)]
    }

    #[test]
    fn equal_latencies_give_the_drift_and_its_bounds_narrow_with_time() {
        let over = |turns: usize| {
            let [there, back] = seen(3_000_000, 8_000, &vec![(500_000, 500_000); turns]);
            drift(&there, &back).unwrap()
        };
        let (short, long) = (over(10), over(300));
        assert!((long.value().unwrap() - 8e-6).abs() < 1e-8, "{long:?}");
        assert!(long.is_proven() && !short.is_proven(), "{short:?}");
        assert!(long.high - long.low < 4e-6, "1 ms over 600 s, twice: {long:?}");
    }

    #[test]
    fn clocks_that_keep_their_distance_have_no_proven_drift() {
        let [there, back] = seen(-9_000_000, 0, &[(400_000, 700_000), (900_000, 300_000), (350_000, 350_000)]);
        let drift = drift(&there, &back).unwrap();
        assert!(drift.low < 0.0 && drift.high > 0.0 && !drift.is_proven());
    }

    #[test]
    fn a_step_is_no_drift_and_one_moment_tells_nothing() {
        let there = lows([(0, 1_000), (SECOND, 1_000), (2 * SECOND, 9_001_000), (3 * SECOND, 9_001_000)]);
        let back = lows([(1, 1_000), (SECOND + 1, 1_000), (2 * SECOND + 1, -8_999_000), (3 * SECOND + 1, -8_999_000)]);
        let stepped = drift(&there, &back).unwrap();
        assert_eq!((stepped.value(), stepped.is_proven()), (None, false));
        assert_eq!(drift(&lows([(0, 1)]), &lows([(1, 1)])), None);
        assert_eq!(drift(&there, &Lows::default()), None);
    }

    #[test]
    fn a_message_that_is_not_later_is_left_out() {
        let once = lows([(0, 5), (10, 4)]);
        assert_eq!(lows([(0, 5), (10, 4), (10, 1), (3, 0)]), once);
        assert_eq!(once.span(), 10);
    }

    proptest! {
        #[test]
        fn the_bounds_hold_offset_and_drift_of_synthetic_clocks(
            offset in -50_000_000_i64..50_000_000, per_second in -40_000_i64..40_000,
            latencies in prop::collection::vec((50_000_i64..5_000_000, 50_000_i64..5_000_000), 2..80),
        ) {
            let [there, back] = seen(offset, per_second, &latencies);
            let found = drift(&there, &back).unwrap();
            let truth = per_second as f64 / SECOND as f64;
            prop_assert!(found.low <= truth + 1e-8 && truth - 1e-8 <= found.high, "{found:?}");
        }

        #[test]
        fn the_hull_bounds_as_tightly_as_all_messages(
            latencies in prop::collection::vec((50_000_i64..5_000_000, 50_000_i64..5_000_000), 2..40),
        ) {
            let [there, back] = seen(0, 9_000, &latencies);
            let all = |lows: &Lows, times: Vec<(i64, i64)>| Lows {
                points: times.into_iter().map(|(at, took)| Low { at, took }).collect(), latest: lows.latest,
            };
            let ahead = |at: i64| 9_000 * at / SECOND;
            let times = (0..).step_by(2).map(|turn: i64| turn * SECOND);
            let every_there = times.clone().zip(&latencies).map(|(at, (there, _))| (at, there + ahead(at))).collect();
            let every_back = times.zip(&latencies).map(|(at, (_, back))| (at + SECOND, back - ahead(at + SECOND))).collect();
            let (hull, every) = (drift(&there, &back), drift(&all(&there, every_there), &all(&back, every_back)));
            let (hull, every) = (hull.unwrap(), every.unwrap());
            prop_assert!((hull.low - every.low).abs() < 1e-15 && (hull.high - every.high).abs() < 1e-15);
        }
    }
}
