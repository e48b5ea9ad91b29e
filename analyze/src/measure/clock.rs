//! Clocks: the smallest latencies that copies seem to have between machines, and what they say of the machines' clocks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cnsim::event::Kind;
use cnsim_records::columns::UNKNOWN_NS;

use super::machines::Machines;
use super::spread::Spread;
use crate::stats::{Drift, Low, Lows, Offset, drift, offsets};

/// From one machine to another, by their numbers.
pub(crate) type Ends = (u32, u32);

/// The copies of one round from one machine to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoundWay {
    /// The quickest one; of equals the earliest.
    quickest: Low,
    copies: u64,
}

/// The copies between the machines of one run, over its rounds so far.
#[derive(Debug, Default)]
pub(crate) struct RunWays(pub(crate) BTreeMap<Ends, (Way, Lows)>);

/// The copies from one machine to another, over all rounds of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The smallest received - sent.
    pub least_ns: i64,
    /// How many there were.
    pub copies: u64,
}

/// What copies say of the clocks of a run's machines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunClocks {
    /// The run's id.
    pub run_id: String,
    /// Every two machines with copies both ways, in the order of their names.
    pub pairs: Vec<HostPair>,
    /// Every two machines with copies one way only, each pair in the order of names.
    pub one_way: BTreeSet<(Arc<str>, Arc<str>)>,
}

/// Two machines with copies both ways.
#[derive(Debug, Clone, PartialEq)]
pub struct HostPair {
    /// The first by name.
    pub a: Arc<str>,
    /// The other.
    pub b: Arc<str>,
    /// Copies from `a` to `b`.
    pub there: Way,
    /// Copies from `b` to `a`.
    pub back: Way,
    /// How far `b`'s clock is ahead of `a`'s, in ns.
    pub offset: Offset,
    /// How much `b`'s clock gains on `a`'s per time; none where copies at different times do not tell.
    pub drift: Option<Drift>,
    /// How long both directions were looked at, in ns, from the first round with a copy to the last.
    pub span_ns: i64,
}

impl RunWays {
    /// Adds the ways of one round.
    pub(super) fn add(&mut self, ways: impl IntoIterator<Item = (Ends, RoundWay)>) {
        for (ends, RoundWay { quickest, copies }) in ways {
            let none = || (Way { least_ns: i64::MAX, copies: 0 }, Lows::default());
            let (way, lows) = self.0.entry(ends).or_insert_with(none);
            way.least_ns = way.least_ns.min(quickest.took);
            way.copies += copies;
            lows.push(quickest);
        }
    }

    /// What they say of clocks. `names` are the machines by number.
    pub(crate) fn compare(self, run_id: String, names: &[Arc<str>]) -> RunClocks {
        let mut order: Vec<u32> = self.0.keys().flat_map(|(from, to)| [*from, *to]).collect();
        order.sort_by_key(|number| &names[*number as usize]);
        order.dedup();
        let places: BTreeMap<u32, u32> = order.iter().copied().zip(0..).collect();
        let least = self.0.iter().map(|((from, to), (way, _))| ((places[from], places[to]), way.least_ns as f64));
        let pair = |((a, b), offset): (Ends, Offset)| {
            let (a, b) = (order[a as usize], order[b as usize]);
            let ((there, lows_there), (back, lows_back)) = (&self.0[&(a, b)], &self.0[&(b, a)]);
            HostPair {
                a: Arc::clone(&names[a as usize]),
                b: Arc::clone(&names[b as usize]),
                there: *there,
                back: *back,
                offset,
                drift: drift(lows_there, lows_back),
                span_ns: lows_there.span().min(lows_back.span()),
            }
        };
        let pairs = offsets(&least.collect()).into_iter().map(pair).collect();
        let alone = self.0.keys().filter(|(from, to)| !self.0.contains_key(&(*to, *from)));
        let in_order = |(from, to): &Ends| {
            let ends = [from, to].map(|number| Arc::clone(&names[*number as usize]));
            let [a, b] = ends;
            if a <= b { (a, b) } else { (b, a) }
        };
        RunClocks { run_id, pairs, one_way: alone.map(in_order).collect() }
    }
}

/// The ways of a round's copies between machines that differ, by the machines' numbers.
pub(super) fn ways(spread: &Spread<'_>, machines: &Machines<'_>) -> Vec<(Ends, RoundWay)> {
    let events = spread.events;
    if is_on_one_machine(spread) {
        return Vec::new();
    }
    let mut copies: Vec<(Ends, Low)> = Vec::new();
    for row in spread.rows.clone() {
        let arrived = match events.kind[row] {
            Kind::Received | Kind::Duplicate => events.latency_ns[row] != UNKNOWN_NS,
            Kind::Initiate | Kind::Failed => false,
        };
        let [from, to] = [events.sender[row], events.receiver[row]].map(|node| machines.number(spread, node));
        if let (true, Some(from), Some(to)) = (arrived && from != to, from, to) {
            copies.push(((from, to), Low { at: events.received_ns[row], took: events.latency_ns[row] }));
        }
    }
    copies.sort_unstable_by_key(|(ends, low)| (*ends, low.took, low.at));
    let way = |copies: &[(Ends, Low)]| (copies[0].0, RoundWay { quickest: copies[0].1, copies: copies.len() as u64 });
    copies.chunk_by(|(ends, _), (next, _)| ends == next).map(way).collect()
}

/// Whether all records name one and the same machine, so that nobody has to look at nodes.
pub(super) fn is_on_one_machine(spread: &Spread<'_>) -> bool {
    let mut hosts = spread.rows.clone().map(|row| spread.events.host[row]);
    let first = hosts.next();
    first.is_some_and(|first| !spread.events.names.hosts.text(first).is_empty() && hosts.all(|host| host == first))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;
    use crate::inputs::About;

    /// The clocks of a run of which each element is a round.
    fn clocks<'r>(rounds: impl IntoIterator<Item = &'r [Row]>) -> RunClocks {
        // Every round is an input of its own here, whose machines have numbers of their own: those by name are the same.
        let (mut run, mut names) = (RunWays::default(), Vec::<Arc<str>>::new());
        for rows in rounds {
            with_spread(rows, |spread| {
                let about = About::default();
                let machines = Machines::of(&about, &spread.events.names);
                let mut shared = |number: u32| {
                    let name: Arc<str> = machines.name(number).into();
                    names.iter().position(|other| *other == name).unwrap_or_else(|| {
                        names.push(name);
                        names.len() - 1
                    }) as u32
                };
                let ways = ways(spread, &machines);
                run.add(ways.into_iter().map(|((from, to), way)| ((shared(from), shared(to)), way)));
            });
        }
        run.compare("run".to_owned(), &names)
    }

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
        let clocks = clocks([&rows[..]]);
        let [pair] = &clocks.pairs[..] else { panic!("one pair") };
        assert_eq!((&*pair.a, &*pair.b), ("10.0.1.x", "10.0.2.x"));
        let least = [pair.there, pair.back].map(|way| (way.least_ns, way.copies));
        assert_eq!((least, pair.drift), ([(30, 2), (10, 1)], None), "one round tells no drift");
        assert_eq!((pair.offset.low, pair.offset.value, pair.offset.high), (-10.0, 10.0, 30.0));
    }

    #[test]
    fn rounds_at_different_times_tell_how_fast_clocks_move_apart() {
        const SECOND: i64 = 1_000_000_000;
        let round = |round: i64| {
            // The second machine gains 20 us a second; copies take 500 us.
            let (at, ahead) = (10 * SECOND * round, 200_000 * round);
            [
                Row::initiate("10.0.1.1", at),
                Row::received("10.0.1.1", "10.0.2.1", at, at + 500_000 + ahead),
                Row::duplicate("10.0.2.1", "10.0.1.1", at + ahead, at + 500_000),
            ]
        };
        let rounds: Vec<[Row; 3]> = (0..100).map(round).collect();
        let drift = clocks(rounds.iter().map(|rows| &rows[..])).pairs[0].drift.unwrap();
        assert!(drift.is_proven() && (drift.value().unwrap() - 20e-6).abs() < 1e-6, "{drift:?}");
    }

    #[test]
    fn one_machine_and_machines_that_nobody_names_have_no_pairs() {
        let one = [Row::initiate("10.0.1.1", 0), Row::received("10.0.1.1", "10.0.1.2", 1, 2)];
        assert_eq!(clocks([&one[..]]).pairs, []);
        let unnamed = [Row::initiate("a", 0), Row::received("a", "b", 1, 2)];
        assert_eq!(clocks([&unnamed[..]]).pairs, []);
    }
}
