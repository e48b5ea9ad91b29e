//! Forest plots of comparisons: for each metric one figure, with a row for each comparison.

use cnsim_charts::{ChartError, Metadata};

use super::figure_file::{DrawnFigure, FigureError};
use super::figure_spec::FigureSpec;
use super::figures;
use super::file::OutputFile;
use crate::compare::Comparison;
use crate::measure::catalogue::Metric;

/// The files of the figures, and a note for each metric that has none.
///
/// # Errors
/// Where a figure cannot be drawn or encoded.
pub(crate) fn forest(
    metrics: &[Metric],
    comparisons: &[Comparison],
    spec: &FigureSpec,
    metadata: &Metadata,
) -> Result<(Vec<OutputFile>, Vec<String>), FigureError> {
    let (mut files, mut notes) = (Vec::new(), Vec::new());
    for metric in metrics {
        let of_metric: Vec<&Comparison> =
            comparisons.iter().filter(|comparison| comparison.metric == *metric).collect();
        let effects = figures::effects(*metric, &of_metric);
        let figure = match DrawnFigure::draw(&effects, cnsim_charts::effects, &spec.sheet()) {
            Ok(figure) => figure,
            Err(ChartError::NoData(_)) => {
                notes.push(format!("no figure of {}: no shift is known", metric.name()));
                continue;
            }
            Err(error) => return Err(FigureError::Draw(error)),
        };
        let stem = format!("effects-{}", metric.name());
        files.extend(figure.files(&stem, &caption(&of_metric, &figure), spec, metadata)?);
    }
    Ok((files, notes))
}

fn caption(comparisons: &[&Comparison], figure: &DrawnFigure) -> String {
    let level = comparisons.first().map_or(0.0, |comparison| comparison.level * 100.0);
    let notes: String = figure.drawing.notes().iter().map(|note| format!(" {note}")).collect();
    format!(
        "Points: the median of all differences between rounds (Hodges and Lehmann). Lines: {level} % intervals, each \
         of its comparison alone.{notes}"
    )
}
