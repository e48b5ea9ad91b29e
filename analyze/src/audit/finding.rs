//! What every check gives: findings, each with its check, its severity, its place and one sentence.

use std::fmt;

use serde::Serialize;

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
    /// One message that was begun several times.
    BegunAgain,
    /// A wall clock was set during a round.
    ClockStep,
    /// Times that were read to no more than a coarse step.
    CoarseTimestamps,
    /// Rounds of an open loop that began later than they were to.
    LateBegins,
    /// Receipts after their round was given up.
    LateDeliveries,
    /// A limit that was meant to hold and does not.
    ConditionNotEffective,
    /// A limit that holds and that no round was heavy enough to meet.
    ConditionNotExercised,
    /// A limit of which nobody knows whether it holds.
    ConditionNotProven,
    /// Records that say one thing twice and differently.
    ContradictoryRows,
    /// A link delay that was not what was asked for.
    DelayNotAchieved,
    /// Times that rise or fall while a deployment runs.
    DriftOverRounds,
    /// Receipts before the first send of their round.
    EarlyReceipts,
    /// Sends without an acknowledgment.
    FailedSends,
    /// A fault that was not what it was meant to be.
    FaultContradicted,
    /// A fault of which nobody can tell whether it was at work.
    FaultUnwitnessed,
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
    /// Something else than the number of nodes that changes with it.
    MixedGrowth,
    /// Records of one run that say different things of it.
    MixedRecords,
    /// Runs of one condition that were not run alike.
    MixedSettings,
    /// Deliveries without a receipt.
    MissingDeliveries,
    /// A message that nobody began.
    MissingInitiate,
    /// Round numbers that no record has.
    MissingRounds,
    /// Nothing that a statistic could stand on.
    NoScoredRounds,
    /// Receipts before their sends.
    NegativeLatency,
    /// Rounds that took far longer than the others.
    OutlierRounds,
    /// Rounds that began before the one before had spread.
    OverlappingRounds,
    /// A process that was killed, started again or out of reach.
    ProcessDisturbed,
    /// A process that did not answer in the time that an answer may take.
    ProcessStalled,
    /// Receipts in a manifest that are not those of its records.
    ReceiptsDiffer,
    /// Records that are nowhere.
    RecordsLost,
    /// Lines that are no events.
    RejectedLines,
    /// Rows that were there more than once.
    RepeatedRows,
    /// One measurement counted as two.
    ReusedRun,
    /// Rounds whose order in time is not that of their numbers.
    RoundsOutOfOrder,
    /// Copies that waited for a permit.
    SendsHeldBack,
    /// Numbers left out in a process's counting.
    SequenceGap,
    /// A study of which runs are missing.
    StudyIncomplete,
    /// A run that had not ended when it was looked at.
    RunStillGoing,
    /// Runs of a condition that have one round each.
    RunsOfOneRound,
    /// Set-up that counts as spreading.
    SetupInsideTiming,
    /// Runs in virtual time.
    Simulated,
    /// One deployment stands for a condition.
    SingleDeployment,
    /// All nodes on one machine.
    SingleHostTiming,
    /// What a run folder says of its faults is not what its options make.
    TimelineDiffers,
    /// Whether a process's last records are there cannot be told.
    TailUnverifiable,
    /// No interval exists.
    TooFewRounds,
    /// More ids than nodes.
    TooManyNodes,
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

impl Finding {
    /// What findings are sorted by: runs that go on before everything, the worst first, then where they are. Those in one place keep their order.
    pub(super) fn rank(&self) -> impl Ord + '_ {
        let place = (&self.condition, &self.run_id, self.round);
        // Whatever is found in a run that goes on may come of that.
        (self.check != Check::RunStillGoing, std::cmp::Reverse(self.severity), self.check, place)
    }

    /// A finding in a whole condition.
    pub(super) fn in_condition(check: Check, severity: Severity, condition: &str, count: u64, detail: String) -> Self {
        let condition = Some(condition.to_owned());
        Self { condition, ..Self::everywhere(check, severity, count, detail) }
    }

    /// A finding that belongs to no condition alone.
    pub(super) fn everywhere(check: Check, severity: Severity, count: u64, detail: String) -> Self {
        Self { check, severity, condition: None, run_id: None, round: None, count, detail, counts: true }
    }

    /// The finding narrowed to one run.
    pub(super) fn of_run(self, run_id: &str) -> Self {
        Self { run_id: Some(run_id.to_owned()), ..self }
    }

    /// The finding narrowed to one round that statistics count.
    pub(super) fn of_round(self, round: u32) -> Self {
        Self { round: Some(round), ..self }
    }

    /// The finding narrowed to a warm-up round: it says so and does not count.
    pub(super) fn of_warm_up_round(self, round: u32) -> Self {
        let detail = format!("{} (warm-up round: in no statistic)", self.detail);
        Self { round: Some(round), counts: false, detail, ..self }
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
    BegunAgain = "begun-again",
    ConflictingRows = "conflicting-rows",
    ClockOffset = "clock-offset",
    ClockStep = "clock-step",
    CoarseTimestamps = "coarse-timestamps",
    ConditionNotEffective = "condition-not-effective",
    ConditionNotExercised = "condition-not-exercised",
    ConditionNotProven = "condition-not-proven",
    ContradictoryRows = "contradictory-rows",
    DelayNotAchieved = "delay-not-achieved",
    DriftOverRounds = "drift-over-rounds",
    EarlyReceipts = "early-receipts",
    FailedSends = "failed-sends",
    FaultContradicted = "fault-contradicted",
    FaultUnwitnessed = "fault-unwitnessed",
    FloatTimestamps = "float-timestamps",
    HostOverload = "host-overload",
    IdenticalTelemetry = "identical-telemetry",
    ImpossibleTimes = "impossible-times",
    LateBegins = "late-begins",
    LateDeliveries = "late-deliveries",
    ManifestContradicted = "manifest-contradicted",
    ImplausibleTelemetry = "implausible-telemetry",
    IncompleteRun = "incomplete-run",
    InvariantBroken = "invariant-broken",
    MixedClusters = "mixed-clusters",
    MixedGrowth = "mixed-growth",
    MixedRecords = "mixed-records",
    MixedSettings = "mixed-settings",
    MissingDeliveries = "missing-deliveries",
    MissingInitiate = "missing-initiate",
    MissingRounds = "missing-rounds",
    NoScoredRounds = "no-scored-rounds",
    NegativeLatency = "negative-latency",
    OutlierRounds = "outlier-rounds",
    OverlappingRounds = "overlapping-rounds",
    ProcessDisturbed = "process-disturbed",
    ProcessStalled = "process-stalled",
    ReceiptsDiffer = "receipts-differ",
    RecordsLost = "records-lost",
    RejectedLines = "rejected-lines",
    RepeatedRows = "repeated-rows",
    ReusedRun = "reused-run",
    RoundsOutOfOrder = "rounds-out-of-order",
    RunStillGoing = "run-still-going",
    RunsOfOneRound = "runs-of-one-round",
    SendsHeldBack = "sends-held-back",
    SequenceGap = "sequence-gap",
    SetupInsideTiming = "setup-inside-timing",
    Simulated = "simulated",
    SingleDeployment = "single-deployment",
    SingleHostTiming = "single-host-timing",
    StudyIncomplete = "study-incomplete",
    TailUnverifiable = "tail-unverifiable",
    TimelineDiffers = "timeline-differs",
    TooFewRounds = "too-few-rounds",
    TooManyNodes = "too-many-nodes",
    TooManyReceivers = "too-many-receivers",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_of_a_warm_up_round_says_so_and_does_not_count() {
        let finding = Finding::in_condition(Check::FailedSends, Severity::Caution, "c", 1, "x".to_owned());
        let (scored, warm_up) = (finding.clone().of_round(1), finding.of_warm_up_round(0));
        assert_eq!((scored.detail.as_str(), scored.counts), ("x", true));
        assert_eq!((warm_up.detail.as_str(), warm_up.counts), ("x (warm-up round: in no statistic)", false));
    }

    #[test]
    fn every_check_is_written_as_its_name() {
        let json = serde_json::to_string(&Check::SetupInsideTiming).unwrap();
        assert_eq!(json, format!("\"{}\"", Check::SetupInsideTiming));
    }
}
