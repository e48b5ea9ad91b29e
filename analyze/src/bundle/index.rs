//! `bundle.json`: what the report of a bundle was asked for, and the digest of every other file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cnsim::manifest::Tool;
use serde::{Deserialize, Serialize};

use crate::inputs::Input;
use crate::inputs::telemetry::Source;
use crate::report::ReportSpec;

/// The version of the bundle's form.
pub(super) const FORMAT: u32 = 2;
/// The file of options and digests.
pub(super) const INDEX: &str = "bundle.json";
/// The folder of the report.
pub(super) const REPORT: &str = "report";
/// The folder of what it was made from.
pub(super) const INPUTS: &str = "inputs";

/// `bundle.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    pub(super) format: u32,
    pub(super) tool: Tool,
    /// What the report was asked for, its paths being those in the bundle.
    pub(super) options: ReportSpec,
    /// Hex digests by path.
    pub(super) files: BTreeMap<String, String>,
}

/// A spec whose paths lie in `folder`.
pub(super) fn in_folder(spec: &ReportSpec, folder: &Path) -> ReportSpec {
    let below = |path: &PathBuf| folder.join(path);
    let input = |input: &Input| Input { path: below(&input.path), ..input.clone() };
    let source = |source: &Source| Source { path: below(&source.path), ..source.clone() };
    ReportSpec {
        inputs: spec.inputs.iter().map(input).collect(),
        telemetry: spec.telemetry.iter().map(source).collect(),
        ..spec.clone()
    }
}

/// A text that begins with the path of a file in `folder`, as it is named in the bundle; any other text as it is.
pub(super) fn named_in_bundle(text: &str, folder: &Path) -> String {
    let folder = format!("{}/", folder.display());
    text.strip_prefix(&folder).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form that bundles have had since format 2.
    const OPTIONS: &str = r#"{
  "inputs": [
    {"label": null, "path": "inputs/01/5e1f00d2-cubaan4"},
    {"label": "old", "path": "inputs/02/seed-n5.csv"}
  ],
  "telemetry": [
    {"condition": "5M", "quantity": "cpu", "path": "inputs/telemetry/01/usage.csv"},
    {"condition": null, "quantity": null, "path": "inputs/telemetry/02/received.csv"}
  ],
  "origin": "first-send",
  "warm_up": 1,
  "window": "seed",
  "figures": {"style": "paper", "venue": "ieee", "width": "single", "formats": ["pdf", "tiff"]}
}"#;

    #[test]
    fn the_options_of_earlier_bundles_are_read_and_written_in_the_same_form() {
        let spec: ReportSpec = serde_json::from_str(OPTIONS).unwrap();
        let [folder, file] = &spec.inputs[..] else { panic!("{spec:?}") };
        assert_eq!((folder.label.as_deref(), file.label.as_deref()), (None, Some("old")));
        let (again, before): (serde_json::Value, serde_json::Value) =
            (serde_json::to_value(&spec).unwrap(), serde_json::from_str(OPTIONS).unwrap());
        assert_eq!(again, before);
        let typed = serde_json::to_string(&spec).unwrap();
        let order = ["\"inputs\"", "\"telemetry\"", "\"origin\"", "\"warm_up\"", "\"window\"", "\"figures\""];
        assert!(order.map(|key| typed.find(key).unwrap()).is_sorted(), "{typed}");
        assert_eq!(in_folder(&spec, Path::new("/x")).telemetry[0].path, Path::new("/x/inputs/telemetry/01/usage.csv"));
    }
}
