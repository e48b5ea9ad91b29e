//! A figure as pixels: RGB on white, and the files that hold them.

use std::io::Cursor;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg;
use tiff::encoder::{Compression, Rational, TiffEncoder, colortype};
use tiff::tags::{ResolutionUnit, Tag};

use crate::error::ChartError;
use crate::font;
use crate::metadata::Metadata;

const INCHES_PER_METRE: f64 = 39.370_078_74;

/// Rows from top to bottom, three bytes a pixel.
pub(crate) struct Pixels {
    rgb: Vec<u8>,
    width: u32,
    height: u32,
    dpi: u32,
}

impl Pixels {
    /// Renders `tree` at `size_in` inches.
    ///
    /// # Errors
    /// [`ChartError::Dpi`] outside 36 to 1200, and where there are too many pixels.
    pub(crate) fn of(tree: &usvg::Tree, (width_in, height_in): (f64, f64), dpi: u32) -> Result<Self, ChartError> {
        if !(36..=1200).contains(&dpi) {
            return Err(ChartError::Dpi(dpi));
        }
        let pixels = |inches: f64| (inches * f64::from(dpi)).round().max(1.0) as u32;
        let (width, height) = (pixels(width_in), pixels(height_in));
        let mut pixmap = Pixmap::new(width, height).ok_or(ChartError::Dpi(dpi))?;
        pixmap.fill(Color::WHITE);
        let scale = |pixels: u32, units: f32| pixels as f32 / units;
        let (across, down) = (scale(width, tree.size().width()), scale(height, tree.size().height()));
        resvg::render(tree, Transform::from_scale(across, down), &mut pixmap.as_mut());
        let mut rgb = Vec::with_capacity(pixmap.data().len() / 4 * 3);
        pixmap.data().chunks_exact(4).for_each(|rgba| rgb.extend_from_slice(&rgba[..3]));
        Ok(Self { rgb, width, height, dpi })
    }

    /// The PNG file.
    ///
    /// # Errors
    /// [`ChartError::Png`].
    pub(crate) fn png(&self, title: &str, metadata: &Metadata) -> Result<Vec<u8>, ChartError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let per_metre = (f64::from(self.dpi) * INCHES_PER_METRE).round() as u32;
        let unit = png::Unit::Meter;
        encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit }));
        encoder.add_text_chunk("Title".to_owned(), title.to_owned())?;
        encoder.add_itxt_chunk("Software".to_owned(), font::printable(&metadata.tool))?;
        encoder.add_itxt_chunk("Comment".to_owned(), metadata.lines())?;
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.rgb)?;
        writer.finish()?;
        Ok(bytes)
    }

    /// The TIFF file.
    ///
    /// # Errors
    /// [`ChartError::Tiff`].
    pub(crate) fn tiff(&self, title: &str, metadata: &Metadata) -> Result<Vec<u8>, ChartError> {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes)?.with_compression(Compression::Lzw);
        let mut image = encoder.new_image::<colortype::RGB8>(self.width, self.height)?;
        image.resolution(ResolutionUnit::Inch, Rational { n: self.dpi, d: 1 });
        let described = ascii(&format!("{title}\n{}", metadata.lines()));
        image.encoder().write_tag(Tag::ImageDescription, described.as_str())?;
        image.encoder().write_tag(Tag::Software, ascii(&metadata.tool).as_str())?;
        image.write_data(&self.rgb)?;
        Ok(bytes.into_inner())
    }
}

/// A TIFF's texts hold nothing else.
fn ascii(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect()
}
