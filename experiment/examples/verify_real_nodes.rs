//! Holds a run of real nodes against exact values: `verify_real_nodes RUN`, RUN the folder of a run of `push:K --back-to-sender` over
//! the complete graph, where in each round some nodes may be down from the start. Prints a line for each number, and fails where one is
//! off.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use cnsim::event::{Kind, Record};
use cnsim::link::Loss;
use cnsim::manifest::{Backend, Manifest, RoundOutcome, RunOutcome};
use cnsim::scenario::{Effect, Manner, ROUND_END, RoundLine, Verdict};
use cnsim::time::Interval;
use cnsim::topology::Topology;

#[path = "../../sim/verify/check.rs"]
#[allow(dead_code, reason = "the simulator is held to more")]
mod check;
#[path = "../../sim/verify/exact/final_size.rs"]
#[allow(dead_code, reason = "the simulator is held to more")]
mod final_size;

use check::Check;
use final_size::{Spread, final_size};

/// Fewer tell too little.
const ROUNDS_MIN: usize = 400;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("error: name the folder of a run, as: verify_real_nodes runs/4abf0c12-cubaan100");
        return ExitCode::from(2);
    };
    match verify(Path::new(&folder)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every number of the run is what it has to be.
fn verify(folder: &Path) -> Result<bool> {
    let read = |name: &str| fs::read(folder.join(name)).with_context(|| format!("{}/{name}", folder.display()));
    let manifest = Manifest::from_json(&read("manifest.json")?).context("manifest.json")?;
    let fanout = fanout_of(&manifest)?;
    let nodes = manifest.options.nodes as usize;
    let down = match manifest.options.faults.is_empty() {
        true => Down::default(),
        false => Down::of(&manifest, &read("faults.jsonl")?, &read("topology.json")?)?,
    };
    let reached = reached_by_round(&manifest, &down, &read("events.jsonl")?)?;
    ensure!(reached.len() >= ROUNDS_MIN, "{} rounds came to rest: {ROUNDS_MIN} are needed", reached.len());

    let live = nodes - down.each;
    let missed: Vec<f64> = reached.iter().map(|reached| (live - reached) as f64 / live as f64).collect();
    let all: Vec<f64> = reached.iter().map(|reached| f64::from(u8::from(*reached == live))).collect();
    let exact = final_size(&Spread { n_nodes: nodes, fanout, loss: 0.0, n_crashed: down.each });
    let (p, (residue, sd)) = (exact.all(), exact.residue());
    let stopped = if down.each > 0 { format!(", {} of them down from the start", down.each) } else { String::new() };
    let experiment = format!(
        "push:{fanout} --back-to-sender, complete graph of {nodes}{stopped}, real nodes, {} rounds",
        reached.len()
    );
    let checks = [
        Check::mean(&experiment, "P(all)", p, (p * (1.0 - p)).sqrt(), &all),
        Check::mean(&experiment, "residue", residue, sd, &missed),
    ];
    println!("| experiment | number | exact | measured | sigma | off by, in sigma | |\n|---|---|---|---|---|---|---|");
    for check in &checks {
        let sigma = check.tolerance / 4.0;
        let numbers = [check.exact, check.found, sigma].map(|number| format!("{number:.6}"));
        let (off, verdict) = ((check.found - check.exact) / sigma, if check.holds() { "ok" } else { "**off**" });
        println!("| {} | {} | {} | {off:+.2} | {verdict} |", check.experiment, check.quantity, numbers.join(" | "));
    }
    Ok(checks.iter().all(Check::holds))
}

/// To how many each node of the run forwards; refuses a run that the exact values are not of.
fn fanout_of(manifest: &Manifest) -> Result<usize> {
    let options = &manifest.options;
    ensure!(!matches!(manifest.backend, Backend::Sim(_)), "it was simulated: just verify-simulator is for that");
    ensure!(manifest.outcome == RunOutcome::Complete, "the run did not complete");
    ensure!(manifest.topology_complete, "its topology is not the complete graph");
    ensure!(options.back_to_sender, "it was run without --back-to-sender");
    ensure!(options.loss == Loss::default(), "it was run with --loss");
    let protocol = options.protocol.to_string();
    let fanout = protocol.strip_prefix("push:").and_then(|fanout| fanout.parse().ok());
    fanout.with_context(|| format!("its protocol is {protocol}, not push:K"))
}

/// The nodes that were down from the start of each round to its end.
#[derive(Default)]
struct Down {
    /// How many in each round.
    each: usize,
    /// By round; nothing where no fault was.
    rounds: BTreeMap<u32, BTreeSet<String>>,
}

impl Down {
    /// By the run's own files. Refuses other faults, and one that nobody has seen at work.
    fn of(manifest: &Manifest, lines: &[u8], topology: &[u8]) -> Result<Self> {
        let receipts = &manifest.receipts;
        let unseen = receipts.iter().find(|receipt| receipt.verdict != Verdict::Confirmed);
        ensure!(
            unseen.is_none(),
            "fault {}: {}",
            unseen.map_or("", |it| &it.intended.name),
            unseen.map_or("", |it| &it.reason)
        );
        ensure!(
            receipts.len() == 1,
            "it has {} receipts of faults: one fault that takes nodes down is looked at",
            receipts.len()
        );
        let nodes = Topology::from_json(topology).context("topology.json")?.nodes;
        let mut rounds = BTreeMap::new();
        for line in std::str::from_utf8(lines).context("faults.jsonl")?.lines() {
            let RoundLine { round, timeline, .. } = serde_json::from_str(line).context("faults.jsonl")?;
            let mut down = BTreeSet::new();
            for fault in timeline.faults {
                let Effect::Stopped { manner: Manner::Down { .. }, nodes: stopped } = fault.effect else {
                    bail!("fault {} takes no node down", fault.name)
                };
                let is_whole = (fault.window.begins, fault.window.ends) == (Interval::ZERO, ROUND_END);
                ensure!(is_whole, "fault {} does not last from the start of a round to its end", fault.name);
                down.extend(stopped.iter().map(|it| nodes[it.node.index()].to_string()));
            }
            rounds.insert(round, down);
        }
        let each = rounds.values().next().map_or(0, BTreeSet::len);
        ensure!(rounds.values().all(|down| down.len() == each), "rounds have other numbers of nodes that are down");
        Ok(Self { each, rounds })
    }

    fn has(&self, round: u32, node: &str) -> bool {
        self.rounds.get(&round).is_some_and(|down| down.contains(node))
    }
}

/// How many nodes hold the message at the end of each scored round, by the records: the initiator and who received it. Refuses a
/// run whose driver counted otherwise, and one in which a send to a node that was up failed.
fn reached_by_round(manifest: &Manifest, down: &Down, records: &[u8]) -> Result<Vec<usize>> {
    let mut receivers: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for line in records.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let record = Record::read_line(line).context("events.jsonl")?;
        let (round, receiver) = (record.round, record.receiver_id.into_owned());
        let is_down = down.has(round, &receiver);
        match record.kind {
            Kind::Initiate | Kind::Received => {
                ensure!(!is_down, "round {round}: {receiver} holds the message and was down");
                receivers.entry(round).or_default().insert(receiver);
            }
            Kind::Duplicate => {}
            Kind::Failed => ensure!(is_down || round == 0, "round {round}: a send to {receiver} failed, which was up"),
        }
    }
    let mut reached = Vec::new();
    for round in manifest.rounds.iter().filter(|round| round.round > 0) {
        ensure!(round.outcome == RoundOutcome::Quiescent, "round {} did not come to rest", round.round);
        ensure!(down.each > 0 || round.failed == 0, "{} sends of round {} failed", round.failed, round.round);
        let by_records = receivers.get(&round.round).map_or(0, BTreeSet::len);
        let by_driver = round.delivered as usize + 1;
        ensure!(by_records == by_driver, "round {}: {by_records} by records, {by_driver} by its driver", round.round);
        reached.push(by_records);
    }
    Ok(reached)
}
