//! What befell processes, as the driver saw it: why deliveries or records may be missing.

use cnsim::manifest::{Incident, IncidentKind};

use super::sequence::Gaps;
use super::view::{Run, RunKey, Survey};
use super::{Check, Finding, Severity};

/// How many incidents a sentence tells.
const TOLD: usize = 2;

/// One finding for each incident; records that a process's numbers show to be missing are not found twice.
pub(super) fn findings(survey: &Survey<'_>, gaps: &Gaps) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, run) in &survey.runs {
        let incidents = run.manifest().into_iter().flat_map(|manifest| &manifest.incidents);
        findings.extend(incidents.filter_map(|incident| finding(survey, gaps, *key, incident)));
    }
    findings
}

fn finding(survey: &Survey<'_>, gaps: &Gaps, key: RunKey<'_>, incident: &Incident) -> Option<Finding> {
    let (check, severity, why) = match incident.kind {
        IncidentKind::Restarted
        | IncidentKind::OomKilled
        | IncidentKind::Evicted
        | IncidentKind::Deleted
        | IncidentKind::Unreachable => {
            let why = "for a while the network had fewer nodes than it is said to have";
            (Check::ProcessDisturbed, Severity::Caution, why)
        }
        IncidentKind::RecordsLost => {
            let process = incident.process.as_deref();
            if gaps.of(key).iter().any(|gap| Some(gap.process.as_str()) == process) {
                return None;
            }
            let why = "coverage, convergence, copies and duplicates may be too low";
            (Check::RecordsLost, Severity::Unsound, why)
        }
    };
    let detail = format!("{}: {why}", told(incident));
    let finding = Finding::in_condition(check, severity, key.0, 1, detail).of_run(key.1);
    Some(match incident.round {
        Some(round) => finding.of_round(round, survey.is_scored(round)),
        None => finding,
    })
}

/// Why the numbers of some processes are missing, as far as the driver knows, to stand behind a sentence.
pub(super) fn lost_of(run: &Run<'_>, processes: &[&str]) -> String {
    let incidents = run.manifest().into_iter().flat_map(|manifest| &manifest.incidents);
    let lost = incidents.filter(|incident| incident.kind == IncidentKind::RecordsLost);
    let known = lost.filter(|incident| incident.process.as_deref().is_some_and(|name| processes.contains(&name)));
    let texts: Vec<String> = known.map(told).collect();
    if texts.is_empty() { String::new() } else { format!("; {}", few(&texts)) }
}

/// What befell processes in a round, to stand before a sentence about it; empty where nothing did.
pub(super) fn in_round(run: &Run<'_>, round: u32) -> String {
    let incidents = run.manifest().into_iter().flat_map(|manifest| &manifest.incidents);
    let texts: Vec<String> = incidents.filter(|incident| incident.round == Some(round)).map(told).collect();
    if texts.is_empty() { String::new() } else { format!("{}: ", few(&texts)) }
}

fn few(texts: &[String]) -> String {
    let (shown, rest) = texts.split_at(texts.len().min(TOLD));
    match rest.len() {
        0 => shown.join(", "),
        more => format!("{}, and {more} more incidents", shown.join(", ")),
    }
}

/// An incident in words: who, what, when and why.
fn told(incident: &Incident) -> String {
    let who = match incident.pod.as_str() {
        "" => incident.process.as_deref().unwrap_or("a process"),
        pod => pod,
    };
    let when = incident.round.map_or_else(|| " between rounds".to_owned(), |round| format!(" in round {round}"));
    let why = if incident.detail.is_empty() { String::new() } else { format!(" ({})", incident.detail) };
    format!("{who} {}{when}{why}", incident_words(incident.kind))
}

/// What befell a process, in words that follow its name.
pub(crate) fn incident_words(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::Restarted => "was started again",
        IncidentKind::OomKilled => "was killed for its memory",
        IncidentKind::Evicted => "was evicted from its host",
        IncidentKind::Deleted => "was deleted",
        IncidentKind::Unreachable => "did not answer",
        IncidentKind::RecordsLost => "lost records",
    }
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::RoundOutcome;

    use super::super::fixture::{Fixture, only};
    use super::super::{Quality, Verdict};
    use super::*;

    fn incident(kind: IncidentKind, round: Option<u32>, detail: &str) -> Incident {
        let (pod, process) = ("gossip-3".to_owned(), Some("n3@1".to_owned()));
        Incident { at: "2025-03-26T00:00:04Z".to_owned(), round, process, pod, kind, detail: detail.to_owned() }
    }

    fn disturbed(kind: IncidentKind, round: Option<u32>) -> Quality {
        let mut fixture = Fixture::flood();
        fixture.manifest().incidents.push(incident(kind, round, "it ended with OOMKilled, exit code 137"));
        fixture.audit()
    }

    #[test]
    fn a_run_that_nothing_befell_finds_nothing() {
        let quality = Fixture::flood().audit();
        for check in [Check::ProcessDisturbed, Check::RecordsLost] {
            assert_eq!(only(&quality, check), vec![]);
        }
    }

    #[test]
    fn every_disturbance_names_pod_round_and_reason() {
        for kind in [
            IncidentKind::Restarted,
            IncidentKind::OomKilled,
            IncidentKind::Evicted,
            IncidentKind::Deleted,
            IncidentKind::Unreachable,
        ] {
            let quality = disturbed(kind, Some(2));
            let found = only(&quality, Check::ProcessDisturbed);
            assert_eq!((found.len(), found[0].severity, found[0].round), (1, Severity::Caution, Some(2)));
            let expected =
                format!("gossip-3 {} in round 2 (it ended with OOMKilled, exit code 137): ", incident_words(kind));
            assert!(found[0].detail.starts_with(&expected), "{}", found[0].detail);
            assert_eq!(quality.verdict, Verdict::Caution);
        }
    }

    #[test]
    fn a_disturbance_of_a_warm_up_round_does_not_count_and_one_between_rounds_does() {
        assert_eq!(disturbed(IncidentKind::Restarted, Some(0)).verdict, Verdict::Sound);
        assert_eq!(disturbed(IncidentKind::Restarted, None).verdict, Verdict::Caution);
    }

    #[test]
    fn lost_records_that_no_number_shows_are_found() {
        let quality = disturbed(IncidentKind::RecordsLost, Some(1));
        let found = only(&quality, Check::RecordsLost);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Unsound));
        assert_eq!(only(&quality, Check::ProcessDisturbed), vec![]);
    }

    #[test]
    fn lost_records_that_leave_a_gap_are_found_once_with_the_reason() {
        let mut fixture = Fixture::flood();
        let lost = "records 4-4 are neither in its spool nor in the pod's log";
        fixture.manifest().incidents.push(incident(IncidentKind::RecordsLost, Some(1), lost));
        fixture.rows.retain(|row| !(row.round == 1 && row.receiver == "n3" && row.sender == "n1"));
        let quality = fixture.audit();
        assert_eq!(only(&quality, Check::RecordsLost), vec![]);
        let gaps = only(&quality, Check::SequenceGap);
        assert_eq!(gaps.len(), 1);
        assert!(gaps[0].detail.contains(lost), "{}", gaps[0].detail);
    }

    #[test]
    fn missing_deliveries_of_a_disturbed_round_say_what_happened_and_in_which_pods() {
        let mut fixture = Fixture::flood();
        fixture.silence("n3", 1);
        fixture.on_kubernetes(["gossip-0", "gossip-1", "gossip-2", "gossip-3"]);
        let how = "it ended with OOMKilled, exit code 137";
        fixture.manifest().incidents.push(incident(IncidentKind::OomKilled, Some(1), how));
        fixture.manifest_round(1).outcome = RoundOutcome::Disturbed;
        let quality = fixture.audit();
        let found = only(&quality, Check::MissingDeliveries);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Caution));
        let expected = format!(
            "gossip-3 was killed for its memory in round 1 ({how}): 1 of 3 deliveries have no receipt (at n3, in pod \
             gossip-3)"
        );
        assert!(found[0].detail.starts_with(&expected), "{}", found[0].detail);
    }

    #[test]
    fn missing_deliveries_of_another_round_do_not() {
        let mut fixture = Fixture::flood();
        fixture.silence("n3", 1);
        fixture.manifest().incidents.push(incident(IncidentKind::OomKilled, Some(2), "x"));
        let found = only(&fixture.audit(), Check::MissingDeliveries);
        assert!(found[0].detail.starts_with("1 of 3 deliveries"), "{}", found[0].detail);
    }

    #[test]
    fn many_incidents_of_a_round_are_told_in_part() {
        let mut fixture = Fixture::flood();
        for _ in 0..4 {
            fixture.manifest().incidents.push(incident(IncidentKind::Evicted, Some(1), ""));
        }
        fixture.silence("n3", 1);
        let found = only(&fixture.audit(), Check::MissingDeliveries);
        let once = "gossip-3 was evicted from its host in round 1";
        assert!(found[0].detail.starts_with(&format!("{once}, {once}, and 2 more incidents: 1 of 3")));
    }
}
