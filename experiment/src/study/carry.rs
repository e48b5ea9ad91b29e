//! Carries a study out: every run that is not complete yet, block by block. A run that fails stops no other.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{SecondsFormat, Utc};
use cnsim::topology::TopologySpec;
use cnsim_files::at;
use cnsim_node::messages::tell;
use tokio::time::Instant;

use super::error::StudyError;
use super::estimate::Estimate;
use super::folder::StudyFolder;
use super::label;
use super::plan::{StudyPlan, StudyRun};
use super::record::Attempt;
use super::settings::Graphs;
use crate::backend_choice::BackendChoice;
use crate::descriptors;
use crate::memory::{self, Size};
use crate::plan::PlanError;
use crate::progress::{Progress, shown};
use crate::run::{self, Destination, RunError};
use crate::topology_source::{generate, write_topology};

/// How a study stands when no more runs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every run that was asked for is complete.
    Complete,
    /// So many are not: each failed as often as it may.
    Failed(u32),
    /// The user stopped it.
    Interrupted,
}

/// Which runs are made.
#[derive(Debug, Clone)]
pub struct Carried<'a> {
    /// The plan.
    pub plan: &'a StudyPlan,
    /// The study's file.
    pub file: &'a Path,
    /// Where it stands.
    pub folder: &'a StudyFolder,
    /// Blocks behind this one are left for another time.
    pub blocks: u32,
    /// The command line as typed.
    pub command_line: Vec<String>,
    /// What is told meanwhile.
    pub messages: Messages,
}

/// What is told while runs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Messages {
    /// Each run that begins, and how long the rest takes.
    EachRun,
    /// What fails.
    Failures,
}

/// Why one run is not there.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Study(#[from] StudyError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("{0}")]
    Descriptors(String),
}

impl Failed {
    fn is_interruption(&self) -> bool {
        match self {
            Self::Run(error) => error.is_interruption(),
            Self::Study(_) | Self::Plan(_) | Self::Descriptors(_) => false,
        }
    }
}

impl Carried<'_> {
    /// Makes the runs that are not complete.
    ///
    /// # Errors
    /// Where the study's folder cannot be written.
    pub fn carry_out(&self) -> Result<Ended, StudyError> {
        let mut headway = Headway::of(self);
        let mut failed = 0;
        for block in 1..=self.blocks.min(self.plan.blocks) {
            let mut missing = self.missing(block);
            for _ in 0..self.plan.attempts {
                let mut again = Vec::new();
                for run in missing {
                    match self.attempt(run, &mut headway)? {
                        Attempted::Complete => {}
                        Attempted::Failed => again.push(run),
                        Attempted::Interrupted => return Ok(Ended::Interrupted),
                    }
                }
                missing = again;
            }
            failed += missing.len() as u32;
        }
        Ok(if failed == 0 { Ended::Complete } else { Ended::Failed(failed) })
    }

    /// The runs of a block that are not complete, in their order.
    fn missing(&self, block: u32) -> Vec<StudyRun> {
        self.plan.block(block).into_iter().filter(|run| !self.folder.is_complete(self.plan, *run)).collect()
    }

    fn attempt(&self, run: StudyRun, headway: &mut Headway) -> Result<Attempted, StudyError> {
        self.folder.clear(self.plan, run)?;
        if self.messages == Messages::EachRun {
            headway.tell(self.plan, run);
        }
        let (began_at, begun) = (Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true), Instant::now());
        let made = self.make(run);
        let attempt = Attempt {
            run_id: self.plan.run_id(run).to_string(),
            began_at,
            took_s: begun.elapsed().as_secs_f64(),
            bytes: self.folder.bytes(self.plan, run),
            failed: made.as_ref().err().map(ToString::to_string),
        };
        self.folder.note(&attempt)?;
        match made {
            Ok(_) => {
                headway.add(run, &attempt);
                Ok(Attempted::Complete)
            }
            Err(reason) if reason.is_interruption() => Ok(Attempted::Interrupted),
            Err(reason) => {
                tell(format_args!("warning: {}: {reason}", self.plan.run_id(run)));
                Ok(Attempted::Failed)
            }
        }
    }

    fn make(&self, run: StudyRun) -> Result<PathBuf, Failed> {
        let graph = match self.plan.graphs {
            Graphs::New => None,
            Graphs::Same => self.graph(run)?,
        };
        let (planned, backend) = self.plan.run_plan(run, self.file, graph.as_deref())?;
        match backend {
            BackendChoice::Local => {
                descriptors::check(&planned).map_err(|error| Failed::Descriptors(error.to_string()))?;
            }
            BackendChoice::Sim => Size::of_plan(&planned).check(memory::available())?,
            BackendChoice::Kubernetes(_) => {}
        }
        let destination = Destination { out: self.folder.runs(), command_line: self.command_line.clone() };
        Ok(run::run(&planned, destination, backend, &Progress::in_study(&planned))?)
    }
}

/// The graphs that blocks share, in the study's folder.
const GRAPHS: &str = "topologies";

impl Carried<'_> {
    /// The file of the graph that all runs of a cell have, made where it is not there yet; none where no seed makes it.
    fn graph(&self, run: StudyRun) -> Result<Option<PathBuf>, StudyError> {
        let cell = self.plan.cell(run);
        let (args, ..) = self.plan.typed(cell, self.file)?;
        let spec: Option<TopologySpec> = args.experiment.topology.as_ref().and_then(|text| text.parse().ok());
        let Some((spec, nodes)) = spec.zip(args.experiment.nodes) else { return Ok(None) };
        let folder = self.folder.path().join(GRAPHS);
        let file = folder.join(format!("{}-{nodes}.json", spec.to_string().replace(':', "-")));
        if !file.exists() {
            fs::create_dir_all(&folder).map_err(at(&folder))?;
            let graph =
                generate(spec, nodes, self.plan.graph_seed()).map_err(crate::topology_source::SourceError::from)?;
            let staged = file.with_extension("tmp");
            write_topology(&graph, &staged)?;
            fs::rename(&staged, &file).map_err(at(&file))?;
        }
        Ok(Some(file))
    }
}

/// What came of one attempt.
enum Attempted {
    Complete,
    Failed,
    Interrupted,
}

/// How far the study is, and how long the rest may take.
struct Headway {
    /// How many runs are asked for.
    asked: usize,
    /// Those that are not complete.
    left: Vec<StudyRun>,
    estimate: Estimate,
}

impl Headway {
    fn of(carried: &Carried<'_>) -> Self {
        let (plan, folder) = (carried.plan, carried.folder);
        let asked: Vec<StudyRun> = plan.runs().filter(|run| run.block <= carried.blocks).collect();
        let left = asked.iter().filter(|run| !folder.is_complete(plan, **run)).copied().collect();
        Self { asked: asked.len(), left, estimate: Estimate::of(plan, &folder.attempts()) }
    }

    fn add(&mut self, run: StudyRun, attempt: &Attempt) {
        self.left.retain(|other| *other != run);
        self.estimate.add(run, attempt);
    }

    /// Tells which run begins.
    fn tell(&self, plan: &StudyPlan, run: StudyRun) {
        let left = self.estimate.sum(&self.left);
        let left = left.map_or_else(String::new, |(time, _)| format!("; {}", shown(time)));
        let (place, name) = (self.asked - self.left.len() + 1, label::cell(&plan.cell(run).levels));
        tell(format_args!("[{place}/{}] {}: {name}{left}", self.asked, plan.run_id(run)));
    }
}
