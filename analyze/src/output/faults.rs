//! `faults`: one line for each fault of a run: what was intended, what records and probes witness, and the verdict.

use std::collections::BTreeMap;

use cnsim::scenario::{Receipt, Verdict};

use crate::evidence::Evidence;
use crate::inputs::About;
use crate::table::{Cell, Table, count, ms, number, text};

pub(super) fn table(inputs: &[About], evidence: &Evidence) -> Option<Table> {
    let columns = [
        text("condition"),
        text("run_id"),
        text("fault"),
        text("kind"),
        ms("begins_ms"),
        ms("ends_ms"),
        count("rounds"),
        count("nodes"),
        count("attempted"),
        count("probes"),
        count("affected"),
        count("leaked"),
        number("affected_low", 4),
        number("affected_high", 4),
        text("verdict"),
        text("reason"),
        ms("late_max_ms"),
    ];
    // A run that was given twice had its faults once.
    let mut runs = BTreeMap::new();
    for (input, receipts) in inputs.iter().zip(evidence.receipts()) {
        runs.extend(receipts.iter().map(|(run_id, receipts)| ((&input.condition, run_id), receipts)));
    }
    let rows: Vec<[Cell; 17]> = runs
        .into_iter()
        .flat_map(|((condition, run_id), receipts)| receipts.iter().map(move |receipt| row(condition, run_id, receipt)))
        .collect();
    let caption = "What each fault was meant to be, and what the copies and probes that it should have met say of it";
    (!rows.is_empty()).then(|| Table::new("faults", caption, columns, rows))
}

fn row(condition: &str, run_id: &str, receipt: &Receipt) -> [Cell; 17] {
    let Receipt { intended, rounds, nodes, control, witness, verdict, reason } = receipt;
    let ends = intended.lasts.map(|lasts| intended.at.as_ms() + lasts.as_ms());
    // The share of nothing lies anywhere.
    let [low, high] = witness.interval.map(|end| Cell::from(Some(end).filter(|_| witness.attempted > 0)));
    [
        condition.into(),
        run_id.into(),
        intended.name.as_str().into(),
        intended.kind.word().into(),
        intended.at.as_ms().into(),
        ends.into(),
        (*rounds).into(),
        (*nodes).into(),
        witness.attempted.into(),
        witness.probes.into(),
        witness.affected.into(),
        witness.leaked.into(),
        low,
        high,
        verdict_word(*verdict).into(),
        reason.as_str().into(),
        control.late_max_ms.into(),
    ]
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Confirmed => "confirmed",
        Verdict::Contradicted => "contradicted",
        Verdict::Unwitnessed => "unwitnessed",
    }
}
