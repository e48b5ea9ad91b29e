//! One round in full: who heard from whom, when, and how long each hop took.

use polars::prelude::{LazyFrame, PolarsResult};

use super::duplicates::Copies;
use super::frames;
use super::late::GivenUp;
use super::load;
use super::machines::Machines;
use super::path;
use super::spread::{Scratch, Spread};
use super::tree::{self, Parent};
use crate::inputs::About;
use crate::rounds::Batch;

/// The tree of first deliveries of one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dissemination {
    /// The initiator's machine, where that is known.
    pub initiator_host: Option<String>,
    /// Copies that the initiator sent.
    pub initiator_sent: u64,
    /// Copies that came back to the initiator.
    pub initiator_duplicates: u64,
    /// Every node with a first receipt but the initiator, in the order of those.
    pub reached: Vec<Reached>,
    /// Positions in `reached` of the nodes on the path to the last one, from the initiator on; empty where that path is not
    /// known.
    pub critical: Vec<usize>,
}

/// A node and its first receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The node.
    pub node: String,
    /// Its machine, where that is known.
    pub host: Option<String>,
    /// Its cloud zone, where that is known.
    pub zone: Option<String>,
    /// Whom it heard from first.
    pub parent: Parent,
    /// The name of that node.
    pub sender: String,
    /// Hops from the initiator along the tree; none where the tree does not lead there.
    pub depth: Option<u32>,
    /// When it was reached, ns since the Unix epoch.
    pub received_ns: i64,
    /// How long the copy waited at its forwarder: from the forwarder's first receipt (at the initiator: the first send).
    pub waiting_ns: Option<i64>,
    /// How long the copy was under way.
    pub wire_ns: Option<i64>,
    /// Copies that the node sent.
    pub sent: u64,
    /// Copies that reached it when it held the message.
    pub duplicates: u64,
}

/// Lays the only round of a batch out.
pub fn dissemination(batch: &Batch, about: &About) -> Dissemination {
    let round = &batch.get(0);
    let mut scratch = Scratch::default();
    let given_up = GivenUp::of(about, &round.events.names);
    let spread = scratch.spread(round, &given_up);
    let machines = Machines::of(about, &round.events.names);
    let (sent, arrived) = copies_by_node(batch).expect("the frame of copies has its columns");
    let count = |counts: &[(u32, u64)], node: u32| {
        counts.binary_search_by_key(&node, |(other, _)| *other).map_or(0, |place| counts[place].1)
    };
    let depths = tree::depths(&spread);
    let of_position = |position: usize| {
        let node = spread.firsts[position].receiver;
        let parent = tree::parent(&spread, position);
        let step = path::step(&spread, position, parent);
        Reached {
            node: round.events.names.nodes.text(node).to_owned(),
            host: machines.name_of(&spread, node).map(str::to_owned),
            zone: machines.zone(&spread, node).map(str::to_owned),
            parent,
            sender: round.events.names.nodes.text(round.events.sender[spread.row(position)]).to_owned(),
            depth: u32::try_from(depths[position]).ok(),
            received_ns: spread.firsts[position].received_ns,
            waiting_ns: step.map(|step| step.waiting_ns),
            wire_ns: wire_ns(&spread, position),
            sent: count(&sent, node),
            duplicates: count(&arrived, node) - 1,
        }
    };
    let initiator = spread.initiate.map(|initiate| initiate.node);
    let of_initiator = |counts: &[(u32, u64)]| initiator.map_or(0, |node| count(counts, node));
    let critical = path::critical(&spread).unwrap_or_default();
    Dissemination {
        initiator_host: initiator.and_then(|node| machines.name_of(&spread, node)).map(str::to_owned),
        initiator_sent: of_initiator(&sent),
        initiator_duplicates: of_initiator(&arrived),
        reached: (0..spread.firsts.len()).map(of_position).collect(),
        critical: critical.into_iter().map(|step| step.position).collect(),
    }
}

/// Copies by node.
type ByNode = Vec<(u32, u64)>;

/// How many copies each node of the batch's only round sent, and how many reached it, in the order of nodes.
fn copies_by_node(batch: &Batch) -> PolarsResult<(ByNode, ByNode)> {
    let copies = Copies::of(&frames::copies(batch)?)?;
    let of_round = |copies: LazyFrame, node: &str| -> PolarsResult<ByNode> {
        Ok(load::by_round(&load::count_by_node(copies, node)?, batch.len())?.swap_remove(0))
    };
    Ok((of_round(copies.sent()?, frames::SENDER)?, of_round(copies.arrived(), frames::RECEIVER)?))
}

/// How long a copy was under way; known even where the path to its sender is not.
fn wire_ns(spread: &Spread<'_>, position: usize) -> Option<i64> {
    Some(spread.firsts[position].received_ns.saturating_sub(spread.sent_ns(position)?))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, events};
    use super::*;
    use crate::rounds::Rounds;

    #[test]
    fn a_round_is_laid_out_with_its_tree_its_times_and_its_copies() {
        let rows = [
            Row::initiate("a", 100),
            Row::received("a", "b", 110, 120),
            Row::received("b", "c", 125, 140),
            Row::duplicate("c", "b", 141, 150),
            Row::duplicate("c", "a", 141, 151),
            Row::received("lost", "d", 1, 130),
        ];
        let events = events(&rows);
        let found = dissemination(&Rounds::of(&events).lay_out_all(), &About::default());
        assert_eq!((found.initiator_sent, found.initiator_duplicates), (1, 1));
        let summaries: Vec<_> = found
            .reached
            .iter()
            .map(|node| (node.node.as_str(), node.parent, node.depth, node.waiting_ns, node.wire_ns, node.duplicates))
            .collect();
        let expected = [
            ("b", Parent::Root, Some(1), Some(0), Some(10), 1),
            ("d", Parent::Unknown, None, None, Some(129), 0),
            ("c", Parent::At(0), Some(2), Some(5), Some(15), 0),
        ];
        assert_eq!(summaries, expected);
        assert_eq!(found.critical, [0, 2]);
        assert_eq!(found.reached[2].sent, 2);
    }
}
