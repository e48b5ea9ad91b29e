//! Whether the limits that a run was meant to run under held, and whether its rounds ever met them.

use super::finding::Finding;
use super::limit::Limit;
use super::memory_limit::judge_memory;
use super::scope::Scope;
use super::traffic_limit::judge_traffic;

/// Every limit of every run, judged.
pub(super) fn judge_limits(scope: &Scope<'_>) -> Vec<Limit> {
    let mut limits = Vec::new();
    for (key, run) in &scope.runs {
        let Some(manifest) = run.manifest() else { continue };
        let rounds = || scope.rounds_of(run).filter_map(|round| round.evidence.busiest.as_ref());
        limits.extend(manifest.limits.bandwidth.as_ref().map(|limit| judge_traffic(*key, limit, rounds())));
        limits.extend(manifest.limits.memory.as_ref().map(|limit| judge_memory(*key, limit)));
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cnsim::manifest::{Bandwidth, Memory, Probe};

    use super::super::finding::{Check, Severity, Verdict};
    use super::super::fixture::{Fixture, only};
    use super::super::limit::LimitVerdict;
    use super::super::quality::Quality;

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
        fixture.manifest().options.payload_bytes = u64::from(copy_bytes).saturating_sub(100);
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
}
