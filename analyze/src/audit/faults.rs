//! Whether faults were what they were meant to be, by the records and probes alone: what the driver says of them is only compared.

use std::collections::BTreeSet;

use cnsim::id::NodeIx;
use cnsim::link::DelayModel;
use cnsim::manifest::{Manifest, Records, RoundOutcome, RunOutcome};
use cnsim::scenario::{Ground, NodeSet, Receipt, Replicate, Timeline, Verdict, never_initiate};
use cnsim::time::Interval;
use cnsim::topology::{EdgeWeights, Topology};

use super::finding::{Check, Finding, Severity};
use super::rounds_words::list_rounds;
use super::scope::{AuditedRun, RunKey, Scope};
use crate::inputs::{FaultFacts, RunFacts};

/// The findings of every run under faults.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, run) in &scope.runs {
        let Some((facts, faults)) = run.facts().and_then(|facts| Some((facts, facts.faults.as_ref()?))) else {
            continue;
        };
        let receipts = scope.receipts(*key);
        let words = other_timelines(facts, faults);
        let detail = format!(
            "what the run folder says of its faults is not what its options and its seed make: {}; so a file of it belongs to \
             another run, or was changed",
            words.join(", ")
        );
        if !words.is_empty() {
            findings.push(finding(Check::TimelineDiffers, Severity::Unsound, *key, words.len() as u64, detail));
        }
        findings.extend(receipts.iter().filter_map(|receipt| judged(*key, receipt)));
        findings.extend(other_receipts(*key, run, receipts));
    }
    findings
}

fn finding(check: Check, severity: Severity, (condition, run_id): RunKey<'_>, count: u64, detail: String) -> Finding {
    Finding::in_condition(check, severity, condition, count, detail).of_run(run_id)
}

fn judged(key: RunKey<'_>, receipt: &Receipt) -> Option<Finding> {
    let (name, kind) = (&receipt.intended.name, receipt.intended.kind.word());
    let Receipt { reason, witness, .. } = receipt;
    match receipt.verdict {
        Verdict::Confirmed => None,
        Verdict::Contradicted => {
            let detail = format!(
                "fault {name} ({kind}) was not what it was meant to be: {reason}; so what is measured under it is something else"
            );
            let count = witness.leaked.max(1);
            Some(finding(Check::FaultContradicted, Severity::Unsound, key, count, detail))
        }
        Verdict::Unwitnessed => {
            let detail = format!("nobody can tell whether fault {name} ({kind}) was at work: {reason}");
            Some(finding(Check::FaultUnwitnessed, Severity::Caution, key, 1, detail))
        }
    }
}

/// Where the manifest's receipts say something else than records and probes do. A run that did not keep all records cannot be asked.
fn other_receipts(key: RunKey<'_>, run: &AuditedRun<'_>, found: &[Receipt]) -> Option<Finding> {
    let manifest = run.manifest()?;
    let is_asked = manifest.options.records == Records::All && manifest.outcome == RunOutcome::Complete;
    if !is_asked || found.is_empty() {
        return None;
    }
    let said = &manifest.receipts;
    let same = |said: &Receipt, found: &Receipt| {
        let counts = |receipt: &Receipt| {
            let Receipt { witness, rounds, nodes, control, verdict, .. } = receipt;
            let copies = (witness.attempted, witness.affected, witness.leaked, witness.probes);
            (copies, *rounds, *nodes, control.steps, *verdict)
        };
        said.intended == found.intended && counts(said) == counts(found)
    };
    let differing: Vec<&str> = found
        .iter()
        .enumerate()
        .filter(|(place, found)| said.get(*place).is_none_or(|said| !same(said, found)))
        .map(|(_, found)| found.intended.name.as_str())
        .collect();
    let detail = format!(
        "the receipts in the manifest are not those that records, steps and probes give ({}): one of these was changed; the \
         verdicts here are those of the records",
        differing.join(", ")
    );
    let is_other = !differing.is_empty() || said.len() != found.len();
    is_other.then(|| finding(Check::ReceiptsDiffer, Severity::Unsound, key, differing.len().max(1) as u64, detail))
}

/// In what the timelines of a run folder differ from those that options and seed make.
fn other_timelines(facts: &RunFacts, faults: &FaultFacts) -> Vec<String> {
    let manifest = &facts.manifest;
    if manifest.options.faults.is_empty() {
        return vec!["its manifest has no faults, and its folder does".to_owned()];
    }
    let mut words: Vec<String> = faults.missing.iter().map(|name| format!("there is no {name}")).collect();
    if faults.missing.contains(&crate::inputs::faults::FAULTS) {
        return words;
    }
    words.extend(other_rounds(manifest, faults));
    if let Some(topology) = &facts.topology {
        let resolved = Resolved { manifest, topology, faults };
        words.extend(resolved.contradictions());
    }
    words
}

/// Rounds that have no timeline, and timelines of rounds that a run does not have.
fn other_rounds(manifest: &Manifest, faults: &FaultFacts) -> Option<String> {
    let is_open = manifest.options.open_loop().is_some();
    let is_over = |outcome| matches!(outcome, RoundOutcome::Quiescent | RoundOutcome::Horizon | RoundOutcome::TimedOut);
    let driven: BTreeSet<u32> = manifest.rounds.iter().map(|round| round.round).collect();
    let told: BTreeSet<u32> = faults.rounds.keys().copied().collect();
    let without: Vec<u32> = match is_open {
        true => {
            if told.contains(&0) || manifest.outcome != RunOutcome::Complete {
                Vec::new()
            } else {
                vec![0]
            }
        }
        false => {
            let over = manifest.rounds.iter().filter(|round| is_over(round.outcome)).map(|round| round.round);
            over.filter(|round| !told.contains(round)).collect()
        }
    };
    let surplus: Vec<u32> =
        told.into_iter()
            .filter(|round| {
                if is_open { *round != 0 } else { !driven.contains(round) && manifest.outcome == RunOutcome::Complete }
            })
            .collect();
    let words = [(without, "has no"), (surplus, "has, and the run has not,")];
    let words = words.into_iter().filter(|(rounds, _)| !rounds.is_empty());
    words.map(|(rounds, has)| format!("faults.jsonl {has} {}", list_rounds(&rounds))).reduce(|a, b| format!("{a}, {b}"))
}

/// The faults of a run, resolved anew.
struct Resolved<'a> {
    manifest: &'a Manifest,
    topology: &'a Topology,
    faults: &'a FaultFacts,
}

impl Resolved<'_> {
    fn contradictions(&self) -> Vec<String> {
        let Ok(neighbours) = self.topology.adjacency(EdgeWeights::Ignored) else { return Vec::new() };
        let options = &self.manifest.options;
        let model = DelayModel::new(&options.link_delay, self.faults.delay_text.as_deref(), options.seed).ok();
        let region = |node: NodeIx| model.as_ref().and_then(|model| model.region(node)).map(str::to_owned);
        let ground =
            Ground { nodes: &self.topology.nodes, neighbours: &neighbours, region: &region, seed: options.seed };
        let other: Vec<u32> = self
            .faults
            .rounds
            .iter()
            .filter(|(round, line)| self.resolve(&ground, **round).as_ref() != Some(&line.timeline))
            .map(|(round, _)| *round)
            .collect();
        let mut words = Vec::new();
        if !other.is_empty() {
            words.push(format!("other faults than seed {} gives in {}", options.seed, list_rounds(&other)));
        }
        words.extend(self.other_initiators(&ground));
        words
    }

    fn resolve(&self, ground: &Ground<'_>, round: u32) -> Option<Timeline> {
        let options = &self.manifest.options;
        let schedule = options.open_loop();
        let last = schedule.as_ref().and_then(|schedule| schedule.begins().last().copied()).unwrap_or_default();
        let limit = Interval(Interval::from_ms(options.round_timeout_ms).0.saturating_add(last.0));
        let initiator = match schedule {
            Some(_) => None,
            None => {
                let driven = self.manifest.rounds.iter().find(|driven| driven.round == round)?;
                Some(self.place(&driven.initiator)?)
            }
        };
        Timeline::resolve(&options.faults, ground, Replicate { round, initiator, limit }).ok()
    }

    fn place(&self, id: &str) -> Option<NodeIx> {
        let place = self.topology.nodes.iter().position(|node| node.as_str() == id)?;
        Some(NodeIx(u32::try_from(place).ok()?))
    }

    /// Rounds that another node began than the seed says, or the next one where that one stands still.
    fn other_initiators(&self, ground: &Ground<'_>) -> Option<String> {
        let options = &self.manifest.options;
        if self.manifest.tool.revision == "unknown" {
            return None;
        }
        let never = never_initiate(&options.faults, ground).ok()?;
        let begins = options.open_loop().map(|schedule| schedule.begins().to_vec());
        let whole = self.faults.rounds.get(&0).map(|line| &line.timeline);
        let stands_still = |node: NodeIx, round: u32| match (&begins, whole) {
            (Some(begins), Some(timeline)) => {
                begins.get(round as usize).is_some_and(|at| timeline.is_stopped(node, *at))
            }
            (Some(_), None) | (None, _) => NodeSet::contains(&never, node),
        };
        let nodes = self.topology.nodes.len();
        let is_other = |round: &&cnsim::manifest::Round| {
            let Some(drawn) = options.initiator.of_round(round.round, &self.topology.nodes, options.seed) else {
                return true;
            };
            let mut others = (0..nodes).map(|step| (drawn + step) % nodes);
            let chosen = others.find(|node| !stands_still(NodeIx(*node as u32), round.round)).unwrap_or(drawn);
            self.topology.nodes[chosen].as_str() != round.initiator
        };
        let rounds: Vec<u32> = self.manifest.rounds.iter().filter(is_other).map(|round| round.round).collect();
        (!rounds.is_empty()).then(|| format!("other initiators than they leave in {}", list_rounds(&rounds)))
    }
}
