//! What a moving network looks like in numbers: contacts, how long they last and how far they are apart, degrees and pieces over time,
//! and whom messages can reach.

use std::collections::HashMap;

use super::contacts::Contacts;
use super::foremost::spread;
use super::present::Present;
use super::spell::{Contact, Link};
use crate::id::NodeIx;
use crate::time::Interval;

/// Up to about this many steps, it is found out whom each node can reach; beyond, it is left out.
pub const REACH_STEPS_MAX: u64 = 300_000_000;

/// The parts of the record between the instants at which the network is looked at.
const PARTS: u64 = 10;

/// A moving network in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionStats {
    /// Number of nodes.
    pub nodes: usize,
    /// How long the record is.
    pub span: Interval,
    /// Number of times that a node joins or leaves.
    pub comings_and_goings: usize,
    /// Number of contacts.
    pub contacts: usize,
    /// How many of them were not seen whole: they are there at time 0, or at the end.
    pub cut_off: usize,
    /// Number of pairs that ever have a contact.
    pub pairs: usize,
    /// How long contacts last. What was cut off counts as long as it was seen.
    pub durations: Quantiles,
    /// From the end of a pair's contact to the begin of its next; none where no pair meets twice.
    pub between: Option<Quantiles>,
    /// How many neighbours a node has while it is there, over all nodes and all the time.
    pub mean_degree: f64,
    /// The network at eleven instants, from time 0 to the end.
    pub moments: Vec<Moment>,
    /// Whom the message of each node can reach that it has at time 0, or from when on it is there; none where that takes more than
    /// [`REACH_STEPS_MAX`] steps.
    pub reaches: Option<Vec<Reached>>,
}

/// Spans of time, from the shortest to the longest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// How many.
    pub count: usize,
    /// The mean, in milliseconds.
    pub mean_ms: f64,
    /// The shortest.
    pub min: Interval,
    /// A quarter are at most this long.
    pub q25: Interval,
    /// Half are.
    pub median: Interval,
    /// Three quarters are.
    pub q75: Interval,
    /// Nine of ten are.
    pub q90: Interval,
    /// The longest.
    pub max: Interval,
}

/// The network at an instant, with the links that come up or go down in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// When.
    pub time: Interval,
    /// Nodes that are there.
    pub nodes: usize,
    /// Links that are up.
    pub links: usize,
    /// Neighbours of the node that has most.
    pub max_degree: usize,
    /// Nodes without a neighbour.
    pub alone: usize,
    /// Pieces that links join, of nodes that are there.
    pub pieces: usize,
    /// Nodes of the largest one.
    pub largest: usize,
}

/// Whom a message of a node can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// How many other nodes.
    pub nodes: usize,
    /// When the last of them; the begin where there is none.
    pub last: Interval,
}

impl MotionStats {
    /// The numbers of a network.
    pub fn of(network: &Contacts) -> Self {
        let (contacts, span) = (network.contacts(), network.span());
        let lengths: Vec<Interval> = contacts.iter().map(|contact| contact.length(span)).collect();
        let linked: f64 = lengths.iter().map(|length| length.0 as f64).sum();
        let stays = network.stays();
        let there: f64 = stays.iter().map(|stay| stay.length(span).0 as f64).sum();
        let cut_off = contacts.iter().filter(|contact| contact.from == Interval::ZERO || contact.until.is_none());
        let (between, pairs) = gaps(&contacts);
        Self {
            nodes: network.nodes().len(),
            span,
            comings_and_goings: network.len() - contacts.len() - contacts.iter().filter(|c| c.until.is_some()).count(),
            contacts: contacts.len(),
            cut_off: cut_off.count(),
            pairs,
            durations: Quantiles::of(lengths).expect("a network has a contact"),
            between: Quantiles::of(between),
            mean_degree: if there > 0.0 { 2.0 * linked / there } else { 0.0 },
            moments: moments(network),
            reaches: reaches(network),
        }
    }
}

impl Quantiles {
    /// None of nothing. A quantile is the least value of which so many are at most as long.
    pub fn of(mut spans: Vec<Interval>) -> Option<Self> {
        spans.sort_unstable();
        let count = spans.len();
        let at = |percent: usize| spans[(count * percent).div_ceil(100).max(1) - 1];
        (count > 0).then(|| Self {
            count,
            mean_ms: spans.iter().map(|span| span.as_ms()).sum::<f64>() / count as f64,
            min: spans[0],
            q25: at(25),
            median: at(50),
            q75: at(75),
            q90: at(90),
            max: spans[count - 1],
        })
    }
}

/// The times between contacts of the same pair, and the number of pairs.
fn gaps(contacts: &[Contact]) -> (Vec<Interval>, usize) {
    let mut last: HashMap<Link, Option<Interval>> = HashMap::new();
    let mut gaps = Vec::new();
    for contact in contacts {
        if let Some(Some(until)) = last.insert(contact.of, contact.until) {
            gaps.push(Interval(contact.from.0 - until.0));
        }
    }
    (gaps, last.len())
}

fn moments(network: &Contacts) -> Vec<Moment> {
    let mut present = Present::of(network);
    let mut applied = 0;
    let mut moments = Vec::new();
    for part in 0..=PARTS {
        let time = Interval((u128::from(network.span().0) * u128::from(part) / u128::from(PARTS)) as u64);
        let end = network.first_end_from(time);
        (applied..end).filter_map(|place| network.get(place)).for_each(|(_, change)| present.apply(change));
        applied = end;
        moments.push(moment(&present, network.nodes().len() as u32, time));
    }
    moments
}

fn moment(present: &Present, nodes: u32, time: Interval) -> Moment {
    let there = || (0..nodes).map(NodeIx).filter(|node| present.is_there(*node));
    let degree = |node: NodeIx| present.neighbours(node).len();
    let pieces = present.pieces();
    Moment {
        time,
        nodes: there().count(),
        links: there().map(degree).sum::<usize>() / 2,
        max_degree: there().map(degree).max().unwrap_or(0),
        alone: there().filter(|node| degree(*node) == 0).count(),
        pieces: pieces.len(),
        largest: pieces.into_iter().max().unwrap_or(0),
    }
}

/// The message of a node that comes later begins with its first stay: those that come at one time spread together.
fn reaches(network: &Contacts) -> Option<Vec<Reached>> {
    let nodes = network.nodes().len() as u64;
    let mut firsts: Vec<(Interval, NodeIx)> = Vec::new();
    for stay in network.stays() {
        if firsts.last().is_none_or(|(_, node)| *node != stay.of) {
            firsts.push((stay.from, stay.of));
        }
    }
    firsts.sort_unstable();
    let together: Vec<&[(Interval, NodeIx)]> = firsts.chunk_by(|a, b| a.0 == b.0).collect();
    let passes: u64 = together.iter().map(|sources| sources.len().div_ceil(64) as u64).sum();
    if passes.saturating_mul(network.len() as u64).saturating_add(nodes * nodes) > REACH_STEPS_MAX {
        return None;
    }
    let mut reached = vec![Reached { nodes: 0, last: Interval::ZERO }; nodes as usize];
    for sources in together {
        let begins = sources[0].0;
        let sources: Vec<NodeIx> = sources.iter().map(|(_, node)| *node).collect();
        spread(network, &sources, begins, |source, node, time| {
            let reached = &mut reached[sources[source].index()];
            reached.nodes += usize::from(node != sources[source]);
            reached.last = time;
        });
    }
    Some(reached)
}

#[cfg(test)]
mod tests {
    use super::super::contacts::Parts;
    use super::super::spell::Spell;
    use super::*;
    use crate::topology::default_ids;

    const SECOND: u64 = 1_000_000_000;

    fn network() -> Contacts {
        let contact = |a, b, from, until: Option<u64>| Spell {
            of: Link::between(NodeIx(a), NodeIx(b)).unwrap(),
            from: Interval(from * SECOND),
            until: until.map(|until| Interval(until * SECOND)),
        };
        let contacts = vec![
            contact(0, 1, 0, Some(10)),
            contact(0, 1, 15, Some(20)),
            contact(1, 2, 30, Some(50)),
            contact(0, 1, 60, None),
            contact(2, 3, 50, Some(70)),
        ];
        let stay = Spell { of: NodeIx(3), from: Interval(40 * SECOND), until: Some(Interval(80 * SECOND)) };
        let parts = Parts { nodes: default_ids(4), contacts, stays: vec![stay], span: Interval(100 * SECOND) };
        Contacts::of(parts).unwrap()
    }

    #[test]
    fn the_numbers_of_a_network_that_can_be_counted_by_hand() {
        let stats = MotionStats::of(&network());
        assert_eq!(
            (stats.nodes, stats.contacts, stats.cut_off, stats.pairs, stats.comings_and_goings),
            (4, 5, 2, 3, 2)
        );
        let lengths = stats.durations;
        assert_eq!((lengths.count, lengths.mean_ms), (5, 19_000.0));
        let quantiles = [lengths.min, lengths.q25, lengths.median, lengths.q75, lengths.q90, lengths.max];
        assert_eq!(quantiles, [5, 10, 20, 20, 40, 40].map(|seconds| Interval(seconds * SECOND)));
        let between = stats.between.unwrap();
        assert_eq!((between.count, between.min, between.max), (2, Interval(5 * SECOND), Interval(40 * SECOND)));
        // 95 s of links, and 340 s of nodes.
        assert_eq!(stats.mean_degree, 190.0 / 340.0);
    }

    #[test]
    fn the_network_at_an_instant_has_the_links_that_end_in_it() {
        let moments = MotionStats::of(&network()).moments;
        assert_eq!(moments.len(), 11);
        let at = |seconds| *moments.iter().find(|moment| moment.time == Interval(seconds * SECOND)).unwrap();
        let shown = |moment: Moment| {
            (moment.nodes, moment.links, moment.max_degree, moment.alone, moment.pieces, moment.largest)
        };
        assert_eq!(shown(at(10)), (3, 1, 1, 1, 2, 2));
        assert_eq!(shown(at(50)), (4, 2, 2, 1, 2, 3));
        assert_eq!(shown(at(100)), (3, 1, 1, 1, 2, 2));
    }

    #[test]
    fn each_source_reaches_whom_its_message_can() {
        let reaches = MotionStats::of(&network()).reaches.unwrap();
        let shown: Vec<(usize, u64)> = reaches.iter().map(|reached| (reached.nodes, reached.last.0 / SECOND)).collect();
        // Node 3 comes at 40 s, and can tell 2 and at that instant 1, which tells 0.
        assert_eq!(shown, [(3, 50), (3, 50), (3, 60), (3, 60)]);
    }
}
