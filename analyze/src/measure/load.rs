//! Load: how many copies each node sent.

use polars::prelude::{DataFrame, DataType, LazyFrame, PolarsResult, col, len, lit};

use super::frames::{PLACE, SENDER};
use crate::stats::gini;

/// Copies that a node sent.
const SENT: &str = "sent";
/// A round's place and a node's number as one number: grouping by it is grouping by both.
const NODE_OF_ROUND: &str = "node_of_round";

/// How copies of one round are shared among its nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundLoad {
    /// The Gini coefficient over all nodes, those that sent nothing too; none where nothing was sent.
    pub gini: Option<f64>,
    /// The most copies that one node sent.
    pub max: u64,
    /// The first node by name that sent so many; none where nothing was sent.
    pub busiest: Option<String>,
}

/// Copies sent per node, over the scored rounds of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunLoad {
    /// One for each node that sent any, in no order.
    pub sent: Vec<u64>,
}

impl RunLoad {
    /// The Gini coefficient over `nodes` nodes.
    pub fn gini(&self, nodes: u32) -> Option<f64> {
        gini(&self.sent, nodes as usize)
    }
}

/// How many copies each node sent in each round, in the order of rounds and nodes; who sent none is not there.
pub(super) fn sent_by_node(sent: LazyFrame) -> PolarsResult<DataFrame> {
    count_by_node(sent, SENDER)
}

/// How many copies each node, which a column names, has in each round, in the order of rounds and nodes.
pub(super) fn count_by_node(copies: LazyFrame, node: &str) -> PolarsResult<DataFrame> {
    let node_of_round = col(PLACE).cast(DataType::UInt64) * lit(1_u64 << 32) + col(node).cast(DataType::UInt64);
    copies
        .select([node_of_round.alias(NODE_OF_ROUND)])
        .group_by([col(NODE_OF_ROUND)])
        .agg([len().cast(DataType::UInt64).alias(SENT)])
        .sort([NODE_OF_ROUND], Default::default())
        .collect()
}

/// What [`count_by_node`] came to, a round each: nodes with what they sent, in the order of nodes.
pub(super) fn by_round(sent: &DataFrame, rounds: usize) -> PolarsResult<Vec<Vec<(u32, u64)>>> {
    let mut of_rounds = vec![Vec::new(); rounds];
    let (nodes, counts) = (sent.column(NODE_OF_ROUND)?.u64()?, sent.column(SENT)?.u64()?);
    for (node_of_round, count) in nodes.iter().flatten().zip(counts.iter().flatten()) {
        of_rounds[(node_of_round >> 32) as usize].push((node_of_round as u32, count));
    }
    Ok(of_rounds)
}

/// The load of a round with `nodes` nodes, given what nodes sent in the order of their names.
pub(super) fn load<'a>(sent: &[(u32, u64)], name: impl Fn(u32) -> &'a str, nodes: u32) -> RoundLoad {
    let max = sent.iter().map(|(_, sent)| *sent).max().unwrap_or(0);
    let busiest = sent.iter().find(|(_, sent)| *sent == max).map(|(node, _)| name(*node).to_owned());
    let counts: Vec<u64> = sent.iter().map(|(_, sent)| *sent).collect();
    RoundLoad { gini: gini(&counts, nodes as usize), max, busiest }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, loaded, measured};
    use super::super::{Options, analyse};
    use super::*;

    #[test]
    fn nodes_that_sent_nothing_count() {
        let rows = [Row::initiate("a", 0), Row::received("a", "b", 1, 2), Row::received("a", "c", 1, 3)];
        let expected = RoundLoad { gini: Some(0.75), max: 2, busiest: Some("a".to_owned()) };
        assert_eq!(measured(&rows.map(|row| row.with_nodes(4))).load, expected);
    }

    #[test]
    fn rounds_with_different_initiators_even_out() {
        let round = |number, from, to| {
            [Row::initiate(from, 0), Row::received(from, to, 1, 2)].map(|row| row.of_round(number).with_nodes(2))
        };
        let rows = [round(1, "a", "b"), round(2, "b", "a"), round(3, "a", "b"), round(4, "b", "a")].concat();
        let group = &analyse(&[loaded("c", &rows)], &Options::default()).groups[0];
        assert_eq!(group.loads, [RunLoad { sent: vec![2, 2] }]);
        assert_eq!((group.loads[0].gini(2), group.loads[0].gini(4)), (Some(0.0), Some(0.5)));
    }
}
