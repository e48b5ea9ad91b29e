//! The file of a run folder that tells of a network that moves: when each of its links was up (`contacts.csv`).

use std::io::BufReader;
use std::path::Path;

use cnsim::manifest::Manifest;
use cnsim::motion::Contacts;
use cnsim::motion::read::{Recording, read as read_recording};
use cnsim_records::FileFacts;
use cnsim_records::open::Stream;

use super::error::InputError;

/// When links were up.
pub(crate) const CONTACTS: &str = "contacts.csv";

/// What is known of a network that moves.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionFacts {
    /// The file and when links were up; none where it is not there.
    pub contacts: Option<(FileFacts, Contacts)>,
}

/// Reads what a run folder says of a network that moves. None where the manifest has a network that stands still, and no such file is
/// there.
pub(crate) fn read(folder: &Path, manifest: &Manifest) -> Result<Option<MotionFacts>, InputError> {
    let path = folder.join(CONTACTS);
    if !path.is_file() {
        return Ok(manifest.options.motion.as_ref().map(|_| MotionFacts { contacts: None }));
    }
    let mut stream = Stream::open(&path)?;
    let recording = read_recording(&mut BufReader::with_capacity(1 << 18, &mut stream), None);
    let companion = |reason: String| InputError::Companion { path: path.clone(), reason };
    match recording.map_err(|error| companion(error.to_string()))? {
        Recording::Contacts(contacts) => {
            let rows = contacts.len() as u64;
            let file = FileFacts { path: stream.name.clone(), sha256: stream.digest(), rows };
            Ok(Some(MotionFacts { contacts: Some((file, contacts)) }))
        }
        Recording::Movement(_) => Err(companion("it has positions, and no contacts".to_owned())),
    }
}
