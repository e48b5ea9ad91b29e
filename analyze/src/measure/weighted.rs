//! How much of the weight of nodes a message reached, where the topology gives nodes weights, as their stake.

use cnsim::id::NodeIx;

use super::network::RunNetwork;
use super::spread::Spread;

/// Of the weight that counts, in per cent: when so much of it was reached.
const PERCENT: f64 = 90.0;

/// See the module. The initiator's weight is in none of it: it holds the message from the beginning.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weighted {
    /// When nodes of 90 % of the weight had the message, in ns since `initiate`; under faults of the nodes that convergence counts.
    /// None where they never had.
    pub t90_ns: Option<i64>,
    /// For each first receipt in their order: the share of the weight of all nodes that was reached with it.
    pub shares: Vec<f64>,
}

/// The weight that was reached in a round. None where nodes have no weights, and where nobody knows who began it. `counts` says whether
/// convergence counts a node.
pub(super) fn measure(
    network: Option<&RunNetwork<'_>>,
    spread: &Spread<'_>,
    counts: impl Fn(NodeIx) -> bool,
) -> Option<Weighted> {
    let network = network?;
    let (weights, initiate) = (network.weights?, spread.initiate?);
    let initiator = network.place(initiate.node)?;
    let others = || (0..).map(NodeIx).zip(weights).filter(|(node, _)| *node != initiator);
    let all: f64 = others().map(|(_, weight)| weight).sum();
    let counted: f64 = others().filter(|(node, _)| counts(*node)).map(|(_, weight)| weight).sum();
    let (mut reached, mut reached_of_counted) = (0.0, 0.0);
    let mut weighted = Weighted { t90_ns: None, shares: Vec::with_capacity(spread.firsts.len()) };
    for first in spread.firsts {
        let place = network.place(first.receiver);
        let weight = place.map_or(0.0, |place| weights[place.index()]);
        reached += weight;
        // A sum of floats may come out above the whole.
        weighted.shares.push(if all > 0.0 { f64::min(reached / all, 1.0) } else { 1.0 });
        if place.is_some_and(&counts) {
            reached_of_counted += weight;
            if reached_of_counted * 100.0 >= PERCENT * counted {
                weighted.t90_ns.get_or_insert(first.received_ns.saturating_sub(initiate.at_ns));
            }
        }
    }
    Some(weighted)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, loaded, manifest};
    use super::super::{Options, RoundMetrics, analyse};

    /// A round that n0 began at time 10, over nodes of these weights, reached one ns after the other.
    fn measured(weights: Option<[f64; 5]>, reached: usize) -> RoundMetrics {
        const NODES: [&str; 5] = ["n0", "n1", "n2", "n3", "n4"];
        let mut facts = manifest("flood", NODES, &[(0, 1), (0, 2), (0, 3), (0, 4)], false);
        facts.topology.as_mut().unwrap().node_weights = weights.map(|weights| weights.to_vec());
        let receipts = (1..).zip(&NODES[1..=reached]).map(|(at, node)| Row::received("n0", node, 10, 10 + at));
        let rows: Vec<Row> =
            [Row::initiate("n0", 10)].into_iter().chain(receipts).map(|row| row.with_nodes(5)).collect();
        let mut input = loaded("c", &rows);
        input.about.runs.insert("run".to_owned(), facts);
        analyse(&[input], &Options::default()).groups[0].rounds[0].clone()
    }

    #[test]
    fn equal_weights_are_as_none() {
        for reached in 1..=4 {
            let round = measured(Some([3.0; 5]), reached);
            let weighted = round.weighted.clone().unwrap();
            assert_eq!(weighted.t90_ns, round.from_initiate[1], "{reached} reached");
            assert_eq!(weighted.shares.last(), Some(&round.coverage()));
        }
        assert_eq!(measured(None, 4).weighted, None);
    }

    #[test]
    fn a_heavy_node_counts_for_many_and_the_initiator_for_none() {
        let weighted = measured(Some([1000.0, 1.0, 95.0, 2.0, 2.0]), 4).weighted.unwrap();
        assert_eq!((weighted.t90_ns, weighted.shares), (Some(2), vec![0.01, 0.96, 0.98, 1.0]));
        let never = measured(Some([0.0, 1.0, 1.0, 1.0, 97.0]), 3).weighted.unwrap();
        assert_eq!((never.t90_ns, never.shares), (None, vec![0.01, 0.02, 0.03]));
    }
}
