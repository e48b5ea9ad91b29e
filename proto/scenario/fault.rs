//! A fault as typed: what befalls whom, and when.

use serde::{Deserialize, Serialize};

use super::law::SpanLaw;
use super::who::Who;
use crate::as_text;
use crate::link::WorkSpec;
use crate::quantity::{Rate, Share};
use crate::time::Interval;

/// A named fault. Its times count from the instant of a round's `Start`, in an open loop from that of the first one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultSpec {
    /// What it is called.
    pub name: String,
    /// When it begins.
    #[serde(with = "as_text")]
    pub at: Interval,
    /// How long it lasts; none: to the round's end.
    #[serde(rename = "for", with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Interval>,
    /// What it does.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a fault does. A node that is down takes no input, fires no timer and writes no record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// Nodes go down together.
    Crash {
        /// Which.
        who: Who,
        /// What goes down.
        #[serde(default)]
        how: How,
        /// After how long each of them is up again; none, and where that is longer than the fault: at its end.
        #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
        back_after: Option<SpanLaw>,
        /// What they hold when they are back.
        #[serde(default)]
        state: State,
    },
    /// Nodes go down and come back, each for itself, again and again.
    Churn {
        /// Which.
        who: Who,
        /// How long each stays up.
        #[serde(with = "as_text")]
        session: SpanLaw,
        /// How long each stays down.
        #[serde(with = "as_text")]
        down: SpanLaw,
        /// What they hold when they are back.
        #[serde(default)]
        state: State,
    },
    /// Nodes do nothing, as stopped processes do: what arrives waits for them.
    Pause {
        /// Which.
        who: Who,
    },
    /// Nodes are awake for the first part of each period, and down for the rest of it; they keep what they hold.
    Sleep {
        /// Which.
        who: Who,
        /// A duty cycle.
        #[serde(with = "as_text")]
        period: Interval,
        /// For how much of it they are awake.
        #[serde(with = "as_text")]
        on: Interval,
    },
    /// Nothing passes from one side to another.
    Partition {
        /// The sides. Nodes of no side reach everybody.
        sides: Vec<Who>,
        /// Whether only what the first side sends is stopped.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        one_way: bool,
    },
    /// What nodes send is lost more often: each copy is lost to this, besides to `--loss`, on its own.
    Loss {
        /// Which send it.
        #[serde(default)]
        who: Who,
        /// How often.
        #[serde(with = "as_text")]
        loss: Share,
    },
    /// What nodes send is longer on its way, besides by `--delay`.
    Delay {
        /// Which send it.
        #[serde(default)]
        who: Who,
        /// How much longer.
        #[serde(with = "as_text")]
        delay: WorkSpec,
    },
    /// Nodes send at another rate.
    Uplink {
        /// Which.
        who: Who,
        /// How many bits a second.
        #[serde(with = "as_text")]
        rate: Rate,
    },
    /// Nodes receive and acknowledge, and never send a message of another node on.
    Mute {
        /// Which.
        who: Who,
    },
}

/// What a crash takes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// A node, which goes dark: its process goes on with others.
    #[default]
    Dark,
    /// The whole process of each node, which is killed, or its pod deleted.
    Process,
}

/// What a node holds when it is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// What it held.
    #[default]
    Kept,
    /// Nothing: it is a new incarnation.
    Lost,
}

impl FaultSpec {
    /// Whether it ends the processes of its nodes.
    pub fn ends_processes(&self) -> bool {
        matches!(self.kind, Kind::Crash { how: How::Process, .. })
    }

    /// Whether whom it meets is drawn.
    pub fn draws_nodes(&self) -> bool {
        self.kind.targets().iter().any(|who| matches!(who, Who::Share(_)))
    }
}

impl Kind {
    /// As it is typed.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Crash { .. } => "crash",
            Self::Churn { .. } => "churn",
            Self::Pause { .. } => "pause",
            Self::Sleep { .. } => "sleep",
            Self::Partition { .. } => "partition",
            Self::Loss { .. } => "loss",
            Self::Delay { .. } => "delay",
            Self::Uplink { .. } => "uplink",
            Self::Mute { .. } => "mute",
        }
    }

    /// The kinds, with the keys of each besides `kind`, `at` and `for`.
    pub const KEYS: [(&'static str, &'static [&'static str]); 9] = [
        ("crash", &["who", "how", "back_after", "state"]),
        ("churn", &["who", "session", "down", "state"]),
        ("pause", &["who"]),
        ("sleep", &["who", "period", "on"]),
        ("partition", &["sides", "one_way"]),
        ("loss", &["who", "loss"]),
        ("delay", &["who", "delay"]),
        ("uplink", &["who", "rate"]),
        ("mute", &["who"]),
    ];

    /// Whom it meets; of a partition, its sides.
    pub fn targets(&self) -> &[Who] {
        match self {
            Self::Partition { sides, .. } => sides,
            Self::Crash { who, .. }
            | Self::Churn { who, .. }
            | Self::Pause { who }
            | Self::Sleep { who, .. }
            | Self::Loss { who, .. }
            | Self::Delay { who, .. }
            | Self::Uplink { who, .. }
            | Self::Mute { who } => std::slice::from_ref(who),
        }
    }

    /// Whether it stops nodes, so that at one instant no two of these can befall one node.
    pub fn stops_nodes(&self) -> bool {
        match self {
            Self::Crash { .. } | Self::Churn { .. } | Self::Pause { .. } | Self::Sleep { .. } => true,
            Self::Partition { .. }
            | Self::Loss { .. }
            | Self::Delay { .. }
            | Self::Uplink { .. }
            | Self::Mute { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_its_table_says_and_is_written_the_same() {
        let split = r#"{"name":"split","at":"5s","for":"10s","kind":"partition","sides":["50%","50%"]}"#;
        let churn = r#"{"name":"churn","at":"20s","for":"20s","kind":"crash","who":"10%","how":"dark","back_after":"weibull:0.5:3s","state":"lost"}"#;
        for json in [split, churn] {
            let fault: FaultSpec = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&fault).unwrap(), json);
        }
    }

    #[test]
    fn every_kind_has_its_keys() {
        let all = r#"[
            {"name":"f","at":"0s","kind":"crash","who":"10%","how":"process","back_after":"1s","state":"kept"},
            {"name":"f","at":"0s","kind":"churn","who":"10%","session":"1s","down":"1s","state":"kept"},
            {"name":"f","at":"0s","kind":"pause","who":"10%"},
            {"name":"f","at":"0s","kind":"sleep","who":"10%","period":"1s","on":"100ms"},
            {"name":"f","at":"0s","kind":"partition","sides":["10%","rest"],"one_way":true},
            {"name":"f","at":"0s","kind":"loss","who":"all","loss":"5%"},
            {"name":"f","at":"0s","kind":"delay","who":"all","delay":"constant:5ms"},
            {"name":"f","at":"0s","kind":"uplink","who":"all","rate":"1Mbit"},
            {"name":"f","at":"0s","kind":"mute","who":"all"}]"#;
        let faults: Vec<FaultSpec> = serde_json::from_str(all).unwrap();
        let known = |fault: &FaultSpec| {
            let mut value = serde_json::to_value(fault).unwrap();
            let table = value.as_object_mut().unwrap();
            for shared in ["name", "at", "kind"] {
                table.remove(shared);
            }
            (fault.kind.word(), table.keys().cloned().collect::<std::collections::BTreeSet<_>>())
        };
        let named = Kind::KEYS.map(|(kind, keys)| (kind, keys.iter().map(|key| (*key).to_owned()).collect()));
        assert_eq!(faults.iter().map(known).collect::<Vec<_>>(), named);
    }
}
