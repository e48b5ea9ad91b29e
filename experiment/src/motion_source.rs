//! Where a moving network comes from: files that are read, or a model that is drawn.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use cnsim::motion::read::{ReadError, Recording, read};
use cnsim::motion::{Contacts, ContactsError, Model, ModelError, MotionSpec, Reach};
use cnsim::time::Interval;
use cnsim::topology::default_ids;

/// What a moving network is drawn by, beside its spec. Files say all of it but the seed.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    /// How many nodes.
    pub nodes: Option<u32>,
    /// How long.
    pub span: Option<Interval>,
    /// What draws follow from.
    pub seed: u64,
}

/// Why there is no moving network.
#[derive(Debug, thiserror::Error)]
pub enum MotionSourceError {
    /// A model does not say how many nodes there are.
    #[error("--nodes is missing: {0} does not say how many")]
    NodesMissing(Model),
    /// A model does not say how long the record is.
    #[error("--span is missing: {0} does not say how long")]
    SpanMissing(Model),
    /// The file has another number of nodes.
    #[error("--nodes {asked}: {} has {found} nodes", path.display())]
    NodesDiffer {
        /// The file.
        path: PathBuf,
        /// By `--nodes`.
        asked: u32,
        /// In the file.
        found: usize,
    },
    /// A file is as long as it is.
    #[error("--span is for networks that are drawn: {0} says how long it is")]
    SpanOfFile(String),
    /// The file has positions, and nobody says how far links reach.
    #[error("{0} has positions: write positions:{0}:REACH, as positions:{0}:100m")]
    NoReach(String),
    /// The file has contacts, whose links reach as far as they do.
    #[error("{0} has contacts and no positions: write contacts:{0}")]
    NoPositions(String),
    /// The model gives no network.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The file cannot be opened.
    #[error("cannot read {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file holds no moving network.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: ReadError,
    },
    /// In the file no two nodes come near each other.
    #[error("{file} with links of {reach}: {reason}")]
    Contacts {
        /// The file.
        file: String,
        /// How far links reach.
        reach: Reach,
        /// Why there is no network.
        reason: ContactsError,
    },
}

impl MotionSourceError {
    /// Whether something else must be typed; else a file is missing or wrong.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NodesMissing(_)
            | Self::SpanMissing(_)
            | Self::NodesDiffer { .. }
            | Self::SpanOfFile(_)
            | Self::NoReach(_)
            | Self::NoPositions(_)
            | Self::Model(_) => true,
            Self::File { .. } | Self::Content { .. } | Self::Contacts { .. } => false,
        }
    }
}

/// The moving network of a spec.
///
/// # Errors
/// Where there is none.
pub fn contacts_of(spec: &MotionSpec, drawn: Drawn) -> Result<Contacts, MotionSourceError> {
    let (file, contacts) = match spec {
        MotionSpec::Model(model) => {
            let nodes = drawn.nodes.ok_or(MotionSourceError::NodesMissing(*model))?;
            let span = drawn.span.ok_or(MotionSourceError::SpanMissing(*model))?;
            // Before the ids: there may be too many of them for the memory.
            model.check(nodes as usize, span)?;
            return Ok(model.generate(default_ids(nodes), drawn.seed, span)?);
        }
        MotionSpec::Contacts { file, presence } => match recording(file, presence.as_deref())? {
            Recording::Contacts(contacts) => (file, contacts),
            Recording::Movement(_) => return Err(MotionSourceError::NoReach(file.clone())),
        },
        MotionSpec::Positions { file, reach } => match recording(file, None)? {
            Recording::Contacts(_) => return Err(MotionSourceError::NoPositions(file.clone())),
            Recording::Movement(movement) => {
                let contacts = movement.contacts(*reach, drawn.seed);
                let none = |reason| MotionSourceError::Contacts { file: file.clone(), reach: *reach, reason };
                (file, contacts.map_err(none)?)
            }
        },
    };
    if drawn.span.is_some() {
        return Err(MotionSourceError::SpanOfFile(file.clone()));
    }
    match drawn.nodes {
        Some(asked) if asked as usize != contacts.nodes().len() => {
            let found = contacts.nodes().len();
            Err(MotionSourceError::NodesDiffer { path: file.into(), asked, found })
        }
        Some(_) | None => Ok(contacts),
    }
}

/// Whether a file holds JSON, as graphs that stand still do, by its first byte that is no white space.
///
/// # Errors
/// Where it cannot be read.
pub fn is_json(path: &Path) -> Result<bool, MotionSourceError> {
    let mut file = open(path)?;
    loop {
        let bytes = file.fill_buf().map_err(|reason| MotionSourceError::File { path: path.to_owned(), reason })?;
        let (begin, count) = (bytes.iter().find(|byte| !byte.is_ascii_whitespace()), bytes.len());
        match begin {
            // The first byte of a byte order mark says nothing: JSON is as likely to follow as anything else.
            Some(0xef) if count >= 3 => return Ok(matches!(bytes.get(3), Some(b'{' | b'['))),
            Some(byte) => return Ok(matches!(byte, b'{' | b'[')),
            None if count == 0 => return Ok(false),
            None => file.consume(count),
        }
    }
}

fn recording(file: &str, presence: Option<&str>) -> Result<Recording, MotionSourceError> {
    let mut presence = presence.map(|presence| open(Path::new(presence))).transpose()?;
    let mut contacts = open(Path::new(file))?;
    read(&mut contacts, presence.as_mut().map(|presence| presence as &mut dyn BufRead))
        .map_err(|reason| MotionSourceError::Content { path: file.into(), reason })
}

fn open(path: &Path) -> Result<BufReader<File>, MotionSourceError> {
    let file = File::open(path).map_err(|reason| MotionSourceError::File { path: path.to_owned(), reason })?;
    Ok(BufReader::with_capacity(1 << 18, file))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn contacts(text: &str, nodes: Option<u32>, span: Option<&str>) -> Result<Contacts, MotionSourceError> {
        let span = span.map(|span| span.parse().unwrap());
        contacts_of(&text.parse().unwrap(), Drawn { nodes, span, seed: 1 })
    }

    fn error(text: &str, nodes: Option<u32>, span: Option<&str>) -> String {
        contacts(text, nodes, span).unwrap_err().to_string()
    }

    #[test]
    fn a_model_needs_nodes_and_a_span_and_a_file_says_both() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        fs::write(&path, "a b 0 10\nb c 20 30\n").unwrap();
        let file = path.to_str().unwrap();
        let trace = format!("contacts:{file}");

        assert_eq!(contacts(&trace, Some(3), None).unwrap().nodes().len(), 3);
        assert_eq!(error(&trace, Some(4), None), format!("--nodes 4: {file} has 3 nodes"));
        let told = format!("--span is for networks that are drawn: {file} says how long it is");
        assert_eq!(error(&trace, None, Some("9s")), told);
        let model = "rewire:1:1s:er:0.5";
        assert_eq!(contacts(model, Some(5), Some("3s")).unwrap().span(), "3s".parse().unwrap());
        assert_eq!(error(model, None, Some("3s")), format!("--nodes is missing: {model} does not say how many"));
        assert_eq!(error(model, Some(5), None), format!("--span is missing: {model} does not say how long"));
    }

    #[test]
    fn positions_need_a_reach_and_contacts_have_none() {
        let folder = tempfile::tempdir().unwrap();
        let (trace, script) = (folder.path().join("trace"), folder.path().join("script"));
        fs::write(&trace, "a b 0 10\n").unwrap();
        let place = |node, x| format!("$node_({node}) set X_ {x}\n$node_({node}) set Y_ 0\n");
        fs::write(&script, format!("{}{}", place(0, 0), place(1, 90))).unwrap();
        let (trace, script) = (trace.to_str().unwrap(), script.to_str().unwrap());

        assert_eq!(contacts(&format!("positions:{script}:90m"), None, None).unwrap().len(), 1);
        assert_eq!(
            error(&format!("positions:{script}:89m"), None, None),
            format!("{script} with links of 89m: no two nodes are ever linked")
        );
        assert_eq!(
            error(&format!("contacts:{script}"), None, None),
            format!("{script} has positions: write positions:{script}:REACH, as positions:{script}:100m")
        );
        assert_eq!(
            error(&format!("positions:{trace}:90m"), None, None),
            format!("{trace} has contacts and no positions: write contacts:{trace}")
        );
    }

    #[test]
    fn a_file_that_is_missing_or_wrong_is_named() {
        let missing = contacts("contacts:no/such", None, None).unwrap_err();
        assert_eq!(missing.to_string(), "cannot read no/such: No such file or directory (os error 2)");
        assert!(!missing.is_usage());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace");
        fs::write(&path, "a b 0 10\na b 9 5\n").unwrap();
        let told = error(&format!("contacts:{}", path.display()), None, None);
        assert_eq!(told, format!("{}: line 2: time goes back from 9 s to 5 s", path.display()));
    }

    #[test]
    fn json_is_told_by_its_first_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (text, expected) in
            [(" \n{}", true), ("[1]", true), ("\u{feff}{}", true), ("0 a b up", false), ("<fcd/>", false), ("", false)]
        {
            fs::write(&path, text).unwrap();
            assert_eq!(is_json(&path).unwrap(), expected, "{text}");
        }
    }
}
