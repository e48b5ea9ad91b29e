//! Who begins which round.

use std::fmt;
use std::str::FromStr;

use crate::id::{IdError, NodeId};
use crate::random::Random;

/// How the initiators of a run are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Initiators {
    /// Each round draws one, by seed and round.
    Random,
    /// The nodes take turns, in the order of the topology.
    Rotate,
    /// Always this node.
    Fixed(NodeId),
}

impl Initiators {
    /// The index of the node that begins `round`; none where the fixed one is not among `nodes`.
    pub fn of_round(&self, round: u32, nodes: &[NodeId], seed: u64) -> Option<usize> {
        let count = nodes.len() as u64;
        match self {
            Self::Random => Some(Random::keyed(seed, &["initiator", &round.to_string()]).below(count) as usize),
            Self::Rotate => Some((u64::from(round) % count) as usize),
            Self::Fixed(id) => nodes.iter().position(|node| node == id),
        }
    }
}

impl FromStr for Initiators {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text {
            "random" => Ok(Self::Random),
            "rotate" => Ok(Self::Rotate),
            id => NodeId::new(id).map(Self::Fixed),
        }
    }
}

impl fmt::Display for Initiators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random => f.write_str("random"),
            Self::Rotate => f.write_str("rotate"),
            Self::Fixed(id) => id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: usize) -> Vec<NodeId> {
        (0..count).map(|i| NodeId::new(&format!("n{i}")).unwrap()).collect()
    }

    #[test]
    fn a_round_draws_the_same_initiator_whichever_rounds_came_before() {
        let nodes = nodes(100);
        let draws: Vec<_> = (0..6).map(|round| Initiators::Random.of_round(round, &nodes, 7)).collect();
        assert_eq!(Initiators::Random.of_round(5, &nodes, 7), draws[5]);
        assert_ne!(draws[1..], [draws[0]; 5]);
    }

    #[test]
    fn rotation_comes_back_to_the_first_node() {
        let turns: Vec<_> = (0..4).map(|round| Initiators::Rotate.of_round(round, &nodes(3), 0)).collect();
        assert_eq!(turns, [Some(0), Some(1), Some(2), Some(0)]);
    }

    #[test]
    fn an_unknown_fixed_initiator_is_nobody() {
        let stranger: Initiators = "n7".parse().unwrap();
        assert_eq!(stranger.of_round(0, &nodes(3), 0), None);
    }
}
