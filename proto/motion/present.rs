//! A moving network at one instant: who is there, and who can reach whom.

use super::contacts::{Change, Contacts};
use crate::id::NodeIx;

/// The links that are up now, from both of their ends, in the order in which they came up.
#[derive(Debug, Clone)]
pub struct Present {
    neighbours: Vec<Vec<NodeIx>>,
    is_there: Vec<bool>,
}

impl Present {
    /// The network before its first change: nobody is linked.
    pub fn of(contacts: &Contacts) -> Self {
        let nodes = contacts.nodes().len();
        let is_there = (0..nodes as u32).map(|node| contacts.is_there_at_first(NodeIx(node))).collect();
        Self { neighbours: vec![Vec::new(); nodes], is_there }
    }

    /// Takes the next change.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Joins(node) => self.is_there[node.index()] = true,
            Change::Leaves(node) => self.is_there[node.index()] = false,
            Change::Up(link) => {
                let [a, b] = link.ends();
                self.neighbours[a.index()].push(b);
                self.neighbours[b.index()].push(a);
            }
            Change::Down(link) => {
                let [a, b] = link.ends();
                self.neighbours[a.index()].retain(|other| *other != b);
                self.neighbours[b.index()].retain(|other| *other != a);
            }
        }
    }

    /// Whom a node can reach.
    pub fn neighbours(&self, node: NodeIx) -> &[NodeIx] {
        &self.neighbours[node.index()]
    }

    /// Whether a node is there.
    pub fn is_there(&self, node: NodeIx) -> bool {
        self.is_there[node.index()]
    }

    /// How many nodes each piece has that links join, of nodes that are there.
    pub fn pieces(&self) -> Vec<usize> {
        let mut is_seen = vec![false; self.is_there.len()];
        let mut pieces = Vec::new();
        let mut open = Vec::new();
        for node in (0..self.is_there.len() as u32).map(NodeIx) {
            if !self.is_there(node) || std::mem::replace(&mut is_seen[node.index()], true) {
                continue;
            }
            open.push(node);
            let mut size = 0;
            while let Some(node) = open.pop() {
                size += 1;
                let new =
                    self.neighbours(node).iter().filter(|other| !std::mem::replace(&mut is_seen[other.index()], true));
                open.extend(new);
            }
            pieces.push(size);
        }
        pieces
    }
}
