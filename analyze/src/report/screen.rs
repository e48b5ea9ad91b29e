//! What a report says on the terminal: the convergence table as its result, verdict and findings as messages.

use std::path::Path;

use super::page::place;
use crate::metric::{Analysis, Origin};
use crate::quality::{Quality, Severity};
use crate::runs::Format;
use crate::table;

/// Findings that are printed; the page and quality.json have all.
const FINDINGS_SHOWN: usize = 20;

/// The convergence times from `origin`.
pub(super) fn convergence(analysis: &Analysis, origin: Origin, format: Format) -> Vec<u8> {
    let table = table::convergence(analysis).only("origin", origin.as_str());
    match format {
        Format::Table => table.to_text(),
        Format::Json => table.to_json(),
        Format::Csv => table.to_csv(),
    }
}

/// The verdict, the findings above info, and where to read more.
pub(super) fn messages(quality: &Quality, index: &Path) -> String {
    let grave: Vec<_> = quality.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
    let mut lines = vec![format!("verdict: {}", quality.verdict)];
    for finding in grave.iter().take(FINDINGS_SHOWN) {
        lines.push(format!("{}: {} ({}): {}", finding.severity, finding.check, place(finding), finding.detail));
    }
    if grave.len() > FINDINGS_SHOWN {
        lines.push(format!("{} more findings are in quality.json", grave.len() - FINDINGS_SHOWN));
    }
    lines.push(format!("report: {}", index.display()));
    lines.join("\n") + "\n"
}
