//! The bundled font: what a text measures, and how one that is too long is broken or shortened.

use std::sync::{Arc, LazyLock};

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use resvg::usvg::fontdb;

use crate::error::ChartError;

/// The only font family of a figure.
pub(crate) const FAMILY: &str = "Liberation Sans";

/// Ascender and descender over units per em, (1854 + 434) / 2048: the back end that measures scales a font by its height, SVG by its em.
const HEIGHT_PER_EM: f64 = 2288.0 / 2048.0;

/// The back end that measures counts in whole units: a text is measured at this many times its size.
const MEASURE_SCALE: f64 = 100.0;

static REGULAR: &[u8] = include_bytes!("../fonts/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/LiberationSans-Bold.ttf");

/// Regular or bold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// A size in points, and a weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Face {
    pub(crate) size_pt: f64,
    pub(crate) weight: Weight,
}

impl Face {
    /// Regular.
    pub(crate) const fn regular(size_pt: f64) -> Self {
        Self { size_pt, weight: Weight::Regular }
    }

    /// Bold.
    pub(crate) const fn bold(size_pt: f64) -> Self {
        Self { size_pt, weight: Weight::Bold }
    }

    /// The weight, as the drawing back end names it.
    pub(crate) fn style(self) -> FontStyle {
        match self.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        }
    }

    /// Width of `text` in points, without kerning between letters.
    pub(crate) fn width_pt(self, text: &str) -> f64 {
        let size = self.size_pt * HEIGHT_PER_EM * MEASURE_SCALE;
        let font = FontDesc::new(FontFamily::Name(FAMILY), size, self.style());
        let (width, _) = font.box_size(text).expect("the fonts are registered before a figure is laid out");
        f64::from(width) / MEASURE_SCALE
    }

    /// `text` itself, or its beginning and end around an ellipsis so that it is no wider than `room_pt`: names of a kind differ at
    /// either end more than in their middle.
    pub(crate) fn shorten(self, text: &str, room_pt: f64) -> String {
        if self.width_pt(text) <= room_pt {
            return text.to_owned();
        }
        let letters: Vec<char> = text.chars().collect();
        for kept in (2..letters.len()).rev() {
            let head: String = letters[..kept.div_ceil(2)].iter().collect();
            let tail: String = letters[letters.len() - kept / 2..].iter().collect();
            let short = format!("{}…{}", head.trim_end(), tail.trim_start());
            if self.width_pt(&short) <= room_pt {
                return short;
            }
        }
        "…".to_owned()
    }

    /// `text` in at most `lines_max` lines no wider than `room_pt`, broken at spaces; the last line, and a word that is wider than a
    /// line, are shortened.
    pub(crate) fn wrap(self, text: &str, room_pt: f64, lines_max: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if lines_max <= 1 || self.width_pt(&format!("{line} {word}")) <= room_pt => {
                    line.push(' ');
                    line.push_str(word);
                }
                Some(_) | None => lines.push(word.to_owned()),
            }
        }
        if lines.len() > lines_max {
            let rest = lines.split_off(lines_max - 1).join(" ");
            lines.push(rest);
        }
        lines.into_iter().map(|line| self.shorten(&line, room_pt)).collect()
    }
}

/// `text` with a space for every character that XML cannot hold or that has no width of its own.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { c }).collect()
}

/// Makes the font known to the back end that measures and draws.
///
/// # Errors
/// [`ChartError::Font`] where the bundled files are damaged.
pub(crate) fn register() -> Result<(), ChartError> {
    static REGISTERED: LazyLock<bool> = LazyLock::new(|| {
        register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
            && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
    });
    if *REGISTERED { Ok(()) } else { Err(ChartError::Font) }
}

/// The bundled font alone, for the turning of text into outlines.
pub(crate) fn database() -> Arc<fontdb::Database> {
    static DATABASE: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut database = fontdb::Database::new();
        database.load_font_data(REGULAR.to_vec());
        database.load_font_data(BOLD.to_vec());
        Arc::new(database)
    });
    Arc::clone(&DATABASE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_fits_is_kept_and_one_that_does_not_loses_its_middle() {
        register().unwrap();
        let face = Face::regular(8.0);
        assert_eq!(face.shorten("flood, 100 nodes", 200.0), "flood, 100 nodes");

        let short = face.shorten("flood-on-a-ring-with-chords, 100 nodes", 100.0);

        assert!(short.starts_with("flood-on") && short.ends_with("100 nodes") && short.contains('…'), "{short}");
        assert!(face.width_pt(&short) <= 100.0);
        assert_eq!(face.shorten("anything", 0.0), "…");
    }

    #[test]
    fn a_wrapped_label_keeps_to_its_lines_and_to_their_width() {
        register().unwrap();
        let face = Face::bold(9.0);

        let lines = face.wrap("push with a fanout of three and a time to live of eight, 1,000 nodes", 120.0, 2);

        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| face.width_pt(line) <= 120.0), "{lines:?}");
        assert!(lines[1].ends_with("nodes"), "{lines:?}");
    }
}
