//! What is compared with what, and whether the data may be compared at all.

use std::collections::{BTreeMap, BTreeSet};

use super::refusal::Refusal;
use super::spec::{CompareSpec, Grouping, Unsound};
use crate::audit::{Check, Finding, Quality, Severity, Verdict};
use crate::measure::Analysis;

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
pub(super) fn plan(analysis: &Analysis, spec: &CompareSpec) -> Result<Plan, Refusal> {
    let conditions = ordered(analysis, spec.baseline.as_deref())?;
    let (baseline, others) = conditions.split_first().ok_or(Refusal::NoCondition)?;
    if others.is_empty() {
        return Err(Refusal::OneCondition(baseline.name.to_owned()));
    }
    let mut nodes: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut notes = Vec::new();
    for other in others {
        let common: Vec<u32> = baseline.nodes.intersection(&other.nodes).copied().collect();
        let is_one = common.len() == 1 && baseline.nodes == other.nodes;
        if spec.grouping == Grouping::OneNumberOfNodes && !is_one {
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
    notes.extend(analysis.simulated_words());
    notes.extend(deployments_note(analysis));
    Ok(Plan { nodes: nodes.into_iter().collect(), notes })
}

fn deployments_note(analysis: &Analysis) -> Option<String> {
    let runs = analysis
        .groups
        .iter()
        .map(|group| group.rounds.iter().map(|round| round.run_id.as_str()).collect::<BTreeSet<_>>().len());
    let has_several = runs.max()? > 1;
    let note = if analysis.execution().has_simulated() {
        "the unit of a simulated condition is its run: intervals come from resampling runs, then their rounds, and one run has none; \
         no test is made, because a simulated sample is as large as one likes"
    } else if has_several {
        "where a side has several deployments they are the unit: intervals come from resampling them, then their rounds, and \
         tests and effect sizes compare their medians"
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
