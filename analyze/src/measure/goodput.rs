//! Goodput of an open loop: what a network delivers of the load that it is offered, and how long deliveries take under it.

use super::RoundMetrics;

/// What a run delivered, over the rounds that statistics count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goodput {
    /// Rounds that count.
    pub rounds: u64,
    /// Messages that began a second.
    pub begun_per_s: f64,
    /// Deliveries a second in the time in which these rounds began, of whichever round, for each of the N - 1 receivers: as many
    /// messages a second as began where the network keeps up, and fewer where it falls behind.
    pub goodput_per_s: f64,
    /// Half of the deliveries of these rounds took no longer, from `initiate`; none where fewer than half were made.
    pub delivery_p50_ms: Option<f64>,
    /// 99 in 100 took no longer; none where fewer were made.
    pub delivery_p99_ms: Option<f64>,
    /// The share that was not made before a round's time was over.
    pub undelivered_share: f64,
}

/// The goodput of a run's rounds; none of fewer than two that count, whose distance is not known.
pub fn goodput<'a>(rounds: impl Iterator<Item = &'a RoundMetrics> + Clone) -> Option<Goodput> {
    let scored = rounds.clone().filter(|round| round.scored);
    let begins = scored.clone().filter_map(|round| round.initiate_ns);
    let (first, last, count) = (begins.clone().min()?, begins.clone().max()?, begins.count() as u64);
    let gap_ns = (last - first) as f64 / (count.checked_sub(1).filter(|gaps| *gaps > 0)? as f64);
    let span_s = ((last - first) as f64 + gap_ns) / 1e9;
    if span_s <= 0.0 {
        return None;
    }
    let end = last + gap_ns as i64;
    let of_round = |round: &RoundMetrics| {
        let inside =
            round.reached_ns.partition_point(|at| *at < end) - round.reached_ns.partition_point(|at| *at < first);
        inside as f64 / f64::from(round.expected.max(1))
    };
    let delivered: f64 = rounds.map(of_round).sum();
    let expected: u64 = scored.clone().map(|round| u64::from(round.expected)).sum();
    let mut times_ns: Vec<i64> = scored
        .filter_map(|round| Some((round, round.initiate_ns?)))
        .flat_map(|(round, began_ns)| round.reached_ns.iter().map(move |at| at - began_ns))
        .collect();
    times_ns.sort_unstable();
    Some(Goodput {
        rounds: count,
        begun_per_s: count as f64 / span_s,
        goodput_per_s: delivered / span_s,
        delivery_p50_ms: nearest_rank_ms(&times_ns, expected, 50),
        delivery_p99_ms: nearest_rank_ms(&times_ns, expected, 99),
        undelivered_share: 1.0 - times_ns.len() as f64 / expected.max(1) as f64,
    })
}

/// The time that `percent` of the expected deliveries took at most; none where fewer were made.
fn nearest_rank_ms(sorted_ns: &[i64], expected: u64, percent: u64) -> Option<f64> {
    let rank = (expected * percent).div_ceil(100).max(1);
    sorted_ns.get(usize::try_from(rank - 1).ok()?).map(|time_ns| *time_ns as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::silent_round;
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    /// A round of three nodes that began so many seconds after the first, and reached others so long after that.
    fn round(number: u32, began_s: f64, took_s: &[f64]) -> RoundMetrics {
        let ns = |s: f64| (s * SECOND as f64) as i64;
        RoundMetrics {
            scored: (1..4).contains(&number),
            expected: 2,
            initiate_ns: Some(ns(began_s)),
            reached_ns: took_s.iter().map(|took| ns(began_s + took)).collect(),
            ..silent_round("run", number)
        }
    }

    #[test]
    fn a_network_that_keeps_up_delivers_what_begins() {
        let rounds: Vec<RoundMetrics> = (0..5).map(|number| round(number, f64::from(number), &[0.1, 0.4])).collect();
        let found = goodput(rounds.iter()).unwrap();
        assert_eq!((found.rounds, found.begun_per_s, found.goodput_per_s), (3, 1.0, 1.0));
        assert_eq!(
            (found.delivery_p50_ms, found.delivery_p99_ms, found.undelivered_share),
            (Some(100.0), Some(400.0), 0.0)
        );
    }

    #[test]
    fn one_that_falls_behind_delivers_less_than_begins() {
        // Each takes longer than the one before: of the six deliveries of rounds 1 to 3, those of round 1 alone are made in the three
        // seconds in which they begin.
        let rounds: Vec<RoundMetrics> = (0..5)
            .map(|number| round(number, f64::from(number), &[f64::from(number), 2.0 * f64::from(number)]))
            .collect();
        let found = goodput(rounds.iter()).unwrap();
        assert_eq!((found.begun_per_s, found.goodput_per_s), (1.0, 1.0 / 3.0));
        assert_eq!((found.delivery_p50_ms, found.delivery_p99_ms), (Some(2000.0), Some(6000.0)));
    }

    #[test]
    fn what_is_never_delivered_is_the_slowest() {
        let rounds: Vec<RoundMetrics> = (0..5).map(|number| round(number, f64::from(number), &[0.1])).collect();
        let found = goodput(rounds.iter()).unwrap();
        assert_eq!((found.goodput_per_s, found.undelivered_share), (0.5, 0.5));
        assert_eq!((found.delivery_p50_ms, found.delivery_p99_ms), (Some(100.0), None));
    }

    #[test]
    fn one_round_has_no_rate() {
        assert_eq!(goodput([round(1, 1.0, &[0.1])].iter()), None);
    }
}
