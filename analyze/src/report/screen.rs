//! What a report says on the terminal: the convergence table as its result, verdict and findings as messages.

use std::path::Path;

use super::finding_lines::lines;
use super::made::Report;
use crate::audit::{Quality, Severity, Verdict};
use crate::output;
use crate::table::TableFormat;

/// What a report came to.
#[derive(Debug)]
pub struct Outcome {
    /// The convergence table from the chosen origin, to be printed as the result.
    pub table: Vec<u8>,
    /// Verdict, findings above info and where the page is, to be printed as messages.
    pub messages: String,
    /// Whether the numbers can be trusted.
    pub verdict: Verdict,
}

/// What to print of a report that stands in a folder.
pub fn outcome(report: &Report, quality: &Quality, folder: &Path, format: TableFormat) -> Outcome {
    let table = output::convergence(report.analysis()).only("origin", report.spec().origin.as_str());
    Outcome {
        table: table.printed(format),
        messages: messages(quality, report.analysis().simulated_words(), &folder.join("index.html")),
        verdict: quality.verdict,
    }
}

/// What was simulated, the verdict, the findings above info, and where to read more.
fn messages(quality: &Quality, simulated: Option<String>, index: &Path) -> String {
    let above_info = quality.findings.partition_point(|finding| finding.severity > Severity::Info);
    let simulated = simulated.map_or_else(String::new, |words| format!("{words}\n"));
    let mut text = format!("{simulated}verdict: {}\n", quality.verdict);
    for line in lines(&quality.findings[..above_info]) {
        let place = if line.place.is_empty() { String::new() } else { format!(" ({})", line.place) };
        text += &format!("{}: {}{place}: {}\n", line.severity, line.check, line.detail);
    }
    text + &format!("report: {}\n", index.display())
}
