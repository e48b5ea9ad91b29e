//! The evidence of inputs, of their rounds and of their runs, gathered input by input.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::manifest::Manifest;
use cnsim::protocol::ProtocolSpec;
use cnsim::scenario::Receipt;
use cnsim_records::columns::EventNames;

use super::copies::{ImpossibleCopies, find_impossible_copies};
use super::early_receipts::{EarlyReceipts, find_early_receipts};
use super::fingerprint::fingerprint;
use super::float_timestamps::{FloatTimestamps, count_float_timestamps};
use super::held_back::{HeldBack, find_held_back};
use super::hosts::only_host;
use super::impossible_times::{ImpossibleTimes, RoundLimits, find_impossible_times};
use super::invariants::{BrokenInvariant, find_broken};
use super::latest_records::{LatestRecords, find_latest_records};
use super::names::Names;
use super::negative_latencies::{NegativeLatencies, count_negative_latencies};
use super::participants::{RunParticipants, add_participants, list_participants};
use super::promises::{Contradicted, Field, Promises};
use super::receivers::{Receivers, list_receivers};
use super::resolution::{Resolution, add_resolutions, find_resolutions};
use super::returned::{Returned, find_returned};
use super::send_numbers::SendRange;
use super::sequence::{SeqRange, list_seq_ranges};
use super::under_faults::{Explained, find_explained};
use super::witness::{self, Witnesses};
use crate::inputs::About;
use crate::measure::late::GivenUp;
use crate::measure::scenario::Scenarios;
use crate::measure::traffic::{self, Busiest};
use crate::measure::{Origin, RoundMetrics};
use crate::rounds::{Batch, Beginnings, BegunApart, Round};

/// What is known of an input's rounds before their records are looked at, for the numbers of its names.
#[derive(Debug)]
pub(crate) struct KnownBefore<'a> {
    promises: Promises,
    given_up: GivenUp,
    scenarios: Scenarios<'a>,
}

/// The evidence of every input, in their order.
#[derive(Debug, Default)]
pub struct Evidence {
    pub(crate) inputs: Vec<InputEvidence>,
}

/// The evidence of one input.
#[derive(Debug)]
pub(crate) struct InputEvidence {
    /// The texts behind the numbers below.
    pub(crate) names: Names,
    /// In the order of runs and rounds.
    pub(crate) rounds: Vec<RoundEvidence>,
    /// Messages that were begun several times and are as many rounds.
    pub(crate) begun_apart: Vec<BegunApart>,
    /// Who took part, by run id.
    pub(crate) runs: BTreeMap<String, RunParticipants>,
    /// How finely clocks were read, by run id.
    pub(crate) resolutions: BTreeMap<String, Resolution>,
    /// Records whose timestamp went through a float64.
    pub(crate) float_timestamps: FloatTimestamps,
    /// What records and probes say of each fault, by run id.
    pub(crate) receipts: BTreeMap<String, Vec<Receipt>>,
}

/// The evidence of one round.
#[derive(Debug)]
pub(crate) struct RoundEvidence {
    /// The run's id.
    pub(crate) run_id: String,
    /// The round's number.
    pub(crate) round: u32,
    /// Whether a record says who began it.
    pub(crate) has_initiate: bool,
    /// The round that its records name; see [`Round::message`].
    pub(crate) message: u32,
    /// Its beginnings, where there are several and it is one round all the same.
    pub(crate) beginnings: Option<Beginnings>,
    /// The host that all of its records name, by number.
    pub(crate) host: Option<u32>,
    /// A number that rounds share only if their records agree in kind and times.
    pub(crate) fingerprint: u64,
    /// The sequence numbers that are there, by process.
    pub(crate) seq_ranges: Vec<(u32, SeqRange)>,
    /// The numbers of its copies, where they are counted from the first copy of the run.
    pub(crate) send_ranges: Vec<SendRange>,
    /// Copies that went back to whom their sender had heard from, where they were to.
    pub(crate) returned: Option<Returned>,
    /// What its faults explain.
    pub(crate) explained: Explained,
    /// Invariants that its records break by themselves.
    pub(crate) broken: Vec<BrokenInvariant>,
    /// Copies that no protocol sends: how often and the first of each kind.
    pub(crate) impossible_copies: Vec<(u64, ImpossibleCopies)>,
    /// In what records contradict their run's manifest.
    pub(crate) contradicted: BTreeMap<Field, Contradicted>,
    /// Copies that were received before they were sent; none where there is none.
    pub(crate) negative_latencies: Option<NegativeLatencies>,
    /// Copies that were received before the first was sent; none where there is none.
    pub(crate) early_receipts: Option<EarlyReceipts>,
    /// Times that no clock can have read; none where there is none.
    pub(crate) impossible_times: Option<ImpossibleTimes>,
    /// The latest record of each machine; none where the driver's clock was one of theirs.
    pub(crate) latest_records: Option<LatestRecords>,
    /// Whom the message reached, where deliveries are missing.
    pub(crate) receivers: Option<Receivers>,
    /// The nodes that the limit of copies in flight held back; none where nobody was, or records cannot tell.
    pub(crate) held_back: Option<HeldBack>,
    /// The busiest node, in a scored round of a run whose traffic was to be limited.
    pub(crate) busiest: Option<Busiest>,
}

/// The evidence of some rounds of an input.
#[derive(Debug)]
pub(crate) struct BatchEvidence<'a> {
    rounds: Vec<RoundEvidence>,
    runs: BTreeMap<String, RunParticipants>,
    resolutions: BTreeMap<String, Resolution>,
    float_timestamps: FloatTimestamps,
    witnesses: Witnesses<'a>,
}

impl<'a> KnownBefore<'a> {
    /// What an input's manifests say.
    pub(crate) fn of(about: &'a About, names: &EventNames) -> Self {
        let (promises, given_up) = (Promises::of(about, names), GivenUp::of(about, names));
        Self { promises, given_up, scenarios: Scenarios::of(about, names) }
    }
}

impl Evidence {
    /// What records and probes say of each fault, for each input by run id.
    pub(crate) fn receipts(&self) -> impl Iterator<Item = &BTreeMap<String, Vec<Receipt>>> {
        self.inputs.iter().map(|input| &input.receipts)
    }

    /// Adds what was noted of one input more, batch by batch in the order of its rounds.
    pub(crate) fn add<'a>(
        &mut self,
        known: &KnownBefore<'a>,
        names: &EventNames,
        begun_apart: Vec<BegunApart>,
        mut batches: Vec<BatchEvidence<'a>>,
    ) {
        let witnesses = batches.iter_mut().map(|batch| std::mem::take(&mut batch.witnesses));
        let receipts = witness::receipts(&known.scenarios, names, witnesses);
        let mut input = InputEvidence {
            names: Names::of(names),
            rounds: Vec::new(),
            begun_apart,
            runs: BTreeMap::new(),
            resolutions: BTreeMap::new(),
            float_timestamps: FloatTimestamps::default(),
            receipts,
        };
        for batch in batches {
            input.rounds.extend(batch.rounds);
            add_participants(&mut input.runs, batch.runs);
            add_resolutions(&mut input.resolutions, batch.resolutions);
            input.float_timestamps = input.float_timestamps.and(batch.float_timestamps);
        }
        self.inputs.push(input);
    }
}

impl<'a> BatchEvidence<'a> {
    /// Notes what some rounds tell. Metrics are those of the rounds, in their order.
    pub(crate) fn of<'m>(
        about: &About,
        known: &KnownBefore<'a>,
        batch: &Batch,
        metrics: impl Iterator<Item = &'m RoundMetrics>,
    ) -> Self {
        let names = Names::of(&batch.columns.names);
        let rounds =
            batch.iter().zip(metrics).map(|(round, metrics)| RoundEvidence::of(about, known, &names, &round, metrics));
        Self {
            rounds: rounds.collect(),
            runs: list_participants(batch),
            resolutions: find_resolutions(batch),
            float_timestamps: count_float_timestamps(&batch.columns),
            witnesses: witness::of_batch(&known.scenarios, batch),
        }
    }
}

impl RoundEvidence {
    fn of(about: &About, known: &KnownBefore<'_>, names: &Names, round: &Round<'_>, metrics: &RoundMetrics) -> Self {
        let manifest = about.runs.get(round.run_id()).map(|facts| &facts.manifest);
        let is_limited = manifest.is_some_and(|manifest| manifest.limits.bandwidth.is_some());
        let is_short = metrics.delivered < metrics.expected;
        let limits = manifest.and_then(|manifest| RoundLimits::of(manifest, round.round));
        let recorded = || round.protocol().parse::<ProtocolSpec>().ok().map(|spec| spec.promises());
        let promises = manifest.map(|manifest| manifest.options.resolved_protocol().promises()).or_else(recorded);
        let initiator = metrics.initiator.as_deref().and_then(|initiator| names.node_number(initiator));
        let explained = find_explained(round, initiator, known.scenarios.round(round).as_ref());
        Self {
            run_id: round.run_id().to_owned(),
            round: round.round,
            has_initiate: round.rows.clone().any(|row| round.events.kind[row] == Kind::Initiate),
            message: round.message,
            beginnings: Beginnings::of(round.events, round.rows.clone()),
            host: only_host(round),
            fingerprint: fingerprint(round),
            seq_ranges: list_seq_ranges(round),
            send_ranges: known.promises.send_ranges(round),
            returned: manifest.and_then(|manifest| find_returned(round, manifest)),
            broken: find_broken(round, initiator, &explained),
            impossible_copies: find_impossible_copies(round, promises, initiator, &explained),
            explained,
            contradicted: known.promises.find_contradicted(round),
            negative_latencies: count_negative_latencies(round),
            early_receipts: find_early_receipts(round, metrics.origin_ns(Origin::FirstSend)),
            impossible_times: find_impossible_times(round, metrics.initiate_ns, limits),
            latest_records: manifest.and_then(|manifest| find_latest_records(round, manifest)),
            receivers: is_short.then(|| list_receivers(round, known.given_up.latest_ns(round, metrics.initiate_ns))),
            held_back: manifest.and_then(|manifest| held_back(manifest, round)),
            busiest: if is_limited && metrics.scored { traffic::busiest(round) } else { None },
        }
    }
}

/// Who was held back, where a protocol sends all its copies of a message at one instant and there may be more of them than are let.
fn held_back(manifest: &Manifest, round: &Round<'_>) -> Option<HeldBack> {
    let options = &manifest.options;
    let is_at_once = !options.protocol.protocol().sends_later();
    let may_be_more = options.in_flight < options.nodes.saturating_sub(1);
    if is_at_once && may_be_more { find_held_back(round, options.in_flight) } else { None }
}
