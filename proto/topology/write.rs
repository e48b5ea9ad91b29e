//! A topology as the published system stores it: networkx node-link JSON with its field names and four spaces.

use std::io;

use serde::{Serialize, Serializer as Serializing};
use serde_json::ser::{PrettyFormatter, Serializer};

use super::Topology;

#[derive(Serialize)]
struct File<'a> {
    directed: bool,
    multigraph: bool,
    graph: Attributes,
    nodes: Nodes<'a>,
    edges: Edges<'a>,
    total_edges: usize,
    total_nodes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
}

/// Attributes of the graph as a whole: none.
#[derive(Serialize)]
struct Attributes {}

/// Written one after another: a list of a million nodes' edges is larger than the graph.
struct Nodes<'a>(&'a Topology);

/// The same of edges.
struct Edges<'a>(&'a Topology);

impl Serialize for Nodes<'_> {
    fn serialize<S: Serializing>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let weight = |place: usize| self.0.node_weights.as_ref().map(|weights| weights[place]);
        let nodes = self.0.nodes.iter().enumerate();
        serializer.collect_seq(nodes.map(|(place, id)| Node { id: id.as_str(), weight: weight(place) }))
    }
}

impl Serialize for Edges<'_> {
    fn serialize<S: Serializing>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let id = |node: u32| self.0.nodes[node as usize].as_str();
        let links = self.0.edges.iter();
        serializer.collect_seq(links.map(|edge| Link {
            source: id(edge.source),
            target: id(edge.target),
            weight: edge.weight,
        }))
    }
}

#[derive(Serialize)]
struct Node<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
}

#[derive(Serialize)]
struct Link<'a> {
    source: &'a str,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
}

impl Topology {
    /// The topology as JSON. [`Topology::from_json`] reads a checked topology back as it was; the same topology gives
    /// the same bytes, so that a digest of them names it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_json(&mut bytes).expect("texts and numbers become JSON, and memory takes it");
        bytes
    }

    /// Writes what [`Topology::to_json`] gives, without having it in memory. `out` takes many small pieces.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: impl io::Write) -> io::Result<()> {
        let file = File {
            directed: self.directed,
            multigraph: false,
            graph: Attributes {},
            nodes: Nodes(self),
            edges: Edges(self),
            total_edges: self.edges.len(),
            total_nodes: self.nodes.len(),
            model: self.model.as_deref(),
        };
        let mut serializer = Serializer::with_formatter(out, PrettyFormatter::with_indent(b"    "));
        Ok(file.serialize(&mut serializer)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TopologySpec, default_ids};

    #[test]
    fn a_complete_graph_is_written_as_networkx_writes_it() {
        let topology = TopologySpec::Complete.generate(default_ids(2), 1).unwrap();
        assert_eq!(
            String::from_utf8(topology.to_json()).unwrap(),
            r#"{
    "directed": false,
    "multigraph": false,
    "graph": {},
    "nodes": [
        {
            "id": "gossip-statefulset-0"
        },
        {
            "id": "gossip-statefulset-1"
        }
    ],
    "edges": [
        {
            "source": "gossip-statefulset-0",
            "target": "gossip-statefulset-1"
        }
    ],
    "total_edges": 1,
    "total_nodes": 2,
    "model": "Full"
}"#
        );
    }
}
