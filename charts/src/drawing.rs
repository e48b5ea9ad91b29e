//! A finished figure and its formats. The SVG is the source; the PNG is rendered from it.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg;

use crate::canvas::Canvas;
use crate::error::ChartError;
use crate::font;
use crate::style::UNITS_PER_PT;

const POINTS_PER_INCH: f64 = 72.0;
const INCHES_PER_METRE: f64 = 39.370_078_74;

/// Where a figure comes from; written into its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Program and version.
    pub tool: String,
    /// Revision of the program's source.
    pub revision: String,
    /// SHA-256 of the input, as hexadecimal digits.
    pub input_sha256: String,
    /// What was asked for, as (option, value).
    pub options: Vec<(String, String)>,
}

/// A finished figure. Equal data make equal drawings, and equal drawings equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    name: &'static str,
    title: &'static str,
    width_units: u32,
    height_units: u32,
    /// What stands inside the root element: shapes only, no text, no ids.
    body: String,
}

impl Drawing {
    /// Turns the canvas' texts into outlines.
    pub(crate) fn new(
        name: &'static str,
        title: &'static str,
        canvas: &Canvas,
        (width_pt, height_pt): (f64, f64),
    ) -> Result<Self, ChartError> {
        let units = |pt: f64| (pt * UNITS_PER_PT).ceil() as u32;
        let (width_units, height_units) = (units(width_pt), units(height_pt));
        let tree = usvg::Tree::from_str(&canvas.to_svg((width_units, height_units))?, &usvg_options())?;
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
        Ok(Self { name, title, width_units, height_units, body: written[start..end].to_owned() })
    }

    /// Short name, fit for a file's stem.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the figure shows, in a line.
    pub fn title(&self) -> &'static str {
        self.title
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
        if !(36..=1200).contains(&dpi) {
            return Err(ChartError::Dpi(dpi));
        }
        let (width_in, height_in) = self.size_in();
        let pixels = |inches: f64| (inches * f64::from(dpi)).round().max(1.0) as u32;
        let (width, height) = (pixels(width_in), pixels(height_in));
        let pixmap = self.render(width, height).ok_or(ChartError::Dpi(dpi))??;
        let mut rgb = Vec::with_capacity(pixmap.data().len() / 4 * 3);
        pixmap.data().chunks_exact(4).for_each(|rgba| rgb.extend_from_slice(&rgba[..3]));
        encode(&rgb, (width, height), dpi, self.title, metadata)
    }

    fn root(&self, size: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" {size} role=\"img\"><title>{}</title>",
            self.width_units,
            self.height_units,
            escape(self.title)
        )
    }

    /// The pixels; none where there are too many of them.
    fn render(&self, width: u32, height: u32) -> Option<Result<Pixmap, ChartError>> {
        let mut pixmap = Pixmap::new(width, height)?;
        pixmap.fill(Color::WHITE);
        let size = format!("width=\"{}\" height=\"{}\"", self.width_units, self.height_units);
        let document = format!("{}{}</svg>", self.root(&size), self.body);
        let tree = match usvg::Tree::from_str(&document, &usvg_options()) {
            Ok(tree) => tree,
            Err(error) => return Some(Err(error.into())),
        };
        let scale =
            Transform::from_scale(width as f32 / self.width_units as f32, height as f32 / self.height_units as f32);
        resvg::render(&tree, scale, &mut pixmap.as_mut());
        Some(Ok(pixmap))
    }
}

impl Metadata {
    fn entries(&self) -> impl Iterator<Item = (String, String)> {
        let fixed = [("tool", &self.tool), ("revision", &self.revision), ("input-sha256", &self.input_sha256)];
        let fixed = fixed.map(|(key, value)| (key.to_owned(), value.clone()));
        let options = self.options.iter().map(|(key, value)| (format!("option {key}"), value.clone()));
        fixed.into_iter().chain(options)
    }
}

/// The options under which SVG is read: the bundled font alone.
pub(crate) fn usvg_options() -> usvg::Options<'static> {
    usvg::Options { font_family: font::FAMILY.to_owned(), fontdb: font::database(), ..usvg::Options::default() }
}

fn encode(
    rgb: &[u8],
    (width, height): (u32, u32),
    dpi: u32,
    title: &str,
    metadata: &Metadata,
) -> Result<Vec<u8>, ChartError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let per_metre = (f64::from(dpi) * INCHES_PER_METRE).round() as u32;
    let unit = png::Unit::Meter;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit }));
    let provenance: Vec<String> = metadata.entries().map(|(key, value)| format!("{key}: {value}")).collect();
    encoder.add_text_chunk("Title".to_owned(), title.to_owned())?;
    encoder.add_itxt_chunk("Software".to_owned(), font::printable(&metadata.tool))?;
    encoder
        .add_itxt_chunk("Comment".to_owned(), provenance.iter().map(|line| font::printable(line) + "\n").collect())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(bytes)
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
