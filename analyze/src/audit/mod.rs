//! The audit of every report: what is wrong with the records, and which numbers suffer from it.
//!
//! Each check has a fixed severity (missing deliveries alone have three, by what is known of them) and one plain
//! sentence a finding. The verdict is the worst severity; findings in warm-up rounds are listed and do not count.
//! Nothing here repairs or drops a row.

mod bimodality;
mod clocks;
mod clusters;
mod deliveries;
mod drift;
mod enough;
mod evidence;
mod incidents;
mod invariants;
mod limits;
mod manifest;
mod rows;
mod runs;
mod sequence;
mod settings;
mod telemetry;
mod timing;
mod view;

#[cfg(test)]
mod fixture;

use std::fmt;

use rayon::prelude::*;
use serde::Serialize;

use crate::evaluation::Study;
use crate::inputs::telemetry::Series;
use view::{Survey, View};

pub use evidence::Evidence;
pub(crate) use incidents::incident_words;
pub use limits::{Limit, LimitKind, LimitVerdict};

/// What a finding does to the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; the numbers stand.
    Info,
    /// The numbers may mean something else than they seem to.
    Caution,
    /// Numbers are wrong, or cannot be trusted.
    Unsound,
}

/// Whether the numbers can be trusted: the worst severity of what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is above info.
    Sound,
    /// Something may mislead.
    Caution,
    /// Something is wrong.
    Unsound,
}

/// The name of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Convergence times in two humps.
    BimodalConvergence,
    /// Records of one process and number that differ.
    ConflictingRows,
    /// Clocks of machines that disagree.
    ClockOffset,
    /// A wall clock was set during a round.
    ClockStep,
    /// A limit that was meant to hold and does not.
    ConditionNotEffective,
    /// A limit that holds and that no round was heavy enough to meet.
    ConditionNotExercised,
    /// A limit of which nobody knows whether it holds.
    ConditionNotProven,
    /// Times that rise or fall while a deployment runs.
    DriftOverRounds,
    /// Sends without an acknowledgment.
    FailedSends,
    /// Timestamps that went through a float64.
    FloatTimestamps,
    /// Processes that waited for a processor.
    HostOverload,
    /// Two series of telemetry that are one.
    IdenticalTelemetry,
    /// Times that no clock can have read.
    ImpossibleTimes,
    /// Records that say something else than the run's manifest.
    ManifestContradicted,
    /// Telemetry in a unit that cannot be.
    ImplausibleTelemetry,
    /// A run or a round that was cut off.
    IncompleteRun,
    /// Something that no correct run can record.
    InvariantBroken,
    /// Runs that stand together and ran on different clusters or images.
    MixedClusters,
    /// Runs of one condition that were not run alike.
    MixedSettings,
    /// Deliveries without a receipt.
    MissingDeliveries,
    /// A message that nobody began.
    MissingInitiate,
    /// Nothing that a statistic could stand on.
    NoScoredRounds,
    /// Receipts before their sends.
    NegativeLatency,
    /// A process that was killed, started again or out of reach.
    ProcessDisturbed,
    /// Records that are nowhere.
    RecordsLost,
    /// Lines that are no events.
    RejectedLines,
    /// Rows that were there more than once.
    RepeatedRows,
    /// One measurement counted as two.
    ReusedRun,
    /// Numbers left out in a process's counting.
    SequenceGap,
    /// Set-up that counts as spreading.
    SetupInsideTiming,
    /// One deployment stands for a condition.
    SingleDeployment,
    /// All nodes on one machine.
    SingleHostTiming,
    /// Whether a process's last records are there cannot be told.
    TailUnverifiable,
    /// No interval exists.
    TooFewRounds,
    /// More nodes received a message than there are.
    TooManyReceivers,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check found it.
    pub check: Check,
    /// What it does to the numbers.
    pub severity: Severity,
    /// Where; none: everywhere.
    pub condition: Option<String>,
    /// In which run; none: in the whole condition.
    pub run_id: Option<String>,
    /// In which round; none: in the whole run.
    pub round: Option<u32>,
    /// How often.
    pub count: u64,
    /// What it means, in one sentence.
    pub detail: String,
    /// Whether the verdict counts it: not in a warm-up round.
    #[serde(skip)]
    pub counts: bool,
}

/// What `quality.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// The worst severity that counts.
    pub verdict: Verdict,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// The limits that runs were meant to run under: the table `conditions`.
    #[serde(skip)]
    pub limits: Vec<Limit>,
}

/// Applies every check.
pub fn audit(study: &Study) -> Quality {
    let Study { inputs, analysis, evidence, warm_up } = study;
    let survey = Survey::of(inputs, evidence, analysis, *warm_up);
    let gaps = sequence::gaps(&survey);
    let mut findings: Vec<Finding> =
        survey.views.par_iter().flat_map_iter(|view| in_round(view, &survey, &gaps)).collect();
    findings.extend(deliveries::silent_rounds(&survey));
    findings.extend(rows::findings(&survey));
    findings.extend(sequence::findings(&survey, &gaps));
    findings.extend(runs::findings(&survey));
    findings.extend(enough::too_few_rounds(analysis));
    findings.extend(timing::setup_inside_timing(analysis));
    findings.extend(clocks::clock_offset(analysis));
    findings.extend(clusters::mixed(&survey));
    findings.extend(settings::mixed(&survey));
    findings.extend(manifest::findings(&survey));
    findings.extend(drift::drift_over_rounds(analysis));
    findings.extend(bimodality::bimodal_convergence(analysis));
    findings.extend(incidents::findings(&survey, &gaps));
    let limits = limits::judged(&survey);
    findings.extend(limits::findings(&limits));
    Quality { limits, ..Quality::of(findings) }
}

/// The checks that need one round only.
fn in_round<'a>(view: &View<'a>, survey: &Survey<'a>, gaps: &sequence::Gaps) -> Vec<Finding> {
    let mut findings = deliveries::findings(view, survey, gaps);
    findings.extend(invariants::findings(view, survey));
    findings.extend(timing::in_round(view, survey));
    findings
}

impl Quality {
    /// What `quality.json` holds, indented, with a final line end.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts and numbers always serialise");
        bytes.push(b'\n');
        bytes
    }

    /// The same with what is wrong with telemetry.
    pub fn with_telemetry(self, series: &[Series]) -> Self {
        let mut findings = self.findings;
        findings.extend(telemetry::findings(series));
        Self { limits: self.limits, ..Self::of(findings) }
    }

    /// Sorts `findings` and judges them.
    fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let worst = findings.iter().filter(|finding| finding.counts).map(|finding| finding.severity).max();
        let verdict = match worst {
            None | Some(Severity::Info) => Verdict::Sound,
            Some(Severity::Caution) => Verdict::Caution,
            Some(Severity::Unsound) => Verdict::Unsound,
        };
        Self { verdict, findings, limits: Vec::new() }
    }
}

impl Finding {
    /// What findings are sorted by: the worst first, then where they are. Those in one place keep their order.
    fn rank(&self) -> impl Ord + '_ {
        let place = (&self.condition, &self.run_id, self.round);
        (std::cmp::Reverse(self.severity), self.check, place)
    }

    /// A finding in a whole condition.
    fn in_condition(check: Check, severity: Severity, condition: &str, count: u64, detail: String) -> Self {
        let condition = Some(condition.to_owned());
        Self { check, severity, condition, run_id: None, round: None, count, detail, counts: true }
    }

    /// The finding narrowed to one run.
    fn of_run(self, run_id: &str) -> Self {
        Self { run_id: Some(run_id.to_owned()), ..self }
    }

    /// The finding narrowed to one round; a warm-up round says so and does not count.
    fn of_round(self, round: u32, scored: bool) -> Self {
        let detail = match scored {
            true => self.detail,
            false => format!("{} (warm-up round: in no statistic)", self.detail),
        };
        Self { round: Some(round), counts: scored, detail, ..self }
    }
}

macro_rules! words {
    ($type:ident: $($value:ident = $word:literal),+ $(,)?) => {
        impl $type {
            /// As written in quality.json.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words!(Severity: Info = "info", Caution = "caution", Unsound = "unsound");
words!(Verdict: Sound = "sound", Caution = "caution", Unsound = "unsound");
words!(Check:
    BimodalConvergence = "bimodal-convergence",
    ConflictingRows = "conflicting-rows",
    ClockOffset = "clock-offset",
    ClockStep = "clock-step",
    ConditionNotEffective = "condition-not-effective",
    ConditionNotExercised = "condition-not-exercised",
    ConditionNotProven = "condition-not-proven",
    DriftOverRounds = "drift-over-rounds",
    FailedSends = "failed-sends",
    FloatTimestamps = "float-timestamps",
    HostOverload = "host-overload",
    IdenticalTelemetry = "identical-telemetry",
    ImpossibleTimes = "impossible-times",
    ManifestContradicted = "manifest-contradicted",
    ImplausibleTelemetry = "implausible-telemetry",
    IncompleteRun = "incomplete-run",
    InvariantBroken = "invariant-broken",
    MixedClusters = "mixed-clusters",
    MixedSettings = "mixed-settings",
    MissingDeliveries = "missing-deliveries",
    MissingInitiate = "missing-initiate",
    NoScoredRounds = "no-scored-rounds",
    NegativeLatency = "negative-latency",
    ProcessDisturbed = "process-disturbed",
    RecordsLost = "records-lost",
    RejectedLines = "rejected-lines",
    RepeatedRows = "repeated-rows",
    ReusedRun = "reused-run",
    SequenceGap = "sequence-gap",
    SetupInsideTiming = "setup-inside-timing",
    SingleDeployment = "single-deployment",
    SingleHostTiming = "single-host-timing",
    TailUnverifiable = "tail-unverifiable",
    TooFewRounds = "too-few-rounds",
    TooManyReceivers = "too-many-receivers",
);

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity, round: u32) -> Finding {
        Finding::in_condition(Check::FailedSends, severity, "c", 1, "x".to_owned())
            .of_run("r")
            .of_round(round, round > 0)
    }

    #[test]
    fn the_verdict_is_the_worst_severity_that_counts() {
        assert_eq!(Quality::of(vec![]).verdict, Verdict::Sound);
        assert_eq!(Quality::of(vec![finding(Severity::Info, 1)]).verdict, Verdict::Sound);
        let mixed = vec![finding(Severity::Info, 1), finding(Severity::Caution, 2), finding(Severity::Unsound, 0)];
        let quality = Quality::of(mixed);
        assert_eq!(quality.verdict, Verdict::Caution);
        assert_eq!(quality.findings[0].severity, Severity::Unsound, "the worst is listed first");
        assert!(quality.findings[0].detail.contains("warm-up"));
    }

    #[test]
    fn the_json_has_exactly_the_promised_fields() {
        let json = serde_json::to_string(&Quality::of(vec![finding(Severity::Caution, 2)])).unwrap();
        let expected = r#"{"verdict":"caution","findings":[{"check":"failed-sends","severity":"caution","condition":"c","run_id":"r","round":2,"count":1,"detail":"x"}]}"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn every_check_is_written_as_its_name() {
        let json = serde_json::to_string(&Check::SetupInsideTiming).unwrap();
        assert_eq!(json, format!("\"{}\"", Check::SetupInsideTiming));
    }
}
