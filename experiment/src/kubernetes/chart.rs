//! The Helm chart, as it is built into the program.

use std::fs;
use std::io;
use std::path::Path;

/// The chart's files by their paths in its folder.
pub(super) const FILES: &[(&str, &str)] = &[
    (".helmignore", include_str!("../../../helm/cnsim/.helmignore")),
    ("Chart.yaml", include_str!("../../../helm/cnsim/Chart.yaml")),
    ("templates/NOTES.txt", include_str!("../../../helm/cnsim/templates/NOTES.txt")),
    ("templates/_args.tpl", include_str!("../../../helm/cnsim/templates/_args.tpl")),
    ("templates/_helpers.tpl", include_str!("../../../helm/cnsim/templates/_helpers.tpl")),
    ("templates/poddisruptionbudget.yaml", include_str!("../../../helm/cnsim/templates/poddisruptionbudget.yaml")),
    ("templates/service.yaml", include_str!("../../../helm/cnsim/templates/service.yaml")),
    ("templates/statefulset.yaml", include_str!("../../../helm/cnsim/templates/statefulset.yaml")),
    ("templates/tests/message.yaml", include_str!("../../../helm/cnsim/templates/tests/message.yaml")),
    ("values.schema.json", include_str!("../../../helm/cnsim/values.schema.json")),
    ("values.yaml", include_str!("../../../helm/cnsim/values.yaml")),
];

/// Writes the chart into an empty folder.
pub(super) fn unpack(folder: &Path) -> io::Result<()> {
    for (name, text) in FILES {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder"))?;
        fs::write(path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_program_holds_every_file_that_the_chart_is_packed_with() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../helm/cnsim");
        let mut there = BTreeSet::new();
        let mut folders = vec![folder.clone()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    there.insert(path.strip_prefix(&folder).unwrap().display().to_string());
                }
            }
        }
        // What .helmignore names is not part of the chart.
        there.retain(|name| !name.starts_with("ci/") && name != "rbac-example.yaml");
        assert_eq!(FILES.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>(), there);
        let unpacked = tempfile::tempdir().unwrap();
        unpack(unpacked.path()).unwrap();
        assert_eq!(fs::read(unpacked.path().join("Chart.yaml")).unwrap(), fs::read(folder.join("Chart.yaml")).unwrap());
    }
}
