//! The legend: frameless, in columns below the data area, so that it hides nothing.

use crate::canvas::{Align, Canvas, Direction, Label, Point, Rect, Stroke};
use crate::font::Face;
use crate::style::{self, Color, INK, LEADING, MARKER_PT, Marker, Pattern, SMALL_PT, SeriesStyle};

const KEY_WIDTH_PT: f64 = 22.0;
const KEY_GAP_PT: f64 = 5.0;
const COLUMN_GAP_PT: f64 = 14.0;
const ROW_PT: f64 = SMALL_PT * LEADING + 1.5;

/// What stands before a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Key {
    /// A line of this style without marker.
    Line(Stroke),
    /// A line with marker.
    Series(SeriesStyle),
    /// A patterned bar.
    Bar { color: Color, pattern: Pattern, hatch: Color },
    /// A box: tinted, patterned and outlined in the colour.
    Boxed(SeriesStyle),
    /// A point.
    Point { color: Color, marker: Marker },
}

/// A key and its name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) name: String,
}

impl Entry {
    /// A series' line and marker.
    pub(crate) fn series(style: SeriesStyle, name: impl Into<String>) -> Self {
        Self { key: Key::Series(style), name: name.into() }
    }
}

/// Draws the entries in one row where they fit, else in as many equal columns as fit, row by row, and returns the lower end.
///
/// A name that is wider than the room is shortened in its middle.
pub(crate) fn draw_legend(canvas: &mut Canvas, entries: &[Entry], room: Rect) -> f64 {
    let face = Face::regular(SMALL_PT);
    let name_room = room.width() - KEY_WIDTH_PT - KEY_GAP_PT;
    let names: Vec<String> = entries.iter().map(|entry| face.shorten(&entry.name, name_room)).collect();
    let widths: Vec<f64> = names.iter().map(|name| KEY_WIDTH_PT + KEY_GAP_PT + face.width_pt(name)).collect();
    let places = place_entries(&widths, room.width());
    for ((entry, name), (right, row)) in entries.iter().zip(names).zip(&places) {
        let left = room.left + right;
        let middle = room.top + (*row as f64 + 0.5) * ROW_PT;
        draw_key(canvas, entry.key, (left, middle));
        canvas.text(Label {
            text: name,
            at: (left + KEY_WIDTH_PT + KEY_GAP_PT, middle + SMALL_PT * 0.36),
            align: Align::Start,
            direction: Direction::Level,
            face,
            color: INK,
        });
    }
    let rows = places.last().map_or(0, |(_, row)| row + 1);
    room.top + rows as f64 * ROW_PT
}

/// For each entry the distance from the left, and its row.
fn place_entries(widths: &[f64], room_pt: f64) -> Vec<(f64, usize)> {
    let in_a_row = widths.iter().scan(0.0, |next, width| {
        let left = *next;
        *next += width + COLUMN_GAP_PT;
        Some(left)
    });
    let in_a_row: Vec<(f64, usize)> = in_a_row.map(|left| (left, 0)).collect();
    if in_a_row.iter().zip(widths).all(|((left, _), width)| left + width <= room_pt) {
        return in_a_row;
    }
    let column = widths.iter().copied().fold(0.0, f64::max) + COLUMN_GAP_PT;
    let columns = (((room_pt + COLUMN_GAP_PT) / column) as usize).max(1);
    (0..widths.len()).map(|index| ((index % columns) as f64 * column, index / columns)).collect()
}

fn draw_key(canvas: &mut Canvas, key: Key, (left, middle): Point) {
    let across = vec![(left, middle), (left + KEY_WIDTH_PT, middle)];
    let centre = (left + KEY_WIDTH_PT / 2.0, middle);
    let swatch = Rect { left: left + 3.0, top: middle - 3.5, right: left + KEY_WIDTH_PT - 3.0, bottom: middle + 3.5 };
    match key {
        Key::Line(stroke) => canvas.line(across, stroke),
        Key::Series(style) => {
            canvas.line(across, Stroke { color: style.color, width_pt: style::LINE_PT, dash: style.dash });
            canvas.marker(centre, style.marker, MARKER_PT, style.color);
        }
        Key::Bar { color, pattern, hatch } => canvas.bar(swatch, color, pattern, hatch),
        Key::Boxed(style) => {
            canvas.bar(swatch, style.color.tint(style::BOX_TINT), style.pattern, style.color);
            canvas.frame(swatch, Stroke::solid(style.color, style::AXIS_LINE_PT));
        }
        Key::Point { color, marker } => canvas.marker(centre, marker, MARKER_PT, color),
    }
}
