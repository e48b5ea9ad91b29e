//! What the way to the last node leads over: nodes, machines, zones and links, with how often and what it cost there.

use std::collections::BTreeMap;

use super::{CriticalHop, Group};

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

/// A part of the network and the critical paths that lead over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bottleneck {
    /// What it is.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// Scored rounds whose critical path leads over it.
    pub rounds: usize,
    /// Those of them whose last node it is, or has, or leads to.
    pub last: usize,
    /// Waiting there on those paths: at a node, machine or zone from receipt to send, the first send of the initiator not
    /// counted; on a link before its send. Of all rounds together.
    pub waiting_ns: i128,
    /// Wire time into it, or over it, of all rounds together.
    pub wire_ns: i128,
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

/// The parts on the critical paths of a group's scored rounds, by kind, then the most frequent first; and how many rounds have
/// a path that is known.
pub fn bottlenecks(group: &Group) -> (Vec<Bottleneck>, usize) {
    let mut found: BTreeMap<(Part, String), Bottleneck> = BTreeMap::new();
    let paths = || group.scored().map(|round| &round.critical[..]).filter(|path| !path.is_empty());
    for path in paths() {
        for ((part, name), visit) in visits(path) {
            let begin = || Bottleneck { part, name: name.clone(), rounds: 0, last: 0, waiting_ns: 0, wire_ns: 0 };
            let sum = found.entry((part, name.clone())).or_insert_with(begin);
            sum.rounds += 1;
            sum.last += usize::from(visit.is_last);
            sum.waiting_ns += visit.waiting_ns;
            sum.wire_ns += visit.wire_ns;
        }
    }
    let mut found: Vec<Bottleneck> = found.into_values().collect();
    found.sort_by(|a, b| (a.part, b.rounds, &a.name).cmp(&(b.part, a.rounds, &b.name)));
    (found, paths().count())
}

/// What one path spends at a part.
#[derive(Default)]
struct Visit {
    is_last: bool,
    waiting_ns: i128,
    wire_ns: i128,
}

fn visits(path: &[CriticalHop]) -> BTreeMap<(Part, String), Visit> {
    let mut visits: BTreeMap<(Part, String), Visit> = BTreeMap::new();
    for (number, hop) in path.iter().enumerate() {
        let next = path.get(number + 1);
        let mut visit = |part: Part, name: String, waiting_ns: i64| {
            let visit = visits.entry((part, name)).or_default();
            visit.is_last |= next.is_none();
            visit.waiting_ns += i128::from(waiting_ns);
            visit.wire_ns += i128::from(hop.wire_ns);
        };
        let there_ns = next.map_or(0, |next| next.waiting_ns);
        visit(Part::Node, hop.to.node.clone(), there_ns);
        hop.to.host.iter().for_each(|host| visit(Part::Host, host.clone(), there_ns));
        hop.to.zone.iter().for_each(|zone| visit(Part::Zone, zone.clone(), there_ns));
        visit(Part::Link, format!("{} > {}", hop.from.node, hop.to.node), hop.waiting_ns);
        if let (Some(from), Some(to)) = (&hop.from.host, &hop.to.host)
            && from != to
        {
            visit(Part::HostLink, format!("{from} > {to}"), hop.waiting_ns);
        }
    }
    visits
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, loaded};
    use super::super::{Options, analyse};
    use super::*;

    #[test]
    fn a_part_is_counted_once_a_round_with_all_that_was_spent_there() {
        let path = [
            Row::initiate("10.0.1.1", 100),
            Row::received("10.0.1.1", "10.0.2.1", 115, 130),
            Row::received("10.0.2.1", "10.0.2.2", 137, 160),
        ];
        let other = [Row::initiate("10.0.2.1", 100), Row::received("10.0.2.1", "10.0.2.2", 101, 111)]
            .map(|row| row.of_round(2));
        let analysis = analyse(&[loaded("c", &[&path[..], &other[..]].concat())], &Options::default());
        let (found, rounds) = bottlenecks(&analysis.groups[0]);
        let told: Vec<_> = found
            .iter()
            .map(|part| (part.part.as_str(), part.name.as_str(), part.rounds, part.last, part.waiting_ns, part.wire_ns))
            .collect();
        let expected = [
            ("node", "10.0.2.2", 2, 2, 0, 33),
            ("node", "10.0.2.1", 1, 0, 7, 15),
            ("host", "10.0.2.x", 2, 2, 7, 48),
            ("link", "10.0.2.1 > 10.0.2.2", 2, 2, 7, 33),
            ("link", "10.0.1.1 > 10.0.2.1", 1, 0, 0, 15),
            ("host-link", "10.0.1.x > 10.0.2.x", 1, 0, 0, 15),
        ];
        assert_eq!((told, rounds), (expected.to_vec(), 2));
    }
}
