//! What befell processes, as the driver saw it: why deliveries or records may be missing.

use cnsim::manifest::{Incident, IncidentKind};

use super::finding::{Check, Finding, Severity};
use super::gaps::Gaps;
use super::incident_words::describe_incident;
use super::scope::{RunKey, Scope};

/// One finding for each incident; records that a process's numbers show to be missing are not found twice.
pub(super) fn findings<'a>(scope: &Scope<'a>, gaps: &Gaps<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, run) in &scope.runs {
        let incidents = run.manifest().into_iter().flat_map(|manifest| &manifest.incidents);
        let incidents = incidents.filter(|incident| !shows_as_gap(incident, *key, gaps));
        findings.extend(incidents.map(|incident| finding(scope, *key, incident)));
    }
    findings
}

/// Whether an incident is a loss of records that the check of sequence numbers finds.
fn shows_as_gap<'a>(incident: &Incident, key: RunKey<'a>, gaps: &Gaps<'a>) -> bool {
    let process = incident.process.as_deref();
    incident.kind == IncidentKind::RecordsLost
        && gaps.of_run(key).iter().any(|gap| Some(gap.process.as_str()) == process)
}

fn finding<'a>(scope: &Scope<'a>, (condition, run_id): RunKey<'a>, incident: &Incident) -> Finding {
    let (check, severity, why) = match incident.kind {
        IncidentKind::Restarted
        | IncidentKind::OomKilled
        | IncidentKind::Evicted
        | IncidentKind::Deleted
        | IncidentKind::Unreachable => {
            let why = "for a while the network had fewer nodes than it is said to have";
            (Check::ProcessDisturbed, Severity::Caution, why)
        }
        IncidentKind::Stalled => {
            let why = "what its nodes had to do waited, and with it all that followed from that";
            (Check::ProcessStalled, Severity::Caution, why)
        }
        IncidentKind::RecordsLost => {
            let why = "coverage, convergence, copies and duplicates may be too low";
            (Check::RecordsLost, Severity::Unsound, why)
        }
    };
    let detail = format!("{}: {why}", describe_incident(incident));
    let finding = Finding::in_condition(check, severity, condition, 1, detail).of_run(run_id);
    match incident.round {
        Some(round) => scope.narrow(finding, round),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::RoundOutcome;

    use super::super::finding::Verdict;
    use super::super::fixture::{Fixture, only};
    use super::super::incident_words::incident_words;
    use super::super::quality::Quality;
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
    fn a_process_that_stood_still_is_a_finding_of_its_own() {
        let found = only(&disturbed(IncidentKind::Stalled, Some(2)), Check::ProcessStalled);
        assert_eq!((found.len(), found[0].severity, found[0].round), (1, Severity::Caution, Some(2)));
        assert!(found[0].detail.starts_with("gossip-3 stood still in round 2 ("), "{}", found[0].detail);
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
