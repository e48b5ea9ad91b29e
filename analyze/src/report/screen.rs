//! What a report says on the terminal: the convergence table as its result, verdict and findings as messages.

use std::path::Path;

use super::list;
use crate::audit::{Quality, Severity};
use crate::commands::runs::Format;
use crate::measure::{Analysis, Origin};
use crate::output;

/// The convergence times from `origin`.
pub(super) fn convergence(analysis: &Analysis, origin: Origin, format: Format) -> Vec<u8> {
    let table = output::convergence(analysis).only("origin", origin.as_str());
    match format {
        Format::Table => table.to_text(),
        Format::Json => table.to_json(),
        Format::Csv => table.to_csv(),
    }
}

/// The verdict, the findings above info, and where to read more.
pub(super) fn messages(quality: &Quality, index: &Path) -> String {
    let above_info = quality.findings.partition_point(|finding| finding.severity > Severity::Info);
    let mut text = format!("verdict: {}\n", quality.verdict);
    for line in list::lines(&quality.findings[..above_info]) {
        let place = if line.place.is_empty() { String::new() } else { format!(" ({})", line.place) };
        text += &format!("{}: {}{place}: {}\n", line.severity, line.check, line.detail);
    }
    text + &format!("report: {}\n", index.display())
}
