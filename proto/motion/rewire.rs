//! A random graph whose edges are drawn again, some or all of them, in every period.

use super::spell::{Contact, Link, Spell};
use crate::id::NodeIx;
use crate::random::{Purpose, Random};
use crate::time::Interval;
use crate::topology::{GenerateError, Probability, TopologySpec, completed};

/// Attempts to draw edges again before they stay as they are.
const ATTEMPTS: u32 = 100;

/// `rewire:P:PERIOD:GRAPH`: at every PERIOD, each edge of the graph is drawn again with probability P.
///
/// The graph at any time has the law of GRAPH. Of `er:p`, it is pairs that are drawn again: each becomes an edge with probability p,
/// whatever it was, so that an edge is there a period later with probability 1 - P + P p and a pair without one becomes an edge with
/// probability P p. Of `k-regular:K`, edges that are to be drawn again are taken away and their ends joined anew. With P = 1 any random
/// graph will do, and every period has one of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rewire {
    /// P.
    pub probability: Probability,
    /// How long each graph stays; above 0.
    pub period: Interval,
    /// GRAPH.
    pub graph: TopologySpec,
}

/// A graph: pairs, the lower number first, sorted.
type Pairs = Vec<(u32, u32)>;

impl Rewire {
    /// Why the edges of this graph cannot be drawn again like that.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        let all = self.probability.get() == 1.0;
        match self.graph {
            TopologySpec::Er { .. } => None,
            TopologySpec::KRegular { degree: 2 } if !all => {
                Some("k-regular:2 is one ring, whose edges cannot be drawn one by one: use P = 1")
            }
            TopologySpec::KRegular { .. } => None,
            TopologySpec::Ws { .. } | TopologySpec::Ba { .. } | TopologySpec::Outbound { .. } if all => None,
            TopologySpec::Ws { .. } | TopologySpec::Ba { .. } | TopologySpec::Outbound { .. } => {
                Some("edges of this graph depend on each other: use P = 1, er:P or k-regular:K")
            }
            TopologySpec::KOut { .. } => Some("links have no direction: use er:P or k-regular:K"),
            TopologySpec::Complete
            | TopologySpec::Ring
            | TopologySpec::Line
            | TopologySpec::Star
            | TopologySpec::Grid
            | TopologySpec::Tree { .. } => Some("this graph is not random: use er:P or k-regular:K"),
        }
    }

    /// The contacts from time 0 on to `span`.
    pub(super) fn contacts(&self, nodes: u32, seed: u64, span: Interval) -> Result<Vec<Contact>, GenerateError> {
        let mut graph = self.fresh(nodes, seed, 0)?;
        let mut up: Vec<(u32, u32, Interval)> = graph.iter().map(|(a, b)| (*a, *b, Interval::ZERO)).collect();
        let mut contacts = Vec::new();
        for period in 1.. {
            let now = Interval(self.period.0.saturating_mul(period));
            if now > span {
                break;
            }
            graph = self.next(&graph, nodes, seed, period)?;
            up = succeed(up, &graph, now, &mut contacts);
        }
        contacts.extend(up.into_iter().map(|(a, b, from)| contact(a, b, from, None)));
        Ok(contacts)
    }

    /// The graph of a period that knows nothing of those before.
    fn fresh(&self, nodes: u32, seed: u64, period: u64) -> Result<Pairs, GenerateError> {
        self.graph.draw(nodes, Random::at(seed, Purpose::Graph, &[period]).below(u64::MAX))
    }

    /// The graph of a period by the one before.
    fn next(&self, before: &Pairs, nodes: u32, seed: u64, period: u64) -> Result<Pairs, GenerateError> {
        let is_redrawn = |pair: &(u32, u32)| {
            let key = [period, u64::from(pair.0), u64::from(pair.1)];
            Random::at(seed, Purpose::Redrawn, &key).chance(self.probability.get())
        };
        if self.probability.get() == 1.0 {
            return self.fresh(nodes, seed, period);
        }
        if let TopologySpec::KRegular { .. } = self.graph {
            return Ok(rejoined(before, is_redrawn, seed, period));
        }
        // A pair that is drawn again is what it is in the fresh graph; any other stays what it was.
        let fresh = self.fresh(nodes, seed, period)?;
        let mut graph: Pairs = before.iter().filter(|pair| !is_redrawn(pair)).copied().collect();
        graph.extend(fresh.into_iter().filter(is_redrawn));
        graph.sort_unstable();
        Ok(graph)
    }
}

/// The same degrees, and the same edges but those that are drawn again.
fn rejoined(before: &Pairs, is_redrawn: impl Fn(&(u32, u32)) -> bool, seed: u64, period: u64) -> Pairs {
    let (redrawn, kept): (Pairs, Pairs) = before.iter().copied().partition(is_redrawn);
    let stubs: Vec<u32> = redrawn.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let mut random = Random::at(seed, Purpose::Graph, &[period]);
    let drawn = (0..ATTEMPTS).find_map(|_| completed(&kept, stubs.clone(), &mut random));
    drawn.unwrap_or_else(|| before.clone())
}

/// Ends the contacts of links that are not in the graph any more, and gives those that are, with the time since when.
fn succeed(
    before: Vec<(u32, u32, Interval)>,
    graph: &Pairs,
    now: Interval,
    contacts: &mut Vec<Contact>,
) -> Vec<(u32, u32, Interval)> {
    let mut old = before.into_iter().peekable();
    let mut up = Vec::with_capacity(graph.len());
    for (a, b) in graph.iter().copied() {
        while let Some((c, d, from)) = old.next_if(|(c, d, _)| (*c, *d) < (a, b)) {
            contacts.push(contact(c, d, from, Some(now)));
        }
        let since = old.next_if(|(c, d, _)| (*c, *d) == (a, b)).map_or(now, |(_, _, from)| from);
        up.push((a, b, since));
    }
    contacts.extend(old.map(|(c, d, from)| contact(c, d, from, Some(now))));
    up
}

fn contact(a: u32, b: u32, from: Interval, until: Option<Interval>) -> Contact {
    Spell { of: Link::between(NodeIx(a), NodeIx(b)).expect("a graph has no loops"), from, until }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn rewire(text: &str) -> Rewire {
        let (probability, graph) = text.split_once(':').unwrap();
        Rewire {
            probability: Probability::new(probability.parse().unwrap()).unwrap(),
            period: Interval(10),
            graph: graph.parse().unwrap(),
        }
    }

    /// The graph of each period, as its contacts say.
    fn graphs(model: &Rewire, nodes: u32, periods: u64) -> Vec<BTreeSet<Link>> {
        let contacts = model.contacts(nodes, 3, Interval(10 * periods - 1)).unwrap();
        let mut graphs = vec![BTreeSet::new(); periods as usize];
        for contact in contacts {
            let last = contact.until.map_or(periods, |until| until.0 / 10);
            for graph in &mut graphs[contact.from.0 as usize / 10..last as usize] {
                assert!(graph.insert(contact.of));
            }
        }
        graphs
    }

    /// Of all pairs that are an edge, or not, in one graph: how many, and how many of them are an edge in the other.
    fn kept(from: &BTreeSet<Link>, to: &BTreeSet<Link>, pairs: usize) -> [(f64, f64); 2] {
        let both = from.intersection(to).count();
        let [from, to, both, pairs] = [from.len(), to.len(), both, pairs].map(|count| count as f64);
        [(from, both), (pairs - from, to - both)]
    }

    fn assert_share(found: f64, of: f64, expected: f64) {
        let sigma = (expected * (1.0 - expected) / of).sqrt();
        assert!((found / of - expected).abs() <= 4.0 * sigma, "{} instead of {expected}", found / of);
    }

    #[test]
    fn an_edge_stays_and_another_appears_with_the_probabilities_of_the_model() {
        let (nodes, pairs, p) = (60, 60 * 59 / 2, 0.1);
        for (redrawn, model) in [(0.0, "0:er:0.1"), (0.3, "0.3:er:0.1"), (1.0, "1:er:0.1")] {
            let graphs = graphs(&rewire(model), nodes, 400);
            let mut sums = [[(0.0, 0.0); 2]; 2];
            for (lag, sums) in [1, 2].into_iter().zip(&mut sums) {
                for (from, to) in graphs.iter().zip(&graphs[lag..]) {
                    for (sum, found) in sums.iter_mut().zip(kept(from, to, pairs)) {
                        *sum = (sum.0 + found.0, sum.1 + found.1);
                    }
                }
            }
            for (lag, [edges, others]) in [1, 2].into_iter().zip(sums) {
                let stays = (1.0_f64 - redrawn).powi(lag);
                assert_share(edges.1, edges.0, stays + (1.0 - stays) * p);
                assert_share(others.1, others.0, (1.0 - stays) * p);
            }
            if redrawn > 0.0 {
                // Each graph is a draw of er:0.1; those of neighbouring periods are alike, so that fewer count.
                let edges: usize = graphs.iter().map(BTreeSet::len).sum();
                let count = (400 * pairs) as f64;
                let sigma = (p * (1.0 - p) / count * (2.0 - redrawn) / redrawn).sqrt();
                assert!((edges as f64 / count - p).abs() < 4.0 * sigma);
            }
        }
    }

    #[test]
    fn a_regular_graph_keeps_its_degrees_and_the_edges_that_are_not_drawn_again() {
        let graphs = graphs(&rewire("0.2:k-regular:4"), 100, 300);
        let mut kept = 0;
        for (before, after) in graphs.iter().zip(&graphs[1..]) {
            let mut degrees = [0; 100];
            after.iter().flat_map(|link| link.ends()).for_each(|node| degrees[node.index()] += 1);
            assert_eq!(degrees, [4; 100]);
            kept += before.intersection(after).count();
        }
        // An edge that is drawn again comes back where its ends are joined anew: about once in the 80 ends that are drawn with it.
        let share = f64::from(kept as u32) / (299.0 * 200.0);
        assert!((0.8..0.81).contains(&share), "{share}");
        let fresh = self::graphs(&rewire("1:k-regular:4"), 100, 50);
        let again: usize = fresh.windows(2).map(|graphs| graphs[0].intersection(&graphs[1]).count()).sum();
        // Of 200 edges 200 * 4 / 99 come again by chance.
        assert_share(again as f64, 49.0 * 200.0, 4.0 / 99.0);
    }

    #[test]
    fn a_graph_without_edges_is_one_too() {
        let graphs = graphs(&rewire("1:er:0.01"), 5, 500);
        assert!(graphs.iter().any(BTreeSet::is_empty) && !graphs.iter().all(BTreeSet::is_empty));
    }
}
