//! The faults of one round, resolved: what befalls which nodes, from when to when. It is data that the driver makes once and
//! every node of the round is given, so that each can say alone what a fault does to it and to its copies at an instant.
//!
//! Times count from time 0, the instant of the round's `Start`. A span holds from its first nanosecond to the one before its end.

use serde::{Deserialize, Serialize};

use super::fault::{How, State};
use crate::as_text;
use crate::id::NodeIx;
use crate::link::WorkSpec;
use crate::quantity::{Rate, Share};
use crate::time::Interval;

/// See the module.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Timeline {
    /// In the order of the scenario.
    pub faults: Vec<Planned>,
    /// In the order of their times.
    pub probes: Vec<Probe>,
}

/// A fault with its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// What it is called.
    pub name: String,
    /// When.
    pub window: Span,
    /// What it does to whom.
    #[serde(flatten)]
    pub effect: Effect,
}

/// Some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The first instant, in ns.
    #[serde(with = "ns")]
    pub begins: Interval,
    /// The instant behind the last.
    #[serde(with = "ns")]
    pub ends: Interval,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Nodes stand still.
    Stopped {
        /// In which way.
        manner: Manner,
        /// Which, and when; in the order of the roster.
        nodes: Vec<Stopped>,
    },
    /// Nothing passes from one side to another.
    Cut {
        /// The sides.
        sides: Vec<NodeSet>,
        /// Whether only what the first side sends is stopped.
        one_way: bool,
    },
    /// What these send is lost more often.
    Loss {
        /// Which.
        nodes: NodeSet,
        /// How often.
        #[serde(with = "as_text")]
        loss: Share,
    },
    /// What these send is longer on its way.
    Delay {
        /// Which.
        nodes: NodeSet,
        /// How much longer.
        #[serde(with = "as_text")]
        delay: WorkSpec,
    },
    /// These send at this rate.
    Uplink {
        /// Which.
        nodes: NodeSet,
        /// How many bits a second.
        #[serde(with = "as_text")]
        rate: Rate,
    },
    /// These send no message of another node on.
    Mute {
        /// Which.
        nodes: NodeSet,
    },
}

/// How a node stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// It is down.
    Down {
        /// What goes down.
        how: How,
        /// What it holds when it is back.
        state: State,
    },
    /// It is down, and keeps its copies for later.
    Asleep,
    /// What arrives waits for it.
    Paused,
}

/// When a node stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Who.
    pub node: NodeIx,
    /// When; one behind the other.
    pub spans: Vec<Span>,
}

/// Nodes, in the order of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeSet(Vec<NodeIx>);

/// A question that one node asks another while a fault lasts, so that it is seen at work where no copy would meet it. It is no
/// copy of a message and stands in no metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Of which fault, by its place.
    pub fault: u32,
    /// When it is sent.
    #[serde(with = "ns")]
    pub at: Interval,
    /// By whom.
    pub from: NodeIx,
    /// To whom.
    pub to: NodeIx,
}

/// A time at which one node stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// When.
    pub span: Span,
    /// By which fault, by its place.
    pub fault: u32,
    /// How.
    pub manner: Manner,
}

/// Where a fault lasts to the end of its round.
pub const ROUND_END: Interval = Interval(u64::MAX);

impl Timeline {
    /// Whether nothing befalls anybody.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// Where it is none, in the reader's words.
    pub fn from_json(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// As nodes are told it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a timeline has text keys")
    }

    /// The last step: a round lasts as long at least.
    pub fn ends(&self) -> Interval {
        let steps = self.faults.iter().flat_map(Planned::steps);
        let probed = self.probes.iter().map(|probe| probe.at);
        steps.chain(probed).filter(|step| *step != ROUND_END).max().unwrap_or_default()
    }

    /// When `node` stands still; one time behind the other.
    pub fn stops_of(&self, node: NodeIx) -> Vec<Stop> {
        let mut stops = Vec::new();
        for (fault, planned) in (0..).zip(&self.faults) {
            if let Effect::Stopped { manner, nodes } = &planned.effect
                && let Ok(place) = nodes.binary_search_by_key(&node, |stopped| stopped.node)
            {
                stops.extend(nodes[place].spans.iter().map(|span| Stop { span: *span, fault, manner: *manner }));
            }
        }
        stops.sort_by_key(|stop| stop.span);
        stops
    }

    /// Whether `node` stands still at this instant.
    pub fn is_stopped(&self, node: NodeIx, at: Interval) -> bool {
        self.at_work(at).any(|(_, planned)| match &planned.effect {
            Effect::Stopped { nodes, .. } => {
                let place = nodes.binary_search_by_key(&node, |stopped| stopped.node);
                place.is_ok_and(|place| nodes[place].spans.iter().any(|span| span.contains(at)))
            }
            Effect::Cut { .. }
            | Effect::Loss { .. }
            | Effect::Delay { .. }
            | Effect::Uplink { .. }
            | Effect::Mute { .. } => false,
        })
    }

    /// Whether nothing passes from one node to another at this instant.
    pub fn is_cut(&self, from: NodeIx, to: NodeIx, at: Interval) -> bool {
        self.at_work(at).any(|(_, planned)| planned.effect.cuts(from, to))
    }

    /// The probability of each fault that what a node sends at this instant is lost to it, with the fault's place.
    pub fn losses(&self, from: NodeIx, at: Interval) -> impl Iterator<Item = (u32, Share)> {
        self.at_work(at).filter_map(move |(fault, planned)| match &planned.effect {
            Effect::Loss { nodes, loss } if nodes.contains(from) => Some((fault, *loss)),
            Effect::Loss { .. }
            | Effect::Stopped { .. }
            | Effect::Cut { .. }
            | Effect::Delay { .. }
            | Effect::Uplink { .. }
            | Effect::Mute { .. } => None,
        })
    }

    /// What each fault adds to the way of what a node sends at this instant, with the fault's place.
    pub fn delays(&self, from: NodeIx, at: Interval) -> impl Iterator<Item = (u32, &WorkSpec)> {
        self.at_work(at).filter_map(move |(fault, planned)| match &planned.effect {
            Effect::Delay { nodes, delay } if nodes.contains(from) => Some((fault, delay)),
            Effect::Delay { .. }
            | Effect::Stopped { .. }
            | Effect::Cut { .. }
            | Effect::Loss { .. }
            | Effect::Uplink { .. }
            | Effect::Mute { .. } => None,
        })
    }

    /// The rates that a node sends at, and when; one time behind the other.
    pub fn uplinks_of(&self, node: NodeIx) -> Vec<(Span, Rate)> {
        let mut rates: Vec<(Span, Rate)> = self
            .faults
            .iter()
            .filter_map(|planned| match &planned.effect {
                Effect::Uplink { nodes, rate } if nodes.contains(node) => Some((planned.window, *rate)),
                Effect::Uplink { .. }
                | Effect::Stopped { .. }
                | Effect::Cut { .. }
                | Effect::Loss { .. }
                | Effect::Delay { .. }
                | Effect::Mute { .. } => None,
            })
            .collect();
        rates.sort_by_key(|(span, _)| *span);
        rates
    }

    /// Whether a node sends no message of another node on at this instant.
    pub fn is_mute(&self, node: NodeIx, at: Interval) -> bool {
        self.at_work(at).any(|(_, planned)| matches!(&planned.effect, Effect::Mute { nodes } if nodes.contains(node)))
    }

    fn at_work(&self, at: Interval) -> impl Iterator<Item = (u32, &Planned)> {
        (0..).zip(&self.faults).filter(move |(_, planned)| planned.window.contains(at))
    }
}

impl Manner {
    /// Whether it ends the processes of nodes, which whoever owns these has to do.
    pub fn ends_processes(self) -> bool {
        match self {
            Self::Down { how: How::Process, .. } => true,
            Self::Down { how: How::Dark, .. } | Self::Asleep | Self::Paused => false,
        }
    }
}

impl Planned {
    /// Whether it befalls a node itself, or what the node sends.
    pub fn concerns(&self, node: NodeIx) -> bool {
        match &self.effect {
            Effect::Stopped { nodes, .. } => nodes.binary_search_by_key(&node, |stopped| stopped.node).is_ok(),
            Effect::Cut { sides, one_way: false } => sides.iter().any(|side| side.contains(node)),
            Effect::Cut { sides, one_way: true } => sides.first().is_some_and(|side| side.contains(node)),
            Effect::Loss { nodes, .. }
            | Effect::Delay { nodes, .. }
            | Effect::Uplink { nodes, .. }
            | Effect::Mute { nodes } => nodes.contains(node),
        }
    }

    /// How many nodes it meets.
    pub fn size(&self) -> u64 {
        match &self.effect {
            Effect::Stopped { nodes, .. } => nodes.len() as u64,
            Effect::Cut { sides, .. } => sides.iter().map(|side| side.nodes().len() as u64).sum(),
            Effect::Loss { nodes, .. }
            | Effect::Delay { nodes, .. }
            | Effect::Uplink { nodes, .. }
            | Effect::Mute { nodes } => nodes.nodes().len() as u64,
        }
    }

    /// Whether it stops nodes, each at times of its own.
    pub fn stops_nodes(&self) -> bool {
        matches!(self.effect, Effect::Stopped { .. })
    }

    /// Whether it keeps a node from sending messages of others on.
    pub fn mutes(&self, node: NodeIx) -> bool {
        matches!(&self.effect, Effect::Mute { nodes } if nodes.contains(node))
    }

    /// Every instant at which something of it begins or ends.
    fn steps(&self) -> Vec<Interval> {
        let window = [self.window.begins, self.window.ends];
        match &self.effect {
            Effect::Stopped { nodes, .. } => {
                let spans = nodes.iter().flat_map(|stopped| &stopped.spans);
                spans.flat_map(|span| [span.begins, span.ends]).chain(window).collect()
            }
            Effect::Cut { .. }
            | Effect::Loss { .. }
            | Effect::Delay { .. }
            | Effect::Uplink { .. }
            | Effect::Mute { .. } => window.to_vec(),
        }
    }
}

impl Effect {
    /// Whether nothing passes from one node to another under it.
    pub fn cuts(&self, from: NodeIx, to: NodeIx) -> bool {
        let Self::Cut { sides, one_way } = self else { return false };
        let side = |node| sides.iter().position(|side| side.contains(node));
        match (side(from), side(to)) {
            (Some(from), Some(to)) => from != to && (!one_way || from == 0),
            (Some(_) | None, _) => false,
        }
    }
}

impl Span {
    /// Whether an instant is in it.
    pub fn contains(self, at: Interval) -> bool {
        self.begins <= at && at < self.ends
    }

    /// Whether both have an instant in common.
    pub fn meets(self, other: Self) -> bool {
        self.begins < other.ends && other.begins < self.ends
    }
}

impl NodeSet {
    /// Brings nodes into the order of the roster.
    pub fn new(mut nodes: Vec<NodeIx>) -> Self {
        nodes.sort_unstable();
        nodes.dedup();
        Self(nodes)
    }

    /// Whether a node is among them.
    pub fn contains(&self, node: NodeIx) -> bool {
        self.0.binary_search(&node).is_ok()
    }

    /// All of them.
    pub fn nodes(&self) -> &[NodeIx] {
        &self.0
    }
}

/// Spans as whole nanoseconds; none where one has no end.
mod ns {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::ROUND_END;
    use crate::time::Interval;

    pub(super) fn serialize<S: Serializer>(span: &Interval, serializer: S) -> Result<S::Ok, S::Error> {
        Some(span.0).filter(|_| *span != ROUND_END).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Interval, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map_or(ROUND_END, Interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(nodes: &[u32]) -> NodeSet {
        NodeSet::new(nodes.iter().copied().map(NodeIx).collect())
    }

    fn planned(begins: u64, ends: u64, effect: Effect) -> Planned {
        Planned { name: "f".to_owned(), window: Span { begins: Interval(begins), ends: Interval(ends) }, effect }
    }

    #[test]
    fn a_cut_stops_what_is_sent_from_side_to_side_within_its_window() {
        let sides = vec![nodes(&[0, 1]), nodes(&[2])];
        let cut = |one_way| Timeline {
            faults: vec![planned(10, 20, Effect::Cut { sides: sides.clone(), one_way })],
            probes: Vec::new(),
        };
        let is_cut = |one_way, from, to, at| cut(one_way).is_cut(NodeIx(from), NodeIx(to), Interval(at));
        assert!(is_cut(false, 0, 2, 10) && is_cut(false, 2, 1, 19));
        assert!(!is_cut(false, 0, 2, 9) && !is_cut(false, 0, 2, 20), "the end is not in it");
        assert!(!is_cut(false, 0, 1, 15) && !is_cut(false, 0, 3, 15), "nodes of one side, and those of none");
        assert!(is_cut(true, 0, 2, 15) && !is_cut(true, 2, 0, 15));
    }

    #[test]
    fn a_timeline_ends_with_its_last_step_and_reads_back() {
        let manner = Manner::Down { how: How::Dark, state: State::Lost };
        let spans =
            vec![Span { begins: Interval(5), ends: Interval(30) }, Span { begins: Interval(40), ends: ROUND_END }];
        let timeline = Timeline {
            faults: vec![
                planned(5, 20, Effect::Mute { nodes: nodes(&[4]) }),
                planned(5, u64::MAX, Effect::Stopped { manner, nodes: vec![Stopped { node: NodeIx(1), spans }] }),
            ],
            probes: vec![Probe { fault: 0, at: Interval(7), from: NodeIx(0), to: NodeIx(4) }],
        };
        assert_eq!(timeline.ends(), Interval(40));
        assert_eq!(timeline.stops_of(NodeIx(1)).len(), 2);
        assert_eq!(timeline.stops_of(NodeIx(4)), []);
        assert!(timeline.is_mute(NodeIx(4), Interval(19)) && !timeline.is_mute(NodeIx(4), Interval(20)));
        let json = serde_json::to_string(&timeline).unwrap();
        assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline, "{json}");
    }
}
