//! The path to the node that was reached last, hop by hop, with the machines that it crosses.

use super::machines::Machines;
use super::path::Step;
use super::spread::Spread;

/// One hop of the path to the node that was reached last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriticalHop {
    /// Who sent the copy.
    pub from: End,
    /// Who received it.
    pub to: End,
    /// From the sender's first receipt (the initiator's first send) to this send.
    pub waiting_ns: i64,
    /// From send to receipt.
    pub wire_ns: i64,
}

/// One end of a hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The node.
    pub node: String,
    /// Its machine, where that is known.
    pub host: Option<String>,
    /// Its cloud zone, where that is known.
    pub zone: Option<String>,
}

/// Names the ends of a path's steps.
pub(super) fn hops(spread: &Spread<'_>, steps: &[Step], machines: &Machines<'_>) -> Vec<CriticalHop> {
    let end = |node: u32| End {
        node: spread.events.names.nodes.text(node).to_owned(),
        host: machines.name_of(spread, node).map(str::to_owned),
        zone: machines.zone(spread, node).map(str::to_owned),
    };
    let hop = |step: &Step| {
        let (from, to) = step.ends(spread);
        CriticalHop { from: end(from), to: end(to), waiting_ns: step.waiting_ns, wire_ns: step.wire_ns }
    };
    steps.iter().map(hop).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::super::path::critical;
    use super::*;
    use crate::inputs::About;

    #[test]
    fn the_hops_lead_from_the_initiator_to_the_last_node() {
        let rows = [
            Row::initiate("10.0.1.1", 100),
            Row::received("10.0.1.1", "10.0.2.1", 115, 130),
            Row::received("10.0.1.1", "10.0.1.2", 110, 120),
            Row::received("10.0.2.1", "10.0.2.2", 137, 160),
        ];
        with_spread(&rows, |spread| {
            let about = About::default();
            let machines = Machines::of(&about, &spread.events.names);
            let hops = hops(spread, &critical(spread).unwrap(), &machines);
            let named: Vec<_> = hops
                .iter()
                .map(|hop| (hop.from.node.as_str(), hop.to.host.as_deref(), hop.waiting_ns, hop.wire_ns))
                .collect();
            assert_eq!(named, [("10.0.1.1", Some("10.0.2.x"), 5, 15), ("10.0.2.1", Some("10.0.2.x"), 7, 23)]);
        });
    }
}
