//! What the checks look at: every round with its evidence and metrics, every run with its nodes and files.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cnsim::link::{Loss, Transport};
use cnsim::manifest::{Manifest, Options, Round as ManifestRound, RoundOutcome, RunOutcome};
use cnsim::protocol::{Promises, ProtocolSpec};
use cnsim::scenario::Receipt;
use cnsim::topology::Topology;

use super::finding::{Check, Finding, Severity};
use super::participants::Participants;
use crate::evidence::{Evidence, Names, Resolution, RoundEvidence, RunParticipants};
use crate::inputs::{About, RunFacts};
use crate::measure::{Analysis, RoundMetrics};

/// One run of one condition, in whatever inputs it lies: the condition and the run's id.
pub(super) type RunKey<'a> = (&'a str, &'a str);

/// Everything that the checks look at.
pub(super) struct Scope<'a> {
    /// What is known of the inputs beside their events.
    pub(super) inputs: &'a [About],
    /// What their records tell.
    pub(super) evidence: &'a Evidence,
    /// What was measured.
    pub(super) analysis: &'a Analysis,
    /// Rounds below it are in no statistic.
    pub(super) warm_up: u32,
    /// Every round that has metrics, in the order of inputs, runs and rounds.
    pub(super) rounds: Vec<AuditedRound<'a>>,
    /// Every run that records or manifests name.
    pub(super) runs: BTreeMap<RunKey<'a>, AuditedRun<'a>>,
}

/// One round of one input.
pub(super) struct AuditedRound<'a> {
    /// Its condition.
    pub(super) condition: &'a str,
    /// Its run's id.
    pub(super) run_id: &'a str,
    /// Its number.
    pub(super) round: u32,
    /// What its records tell.
    pub(super) evidence: &'a RoundEvidence,
    /// The texts behind the numbers in it.
    pub(super) names: &'a Names,
    /// Its metrics.
    pub(super) metrics: &'a RoundMetrics,
}

/// What is known of one run.
#[derive(Default)]
pub(super) struct AuditedRun<'a> {
    /// Its manifest and topology, where the input has them.
    facts: Option<&'a RunFacts>,
    /// The protocol as the manifest or the records name it, where it is a known one.
    pub(super) promises: Option<Promises>,
    /// Whether its times are those of a simulator: exact, and of no machine.
    pub(super) is_simulated: bool,
    /// Places of its rounds in `Scope::rounds`.
    pub(super) rounds: Vec<usize>,
    /// What its records tell of those who took part, input by input.
    recorded: Vec<(&'a Names, &'a RunParticipants)>,
    participants: OnceLock<Participants<'a>>,
    resolutions: Vec<&'a Resolution>,
    /// What the number of a flood's duplicates depends on; none without a topology.
    pub(super) topology_shape: Option<TopologyShape>,
}

/// What a topology dictates.
#[derive(Debug, Clone, Copy)]
pub(super) struct TopologyShape {
    /// Free of self-loops and of parallel edges.
    pub(super) is_simple: bool,
    /// Every node reaches every other.
    pub(super) is_connected: bool,
}

impl<'a> Scope<'a> {
    /// Brings evidence, metrics and files together.
    pub(super) fn of(inputs: &'a [About], evidence: &'a Evidence, analysis: &'a Analysis, warm_up: u32) -> Self {
        let metrics = metrics_by_round(analysis);
        let mut rounds = Vec::new();
        let mut runs: BTreeMap<RunKey<'a>, AuditedRun<'a>> = BTreeMap::new();
        for (about, of_input) in inputs.iter().zip(&evidence.inputs) {
            let (condition, names) = (about.condition.as_str(), &of_input.names);
            for (run_id, facts) in &about.runs {
                runs.entry((condition, run_id)).or_default().facts = Some(facts);
            }
            for (run_id, resolution) in &of_input.resolutions {
                runs.entry((condition, run_id)).or_default().resolutions.push(resolution);
            }
            for (run_id, participants) in &of_input.runs {
                runs.entry((condition, run_id)).or_default().recorded.push((names, participants));
            }
            for evidence in &of_input.rounds {
                let (run_id, round) = (evidence.run_id.as_str(), evidence.round);
                let Some(metrics) = metrics.get(&(condition, run_id, round)).copied() else { continue };
                runs.entry((condition, run_id)).or_default().rounds.push(rounds.len());
                rounds.push(AuditedRound { condition, run_id, round, evidence, names, metrics });
            }
        }
        runs.values_mut().for_each(AuditedRun::read_protocol_and_topology);
        for group in &analysis.groups {
            for run_id in &group.simulated {
                runs.entry((group.condition.as_str(), run_id)).or_default().is_simulated = true;
            }
        }
        Self { inputs, evidence, analysis, warm_up, rounds, runs }
    }

    /// The run that a round belongs to.
    pub(super) fn run(&self, round: &AuditedRound<'a>) -> &AuditedRun<'a> {
        &self.runs[&(round.condition, round.run_id)]
    }

    /// The rounds of a run.
    pub(super) fn rounds_of(&self, run: &AuditedRun<'a>) -> impl Iterator<Item = &AuditedRound<'a>> {
        run.rounds.iter().map(|place| &self.rounds[*place])
    }

    /// What records and probes say of the faults of a run.
    pub(super) fn receipts(&self, (condition, run_id): RunKey<'a>) -> &'a [Receipt] {
        let mut of_condition =
            self.inputs.iter().zip(self.evidence.receipts()).filter(|it| it.0.condition == condition);
        of_condition.find_map(|(_, receipts)| receipts.get(run_id)).map_or(&[], Vec::as_slice)
    }

    /// Narrows a finding of a run to one of its rounds.
    pub(super) fn narrow(&self, finding: Finding, round: u32) -> Finding {
        if round >= self.warm_up { finding.of_round(round) } else { finding.of_warm_up_round(round) }
    }

    /// How many deliveries the driver counted, over all rounds of a run, that no record tells of. A single round's counter
    /// proves nothing alone: a late copy of the round before is counted in the one that goes on.
    pub(super) fn unrecorded_deliveries(&self, run: &AuditedRun<'a>) -> u64 {
        let rounds = run.manifest().into_iter().flat_map(|manifest| &manifest.rounds);
        let counted: u64 = rounds.map(|round| round.delivered).sum();
        let late = |round: &AuditedRound<'_>| round.evidence.receivers.as_ref().map_or(0, |all| all.late.len() as u64);
        let recorded: u64 = self.rounds_of(run).map(|round| round.recorded_deliveries() + late(round)).sum();
        counted.saturating_sub(recorded)
    }
}

impl AuditedRound<'_> {
    /// The deliveries that its records tell of, as its driver counts them: a node that lost what it held is reached anew.
    pub(super) fn recorded_deliveries(&self) -> u64 {
        u64::from(self.metrics.delivered) + self.evidence.explained.received_again
    }

    /// A finding in this round.
    pub(super) fn finding(&self, check: Check, severity: Severity, count: u64, detail: String) -> Finding {
        let finding = Finding::in_condition(check, severity, self.condition, count, detail).of_run(self.run_id);
        match self.metrics.scored {
            true => finding.of_round(self.round),
            false => finding.of_warm_up_round(self.round),
        }
    }
}

impl<'a> AuditedRun<'a> {
    /// Its manifest.
    pub(super) fn manifest(&self) -> Option<&'a Manifest> {
        self.facts.map(|facts| &facts.manifest)
    }

    /// Its manifest and topology.
    pub(super) fn facts(&self) -> Option<&'a RunFacts> {
        self.facts
    }

    /// Whether it went on when its manifest was written: records may still be where they were made.
    pub(super) fn is_going_on(&self) -> bool {
        self.manifest().is_some_and(|manifest| manifest.outcome == RunOutcome::Running)
    }

    /// Whether its model loses copies for good, so that what is missing was asked for.
    pub(super) fn loses_copies(&self) -> bool {
        let loses = |options: &Options| options.transport == Transport::Datagram && options.loss != Loss::NONE;
        self.manifest().is_some_and(|manifest| loses(&manifest.options))
    }

    /// Whether its links come and go.
    pub(super) fn moves(&self) -> bool {
        self.manifest().is_some_and(|manifest| manifest.options.motion.is_some())
    }

    /// Whether a round was over while its protocol, which never rests, went on.
    pub(super) fn ended_at_horizon(&self, round: u32) -> bool {
        self.manifest_round(round).is_some_and(|round| round.outcome == RoundOutcome::Horizon)
    }

    /// Whether it was an open loop of a protocol that never rests: when the run ended, it went on.
    pub(super) fn was_ended_at_work(&self) -> bool {
        let never_rests = |options: &Options| options.open_loop().is_some() && !options.protocol.protocol().settles();
        self.manifest().is_some_and(|manifest| never_rests(&manifest.options))
    }

    /// Whether the simulator gave a round up with copies on their way.
    pub(super) fn was_given_up(&self, round: u32) -> bool {
        let rests = [RoundOutcome::Quiescent, RoundOutcome::Horizon, RoundOutcome::Open];
        let is_over = |round: &ManifestRound| !rests.contains(&round.outcome);
        self.is_simulated && self.manifest_round(round).is_some_and(is_over)
    }

    /// Its topology.
    pub(super) fn topology(&self) -> Option<&'a Topology> {
        self.facts.and_then(|facts| facts.topology.as_ref())
    }

    /// What the manifest says of a round.
    pub(super) fn manifest_round(&self, round: u32) -> Option<&'a ManifestRound> {
        self.manifest()?.rounds.iter().find(|candidate| candidate.round == round)
    }

    /// Who takes part in it. Found out at the first call: only rounds with missing deliveries ask.
    pub(super) fn participants(&self) -> &Participants<'a> {
        self.participants.get_or_init(|| Participants::of(&self.recorded, self.manifest()))
    }

    /// The protocol as records name it; none where they do not.
    pub(super) fn recorded_protocol(&self) -> Option<&'a str> {
        self.recorded.first().map(|(_, run)| run.protocol.as_str()).filter(|protocol| !protocol.is_empty())
    }

    /// What its records say of those who took part, input by input, with the texts behind the numbers.
    pub(super) fn recorded(&self) -> impl Iterator<Item = (&'a Names, &'a RunParticipants)> {
        self.recorded.iter().copied()
    }

    /// How finely clocks were read, input by input.
    pub(super) fn resolutions(&self) -> impl Iterator<Item = &'a Resolution> {
        self.resolutions.iter().copied()
    }

    /// Whether its records lie in one input.
    pub(super) fn is_in_one_input(&self) -> bool {
        self.recorded.len() == 1
    }

    /// Every node that a record names.
    pub(super) fn recorded_nodes(&self) -> impl Iterator<Item = &'a str> {
        self.recorded.iter().flat_map(|(names, run)| run.nodes.iter().map(|node| names.node(*node)))
    }

    fn read_protocol_and_topology(&mut self) {
        let of_manifest = self.manifest().map(|manifest| manifest.options.resolved_protocol().promises());
        let recorded = || Some(self.recorded_protocol()?.parse::<ProtocolSpec>().ok()?.promises());
        self.promises = of_manifest.or_else(recorded);
        self.topology_shape = self
            .topology()
            .map(|topology| TopologyShape { is_simple: topology.is_simple(), is_connected: topology.is_connected() });
    }
}

/// Metrics by condition, run and round.
fn metrics_by_round(analysis: &Analysis) -> BTreeMap<(&str, &str, u32), &RoundMetrics> {
    let rounds = analysis.groups.iter().flat_map(|group| group.rounds.iter().map(move |round| (group, round)));
    rounds.map(|(group, round)| ((group.condition.as_str(), round.run_id.as_str(), round.round), round)).collect()
}
