//! Maelstrom's broadcast topologies at a constant delay: copies and times are certain.

use cnsim::link::LinkSpec;

use super::check::{Check, Effort};
use super::exact::maelstrom::{Forwarding, Topology, copies, eccentricities, neighbours};
use super::laboratory::Laboratory;

const DELAY_NS: u64 = 100_000_000;

/// A message from every node of every topology.
pub(crate) fn broadcasts(seed: u64, _: Effort) -> Vec<Check> {
    let links = LinkSpec { delay: "constant:100ms".parse().expect("a delay"), ..LinkSpec::default() };
    let named = [
        ("grid of 5", Topology::Grid, 5),
        ("grid of 25", Topology::Grid, 25),
        ("line of 25", Topology::Line, 25),
        ("total of 25", Topology::Total, 25),
        ("tree of 25, 4 children", Topology::Tree(4), 25),
    ];
    named
        .into_iter()
        .flat_map(|(name, topology, nodes)| {
            let graph = neighbours(topology, nodes);
            let laboratory = Laboratory::new(&graph, "flood", &links, seed);
            of_graph(&format!("flood, Maelstrom's {name}, constant delay"), &graph, &laboratory)
        })
        .collect()
}

/// The largest deviations over all initiators, which have to be none.
fn of_graph(experiment: &str, graph: &[Vec<usize>], laboratory: &Laboratory) -> Vec<Check> {
    let (exact_copies, exact_hops) = (copies(graph, Forwarding::NotToSender) as u64, eccentricities(graph));
    let spreads: Vec<_> = (0..laboratory.nodes()).map(|node| laboratory.spread(node, node)).collect();
    let other_copies = spreads.iter().filter(|spread| spread.copies != exact_copies).count();
    let is_late = |(spread, hops): &(&super::laboratory::Spread, &usize)| spread.t100_ns() != **hops as u64 * DELAY_NS;
    let other_times = spreads.iter().zip(&exact_hops).filter(is_late).count();
    let mean_ns = spreads.iter().map(|spread| spread.t100_ns()).sum::<u64>() as f64 / spreads.len() as f64;
    let exact_mean = exact_hops.iter().sum::<usize>() as f64 / exact_hops.len() as f64;
    vec![
        Check::certain(experiment, "initiators with another number of copies", 0.0, other_copies as f64),
        Check::certain(experiment, "initiators with another t100", 0.0, other_times as f64),
        Check::certain(experiment, "mean t100, in delays", exact_mean, mean_ns / DELAY_NS as f64),
    ]
}
