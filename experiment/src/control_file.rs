//! `control.csv` of a run folder: what nodes said to each other besides copies, a line for each round, node and kind.
//!
//! It stands in every run folder, with its header alone where nobody said anything. Rounds add their lines as they end, so
//! that a driver that is killed leaves those of the rounds before.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use cnsim_files::{WriteError, at};

/// Its name.
pub const CONTROL: &str = "control.csv";
/// What it begins with.
pub const CONTROL_HEADER: &[u8] = b"round,node,kind,messages,bytes\n";

/// How much of one kind a node has sent in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlLine<'a> {
    /// Which node.
    pub node: &'a str,
    /// What the protocol calls the kind.
    pub kind: &'a str,
    /// How many asks, answers and control messages.
    pub messages: u64,
    /// Their encoded size, without the copies in answers.
    pub bytes: u64,
}

/// Adds the lines of a round, in their order. A folder without the file, as earlier versions made them, stays without: its
/// other rounds are not known.
///
/// # Errors
/// Where the file cannot be written.
pub fn add_round<'a>(
    folder: &Path,
    round: u32,
    lines: impl IntoIterator<Item = ControlLine<'a>>,
) -> Result<(), WriteError> {
    let path = folder.join(CONTROL);
    let file = match OpenOptions::new().append(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at(&path)(error)),
    };
    let mut table = csv::Writer::from_writer(file);
    let round = round.to_string();
    let written = lines.into_iter().try_for_each(|line| {
        let ControlLine { node, kind, messages, bytes } = line;
        table.write_record([&round, node, kind, &messages.to_string(), &bytes.to_string()])
    });
    written.map_err(io::Error::from).and_then(|()| table.flush()).map_err(at(&path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LINE: ControlLine<'_> = ControlLine { node: "a,b", kind: "ihave", messages: 3, bytes: 70 };

    #[test]
    fn rounds_add_their_lines_behind_the_header() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CONTROL);
        fs::write(&path, CONTROL_HEADER).unwrap();

        add_round(folder.path(), 0, [LINE]).unwrap();
        add_round(folder.path(), 1, []).unwrap();
        add_round(folder.path(), 2, [ControlLine { node: "n", ..LINE }]).unwrap();

        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "round,node,kind,messages,bytes\n0,\"a,b\",ihave,3,70\n2,n,ihave,3,70\n");
    }

    #[test]
    fn a_folder_that_never_had_the_file_does_not_get_one() {
        let folder = tempfile::tempdir().unwrap();
        add_round(folder.path(), 5, [LINE]).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
