//! Whether the limits that a run's pods were meant to run under held, whether its rounds met them, and what befell pods.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::manifest::{Bandwidth, Incident, IncidentKind, Manifest, Memory, Probe};

use super::view::{Run, RunKey, Survey, View};
use super::{Check, Finding, Severity};

/// A probe counts what it carries, a limiter counts headers too, and Ethernet, IP and TCP take about 5 % of a full frame:
/// a rate in this span of the intended one is the limit's. Below it something else binds.
const EFFECTIVE: std::ops::RangeInclusive<f64> = 0.8..=1.1;
/// What a copy has besides its payload, at most: names, times, frames of HTTP/2.
const COPY_BYTES: u64 = 300;

/// The findings of every run.
pub(super) fn findings(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, run) in &survey.runs {
        let Some(manifest) = run.manifest() else { continue };
        findings
            .extend(manifest.limits.bandwidth.iter().flat_map(|limit| bandwidth(survey, *key, run, manifest, limit)));
        findings.extend(manifest.limits.memory.iter().filter_map(|limit| memory(*key, limit)));
        findings.extend(manifest.incidents.iter().map(|incident| disturbed(survey, *key, incident)));
    }
    findings
}

fn bandwidth(
    survey: &Survey<'_>,
    (condition, run_id): RunKey<'_>,
    run: &Run<'_>,
    manifest: &Manifest,
    limit: &Bandwidth,
) -> Option<Finding> {
    let found =
        |check, severity, detail| Some(Finding::in_condition(check, severity, condition, 1, detail).of_run(run_id));
    let intended = limit.intended_bits_per_s as f64;
    let Some(probe) = &limit.probe else {
        let why = limit.reason.as_deref().unwrap_or("there was no probe");
        let detail = format!("whether the limit of {} held is not known: {why}", rate(intended));
        return found(Check::ConditionNotProven, Severity::Caution, detail);
    };
    let (Some(achieved), Some(burst)) = (probe.achieved_bits_per_s, probe.burst_bytes) else {
        let detail = format!(
            "pods were meant to be limited to {}, and a probe met no limit in {} over {:.1} s: these data are not about \
             bandwidth; the cluster's network plugin must know the bandwidth annotations",
            rate(intended),
            bytes(probe.bytes),
            probe.seconds
        );
        return found(Check::ConditionNotEffective, Severity::Unsound, detail);
    };
    if !EFFECTIVE.contains(&(achieved / intended)) {
        let detail =
            format!("pods were meant to be limited to {}, and a probe settled at {}", rate(intended), rate(achieved));
        return found(Check::ConditionNotEffective, Severity::Unsound, detail);
    }
    let busiest = busiest_bytes(survey, run, manifest.options.payload_bytes);
    (busiest <= burst).then(|| not_exercised((condition, run_id), probe, intended, (busiest, burst)))
}

fn not_exercised(
    (condition, run_id): RunKey<'_>,
    probe: &Probe,
    intended: f64,
    (busiest, burst): (u64, u64),
) -> Finding {
    let detail = format!(
        "the limit of {} holds (a probe settled at {}), but {} pass before it binds, and the busiest node had at most {} in \
         a round: the limit changed nothing; --payload-bytes makes rounds heavier",
        rate(intended),
        rate(probe.achieved_bits_per_s.unwrap_or(intended)),
        bytes(burst),
        bytes(busiest)
    );
    Finding::in_condition(Check::ConditionNotExercised, Severity::Caution, condition, 1, detail).of_run(run_id)
}

/// What the busiest node sent or received in the busiest scored round, at most.
fn busiest_bytes(survey: &Survey<'_>, run: &Run<'_>, payload_bytes: u64) -> u64 {
    let views = run.views.iter().map(|view| &survey.views[*view]);
    let copies = views.filter(|view| survey.is_scored(view.round.round)).map(busiest_copies).max();
    copies.unwrap_or(0) * (payload_bytes + COPY_BYTES)
}

fn busiest_copies(view: &View<'_>) -> u64 {
    let events = view.round.events;
    let (mut sent, mut received) = (BTreeMap::new(), BTreeMap::new());
    for row in view.round.rows.iter().map(|row| *row as usize).filter(|row| events.kind[*row] != Kind::Initiate) {
        *sent.entry(events.sender[row]).or_insert(0) += 1;
        *received.entry(events.receiver[row]).or_insert(0) += 1;
    }
    sent.into_values().chain(received.into_values()).max().unwrap_or(0)
}

fn memory((condition, run_id): RunKey<'_>, limit: &Memory) -> Option<Finding> {
    let others: Vec<_> = limit.found.iter().filter(|(_, found)| **found != Some(limit.intended_bytes)).collect();
    let (process, found) = others.first()?;
    let found = found.map_or("no limit".to_owned(), bytes);
    let detail = format!(
        "pods were meant to have {} of memory, and the control groups of {} processes say otherwise, first {process}: {found}",
        bytes(limit.intended_bytes),
        others.len()
    );
    let count = others.len() as u64;
    Some(
        Finding::in_condition(Check::ConditionNotEffective, Severity::Unsound, condition, count, detail).of_run(run_id),
    )
}

fn disturbed(survey: &Survey<'_>, (condition, run_id): RunKey<'_>, incident: &Incident) -> Finding {
    let severity = match incident.kind {
        IncidentKind::RecordsLost => Severity::Unsound,
        IncidentKind::Restarted
        | IncidentKind::OomKilled
        | IncidentKind::Evicted
        | IncidentKind::Deleted
        | IncidentKind::Unreachable => Severity::Caution,
    };
    let detail = format!("at {} pod {}: {}", incident.at, incident.pod, incident.detail);
    let finding = Finding::in_condition(Check::ProcessDisturbed, severity, condition, 1, detail).of_run(run_id);
    match incident.round {
        Some(round) => finding.of_round(round, survey.is_scored(round)),
        None => finding,
    }
}

/// Bits per second, in a unit that can be read.
fn rate(bits_per_s: f64) -> String {
    format!("{:.2} Mbit/s", bits_per_s / 1e6)
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::Limits;

    use super::super::fixture::{Fixture, only};
    use super::super::{Quality, Verdict};
    use super::*;

    fn probed(achieved: Option<f64>, burst: Option<u64>) -> Quality {
        let probe = Probe {
            from: "p0".to_owned(),
            to: "p1".to_owned(),
            bytes: 23_000_000,
            seconds: 4.1,
            achieved_bits_per_s: achieved,
            burst_bytes: burst,
        };
        let limit = Bandwidth { intended_bits_per_s: 5_000_000, probe: Some(probe), reason: None };
        limited(Limits { bandwidth: Some(limit), memory: None })
    }

    fn limited(limits: Limits) -> Quality {
        let mut fixture = Fixture::flood();
        fixture.manifest().limits = limits;
        fixture.audit()
    }

    #[test]
    fn a_limit_that_holds_and_is_not_met_by_the_rounds_is_a_caution() {
        let quality = probed(Some(4.86e6), Some(20_500_000));
        assert_eq!(only(&quality, Check::ConditionNotExercised).len(), 1);
        assert_eq!((only(&quality, Check::ConditionNotEffective), quality.verdict), (vec![], Verdict::Caution));
    }

    #[test]
    fn a_limit_that_the_rounds_meet_is_no_finding() {
        assert_eq!(probed(Some(4.86e6), Some(100)).verdict, Verdict::Sound);
    }

    #[test]
    fn a_limit_that_nobody_meets_or_at_another_rate_makes_the_run_unsound() {
        for quality in [probed(None, None), probed(Some(9.9e6), Some(1)), probed(Some(1e6), Some(1))] {
            assert_eq!(only(&quality, Check::ConditionNotEffective).len(), 1);
            assert_eq!(quality.verdict, Verdict::Unsound);
        }
    }

    #[test]
    fn a_limit_without_a_probe_is_not_proven() {
        let reason = Some("a probe needs two pods".to_owned());
        let limit = Bandwidth { intended_bits_per_s: 5_000_000, probe: None, reason };
        let quality = limited(Limits { bandwidth: Some(limit), memory: None });
        let found = only(&quality, Check::ConditionNotProven);
        assert!(found[0].detail.ends_with("a probe needs two pods"), "{}", found[0].detail);
    }

    #[test]
    fn memory_limits_are_compared_with_what_the_control_groups_say() {
        let of = |found: Option<u64>| {
            let found = BTreeMap::from([("p0".to_owned(), Some(157_286_400)), ("p1".to_owned(), found)]);
            let memory = Memory { intended_bytes: 157_286_400, found };
            limited(Limits { bandwidth: None, memory: Some(memory) }).verdict
        };
        assert_eq!(of(Some(157_286_400)), Verdict::Sound);
        assert_eq!(of(None), Verdict::Unsound);
    }

    #[test]
    fn what_befell_a_pod_is_told_in_its_round() {
        let mut fixture = Fixture::flood();
        fixture.manifest().incidents.push(Incident {
            at: "2026-01-01T00:00:00Z".to_owned(),
            round: Some(2),
            process: None,
            pod: "g-3".to_owned(),
            kind: IncidentKind::OomKilled,
            detail: "it ended with OOMKilled, exit code 137".to_owned(),
        });
        let found = only(&fixture.audit(), Check::ProcessDisturbed);
        assert_eq!((found[0].round, found[0].severity), (Some(2), Severity::Caution));
        assert!(found[0].detail.contains("pod g-3: it ended with OOMKilled"), "{}", found[0].detail);
    }
}
