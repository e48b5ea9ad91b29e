//! How unevenly nodes share the work: the Lorenz curve of the copies that they sent.

use crate::axis::Axis;
use crate::canvas::{Point, Stroke};
use crate::data::{LoadLorenz, LorenzSeries};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::legend::{Entry, Key};
use crate::sheet::Sheet;
use crate::style::{self, AXIS_LINE_PT, MUTED};

const NAME: &str = "load-lorenz";

/// Draws Lorenz curves.
///
/// # Errors
/// [`ChartError::NoData`] where no series has a curve; [`ChartError::Value`].
pub fn load_lorenz(data: &LoadLorenz, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &LoadLorenz, sheet: &Sheet) -> Result<Figure, ChartError> {
    let shown: Vec<&LorenzSeries> = data.series.iter().filter(|series| !series.points.is_empty()).collect();
    if shown.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for series in &shown {
        let values = series.points.iter().flat_map(|&(nodes, copies)| [nodes, copies]);
        check_values(NAME, &series.label, values.chain([series.gini]))?;
    }
    let mut figure = Figure::new(NAME, "How the copies that were sent are shared among nodes", sheet)?;
    let panel = figure.add_panel(Axis::percent("Nodes, least loaded first"), Axis::percent("Copies that they sent"));
    let equal = Stroke::solid(MUTED, AXIS_LINE_PT);
    figure.canvas.line(vec![panel.at(0.0, 0.0), panel.at(100.0, 100.0)], equal);
    for (index, series) in shown.iter().enumerate() {
        let at = |(nodes, copies): &(f64, f64)| panel.at(nodes * 100.0, copies * 100.0);
        let points: Vec<Point> = series.points.iter().map(at).collect();
        figure.draw_curve(&points, style::series(index));
    }
    let name = |series: &LorenzSeries| format!("{} (Gini {:.3})", series.label, series.gini);
    let curves = shown.iter().enumerate().map(|(index, series)| Entry::series(style::series(index), name(series)));
    let equal = Entry { key: Key::Line(equal), name: "all nodes sent the same".to_owned() };
    figure.draw_legend(&curves.chain([equal]).collect::<Vec<_>>());
    Ok(figure)
}
