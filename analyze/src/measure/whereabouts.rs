//! Where nodes run: host and zone, as records and the manifest say, else as addresses do.

use std::collections::BTreeMap;

use cnsim::manifest::RosterNode;

use super::spread::Spread;
use crate::inputs::RunFacts;

/// What the manifest says of where a run's nodes are.
#[derive(Debug, Default)]
pub(crate) struct Whereabouts<'a> {
    roster: BTreeMap<&'a str, &'a RosterNode>,
}

impl<'a> Whereabouts<'a> {
    /// Reads a run's roster; without files, only records and addresses are left to ask.
    pub(crate) fn of(facts: Option<&'a RunFacts>) -> Self {
        let roster = facts.into_iter().flat_map(|facts| &facts.manifest.roster);
        Self { roster: roster.map(|node| (node.id.as_str(), node)).collect() }
    }

    /// The machine of a node, by its number.
    pub(super) fn host(&self, spread: &Spread<'_>, node: u32) -> Option<String> {
        let id = spread.events.names.nodes.text(node);
        let row = match spread.position(node) {
            Some(position) => Some(spread.row(position)),
            None => spread.initiate.filter(|initiate| initiate.node == node).map(|initiate| initiate.row as usize),
        };
        let recorded = row.map(|row| spread.events.names.hosts.text(spread.events.host[row]));
        let recorded = recorded.filter(|host| !host.is_empty());
        machine(id, recorded.or_else(|| self.roster.get(id).map(|node| node.host.as_str())))
    }

    /// The cloud zone of a node.
    pub(crate) fn zone(&self, node: &str) -> Option<&'a str> {
        self.roster.get(node)?.zone.as_deref().filter(|zone| !zone.is_empty())
    }

    /// Every node that the manifest names.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &'a str> {
        self.roster.keys().copied()
    }
}

/// The machine that a node runs on: as recorded, else by its address, because a Kubernetes node gives its pods the
/// addresses of one /24 network.
pub(crate) fn machine(node: &str, host: Option<&str>) -> Option<String> {
    if let Some(host) = host.filter(|host| !host.is_empty()) {
        return Some(host.to_owned());
    }
    let [a, b, c, _] = node.parse::<std::net::Ipv4Addr>().ok()?.octets();
    Some(format!("{a}.{b}.{c}.x"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, manifest, with_spread};
    use super::*;

    #[test]
    fn a_record_a_roster_and_an_address_are_asked_in_that_order() {
        assert_eq!(machine("10.60.3.9", Some("gke-1")).as_deref(), Some("gke-1"));
        assert_eq!(machine("10.60.3.9", Some("")).as_deref(), Some("10.60.3.x"));
        assert_eq!(machine("n0", None), None);
    }

    #[test]
    fn a_host_that_no_record_names_is_the_rosters() {
        let mut facts = manifest("flood", ["a", "b"], &[(0, 1)], false);
        let node = |id: &str, zone: Option<&str>| RosterNode {
            id: id.to_owned(),
            address: String::new(),
            process: String::new(),
            host: format!("machine of {id}"),
            zone: zone.map(str::to_owned),
        };
        facts.manifest.roster = vec![node("a", Some("z1")), node("b", None)];
        let whereabouts = Whereabouts::of(Some(&facts));
        with_spread(&[Row::initiate("a", 0), Row::received("a", "b", 1, 2)], |spread| {
            assert_eq!(whereabouts.host(spread, 0).as_deref(), Some("machine of a"));
            assert_eq!(whereabouts.host(spread, 1).as_deref(), Some("machine of b"));
        });
        assert_eq!(["a", "b", "c"].map(|node| whereabouts.zone(node)), [Some("z1"), None, None]);
    }
}
