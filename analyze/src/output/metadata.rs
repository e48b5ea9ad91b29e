//! What files say of where they come from.

use cnsim::manifest::Tool;
use cnsim_charts::Metadata;

/// What makes files, as they name it.
pub(crate) const TOOL_NAME: &str = "cnsim-analyze";

/// The metadata of images: the program, the options that they depend on, and the digest of what they were made from.
pub(crate) fn metadata(tool: &Tool, options: &[(&str, String)], input_sha256: &str) -> Metadata {
    Metadata {
        tool: format!("{TOOL_NAME} {}", tool.version),
        revision: tool.revision.clone(),
        input_sha256: input_sha256.to_owned(),
        options: options.iter().map(|(option, value)| ((*option).to_owned(), value.clone())).collect(),
    }
}
