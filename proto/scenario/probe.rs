//! Probes: questions between neighbours while a fault lasts, spread over its time, so that it has a witness even where no copy
//! of a message would meet it.

use super::ground::{Ground, Replicate};
use super::timeline::{Effect, Manner, Planned, Probe, ROUND_END, Span, Timeline};
use crate::id::NodeIx;
use crate::random::{Purpose, Random};
use crate::time::Interval;

/// How many probes a fault has in each replicate: with none that passes, it lets through less than 3/32 (the rule of three), with 95 %
/// confidence, by these alone.
pub const PROBES: u32 = 32;

/// Over how much of a fault that lasts to the round's end they are spread: a round lasts as long at least.
const OPEN: Interval = Interval::from_ms(100);

/// The same where processes are killed, which takes longer than what nodes do themselves.
const OPEN_OF_PROCESSES: Interval = Interval::from_ms(1_000);

/// Those of all faults that a question meets: those that stop nodes, links or copies on their way.
pub(super) fn of_faults(timeline: &Timeline, ground: &Ground<'_>, replicate: Replicate) -> Vec<Probe> {
    let mut probes = Vec::new();
    for (fault, planned) in (0..).zip(&timeline.faults) {
        let Span { begins, ends } = planned.window;
        let open = if ends_processes(planned) { OPEN_OF_PROCESSES } else { OPEN };
        let lasts = if ends == ROUND_END { open } else { Interval(ends.0 - begins.0) };
        for nth in 0..PROBES {
            // In the middle of as many equal parts.
            let at =
                Interval(begins.0 + (u128::from(lasts.0) * u128::from(2 * nth + 1) / u128::from(2 * PROBES)) as u64);
            let key = [fault.into(), replicate.round.into(), nth.into()];
            let mut random = Random::at(ground.seed, Purpose::Probe, &key);
            if let Some((from, to)) = pair(planned, at, ground, &mut random) {
                probes.push(Probe { fault, at, from, to });
            }
        }
    }
    probes.sort_by_key(|probe| (probe.at, probe.fault));
    probes
}

fn ends_processes(planned: &Planned) -> bool {
    matches!(planned.effect, Effect::Stopped { manner, .. } if manner.ends_processes())
}

/// Two neighbours of which the fault stops or holds what the first sends to the second at this instant.
fn pair(planned: &Planned, at: Interval, ground: &Ground<'_>, random: &mut Random) -> Option<(NodeIx, NodeIx)> {
    let neighbours = |node: NodeIx| ground.neighbours.neighbours(node);
    match &planned.effect {
        Effect::Stopped { manner: Manner::Down { .. } | Manner::Asleep | Manner::Paused, nodes } => {
            let is_down = |node: NodeIx| {
                let place = nodes.binary_search_by_key(&node, |stopped| stopped.node).ok();
                place.is_some_and(|place| nodes[place].spans.iter().any(|span| span.contains(at)))
            };
            let down: Vec<NodeIx> = nodes.iter().map(|stopped| stopped.node).filter(|node| is_down(*node)).collect();
            let to = drawn(&down, random)?;
            // Who sends to it: links that lead one way only have another end.
            let from: Vec<NodeIx> = neighbours(to)
                .iter()
                .copied()
                .filter(|from| neighbours(*from).contains(&to) && !is_down(*from))
                .collect();
            drawn(&from, random).map(|from| (from, to))
        }
        Effect::Cut { sides, .. } => {
            let members: Vec<NodeIx> = sides.iter().flat_map(|side| side.nodes()).copied().collect();
            let begin = random.below(members.len() as u64) as usize;
            // The first, from a random one on, with a neighbour on the other side.
            (0..members.len()).map(|step| members[(begin + step) % members.len()]).find_map(|from| {
                let across: Vec<NodeIx> =
                    neighbours(from).iter().copied().filter(|to| planned.effect.cuts(from, *to)).collect();
                drawn(&across, random).map(|to| (from, to))
            })
        }
        Effect::Loss { nodes, .. } | Effect::Delay { nodes, .. } => {
            let from = drawn(nodes.nodes(), random)?;
            drawn(neighbours(from), random).map(|to| (from, to))
        }
        Effect::Uplink { .. } | Effect::Mute { .. } => None,
    }
}

fn drawn(nodes: &[NodeIx], random: &mut Random) -> Option<NodeIx> {
    if nodes.is_empty() { None } else { Some(nodes[random.below(nodes.len() as u64) as usize]) }
}
