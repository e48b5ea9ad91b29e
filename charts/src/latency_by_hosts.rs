//! Latency by the machines that copies went from and to: a square for each pair, the darker the slower (a heat map).

use crate::axis::{Axis, Quantity, number};
use crate::canvas::{Align, Direction, Label, Rect};
use crate::data::{HostCell, HostPanel, LatencyByHosts};
use crate::drawing::Drawing;
use crate::error::{ChartError, check_values};
use crate::figure::Figure;
use crate::font::Face;
use crate::panel::{Cell, Panel};
use crate::sheet::Sheet;
use crate::style::{Color, GRID_ROWS_MAX, HEAT, HEAT_LEAST, INK, PAPER, Pattern, SMALL_PT};

const NAME: &str = "latency-by-hosts";
/// From this factor between the least and the greatest median on, colours follow the logarithm.
const LOG_SPAN: f64 = 20.0;
/// Names that a note lists; data hold all.
const NAMED_MAX: usize = 8;
/// Up to so many machines have each a number on the axes.
const EACH_MAX: u32 = 8;

/// Draws latency by machines. Of more panels than a page holds the first are drawn, and a note says so.
///
/// # Errors
/// [`ChartError::NoData`] where no pair has a delivery; [`ChartError::Value`].
pub fn latency_by_hosts(data: &LatencyByHosts, sheet: &Sheet) -> Result<Drawing, ChartError> {
    layout(data, sheet)?.draw()
}

pub(crate) fn layout(data: &LatencyByHosts, sheet: &Sheet) -> Result<Figure, ChartError> {
    let filled: Vec<&HostPanel> = data.panels.iter().filter(|panel| !panel.cells.is_empty()).collect();
    if filled.is_empty() {
        return Err(ChartError::NoData(NAME));
    }
    for panel in &filled {
        check_values(NAME, &panel.label, panel.cells.iter().map(|cell| cell.median_ms))?;
    }
    let hosts = filled.iter().map(|panel| panel.hosts.len() as u32).max().unwrap_or(1);
    let mut figure = Figure::new(NAME, "Median latency of first deliveries by the machines at both ends", sheet)?;
    let axis = |words| match hosts {
        0..=EACH_MAX => Axis::each(Quantity::count(words), hosts),
        _ => Axis::whole(Quantity::count(words), [1, hosts]),
    };
    let y = axis("Sending machine");
    let shown = &filled[..filled.len().min(figure.columns_max(&y) * GRID_ROWS_MAX)];
    let cell = |panel: &&HostPanel| Cell { heading: panel.label.clone(), x: axis("Receiving machine") };
    let panels = figure.add_grid(shown.iter().map(cell).collect(), &y);
    let heat = ColorScale::of(shown.iter().flat_map(|panel| &panel.cells).map(|cell| cell.median_ms));
    for (panel, data) in panels.iter().zip(shown) {
        data.cells.iter().for_each(|cell| draw_cell(&mut figure, panel, cell, &heat));
    }
    let ends = [heat.low, heat.high].map(number);
    figure.draw_color_scale(&heat.title(), [&ends[0], &ends[1]], color);
    figure.add_note(&names(shown));
    if shown.len() < filled.len() {
        figure.add_note(&format!("The first {} of {} panels are shown.", shown.len(), filled.len()));
    }
    Ok(figure)
}

/// From a median to a place between the least colour and the greatest.
struct ColorScale {
    low: f64,
    high: f64,
    is_log: bool,
}

impl ColorScale {
    fn of(medians: impl Iterator<Item = f64>) -> Self {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = medians.fold(ends, |(low, high), value| (low.min(value), high.max(value)));
        Self { low, high, is_log: low > 0.0 && high / low > LOG_SPAN }
    }

    fn share(&self, value: f64) -> f64 {
        let share = match self.is_log {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        };
        if share.is_finite() { share } else { 0.0 }
    }

    fn title(&self) -> String {
        format!("Median latency (ms{})", if self.is_log { ", log scale" } else { "" })
    }
}

fn color(share: f64) -> Color {
    HEAT.tint(HEAT_LEAST + (1.0 - HEAT_LEAST) * share)
}

fn draw_cell(figure: &mut Figure, panel: &Panel, cell: &HostCell, heat: &ColorScale) {
    let corner = |across: f64, up: f64| panel.at(f64::from(cell.to) + across, f64::from(cell.from) + up);
    let ((left, bottom), (right, top)) = (corner(-0.5, -0.5), corner(0.5, 0.5));
    let rect = Rect { left, top, right, bottom };
    let share = heat.share(cell.median_ms);
    figure.canvas.bar(rect, color(share), Pattern::Plain, PAPER);
    let (face, text) = (Face::regular(SMALL_PT), number(cell.median_ms));
    if face.width_pt(&text) + 2.0 <= rect.width() && SMALL_PT + 1.0 <= rect.height() {
        let at = ((left + right) / 2.0, (top + bottom) / 2.0 + SMALL_PT * 0.36);
        let color = if share > 0.5 { PAPER } else { INK };
        figure.canvas.text(Label { text, at, align: Align::Middle, direction: Direction::Level, face, color });
    }
}

/// The machines by number, where all panels have the same few; else where they are named.
fn names(panels: &[&HostPanel]) -> String {
    let hosts = &panels[0].hosts;
    let name = |(number, host): (usize, &String)| format!("{} {host}", number + 1);
    if hosts.len() <= NAMED_MAX && panels.iter().all(|panel| panel.hosts == *hosts) {
        return format!("Machines: {}.", hosts.iter().enumerate().map(name).collect::<Vec<_>>().join(", "));
    }
    "Machines are numbered in each panel in the order of their names, which stand with the figure's data.".to_owned()
}
