//! The audit of every report: what is wrong with the records, and which numbers suffer from it.
//!
//! Each check has a severity, fixed but where what is known decides it (missing deliveries, early receipts), and one plain
//! sentence a finding. The verdict is the worst severity; findings in warm-up rounds are listed and do not count.
//! Nothing here repairs or drops a row. What checks look at is in `scope.rs`, what they give in `finding.rs`.

mod after_end;
mod begun_again;
mod bimodality;
mod clock_readings;
mod clocks;
mod clusters;
mod coarse_clocks;
mod contradictions;
mod copied_rounds;
mod delays;
mod deliveries;
mod deployments;
mod drift;
mod faults;
mod finding;
mod fold;
mod gaps;
mod held_back;
mod host_overload;
mod incident_words;
mod incidents;
mod incomplete;
mod invariants;
mod late_begins;
mod limit;
mod limits;
mod memory_limit;
mod missing_deliveries;
mod missing_nodes;
mod mixed_records;
mod outliers;
mod participants;
pub(crate) mod power;
mod quality;
mod reused_runs;
mod round_order;
mod rounds_words;
mod rows;
mod sample_size;
mod scope;
mod sequence;
mod settings;
mod setup;
mod silent_rounds;
mod simulated;
mod studies;
mod telemetry;
mod traffic_limit;
mod units;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture_options;

use rayon::prelude::*;

use crate::evaluation::Evaluation;
use gaps::Gaps;
use scope::{AuditedRound, Scope};

pub use finding::{Check, Finding, Severity, Verdict};
pub(crate) use incident_words::incident_words;
pub use limit::{Limit, LimitKind, LimitVerdict};
pub use quality::Quality;

/// Applies every check.
pub fn audit(evaluation: &Evaluation) -> Quality {
    let Evaluation { inputs, analysis, evidence, warm_up } = evaluation;
    let scope = Scope::of(inputs, evidence, analysis, *warm_up);
    let gaps = Gaps::of(&scope);
    let mut findings: Vec<Finding> =
        scope.rounds.par_iter().flat_map_iter(|round| check_round(round, &scope, &gaps)).collect();
    findings.extend(after_end::findings(&scope));
    findings.extend(begun_again::taken_as_rounds(&scope));
    findings.extend(silent_rounds::findings(&scope));
    findings.extend(rows::findings(&scope));
    findings.extend(sequence::findings(&scope, &gaps));
    findings.extend(incomplete::findings(&scope));
    findings.extend(simulated::findings(&scope));
    findings.extend(sample_size::findings(&scope));
    findings.extend(deployments::findings(&scope));
    findings.extend(reused_runs::findings(&scope));
    findings.extend(copied_rounds::findings(&scope));
    findings.extend(round_order::findings(&scope));
    findings.extend(delays::findings(&scope));
    findings.extend(late_begins::findings(&scope));
    findings.extend(held_back::findings(&scope));
    findings.extend(setup::findings(analysis, &scope));
    findings.extend(clocks::findings(analysis));
    findings.extend(clusters::findings(&scope));
    findings.extend(studies::findings(&scope));
    findings.extend(settings::findings(&scope));
    findings.extend(contradictions::findings(&scope));
    findings.extend(faults::findings(&scope));
    findings.extend(coarse_clocks::findings(&scope));
    findings.extend(mixed_records::findings(&scope));
    findings.extend(drift::drift_over_rounds(analysis, |group| setup::setup_inside(group, &scope).is_some()));
    findings.extend(outliers::findings(&scope));
    findings.extend(bimodality::bimodal_convergence(analysis));
    findings.extend(incidents::findings(&scope, &gaps));
    let limits = limits::judge_limits(&scope);
    findings.extend(limits::findings(&limits));
    Quality::of(fold::fold(findings), limits)
}

/// The checks that need one round only.
fn check_round<'a>(round: &AuditedRound<'a>, scope: &Scope<'a>, gaps: &Gaps<'a>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = missing_deliveries::findings(round, scope, gaps);
    findings.extend(deliveries::findings(round, scope));
    findings.extend(begun_again::finding(round));
    findings.extend(invariants::findings(round, scope));
    findings.extend(clock_readings::findings(round, scope));
    findings.extend(host_overload::finding(round, scope));
    findings
}
