//! What a run folder says of the faults of one round: a line of its `faults.jsonl`.

use serde::{Deserialize, Serialize};

use super::receipt::ProcessKill;
use super::timeline::{ROUND_END, Timeline};
use crate::id::NodeIx;
use crate::time::Interval;

/// One line of `faults.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundLine {
    /// Which round; 0 of an open loop, whose rounds are one replicate.
    pub round: u32,
    /// Its time 0, in ns since the Unix epoch.
    pub origin_ns: u64,
    /// What befell whom.
    pub timeline: Timeline,
    /// The processes that were killed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kills: Vec<RoundKill>,
}

/// A process that was killed in a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundKill {
    /// By which fault, by its place.
    pub fault: u32,
    /// The nodes that it hosted, in the order of the roster.
    pub nodes: Vec<NodeIx>,
    /// What the driver did.
    #[serde(flatten)]
    pub kill: ProcessKill,
}

impl RoundLine {
    /// When a node was back that this fault stopped until `planned`: later, where its process was killed and took its time to come up.
    /// None where that was after the round.
    pub fn back(&self, fault: u32, node: NodeIx, planned: Interval) -> Option<Interval> {
        let of_node = self.kills.iter().filter(|kill| kill.fault == fault && kill.nodes.binary_search(&node).is_ok());
        let backs = of_node.map(|kill| kill.kill.back_ms.map(|ms| Interval((ms * 1e6) as u64)));
        // A process comes up no earlier than planned, and of several lives the next one is meant.
        let next =
            backs.filter(|back| back.is_none_or(|back| back >= planned)).min_by_key(|back| back.unwrap_or(ROUND_END));
        next.unwrap_or(Some(planned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_back_when_the_process_in_the_place_of_its_own_is() {
        let kill = |back_ms| RoundKill {
            fault: 1,
            nodes: vec![NodeIx(2), NodeIx(3)],
            kill: ProcessKill {
                round: 4,
                process: "p".to_owned(),
                id: "pid 7".to_owned(),
                incarnation: 1,
                killed_ms: 1_000.5,
                last_seq: Some(9),
                back_ms,
            },
        };
        let timeline = Timeline::default();
        let line = RoundLine { round: 4, origin_ns: 5, timeline, kills: vec![kill(Some(2_100.5)), kill(None)] };
        let at = Interval::from_ms;
        assert_eq!(line.back(1, NodeIx(3), at(2_000)), Some(Interval(2_100_500_000)));
        assert_eq!(line.back(1, NodeIx(3), at(3_000)), None, "its second process was not there in the round");
        assert_eq!(line.back(0, NodeIx(3), at(2_000)), Some(at(2_000)), "another fault");
        assert_eq!(serde_json::from_str::<RoundLine>(&serde_json::to_string(&line).unwrap()).unwrap(), line);
    }
}
