//! Where a bundle may be put.

use std::path::Path;

use cnsim_files::whole;

use super::error::BundleError;
use crate::inputs::Input;

/// Refuses a bundle in the place of an input, and in the report's folder, which every report replaces.
///
/// # Errors
/// Where it would lie there.
pub fn check_place(bundle: &Path, report: &Path, inputs: &[Input]) -> Result<(), BundleError> {
    if whole::is_one_of(bundle, inputs.iter().map(|input| input.path.as_path())) {
        return Err(BundleError::IsInput(bundle.to_owned()));
    }
    let absolute =
        |path: &Path| std::path::absolute(path).map_err(|reason| BundleError::File { path: path.to_owned(), reason });
    if absolute(bundle)?.starts_with(absolute(report)?) {
        return Err(BundleError::InReport(bundle.to_owned()));
    }
    Ok(())
}
