//! What befell processes, in words that stand in sentences of several checks.

use cnsim::manifest::{Incident, IncidentKind};

use super::scope::AuditedRun;

/// How many incidents a sentence tells.
const INCIDENTS_SHOWN: usize = 2;

/// What befell a process, in words that follow its name.
pub(crate) fn incident_words(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::Restarted => "was started again",
        IncidentKind::OomKilled => "was killed for its memory",
        IncidentKind::Evicted => "was evicted from its host",
        IncidentKind::Deleted => "was deleted",
        IncidentKind::Unreachable => "did not answer",
        IncidentKind::Stalled => "stood still",
        IncidentKind::RecordsLost => "lost records",
    }
}

/// An incident in words: who, what, when and why.
pub(super) fn describe_incident(incident: &Incident) -> String {
    let who = match incident.pod.as_str() {
        "" => incident.process.as_deref().unwrap_or("a process"),
        pod => pod,
    };
    let when = incident.round.map_or_else(|| " between rounds".to_owned(), |round| format!(" in round {round}"));
    let why = if incident.detail.is_empty() { String::new() } else { format!(" ({})", incident.detail) };
    format!("{who} {}{when}{why}", incident_words(incident.kind))
}

/// Why the numbers of some processes are missing, as far as the driver knows, to stand behind a sentence.
pub(super) fn why_lost(run: &AuditedRun<'_>, processes: &[&str]) -> String {
    let incidents = run.manifest().into_iter().flat_map(|manifest| &manifest.incidents);
    let lost = incidents.filter(|incident| incident.kind == IncidentKind::RecordsLost);
    let known = lost.filter(|incident| incident.process.as_deref().is_some_and(|name| processes.contains(&name)));
    let texts: Vec<String> = known.map(describe_incident).collect();
    if texts.is_empty() { String::new() } else { format!("; {}", join_first(&texts)) }
}

/// What befell processes in a round, to stand before a sentence about it; empty where nothing did.
pub(super) fn before_round(run: &AuditedRun<'_>, round: u32) -> String {
    let incidents = run.manifest().into_iter().flat_map(|manifest| &manifest.incidents);
    let texts: Vec<String> =
        incidents.filter(|incident| incident.round == Some(round)).map(describe_incident).collect();
    if texts.is_empty() { String::new() } else { format!("{}: ", join_first(&texts)) }
}

fn join_first(texts: &[String]) -> String {
    let (shown, rest) = texts.split_at(texts.len().min(INCIDENTS_SHOWN));
    match rest.len() {
        0 => shown.join(", "),
        more => format!("{}, and {more} more incidents", shown.join(", ")),
    }
}
