//! The machines that nodes run on: as records say, else as the manifest does, else as addresses do. Numbered once for an input,
//! so that no round compares texts.

use std::collections::BTreeSet;

use cnsim_records::columns::EventNames;

use super::spread::Spread;
use crate::inputs::{About, RunFacts};

/// The machines of an input's nodes.
#[derive(Debug)]
pub(crate) struct Machines<'a> {
    /// In order: a machine's number is its place.
    names: Vec<String>,
    /// By the number of a host that records name: its machine; none for the empty text.
    of_hosts: Vec<Option<u32>>,
    /// By the number of a node: the machine that its address tells.
    of_addresses: Vec<Option<u32>>,
    /// By the number of a run; none where it has no manifest.
    rosters: Vec<Option<Roster<'a>>>,
}

/// What the manifest of a run says, by the number of a node.
#[derive(Debug)]
struct Roster<'a> {
    machines: Vec<Option<u32>>,
    zones: Vec<Option<&'a str>>,
}

impl<'a> Machines<'a> {
    /// Numbers the machines of an input whose records have these names.
    pub(crate) fn of(about: &'a About, names: &EventNames) -> Self {
        let by_address: Vec<Option<String>> = names.nodes.iter().map(|node| machine(node, None)).collect();
        let rosters = about.runs.values().flat_map(|facts| &facts.manifest.roster).map(|node| node.host.as_str());
        let hosts = names.hosts.iter().chain(rosters).filter(|host| !host.is_empty());
        let machines: BTreeSet<&str> = hosts.chain(by_address.iter().flatten().map(String::as_str)).collect();
        let machines: Vec<String> = machines.into_iter().map(str::to_owned).collect();
        let number = |name: &str| machines.binary_search_by(|other| other.as_str().cmp(name)).ok().map(|at| at as u32);
        let roster = |run_id| about.runs.get(run_id).map(|facts| Roster::of(facts, names, number));
        Self {
            of_hosts: names.hosts.iter().map(number).collect(),
            of_addresses: by_address.iter().map(|machine| number(machine.as_deref()?)).collect(),
            rosters: names.runs.iter().map(roster).collect(),
            names: machines,
        }
    }

    /// The number of a node's machine; none where nobody says which it is.
    pub(super) fn number(&self, spread: &Spread<'_>, node: u32) -> Option<u32> {
        let row = match spread.position(node) {
            Some(position) => Some(spread.row(position)),
            None => spread.initiate.filter(|initiate| initiate.node == node).map(|initiate| initiate.row as usize),
        };
        let recorded = row.and_then(|row| self.of_hosts[spread.events.host[row] as usize]);
        let listed = || self.rosters[spread.run as usize].as_ref()?.machines[node as usize];
        recorded.or_else(listed).or(self.of_addresses[node as usize])
    }

    /// The name of a node's machine.
    pub(super) fn name_of(&self, spread: &Spread<'_>, node: u32) -> Option<&str> {
        self.number(spread, node).map(|number| self.name(number))
    }

    /// Every machine, by number.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The name of a machine.
    pub(super) fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    /// The cloud zone of a node.
    pub(super) fn zone(&self, spread: &Spread<'_>, node: u32) -> Option<&'a str> {
        self.rosters[spread.run as usize].as_ref()?.zones[node as usize]
    }
}

impl<'a> Roster<'a> {
    fn of(facts: &'a RunFacts, names: &EventNames, number: impl Fn(&str) -> Option<u32>) -> Self {
        let mut roster = Self { machines: vec![None; names.nodes.len()], zones: vec![None; names.nodes.len()] };
        for listed in &facts.manifest.roster {
            let Some(node) = names.nodes.number(&listed.id) else { continue };
            roster.machines[node as usize] = number(&listed.host);
            roster.zones[node as usize] = listed.zone.as_deref().filter(|zone| !zone.is_empty());
        }
        roster
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
    use std::collections::BTreeMap;

    use cnsim::manifest::RosterNode;

    use super::super::fixture::{Row, manifest, with_spread};
    use super::*;

    #[test]
    fn a_record_and_an_address_are_asked_in_that_order() {
        assert_eq!(machine("10.60.3.9", Some("gke-1")).as_deref(), Some("gke-1"));
        assert_eq!(machine("10.60.3.9", Some("")).as_deref(), Some("10.60.3.x"));
        assert_eq!(machine("n0", None), None);
    }

    #[test]
    fn a_host_that_no_record_names_is_the_rosters_and_one_that_nobody_names_the_addresss() {
        let mut facts = manifest("flood", ["a", "b", "10.60.3.9"], &[(0, 1)], false);
        let node = |id: &str, host: &str, zone: Option<&str>| RosterNode {
            id: id.to_owned(),
            address: String::new(),
            process: String::new(),
            host: host.to_owned(),
            zone: zone.map(str::to_owned),
        };
        facts.manifest.roster =
            vec![node("a", "of a", Some("z1")), node("b", "of b", Some("")), node("10.60.3.9", "", None)];
        let rows = [Row::initiate("a", 0), Row::received("a", "b", 1, 2), Row::received("a", "10.60.3.9", 1, 2)];
        with_spread(&rows, |spread| {
            let run_id = spread.events.names.runs.text(spread.run).to_owned();
            let about = About { runs: BTreeMap::from([(run_id, facts)]), ..About::default() };
            let machines = Machines::of(&about, &spread.events.names);
            let of = |node: &str| {
                let node = spread.events.names.nodes.number(node).unwrap();
                (machines.name_of(spread, node), machines.zone(spread, node))
            };
            assert_eq!(of("a"), (Some("of a"), Some("z1")));
            assert_eq!(of("b"), (Some("of b"), None));
            assert_eq!(of("10.60.3.9"), (Some("10.60.3.x"), None));
        });
    }
}
