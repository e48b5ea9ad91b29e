//! What records and probes say of the faults of a run: the same question as its driver asked, of the records alone.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::manifest::{Manifest, Records};
use cnsim::scenario::{Receipt, Seen, SeenEnd, Verdict, Witness};
use cnsim_records::columns::{EventNames, UNKNOWN_NS};

use crate::measure::scenario::{RoundScenario, RunScenario, Scenarios};
use crate::rounds::{Batch, Round};

/// What some rounds witness, by the number of the run.
pub(super) type Witnesses<'a> = BTreeMap<u32, Witness<'a>>;

/// A witness that has seen nothing.
fn new(manifest: &Manifest) -> Witness<'_> {
    Witness::new(&manifest.options.faults, manifest.options.links(), manifest.clock)
}

/// What the copies of some rounds witness.
pub(super) fn of_batch<'a>(scenarios: &Scenarios<'a>, batch: &Batch) -> Witnesses<'a> {
    let mut witnesses: Witnesses<'a> = scenarios.runs().map(|(number, run)| (number, new(run.manifest))).collect();
    for round in batch.iter() {
        if let (Some(scenario), Some(witness)) = (scenarios.round(&round), witnesses.get_mut(&round.run)) {
            note_round(witness, &scenario, &round);
        }
    }
    witnesses
}

fn note_round(witness: &mut Witness<'_>, scenario: &RoundScenario<'_>, round: &Round<'_>) {
    let events = round.events;
    for row in round.rows.clone() {
        let (Some(from), Some(to)) = (scenario.place(events.sender[row]), scenario.place(events.receiver[row])) else {
            continue;
        };
        let received_ns = events.received_ns[row];
        let sent_ns = Some(events.sent_ns[row]).filter(|at| *at != UNKNOWN_NS).unwrap_or(received_ns);
        let end = match events.kind[row] {
            Kind::Initiate => SeenEnd::Began,
            Kind::Received => SeenEnd::First,
            Kind::Duplicate => SeenEnd::Again,
            Kind::Failed => SeenEnd::Failed,
        };
        let seen = Seen {
            from,
            to,
            sent_ns: scenario.since(sent_ns),
            received_ns: scenario.since(received_ns),
            end,
            hop: u32::try_from(events.hop[row]).ok(),
            bytes: events.bytes[row].into(),
        };
        witness.note(scenario.timeline(), &seen);
    }
}

/// The receipts of the runs of an input, by run id, from what its batches witness and what its files tell of steps and probes.
pub(super) fn receipts<'a>(
    scenarios: &Scenarios<'a>,
    names: &EventNames,
    batches: impl Iterator<Item = Witnesses<'a>>,
) -> BTreeMap<String, Vec<Receipt>> {
    let mut all: Witnesses<'a> = scenarios.runs().map(|(number, run)| (number, of_files(run))).collect();
    for batch in batches {
        for (number, witness) in batch {
            if let Some(all) = all.get_mut(&number) {
                all.add(&witness);
            }
        }
    }
    let receipts = scenarios.runs().filter_map(|(number, run)| {
        let receipts = all.get(&number)?.receipts();
        Some((names.runs.text(number).to_owned(), judged_by_what_was_kept(receipts, run.manifest)))
    });
    receipts.collect()
}

/// What the steps and probes of a run say.
fn of_files<'a>(run: &RunScenario<'a>) -> Witness<'a> {
    let mut witness = new(run.manifest);
    run.facts.rounds.values().for_each(|line| witness.begin(&line.timeline));
    for (place, fault) in (0..).zip(&run.manifest.options.faults) {
        let steps = run.facts.steps.get(&fault.name).copied().unwrap_or_default();
        // A witness keeps the number of steps and how late the latest was.
        (0..steps.count).for_each(|_| witness.note_step(place, steps.late_max));
    }
    for probe in &run.facts.probes {
        let Some(scenario) = run.round(probe.round) else { continue };
        let since = |at: cnsim::time::Timestamp| scenario.since(i64::try_from(at.0).unwrap_or(i64::MAX));
        let end = if probe.received.is_some() { SeenEnd::ProbeArrived } else { SeenEnd::ProbeLost };
        let seen = Seen {
            from: probe.from,
            to: probe.to,
            sent_ns: since(probe.sent),
            received_ns: since(probe.received.unwrap_or(probe.sent)),
            end,
            hop: None,
            bytes: 0,
        };
        witness.note(scenario.timeline(), &seen);
    }
    witness
}

/// Where not all records were kept, those that are left say nothing of shares and of times: they are of first receipts and of
/// failed sends.
fn judged_by_what_was_kept(mut receipts: Vec<Receipt>, manifest: &Manifest) -> Vec<Receipt> {
    use cnsim::scenario::Kind as FaultKind;
    if manifest.options.records == Records::All {
        return receipts;
    }
    for receipt in &mut receipts {
        let is_of_all = matches!(receipt.intended.kind, FaultKind::Loss { .. } | FaultKind::Delay { .. });
        if is_of_all {
            receipt.verdict = Verdict::Unwitnessed;
            receipt.reason = "the run kept first receipts and failed sends only (--records first)".to_owned();
        }
    }
    receipts
}
