//! Load: how many copies each node sent.

use std::collections::BTreeMap;

use super::duplicates;
use super::spread::Spread;
use crate::stats::gini;
use cnsim_records::frame::Events;

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
    /// By node; who sent nothing is not in it.
    pub sent: BTreeMap<String, u64>,
}

impl RunLoad {
    /// The Gini coefficient over `nodes` nodes.
    pub fn gini(&self, nodes: u32) -> Option<f64> {
        gini(&self.sent.values().copied().collect::<Vec<_>>(), nodes as usize)
    }

    /// Adds one round.
    pub(super) fn add(&mut self, round: &[(&str, u64)]) {
        for (node, sent) in round {
            match self.sent.get_mut(*node) {
                Some(sum) => *sum += sent,
                None => drop(self.sent.insert((*node).to_owned(), *sent)),
            }
        }
    }
}

/// Who sent how many copies in a round; nobody who sent none.
pub(super) fn sent<'a>(events: &'a Events, spread: &Spread<'_>) -> Vec<(&'a str, u64)> {
    let sent = duplicates::sent_by_node(spread).into_iter();
    sent.map(|(node, sent)| (events.names.nodes.text(node), sent)).collect()
}

/// The load of a round with `nodes` nodes.
pub(super) fn load(sent: &[(&str, u64)], nodes: u32) -> RoundLoad {
    let max = sent.iter().map(|(_, sent)| *sent).max().unwrap_or(0);
    let busiest = sent.iter().find(|(_, sent)| *sent == max).map(|(node, _)| (*node).to_owned());
    let counts: Vec<u64> = sent.iter().map(|(_, sent)| *sent).collect();
    RoundLoad { gini: gini(&counts, nodes as usize), max, busiest }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    #[test]
    fn nodes_that_sent_nothing_count() {
        let rows = [Row::initiate("a", 0), Row::received("a", "b", 1, 2), Row::received("a", "c", 1, 3)];
        with_spread(&rows, |spread| {
            let sent = sent(spread.events, spread);
            assert_eq!(sent, [("a", 2)]);
            let expected = RoundLoad { gini: Some(0.75), max: 2, busiest: Some("a".to_owned()) };
            assert_eq!(load(&sent, 4), expected);
        });
    }

    #[test]
    fn rounds_with_different_initiators_even_out() {
        let mut run = RunLoad::default();
        run.add(&[("a", 3)]);
        run.add(&[("b", 2), ("a", 1)]);
        run.add(&[("b", 2)]);
        assert_eq!((run.gini(2), run.gini(4)), (Some(0.0), Some(0.5)));
    }
}
