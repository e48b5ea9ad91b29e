//! From the JSON that the published system and its descendants store to a topology: networkx node-link with `edges` or
//! `links`, or an object of nodes that each list their neighbours. What a topology does not hold is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::error::Category;

use super::{Edge, Topology, TopologyError};
use crate::id::{IdError, NodeId};

/// Why a file gives no topology.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes are no JSON; the error has line and column.
    #[error("not JSON: {0}")]
    Syntax(serde_json::Error),
    /// The JSON has another form; the error has line and column.
    #[error("not a topology: {0}")]
    Form(serde_json::Error),
    /// A list of nodes without a list of edges.
    #[error("not a topology: there is no list named edges or links")]
    NoEdgeList,
    /// A node's name cannot be one.
    #[error(transparent)]
    Id(#[from] IdError),
    /// An edge ends at a node that is not listed.
    #[error("edge {edge}, from {source_id} to {target_id}: there is no node {missing}")]
    UnknownNode {
        /// Its place in the list, from 1 on.
        edge: usize,
        /// Where it begins.
        source_id: String,
        /// Where it ends.
        target_id: String,
        /// The one that is not listed.
        missing: String,
    },
    /// A node's neighbour is not listed.
    #[error("the node {node} has the neighbour {missing}: there is no such node")]
    UnknownNeighbour {
        /// The node.
        node: String,
        /// Its neighbour.
        missing: String,
    },
    /// An undirected edge that only one end lists.
    #[error("the node {node} has the neighbour {neighbour}, but {neighbour} does not have {node}")]
    OneSided {
        /// The end that lists it.
        node: NodeId,
        /// The end that does not.
        neighbour: NodeId,
    },
    /// Some nodes have a weight and some have none.
    #[error("the node {without} has no weight, and the node {with} has one: give all nodes a weight, or none")]
    SomeWeights {
        /// A node with a weight.
        with: String,
        /// One without.
        without: String,
    },
    /// A multigraph that is one.
    #[error("a multigraph with parallel edges: a topology has at most one edge from a node to another")]
    Parallel,
    /// Nodes and edges are no topology.
    #[error(transparent)]
    Topology(#[from] TopologyError),
}

impl Topology {
    /// Reads a topology from JSON, whichever of its variants. A number as a node's name is the same as its text; an
    /// edge's weight is `weight`, else `latency`; a node's is `weight`.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReadError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let file: File = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
            Category::Data => ReadError::Form(error),
            Category::Syntax | Category::Eof | Category::Io => ReadError::Syntax(error),
        })?;
        let model = [&file.model, &file.topology_type].into_iter().flatten().find_map(|value| value.as_str());
        let model = model.map(str::to_owned);
        let (nodes, edges, node_weights) = match &file.nodes {
            Nodes::Listed(nodes) => {
                let edges = listed(nodes, file.edges.as_deref().ok_or(ReadError::NoEdgeList)?)?;
                (
                    ids(nodes.iter().map(|node| &node.name))?,
                    edges,
                    weights(nodes.iter().map(|it| (&it.name, &it.weight)))?,
                )
            }
            Nodes::ByName(nodes) => {
                let weights = weights(nodes.iter().map(|(name, node)| (name, &node.weight)))?;
                (ids(nodes.iter().map(|(name, _)| name))?, neighbours(nodes)?, weights)
            }
        };
        let raw = Self { nodes, edges, directed: file.directed, model, node_weights };
        if let Nodes::ByName(_) = file.nodes
            && !file.directed
        {
            check_both_sides(&raw)?;
        }
        let listed = raw.edges.len();
        let topology = raw.checked()?;
        if file.multigraph && topology.edges.len() < listed {
            return Err(ReadError::Parallel);
        }
        Ok(topology)
    }
}

fn ids<'a>(names: impl IntoIterator<Item = &'a Name>) -> Result<Vec<NodeId>, ReadError> {
    names.into_iter().map(|name| Ok(NodeId::new(&name.0)?)).collect()
}

fn numbers<'a>(names: impl IntoIterator<Item = &'a Name>) -> BTreeMap<&'a str, u32> {
    names.into_iter().zip(0..).map(|(name, number)| (name.0.as_str(), number)).collect()
}

/// The weights of all nodes; none where no node has one.
fn weights<'a>(nodes: impl Iterator<Item = (&'a Name, &'a Weight)>) -> Result<Option<Vec<f64>>, ReadError> {
    let (mut weights, mut with, mut without) = (Vec::new(), None, None);
    for (name, weight) in nodes {
        weights.extend(weight.0);
        if weight.0.is_some() {
            with.get_or_insert(name)
        } else {
            without.get_or_insert(name)
        };
    }
    match (with, without) {
        (Some(with), Some(without)) => Err(ReadError::SomeWeights { with: with.0.clone(), without: without.0.clone() }),
        (Some(_), None) => Ok(Some(weights)),
        (None, _) => Ok(None),
    }
}

fn listed(nodes: &[ListedNode], edges: &[FileEdge]) -> Result<Vec<Edge>, ReadError> {
    let numbers = numbers(nodes.iter().map(|node| &node.name));
    let edges = edges.iter().enumerate().map(|(index, edge)| {
        let number = |name: &Name| {
            numbers.get(name.0.as_str()).copied().ok_or_else(|| ReadError::UnknownNode {
                edge: index + 1,
                source_id: edge.source.0.clone(),
                target_id: edge.target.0.clone(),
                missing: name.0.clone(),
            })
        };
        let weight = edge.weight.0.or(edge.latency.0);
        Ok(Edge { source: number(&edge.source)?, target: number(&edge.target)?, weight })
    });
    edges.collect()
}

fn neighbours(nodes: &[(Name, NodeWithNeighbours)]) -> Result<Vec<Edge>, ReadError> {
    let numbers = numbers(nodes.iter().map(|(name, _)| name));
    let mut edges = Vec::new();
    for ((node, NodeWithNeighbours { neighbors, .. }), source) in nodes.iter().zip(0..) {
        for neighbour in neighbors {
            let Some(target) = numbers.get(neighbour.0.as_str()).copied() else {
                return Err(ReadError::UnknownNeighbour { node: node.0.clone(), missing: neighbour.0.clone() });
            };
            edges.push(Edge { source, target, weight: None });
        }
    }
    Ok(edges)
}

fn check_both_sides(topology: &Topology) -> Result<(), ReadError> {
    let directions: BTreeSet<(u32, u32)> = topology.edges.iter().map(|edge| (edge.source, edge.target)).collect();
    match directions.iter().find(|(source, target)| !directions.contains(&(*target, *source))) {
        None => Ok(()),
        Some((source, target)) => {
            let [node, neighbour] = [source, target].map(|node| topology.nodes[*node as usize].clone());
            Err(ReadError::OneSided { node, neighbour })
        }
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    directed: bool,
    #[serde(default)]
    multigraph: bool,
    nodes: Nodes,
    #[serde(alias = "links")]
    edges: Option<Vec<FileEdge>>,
    model: Option<serde_json::Value>,
    topology_type: Option<serde_json::Value>,
}

enum Nodes {
    Listed(Vec<ListedNode>),
    ByName(Vec<(Name, NodeWithNeighbours)>),
}

#[derive(Deserialize)]
struct FileEdge {
    source: Name,
    target: Name,
    #[serde(default)]
    weight: Weight,
    #[serde(default)]
    latency: Weight,
}

#[derive(Deserialize)]
struct NodeWithNeighbours {
    neighbors: Vec<Name>,
    #[serde(default)]
    weight: Weight,
}

/// A node's name: a text, or a number as its text.
struct Name(String);

/// A node in a list: an object with an `id` and perhaps a weight, or the name itself.
struct ListedNode {
    name: Name,
    weight: Weight,
}

/// A number, a number's text, or nothing.
#[derive(Default)]
struct Weight(Option<f64>);

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodesVisitor;

        impl<'de> Visitor<'de> for NodesVisitor {
            type Value = Nodes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of nodes, or an object of nodes with neighbors")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Nodes, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = list.next_element()? {
                    nodes.push(node);
                }
                Ok(Nodes::Listed(nodes))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Nodes, A::Error> {
                let mut nodes = Vec::new();
                while let Some((name, node)) = map.next_entry::<String, NodeWithNeighbours>()? {
                    nodes.push((Name(name), node));
                }
                Ok(Nodes::ByName(nodes))
            }
        }

        deserializer.deserialize_any(NodesVisitor)
    }
}

/// A text or a number.
struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node's name, a text or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
        Ok(Name(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Name, E> {
        Ok(Name(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Name, E> {
        Ok(Name(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Name, E> {
        Ok(Name(number.to_string()))
    }
}

/// An object with an `id`, or the name alone.
struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = ListedNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node with an id")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ListedNode, E> {
        NameVisitor.visit_str(text).map(ListedNode::from)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<ListedNode, E> {
        NameVisitor.visit_u64(number).map(ListedNode::from)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<ListedNode, E> {
        NameVisitor.visit_i64(number).map(ListedNode::from)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<ListedNode, E> {
        NameVisitor.visit_f64(number).map(ListedNode::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListedNode, A::Error> {
        let (mut id, mut weight) = (None, Weight::default());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => id = Some(map.next_value()?),
                "weight" => weight = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(ListedNode { name: id.ok_or_else(|| A::Error::missing_field("id"))?, weight })
    }
}

impl From<Name> for ListedNode {
    fn from(name: Name) -> Self {
        Self { name, weight: Weight::default() }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor)
    }
}

impl<'de> Deserialize<'de> for ListedNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WeightVisitor;

        impl Visitor<'_> for WeightVisitor {
            type Value = Weight;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a weight, a number")
            }

            fn visit_unit<E: Error>(self) -> Result<Weight, E> {
                Ok(Weight(None))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Weight, E> {
                Ok(Weight(Some(number as f64)))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Weight, E> {
                Ok(Weight(Some(number as f64)))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Weight, E> {
                Ok(Weight(Some(number)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Weight, E> {
                let number: Option<f64> = text.trim().parse().ok();
                let finite = number.filter(|number| number.is_finite());
                finite.map(|number| Weight(Some(number))).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(WeightVisitor)
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
