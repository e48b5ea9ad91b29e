//! What the checks look at: every round with its metrics, every run with its nodes and files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use cnsim::manifest::{Manifest, Round as ManifestRound};
use cnsim::protocol::{ProtocolSpec, Strategy};
use cnsim::topology::Topology;

use super::evidence::{Evidence, Names, OfRound, OfRun};
use crate::inputs::{About, RunFacts};
use crate::measure::{Analysis, RoundMetrics};

/// One run of one condition, in whatever inputs it lies.
pub(super) type RunKey<'a> = (&'a str, &'a str);

/// One round of one input.
pub(super) struct View<'a> {
    /// Its condition.
    pub(super) condition: &'a str,
    /// Its run's id.
    pub(super) run_id: &'a str,
    /// Its number.
    pub(super) round: u32,
    /// What its records tell.
    pub(super) evidence: &'a OfRound,
    /// The texts behind the numbers in it.
    pub(super) names: &'a Names,
    /// Its metrics.
    pub(super) metrics: &'a RoundMetrics,
}

/// What is known of one run.
#[derive(Default)]
pub(super) struct Run<'a> {
    /// Its manifest and topology, where the input has them.
    pub(super) facts: Option<&'a RunFacts>,
    /// The protocol as the manifest or the records name it, where it is a known one.
    pub(super) strategy: Option<Strategy>,
    /// Its views in `Survey::views`.
    pub(super) views: Vec<usize>,
    /// What its records tell of those who took part, input by input.
    parts: Vec<(&'a Names, &'a OfRun)>,
    people: OnceLock<People<'a>>,
    /// What the number of a flood's duplicates depends on.
    pub(super) shape: Option<Shape>,
}

/// Who takes part in a run.
#[derive(Default)]
pub(super) struct People<'a> {
    /// Every node that a record or the manifest names.
    pub(super) nodes: BTreeSet<&'a str>,
    /// Where nodes run, as far as records or the manifest say.
    pub(super) hosts: BTreeMap<&'a str, &'a str>,
    /// In which pod nodes run, where pods are what they run in.
    pub(super) pods: BTreeMap<&'a str, &'a str>,
}

/// What a topology dictates.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) simple: bool,
    pub(super) connected: bool,
}

/// Everything that the checks look at.
pub(super) struct Survey<'a> {
    pub(super) inputs: &'a [About],
    pub(super) evidence: &'a Evidence,
    pub(super) analysis: &'a Analysis,
    pub(super) warm_up: u32,
    /// Every round that has metrics, in the order of inputs, runs and rounds.
    pub(super) views: Vec<View<'a>>,
    pub(super) runs: BTreeMap<RunKey<'a>, Run<'a>>,
}

impl<'a> Survey<'a> {
    /// Brings evidence, metrics and files together.
    pub(super) fn of(inputs: &'a [About], evidence: &'a Evidence, analysis: &'a Analysis, warm_up: u32) -> Self {
        let metrics = by_place(analysis);
        let mut views = Vec::new();
        let mut runs: BTreeMap<RunKey<'a>, Run<'a>> = BTreeMap::new();
        for (about, of_input) in inputs.iter().zip(&evidence.inputs) {
            let (condition, names) = (about.condition.as_str(), &of_input.names);
            for (run_id, facts) in &about.runs {
                runs.entry((condition, run_id)).or_default().facts = Some(facts);
            }
            for (run_id, of_run) in &of_input.runs {
                runs.entry((condition, run_id)).or_default().parts.push((names, of_run));
            }
            for evidence in &of_input.rounds {
                let (run_id, round) = (evidence.run_id.as_str(), evidence.round);
                let Some(metrics) = metrics.get(&(condition, run_id, round)).copied() else { continue };
                runs.entry((condition, run_id)).or_default().views.push(views.len());
                views.push(View { condition, run_id, round, evidence, names, metrics });
            }
        }
        runs.values_mut().for_each(Run::look);
        Self { inputs, evidence, analysis, warm_up, views, runs }
    }

    /// The run that a round belongs to.
    pub(super) fn run(&self, view: &View<'a>) -> &Run<'a> {
        &self.runs[&(view.condition, view.run_id)]
    }

    /// Whether statistics count a round of that number.
    pub(super) fn is_scored(&self, round: u32) -> bool {
        round >= self.warm_up
    }
}

impl<'a> Run<'a> {
    /// Its manifest.
    pub(super) fn manifest(&self) -> Option<&'a Manifest> {
        self.facts.map(|facts| &facts.manifest)
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
    pub(super) fn people(&self) -> &People<'a> {
        self.people.get_or_init(|| People::of(self))
    }

    /// The protocol as records name it; none where they do not.
    pub(super) fn recorded_protocol(&self) -> Option<&'a str> {
        self.parts.first().map(|(_, part)| part.protocol.as_str()).filter(|protocol| !protocol.is_empty())
    }

    /// Every node that a record names.
    pub(super) fn recorded_nodes(&self) -> impl Iterator<Item = &'a str> {
        self.parts.iter().flat_map(|(names, part)| part.nodes.iter().map(|node| names.nodes.text(*node)))
    }

    /// How many deliveries the driver counted, over all rounds, that no record tells of. A single round's counter proves
    /// nothing alone: a late copy of the round before is counted in the one that goes on.
    pub(super) fn unrecorded(&self, survey: &Survey<'_>) -> u64 {
        let counted: u64 =
            self.manifest().map_or(0, |manifest| manifest.rounds.iter().map(|round| round.delivered).sum());
        let recorded: u64 = self.views.iter().map(|view| u64::from(survey.views[*view].metrics.delivered)).sum();
        counted.saturating_sub(recorded)
    }

    fn look(&mut self) {
        let of_manifest = self.manifest().map(|manifest| manifest.options.protocol);
        let protocol = of_manifest.or_else(|| self.recorded_protocol()?.parse().ok());
        self.strategy = protocol.map(ProtocolSpec::strategy);
        self.shape =
            self.topology().map(|topology| Shape { simple: topology.is_simple(), connected: topology.is_connected() });
    }
}

impl<'a> People<'a> {
    fn of(run: &Run<'a>) -> Self {
        let mut people = Self { nodes: run.recorded_nodes().collect(), ..Self::default() };
        for (names, part) in &run.parts {
            let hosts = part.hosts.iter().map(|(node, host)| (names.nodes.text(*node), names.hosts.text(*host)));
            people.hosts.extend(hosts);
        }
        for node in run.manifest().into_iter().flat_map(|manifest| &manifest.roster) {
            people.nodes.insert(&node.id);
            people.hosts.insert(&node.id, &node.host);
        }
        let in_pods = run.manifest().filter(|manifest| manifest.backend.kubernetes().is_some());
        for node in in_pods.into_iter().flat_map(|manifest| &manifest.roster) {
            people.pods.extend(pod_of(&node.process).map(|pod| (node.id.as_str(), pod)));
        }
        people
    }
}

/// The pod of a process, whose name is the pod's, the process's number there and when it began, with dots between.
fn pod_of(process: &str) -> Option<&str> {
    process.rsplitn(3, '.').nth(2)
}

/// The nodes that a flood from `start` can reach, itself included, as numbers in the topology's list.
pub(super) fn reachable(topology: &Topology, start: u32) -> BTreeSet<u32> {
    let neighbours = topology.neighbours();
    let mut reached = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        let next = neighbours[node as usize].iter().map(|neighbour| neighbour.node);
        open.extend(next.filter(|node| reached.insert(*node)));
    }
    reached
}

/// Metrics by condition, run and round.
fn by_place(analysis: &Analysis) -> BTreeMap<(&str, &str, u32), &RoundMetrics> {
    let rounds = analysis.groups.iter().flat_map(|group| group.rounds.iter().map(move |round| (group, round)));
    rounds.map(|(group, round)| ((group.condition.as_str(), round.run_id.as_str(), round.round), round)).collect()
}
