//! A topology in a word: what is typed, what it may ask for, and the seeded graph that it stands for.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDateTime;

use super::pairs::Pairs;
use super::probability::Probability;
use super::{Edge, Topology, TopologyError, lattice, outbound, random_graph, regular, shape};
use crate::id::NodeId;
use crate::random::Random;

/// The most nodes that a generator makes.
pub const NODES_MAX: u32 = 1_000_000;

/// The most edges that a generator makes: what fits into memory beside a run.
pub const EDGES_MAX: u64 = 20_000_000;

/// Graphs drawn until one is in one piece.
const ATTEMPTS: u32 = 100;

/// A kind of graph with its parameters, as in `complete`, `k-regular:8`, `ws:4:0.1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TopologySpec {
    /// `complete`: every two nodes.
    Complete,
    /// `ring`: each node and the next, closed.
    Ring,
    /// `line`: each node and the next.
    Line,
    /// `star`: the first node and each other.
    Star,
    /// `grid`: rows of ceil(sqrt(n)) nodes, the last row as long as the nodes last.
    Grid,
    /// `tree:K`: every node has K children, level by level, until the nodes end.
    Tree {
        /// K.
        children: u32,
    },
    /// `k-regular:K`: random, every node has K neighbours.
    KRegular {
        /// K.
        degree: u32,
    },
    /// `k-out:K`: random and directed, every node may send to K others.
    KOut {
        /// K.
        degree: u32,
    },
    /// `er:P`: every pair with probability P (Erdős and Rényi).
    Er {
        /// P.
        probability: Probability,
    },
    /// `ws:K:P`: a ring with K neighbours, each edge rewired with probability P (Watts and Strogatz).
    Ws {
        /// K, even.
        neighbours: u32,
        /// P.
        rewired: Probability,
    },
    /// `ba:M`: each new node attaches to M (Barabási and Albert).
    Ba {
        /// M.
        attached: u32,
    },
    /// `outbound:K:TOTAL`: each node opens K connections to others, and has at most TOTAL with those that it accepts; as Bitcoin
    /// Core, whose nodes open 8 for everything and have 125.
    Outbound {
        /// K.
        opened: u32,
        /// TOTAL.
        total: u32,
    },
}

/// A text that names no topology.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No kind of graph has this name.
    #[error("unknown topology {0:?}: use {forms}", forms = TopologySpec::FORMS)]
    Unknown(String),
    /// The parameters are missing or wrong.
    #[error("{text:?} is not {form}")]
    Form {
        /// The text as typed.
        text: String,
        /// How this kind is written.
        form: &'static str,
    },
}

/// A graph that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GenerateError {
    /// There is none with so many nodes, or it is too large.
    #[error("{spec} with {nodes} nodes: {reason}")]
    Impossible {
        /// What was asked for.
        spec: TopologySpec,
        /// The number of nodes.
        nodes: u32,
        /// Why not.
        reason: String,
    },
    /// Chance did not give one.
    #[error("{spec} with {nodes} nodes and seed {seed}: none of {ATTEMPTS} graphs is connected; use more edges")]
    GaveUp {
        /// What was asked for.
        spec: TopologySpec,
        /// The number of nodes.
        nodes: u32,
        /// The seed.
        seed: u64,
    },
    /// The graph is no topology.
    #[error("{spec} with {nodes} nodes: {reason}")]
    Topology {
        /// What was asked for.
        spec: TopologySpec,
        /// The number of nodes.
        nodes: u32,
        /// Why not.
        reason: Box<TopologyError>,
    },
}

impl TopologySpec {
    /// Every kind as it is typed.
    pub const FORMS: &'static str =
        "complete, ring, line, star, grid, tree:K, k-regular:K, k-out:K, er:P, ws:K:P, ba:M or outbound:K:TOTAL";

    /// The graph over these nodes. The same spec, nodes and seed give the same edges, in the same order, on every
    /// machine.
    ///
    /// Every graph is simple. All but er, k-out and k-regular:1 are connected: ws, k-regular and outbound draw again, up to
    /// 100 times, until the graph is.
    pub fn generate(&self, ids: Vec<NodeId>, seed: u64) -> Result<Topology, GenerateError> {
        let nodes = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        self.check(nodes)?;
        let edges = self.edges(nodes, seed)?;
        let topology = Topology {
            nodes: ids,
            edges,
            directed: self.is_directed(),
            model: Some(self.model().to_owned()),
            node_weights: None,
        };
        topology.checked().map_err(|reason| GenerateError::Topology { spec: *self, nodes, reason: reason.into() })
    }

    /// Whether there is such a graph with so many nodes.
    pub fn check(&self, nodes: u32) -> Result<(), GenerateError> {
        match self.obstacle(nodes) {
            None => Ok(()),
            Some(reason) => Err(GenerateError::Impossible { spec: *self, nodes, reason }),
        }
    }

    /// The published system's file name for this graph: `nodes10_Mar102025195724_Full1.0.json`.
    pub fn file_name(&self, nodes: u32, made: NaiveDateTime) -> String {
        format!("nodes{nodes}_{}_{}{}.json", made.format("%b%d%Y%H%M%S"), self.model(), self.parameters())
    }

    /// The word that the published system's files have in `model`.
    fn model(&self) -> &'static str {
        match self {
            Self::Complete => "Full",
            Self::Ring => "Ring",
            Self::Line => "Line",
            Self::Star => "Star",
            Self::Grid => "Grid",
            Self::Tree { .. } => "Tree",
            Self::KRegular { .. } => "KRegular",
            Self::KOut { .. } => "KOut",
            Self::Er { .. } => "ER",
            Self::Ws { .. } => "WS",
            Self::Ba { .. } => "BA",
            Self::Outbound { .. } => "Outbound",
        }
    }

    /// What a file name has after the model. The published system writes a complete graph's probability.
    fn parameters(&self) -> String {
        match self {
            Self::Complete => "1.0".to_owned(),
            Self::Ring | Self::Line | Self::Star | Self::Grid => String::new(),
            Self::Tree { children } => children.to_string(),
            Self::KRegular { degree } | Self::KOut { degree } => degree.to_string(),
            Self::Er { probability } => probability.to_string(),
            Self::Ws { neighbours, rewired } => format!("{neighbours}p{rewired}"),
            Self::Ba { attached } => attached.to_string(),
            Self::Outbound { opened, total } => format!("{opened}of{total}"),
        }
    }

    /// Whether every seed gives a graph in one piece, with as many nodes as it takes. Of `k-regular` with 3 neighbours and more, and
    /// of `outbound` with 2 and more, hardly any draw is in several, and each seed has a hundred.
    pub fn is_connected_for_every_seed(&self) -> bool {
        match *self {
            Self::Complete
            | Self::Ring
            | Self::Line
            | Self::Star
            | Self::Grid
            | Self::Tree { .. }
            | Self::Ba { .. } => true,
            Self::KRegular { degree } => degree > 1,
            Self::Outbound { opened, total } => opened > 1 && total > 2 * opened,
            Self::KOut { .. } | Self::Er { .. } | Self::Ws { .. } => false,
        }
    }

    /// Whether an edge can be used from its source only.
    pub fn is_directed(&self) -> bool {
        matches!(self, Self::KOut { .. })
    }

    /// Why there is no such graph with so many nodes.
    fn obstacle(&self, nodes: u32) -> Option<String> {
        if nodes < 2 {
            return Some("a network has at least 2 nodes".to_owned());
        }
        if nodes > NODES_MAX {
            return Some(format!("{NODES_MAX} nodes are the most that can be generated"));
        }
        let most = nodes - 1;
        match *self {
            Self::Ring if nodes < 3 => return Some("a ring has at least 3 nodes".to_owned()),
            Self::KRegular { degree } | Self::KOut { degree } | Self::Ws { neighbours: degree, .. }
                if degree > most =>
            {
                return Some(format!("K is at most {most}, the number of other nodes"));
            }
            Self::KRegular { degree } if nodes % 2 == 1 && degree % 2 == 1 => {
                return Some("K times the number of nodes is odd, and every edge has two ends".to_owned());
            }
            Self::Ws { neighbours, .. } if neighbours % 2 == 1 => {
                return Some("K is odd, and half of the K neighbours are on each side".to_owned());
            }
            Self::Ba { attached } if attached > most => {
                return Some(format!("M is at most {most}, the number of other nodes"));
            }
            Self::Outbound { opened, .. } if opened > most / 2 => {
                return Some(format!(
                    "K is at most {}: two nodes share one connection, so that each can open half of those with all others",
                    most / 2
                ));
            }
            Self::Outbound { opened, total } if total / 2 < opened => {
                return Some(format!(
                    "TOTAL is at least {}, for every connection that a node opens is accepted by another",
                    u64::from(opened) * 2
                ));
            }
            Self::Complete
            | Self::Ring
            | Self::Line
            | Self::Star
            | Self::Grid
            | Self::Tree { .. }
            | Self::KRegular { .. }
            | Self::KOut { .. }
            | Self::Er { .. }
            | Self::Ws { .. }
            | Self::Ba { .. }
            | Self::Outbound { .. } => {}
        }
        let edges = self.edges_expected(nodes);
        (edges > EDGES_MAX)
            .then(|| format!("about {edges} edges are more than {EDGES_MAX}, the most that are generated"))
    }

    /// The number of edges, or close to it.
    pub fn edges_expected(&self, nodes: u32) -> u64 {
        let nodes = u64::from(nodes);
        let pairs = nodes * nodes.saturating_sub(1) / 2;
        match *self {
            Self::Complete => pairs,
            Self::Ring | Self::Line | Self::Star | Self::Tree { .. } => nodes,
            Self::Grid => 2 * nodes,
            Self::KRegular { degree } | Self::Ws { neighbours: degree, .. } => nodes * u64::from(degree) / 2,
            Self::KOut { degree } => nodes * u64::from(degree),
            Self::Er { probability } => (pairs as f64 * probability.get()) as u64,
            Self::Ba { attached: count } | Self::Outbound { opened: count, .. } => nodes * u64::from(count),
        }
    }

    /// The edges, sorted; those of an undirected graph from the lower to the higher number.
    fn edges(&self, nodes: u32, seed: u64) -> Result<Vec<Edge>, GenerateError> {
        let mut pairs = self.pairs(nodes, seed)?;
        if !self.is_directed() {
            for (source, target) in &mut pairs {
                (*source, *target) = (*source.min(target), *source.max(target));
            }
        }
        pairs.sort_unstable();
        Ok(pairs.into_iter().map(|(source, target)| Edge { source, target, weight: None }).collect())
    }

    /// The ends of the edges of the graph of this seed, which may be none: lower number first in an undirected graph, sorted.
    pub(crate) fn draw(&self, nodes: u32, seed: u64) -> Result<Vec<(u32, u32)>, GenerateError> {
        Ok(self.edges(nodes, seed)?.into_iter().map(|edge| (edge.source, edge.target)).collect())
    }

    fn pairs(&self, nodes: u32, seed: u64) -> Result<Pairs, GenerateError> {
        let random = || self.random(nodes, seed, 0);
        Ok(match *self {
            Self::Complete => lattice::complete(nodes),
            Self::Ring => lattice::ring(nodes),
            Self::Line => lattice::line(nodes),
            Self::Star => lattice::star(nodes),
            Self::Grid => lattice::grid(nodes),
            Self::Tree { children } => lattice::tree(nodes, children),
            Self::KRegular { degree: 1 } => regular::matching(nodes, &mut random()),
            Self::KRegular { degree } => {
                self.connected(nodes, seed, |random| regular::regular(nodes, degree, random))?
            }
            Self::KOut { degree } => regular::out(nodes, degree, &mut random()),
            Self::Er { probability } => random_graph::erdos_renyi(nodes, probability, &mut random()),
            Self::Ws { neighbours, rewired } => self.connected(nodes, seed, |random| {
                Some(random_graph::watts_strogatz(nodes, neighbours, rewired, random))
            })?,
            Self::Ba { attached } => random_graph::barabasi_albert(nodes, attached, &mut random()),
            Self::Outbound { opened, total } => {
                self.connected(nodes, seed, |random| outbound::outbound(nodes, opened, total, random))?
            }
        })
    }

    /// The first graph in one piece.
    fn connected(
        &self,
        nodes: u32,
        seed: u64,
        draw: impl Fn(&mut Random) -> Option<Pairs>,
    ) -> Result<Pairs, GenerateError> {
        for attempt in 0..ATTEMPTS {
            if let Some(pairs) = draw(&mut self.random(nodes, seed, attempt))
                && shape::components(nodes as usize, pairs.iter().copied()) == 1
            {
                return Ok(pairs);
            }
        }
        Err(GenerateError::GaveUp { spec: *self, nodes, seed })
    }

    fn random(&self, nodes: u32, seed: u64, attempt: u32) -> Random {
        Random::keyed(seed, &["topology", &self.to_string(), &nodes.to_string(), &attempt.to_string()])
    }
}

/// The published system's names: `gossip-statefulset-0`, `gossip-statefulset-1`, ….
pub fn default_ids(nodes: u32) -> Vec<NodeId> {
    let id = |number| NodeId::new(&format!("gossip-statefulset-{number}")).expect("a word and a number have no spaces");
    (0..nodes).map(id).collect()
}

impl fmt::Display for TopologySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Ring => f.write_str("ring"),
            Self::Line => f.write_str("line"),
            Self::Star => f.write_str("star"),
            Self::Grid => f.write_str("grid"),
            Self::Tree { children } => write!(f, "tree:{children}"),
            Self::KRegular { degree } => write!(f, "k-regular:{degree}"),
            Self::KOut { degree } => write!(f, "k-out:{degree}"),
            Self::Er { probability } => write!(f, "er:{probability}"),
            Self::Ws { neighbours, rewired } => write!(f, "ws:{neighbours}:{rewired}"),
            Self::Ba { attached } => write!(f, "ba:{attached}"),
            Self::Outbound { opened, total } => write!(f, "outbound:{opened}:{total}"),
        }
    }
}

impl FromStr for TopologySpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let Some(form) = form(name) else { return Err(SpecError::Unknown(text.to_owned())) };
        let parameters: Vec<&str> = parts.collect();
        parsed(name, &parameters).ok_or_else(|| SpecError::Form { text: text.to_owned(), form })
    }
}

/// How a kind is written.
fn form(name: &str) -> Option<&'static str> {
    Some(match name {
        "complete" => "complete, which has no parameter",
        "ring" => "ring, which has no parameter",
        "line" => "line, which has no parameter",
        "star" => "star, which has no parameter",
        "grid" => "grid, which has no parameter",
        "tree" => "tree:K with a whole number K from 1 on",
        "k-regular" => "k-regular:K with a whole number K from 1 on",
        "k-out" => "k-out:K with a whole number K from 1 on",
        "er" => "er:P with a probability P from 0 to 1",
        "ws" => "ws:K:P with a whole number K from 1 on and a probability P from 0 to 1",
        "ba" => "ba:M with a whole number M from 1 on",
        "outbound" => "outbound:K:TOTAL with whole numbers from 1 on",
        _ => return None,
    })
}

fn parsed(name: &str, parameters: &[&str]) -> Option<TopologySpec> {
    match (name, parameters) {
        ("complete", []) => Some(TopologySpec::Complete),
        ("ring", []) => Some(TopologySpec::Ring),
        ("line", []) => Some(TopologySpec::Line),
        ("star", []) => Some(TopologySpec::Star),
        ("grid", []) => Some(TopologySpec::Grid),
        ("tree", [k]) => Some(TopologySpec::Tree { children: count(k)? }),
        ("k-regular", [k]) => Some(TopologySpec::KRegular { degree: count(k)? }),
        ("k-out", [k]) => Some(TopologySpec::KOut { degree: count(k)? }),
        ("er", [p]) => Some(TopologySpec::Er { probability: probability(p)? }),
        ("ws", [k, p]) => Some(TopologySpec::Ws { neighbours: count(k)?, rewired: probability(p)? }),
        ("ba", [m]) => Some(TopologySpec::Ba { attached: count(m)? }),
        ("outbound", [k, total]) => Some(TopologySpec::Outbound { opened: count(k)?, total: count(total)? }),
        _ => None,
    }
}

fn count(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0)
}

fn probability(text: &str) -> Option<Probability> {
    Probability::new(text.parse().ok()?)
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
