//! The Helm chart, as it is built into the program.

use std::fs;
use std::io;
use std::path::Path;

/// The chart's files by their paths in its folder.
pub const FILES: &[(&str, &str)] = &[];

/// Writes the chart into an empty folder.
pub(super) fn unpack(folder: &Path) -> io::Result<()> {
    for (name, text) in FILES {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder"))?;
        fs::write(path, text)?;
    }
    Ok(())
}
