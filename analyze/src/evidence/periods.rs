//! The period of a run against the copies of nodes that send in each of their periods.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::manifest::{Manifest, Records};

use super::lateness::late_ns;
use super::own_program::draws_as_here;
use crate::rounds::Round;

/// What is known of how often the nodes of a run send.
#[derive(Debug)]
pub(super) struct Periods {
    period_ns: i64,
    /// How many copies of a message a node sends in one.
    copies: u32,
    /// How late in its period a node may send, in each round; none where nobody knows.
    late_ns: BTreeMap<u32, i64>,
}

/// Copies of one node that periods of this length do not make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherPeriod {
    /// More than fit.
    TooMany {
        /// How many there are.
        copies: u32,
        /// How many there can be.
        most: u32,
    },
    /// A period or more without one.
    LeftOut {
        /// How long there was none.
        gap_ns: i64,
    },
    /// Two that are no whole number of periods apart, where none can be late.
    OffBeat {
        /// How far they are apart.
        gap_ns: i64,
    },
}

impl Periods {
    /// Those of a run; none where its nodes send otherwise, or where nobody knows.
    pub(super) fn of(manifest: &Manifest) -> Option<Self> {
        let options = &manifest.options;
        let copies = options.protocol.protocol().copies_a_period()?;
        let is_known = draws_as_here(manifest) && options.records == Records::All && options.validate.is_none();
        // A copy that failed is a gap between those that arrived, and so is a period without a link, or of a node that stands still.
        let has_gaps = options.motion.is_some() || !options.faults.is_empty();
        let without_failed = manifest.rounds.iter().filter(|round| round.failed == 0 && !has_gaps);
        let late_ns = without_failed.filter_map(|round| Some((round.round, late_ns(manifest, round)?))).collect();
        is_known.then_some(Self { period_ns: options.period.0.max(1) as i64, copies, late_ns })
    }

    /// The nodes whose copies of a round contradict the period, by number.
    pub(super) fn find_others(&self, round: &Round<'_>) -> Vec<(OtherPeriod, u32)> {
        let events = round.events;
        let late_ns = self.late_ns.get(&round.round).copied();
        let arrived = |row: &usize| matches!(events.kind[*row], Kind::Received | Kind::Duplicate);
        let mut sent: Vec<(u32, i64)> =
            round.rows.clone().filter(arrived).map(|row| (events.sender[row], events.sent_ns[row])).collect();
        sent.sort_unstable();
        let mut found = Vec::new();
        for of_one in sent.chunk_by(|one, next| one.0 == next.0) {
            let (sender, first_ns) = of_one[0];
            let (copies, span_ns) = (of_one.len() as u32, of_one[of_one.len() - 1].1.saturating_sub(first_ns));
            // One that was late and one that was in time stand closer together than a period.
            let periods = u32::try_from(span_ns / self.period_ns).unwrap_or(u32::MAX).saturating_add(2);
            let most = periods.saturating_mul(self.copies);
            let gap_ns = of_one.windows(2).map(|pair| pair[1].1 - pair[0].1).max().unwrap_or(0);
            if copies > most {
                found.push((OtherPeriod::TooMany { copies, most }, sender));
            } else if late_ns.is_some_and(|late_ns| late_ns < self.period_ns && gap_ns > self.period_ns + late_ns) {
                found.push((OtherPeriod::LeftOut { gap_ns }, sender));
            } else if late_ns == Some(0) && gap_ns % self.period_ns != 0 {
                found.push((OtherPeriod::OffBeat { gap_ns }, sender));
            }
        }
        found
    }
}
