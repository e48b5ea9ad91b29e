//! Clocks: the smallest latencies that copies seem to have between machines, and what they say of the machines' clocks.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::event::Kind;

use super::spread::Spread;
use super::whereabouts::Whereabouts;
use crate::stats::{Drift, Low, Lows, Offset, drift, offsets};
use cnsim_records::columns::UNKNOWN_NS;

/// The copies from one machine to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The smallest received - sent.
    pub least_ns: i64,
    /// How many there were.
    pub copies: u64,
    /// The quickest one of each round, in ns by the receiver's clock.
    pub lows: Lows,
}

/// The copies of one round from one machine to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoundWay {
    /// The quickest one; of equals the earliest.
    quickest: Low,
    copies: u64,
}

/// The copies between the machines of one run, over all its rounds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunClocks {
    /// The run's id.
    pub run_id: String,
    /// By the machines that they went from and to, which are not the same.
    pub ways: BTreeMap<(String, String), Way>,
}

/// Two machines with copies both ways.
#[derive(Debug, Clone, PartialEq)]
pub struct HostPair<'a> {
    /// The first by name.
    pub a: &'a str,
    /// The other.
    pub b: &'a str,
    /// Copies from `a` to `b`.
    pub there: &'a Way,
    /// Copies from `b` to `a`.
    pub back: &'a Way,
    /// How far `b`'s clock is ahead of `a`'s, in ns.
    pub offset: Offset,
    /// How much `b`'s clock gains on `a`'s per time; none where copies at different times do not tell.
    pub drift: Option<Drift>,
}

impl RunClocks {
    /// Adds the ways of one round.
    pub(super) fn add(&mut self, ways: BTreeMap<(String, String), RoundWay>) {
        for (ends, way) in ways {
            let none = || Way { least_ns: i64::MAX, copies: 0, lows: Lows::default() };
            let sum = self.ways.entry(ends).or_insert_with(none);
            sum.least_ns = sum.least_ns.min(way.quickest.took);
            sum.copies += way.copies;
            sum.lows.push(way.quickest);
        }
    }

    /// Every two machines with copies both ways, in the order of their names.
    pub fn pairs(&self) -> Vec<HostPair<'_>> {
        let hosts: BTreeSet<&str> = self.ways.keys().flat_map(|(from, to)| [from.as_str(), to]).collect();
        let hosts: Vec<&str> = hosts.into_iter().collect();
        let number = |host: &str| hosts.binary_search(&host).expect("every end of a way is in the list") as u32;
        let ways: BTreeMap<(u32, u32), &Way> =
            self.ways.iter().map(|((from, to), way)| ((number(from), number(to)), way)).collect();
        let least = ways.iter().map(|(ends, way)| (*ends, way.least_ns as f64)).collect();
        let pair = |((a, b), offset): ((u32, u32), Offset)| HostPair {
            a: hosts[a as usize],
            b: hosts[b as usize],
            there: ways[&(a, b)],
            back: ways[&(b, a)],
            offset,
            drift: drift(&ways[&(a, b)].lows, &ways[&(b, a)].lows),
        };
        offsets(&least).into_iter().map(pair).collect()
    }
}

impl HostPair<'_> {
    /// How long both directions were looked at, from the first round with a copy to the last.
    pub fn span_ns(&self) -> i64 {
        self.there.lows.span().min(self.back.lows.span())
    }
}

/// The ways of a round's copies between machines that differ.
pub(super) fn ways(spread: &Spread<'_>, whereabouts: &Whereabouts<'_>) -> BTreeMap<(String, String), RoundWay> {
    let events = spread.events;
    if is_on_one_machine(spread) {
        return BTreeMap::new();
    }
    let mut least: BTreeMap<(u32, u32), RoundWay> = BTreeMap::new();
    let mut hosts = Hosts::new(spread, whereabouts);
    for row in spread.rows.clone() {
        let arrived = match events.kind[row] {
            Kind::Received | Kind::Duplicate => events.latency_ns[row] != UNKNOWN_NS,
            Kind::Initiate | Kind::Failed => false,
        };
        let [from, to] = [events.sender[row], events.receiver[row]].map(|node| hosts.number(node));
        if let (true, Some(from), Some(to)) = (arrived && from != to, from, to) {
            let copy = Low { at: events.received_ns[row], took: events.latency_ns[row] };
            let way = least.entry((from, to)).or_insert(RoundWay { quickest: copy, copies: 0 });
            way.quickest = std::cmp::min_by_key(way.quickest, copy, |low| (low.took, low.at));
            way.copies += 1;
        }
    }
    let name = |number: u32| hosts.names[number as usize].clone();
    least.into_iter().map(|((from, to), way)| ((name(from), name(to)), way)).collect()
}

/// Whether all records name one and the same machine, so that nobody has to look at nodes.
pub(super) fn is_on_one_machine(spread: &Spread<'_>) -> bool {
    let mut hosts = spread.rows.clone().map(|row| spread.events.host[row]);
    let first = hosts.next();
    first.is_some_and(|first| !spread.events.names.hosts.text(first).is_empty() && hosts.all(|host| host == first))
}

/// Machines by number, each node looked up once.
pub(super) struct Hosts<'a> {
    spread: &'a Spread<'a>,
    whereabouts: &'a Whereabouts<'a>,
    pub(super) names: Vec<String>,
    /// By node number: nothing while nobody asked for the node.
    of: Vec<Option<Option<u32>>>,
}

impl<'a> Hosts<'a> {
    /// Nobody is looked up yet.
    pub(super) fn new(spread: &'a Spread<'a>, whereabouts: &'a Whereabouts<'a>) -> Self {
        let nodes = spread.events.names.nodes.len();
        Self { spread, whereabouts, names: Vec::new(), of: vec![None; nodes] }
    }

    /// The machines that were looked up, by number.
    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// The number of a node's machine; none where nobody says which it is.
    pub(super) fn number(&mut self, node: u32) -> Option<u32> {
        if let Some(known) = self.of[node as usize] {
            return known;
        }
        let number = self.whereabouts.host(self.spread, node).map(|host| {
            self.names.iter().position(|name| *name == host).unwrap_or_else(|| {
                self.names.push(host);
                self.names.len() - 1
            }) as u32
        });
        self.of[node as usize] = Some(number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    #[test]
    fn the_quickest_copies_between_machines_bound_their_clocks() {
        let rows = [
            Row::initiate("10.0.1.1", 0),
            Row::received("10.0.1.1", "10.0.1.2", 1, 2),
            Row::received("10.0.1.1", "10.0.2.1", 10, 40),
            Row::duplicate("10.0.1.2", "10.0.2.1", 20, 70),
            Row::duplicate("10.0.2.1", "10.0.1.1", 41, 51),
            Row::failed("10.0.2.1", "10.0.1.2", 41, 42),
        ];
        with_spread(&rows, |spread| {
            let mut clocks = RunClocks::default();
            clocks.add(ways(spread, &Whereabouts::default()));
            let pairs = clocks.pairs();
            assert_eq!(pairs.len(), 1);
            let pair = &pairs[0];
            assert_eq!((pair.a, pair.b), ("10.0.1.x", "10.0.2.x"));
            let told = [pair.there, pair.back].map(|way| (way.least_ns, way.copies));
            assert_eq!((told, pair.drift), ([(30, 2), (10, 1)], None), "one round tells no drift");
            assert_eq!((pair.offset.low, pair.offset.value, pair.offset.high), (-10.0, 10.0, 30.0));
        });
    }

    #[test]
    fn rounds_at_different_times_tell_how_fast_clocks_move_apart() {
        const SECOND: i64 = 1_000_000_000;
        let mut clocks = RunClocks::default();
        for round in 0..100 {
            // The second machine gains 20 us a second; copies take 500 us.
            let (at, ahead) = (10 * SECOND * round, 200_000 * round);
            let rows = [
                Row::initiate("10.0.1.1", at),
                Row::received("10.0.1.1", "10.0.2.1", at, at + 500_000 + ahead),
                Row::duplicate("10.0.2.1", "10.0.1.1", at + ahead, at + 500_000),
            ];
            with_spread(&rows, |spread| clocks.add(ways(spread, &Whereabouts::default())));
        }
        let drift = clocks.pairs()[0].drift.unwrap();
        assert!(drift.is_proven() && (drift.value().unwrap() - 20e-6).abs() < 1e-6, "{drift:?}");
    }

    #[test]
    fn one_machine_and_machines_that_nobody_names_have_no_pairs() {
        let one = [Row::initiate("10.0.1.1", 0), Row::received("10.0.1.1", "10.0.1.2", 1, 2)];
        with_spread(&one, |spread| assert_eq!(ways(spread, &Whereabouts::default()), BTreeMap::new()));
        let unnamed = [Row::initiate("a", 0), Row::received("a", "b", 1, 2)];
        with_spread(&unnamed, |spread| assert_eq!(ways(spread, &Whereabouts::default()), BTreeMap::new()));
    }
}
