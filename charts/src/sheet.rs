//! What a figure is drawn for: a screen or a journal's page, and how wide.
//!
//! Sizes and resolutions are those that venues publish. PLOS: 2.63 to 7.5 in wide, at most 8.75 in high, 300 to 600 dpi, text of 8 to
//! 12 points (5.2 in is its text column). IEEE: columns of 3.5 in, pages of 7.16 in, line art at 600 dpi. ACM: columns of 3.33 in, pages
//! of 7 in. ACM's widths are what its templates measure, not a published rule; the heights of IEEE and ACM are cautious.

use crate::style::WIDTH_PT;

const POINTS_PER_INCH: f64 = 72.0;

/// How a figure looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// For a page on a screen: a light grid, and what the reader must know stands below the data.
    #[default]
    Screen,
    /// For a paper: a frame with ticks on all sides, letters on panels; what the reader must know is left to the caption.
    Paper,
}

impl Style {
    /// All of them, as typed.
    pub const ALL: [Self; 2] = [Self::Screen, Self::Paper];

    /// As typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Paper => "paper",
        }
    }
}

/// Whose rules a figure keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Venue {
    /// Nobody's: 3.5 or 6.5 in wide, 300 dpi.
    #[default]
    None,
    /// PLOS journals.
    Plos,
    /// IEEE's journals and conferences.
    Ieee,
    /// ACM's journals and conferences.
    Acm,
}

impl Venue {
    /// All of them, as typed.
    pub const ALL: [Self; 4] = [Self::None, Self::Plos, Self::Ieee, Self::Acm];

    /// As typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Plos => "plos",
            Self::Ieee => "ieee",
            Self::Acm => "acm",
        }
    }
}

/// How much of a page's width a figure takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    /// One column.
    Single,
    /// All columns.
    #[default]
    Double,
}

impl Width {
    /// All of them, as typed.
    pub const ALL: [Self; 2] = [Self::Single, Self::Double];

    /// As typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Double => "double",
        }
    }
}

/// What a figure says of all of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// No machine made them.
    Simulated,
    /// Some were simulated, some measured.
    PartlySimulated,
}

impl Mark {
    /// As it is drawn.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simulated => "SIMULATED",
            Self::PartlySimulated => "PARTLY SIMULATED",
        }
    }
}

/// What a figure is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sheet {
    /// How it looks.
    pub style: Style,
    /// Whose rules it keeps.
    pub venue: Venue,
    /// How much of the page's width it takes.
    pub width: Width,
    /// What it says of its data, outside of them; none where they were measured.
    pub mark: Option<Mark>,
}

impl Sheet {
    /// Every combination, without a mark.
    pub fn all() -> impl Iterator<Item = Self> {
        let looks = Style::ALL.into_iter().flat_map(|style| Venue::ALL.map(|venue| (style, venue)));
        looks.flat_map(|(style, venue)| Width::ALL.map(|width| Self { style, venue, width, mark: None }))
    }

    /// Width of a figure in inches.
    pub fn width_in(&self) -> f64 {
        match (self.venue, self.width) {
            (Venue::None | Venue::Ieee, Width::Single) => 3.5,
            (Venue::None, Width::Double) => 6.5,
            (Venue::Plos, Width::Single) => 5.2,
            (Venue::Plos, Width::Double) => 7.5,
            (Venue::Ieee, Width::Double) => 7.16,
            (Venue::Acm, Width::Single) => 3.33,
            (Venue::Acm, Width::Double) => 7.0,
        }
    }

    /// Height that no figure exceeds, in inches.
    pub fn height_max_in(&self) -> f64 {
        match self.venue {
            Venue::None | Venue::Plos => 8.75,
            Venue::Ieee | Venue::Acm => 8.5,
        }
    }

    /// Dots per inch of images made of pixels.
    pub fn dpi(&self) -> u32 {
        match self.venue {
            Venue::None | Venue::Plos => 300,
            Venue::Ieee | Venue::Acm => 600,
        }
    }

    /// Width of a figure in points.
    pub(crate) fn width_pt(&self) -> f64 {
        self.width_in() * POINTS_PER_INCH
    }

    /// A height that was chosen for the usual width, for this one. Narrow figures are higher for their width: their text is as large.
    pub(crate) fn height_pt(&self, usual_pt: f64) -> f64 {
        usual_pt * (self.width_pt() / WIDTH_PT).clamp(0.65, 1.1)
    }

    /// What stands before the heading of the panel at `index`; none where panels have no letters.
    pub(crate) fn letter(&self, index: usize) -> Option<String> {
        let letter = char::from_u32('a' as u32 + index as u32).unwrap_or('?');
        match (self.style, self.venue) {
            (Style::Screen, _) => None,
            (Style::Paper, Venue::Plos) => Some(letter.to_uppercase().to_string()),
            (Style::Paper, Venue::None | Venue::Ieee | Venue::Acm) => Some(format!("({letter})")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sheet_keeps_its_venues_rules() {
        assert_eq!(Sheet::all().count(), 16);
        for sheet in Sheet::all() {
            assert!((300..=600).contains(&sheet.dpi()), "{sheet:?}");
            let pixels = sheet.width_in() * 300.0;
            assert!(sheet.venue != Venue::Plos || (789.0..=2250.0).contains(&pixels), "{sheet:?}: {pixels} pixels");
        }
    }

    #[test]
    fn panels_have_the_letters_that_their_venue_wants() {
        let paper = |venue| Sheet { style: Style::Paper, venue, width: Width::Single, mark: None };
        assert_eq!(paper(Venue::Plos).letter(1).as_deref(), Some("B"));
        assert_eq!(paper(Venue::Ieee).letter(2).as_deref(), Some("(c)"));
        assert_eq!(Sheet::default().letter(0), None);
    }
}
