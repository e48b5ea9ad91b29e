//! Why a figure could not be drawn.

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The figure has nothing to show; a report leaves it out and names it.
    #[error("no data for the figure {0}")]
    NoData(&'static str),
    /// A number has no place on an axis: it is infinite, not a number, or beyond 1e300.
    #[error("figure {figure}, series {label:?}: {value} has no place on an axis")]
    Value {
        /// The figure's name.
        figure: &'static str,
        /// The series, as labelled.
        label: String,
        /// The number.
        value: f64,
    },
    /// A resolution beyond what pixels make sense at.
    #[error("{0} dpi is out of range: choose 36 to 1200")]
    Dpi(u32),
    /// The bundled font is not readable.
    #[error("the bundled font is not readable")]
    Font,
    /// The SVG back end failed.
    #[error("drawing failed: {0}")]
    Backend(String),
    /// The SVG that was drawn is not readable.
    #[error("the figure's svg is not readable")]
    Svg(#[from] resvg::usvg::Error),
    /// The PNG could not be written.
    #[error("the figure's png cannot be written")]
    Png(#[from] png::EncodingError),
    /// The TIFF could not be written.
    #[error("the figure's tiff cannot be written")]
    Tiff(#[from] tiff::TiffError),
    /// The PDF could not be written.
    #[error("the figure's pdf cannot be written")]
    Pdf(#[from] std::io::Error),
}

/// Passes numbers that have a place on an axis.
///
/// # Errors
/// [`ChartError::Value`] with the first that has none.
pub(crate) fn check_values(
    figure: &'static str,
    label: &str,
    values: impl IntoIterator<Item = f64>,
) -> Result<(), ChartError> {
    match values.into_iter().find(|value| !value.is_finite() || value.abs() > 1e300) {
        Some(value) => Err(ChartError::Value { figure, label: label.to_owned(), value }),
        None => Ok(()),
    }
}
