//! The manifest of a run while it is written: true on disk before the first round, after every round and at the end,
//! so that even a killed driver leaves what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use cnsim::manifest::{
    AchievedDelay, Backend, Begin, Incident, KubernetesFacts, Limits, Manifest, RosterNode, Round, RoundOutcome,
    RunOutcome,
};
use cnsim::scenario::Receipt;
use cnsim::wire::control::WatchReply;
use tokio::time::Instant;

use crate::cluster::{Cluster, Pass};
use crate::folder::{File, FolderError, MANIFEST, RunFolder};
use crate::tally::Tally;

/// A manifest and the folder that it stands in.
#[derive(Debug)]
pub struct Ledger {
    manifest: Manifest,
    folder: RunFolder,
    open: Option<OpenRound>,
    /// The rounds of an open loop that goes on.
    open_loop: OpenRounds,
    held: HeldCopies,
}

/// How a round ended.
#[derive(Debug, Clone)]
pub struct Ending {
    /// What ended it.
    pub outcome: RoundOutcome,
    /// From its start on, as the driver saw it.
    pub took: Duration,
    /// The counters at its end, in the order of the cluster's processes.
    pub after: Pass,
}

/// A round that has begun.
#[derive(Debug)]
struct OpenRound {
    round: u32,
    initiator: String,
    /// Of the processes that are there.
    before: Pass,
    /// Of those that were killed: the counters before the start, and their last ones.
    ended: Vec<(WatchReply, WatchReply)>,
    begun: Instant,
}

/// The rounds of an open loop that goes on.
#[derive(Debug, Default)]
struct OpenRounds {
    begun: BTreeMap<u32, Instant>,
    /// When the manifest was last written.
    saved: Option<Instant>,
}

/// How often the manifest of an open loop is written: it has a line for each round.
const SAVED_EVERY: Duration = Duration::from_secs(1);

/// Copies held back by a link delay, over all rounds.
#[derive(Debug, Default)]
struct HeldCopies {
    copies: u64,
    intended_ns: u64,
    achieved_ns: u64,
    error_max_ns: u64,
}

/// The time now, as the manifest has it.
pub fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl Ledger {
    /// The ledger of a manifest that stands in `folder`.
    pub fn new(manifest: Manifest, folder: RunFolder) -> Self {
        Self { manifest, folder, open: None, open_loop: OpenRounds::default(), held: HeldCopies::default() }
    }

    /// The ledger of a run that goes on: its manifest says again that it does.
    pub fn resumed(mut manifest: Manifest, folder: RunFolder) -> Result<Self, FolderError> {
        manifest.outcome = RunOutcome::Running;
        (manifest.reason, manifest.finished_at) = (None, None);
        let held = manifest.link_delay.map(HeldCopies::of).unwrap_or_default();
        let ledger = Self { manifest, folder, open: None, open_loop: OpenRounds::default(), held };
        ledger.save()?;
        Ok(ledger)
    }

    /// The manifest as it is now.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The folder that it stands in.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Lists the nodes that came up.
    pub fn enlist(&mut self, cluster: &Cluster) -> Result<(), FolderError> {
        self.manifest.roster = roster(cluster);
        self.save()
    }

    /// A round begins: from here on its receipts are expected. `before` are the counters just before its start.
    pub fn begin_round(&mut self, round: u32, initiator: &str, before: Pass) {
        self.manifest.expected_events += u64::from(self.manifest.options.nodes) - 1;
        let ended = Vec::new();
        self.open = Some(OpenRound { round, initiator: initiator.to_owned(), before, ended, begun: Instant::now() });
    }

    /// The process in this place of the counters was killed in the round that goes on, with these counters, where it said them.
    pub fn note_death(&mut self, index: usize, process: &str, last: Option<WatchReply>) {
        let Some(open) = &mut self.open else { return };
        let before = open.before.remove(index);
        open.ended.push((before, last.unwrap_or(before)));
        if let Some(last) = last {
            self.manifest.last_seqs.insert(process.to_owned(), last.last_seq);
        }
    }

    /// A process in the place of one that was killed takes part.
    pub fn note_birth(&mut self, index: usize, counters: WatchReply) {
        if let Some(open) = &mut self.open {
            open.before.insert(index, counters);
        }
    }

    /// How long the round that goes on has taken, and the counters just before its start; none between rounds.
    pub fn going_on(&self) -> Option<(Duration, &Pass)> {
        self.open.as_ref().map(|open| (open.begun.elapsed(), &open.before))
    }

    /// Whether any round has begun.
    pub fn begun(&self) -> bool {
        self.open.is_some() || !self.manifest.rounds.is_empty()
    }

    /// The round that goes on; none between rounds.
    pub fn open_round(&self) -> Option<u32> {
        self.open.as_ref().map(|open| open.round)
    }

    /// The round that goes on has ended.
    pub fn end_round(&mut self, cluster: &Cluster, ending: Ending) -> Result<(), FolderError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let (of_ended, last): (Pass, Pass) = open.ended.into_iter().unzip();
        // What a process used goes with it.
        let is_counted = of_ended.is_empty();
        let (before, after) = ([open.before, of_ended].concat(), [ending.after.as_slice(), &last].concat());
        let tally = Tally { before: &before, after: &after };
        self.note_backend(&tally);
        let names: Vec<&str> = cluster.processes.iter().map(|process| process.name.as_str()).collect();
        let last_seqs: BTreeMap<String, u64> =
            names.iter().zip(&ending.after).map(|(name, reply)| ((*name).to_owned(), reply.last_seq)).collect();
        let is_whole = matches!(ending.outcome, RoundOutcome::Quiescent | RoundOutcome::Horizon);
        self.manifest.last_seqs.extend(last_seqs.clone());
        self.manifest.rounds.push(Round {
            round: open.round,
            initiator: open.initiator,
            outcome: ending.outcome,
            delivered: tally.grown(|reply| reply.delivered),
            failed: tally.grown(|reply| reply.failed),
            last_seqs,
            driver_ms: ending.took.as_secs_f64() * 1e3,
            scheduling_delay_ms: tally.scheduling_delay_ms(),
            clock_steps: tally.grown(|reply| reply.clock_steps),
            begin: None,
            resources: (is_whole && is_counted).then(|| tally.resources(&names)),
        });
        self.save()
    }

    /// A round of an open loop begins. It is over `--round-timeout` later, whatever becomes of it. The file is written from
    /// time to time.
    pub fn begin_open_round(&mut self, round: u32, initiator: &str, begin: Begin) -> Result<(), FolderError> {
        let now = Instant::now();
        self.note_open(round, initiator, begin, RoundOutcome::Open);
        self.open_loop.begun.insert(round, now);
        let is_due = self.open_loop.saved.is_none_or(|saved| now - saved >= SAVED_EVERY);
        if is_due {
            self.open_loop.saved = Some(now);
            self.save()?;
        }
        Ok(())
    }

    /// A round of an open loop, whose records tell how it went.
    pub fn note_open(&mut self, round: u32, initiator: &str, begin: Begin, outcome: RoundOutcome) {
        self.manifest.expected_events += u64::from(self.manifest.options.nodes) - 1;
        self.manifest.rounds.push(Round {
            round,
            initiator: initiator.to_owned(),
            outcome,
            delivered: 0,
            failed: 0,
            last_seqs: BTreeMap::new(),
            driver_ms: self.manifest.options.round_timeout_ms as f64,
            scheduling_delay_ms: None,
            clock_steps: 0,
            begin: Some(begin),
            resources: None,
        });
    }

    /// The open loop has ended, and nothing moves or every round is over.
    pub fn end_open_loop(&mut self, cluster: &Cluster, before: &Pass, after: &Pass) -> Result<(), FolderError> {
        self.note_backend(&Tally { before, after });
        let names = cluster.processes.iter().map(|process| process.name.clone());
        self.manifest.last_seqs.extend(names.zip(after.iter().map(|reply| reply.last_seq)));
        self.open_loop = OpenRounds::default();
        self.save()
    }

    /// The open loop was cut off: what becomes of the rounds that were not over is not their own doing.
    pub fn cut_open_loop(&mut self, outcome: RoundOutcome) {
        let limit = Duration::from_millis(self.manifest.options.round_timeout_ms);
        let begun = std::mem::take(&mut self.open_loop).begun;
        let is_cut = |round: &Round| begun.get(&round.round).is_some_and(|begun| begun.elapsed() < limit);
        self.manifest.rounds.iter_mut().filter(|round| is_cut(round)).for_each(|round| round.outcome = outcome);
    }

    /// A round was simulated; `events` happened in all of them so far. It is written down with the run's end.
    pub fn note_simulated(&mut self, round: Round, events: u64) {
        self.manifest.expected_events += u64::from(self.manifest.options.nodes) - 1;
        self.manifest.rounds.push(round);
        self.count_simulated(events);
    }

    /// So much has happened in a simulation so far.
    pub fn count_simulated(&mut self, events: u64) {
        if let Backend::Sim(facts) = &mut self.manifest.backend {
            facts.events = Some(events);
        }
    }

    /// The round that goes on, or the one before.
    pub fn latest_round(&self) -> Option<u32> {
        self.open_round().or_else(|| Some(self.manifest.rounds.last()?.round))
    }

    /// The last sequence number that a process is known to have used; 0: none.
    pub fn last_seq(&self, process: &str) -> u64 {
        self.manifest.last_seqs.get(process).copied().unwrap_or(0)
    }

    /// What is known of the cluster that the run is on, to note more of it.
    ///
    /// # Panics
    /// Where the run is on no cluster.
    pub fn kubernetes_facts(&mut self) -> &mut KubernetesFacts {
        match &mut self.manifest.backend {
            Backend::Kubernetes(facts) => facts,
            Backend::Local(_) | Backend::Sim(_) => {
                panic!("the manifest of a run on Kubernetes says so from its first line on")
            }
        }
    }

    /// The limits that the run's pods are under.
    pub fn set_limits(&mut self, limits: Limits) {
        self.manifest.limits = limits;
    }

    /// Whether each fault was what it was meant to be.
    pub fn set_receipts(&mut self, receipts: Vec<Receipt>) {
        self.manifest.receipts = receipts;
    }

    /// Something befell a process.
    pub fn note_incident(&mut self, incident: Incident) {
        self.manifest.incidents.push(incident);
    }

    /// Each process's last sequence number, now that nothing more is recorded.
    pub fn close_records(&mut self, last_seqs: BTreeMap<String, u64>) {
        self.manifest.last_seqs.extend(last_seqs);
    }

    /// The run has ended.
    pub fn finish(&mut self, outcome: RunOutcome, reason: Option<String>) -> Result<(), FolderError> {
        self.manifest.outcome = outcome;
        self.manifest.reason = reason;
        self.manifest.finished_at = Some(now());
        self.save()
    }

    fn save(&self) -> Result<(), FolderError> {
        self.folder.replace(File { name: MANIFEST, bytes: &self.manifest.to_json() })
    }

    fn note_backend(&mut self, tally: &Tally<'_>) {
        let facts = self.manifest.backend.processes_mut();
        let resident = tally.after.iter().filter_map(|reply| reply.resident_bytes).max();
        facts.process_resident_bytes_max = facts.process_resident_bytes_max.max(resident.filter(|bytes| *bytes > 0));
        let largest = tally.after.iter().map(|reply| reply.hold_error_max_ns).max().unwrap_or(0);
        self.held.copies += tally.grown(|reply| reply.holds);
        self.held.intended_ns += tally.grown(|reply| reply.hold_intended_ns);
        self.held.achieved_ns += tally.grown(|reply| reply.hold_achieved_ns);
        self.held.error_max_ns = self.held.error_max_ns.max(largest);
        self.manifest.link_delay = self.held.summary();
    }
}

impl HeldCopies {
    /// What a summary was made from, but for rounding.
    fn of(summary: AchievedDelay) -> Self {
        let ns = |mean_ms: f64| (mean_ms * summary.copies as f64 * 1e6).round() as u64;
        Self {
            copies: summary.copies,
            intended_ns: ns(summary.intended_mean_ms),
            achieved_ns: ns(summary.achieved_mean_ms),
            error_max_ns: (summary.error_max_ms * 1e6).round() as u64,
        }
    }

    fn summary(&self) -> Option<AchievedDelay> {
        let mean_ms = |ns: u64| ns as f64 / self.copies as f64 / 1e6;
        (self.copies > 0).then(|| AchievedDelay {
            copies: self.copies,
            intended_mean_ms: mean_ms(self.intended_ns),
            achieved_mean_ms: mean_ms(self.achieved_ns),
            error_max_ms: self.error_max_ns as f64 / 1e6,
        })
    }
}

fn roster(cluster: &Cluster) -> Vec<RosterNode> {
    let hosted = cluster.processes.iter().flat_map(|process| process.nodes.iter().map(move |node| (process, node)));
    hosted
        .map(|(process, node)| RosterNode {
            id: node.id.clone(),
            address: node.address.clone(),
            process: process.name.clone(),
            host: process.host.clone(),
            zone: process.zone.clone(),
        })
        .collect()
}
