//! The copies of a round that failed, each with the fault that stopped it.

use std::fmt::Write;

use cnsim::event::Kind;
use cnsim_records::columns::UNKNOWN_NS;

use super::explained::{ExplainedRound, FailedCopy, ms};
use super::spec::Extent;
use crate::inputs::Loaded;
use crate::measure::scenario::Scenarios;
use crate::rounds::Round;

/// Lines that are printed where not all are asked for.
const SHOWN: usize = 24;

/// Those of a round, in the order in which they were sent; none where no fault befell it.
pub(super) fn failed_copies(input: &Loaded, round: &Round<'_>) -> Vec<FailedCopy> {
    let scenarios = Scenarios::of(&input.about, &round.events.names);
    let Some(scenario) = scenarios.round(round) else { return Vec::new() };
    let (events, name) = (round.events, |node: u32| round.events.names.nodes.text(node).to_owned());
    let failed = round.rows.clone().filter(|row| events.kind[*row] == Kind::Failed);
    let copy = |row: usize| {
        let (sender, receiver, ended_ns) = (events.sender[row], events.receiver[row], events.received_ns[row]);
        let sent_ns = Some(events.sent_ns[row]).filter(|at| *at != UNKNOWN_NS).unwrap_or(ended_ns);
        let fault = scenario.stopped_by((sender, receiver), (sent_ns, ended_ns));
        FailedCopy { sender: name(sender), receiver: name(receiver), sent_ns, fault: fault.map(str::to_owned) }
    };
    let mut copies: Vec<FailedCopy> = failed.map(copy).collect();
    copies.sort_by(|a, b| (a.sent_ns, &a.sender, &a.receiver).cmp(&(b.sent_ns, &b.sender, &b.receiver)));
    copies
}

impl ExplainedRound {
    /// When a failed copy was sent, in ms since time began.
    pub(super) fn sent_ms(&self, copy: &FailedCopy) -> f64 {
        ms(copy.sent_ns.saturating_sub(self.zero().0))
    }
}

/// A table of them for readers; nothing where there are none.
pub(super) fn table(explained: &ExplainedRound, extent: Extent, out: &mut String) {
    let copies = &explained.failed;
    if copies.is_empty() {
        return;
    }
    let shown = match extent {
        Extent::All => copies.len(),
        Extent::Slowest => copies.len().min(SHOWN),
    };
    let names: Vec<String> =
        copies[..shown].iter().map(|copy| format!("{} > {}", copy.sender, copy.receiver)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("failed copy".len());
    let mut line = |name: &str, at: &str, fault: &str| {
        writeln!(out, "  {name:<width$}  {at:>10}  {fault}").expect("a string takes every text");
    };
    line("failed copy", "sent ms", "stopped by");
    for (name, copy) in names.iter().zip(copies) {
        let fault = copy.fault.as_deref().unwrap_or("no fault");
        line(name, &format!("{:.3}", explained.sent_ms(copy)), fault);
    }
    if shown < copies.len() {
        out.push_str(&format!("  … {} more (--all)\n", copies.len() - shown));
    }
}
