//! Where a topology comes from: a spec that is generated, or a file that is read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use cnsim::topology::{GenerateError, ReadError, SpecError, Topology, TopologySource, TopologySpec, default_ids};
use sha2::{Digest, Sha256};

use cnsim_files::{WriteError, at};

/// A topology and where it comes from.
#[derive(Debug)]
pub struct Chosen {
    /// The topology.
    pub topology: Topology,
    /// Where it comes from, as the manifest says it.
    pub source: TopologySource,
}

/// What a text asks for.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    /// A graph to be generated.
    Spec(TopologySpec),
    /// A file to be read.
    File(PathBuf),
}

/// Why there is no topology.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Neither a spec nor a file.
    #[error("{0}, or a JSON file")]
    Unknown(SpecError),
    /// A spec does not say how many nodes there are.
    #[error("--nodes is missing: {0} does not say how many")]
    NodesMissing(TopologySpec),
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
    /// There is no such graph.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file holds no topology.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: Box<ReadError>,
    },
}

impl SourceError {
    /// Whether something else must be typed; else a file is missing or wrong.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Unknown(_) | Self::NodesMissing(_) | Self::NodesDiffer { .. } | Self::Generate(_) => true,
            Self::File { .. } | Self::Content { .. } => false,
        }
    }
}

impl Asked {
    /// A spec, else a file: a path that exists or that ends in `.json`. `./ring` is a file.
    fn of(text: &str) -> Result<Self, SourceError> {
        let path = Path::new(text);
        match text.parse() {
            Ok(spec) => Ok(Self::Spec(spec)),
            Err(_) if path.exists() || text.ends_with(".json") => Ok(Self::File(path.to_owned())),
            Err(error) => Err(SourceError::Unknown(error)),
        }
    }
}

/// The topology that `text` names: a spec with its number of nodes and its seed, or a file whose number of nodes is
/// `nodes` where that is given.
pub fn choose(text: &str, nodes: Option<u32>, seed: u64) -> Result<Chosen, SourceError> {
    match Asked::of(text)? {
        Asked::Spec(spec) => {
            let topology = generate(spec, nodes.ok_or(SourceError::NodesMissing(spec))?, seed)?;
            Ok(Chosen { topology, source: TopologySource::Spec(spec) })
        }
        Asked::File(path) => {
            let bytes = fs::read(&path).map_err(|reason| SourceError::File { path: path.clone(), reason })?;
            let topology = parse(&bytes, &path)?;
            let found = topology.nodes.len();
            match nodes {
                Some(asked) if asked as usize != found => Err(SourceError::NodesDiffer { path, asked, found }),
                Some(_) | None => Ok(Chosen { topology, source: TopologySource::File }),
            }
        }
    }
}

/// The graph of `spec` over the usual node ids.
pub fn generate(spec: TopologySpec, nodes: u32, seed: u64) -> Result<Topology, GenerateError> {
    // Before the ids: there may be too many of them for the memory.
    spec.check(nodes)?;
    spec.generate(default_ids(nodes), seed)
}

/// The topology in the bytes of the file `path`.
pub fn parse(bytes: &[u8], path: &Path) -> Result<Topology, SourceError> {
    Topology::from_json(bytes).map_err(|reason| SourceError::Content { path: path.to_owned(), reason: reason.into() })
}

/// `sha256:` and the digest of a topology's bytes in hex.
pub fn digest(bytes: &[u8]) -> String {
    named(&Sha256::digest(bytes))
}

/// Writes a topology into the file `path`, and gives the [`digest`] of its bytes, which are nowhere in memory all at once.
///
/// # Errors
/// Where the system refuses.
pub fn write_topology(topology: &Topology, path: &Path) -> Result<String, WriteError> {
    let written = || {
        let mut out = BufWriter::with_capacity(1 << 20, Digesting { file: File::create(path)?, digest: Sha256::new() });
        topology.write_json(&mut out)?;
        let Digesting { digest, .. } = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(named(&digest.finalize()))
    };
    written().map_err(at(path))
}

fn named(digest: &[u8]) -> String {
    format!("sha256:{}", base16ct::lower::encode_string(digest))
}

/// A file whose bytes are digested on their way.
struct Digesting {
    file: File,
    digest: Sha256,
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str, nodes: Option<u32>) -> String {
        choose(text, nodes, 1).unwrap_err().to_string()
    }

    #[test]
    fn a_spec_needs_a_number_of_nodes_and_gives_its_own_name() {
        let chosen = choose("ba:2", Some(9), 1).unwrap();
        assert_eq!((chosen.topology.nodes.len(), chosen.source.to_string().as_str()), (9, "ba:2"));
        assert_eq!(error("ring", None), "--nodes is missing: ring does not say how many");
        assert_eq!(
            error("ring", Some(u32::MAX)),
            "ring with 4294967295 nodes: 1000000 nodes are the most that can be generated"
        );
    }

    #[test]
    fn a_topology_is_digested_as_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let topology = choose("ba:2", Some(40), 1).unwrap().topology;

        let found = write_topology(&topology, &folder.path().join("topology.json")).unwrap();

        let bytes = fs::read(folder.path().join("topology.json")).unwrap();
        assert!(bytes == topology.to_json());
        assert_eq!(found, digest(&bytes));
    }

    #[test]
    fn a_file_says_how_many_nodes_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pair");
        fs::write(&path, r#"{"nodes": ["a", "b"], "edges": [{"source": "a", "target": "b"}]}"#).unwrap();
        let text = path.to_str().unwrap();

        let chosen = choose(text, None, 1).unwrap();
        assert_eq!((chosen.topology.nodes.len(), chosen.source), (2, TopologySource::File));
        assert!(choose(text, Some(2), 1).is_ok());
        assert_eq!(error(text, Some(3)), format!("--nodes 3: {text} has 2 nodes"));
    }

    #[test]
    fn what_is_neither_spec_nor_file_is_answered_with_what_is() {
        assert_eq!(
            error("mesh", Some(3)),
            "unknown topology \"mesh\": use complete, ring, line, star, grid, tree:K, k-regular:K, k-out:K, er:P, ws:K:P, \
             ba:M or outbound:K:TOTAL, or a JSON file"
        );
        assert_eq!(error("ba:x", Some(3)), "\"ba:x\" is not ba:M with a whole number M from 1 on, or a JSON file");
    }

    #[test]
    fn a_missing_file_and_a_wrong_one_are_named() {
        let missing = choose("no/such.json", None, 1).unwrap_err();
        assert_eq!(missing.to_string(), "cannot read no/such.json: No such file or directory (os error 2)");
        assert!(!missing.is_usage());

        let wrong = parse(b"{}", Path::new("t.json")).unwrap_err();
        assert_eq!(wrong.to_string(), "t.json: not a topology: missing field `nodes` at line 1 column 2");
        assert!(!wrong.is_usage());
    }
}
