//! Whether the limits that a run was meant to run under held, and whether its rounds ever met them.

use cnsim::manifest::{Bandwidth, Memory, Probe};

use super::view::{Run, RunKey, Survey};
use super::{Check, Finding, Severity};
use crate::measure::Busiest;

/// The share of the intended rate from which a settled rate is the limit's. A token bucket counts link-layer bytes and the
/// probe counts payload, so the rate that it sees lies a few per cent below; what is further below is another bottleneck.
const RATE_SHARE_MIN: f64 = 0.8;

/// The share up to which it is: a window of the probe may still hold some of the burst.
const RATE_SHARE_MAX: f64 = 1.1;

/// A control group's limit is a whole number of pages, rounded down: they have up to this size.
const PAGE_MAX: u64 = 64 << 10;

/// One limit of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The run's condition.
    pub condition: String,
    /// The run.
    pub run_id: String,
    /// Of what.
    pub kind: LimitKind,
    /// What was asked for, in the kind's unit.
    pub intended: u64,
    /// What was found, in the kind's unit; of several the one that is furthest off. None: no limit.
    pub achieved: Option<f64>,
    /// What passes before a limit on traffic binds.
    pub burst_bytes: Option<u64>,
    /// The busiest node of the busiest scored round, for a limit on traffic.
    pub busiest: Option<Busiest>,
    /// Whether the condition was what it is called.
    pub verdict: LimitVerdict,
    /// The verdict in a sentence.
    pub detail: String,
}

/// What a limit is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// A pod's traffic, each way.
    Bandwidth,
    /// A pod's memory.
    Memory,
}

/// What is known of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitVerdict {
    /// It is there, and rounds were heavy enough to meet it.
    Effective,
    /// It is there, and no round was heavy enough to meet it.
    NotExercised,
    /// Nobody looked.
    NotProven,
    /// It is not there, or is another.
    NotEffective,
}

impl LimitKind {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bandwidth => "bandwidth",
            Self::Memory => "memory",
        }
    }

    /// What its numbers count.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Bandwidth => "bit/s",
            Self::Memory => "bytes",
        }
    }
}

impl LimitVerdict {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Effective => "effective",
            Self::NotExercised => "effective, not exercised",
            Self::NotProven => "not proven",
            Self::NotEffective => "not effective",
        }
    }

    fn check(self) -> Option<(Check, Severity)> {
        match self {
            Self::Effective => None,
            Self::NotExercised => Some((Check::ConditionNotExercised, Severity::Caution)),
            Self::NotProven => Some((Check::ConditionNotProven, Severity::Caution)),
            Self::NotEffective => Some((Check::ConditionNotEffective, Severity::Unsound)),
        }
    }
}

/// Every limit of every run, judged.
pub(super) fn judged(survey: &Survey<'_>) -> Vec<Limit> {
    let mut limits = Vec::new();
    for (key, run) in &survey.runs {
        let Some(manifest) = run.manifest() else { continue };
        limits.extend(manifest.limits.bandwidth.as_ref().map(|bandwidth| of_traffic(survey, *key, run, bandwidth)));
        limits.extend(manifest.limits.memory.as_ref().map(|memory| of_memory(*key, memory)));
    }
    limits
}

/// One finding for each limit that is not what it should be.
pub(super) fn findings(limits: &[Limit]) -> Vec<Finding> {
    let finding = |limit: &Limit| {
        let (check, severity) = limit.verdict.check()?;
        let finding = Finding::in_condition(check, severity, &limit.condition, 1, limit.detail.clone());
        Some(finding.of_run(&limit.run_id))
    };
    limits.iter().filter_map(finding).collect()
}

fn of_traffic(survey: &Survey<'_>, (condition, run_id): RunKey<'_>, run: &Run<'_>, bandwidth: &Bandwidth) -> Limit {
    let busiest = busiest(survey, run);
    let (verdict, detail) = match &bandwidth.probe {
        Some(probe) => judge_probe(bandwidth.intended_bits_per_s, probe, busiest.as_ref()),
        None => {
            let why = bandwidth.reason.as_deref().unwrap_or("the manifest does not say why");
            let intended = rate(bandwidth.intended_bits_per_s as f64);
            let detail = format!("{intended} a pod were intended and no probe showed whether they bound: {why}");
            (LimitVerdict::NotProven, detail)
        }
    };
    Limit {
        condition: condition.to_owned(),
        run_id: run_id.to_owned(),
        kind: LimitKind::Bandwidth,
        intended: bandwidth.intended_bits_per_s,
        achieved: bandwidth.probe.as_ref().and_then(|probe| probe.achieved_bits_per_s),
        burst_bytes: bandwidth.probe.as_ref().and_then(|probe| probe.burst_bytes),
        busiest,
        verdict,
        detail,
    }
}

fn judge_probe(intended: u64, probe: &Probe, busiest: Option<&Busiest>) -> (LimitVerdict, String) {
    let meant = format!("{} a pod were intended", rate(intended as f64));
    let between = format!("a probe from {} to {}", probe.from, probe.to);
    let Some(achieved) = probe.achieved_bits_per_s else {
        let mean = rate(probe.bytes as f64 * 8.0 / probe.seconds.max(1e-9));
        let detail = format!(
            "{meant} and {between} met no limit: {} passed in {:.1} s ({mean}), so the rounds ran without it; \
             the cluster's network plugin must know the bandwidth annotations",
            size(probe.bytes),
            probe.seconds,
        );
        return (LimitVerdict::NotEffective, detail);
    };
    let share = achieved / intended as f64;
    if !(RATE_SHARE_MIN..=RATE_SHARE_MAX).contains(&share) {
        let detail = format!(
            "{meant} and {between} settled at {}, {share:.2} of that: something else bound the traffic ({RATE_SHARE_MIN} \
             to {RATE_SHARE_MAX} count as the limit, which counts headers too)",
            rate(achieved),
        );
        return (LimitVerdict::NotEffective, detail);
    }
    match (busiest, probe.burst_bytes) {
        (Some(busiest), Some(burst)) if busiest.bytes <= burst => {
            let detail = format!(
                "{meant} and a probe met them, but only after a burst of {}: the busiest node of the busiest scored round \
                 ({}, round {}) moved {} one way, so no round met the limit; --payload-bytes makes a round heavier",
                size(burst),
                busiest.node,
                busiest.round,
                size(busiest.bytes),
            );
            (LimitVerdict::NotExercised, detail)
        }
        (Some(_) | None, Some(_) | None) => (LimitVerdict::Effective, format!("{meant} and {between} met them")),
    }
}

/// The busiest node over the scored rounds of a run.
fn busiest(survey: &Survey<'_>, run: &Run<'_>) -> Option<Busiest> {
    let each = run.views.iter().filter_map(|view| survey.views[*view].evidence.busiest.as_ref());
    each.max_by_key(|busiest| (busiest.bytes, std::cmp::Reverse(busiest.round))).cloned()
}

fn of_memory((condition, run_id): RunKey<'_>, memory: &Memory) -> Limit {
    let intended = memory.intended_bytes;
    let is_it = |found: &Option<u64>| found.is_some_and(|found| found <= intended && intended - found < PAGE_MAX);
    let others: Vec<(&String, &Option<u64>)> = memory.found.iter().filter(|(_, found)| !is_it(found)).collect();
    let furthest = others.iter().max_by_key(|(_, found)| found.map_or(u64::MAX, |found| found.abs_diff(intended)));
    let achieved = match furthest {
        Some((_, found)) => **found,
        None => memory.found.values().next().copied().flatten(),
    };
    let meant = format!("{intended} bytes of memory a pod were intended");
    let (verdict, detail) = match furthest {
        _ if memory.found.is_empty() => {
            (LimitVerdict::NotProven, format!("{meant} and no process said what its limit is"))
        }
        Some((process, found)) => {
            let has = found.map_or("none".to_owned(), |found| format!("{found} bytes"));
            let detail = format!(
                "{meant} and {} of {} processes have another limit or none ({process}: {has})",
                others.len(),
                memory.found.len(),
            );
            (LimitVerdict::NotEffective, detail)
        }
        None => (LimitVerdict::Effective, format!("{meant} and every control group has that limit")),
    };
    Limit {
        condition: condition.to_owned(),
        run_id: run_id.to_owned(),
        kind: LimitKind::Memory,
        intended,
        achieved: achieved.map(|bytes| bytes as f64),
        burst_bytes: None,
        busiest: None,
        verdict,
        detail,
    }
}

fn rate(bits_per_s: f64) -> String {
    scaled(bits_per_s, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"])
}

fn size(bytes: u64) -> String {
    scaled(bytes as f64, ["bytes", "kB", "MB", "GB"])
}

/// A number in the largest unit that it fills, to a tenth where that says more.
fn scaled(value: f64, units: [&str; 4]) -> String {
    let step = units.iter().enumerate().rev().find(|(power, _)| value >= 1000_f64.powi(*power as i32));
    let (power, unit) = step.map_or((0, units[0]), |(power, unit)| (power, *unit));
    let text = format!("{:.1}", value / 1000_f64.powi(power as i32));
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::fixture::{Fixture, only};
    use super::super::{Quality, Verdict};
    use super::*;

    const MBIT: u64 = 1_000_000;

    fn probe(achieved_bits_per_s: Option<f64>, burst_bytes: Option<u64>) -> Probe {
        let [from, to] = ["n0@1", "n3@1"].map(str::to_owned);
        Probe { from, to, bytes: 30_000_000, seconds: 12.0, achieved_bits_per_s, burst_bytes }
    }

    /// A flood under a limit of 5 Mbit/s whose every copy has `copy_bytes`.
    fn limited(probe: Option<Probe>, copy_bytes: u32) -> Quality {
        let mut fixture = Fixture::flood();
        let reason = probe.is_none().then(|| "the run ended before the probe".to_owned());
        fixture.manifest().limits.bandwidth = Some(Bandwidth { intended_bits_per_s: 5 * MBIT, probe, reason });
        fixture.rows.iter_mut().for_each(|row| row.bytes = copy_bytes);
        fixture.audit()
    }

    fn with_memory(found: &[(&str, Option<u64>)]) -> Quality {
        let mut fixture = Fixture::flood();
        let found: BTreeMap<String, Option<u64>> =
            found.iter().map(|(process, limit)| ((*process).to_owned(), *limit)).collect();
        fixture.manifest().limits.memory = Some(Memory { intended_bytes: 157_286_400, found });
        fixture.audit()
    }

    fn checks(quality: &Quality) -> Vec<(Check, Severity)> {
        let found = quality.findings.iter().filter(|finding| finding.severity > Severity::Info);
        found.map(|finding| (finding.check, finding.severity)).collect()
    }

    #[test]
    fn a_run_without_limits_has_none_to_judge() {
        let quality = Fixture::flood().audit();
        assert_eq!((quality.limits.len(), quality.verdict), (0, Verdict::Sound));
    }

    #[test]
    fn a_limit_that_was_met_by_probe_and_rounds_finds_nothing() {
        let quality = limited(Some(probe(Some(4.8e6), Some(1000))), 1200);
        assert_eq!((checks(&quality), quality.verdict), (vec![], Verdict::Sound));
        assert_eq!(quality.limits[0].verdict, LimitVerdict::Effective);
        assert_eq!(quality.limits[0].busiest.as_ref().map(|busiest| busiest.bytes), Some(3600));
    }

    #[test]
    fn a_probe_that_met_no_limit_makes_a_run_unsound() {
        let quality = limited(Some(probe(None, None)), 10);
        assert_eq!(checks(&quality), [(Check::ConditionNotEffective, Severity::Unsound)]);
        let detail = &only(&quality, Check::ConditionNotEffective)[0].detail;
        assert!(detail.contains("5 Mbit/s a pod") && detail.contains("30 MB passed in 12.0 s (20 Mbit/s)"), "{detail}");
    }

    #[test]
    fn a_settled_rate_is_the_intended_one_from_four_fifths_to_eleven_tenths() {
        for (achieved, is_it) in [(3.9e6, false), (4.0e6, true), (5.5e6, true), (5.6e6, false)] {
            let quality = limited(Some(probe(Some(achieved), Some(0))), 10);
            assert_eq!(only(&quality, Check::ConditionNotEffective).is_empty(), is_it, "{achieved}");
        }
    }

    #[test]
    fn a_round_that_fits_into_the_burst_never_met_the_limit() {
        let quality = limited(Some(probe(Some(4.8e6), Some(21_000_000))), 1200);
        assert_eq!(checks(&quality), [(Check::ConditionNotExercised, Severity::Caution)]);
        let detail = &only(&quality, Check::ConditionNotExercised)[0].detail;
        assert!(detail.contains("a burst of 21 MB") && detail.contains("moved 3.6 kB one way"), "{detail}");
        assert!(detail.contains("(n0, round 1)"), "{detail}");
    }

    #[test]
    fn traffic_of_warm_up_rounds_meets_no_limit() {
        let mut fixture = Fixture::flood();
        let probe = Some(probe(Some(4.8e6), Some(5000)));
        fixture.manifest().limits.bandwidth = Some(Bandwidth { intended_bits_per_s: 5 * MBIT, probe, reason: None });
        fixture.rows.iter_mut().for_each(|row| row.bytes = if row.round == 0 { 1_000_000 } else { 10 });
        assert_eq!(only(&fixture.audit(), Check::ConditionNotExercised).len(), 1);
    }

    #[test]
    fn a_limit_without_a_probe_is_not_proven_and_not_disproven() {
        let quality = limited(None, 10);
        assert_eq!(checks(&quality), [(Check::ConditionNotProven, Severity::Caution)]);
        let detail = &only(&quality, Check::ConditionNotProven)[0].detail;
        assert!(detail.ends_with("the run ended before the probe"), "{detail}");
    }

    #[test]
    fn a_memory_limit_that_every_control_group_has_finds_nothing() {
        let quality = with_memory(&[("n0@1", Some(157_286_400)), ("n1@1", Some(157_286_400 - 4096))]);
        assert_eq!((checks(&quality), quality.limits[0].verdict), (vec![], LimitVerdict::Effective));
    }

    #[test]
    fn another_memory_limit_or_none_makes_a_run_unsound() {
        for found in [None, Some(314_572_800), Some(100_000_000)] {
            let quality = with_memory(&[("n0@1", Some(157_286_400)), ("n1@1", found)]);
            assert_eq!(checks(&quality), [(Check::ConditionNotEffective, Severity::Unsound)], "{found:?}");
            let detail = &only(&quality, Check::ConditionNotEffective)[0].detail;
            assert!(detail.contains("1 of 2 processes") && detail.contains("(n1@1: "), "{detail}");
        }
    }

    #[test]
    fn a_memory_limit_that_no_process_told_is_not_proven() {
        assert_eq!(checks(&with_memory(&[])), [(Check::ConditionNotProven, Severity::Caution)]);
    }

    #[test]
    fn numbers_have_the_unit_that_they_fill() {
        let texts = [999, 1000, 20_875_000, 4_300_000_000].map(size);
        assert_eq!(texts, ["999 bytes", "1 kB", "20.9 MB", "4.3 GB"]);
        assert_eq!(rate(0.0), "0 bit/s");
    }
}
