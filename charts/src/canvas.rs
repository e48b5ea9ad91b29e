//! A list of shapes in points, from the top left corner, and its way into SVG.
//!
//! The list comes first because a figure knows its height only when all of it is laid out.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontTransform, RGBColor, ShapeStyle, TextStyle};

use crate::error::ChartError;
use crate::font::{self, FAMILY, Face};
use crate::style::{AXIS_LINE_PT, Color, Dash, HATCH_PT, Marker, PAPER, Pattern, UNITS_PER_PT};

/// (right, down) in points.
pub(crate) type Point = (f64, f64);

/// An upright rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Rect {
    /// From left to right.
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    /// From top to bottom.
    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    fn outline(&self) -> Vec<Point> {
        vec![(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]
    }
}

/// A line's look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stroke {
    pub(crate) color: Color,
    pub(crate) width_pt: f64,
    pub(crate) dash: Dash,
}

impl Stroke {
    /// A line without gaps.
    pub(crate) const fn solid(color: Color, width_pt: f64) -> Self {
        Self { color, width_pt, dash: &[] }
    }
}

/// Which end of a text its position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

/// Whether a text is read from left to right or from bottom to top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Level,
    Upward,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    pub(crate) text: String,
    /// On the baseline.
    pub(crate) at: Point,
    pub(crate) align: Align,
    pub(crate) direction: Direction,
    pub(crate) face: Face,
    pub(crate) color: Color,
}

/// One shape; the list of them is what a figure shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Line { points: Vec<Point>, stroke: Stroke },
    Area { outline: Vec<Point>, color: Color, opacity: f64 },
    Text(Label),
}

/// The shapes of a figure, from back to front.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Canvas {
    pub(crate) shapes: Vec<Shape>,
}

impl Canvas {
    /// A line through `points`; less than two of them make none.
    pub(crate) fn line(&mut self, points: Vec<Point>, stroke: Stroke) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line { points, stroke });
        }
    }

    /// A filled area.
    pub(crate) fn area(&mut self, outline: Vec<Point>, color: Color, opacity: f64) {
        self.shapes.push(Shape::Area { outline, color, opacity });
    }

    /// A filled rectangle under a pattern of lines of the colour `hatch`.
    pub(crate) fn bar(&mut self, rect: Rect, color: Color, pattern: Pattern, hatch: Color) {
        self.area(rect.outline(), color, 1.0);
        for (from, to) in hatch_lines(&rect, pattern) {
            self.line(vec![from, to], Stroke::solid(hatch, AXIS_LINE_PT));
        }
    }

    /// The outline of a rectangle.
    pub(crate) fn frame(&mut self, rect: Rect, stroke: Stroke) {
        let mut outline = rect.outline();
        outline.push((rect.left, rect.top));
        self.line(outline, stroke);
    }

    /// A point of the given shape and radius.
    pub(crate) fn marker(&mut self, (x, y): Point, marker: Marker, radius_pt: f64, color: Color) {
        let ring = |corners: u32, turn: f64, stretch: f64| -> Vec<Point> {
            (0..corners)
                .map(|corner| (f64::from(corner) + turn) / f64::from(corners) * std::f64::consts::TAU)
                .map(|angle| (x + radius_pt * stretch * angle.sin(), y - radius_pt * stretch * angle.cos()))
                .collect()
        };
        match marker {
            Marker::Circle => self.area(ring(12, 0.0, 1.0), color, 1.0),
            Marker::Square => self.area(ring(4, 0.5, 1.25), color, 1.0),
            Marker::Triangle => self.area(ring(3, 0.0, 1.35), color, 1.0),
            Marker::Diamond => self.area(ring(4, 0.0, 1.35), color, 1.0),
            Marker::TriangleDown => self.area(ring(3, 1.5, 1.35), color, 1.0),
            Marker::Cross => {
                let stroke = Stroke::solid(color, radius_pt * 0.45);
                self.line(vec![(x - radius_pt, y - radius_pt), (x + radius_pt, y + radius_pt)], stroke);
                self.line(vec![(x - radius_pt, y + radius_pt), (x + radius_pt, y - radius_pt)], stroke);
            }
        }
    }

    /// A line of text.
    pub(crate) fn text(&mut self, label: Label) {
        self.shapes.push(Shape::Text(Label { text: font::printable(&label.text), ..label }));
    }

    /// The shapes as SVG on a canvas of [`UNITS_PER_PT`] integer units a point, with text as text.
    ///
    /// # Errors
    /// [`ChartError::Backend`] where the back end refuses a shape.
    pub(crate) fn to_svg(&self, size_units: (u32, u32)) -> Result<String, ChartError> {
        let failed = |error: &dyn std::fmt::Display| ChartError::Backend(error.to_string());
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, size_units).into_drawing_area();
            area.fill(&rgb(PAPER)).map_err(|error| failed(&error))?;
            for shape in &self.shapes {
                draw(&area, shape).map_err(|error| failed(&error))?;
            }
            area.present().map_err(|error| failed(&error))?;
        }
        Ok(svg)
    }
}

/// The line through `points` without those that are nearer to it than `tolerance_pt` (Douglas and Peucker 1973).
pub(crate) fn simplify(points: &[Point], tolerance_pt: f64) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut kept = vec![false; points.len()];
    kept[0] = true;
    kept[points.len() - 1] = true;
    let mut open = vec![(0, points.len() - 1)];
    while let Some((first, last)) = open.pop() {
        let distances = (first + 1..last).map(|at| (at, distance(points[at], (points[first], points[last]))));
        let farthest = distances.fold((first, tolerance_pt), |best, next| if next.1 > best.1 { next } else { best });
        if farthest.0 != first {
            kept[farthest.0] = true;
            open.push((first, farthest.0));
            open.push((farthest.0, last));
        }
    }
    points.iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect()
}

fn distance((x, y): Point, ((x0, y0), (x1, y1)): (Point, Point)) -> f64 {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let length_squared = dx * dx + dy * dy;
    let along =
        if length_squared > 0.0 { (((x - x0) * dx + (y - y0) * dy) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    (x - x0 - along * dx).hypot(y - y0 - along * dy)
}

fn cut_into_dashes(points: &[Point], dash: Dash) -> Vec<Vec<Point>> {
    let mut parts = Vec::new();
    let mut part: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut piece, mut left) = (0, dash[0]);
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let at = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
            if piece % 2 == 0 {
                part.push(at);
                parts.push(std::mem::take(&mut part));
            } else {
                part = vec![at];
            }
            piece += 1;
            left = dash[piece % dash.len()];
        }
        left -= length - done;
        if piece % 2 == 0 {
            part.push((x1, y1));
        }
    }
    parts.push(part);
    parts.retain(|part| part.len() > 1);
    parts
}

/// The lines of a pattern, cut at the rectangle's edges.
fn hatch_lines(rect: &Rect, pattern: Pattern) -> Vec<(Point, Point)> {
    let (width, height) = (rect.width(), rect.height());
    let steps = |length: f64| (1..).map(|step| f64::from(step) * HATCH_PT).take_while(move |at| *at < length);
    let diagonals = || {
        steps(width + height).map(|at| {
            let (start, end) = (at.min(height), at.min(width));
            ((at - start, start), (end, at - end))
        })
    };
    let rising =
        diagonals().map(|((x0, y0), (x1, y1))| ((rect.left + x0, rect.top + y0), (rect.left + x1, rect.top + y1)));
    let falling =
        diagonals().map(|((x0, y0), (x1, y1))| ((rect.right - x0, rect.top + y0), (rect.right - x1, rect.top + y1)));
    match pattern {
        Pattern::Plain => Vec::new(),
        Pattern::Level => {
            steps(height).map(|at| ((rect.left, rect.bottom - at), (rect.right, rect.bottom - at))).collect()
        }
        Pattern::Upright => {
            steps(width).map(|at| ((rect.left + at, rect.top), (rect.left + at, rect.bottom))).collect()
        }
        Pattern::Rising => rising.collect(),
        Pattern::Falling => falling.collect(),
        Pattern::Crossed => rising.chain(falling).collect(),
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type AreaError = plotters::drawing::DrawingAreaErrorKind<std::io::Error>;

fn draw(area: &Area<'_>, shape: &Shape) -> Result<(), AreaError> {
    match shape {
        Shape::Line { points, stroke } => draw_line(area, points, *stroke),
        Shape::Area { outline, color, opacity } => {
            area.draw(&Polygon::new(to_units(outline), rgb(*color).mix(*opacity).filled()))
        }
        Shape::Text(label) => draw_text(area, label),
    }
}

/// A line for each dash: the back end knows no dashes.
fn draw_line(area: &Area<'_>, points: &[Point], stroke: Stroke) -> Result<(), AreaError> {
    let width = (stroke.width_pt * UNITS_PER_PT).round().max(1.0) as u32;
    let style = ShapeStyle { color: rgb(stroke.color).to_rgba(), filled: false, stroke_width: width };
    let parts = if stroke.dash.is_empty() { vec![points.to_vec()] } else { cut_into_dashes(points, stroke.dash) };
    parts.iter().try_for_each(|part| area.draw(&PathElement::new(to_units(part), style)))
}

fn draw_text(area: &Area<'_>, label: &Label) -> Result<(), AreaError> {
    // The back end hangs a text whose anchor is its top 0.76 em above its baseline and writes 1/1.24 of the size it is given.
    let (hang, size) = (0.76 * label.face.size_pt, label.face.size_pt * UNITS_PER_PT * 1.24);
    let (at, transform) = match label.direction {
        Direction::Level => ((label.at.0, label.at.1 - hang), FontTransform::None),
        Direction::Upward => ((label.at.0 - hang, label.at.1), FontTransform::Rotate270),
    };
    let align = match label.align {
        Align::Start => HPos::Left,
        Align::Middle => HPos::Center,
        Align::End => HPos::Right,
    };
    let font = FontDesc::new(FontFamily::Name(FAMILY), size, label.face.style()).transform(transform);
    let color = rgb(label.color);
    let style = TextStyle::from(font).color(&color).pos(Pos::new(align, VPos::Top));
    area.draw(&Text::new(label.text.as_str(), to_unit(at), style))
}

fn to_units(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().copied().map(to_unit).collect()
}

fn to_unit((x, y): Point) -> (i32, i32) {
    ((x * UNITS_PER_PT).round() as i32, (y * UNITS_PER_PT).round() as i32)
}

fn rgb(color: Color) -> RGBColor {
    RGBColor(color.0, color.1, color.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_round_corners_and_cover_the_given_lengths() {
        let corner = [(0.0, 0.0), (4.0, 0.0), (4.0, 10.0)];

        let parts = cut_into_dashes(&corner, &[5.0, 2.0]);

        assert_eq!(parts, [vec![(0.0, 0.0), (4.0, 0.0), (4.0, 1.0)], vec![(4.0, 3.0), (4.0, 8.0)]]);
    }

    #[test]
    fn simplify_keeps_corners_and_drops_what_lies_on_a_line() {
        let steps = [(0.0, 0.0), (1.0, 0.01), (2.0, 0.0), (2.0, 5.0), (3.0, 5.0), (9.0, 5.0)];

        assert_eq!(simplify(&steps, 0.1), [(0.0, 0.0), (2.0, 0.0), (2.0, 5.0), (9.0, 5.0)]);
    }

    #[test]
    fn a_pattern_stays_inside_its_rectangle() {
        let rect = Rect { left: 10.0, top: 20.0, right: 17.0, bottom: 90.0 };
        let within = |(x, y): Point| (10.0..=17.0).contains(&x) && (20.0..=90.0).contains(&y);

        for pattern in [Pattern::Rising, Pattern::Falling, Pattern::Level, Pattern::Crossed] {
            let lines = hatch_lines(&rect, pattern);
            assert!(lines.len() > 10 && lines.iter().all(|(from, to)| within(*from) && within(*to)), "{lines:?}");
        }
    }
}
