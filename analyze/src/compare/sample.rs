//! The values of one metric in the scored rounds of one condition at one number of nodes.

use super::refusal::Refusal;
use crate::measure::catalogue::{Metric, Missing, Value};
use crate::measure::{Analysis, Group, RoundMetrics};
use crate::stats;

/// Values of one condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) condition: String,
    pub(super) nodes: u32,
    pub(super) metric: Metric,
    /// Whether any of its runs was simulated.
    pub(super) is_simulated: bool,
    pub(super) rounds: Vec<Round>,
}

/// One round's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    /// Of the condition's runs in the order of their names, which; from 1.
    pub(super) run: usize,
    pub(super) run_id: String,
    pub(super) number: u32,
    pub(super) initiator: Option<String>,
    /// Infinite where it never came.
    pub(super) value: f64,
    /// What the clocks of its ends leave open of its times, in ms; none where nobody knows.
    pub(super) clock_open_ms: Option<f64>,
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

    /// What clocks leave open of its times in the median round that is known, in ms; none where the metric is no time.
    pub(super) fn clock_open_ms(&self) -> Option<f64> {
        self.metric.percent()?;
        stats::median(&stats::sorted(self.rounds.iter().filter_map(|round| round.clock_open_ms)))
    }

    /// The sample narrowed to one deployment.
    pub(super) fn of_deployment(&self, run: usize) -> Self {
        let rounds = self.rounds.iter().filter(|round| round.run == run).cloned().collect();
        Self { condition: self.condition.clone(), rounds, ..*self }
    }

    /// Rounds whose value never came.
    pub(super) fn censored(&self) -> usize {
        self.rounds.iter().filter(|round| round.value.is_infinite()).count()
    }
}

/// Reads one sample; refuses one without a value.
pub(super) fn read(analysis: &Analysis, metric: Metric, condition: &str, nodes: u32) -> Result<Sample, Refusal> {
    let group = analysis.groups.iter().find(|group| group.condition == condition && group.nodes == nodes);
    let deployments = group.map(Group::deployments).unwrap_or_default();
    let rounds: Vec<Round> = (1..)
        .zip(&deployments)
        .flat_map(|(run, rounds)| rounds.iter().filter_map(move |round| value(metric, round, run)))
        .collect();
    let condition = condition.to_owned();
    let is_simulated = group.is_some_and(|group| group.execution().has_simulated());
    match (rounds.is_empty(), deployments.is_empty()) {
        (false, _) => Ok(Sample { condition, nodes, metric, is_simulated, rounds }),
        (true, true) => Err(Refusal::NoRounds { condition, nodes }),
        (true, false) => Err(Refusal::NoValues { condition, nodes, metric: in_words(metric) }),
    }
}

/// The metric, and what it needs where that may not be there.
fn in_words(metric: Metric) -> String {
    let needs = if metric.whole() == "the weight" { " (its topology gives nodes no weights)" } else { "" };
    format!("{}{needs}", metric.name())
}

/// A round's value; none where the round is left out.
fn value(metric: Metric, round: &RoundMetrics, run: usize) -> Option<Round> {
    let value = match (metric.value(round).map(Value::as_f64), metric.missing(round)) {
        (Some(value), Missing::Censored | Missing::LeftOut) => value,
        (None, Missing::Censored) => f64::INFINITY,
        (None, Missing::LeftOut) => return None,
    };
    let clock_open_ms = round.clock_open_ns.map(|open_ns| open_ns / 1e6);
    Some(Round {
        run,
        run_id: round.run_id.clone(),
        number: round.round,
        initiator: round.initiator.clone(),
        value,
        clock_open_ms,
    })
}
