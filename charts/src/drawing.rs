//! A finished figure and its formats: images are made from its SVG, the PDF from the SVG in which texts are still text.

use resvg::usvg;

use crate::canvas::Canvas;
use crate::error::ChartError;
use crate::font;
use crate::metadata::Metadata;
use crate::pdf::write_pdf;
use crate::pixels::Pixels;
use crate::style::UNITS_PER_PT;

const POINTS_PER_INCH: f64 = 72.0;

/// What an image file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Pixels, for pages.
    Png,
    /// Outlines, for pages.
    Svg,
    /// Outlines and text, for LaTeX.
    Pdf,
    /// Pixels, for printers.
    Tiff,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Png, Self::Svg, Self::Pdf, Self::Tiff];

    /// The ending of a file's name, and as typed.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Tiff => "tiff",
        }
    }
}

/// A finished figure. Equal data make equal drawings, and equal drawings equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    name: &'static str,
    title: String,
    width_units: u32,
    height_units: u32,
    /// The figure with its texts as text.
    with_text: String,
    /// What stands inside the root element: shapes only, no text, no ids.
    body: String,
    notes: Vec<String>,
}

impl Drawing {
    /// Turns the canvas' texts into outlines. `notes` are sentences that are not on the canvas.
    pub(crate) fn new(
        name: &'static str,
        title: String,
        canvas: &Canvas,
        (width_pt, height_pt): (f64, f64),
        notes: Vec<String>,
    ) -> Result<Self, ChartError> {
        // A width that is a whole number but for the last bit must not get one unit more.
        let units = |pt: f64| (pt * UNITS_PER_PT - 1e-6).ceil() as u32;
        let (width_units, height_units) = (units(width_pt), units(height_pt));
        let with_text = canvas.to_svg((width_units, height_units))?;
        let tree = usvg::Tree::from_str(&with_text, &usvg_options())?;
        let written = tree.to_string(&usvg::WriteOptions {
            id_prefix: Some(format!("{name}-")),
            // A unit is 1/20 point: outlines need no fractions of it, transforms do.
            coordinates_precision: 0,
            transforms_precision: 5,
            indent: usvg::Indent::None,
            ..usvg::WriteOptions::default()
        });
        let start = written.find('>').map_or(0, |at| at + 1);
        let end = written.rfind("</svg>").unwrap_or(written.len());
        let body = written[start..end].to_owned();
        Ok(Self { name, title, width_units, height_units, with_text, body, notes })
    }

    /// Short name, fit for a file's stem.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the figure shows, in a line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What the caption must say, because the drawing does not.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Width and height on paper, in inches.
    pub fn size_in(&self) -> (f64, f64) {
        let inches = |units: u32| f64::from(units) / UNITS_PER_PT / POINTS_PER_INCH;
        (inches(self.width_units), inches(self.height_units))
    }

    /// The SVG file: its size in inches, `metadata` within.
    pub fn svg(&self, metadata: &Metadata) -> Vec<u8> {
        let (width_in, height_in) = self.size_in();
        let entries: String = metadata
            .entries()
            .map(|(key, value)| format!("<entry key=\"{}\">{}</entry>\n", escape(&key), escape(&value)))
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n<metadata><provenance xmlns=\"urn:cnsim:provenance\">\n{entries}</provenance></metadata>\n{}</svg>\n",
            self.root(&format!("width=\"{width_in:.4}in\" height=\"{height_in:.4}in\"")),
            self.body
        )
        .into_bytes()
    }

    /// An `svg` element for the inside of an HTML page, as wide as what holds it; it has no ids that could clash with another's.
    pub fn inline_svg(&self) -> String {
        format!("{}{}</svg>", self.root("width=\"100%\""), self.body)
    }

    /// The PNG file: 8 bit RGB on white without alpha, tagged with `dpi` and with `metadata`.
    ///
    /// # Errors
    /// [`ChartError::Dpi`] outside 36 to 1200; [`ChartError::Svg`] or [`ChartError::Png`] where rendering or encoding fails.
    pub fn png(&self, dpi: u32, metadata: &Metadata) -> Result<Vec<u8>, ChartError> {
        Pixels::of(&self.tree()?, self.size_in(), dpi)?.png(&self.title, metadata)
    }

    /// The TIFF file: 8 bit RGB on white without alpha, compressed by LZW, tagged with `dpi` and with `metadata`.
    ///
    /// # Errors
    /// As [`Self::png`], with [`ChartError::Tiff`].
    pub fn tiff(&self, dpi: u32, metadata: &Metadata) -> Result<Vec<u8>, ChartError> {
        Pixels::of(&self.tree()?, self.size_in(), dpi)?.tiff(&self.title, metadata)
    }

    /// The PDF file: one page of the figure's size, RGB, with text that can be searched in fonts that it holds, and `metadata` within.
    ///
    /// # Errors
    /// [`ChartError::Svg`]; [`ChartError::Font`]; [`ChartError::Pdf`].
    pub fn pdf(&self, metadata: &Metadata) -> Result<Vec<u8>, ChartError> {
        let tree = usvg::Tree::from_str(&self.with_text, &usvg_options())?;
        write_pdf(&tree, self.size_in(), &self.title, metadata)
    }

    /// The file of a format; those made of pixels have `dpi`.
    ///
    /// # Errors
    /// Those of the format's own function.
    pub fn file(&self, format: Format, dpi: u32, metadata: &Metadata) -> Result<Vec<u8>, ChartError> {
        match format {
            Format::Png => self.png(dpi, metadata),
            Format::Svg => Ok(self.svg(metadata)),
            Format::Pdf => self.pdf(metadata),
            Format::Tiff => self.tiff(dpi, metadata),
        }
    }

    fn root(&self, size: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" {size} role=\"img\"><title>{}</title>",
            self.width_units,
            self.height_units,
            escape(&self.title)
        )
    }

    /// The shapes as a tree, in canvas units.
    fn tree(&self) -> Result<usvg::Tree, ChartError> {
        let size = format!("width=\"{}\" height=\"{}\"", self.width_units, self.height_units);
        Ok(usvg::Tree::from_str(&format!("{}{}</svg>", self.root(&size), self.body), &usvg_options())?)
    }
}

/// The options under which SVG is read: the bundled font alone.
pub(crate) fn usvg_options() -> usvg::Options<'static> {
    usvg::Options { font_family: font::FAMILY.to_owned(), fontdb: font::database(), ..usvg::Options::default() }
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in font::printable(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
