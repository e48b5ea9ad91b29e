//! The values of one metric in the scored rounds of one condition at one number of nodes, read from rounds.csv.

use super::metric::Missing;
use super::{Metric, Refusal};
use crate::output::{Cell, Table};

/// Values of one condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) condition: String,
    pub(super) nodes: u32,
    pub(super) metric: Metric,
    pub(super) rounds: Vec<Round>,
}

/// One round's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    /// Of the condition's runs in the order of their names, which.
    pub(super) run: usize,
    pub(super) number: u64,
    pub(super) initiator: Option<String>,
    /// Infinite where it never came.
    pub(super) value: f64,
}

impl Sample {
    pub(super) fn values(&self) -> Vec<f64> {
        self.rounds.iter().map(|round| round.value).collect()
    }

    /// The values of each deployment.
    pub(super) fn by_deployment(&self) -> Vec<Vec<f64>> {
        let deployments = self.rounds.chunk_by(|a, b| a.run == b.run);
        deployments.map(|rounds| rounds.iter().map(|round| round.value).collect()).collect()
    }

    /// Rounds whose value never came.
    pub(super) fn censored(&self) -> usize {
        self.rounds.iter().filter(|round| round.value.is_infinite()).count()
    }
}

/// Reads one sample; refuses one without a value.
pub(super) fn read(rounds: &Table, metric: Metric, condition: &str, nodes: u32) -> Result<Sample, Refusal> {
    let column = |name: &str| {
        let place = rounds.columns.iter().position(|column| column.name == name);
        place.expect("it is a column of rounds.csv")
    };
    let [of_condition, of_run, of_round, of_nodes, scored, initiator] =
        ["condition", "run_id", "round", "nodes", "scored", "initiator"].map(column);
    let value = column(metric.name());
    let is_meant = |row: &&Vec<Cell>| {
        row[of_condition] == Cell::from(condition)
            && row[of_nodes] == Cell::from(nodes)
            && row[scored] == Cell::Flag(true)
    };
    let mut runs: Vec<&Cell> = Vec::new();
    let mut found = Vec::new();
    for row in rounds.rows.iter().filter(is_meant) {
        if runs.last() != Some(&&row[of_run]) {
            runs.push(&row[of_run]);
        }
        let Cell::Count(round) = row[of_round] else { continue };
        let initiator = text(&row[initiator]);
        let value = match (number(&row[value]), metric.missing()) {
            (Some(value), Missing::Censored | Missing::LeftOut) => value,
            (None, Missing::Censored) => f64::INFINITY,
            (None, Missing::LeftOut) => continue,
        };
        found.push(Round { run: runs.len(), number: round, initiator, value });
    }
    let condition = condition.to_owned();
    match (found.is_empty(), runs.is_empty()) {
        (false, _) => Ok(Sample { condition, nodes, metric, rounds: found }),
        (true, true) => Err(Refusal::NoRounds { condition, nodes }),
        (true, false) => Err(Refusal::NoValues { condition, nodes, metric: metric.name() }),
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Count(count) => Some(*count as f64),
        Cell::Number(number) => Some(*number),
        Cell::Text(_) | Cell::Flag(_) | Cell::None => None,
    }
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        Cell::Count(_) | Cell::Number(_) | Cell::Flag(_) | Cell::None => None,
    }
}
