//! Bytes as the streams of a PDF hold them.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::error::ChartError;

/// `bytes` compressed, for the filter `FlateDecode`.
///
/// # Errors
/// [`ChartError::Pdf`].
pub(crate) fn deflate(bytes: &[u8]) -> Result<Vec<u8>, ChartError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
