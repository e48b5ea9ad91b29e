//! When a node's periods begin.

use crate::id::NodeIx;
use crate::protocol::{Phase, ProtocolSettings};
use crate::random::{Purpose, Random};
use crate::time::{Interval, Timestamp};

/// See the module. The default has none.
#[derive(Debug)]
pub(super) struct Periods {
    /// When the next one begins; the end of time where there is none.
    next: Timestamp,
    nth: u32,
    /// What a node held before this instant is known: see [`Phase::Aligned`].
    known_before: Timestamp,
}

/// Whose periods they are: what they are drawn by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of {
    pub(super) seed: u64,
    pub(super) node: NodeIx,
    /// The number of the first.
    pub(super) first: u32,
}

const NEVER: Timestamp = Timestamp(u64::MAX);

impl Default for Periods {
    fn default() -> Self {
        Self { next: NEVER, nth: 0, known_before: NEVER }
    }
}

impl Periods {
    /// Those of a node that is configured now.
    pub(super) fn begin(now: Timestamp, of: Of, settings: &ProtocolSettings) -> Self {
        let Of { seed, node, first } = of;
        let period = settings.period.0.max(1);
        match settings.phase {
            Phase::Random => {
                let drawn = Random::at(seed, Purpose::Phase, &[node.0.into(), first.into()]).below(period);
                Self { next: now + Interval(drawn), nth: first, known_before: NEVER }
            }
            // Nothing is known before the first of them.
            Phase::Aligned => {
                let next = Timestamp((now.0 / period).saturating_add(1).saturating_mul(period));
                Self { next, nth: first, known_before: Timestamp(0) }
            }
        }
    }

    /// Those of a node that begins anew: where they would have begun at first, with numbers that go on.
    pub(super) fn begin_later(&self, now: Timestamp, of: Of, settings: &ProtocolSettings) -> Self {
        Self { nth: self.nth.max(of.first), ..Self::begin(now, of, settings) }
    }

    /// Leaves out so many numbers.
    pub(super) fn skip(&mut self, numbers: u64) {
        self.nth = self.nth.saturating_add(u32::try_from(numbers).unwrap_or(u32::MAX));
    }

    /// When the next one begins.
    pub(super) fn next(&self) -> Option<Timestamp> {
        (self.next != NEVER).then_some(self.next)
    }

    pub(super) fn known_before(&self) -> Timestamp {
        self.known_before
    }

    /// The number of the period that has begun by now, once; of several that the host let pass, the last.
    pub(super) fn begun(&mut self, now: Timestamp, settings: &ProtocolSettings) -> Option<u32> {
        if self.next == NEVER || self.next > now {
            return None;
        }
        let period = settings.period.0.max(1);
        let passed = now.since(self.next).0 / period;
        let nth = self.nth.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        let begun = self.next + Interval(passed.saturating_mul(period));
        if self.known_before != NEVER {
            self.known_before = begun;
        }
        self.next = begun + Interval(period);
        self.nth = nth.saturating_add(1);
        Some(nth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(phase: Phase) -> ProtocolSettings {
        ProtocolSettings {
            period: Interval(1_000),
            phase,
            ..ProtocolSettings::from("flood".parse::<crate::protocol::ProtocolSpec>().unwrap())
        }
    }

    fn of(node: u32) -> Of {
        Of { seed: 1, node: NodeIx(node), first: 0 }
    }

    #[test]
    fn aligned_periods_begin_at_multiples_behind_the_configuration_and_late_ones_are_left_out() {
        let settings = settings(Phase::Aligned);
        let mut periods = Periods::begin(Timestamp(5_000), of(3), &settings);
        assert_eq!((periods.next(), periods.known_before()), (Some(Timestamp(6_000)), Timestamp(0)));
        assert_eq!(periods.begun(Timestamp(5_999), &settings), None);
        assert_eq!(periods.begun(Timestamp(6_001), &settings), Some(0));
        assert_eq!(periods.known_before(), Timestamp(6_000));
        assert_eq!(periods.begun(Timestamp(9_500), &settings), Some(3));
        assert_eq!((periods.known_before(), periods.next()), (Timestamp(9_000), Some(Timestamp(10_000))));
    }

    #[test]
    fn random_periods_begin_within_the_first_one_where_the_seed_says() {
        let settings = settings(Phase::Random);
        let first = |node| Periods::begin(Timestamp(7_300), of(node), &settings).next().unwrap().0;
        let firsts: Vec<u64> = (0..100).map(first).collect();
        assert!(firsts.iter().all(|first| (7_300..8_300).contains(first)));
        assert!(firsts.iter().collect::<std::collections::BTreeSet<_>>().len() > 80);
        assert_eq!(Periods::begin(Timestamp(7_300), of(0), &settings).known_before(), NEVER);
    }
}
