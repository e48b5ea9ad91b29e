//! Lies planted into real runs of every protocol: each is found, by its check and with its severity, and the runs as they are
//! have nothing to find. A run is planted with its manifest, or as records alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use cnsim_analyze::audit::{Check, Severity};
use serde_json::json;

mod forged;
mod run;
#[path = "../support/mod.rs"]
mod support;

use run::*;

const RUNS: [&str; 5] = ["flood-cubaan6", "mail-cubaan6", "push-cubaan8", "ring-cubaan6", "seed-cubaan6"];

/// Runs with plants of their own: one whose rounds end at the horizon, simulated ones that lose copies, push and call in periods, and
/// one that grows a tree.
const OTHER_RUNS: [&str; 5] = ["pull-cubaan6", "sim-cubaan8", "period-cubaan6", "calls-cubaan6", "tree-cubaan6"];

type Plant = (&'static str, Into, fn(&mut Run), Check, Severity);

const PLANTS: &[Plant] = &[
    ("a clock an hour ahead", Into::Either, |run| set_clock(run, 3_600_000), Check::ImpossibleTimes, Severity::Unsound),
    (
        "a clock an hour behind",
        Into::Either,
        |run| set_clock(run, -3_600_000),
        Check::NegativeLatency,
        Severity::Caution,
    ),
    ("another day", Into::Folder, |run| shift(run, 86_400_000), Check::ManifestContradicted, Severity::Unsound),
    ("whole milliseconds", Into::Either, |run| cut(run, 1_000_000), Check::CoarseTimestamps, Severity::Caution),
    ("whole seconds", Into::Either, |run| cut(run, 1_000_000_000), Check::CoarseTimestamps, Severity::Unsound),
    ("one time a round", Into::Either, one_time, Check::CoarseTimestamps, Severity::Unsound),
    (
        "late by a second",
        Into::Folder,
        |run| last(run, 3)["received_ns"] = plus(last(run, 3), 1_000),
        Check::ImpossibleTimes,
        Severity::Unsound,
    ),
    (
        "rounds reversed",
        Into::Records,
        |run| renumber(run, |round| 7 - round),
        Check::RoundsOutOfOrder,
        Severity::Caution,
    ),
    (
        "two rounds in one",
        Into::Folder,
        |run| renumber(run, |round| if round == 6 { 5 } else { round }),
        Check::BegunAgain,
        Severity::Unsound,
    ),
    (
        "two rounds in one",
        Into::Records,
        |run| renumber(run, |round| if round == 6 { 5 } else { round }),
        Check::BegunAgain,
        Severity::Caution,
    ),
    ("two rounds in one that overlap", Into::Records, overlap, Check::BegunAgain, Severity::Unsound),
    ("two rounds in one that nodes remember", Into::Records, remember, Check::BegunAgain, Severity::Unsound),
    (
        "a round gone",
        Into::Records,
        |run| run.records.retain(|it| it["round"] != 4),
        Check::MissingRounds,
        Severity::Caution,
    ),
    (
        "a round gone",
        Into::Folder,
        |run| run.records.retain(|it| it["round"] != 4),
        Check::MissingDeliveries,
        Severity::Unsound,
    ),
    (
        "no beginning",
        Into::Either,
        |run| run.records.retain(|it| !is(it, "initiate")),
        Check::MissingInitiate,
        Severity::Unsound,
    ),
    ("the last receipt gone", Into::Folder, |run| drop_last(run, 3), Check::MissingDeliveries, Severity::Unsound),
    ("a round given up", Into::Folder, give_up, Check::LateDeliveries, Severity::Caution),
    (
        "another timestamp",
        Into::Either,
        |run| each(run, 3, |it| it["received_timestamp"] = json!(1)),
        Check::ContradictoryRows,
        Severity::Unsound,
    ),
    (
        "propagation in us",
        Into::Either,
        |run| each(run, 3, |it| scale(it, "propagation_time", 1e3)),
        Check::ContradictoryRows,
        Severity::Unsound,
    ),
    (
        "a message of another round",
        Into::Either,
        |run| each(run, 3, |it| it["message"] = json!(format!("{}-9", it["run_id"].as_str().unwrap()))),
        Check::ContradictoryRows,
        Severity::Unsound,
    ),
    (
        "a stranger sends",
        Into::Folder,
        |run| each(run, 3, |it| it["sender_id"] = json!("stranger")),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "a node with two names",
        Into::Records,
        |run| rename(run, |it| it["round"].as_u64() > Some(4)),
        Check::TooManyNodes,
        Severity::Caution,
    ),
    ("a copy twice", Into::Either, send_twice, Check::InvariantBroken, Severity::Unsound),
    (
        "one name for all copies",
        Into::Either,
        |run| each(run, 3, |it| it["send_id"] = json!("x")),
        Check::InvariantBroken,
        Severity::Unsound,
    ),
    (
        "another protocol",
        Into::Folder,
        |run| each(run, 3, |it| it["protocol"] = json!("push:9")),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "another protocol",
        Into::Records,
        |run| each(run, 3, |it| it["protocol"] = json!("push:9")),
        Check::MixedRecords,
        Severity::Unsound,
    ),
    (
        "another condition",
        Into::Folder,
        |run| each(run, 3, |it| it["condition"] = json!("x")),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "another host",
        Into::Folder,
        |run| each(run, 3, |it| it["host"] = json!("mars")),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "another host",
        Into::Records,
        |run| each(run, 3, |it| it["host"] = json!("mars")),
        Check::MixedRecords,
        Severity::Caution,
    ),
    (
        "sizes that cannot be",
        Into::Folder,
        |run| each(run, 3, |it| scale(it, "bytes", 9.0)),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "another number of nodes",
        Into::Folder,
        |run| each(run, 3, |it| it["nodes"] = json!(99)),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "a number of a process gone",
        Into::Either,
        |run| drop(run.records.remove(run.records.len() / 2)),
        Check::SequenceGap,
        Severity::Unsound,
    ),
    ("a number of a process twice", Into::Either, repeat_number, Check::ConflictingRows, Severity::Unsound),
    (
        "manifest: nodes",
        Into::Folder,
        |run| run.manifest["options"]["nodes"] = json!(9),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: protocol",
        Into::Folder,
        |run| run.manifest["options"]["protocol"] = json!("push:7"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: payload",
        Into::Folder,
        |run| run.manifest["options"]["payload_bytes"] = json!(900),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: link delay",
        Into::Folder,
        |run| run.manifest["options"]["link_delay"] = json!("20"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: seed",
        Into::Folder,
        |run| run.manifest["options"]["seed"] = json!(77),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: topology",
        Into::Folder,
        |run| run.manifest["options"]["topology"] = json!("star"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: packing",
        Into::Folder,
        |run| run.manifest["options"]["nodes_per_process"] = json!(1),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: rounds",
        Into::Folder,
        |run| run.manifest["options"]["rounds"] = json!(3),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: delivered",
        Into::Folder,
        |run| run.manifest["rounds"][3]["delivered"] = json!(99),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: failed",
        Into::Folder,
        |run| run.manifest["rounds"][3]["failed"] = json!(9),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: events",
        Into::Folder,
        |run| run.manifest["expected_events"] = json!(1),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: initiator",
        Into::Folder,
        |run| run.manifest["rounds"][3]["initiator"] = json!("x"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: a long round",
        Into::Folder,
        |run| run.manifest["rounds"][3]["driver_ms"] = json!(9e4),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: begun yesterday",
        Into::Folder,
        |run| run.manifest["started_at"] = json!("2026-01-01T00:00:00Z"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: roster",
        Into::Folder,
        |run| drop(run.manifest["roster"].as_array_mut().unwrap().pop()),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: a host",
        Into::Folder,
        |run| run.manifest["roster"][0]["host"] = json!("venus"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: a process",
        Into::Folder,
        |run| run.manifest["roster"][0]["process"] = json!("ghost"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: digest",
        Into::Folder,
        |run| run.manifest["topology_sha256"] = json!("sha256:0"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: completeness",
        Into::Folder,
        |run| run.manifest["topology_complete"] = json!(!run.manifest["topology_complete"].as_bool().unwrap()),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    ("manifest: last number", Into::Folder, raise_last_seq, Check::SequenceGap, Severity::Unsound),
    (
        "manifest: still running",
        Into::Folder,
        |run| run.manifest["outcome"] = json!("running"),
        Check::RunStillGoing,
        Severity::Caution,
    ),
    (
        "manifest: a clock was set",
        Into::Folder,
        |run| run.manifest["rounds"][3]["clock_steps"] = json!(3),
        Check::ClockStep,
        Severity::Caution,
    ),
    (
        "manifest: virtual time",
        Into::Folder,
        |run| run.manifest["clock"] = json!("virtual"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    ("copies that take no time", Into::Either, no_time, Check::CoarseTimestamps, Severity::Unsound),
];

/// What can be planted into one run alone.
const PLANTS_OF: &[(&str, Plant)] = &[
    ("flood-cubaan6", DUPLICATES_FROM_AFAR),
    ("push-cubaan8", DUPLICATES_FROM_AFAR),
    ("pull-cubaan6", LATE),
    ("sim-cubaan8", LATE),
    (
        "pull-cubaan6",
        (
            "manifest: delivered",
            Into::Folder,
            |run| run.manifest["rounds"][3]["delivered"] = json!(4),
            Check::ManifestContradicted,
            Severity::Unsound,
        ),
    ),
    (
        "sim-cubaan8",
        ("another day", Into::Folder, |run| shift(run, 86_400_000), Check::ManifestContradicted, Severity::Unsound),
    ),
    (
        "sim-cubaan8",
        (
            "a host",
            Into::Folder,
            |run| each(run, 3, |it| it["host"] = json!("mars")),
            Check::ManifestContradicted,
            Severity::Unsound,
        ),
    ),
    (
        "sim-cubaan8",
        (
            "manifest: times of machines",
            Into::Folder,
            |run| run.manifest["clock"] = json!("wall"),
            Check::ManifestContradicted,
            Severity::Unsound,
        ),
    ),
    (
        "sim-cubaan8",
        (
            "manifest: loss",
            Into::Folder,
            |run| run.manifest["options"]["loss"] = json!("60%"),
            Check::ManifestContradicted,
            Severity::Unsound,
        ),
    ),
];

const DUPLICATES_FROM_AFAR: Plant =
    ("duplicates from afar", Into::Either, duplicates_from_afar, Check::InvariantBroken, Severity::Unsound);

const LATE: Plant = (
    "late by a second",
    Into::Folder,
    |run| last(run, 3)["received_ns"] = plus(last(run, 3), 1_000),
    Check::ImpossibleTimes,
    Severity::Unsound,
);

#[test]
fn runs_of_every_protocol_have_nothing_to_find() {
    let of_all = RUNS.into_iter().flat_map(|name| [(name, Into::Folder), (name, Into::Records)]);
    // Of records alone nobody knows that copies were to be lost.
    for (name, into) in of_all.chain(OTHER_RUNS.map(|name| (name, Into::Folder))) {
        let quality = Run::read(name).judge(into);
        let found: Vec<_> = quality.findings.iter().filter(|found| found.severity > Severity::Info).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn between_two_machines_a_receipt_after_the_drivers_end_is_found_and_clocks_that_are_apart_are_none() {
    for name in RUNS {
        let flagged = |ahead_ms: i64, late_ms: i64| {
            let mut run = Run::read(name);
            on_two_machines(&mut run, ahead_ms);
            last(&mut run, 3)["received_ns"] = plus(last(&mut run, 3), late_ms);
            let mut findings = run.judge(Into::Folder).findings;
            findings
                .retain(|found| found.severity == Severity::Unsound && found.detail.contains("its driver saw the end"));
            findings.into_iter().map(|found| (found.check, found.round)).collect::<Vec<_>>()
        };
        assert_eq!((flagged(0, 0), flagged(300, 0)), (vec![], vec![]), "{name}");
        let found = [(Check::ImpossibleTimes, Some(3))];
        assert_eq!((flagged(0, 1_000), flagged(300, 1_000)), (found.to_vec(), found.to_vec()), "{name}");
    }
}

#[test]
fn every_plant_is_found_in_every_run_by_its_check_and_with_its_severity() {
    let mut missed = Vec::new();
    let of_all = PLANTS.iter().flat_map(|plant| RUNS.into_iter().map(move |name| (name, plant)));
    let of_one = PLANTS_OF.iter().map(|(name, plant)| (*name, plant));
    for (name, (what, into, plant, check, severity)) in of_all.chain(of_one) {
        let places = match into {
            Into::Folder | Into::Records => vec![*into],
            Into::Either => vec![Into::Folder, Into::Records],
        };
        for place in places {
            let mut run = Run::read(name);
            plant(&mut run);
            let quality = run.judge(place);
            if !quality.findings.iter().any(|found| found.check == *check && found.severity >= *severity) {
                let found: Vec<_> = quality.findings.iter().map(|found| (found.check, found.severity)).collect();
                let place = if place == Into::Folder { "with its manifest" } else { "alone" };
                missed.push(format!("{what} in {name} {place}: no {check}, but {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}
