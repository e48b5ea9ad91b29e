//! How figures look, and what their files are.

use cnsim_charts::{Format, Mark, Sheet, Style, Venue, Width};
use serde::{Deserialize, Serialize};

use super::named::{Named, as_name, as_names};

/// How figures look, and what their files are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureSpec {
    /// For a screen or for paper.
    #[serde(with = "as_name")]
    pub style: Style,
    /// Whose sizes and resolutions they keep.
    #[serde(with = "as_name")]
    pub venue: Venue,
    /// How much of a page's width they take.
    #[serde(with = "as_name")]
    pub width: Width,
    /// Image formats, each once.
    #[serde(with = "as_names")]
    pub formats: Vec<Format>,
}

impl Default for FigureSpec {
    /// For a screen, as PNG and SVG.
    fn default() -> Self {
        let Sheet { style, venue, width, mark: _ } = Sheet::default();
        Self { style, venue, width, formats: vec![Format::Png, Format::Svg] }
    }
}

impl FigureSpec {
    /// What figures of these data are drawn for.
    pub(crate) fn sheet(&self, mark: Option<Mark>) -> Sheet {
        Sheet { style: self.style, venue: self.venue, width: self.width, mark }
    }

    /// The options that a figure's look depends on, with their values.
    pub(crate) fn chosen(&self) -> [(&'static str, String); 3] {
        [("style", self.style.name()), ("venue", self.venue.name()), ("width", self.width.name())]
            .map(|(option, value)| (option, value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_remembered_by_the_names_that_are_typed() {
        let spec =
            FigureSpec { style: Style::Paper, formats: vec![Format::Pdf, Format::Tiff], ..FigureSpec::default() };
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(text, r#"{"style":"paper","venue":"none","width":"double","formats":["pdf","tiff"]}"#);
        assert_eq!(serde_json::from_str::<FigureSpec>(&text).unwrap(), spec);
        let error = serde_json::from_str::<FigureSpec>(&text.replace("none", "nature")).unwrap_err().to_string();
        assert!(error.starts_with("\"nature\" is not known to this version"), "{error}");
    }
}
