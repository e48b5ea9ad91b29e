//! When the links of a network that moves were up: a copy that arrived left over a link that was up when it was sent.

use std::collections::HashMap;

use cnsim::event::Kind;
use cnsim::manifest::Manifest;
use cnsim::scenario::SLACK;
use cnsim::time::Clock;
use cnsim_records::columns::UNKNOWN_NS;
use cnsim_records::names::Names;

use super::lateness::late_ns;
use crate::inputs::RunFacts;
use crate::rounds::Round;

/// See the module.
#[derive(Debug)]
pub(super) struct LinkTimes {
    /// By the numbers of a link's ends, the smaller first: from when to when it was up since time 0, in ns, one time behind the other.
    up: HashMap<(u32, u32), Vec<(i64, i64)>>,
    /// How far from the end of a contact nobody knows whether it was up, by round; none: nobody knows at all.
    slack_ns: HashMap<u32, Option<i64>>,
}

/// A copy over a link that was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OverNothing {
    pub(super) row: usize,
    /// When it was sent, since the round began.
    pub(super) since_ns: i64,
}

impl LinkTimes {
    /// Those of a run; none where its network stands still, or nobody tells how it moves.
    pub(super) fn of(facts: &RunFacts, nodes: &Names) -> Option<Self> {
        let contacts = facts.contacts().filter(|_| facts.manifest.options.motion.is_some())?;
        let number = |place: usize| nodes.number(contacts.nodes()[place].as_str());
        let mut up: HashMap<(u32, u32), Vec<(i64, i64)>> = HashMap::new();
        for contact in contacts.contacts() {
            let [a, b] = contact.of.ends().map(|node| number(node.index()));
            // Who is in no record sent and received nothing.
            if let (Some(a), Some(b)) = (a, b) {
                let until = contact.until.map_or(i64::MAX, |until| until.0 as i64);
                up.entry((a.min(b), a.max(b))).or_default().push((contact.from.0 as i64, until));
            }
        }
        let slack = |round: &cnsim::manifest::Round| (round.round, slack_ns(&facts.manifest, round));
        Some(Self { up, slack_ns: facts.manifest.rounds.iter().map(slack).collect() })
    }

    /// The copies of a round that arrived over links that were down when they were sent. Where time is virtual that is exact; on
    /// machines nodes see their links turn a little late, and the round begins a little after time 0.
    pub(super) fn find_over_nothing(&self, round: &Round<'_>) -> Vec<OverNothing> {
        let events = round.events;
        let Some(slack_ns) = self.slack_ns.get(&round.round).copied().flatten() else { return Vec::new() };
        let begins = round.rows.clone().filter(|row| events.kind[*row] == Kind::Initiate);
        let Some(begins_ns) = begins.map(|row| events.received_ns[row]).min() else { return Vec::new() };
        let arrived = round.rows.clone().filter(|row| {
            matches!(events.kind[*row], Kind::Received | Kind::Duplicate) && events.sent_ns[*row] != UNKNOWN_NS
        });
        let over_nothing = arrived.filter_map(|row| {
            let (a, b) = (events.sender[row], events.receiver[row]);
            let since_ns = events.sent_ns[row].saturating_sub(begins_ns);
            let times = self.up.get(&(a.min(b), a.max(b)));
            (!times.is_some_and(|times| is_up(times, since_ns, slack_ns))).then_some(OverNothing { row, since_ns })
        });
        over_nothing.collect()
    }
}

/// Whether a link was up at some time no further from this one than `slack_ns`. Contacts are closed.
fn is_up(times: &[(i64, i64)], at_ns: i64, slack_ns: i64) -> bool {
    let begun = times.partition_point(|(from, _)| *from <= at_ns.saturating_add(slack_ns));
    times[..begun].last().is_some_and(|(_, until)| *until >= at_ns.saturating_sub(slack_ns))
}

/// As long as a fault's ends do not count, or as late as processes came to what they had to do, where that is more.
fn slack_ns(manifest: &Manifest, round: &cnsim::manifest::Round) -> Option<i64> {
    match manifest.clock {
        Clock::Virtual => Some(0),
        Clock::Wall => Some(late_ns(manifest, round)?.max(SLACK.0 as i64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_closed_and_what_lies_within_the_slack_may_have_been_up() {
        let times = [(10, 20), (50, 60)];
        let up = |slack_ns| (0..80).filter(|at| is_up(&times, *at, slack_ns)).collect::<Vec<i64>>();
        assert_eq!(up(0), (10..=20).chain(50..=60).collect::<Vec<_>>());
        assert_eq!(up(5), (5..=25).chain(45..=65).collect::<Vec<_>>());
        assert_eq!(up(15), (0..=75).collect::<Vec<_>>(), "between two contacts nobody knows");
        assert!(!is_up(&[], 5, 100));
    }
}
