//! A figure's files: an image in each of the chosen formats, and as JSON what it shows.

use cnsim_charts::{ChartError, Drawing, Metadata, Sheet};
use serde::Serialize;
use serde_json::Value;

use super::figure_spec::FigureSpec;
use super::file::OutputFile;

/// Why a figure has no files.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// It cannot be drawn.
    #[error("cannot draw a figure")]
    Draw(#[source] ChartError),
    /// An image cannot be encoded.
    #[error("cannot encode a figure")]
    Encode(#[source] ChartError),
}

/// A drawing with what it shows.
#[derive(Debug)]
pub(crate) struct DrawnFigure {
    /// The figure.
    pub(crate) drawing: Drawing,
    /// What was drawn.
    data: Value,
}

impl DrawnFigure {
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
        spec: &FigureSpec,
        metadata: &Metadata,
    ) -> Result<Vec<OutputFile>, FigureError> {
        let mut files = Vec::new();
        for format in &spec.formats {
            let bytes = self.drawing.file(*format, spec.sheet(None).dpi(), metadata).map_err(FigureError::Encode)?;
            files.push(OutputFile { path: format!("{stem}.{}", format.extension()), bytes: bytes.into() });
        }
        files.push(OutputFile { path: format!("{stem}.json"), bytes: self.described(caption).into() });
        Ok(files)
    }

    /// The figure for programs: its size, its caption and its data.
    fn described(&self, caption: &str) -> Vec<u8> {
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
        bytes
    }
}
