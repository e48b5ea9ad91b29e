//! `conditions`: what each condition was made to be, its factors, with one line for each limit that a run of it was meant
//! to run under.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::manifest::Factors;

use crate::audit::Limit;
use crate::inputs::About;
use crate::table::{Cell, Table, count, number, text};

/// Between the values of a factor in which runs of one condition differ.
const OR: &str = " | ";

/// The values of each factor, in the order of [`Factors::NAMES`]; none where no manifest tells.
type FactorTexts = [Option<String>; Factors::NAMES.len()];

pub(super) fn table(inputs: &[About], limits: &[Limit]) -> Option<Table> {
    let [protocol, topology, nodes, payload_bytes, network, scenario, backend, packed] = Factors::NAMES;
    let columns = [
        text("condition"),
        text("run_id"),
        text("limit"),
        text("unit"),
        count("intended"),
        number("achieved", 0),
        count("burst_bytes"),
        text("busiest_node"),
        count("busiest_round"),
        count("busiest_bytes"),
        text("verdict"),
        text(protocol),
        text(topology),
        text(nodes),
        text(payload_bytes),
        text(network),
        text(scenario),
        text(backend),
        text(packed),
    ];
    let caption = "What each condition was made to be, the limits that runs of it were meant to run under, what was found \
                   of them, and whether any round met them";
    let rows = rows(inputs, limits);
    (!rows.is_empty()).then(|| Table::new("conditions", caption, columns, rows))
}

/// Condition by condition: its limits, or one line where it has none and its factors are known.
fn rows(inputs: &[About], limits: &[Limit]) -> Vec<[Cell; 19]> {
    let factors = factors(inputs);
    let names: BTreeSet<&str> =
        factors.keys().copied().chain(limits.iter().map(|limit| limit.condition.as_str())).collect();
    let mut rows = Vec::new();
    for condition in names {
        let of_condition = factors.get(condition).cloned().unwrap_or_default();
        let limits: Vec<&Limit> = limits.iter().filter(|limit| limit.condition == condition).collect();
        if limits.is_empty() {
            rows.push(row(condition, unlimited(), &of_condition));
        }
        rows.extend(limits.into_iter().map(|limit| row(condition, cells(limit), &of_condition)));
    }
    rows
}

/// The factors of every condition that a manifest tells of.
fn factors(inputs: &[About]) -> BTreeMap<&str, FactorTexts> {
    let mut conditions: BTreeMap<&str, BTreeSet<Factors>> = BTreeMap::new();
    for input in inputs {
        for run in input.runs.values() {
            conditions.entry(&input.condition).or_default().insert(Factors::of(&run.manifest));
        }
    }
    conditions.into_iter().map(|(condition, runs)| (condition, joined(runs))).collect()
}

/// Each factor's distinct values, in order: runs of one condition may differ.
fn joined(runs: BTreeSet<Factors>) -> FactorTexts {
    let mut values: [Vec<String>; Factors::NAMES.len()] = Default::default();
    for factors in runs {
        for (values, value) in values.iter_mut().zip(factors.texts()) {
            values.push(value);
        }
    }
    values.map(|mut values| {
        // Numbers by what they are, so that 9 nodes come before 10.
        values.sort_by_key(|value| (value.parse::<u64>().ok(), value.clone()));
        values.dedup();
        (!values.is_empty()).then(|| values.join(OR))
    })
}

fn row(condition: &str, limit: [Cell; 10], factors: &FactorTexts) -> [Cell; 19] {
    let [run_id, kind, unit, intended, achieved, burst, node, round, bytes, verdict] = limit;
    let [protocol, topology, nodes, payload_bytes, network, scenario, backend, packed] =
        factors.each_ref().map(|text| text.as_deref().into());
    [
        condition.into(),
        run_id,
        kind,
        unit,
        intended,
        achieved,
        burst,
        node,
        round,
        bytes,
        verdict,
        protocol,
        topology,
        nodes,
        payload_bytes,
        network,
        scenario,
        backend,
        packed,
    ]
}

fn unlimited() -> [Cell; 10] {
    [const { Cell::None }; 10]
}

fn cells(limit: &Limit) -> [Cell; 10] {
    let busiest = limit.busiest.as_ref();
    [
        limit.run_id.as_str().into(),
        limit.kind.as_str().into(),
        limit.kind.unit().into(),
        limit.intended.into(),
        limit.achieved.into(),
        limit.burst_bytes.into(),
        busiest.map(|busiest| busiest.node.as_str()).into(),
        busiest.map(|busiest| busiest.round).into(),
        busiest.map(|busiest| busiest.bytes).into(),
        limit.verdict.as_str().into(),
    ]
}
