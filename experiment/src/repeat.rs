//! Reads back the run that `--repeat` names: its options, and the very topology that it ran on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cnsim::id::RunId;
use cnsim::manifest::{Backend, Manifest};

use crate::backend_choice::BackendChoice;
use crate::delay_files::DelayFiles;
use crate::folder::TOPOLOGY;
use crate::motion_plan;
use crate::plan::{Plan, PlanError};
use crate::topology_source::{self, SourceError, digest};

/// Why a run cannot be repeated.
#[derive(Debug, thiserror::Error)]
pub enum RepeatError {
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file is no manifest.
    #[error("{} is no manifest of a run: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: serde_json::Error,
    },
    /// It ran on machines, and shall be simulated.
    #[error("{}: a run on machines is not repeated as a simulation; type its options, with a --topology and a --delay", path.display())]
    NotSimulated {
        /// The manifest.
        path: PathBuf,
    },
    /// It was simulated, and shall run on machines.
    #[error("{}: a simulation is repeated as one; type its options to run them on machines", path.display())]
    Simulated {
        /// The manifest.
        path: PathBuf,
    },
    /// The topology has changed since.
    #[error("{} is not the topology of that run: its digest is {found}, the manifest has {expected}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The digest of the file.
        found: String,
        /// The digest in the manifest.
        expected: String,
    },
    /// The topology cannot be used.
    #[error(transparent)]
    Topology(#[from] SourceError),
    /// The options cannot be used.
    #[error("{}: {reason}", path.display())]
    Plan {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: Box<PlanError>,
    },
}

/// The plan of the run whose manifest stands at `path`, under a new run id; a simulation is simulated again, everything else runs
/// on the backend that was typed, or on this machine.
pub fn read_plan(
    path: &Path,
    run_id: Option<RunId>,
    typed: Option<BackendChoice>,
) -> Result<(Plan, BackendChoice), RepeatError> {
    let manifest = read_manifest(path)?;
    let backend = match (&manifest.backend, typed) {
        (Backend::Sim(_), None | Some(BackendChoice::Sim)) => BackendChoice::Sim,
        (Backend::Sim(_), Some(BackendChoice::Local | BackendChoice::Kubernetes(_))) => {
            return Err(RepeatError::Simulated { path: path.to_owned() });
        }
        (Backend::Local(_) | Backend::Kubernetes(_), Some(BackendChoice::Sim)) => {
            return Err(RepeatError::NotSimulated { path: path.to_owned() });
        }
        (Backend::Local(_) | Backend::Kubernetes(_), typed) => typed.unwrap_or(BackendChoice::Local),
    };
    Ok((plan_of(manifest, path, run_id)?, backend))
}

/// The manifest at `path`.
pub fn read_manifest(path: &Path) -> Result<Manifest, RepeatError> {
    Manifest::from_json(&read(path)?).map_err(|reason| RepeatError::Manifest { path: path.to_owned(), reason })
}

/// The plan of a manifest that stands at `path`, beside the topology that it ran on.
pub fn plan_of(manifest: Manifest, path: &Path, run_id: Option<RunId>) -> Result<Plan, RepeatError> {
    let file = path.with_file_name(TOPOLOGY);
    let bytes = read(&file)?;
    let found = digest(&bytes);
    if found != manifest.topology_sha256 {
        return Err(RepeatError::Changed { path: file, found, expected: manifest.topology_sha256 });
    }
    let topology = topology_source::parse(&bytes, &file)?;
    let delay_files = DelayFiles::of(&manifest.options.links(), |kept| {
        let file = path.with_file_name(kept.kept_as);
        read(&file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let contacts = manifest.options.motion.as_ref().map(|_| motion_plan::read(folder)).transpose();
    let contacts =
        contacts.map_err(|reason| RepeatError::Plan { path: path.to_owned(), reason: Box::new(reason.into()) })?;
    let like = match manifest.backend {
        Backend::Sim(facts) => facts.like,
        Backend::Local(_) | Backend::Kubernetes(_) => None,
    };
    let plan = Plan::of(manifest.options, topology, delay_files, run_id)
        .map_err(|reason| RepeatError::Plan { path: path.to_owned(), reason: Box::new(reason) })?;
    Ok(Plan { like, contacts: contacts.map(Arc::new), ..plan })
}

fn read(path: &Path) -> Result<Vec<u8>, RepeatError> {
    fs::read(path).map_err(|reason| RepeatError::Read { path: path.to_owned(), reason })
}
