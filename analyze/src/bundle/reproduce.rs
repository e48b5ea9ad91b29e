//! REPRODUCE.md: what to type to make the numbers again.

use std::fmt::Write;

use cnsim::manifest::Tool;

/// What to type; `manifests` lie in the bundle.
pub(super) fn reproduce(tool: &Tool, manifests: &[&str]) -> String {
    let mut text = format!(
        "# Make it again\n\n\
         The report, from the records in `inputs/`, compared byte for byte with `report/`:\n\n\
         ```sh\ncnsim-analyze verify BUNDLE.zip\n```\n\n\
         `BUNDLE.zip` is this file. It was made by cnsim-analyze {} (revision {}). The same build gives the same bytes; \
         another one is compared table by table, to a relative precision of 1e-9. To install the same build, in a checkout \
         of cnsim:\n\n\
         ```sh\ngit checkout {} && cargo install --locked --path analyze\n```\n",
        tool.version, tool.revision, tool.revision
    );
    if !manifests.is_empty() {
        text.push_str("\nThe experiments, measured anew (numbers vary, topologies and initiators do not):\n\n```sh\n");
        for place in manifests {
            let _ = writeln!(text, "cnsim run --repeat {place}");
        }
        text.push_str("```\n");
    }
    text
}
