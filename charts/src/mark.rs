//! The word in the top right corner that says what the data of a whole figure are.

use crate::canvas::{Align, Canvas, Direction, Label};
use crate::font::Face;
use crate::sheet::{Mark, Sheet};
use crate::style::{BORDER_PT, LEADING, MUTED, SMALL_PT};

/// The height of the line that the mark has for itself, so that it meets no other text and no data.
pub(crate) fn height_pt(sheet: &Sheet) -> f64 {
    sheet.mark.map_or(0.0, |_| SMALL_PT * LEADING)
}

/// Writes the mark. Screens and papers have it alike: a figure is copied without its caption.
pub(crate) fn draw(canvas: &mut Canvas, sheet: &Sheet) {
    let Some(mark) = sheet.mark else { return };
    canvas.text(Label {
        text: mark.as_str().to_owned(),
        at: (sheet.width_pt() - BORDER_PT, BORDER_PT + SMALL_PT * 0.86),
        align: Align::End,
        direction: Direction::Level,
        face: Face::bold(SMALL_PT),
        color: MUTED,
    });
}

/// The title with the mark, for readers that cannot see it and for metadata.
pub(crate) fn title(title: &str, mark: Option<Mark>) -> String {
    mark.map_or_else(|| title.to_owned(), |mark| format!("{title} ({})", mark.as_str()))
}
