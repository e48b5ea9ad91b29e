//! Names of nodes as they come in a file, and the numbers that they get.

use std::collections::HashMap;

use super::super::contacts::Parts;
use super::super::spell::{Contact, Link, Spell, Stay};
use super::error::Problem;
use crate::id::{NodeId, NodeIx};
use crate::time::Interval;

/// The nodes so far, numbered as they came.
#[derive(Default)]
pub(super) struct Roster {
    names: Vec<NodeId>,
    places: HashMap<Box<str>, NodeIx>,
    /// Whether the file says which nodes there are, so that others are none.
    is_given: bool,
}

impl Roster {
    /// The node of this name, a new one where there was none and the file does not say which there are.
    pub(super) fn node(&mut self, name: &str) -> Result<NodeIx, Problem> {
        match self.places.get(name) {
            Some(node) => Ok(*node),
            None if self.is_given => Err(Problem::UnknownNode(name.to_owned())),
            None => self.add(name),
        }
    }

    /// The link between two nodes.
    pub(super) fn link(&mut self, a: &str, b: &str) -> Result<Link, Problem> {
        let (a, b) = (self.node(a)?, self.node(b)?);
        Link::between(a, b).ok_or_else(|| Problem::Itself(self.name(a).clone()))
    }

    /// A node that the file lists.
    pub(super) fn list(&mut self, name: &str) -> Result<(), Problem> {
        self.is_given = true;
        match self.places.get(name) {
            Some(node) => Err(Problem::Twice(self.name(*node).clone())),
            None => self.add(name).map(drop),
        }
    }

    /// From now on there are no other nodes.
    pub(super) fn close(&mut self) {
        self.is_given = true;
    }

    pub(super) fn name(&self, node: NodeIx) -> &NodeId {
        &self.names[node.index()]
    }

    /// The names of both ends.
    pub(super) fn names(&self, link: Link) -> [NodeId; 2] {
        link.ends().map(|node| self.name(node).clone())
    }

    /// The network of these contacts and stays. Nodes whose names are all numbers are in the order of these, others as they came.
    pub(super) fn network(self, contacts: Vec<Contact>, stays: Vec<Stay>, span: Interval) -> Parts {
        let (nodes, places) = self.ordered();
        let place = |node: NodeIx| places[node.index()];
        let contacts = contacts.into_iter().map(|contact| {
            let [a, b] = contact.of.ends().map(place);
            let of = Link::between(a, b).expect("different nodes have different places");
            Spell { of, from: contact.from, until: contact.until }
        });
        let stays = stays.into_iter().map(|stay| Spell { of: place(stay.of), ..stay });
        Parts { nodes, contacts: contacts.collect(), stays: stays.collect(), span }
    }

    /// The names in order, and the place of each node among them.
    pub(super) fn ordered(self) -> (Vec<NodeId>, Vec<NodeIx>) {
        let numbers: Option<Vec<u64>> = self.names.iter().map(|name| name.as_str().parse().ok()).collect();
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        if let Some(numbers) = numbers {
            order.sort_by_key(|node| numbers[*node]);
        }
        let mut places = vec![NodeIx(0); order.len()];
        for (place, node) in (0..).zip(&order) {
            places[*node] = NodeIx(place);
        }
        (order.iter().map(|node| self.names[*node].clone()).collect(), places)
    }

    fn add(&mut self, name: &str) -> Result<NodeIx, Problem> {
        let id = NodeId::new(name)?;
        let node = NodeIx(u32::try_from(self.names.len()).expect("a file has fewer than 2^32 nodes"));
        self.names.push(id);
        self.places.insert(name.into(), node);
        Ok(node)
    }
}
