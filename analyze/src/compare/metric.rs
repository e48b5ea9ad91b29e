//! What of a round can be compared: the columns of rounds.csv that hold numbers.

use std::str::FromStr;

use crate::measure::{Analysis, Origin};
use crate::output::{self, ColumnKind};

/// Columns that say which round it is, or follow from that.
const IDENTITY: [&str; 3] = ["round", "nodes", "expected"];

/// A column of rounds.csv.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    name: &'static str,
}

/// What an empty cell means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It never came: infinitely long.
    Censored,
    /// Nobody knows: the round is left out.
    LeftOut,
}

/// Why a name is no metric.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no metric is called {name:?}: there are {}", known.join(", "))]
pub struct UnknownMetric {
    name: String,
    known: Vec<&'static str>,
}

impl Default for Metric {
    /// Time until the last delivery, from the first send.
    fn default() -> Self {
        Self { name: "t100_first_send_ms" }
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, UnknownMetric> {
        let known = names();
        let is_meant = |name: &&&str| **name == text || name.strip_suffix("_ms") == Some(text);
        match known.iter().find(is_meant) {
            Some(name) => Ok(Self { name }),
            None => Err(UnknownMetric { name: text.to_owned(), known }),
        }
    }
}

impl Metric {
    /// The column.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The unit of its values.
    pub fn unit(self) -> &'static str {
        match self.name {
            "coverage" => "share",
            "delivered" | "tree_width" | "branching_mean" | "branching_max" => "nodes",
            "load_gini" => "Gini coefficient",
            "resident_bytes" | "sent_bytes" | "received_bytes" => "bytes",
            "sent_per_payload_byte" => "bytes per byte",
            "duplicates" => "copies",
            "failed" | "sends" => "sends",
            "hops_max" | "hops_mean" | "tree_depth" => "hops",
            "rmr" => "copies per node",
            _ => "ms",
        }
    }

    /// What its times count from, where they are times until a share was reached.
    pub fn origin(self) -> Option<Origin> {
        self.percent().map(|_| if self.name.contains("first_send") { Origin::FirstSend } else { Origin::Initiate })
    }

    /// The share of deliveries that it is the time of, in per cent.
    pub(super) fn percent(self) -> Option<u32> {
        let digits = self.name.strip_prefix('t')?.split('_').next()?;
        digits.parse().ok()
    }

    pub(super) fn missing(self) -> Missing {
        if self.percent().is_some() { Missing::Censored } else { Missing::LeftOut }
    }
}

fn names() -> Vec<&'static str> {
    let columns = output::rounds(&Analysis::default()).columns;
    let is_number = |kind: ColumnKind| match kind {
        ColumnKind::Count | ColumnKind::Number { .. } => true,
        ColumnKind::Text | ColumnKind::Flag => false,
    };
    let metrics = columns.into_iter().filter(|column| is_number(column.kind) && !IDENTITY.contains(&column.name));
    metrics.map(|column| column.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_a_column_with_or_without_its_unit() {
        let name = |text: &str| text.parse::<Metric>().unwrap().name();
        assert_eq!(name("t100"), "t100_ms");
        assert_eq!(name("t100_first_send"), "t100_first_send_ms");
        assert_eq!(name("t100_first_send_ms"), Metric::default().name());
        assert_eq!(name("rmr"), "rmr");
    }

    #[test]
    fn an_unknown_metric_lists_those_that_there_are() {
        let error = "speed".parse::<Metric>().unwrap_err().to_string();
        assert!(error.starts_with("no metric is called \"speed\": there are delivered, coverage, setup_ms"), "{error}");
        for identity in ["round", "nodes", "scored", "initiator", "condition"] {
            assert!(identity.parse::<Metric>().is_err(), "{identity}");
        }
    }

    #[test]
    fn every_metric_has_its_unit_and_its_origin() {
        for name in names() {
            let metric = Metric { name };
            assert_eq!(metric.unit() == "ms", name.ends_with("_ms"), "{name}");
            assert_eq!(metric.origin().is_some(), name.starts_with('t') && !name.starts_with("tree"), "{name}");
        }
        assert_eq!("t50_first_send".parse::<Metric>().unwrap().origin(), Some(Origin::FirstSend));
    }
}
