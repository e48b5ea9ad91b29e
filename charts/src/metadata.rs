//! Where a figure comes from, as its files say it.

use crate::font;

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

impl Metadata {
    /// A line for each entry.
    pub(crate) fn lines(&self) -> String {
        self.entries().map(|(key, value)| font::printable(&format!("{key}: {value}")) + "\n").collect()
    }

    /// Every entry as (key, value), in the order in which files have them.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (String, String)> {
        let fixed = [("tool", &self.tool), ("revision", &self.revision), ("input-sha256", &self.input_sha256)];
        let fixed = fixed.map(|(key, value)| (key.to_owned(), value.clone()));
        let options = self.options.iter().map(|(key, value)| (format!("option {key}"), value.clone()));
        fixed.into_iter().chain(options)
    }
}
