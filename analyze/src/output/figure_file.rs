//! A figure's files: an image in each of the chosen formats, and as JSON what it shows.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use cnsim_charts::{ChartError, Drawing, Format, Metadata, Sheet, Style, Venue, Width};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::File;

/// What can be typed of a figure's looks.
#[derive(Debug, Clone, Args)]
pub struct FigureArgs {
    /// Screen: with a light grid and notes; paper: with a frame, panel letters, and notes left to the caption
    #[arg(long, value_parser = named(Style::ALL, Style::as_str), default_value = Style::Screen.as_str())]
    pub style: Style,
    /// Whose sizes and resolutions figures keep
    #[arg(long, value_parser = named(Venue::ALL, Venue::as_str), default_value = Venue::None.as_str())]
    pub venue: Venue,
    /// How much of a page's width a figure takes: one column or all
    #[arg(long, value_parser = named(Width::ALL, Width::as_str), default_value = Width::Double.as_str())]
    pub width: Width,
    /// What images are: png, svg, pdf, tiff; with commas between them
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = named(Format::ALL, Format::extension))]
    #[arg(default_values = [Format::Png.extension(), Format::Svg.extension()])]
    pub formats: Vec<Format>,
}

/// Reads one of `all` by its name.
fn named<T, const N: usize>(all: [T; N], name: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.map(name))
        .map(move |typed| all.into_iter().find(|one| name(*one) == typed).expect("only their names are possible"))
}

/// How figures look, and what their files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureOptions {
    /// What they are drawn for.
    pub sheet: Sheet,
    /// Image formats, each once.
    pub formats: Vec<Format>,
}

impl Default for FigureOptions {
    /// For a screen, as PNG and SVG.
    fn default() -> Self {
        Self { sheet: Sheet::default(), formats: vec![Format::Png, Format::Svg] }
    }
}

impl From<FigureArgs> for FigureOptions {
    fn from(args: FigureArgs) -> Self {
        let FigureArgs { style, venue, width, mut formats } = args;
        formats.sort_unstable();
        formats.dedup();
        Self { sheet: Sheet { style, venue, width }, formats }
    }
}

/// The options as words, for files that remember them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FigureWords {
    style: String,
    venue: String,
    width: String,
    formats: Vec<String>,
}

impl FigureOptions {
    /// The options that a figure's look depends on, with their values.
    pub(crate) fn chosen(&self) -> [(&'static str, String); 3] {
        let Sheet { style, venue, width } = self.sheet;
        [("style", style.as_str()), ("venue", venue.as_str()), ("width", width.as_str())]
            .map(|(option, value)| (option, value.to_owned()))
    }

    /// As words.
    pub(crate) fn words(&self) -> FigureWords {
        FigureWords {
            style: self.sheet.style.as_str().to_owned(),
            venue: self.sheet.venue.as_str().to_owned(),
            width: self.sheet.width.as_str().to_owned(),
            formats: self.formats.iter().map(|format| format.extension().to_owned()).collect(),
        }
    }

    /// From words; none where this version does not know one of them.
    pub(crate) fn of(words: &FigureWords) -> Option<Self> {
        let format = |word: &String| Format::ALL.into_iter().find(|format| format.extension() == word);
        Some(Self {
            sheet: Sheet {
                style: Style::ALL.into_iter().find(|style| style.as_str() == words.style)?,
                venue: Venue::ALL.into_iter().find(|venue| venue.as_str() == words.venue)?,
                width: Width::ALL.into_iter().find(|width| width.as_str() == words.width)?,
            },
            formats: words.formats.iter().map(format).collect::<Option<_>>()?,
        })
    }
}

/// A drawing with what it shows.
#[derive(Debug)]
pub(crate) struct Plate {
    /// The figure.
    pub(crate) drawing: Drawing,
    /// What was drawn.
    pub(crate) data: Value,
}

impl Plate {
    /// Draws `data`.
    ///
    /// # Errors
    /// Those of `draw`.
    pub(crate) fn draw<D: Serialize>(
        data: &D,
        draw: fn(&D, &Sheet) -> Result<Drawing, ChartError>,
        sheet: &Sheet,
    ) -> Result<Self, ChartError> {
        let drawing = draw(data, sheet)?;
        Ok(Self { drawing, data: serde_json::to_value(data).expect("texts and numbers always serialise") })
    }

    /// The files at `stem` with the format's endings, and `stem.json` with the data and the caption.
    ///
    /// # Errors
    /// Where an image cannot be encoded.
    pub(crate) fn files(
        &self,
        stem: &str,
        caption: &str,
        options: &FigureOptions,
        metadata: &Metadata,
    ) -> Result<Vec<File>, ChartError> {
        let image = |format: &Format| {
            let bytes = self.drawing.file(*format, options.sheet.dpi(), metadata)?;
            Ok(File { path: format!("{stem}.{}", format.extension()), bytes })
        };
        let mut files: Vec<File> = options.formats.iter().map(image).collect::<Result<_, ChartError>>()?;
        let (width_in, height_in) = self.drawing.size_in();
        let rounded = |inches: f64| (inches * 1e4).round() / 1e4;
        let about = serde_json::json!({
            "figure": self.drawing.name(),
            "title": self.drawing.title(),
            "caption": caption,
            "width_in": rounded(width_in),
            "height_in": rounded(height_in),
            "data": self.data,
        });
        let mut bytes = serde_json::to_vec(&about).expect("texts and numbers always serialise");
        bytes.push(b'\n');
        files.push(File { path: format!("{stem}.json"), bytes });
        Ok(files)
    }
}
