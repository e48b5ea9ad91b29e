//! Findings as a reader gets them: the first few of each check, then how many more there are.

use crate::audit::{Check, Finding, Severity};

/// Findings of one check and severity that are listed; the others are counted.
const FINDINGS_SHOWN: usize = 5;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) severity: Severity,
    pub(super) check: Check,
    /// Where it is; empty in a line that stands for many findings.
    pub(super) place: String,
    pub(super) count: u64,
    pub(super) detail: String,
}

/// The list of `findings`, which come sorted by severity and check.
pub(super) fn lines(findings: &[Finding]) -> Vec<Line> {
    let mut lines = Vec::new();
    for alike in findings.chunk_by(|a, b| (a.severity, a.check) == (b.severity, b.check)) {
        let (shown, rest) = alike.split_at(alike.len().min(FINDINGS_SHOWN));
        lines.extend(shown.iter().map(Line::of));
        lines.extend(Line::rest(rest));
    }
    lines
}

impl Line {
    fn of(finding: &Finding) -> Self {
        Self {
            severity: finding.severity,
            check: finding.check,
            place: place(finding),
            count: finding.count,
            detail: finding.detail.clone(),
        }
    }

    /// One line for all of `findings`, which are of one check.
    fn rest(findings: &[Finding]) -> Option<Self> {
        let first = Self::of(findings.first()?);
        let count = findings.iter().map(|finding| finding.count).sum();
        let detail = match findings.len() {
            1 => "one more finding of this check is in quality.json".to_owned(),
            many => format!("{many} more findings of this check are in quality.json"),
        };
        Some(Self { place: String::new(), count, detail, ..first })
    }
}

/// Where a finding is, in words.
fn place(finding: &Finding) -> String {
    let mut parts: Vec<String> = finding.condition.iter().cloned().collect();
    parts.extend(finding.run_id.iter().filter(|run| finding.condition.as_ref() != Some(run)).cloned());
    parts.extend(finding.round.map(|round| format!("round {round}")));
    if parts.is_empty() { "everywhere".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: Check, round: u32) -> Finding {
        Finding {
            check,
            severity: Severity::Caution,
            condition: Some("c".to_owned()),
            run_id: Some("r".to_owned()),
            round: Some(round),
            count: 2,
            detail: "x".to_owned(),
            counts: true,
        }
    }

    #[test]
    fn a_check_that_finds_much_does_not_hide_the_others() {
        let mut findings: Vec<Finding> = (1..=9).map(|round| finding(Check::FailedSends, round)).collect();
        findings.push(finding(Check::NegativeLatency, 3));
        let lines = lines(&findings);
        assert_eq!(lines.len(), FINDINGS_SHOWN + 2);
        assert_eq!(lines[0].place, "c, r, round 1");
        assert_eq!((lines[5].place.as_str(), lines[5].count), ("", 8));
        assert_eq!(lines[5].detail, "4 more findings of this check are in quality.json");
        assert_eq!((lines[6].check, lines[6].place.as_str()), (Check::NegativeLatency, "c, r, round 3"));
    }
}
