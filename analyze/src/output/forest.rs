//! Forest plots of comparisons: for each metric one figure, with a row for each comparison.

use cnsim_charts::{ChartError, Metadata};

use super::figure_file::{DrawnFigure, FigureError};
use super::figure_spec::FigureSpec;
use super::figures;
use super::file::OutputFile;
use super::simulated::mark;
use crate::compare::{Compared, Comparison};
use crate::measure::catalogue::Metric;

/// The files of the figures, and a note for each metric that has none.
///
/// # Errors
/// Where a figure cannot be drawn or encoded.
pub(crate) fn forest(
    metrics: &[Metric],
    compared: &Compared,
    spec: &FigureSpec,
    metadata: &Metadata,
) -> Result<(Vec<OutputFile>, Vec<String>), FigureError> {
    let Compared { comparisons, execution, simulated, .. } = compared;
    let sheet = spec.sheet(mark(*execution));
    let (mut files, mut notes) = (Vec::new(), Vec::new());
    for metric in metrics {
        let of_metric: Vec<&Comparison> =
            comparisons.iter().filter(|comparison| comparison.metric == *metric).collect();
        let effects = figures::effects(*metric, &of_metric);
        let figure = match DrawnFigure::draw(&effects, cnsim_charts::effects, &sheet) {
            Ok(figure) => figure,
            Err(ChartError::NoData(_)) => {
                notes.push(format!("no figure of {}: no shift is known", metric.name()));
                continue;
            }
            Err(error) => return Err(FigureError::Draw(error)),
        };
        // A colon is no part of a file's name everywhere.
        let stem = format!("effects-{}", metric.name().replace(':', "-"));
        files.extend(figure.files(&stem, &caption(&of_metric, &figure, simulated.as_deref()), spec, metadata)?);
    }
    Ok((files, notes))
}

fn caption(comparisons: &[&Comparison], figure: &DrawnFigure, simulated: Option<&str>) -> String {
    let level = comparisons.first().map_or(0.0, |comparison| comparison.level * 100.0);
    let notes: String = figure.drawing.notes().iter().map(|note| format!(" {note}")).collect();
    let simulated = simulated.map_or_else(String::new, |words| format!(" {words}"));
    format!(
        "Points: the median of all differences between rounds (Hodges and Lehmann). Lines: {level} % intervals, each \
         of its comparison alone.{notes}{simulated}"
    )
}
