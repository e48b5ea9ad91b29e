//! What the ways to the nodes that were reached last lead over: nodes, machines, zones and links, with how often and what it
//! cost there. Nodes that tie for the last place share their round.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::machines::Machines;
use super::path::{self, Step};
use super::spread::Spread;

/// What a way can lead over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A node, but the initiator.
    Node,
    /// The machine of such a node.
    Host,
    /// Its cloud zone.
    Zone,
    /// Two nodes, as `from > to`.
    Link,
    /// Two machines that are not the same, as `from > to`.
    HostLink,
}

/// A part of the network and the critical paths that lead over it. Of a round in which several nodes tie for the last place
/// each path counts as its share.
#[derive(Debug, Clone, PartialEq)]
pub struct Bottleneck {
    /// What it is.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// Scored rounds whose critical path leads over it.
    pub rounds: f64,
    /// Those of them whose last node it is, or has, or leads to.
    pub last: f64,
    /// Waiting there on those paths: at a node, machine or zone from receipt to send, the first send of the initiator not
    /// counted; on a link before its send. Of all rounds together.
    pub waiting_ns: f64,
    /// Wire time into it, or over it, of all rounds together.
    pub wire_ns: f64,
}

/// What the critical paths of some rounds lead over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bottlenecks {
    /// Rounds with a path that is known.
    rounds: usize,
    parts: BTreeMap<(Part, String), Visits>,
}

/// The same of rounds that are being measured, by numbers of nodes and machines.
#[derive(Default)]
pub(super) struct Numbers<'m> {
    rounds: usize,
    parts: BTreeMap<Key<'m>, Visits>,
}

/// A part, by numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'m> {
    Node(u32),
    Host(u32),
    Zone(&'m str),
    Link(u32, u32),
    HostLink(u32, u32),
}

/// What paths come to at a part, by how many paths shared a round. Whole numbers, so that no order of adding shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Visits(BTreeMap<usize, Visit>);

/// What paths come to at a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Visit {
    paths: u64,
    last: u64,
    waiting_ns: i128,
    wire_ns: i128,
}

impl Part {
    /// As written in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Host => "host",
            Self::Zone => "zone",
            Self::Link => "link",
            Self::HostLink => "host-link",
        }
    }
}

impl Bottlenecks {
    /// Rounds with a path that is known.
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// The parts, by kind, then the most frequent first.
    pub fn parts(&self) -> Vec<Bottleneck> {
        let part = |((part, name), visits): (&(Part, String), &Visits)| Bottleneck {
            part: *part,
            name: name.clone(),
            rounds: whole(visits.shared(|visit| visit.paths as f64)),
            last: whole(visits.shared(|visit| visit.last as f64)),
            waiting_ns: visits.shared(|visit| visit.waiting_ns as f64),
            wire_ns: visits.shared(|visit| visit.wire_ns as f64),
        };
        let mut parts: Vec<Bottleneck> = self.parts.iter().map(part).collect();
        // The order of names stays among equals.
        parts.sort_by(|a, b| a.part.cmp(&b.part).then(b.rounds.total_cmp(&a.rounds)));
        parts
    }

    /// Those of some rounds more.
    pub(super) fn append(&mut self, other: Self) {
        self.rounds += other.rounds;
        for (part, visits) in other.parts {
            self.parts.entry(part).or_default().add(&visits);
        }
    }
}

impl<'m> Numbers<'m> {
    /// Adds a round: the way to each of the nodes that were reached last, as far as they are known.
    pub(super) fn add(&mut self, spread: &Spread<'_>, machines: &Machines<'m>) {
        let paths: Vec<Vec<Step>> = path::last(spread).filter_map(|last| path::to(spread, last)).collect();
        self.rounds += usize::from(!paths.is_empty());
        for path in &paths {
            for (key, visit) in visits(spread, path, machines) {
                *self.parts.entry(key).or_default().0.entry(paths.len()).or_default() += visit;
            }
        }
    }

    /// The same with names. `node` names a node.
    pub(super) fn named<'n>(self, node: impl Fn(u32) -> &'n str, machines: &Machines<'_>) -> Bottlenecks {
        let machine = |number: u32| machines.name(number);
        let name = |key: Key<'m>| match key {
            Key::Node(number) => (Part::Node, node(number).to_owned()),
            Key::Host(number) => (Part::Host, machine(number).to_owned()),
            Key::Zone(zone) => (Part::Zone, zone.to_owned()),
            Key::Link(from, to) => (Part::Link, format!("{} > {}", node(from), node(to))),
            Key::HostLink(from, to) => (Part::HostLink, format!("{} > {}", machine(from), machine(to))),
        };
        let parts = self.parts.into_iter().map(|(key, visits)| (name(key), visits)).collect();
        Bottlenecks { rounds: self.rounds, parts }
    }
}

impl Visits {
    fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(paths, visit)| *self.0.entry(*paths).or_default() += *visit);
    }

    /// The sum in which each path counts as its share of the round.
    fn shared(&self, of: impl Fn(&Visit) -> f64) -> f64 {
        self.0.iter().map(|(paths, visit)| of(visit) / *paths as f64).sum()
    }
}

/// Shares that add up to a whole number are it: a half, a third and a sixth are one.
fn whole(sum: f64) -> f64 {
    let whole = sum.round();
    if (sum - whole).abs() < 1e-9 { whole } else { sum }
}

impl AddAssign for Visit {
    fn add_assign(&mut self, other: Self) {
        self.paths += other.paths;
        self.last += other.last;
        self.waiting_ns += other.waiting_ns;
        self.wire_ns += other.wire_ns;
    }
}

/// What one path spends at each part. A part that it leads over twice has both.
fn visits<'m>(spread: &Spread<'_>, path: &[Step], machines: &Machines<'m>) -> BTreeMap<Key<'m>, Visit> {
    let mut visits: BTreeMap<Key<'m>, Visit> = BTreeMap::new();
    for (number, step) in path.iter().enumerate() {
        let next = path.get(number + 1);
        let mut visit = |key: Key<'m>, waiting_ns: i64| {
            let visit = visits.entry(key).or_insert(Visit { paths: 1, ..Visit::default() });
            visit.last |= u64::from(next.is_none());
            visit.waiting_ns += i128::from(waiting_ns);
            visit.wire_ns += i128::from(step.wire_ns);
        };
        let (from, to) = step.ends(spread);
        let there_ns = next.map_or(0, |next| next.waiting_ns);
        let [from_host, to_host] = [from, to].map(|node| machines.number(spread, node));
        visit(Key::Node(to), there_ns);
        to_host.into_iter().for_each(|host| visit(Key::Host(host), there_ns));
        machines.zone(spread, to).into_iter().for_each(|zone| visit(Key::Zone(zone), there_ns));
        visit(Key::Link(from, to), step.waiting_ns);
        if let (Some(from), Some(to)) = (from_host, to_host)
            && from != to
        {
            visit(Key::HostLink(from, to), step.waiting_ns);
        }
    }
    visits
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, loaded};
    use super::super::{Options, analyse};

    /// A part: its kind and name, rounds, last, waiting and wire.
    type Told<'a> = (&'a str, &'a str, f64, f64, f64, f64);

    fn assert_found(rows: &[Row], expected: &[Told<'_>], rounds: usize) {
        let analysis = analyse(&[loaded("c", rows)], &Options::default());
        let found = &analysis.groups[0].bottlenecks;
        let parts = found.parts();
        let shares =
            parts.iter().map(|it| (it.part.as_str(), &*it.name, it.rounds, it.last, it.waiting_ns, it.wire_ns));
        assert_eq!((&shares.collect::<Vec<Told<'_>>>()[..], found.rounds()), (expected, rounds));
    }

    #[test]
    fn a_part_is_counted_once_a_round_with_all_that_was_spent_there() {
        let path = [
            Row::initiate("10.0.1.1", 100),
            Row::received("10.0.1.1", "10.0.2.1", 115, 130),
            Row::received("10.0.2.1", "10.0.2.2", 137, 160),
        ];
        let other = [Row::initiate("10.0.2.1", 100), Row::received("10.0.2.1", "10.0.2.2", 101, 111)]
            .map(|row| row.of_round(2));
        let expected = [
            ("node", "10.0.2.2", 2.0, 2.0, 0.0, 33.0),
            ("node", "10.0.2.1", 1.0, 0.0, 7.0, 15.0),
            ("host", "10.0.2.x", 2.0, 2.0, 7.0, 48.0),
            ("link", "10.0.2.1 > 10.0.2.2", 2.0, 2.0, 7.0, 33.0),
            ("link", "10.0.1.1 > 10.0.2.1", 1.0, 0.0, 0.0, 15.0),
            ("host-link", "10.0.1.x > 10.0.2.x", 1.0, 0.0, 0.0, 15.0),
        ];
        assert_found(&[&path[..], &other[..]].concat(), &expected, 2);
    }

    #[test]
    fn nodes_that_tie_for_the_last_place_share_their_round() {
        let tied = [
            Row::initiate("a", 0),
            Row::received("a", "b", 0, 10),
            Row::received("b", "c", 12, 20),
            Row::received("a", "d", 5, 20),
        ];
        let alone = [Row::initiate("a", 0), Row::received("a", "c", 0, 10)].map(|row| row.of_round(2));
        let expected = [
            ("node", "c", 1.5, 1.5, 0.0, 4.0 + 10.0),
            ("node", "b", 0.5, 0.0, 1.0, 5.0),
            ("node", "d", 0.5, 0.5, 0.0, 7.5),
            ("link", "a > c", 1.0, 1.0, 0.0, 10.0),
            ("link", "a > b", 0.5, 0.0, 0.0, 5.0),
            ("link", "a > d", 0.5, 0.5, 2.5, 7.5),
            ("link", "b > c", 0.5, 0.5, 1.0, 4.0),
        ];
        assert_found(&[&tied[..], &alone[..]].concat(), &expected, 2);
    }
}
