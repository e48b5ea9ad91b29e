//! What can be typed of a figure's looks.

use clap::Args;
use cnsim_charts::{Format, Style, Venue, Width};

use super::values::named;
use crate::output::FigureSpec;

/// What can be typed of a figure's looks.
#[derive(Debug, Clone, Args)]
pub struct FigureArgs {
    /// Screen: with a light grid and notes; paper: with a frame, panel letters, and notes left to the caption
    #[arg(long, value_parser = named::<Style>(), default_value = Style::Screen.as_str())]
    pub style: Style,
    /// Whose sizes and resolutions figures keep
    #[arg(long, value_parser = named::<Venue>(), default_value = Venue::None.as_str())]
    pub venue: Venue,
    /// How much of a page's width a figure takes: one column or all
    #[arg(long, value_parser = named::<Width>(), default_value = Width::Double.as_str())]
    pub width: Width,
    /// What images are: png, svg, pdf, tiff; with commas between them
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = named::<Format>())]
    #[arg(default_values = [Format::Png.extension(), Format::Svg.extension()])]
    pub formats: Vec<Format>,
}

impl From<FigureArgs> for FigureSpec {
    fn from(args: FigureArgs) -> Self {
        let FigureArgs { style, venue, width, mut formats } = args;
        formats.sort_unstable();
        formats.dedup();
        Self { style, venue, width, formats }
    }
}
