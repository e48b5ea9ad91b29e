//! What may not be compared, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::{CompareOptions, Grouping, Unsound};
use crate::audit::{Check, Finding, Quality, Severity, Verdict};
use crate::measure::Analysis;

/// Why conditions are not compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is nothing to compare with.
    #[error("there is only one condition, {0}: name at least two, as in LABEL=INPUT")]
    OneCondition(String),
    /// There is no round at all.
    #[error("there is no condition with a round in it")]
    NoCondition,
    /// A name that no condition has.
    #[error("no condition is called {name:?} (--baseline): there are {known}")]
    UnknownBaseline {
        /// As typed.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// One measurement would be compared with itself, or counted twice.
    #[error("the same rounds are there twice ({place}): {detail}; leave one out")]
    SameRun {
        /// Where.
        place: String,
        /// What the audit says.
        detail: String,
    },
    /// Times at different numbers of nodes differ whatever the condition.
    #[error(
        "{a} has {nodes_a} and {b} has {nodes_b} nodes: compare rounds of equal numbers with --by nodes, or name inputs \
         of one number only"
    )]
    DifferentNodes {
        /// One condition.
        a: String,
        /// Its numbers of nodes.
        nodes_a: String,
        /// Another.
        b: String,
        /// Its numbers.
        nodes_b: String,
    },
    /// No number of nodes is in both.
    #[error(
        "{a} (with {nodes_a} nodes) and {b} (with {nodes_b}) have no number of nodes in common: nothing can be compared"
    )]
    NoCommonNodes {
        /// The baseline.
        a: String,
        /// Its numbers of nodes.
        nodes_a: String,
        /// The other.
        b: String,
        /// Its numbers.
        nodes_b: String,
    },
    /// The audit says no.
    #[error("the verdict on the data is unsound ({check}, {place}: {detail}): leave that out, or add --force")]
    Unsound {
        /// Which check found it first.
        check: &'static str,
        /// Where.
        place: String,
        /// What it found.
        detail: String,
    },
    /// No round counts.
    #[error("{condition} has no scored round with {nodes} nodes: run more rounds, or lower --warm-up")]
    NoRounds {
        /// The condition.
        condition: String,
        /// The number of nodes.
        nodes: u32,
    },
    /// The metric is not on record.
    #[error("no scored round of {condition} with {nodes} nodes has a {metric}: choose another --metric")]
    NoValues {
        /// The condition.
        condition: String,
        /// The number of nodes.
        nodes: u32,
        /// The metric.
        metric: &'static str,
    },
    /// Rounds do not come in pairs.
    #[error("{a} and {b} with {nodes} nodes are no pairs ({why}): compare them without --paired")]
    NotPaired {
        /// The baseline.
        a: String,
        /// The other.
        b: String,
        /// The number of nodes.
        nodes: u32,
        /// What tells.
        why: String,
    },
}

/// What is compared with what.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// For each number of nodes the baseline and every condition to compare with it, in the order given.
    pub(super) nodes: Vec<(u32, Vec<String>)>,
    /// What is left out or weak, a line each.
    pub(super) notes: Vec<String>,
}

/// Refuses what the audit rules out; says what it warns of.
pub(super) fn check_quality(quality: &Quality, unsound: Unsound) -> Result<Vec<String>, Refusal> {
    if let Some(finding) = quality.findings.iter().find(|finding| finding.check == Check::ReusedRun) {
        return Err(Refusal::SameRun { place: place(finding), detail: finding.detail.clone() });
    }
    let worst = quality.findings.iter().find(|finding| finding.counts && finding.severity == Severity::Unsound);
    match (worst, unsound) {
        (Some(finding), Unsound::Refuse) => Err(Refusal::Unsound {
            check: finding.check.as_str(),
            place: place(finding),
            detail: finding.detail.clone(),
        }),
        (Some(_), Unsound::Force) | (None, Unsound::Refuse | Unsound::Force) => Ok(verdict_note(quality)),
    }
}

fn verdict_note(quality: &Quality) -> Vec<String> {
    let above_info = quality.findings.iter().filter(|finding| finding.counts && finding.severity > Severity::Info);
    let checks: BTreeSet<&str> = above_info.map(|finding| finding.check.as_str()).collect();
    let checks: Vec<&str> = checks.into_iter().collect();
    let note = || format!("the verdict on the data is {} ({}): see report", quality.verdict, checks.join(", "));
    if quality.verdict == Verdict::Sound { Vec::new() } else { vec![note()] }
}

fn place(finding: &Finding) -> String {
    let parts =
        [finding.condition.clone(), finding.run_id.clone(), finding.round.map(|round| format!("round {round}"))];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "everywhere".to_owned() } else { parts.join(", ") }
}

/// Decides what is compared with what.
pub(super) fn plan(analysis: &Analysis, options: &CompareOptions) -> Result<Plan, Refusal> {
    let conditions = ordered(analysis, options.baseline.as_deref())?;
    let (baseline, others) = conditions.split_first().ok_or(Refusal::NoCondition)?;
    if others.is_empty() {
        return Err(Refusal::OneCondition(baseline.name.to_owned()));
    }
    let mut nodes: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut notes = Vec::new();
    for other in others {
        let common: Vec<u32> = baseline.nodes.intersection(&other.nodes).copied().collect();
        let is_one = common.len() == 1 && baseline.nodes == other.nodes;
        if options.grouping == Grouping::OneNumberOfNodes && !is_one {
            let (a, b) = (baseline.name.to_owned(), other.name.to_owned());
            return Err(Refusal::DifferentNodes { a, nodes_a: baseline.words(), b, nodes_b: other.words() });
        }
        if common.is_empty() {
            let (a, b) = (baseline.name.to_owned(), other.name.to_owned());
            return Err(Refusal::NoCommonNodes { a, nodes_a: baseline.words(), b, nodes_b: other.words() });
        }
        let lonely: BTreeSet<u32> = baseline.nodes.symmetric_difference(&other.nodes).copied().collect();
        if !lonely.is_empty() {
            notes.push(format!(
                "only one of {} and {} has {} nodes: left out",
                baseline.name,
                other.name,
                list(&lonely)
            ));
        }
        for number in common {
            nodes.entry(number).or_insert_with(|| vec![baseline.name.to_owned()]).push(other.name.to_owned());
        }
    }
    notes.extend(deployments_note(analysis));
    Ok(Plan { nodes: nodes.into_iter().collect(), notes })
}

fn deployments_note(analysis: &Analysis) -> Option<String> {
    let runs = analysis
        .groups
        .iter()
        .map(|group| group.rounds.iter().map(|round| round.run_id.as_str()).collect::<BTreeSet<_>>().len());
    let note = if runs.max()? > 1 {
        "intervals of shift, median and mean come from resampling deployments, then rounds; tests and effect sizes pool the \
         rounds, so they hold for these deployments alone"
    } else {
        "each condition is one deployment: the intervals hold for these alone"
    };
    Some(note.to_owned())
}

struct Condition<'a> {
    name: &'a str,
    nodes: BTreeSet<u32>,
}

impl Condition<'_> {
    fn words(&self) -> String {
        list(&self.nodes)
    }
}

/// The conditions as given, the baseline first.
fn ordered<'a>(analysis: &'a Analysis, baseline: Option<&str>) -> Result<Vec<Condition<'a>>, Refusal> {
    let mut conditions: Vec<Condition<'a>> = Vec::new();
    for group in &analysis.groups {
        match conditions.iter_mut().find(|condition| condition.name == group.condition) {
            Some(condition) => _ = condition.nodes.insert(group.nodes),
            None => conditions.push(Condition { name: &group.condition, nodes: BTreeSet::from([group.nodes]) }),
        }
    }
    if let Some(name) = baseline {
        let place = conditions.iter().position(|condition| condition.name == name);
        let known = || conditions.iter().map(|condition| condition.name).collect::<Vec<_>>().join(", ");
        let place = place.ok_or_else(|| Refusal::UnknownBaseline { name: name.to_owned(), known: known() })?;
        conditions[..=place].rotate_right(1);
    }
    Ok(conditions)
}

fn list(numbers: &BTreeSet<u32>) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}
