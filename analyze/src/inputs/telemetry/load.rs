//! Reads a file of telemetry of any known kind, by its first bytes.

use cnsim_records::FileFacts;

use super::error::TelemetryError;
use super::series::{Quantity, Series};
use super::source::Source;
use super::{explorer, file, prometheus};
use crate::inputs::digest::sha256;

/// A file of telemetry and what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedTelemetry {
    /// The file; its rows are samples.
    pub file: FileFacts,
    /// Its series.
    pub series: Vec<Series>,
}

/// Reads a file of any known kind.
pub fn load(source: &Source) -> Result<LoadedTelemetry, TelemetryError> {
    let path = &source.path;
    let bytes = std::fs::read(path).map_err(|source| TelemetryError::Read { path: path.clone(), source })?;
    let sha256 = sha256(&bytes);
    let mut series = parse(source, bytes)?;
    series.iter_mut().for_each(|one| one.condition.clone_from(&source.condition));
    let rows = series.iter().map(|one| one.samples.len() as u64).sum();
    Ok(LoadedTelemetry { file: FileFacts { path: path.display().to_string(), sha256, rows }, series })
}

fn parse(source: &Source, bytes: Vec<u8>) -> Result<Vec<Series>, TelemetryError> {
    let path = &source.path;
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(_) if bytes.starts_with(b"PAR1") => file::parse(path, bytes),
        Some(b'{') => prometheus::of_file(path, source.quantity, &bytes),
        Some(_) if explorer::is_export(&bytes) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let quantity = source.quantity.or_else(|| Quantity::of_file_name(&name));
            explorer::parse(path, quantity.ok_or_else(|| TelemetryError::Quantity(path.clone()))?, &bytes)
        }
        Some(_) | None => Err(TelemetryError::Kind(path.clone())),
    }
}
