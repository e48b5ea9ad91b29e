//! A figure under construction: panels with axes from top to bottom, then legend and notes, then the drawing.

use crate::axis::{Axis, Quantity, Tick};
use crate::canvas::{Align, Canvas, Direction, Label, Point, Rect, Stroke, simplify};
use crate::drawing::Drawing;
use crate::error::ChartError;
use crate::font::{self, Face};
use crate::left_margin::{TITLE_LINES, choose_left_ticks, left_margin_pt};
use crate::legend::{self, Entry};
use crate::mark;
use crate::panel::{Cell, Panel};
use crate::sheet::{Sheet, Style};
use crate::style::{
    AXIS_LINE_PT, BORDER_PT, CELL_WIDTH_MIN_PT, Color, GAP_PT, GRID, GRID_HEIGHTS_PT, GRID_LINE_PT, HALF_HEIGHT_PT,
    INK, LEADING, LINE_PT, MARKER_PT, MUTED, PANEL_GAP_PT, PLOT_HEIGHT_PT, Pattern, ROW_NAME_SHARE, ROW_PT, SMALL_PT,
    SeriesStyle, TEXT_PT, TICK_PT,
};

/// How far a tick label may stand over the end of its axis.
const OVERHANG_PT: f64 = 16.0;
/// Tick labels below an axis: tick, gap and one line.
const TICK_LABELS_PT: f64 = TICK_PT + 2.0 + SMALL_PT;
/// Markers of a line stand at least this many of their radii apart.
const MARKER_SPACING: f64 = 3.0;
/// Smaller markers cannot be told apart.
const MARKER_MIN_PT: f64 = 0.8;
/// The distance of markers where not every point has one.
const SPARSE_MARKERS_PT: f64 = 16.0;
/// A curve of many points bears at most so many markers.
const CURVE_MARKERS: usize = 6;
/// What a row of small panels takes beside its data areas: heading, tick labels and gaps.
const AROUND_ROW_PT: f64 = 52.0;
/// Room for what stands below rows of small panels.
const BELOW_ROWS_PT: f64 = 92.0;
/// The strip that explains colours.
const SCALE_PT: (f64, f64) = (90.0, 8.0);
/// Its steps.
const SCALE_STEPS: u32 = 30;

/// A figure under construction.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) canvas: Canvas,
    /// What it is drawn for.
    pub(crate) sheet: Sheet,
    name: &'static str,
    title: &'static str,
    /// Sentences that are left to the caption.
    notes: Vec<String>,
    left: f64,
    bottom: f64,
}

impl Figure {
    /// An empty figure. `title` is for readers that cannot see it and for metadata: it is not drawn.
    ///
    /// # Errors
    /// [`ChartError::Font`].
    pub(crate) fn new(name: &'static str, title: &'static str, sheet: &Sheet) -> Result<Self, ChartError> {
        font::register()?;
        let (mut canvas, bottom) = (Canvas::default(), BORDER_PT + mark::height_pt(sheet));
        mark::draw(&mut canvas, sheet);
        Ok(Self { canvas, sheet: *sheet, name, title, notes: Vec::new(), left: BORDER_PT, bottom })
    }

    /// One data area over the whole width.
    pub(crate) fn add_panel(&mut self, x: Axis, y: Axis) -> Panel {
        let height_pt = self.sheet.height_pt(PLOT_HEIGHT_PT);
        self.left = left_margin_pt(&[&y], height_pt);
        let panel = self.add_area(x, y, height_pt);
        self.draw_tick_labels_below(&panel, OVERHANG_PT);
        self.draw_title_below(&panel.x.title());
        panel
    }

    /// The same, with `room_pt` left free above it.
    pub(crate) fn add_panel_below(&mut self, x: Axis, y: Axis, room_pt: f64) -> Panel {
        self.bottom += room_pt;
        self.add_panel(x, y)
    }

    /// A data area with a named row for each of `names` instead of an axis on its left, and the rows' rectangles.
    pub(crate) fn add_named_rows(&mut self, x: Axis, names: &[&str]) -> (Panel, Vec<Rect>) {
        let face = Face::regular(SMALL_PT);
        let wrapped: Vec<Vec<String>> =
            names.iter().map(|name| face.wrap(name, self.sheet.width_pt() * ROW_NAME_SHARE, 2)).collect();
        let widest = wrapped.iter().flatten().map(|line| face.width_pt(line)).fold(0.0, f64::max);
        self.left = BORDER_PT + widest.max(OVERHANG_PT) + GAP_PT;
        let right = self.right();
        let (top, height) = (self.bottom, names.len() as f64 * ROW_PT);
        let rect = Rect { left: self.left, top, right, bottom: top + height };
        let y = Axis::from_zero(Quantity::count(""), [names.len() as f64]);
        let panel = Panel { rect, x, y };
        self.draw_axes(&panel, &[]);
        self.draw_tick_labels_below(&panel, OVERHANG_PT);
        self.draw_title_below(&panel.x.title());
        let rows = (0..names.len()).map(|row| top + row as f64 * ROW_PT);
        let rows: Vec<Rect> = rows.map(|top| Rect { top, bottom: top + ROW_PT, ..rect }).collect();
        for (lines, row) in wrapped.iter().zip(&rows) {
            self.draw_row_name(lines, row);
        }
        (panel, rows)
    }

    /// Two data areas above each other with one axis below both.
    pub(crate) fn add_pair(&mut self, x: &Axis, upper: Axis, lower: Axis) -> [Panel; 2] {
        let height_pt = self.sheet.height_pt(HALF_HEIGHT_PT);
        self.left = left_margin_pt(&[&upper, &lower], height_pt);
        self.draw_letter(0);
        let upper = self.add_area(x.clone(), upper, height_pt);
        self.bottom += PANEL_GAP_PT;
        self.draw_letter(1);
        let lower = self.add_area(x.clone(), lower, height_pt);
        self.draw_tick_labels_below(&lower, OVERHANG_PT);
        self.draw_title_below(&x.title());
        [upper, lower]
    }

    /// Small panels with headings, in rows; one axis on the left for each row, and an axis of its own below each panel.
    pub(crate) fn add_grid(&mut self, cells: Vec<Cell>, y: &Axis) -> Vec<Panel> {
        let columns = match cells.len() {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        };
        let columns = columns.min(self.columns_max(y));
        let rows = cells.chunks(columns).map(|row| (y.clone(), row.to_vec())).collect();
        self.add_panel_rows(rows, columns)
    }

    /// As many small panels as have room side by side.
    pub(crate) fn columns_max(&self, y: &Axis) -> usize {
        let room = self.right() - left_margin_pt(&[y], GRID_HEIGHTS_PT[2]);
        (((room + PANEL_GAP_PT) / (CELL_WIDTH_MIN_PT + PANEL_GAP_PT)) as usize).clamp(1, 3)
    }

    /// Small panels in rows of at most `columns`, each row with its own axis on the left.
    pub(crate) fn add_panel_rows(&mut self, rows: Vec<(Axis, Vec<Cell>)>, columns: usize) -> Vec<Panel> {
        let on_a_page = self.sheet.height_max_in() * 72.0 - BELOW_ROWS_PT - mark::height_pt(&self.sheet);
        let height_pt =
            self.sheet.height_pt(GRID_HEIGHTS_PT[columns - 1]).min(on_a_page / rows.len() as f64 - AROUND_ROW_PT);
        let axes: Vec<&Axis> = rows.iter().map(|(y, _)| y).collect();
        self.left = left_margin_pt(&axes, height_pt);
        let room = self.right() - self.left;
        let width = (room - (columns - 1) as f64 * PANEL_GAP_PT) / columns as f64;
        let title = rows.first().and_then(|(_, cells)| Some(cells.first()?.x.title())).unwrap_or_default();
        let is_alone = rows.iter().map(|(_, cells)| cells.len()).sum::<usize>() == 1;
        let mut panels: Vec<Panel> = Vec::new();
        for (y, cells) in &rows {
            if !panels.is_empty() {
                self.bottom += GAP_PT;
            }
            let letters = cells.iter().enumerate().map(|(index, _)| self.sheet.letter(panels.len() + index));
            let headings = cells.iter().zip(letters).map(|(cell, letter)| match letter.filter(|_| !is_alone) {
                Some(letter) => format!("{letter} {}", cell.heading),
                None => cell.heading.clone(),
            });
            let headings: Vec<String> = headings.collect();
            panels.extend(self.add_panel_row(cells, &headings, y, (width, height_pt)));
        }
        self.draw_title_below(&title);
        panels
    }

    /// A line of the series' style through all points, with a marker at each of them: smaller ones where they stand close. Where even
    /// those would touch, the line is thin and without dashes, and only every so many points have a marker.
    pub(crate) fn draw_series_line(&mut self, points: &[Point], style: SeriesStyle) {
        let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else { return };
        let spacing = if points.len() > 1 { (last - first) / (points.len() - 1) as f64 } else { f64::INFINITY };
        let radius = MARKER_PT.min(spacing / MARKER_SPACING);
        let wide = Stroke { color: style.color, width_pt: LINE_PT, dash: style.dash };
        let (stroke, radius, stride) = if radius < MARKER_MIN_PT {
            let stride = (SPARSE_MARKERS_PT / spacing.max(1e-3)).ceil() as usize;
            (Stroke::solid(style.color, LINE_PT / 2.0), MARKER_PT, stride)
        } else {
            (wide, radius, 1)
        };
        self.canvas.line(simplify(points, 0.1), stroke);
        for &point in points.iter().step_by(stride) {
            self.canvas.marker(point, style.marker, radius, style.color);
        }
    }

    /// A line of the series' style through all points, however many, with a few markers at equal distances along it.
    pub(crate) fn draw_curve(&mut self, points: &[Point], style: SeriesStyle) {
        self.canvas.line(simplify(points, 0.1), Stroke { color: style.color, width_pt: LINE_PT, dash: style.dash });
        let mut lengths = vec![0.0];
        for pair in points.windows(2) {
            let step = (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
            lengths.push(lengths[lengths.len() - 1] + step);
        }
        let whole = lengths[lengths.len() - 1];
        let share = |marker: usize| (marker as f64 + 0.5) / CURVE_MARKERS as f64;
        let mut at: Vec<usize> = (0..CURVE_MARKERS)
            .map(|marker| lengths.partition_point(|length| *length < share(marker) * whole))
            .collect();
        at.dedup();
        for point in at.into_iter().filter_map(|at| points.get(at)) {
            self.canvas.marker(*point, style.marker, MARKER_PT, style.color);
        }
    }

    /// The legend, below all that was drawn before.
    pub(crate) fn draw_legend(&mut self, entries: &[Entry]) {
        let room =
            Rect { left: self.left, top: self.bottom + GAP_PT, right: self.sheet.width_pt() - BORDER_PT, bottom: 0.0 };
        self.bottom = legend::draw_legend(&mut self.canvas, entries, room);
    }

    /// What colours mean: a strip from the colour of 0 to that of 1, the values at its ends, and what they measure, below all that was
    /// drawn before.
    pub(crate) fn draw_color_scale(&mut self, words: &str, ends: [&str; 2], color: impl Fn(f64) -> Color) {
        let face = Face::regular(SMALL_PT);
        let (width, height) = SCALE_PT;
        let words = face.shorten(words, self.right() - self.left);
        let around = ends.map(|end| face.width_pt(end) + GAP_PT);
        let mut left = self.left;
        self.bottom += GAP_PT;
        self.draw_word(&words, left, face);
        left += face.width_pt(&words) + GAP_PT * 2.0;
        if left + around[0] + width + around[1] > self.right() {
            self.bottom += SMALL_PT * LEADING;
            left = self.left;
        }
        self.draw_word(ends[0], left, face);
        left += around[0];
        let (top, bottom) = (self.bottom, self.bottom + height);
        for step in 0..SCALE_STEPS {
            let at = |step: u32| left + width * f64::from(step) / f64::from(SCALE_STEPS);
            let color = color(f64::from(step) / f64::from(SCALE_STEPS - 1));
            self.canvas.bar(Rect { left: at(step), top, right: at(step + 1), bottom }, color, Pattern::Plain, color);
        }
        self.canvas.frame(Rect { left, top, right: left + width, bottom }, Stroke::solid(INK, GRID_LINE_PT));
        self.draw_word(ends[1], left + width + GAP_PT, face);
        self.bottom = bottom + 1.5;
    }

    /// A text that begins at `left`, on the line below all that was drawn before.
    fn draw_word(&mut self, text: &str, left: f64, face: Face) {
        let at = (left, self.bottom + SMALL_PT * 0.86);
        let text = text.to_owned();
        self.canvas.text(Label { text, at, align: Align::Start, direction: Direction::Level, face, color: INK });
    }

    /// A sentence that the reader needs: on a screen below all that was drawn before, in a paper left to the caption.
    pub(crate) fn add_note(&mut self, text: &str) {
        match self.sheet.style {
            Style::Screen => self.draw_note(text),
            Style::Paper => self.notes.push(text.to_owned()),
        }
    }

    /// Names the series that have nothing to show, and says why.
    pub(crate) fn note_left_out(&mut self, labels: &[String], why: &str) {
        const NAMED_MAX: usize = 4;
        let named = labels[..labels.len().min(NAMED_MAX)].join("; ");
        let more = match labels.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        if !labels.is_empty() {
            self.add_note(&format!("Not shown ({why}): {named}{more}."));
        }
    }

    /// Width and height in points.
    pub(crate) fn size_pt(&self) -> (f64, f64) {
        (self.sheet.width_pt(), self.bottom + BORDER_PT)
    }

    /// The finished drawing.
    ///
    /// # Errors
    /// [`ChartError::Backend`] or [`ChartError::Svg`].
    pub(crate) fn draw(self) -> Result<Drawing, ChartError> {
        let (size_pt, title) = (self.size_pt(), mark::title(self.title, self.sheet.mark));
        Drawing::new(self.name, title, &self.canvas, size_pt, self.notes)
    }

    /// Where data areas end.
    fn right(&self) -> f64 {
        self.sheet.width_pt() - BORDER_PT - OVERHANG_PT
    }

    fn draw_note(&mut self, text: &str) {
        let face = Face::regular(SMALL_PT);
        self.bottom += GAP_PT / 2.0;
        for line in face.wrap(text, self.sheet.width_pt() - BORDER_PT - self.left, 4) {
            self.bottom += SMALL_PT * LEADING;
            let at = (self.left, self.bottom - SMALL_PT * 0.25);
            self.canvas.text(Label {
                text: line,
                at,
                align: Align::Start,
                direction: Direction::Level,
                face,
                color: MUTED,
            });
        }
    }

    /// The letter of a panel that has no heading, above it.
    fn draw_letter(&mut self, index: usize) {
        let Some(letter) = self.sheet.letter(index) else { return };
        self.bottom += TEXT_PT * LEADING;
        let at = (self.left, self.bottom);
        let face = Face::bold(TEXT_PT);
        self.canvas.text(Label {
            text: letter,
            at,
            align: Align::Start,
            direction: Direction::Level,
            face,
            color: INK,
        });
    }

    fn add_area(&mut self, x: Axis, y: Axis, height_pt: f64) -> Panel {
        let top = self.bottom + SMALL_PT / 2.0;
        let right = self.right();
        let rect = Rect { left: self.left, top, right, bottom: top + height_pt };
        let panel = Panel { rect, x, y };
        self.draw_axes(&panel, &choose_left_ticks(&panel.y, panel.rect.height()));
        self.draw_tick_labels_left(&panel);
        self.draw_title_left(&panel.y.title(), &rect);
        self.bottom = rect.bottom;
        panel
    }

    fn add_panel_row(
        &mut self,
        cells: &[Cell],
        headings: &[String],
        y: &Axis,
        (width, height): (f64, f64),
    ) -> Vec<Panel> {
        let face = Face::bold(TEXT_PT);
        let headings: Vec<Vec<String>> = headings.iter().map(|heading| face.wrap(heading, width, 2)).collect();
        let lines = headings.iter().map(Vec::len).max().unwrap_or(0);
        let top = self.bottom + lines as f64 * TEXT_PT * LEADING + GAP_PT;
        let mut panels = Vec::new();
        for (index, (cell, heading)) in cells.iter().zip(headings).enumerate() {
            let left = self.left + index as f64 * (width + PANEL_GAP_PT);
            let rect = Rect { left, top, right: left + width, bottom: top + height };
            let panel = Panel { rect, x: cell.x.clone(), y: y.clone() };
            self.draw_axes(&panel, &choose_left_ticks(&panel.y, panel.rect.height()));
            self.draw_heading(&heading, &rect);
            self.bottom = rect.bottom;
            if index == 0 {
                self.draw_tick_labels_left(&panel);
                self.draw_title_left(&panel.y.title(), &rect);
            }
            self.draw_tick_labels_below(&panel, PANEL_GAP_PT / 2.0 - 1.5);
            panels.push(panel);
        }
        self.bottom = top + height + TICK_LABELS_PT;
        panels
    }

    fn draw_row_name(&mut self, lines: &[String], row: &Rect) {
        let first = (row.top + row.bottom) / 2.0 - (lines.len() as f64 - 1.0) / 2.0 * SMALL_PT * LEADING;
        for (index, line) in lines.iter().enumerate() {
            let at = (row.left - GAP_PT, first + index as f64 * SMALL_PT * LEADING + SMALL_PT * 0.36);
            let face = Face::regular(SMALL_PT);
            self.canvas.text(Label {
                text: line.clone(),
                at,
                align: Align::End,
                direction: Direction::Level,
                face,
                color: INK,
            });
        }
    }

    fn draw_heading(&mut self, lines: &[String], rect: &Rect) {
        for (index, line) in lines.iter().rev().enumerate() {
            let at = (rect.left, rect.top - GAP_PT - index as f64 * TEXT_PT * LEADING);
            let face = Face::bold(TEXT_PT);
            self.canvas.text(Label {
                text: line.clone(),
                at,
                align: Align::Start,
                direction: Direction::Level,
                face,
                color: INK,
            });
        }
    }

    /// Axis lines with ticks, and on a screen a line of the grid for each of the ticks on the left.
    fn draw_axes(&mut self, panel: &Panel, left: &[Tick]) {
        let rect = panel.rect;
        let axis = Stroke::solid(INK, AXIS_LINE_PT);
        let height_of = |value: f64| panel.at(panel.x.low(), value).1;
        if self.sheet.style == Style::Screen {
            for tick in left {
                let y = height_of(tick.value);
                self.canvas.line(vec![(rect.left, y), (rect.right, y)], Stroke::solid(GRID, GRID_LINE_PT));
            }
        }
        for tick in left {
            self.draw_tick_left(&rect, height_of(tick.value), TICK_PT);
        }
        for value in panel.y.minor() {
            self.draw_tick_left(&rect, height_of(value), TICK_PT / 2.0);
        }
        for value in panel.x.minor() {
            self.draw_tick_below(&rect, panel.at(value, panel.y.low()).0, TICK_PT / 2.0);
        }
        match self.sheet.style {
            Style::Screen => {
                let corner = vec![(rect.left, rect.top), (rect.left, rect.bottom), (rect.right, rect.bottom)];
                self.canvas.line(corner, axis);
            }
            Style::Paper => self.canvas.frame(rect, axis),
        }
    }

    /// A tick at the left, in a paper at the right too, and inward.
    fn draw_tick_left(&mut self, rect: &Rect, y: f64, length_pt: f64) {
        let axis = Stroke::solid(INK, AXIS_LINE_PT);
        match self.sheet.style {
            Style::Screen => self.canvas.line(vec![(rect.left - length_pt, y), (rect.left, y)], axis),
            Style::Paper => {
                self.canvas.line(vec![(rect.left, y), (rect.left + length_pt, y)], axis);
                self.canvas.line(vec![(rect.right - length_pt, y), (rect.right, y)], axis);
            }
        }
    }

    /// A tick at the bottom, in a paper at the top too, and inward.
    fn draw_tick_below(&mut self, rect: &Rect, x: f64, length_pt: f64) {
        let axis = Stroke::solid(INK, AXIS_LINE_PT);
        match self.sheet.style {
            Style::Screen => self.canvas.line(vec![(x, rect.bottom), (x, rect.bottom + length_pt)], axis),
            Style::Paper => {
                self.canvas.line(vec![(x, rect.bottom), (x, rect.bottom - length_pt)], axis);
                self.canvas.line(vec![(x, rect.top), (x, rect.top + length_pt)], axis);
            }
        }
    }

    fn draw_tick_labels_left(&mut self, panel: &Panel) {
        for tick in choose_left_ticks(&panel.y, panel.rect.height()) {
            let (_, y) = panel.at(panel.x.low(), tick.value);
            let at = (panel.rect.left - TICK_PT - 2.0, y + SMALL_PT * 0.36);
            let face = Face::regular(SMALL_PT);
            self.canvas.text(Label {
                text: tick.label,
                at,
                align: Align::End,
                direction: Direction::Level,
                face,
                color: INK,
            });
        }
    }

    fn draw_tick_labels_below(&mut self, panel: &Panel, overhang_pt: f64) {
        let rect = panel.rect;
        for tick in panel.x.ticks_across(rect.width(), overhang_pt) {
            let (x, _) = panel.at(tick.value, panel.y.low());
            self.draw_tick_below(&rect, x, TICK_PT);
            let at = (x, rect.bottom + TICK_LABELS_PT - SMALL_PT * 0.2);
            let face = Face::regular(SMALL_PT);
            self.canvas.text(Label {
                text: tick.label,
                at,
                align: Align::Middle,
                direction: Direction::Level,
                face,
                color: INK,
            });
        }
        self.bottom = rect.bottom + TICK_LABELS_PT;
    }

    fn draw_title_left(&mut self, title: &str, rect: &Rect) {
        let face = Face::regular(TEXT_PT);
        for (index, text) in face.wrap(title, rect.height(), TITLE_LINES).into_iter().enumerate() {
            let x = BORDER_PT + TEXT_PT * 0.9 + index as f64 * TEXT_PT * LEADING;
            let at = (x, (rect.top + rect.bottom) / 2.0);
            self.canvas.text(Label { text, at, align: Align::Middle, direction: Direction::Upward, face, color: INK });
        }
    }

    fn draw_title_below(&mut self, title: &str) {
        let face = Face::regular(TEXT_PT);
        let (left, right) = (self.left, self.right());
        self.bottom += 1.0;
        for text in face.wrap(title, right - left, TITLE_LINES) {
            self.bottom += TEXT_PT * LEADING;
            let at = ((left + right) / 2.0, self.bottom - TEXT_PT * 0.25);
            self.canvas.text(Label { text, at, align: Align::Middle, direction: Direction::Level, face, color: INK });
        }
    }
}
