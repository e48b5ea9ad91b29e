//! What `quality.json` holds: every finding, and the verdict that follows from the worst of them.

use serde::Serialize;

use super::finding::{Finding, Severity, Verdict};
use super::limit::Limit;
use super::telemetry;
use crate::inputs::telemetry::Series;

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
        Self::of(findings, self.limits)
    }

    /// Sorts `findings` and judges them.
    pub(super) fn of(mut findings: Vec<Finding>, limits: Vec<Limit>) -> Self {
        findings.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let worst = findings.iter().filter(|finding| finding.counts).map(|finding| finding.severity).max();
        let verdict = match worst {
            None | Some(Severity::Info) => Verdict::Sound,
            Some(Severity::Caution) => Verdict::Caution,
            Some(Severity::Unsound) => Verdict::Unsound,
        };
        Self { verdict, findings, limits }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Check;
    use super::*;

    fn finding(severity: Severity, round: u32) -> Finding {
        let finding = Finding::in_condition(Check::FailedSends, severity, "c", 1, "x".to_owned()).of_run("r");
        if round > 0 { finding.of_round(round) } else { finding.of_warm_up_round(round) }
    }

    fn quality(findings: Vec<Finding>) -> Quality {
        Quality::of(findings, Vec::new())
    }

    #[test]
    fn the_verdict_is_the_worst_severity_that_counts() {
        assert_eq!(quality(vec![]).verdict, Verdict::Sound);
        assert_eq!(quality(vec![finding(Severity::Info, 1)]).verdict, Verdict::Sound);
        let mixed = vec![finding(Severity::Info, 1), finding(Severity::Caution, 2), finding(Severity::Unsound, 0)];
        let quality = quality(mixed);
        assert_eq!(quality.verdict, Verdict::Caution);
        assert_eq!(quality.findings[0].severity, Severity::Unsound, "the worst is listed first");
        assert!(quality.findings[0].detail.contains("warm-up"));
    }

    #[test]
    fn the_json_has_exactly_the_promised_fields() {
        let json = serde_json::to_string(&quality(vec![finding(Severity::Caution, 2)])).unwrap();
        let expected = r#"{"verdict":"caution","findings":[{"check":"failed-sends","severity":"caution","condition":"c","run_id":"r","round":2,"count":1,"detail":"x"}]}"#;
        assert_eq!(json, expected);
    }
}
