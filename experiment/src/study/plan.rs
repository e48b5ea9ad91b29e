//! The plan of a study: its cells in randomised complete blocks, and the name and the seed of every run.
//!
//! A block holds every cell once, in an order that is drawn for it, so that a drift of the machine or of the day falls on all
//! conditions alike. Runs of one block share a seed, and with it graph, initiators and draws, unless `independent` says
//! otherwise: then cells of a block differ in what varies and in nothing else.

use std::path::Path;

use cnsim::id::RunId;
use cnsim::manifest::{StudyPlace, StudySeeds};
use cnsim::random::Random;
use cnsim::topology::TopologySource;

use super::cells::Cell;
use super::error::{StudyError, WrongStudy};
use super::file::StudyFile;
use super::settings::{Graphs, name};
use crate::backend_choice::BackendChoice;
use crate::cli::{BackendName, Experiment, RunArgs, one_line};
use crate::descriptors;
use crate::plan::{Plan, PlanError, drawn};
use crate::resolve::{REPEATS, backend_of, completed, plan_of};
use crate::scenario::file::ScenarioFile;
use crate::scenario::typed::{TypedError, of_file};

/// How often every cell runs on machines, where nobody says: below four deployments a side no test can find a difference.
const DEPLOYMENTS: u32 = 4;

/// How often a run that fails is tried, where nobody says.
const ATTEMPTS: u32 = 2;

/// What was typed beside the file.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Where all runs are made, whatever the file says.
    pub backend: Option<BackendName>,
    /// How many nodes all runs have, whatever the file says.
    pub nodes: Option<u32>,
    /// What the study is called.
    pub name: Option<String>,
    /// The study's seed, where the file has none: that of the study when it began.
    pub seed: Option<u64>,
    /// How many cells there may be.
    pub limit: u64,
}

/// A study that is checked.
#[derive(Debug, Clone)]
pub struct StudyPlan {
    /// What it is called: its folder, and the beginning of its run ids.
    pub name: String,
    /// What everything is drawn from.
    pub seed: u64,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// How often each runs.
    pub blocks: u32,
    /// How often a run that fails is tried.
    pub attempts: u32,
    /// Which runs share their seed.
    pub seeds: StudySeeds,
    /// Which graphs runs of a cell have.
    pub graphs: Graphs,
    /// Where all runs are made, where that was typed.
    backend: Option<BackendName>,
    /// How many nodes all runs have, where that was typed.
    nodes: Option<u32>,
    /// The seed of each block, where the file lists them.
    block_seeds: Vec<u64>,
}

/// One run of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StudyRun {
    /// The block, from 1 on.
    pub block: u32,
    /// The cell's number.
    pub cell: u32,
    /// Its place in the block, from 1 on.
    pub position: u32,
}

impl StudyPlan {
    /// The plan of what stands in a file.
    ///
    /// # Errors
    /// Where no study can be made of it.
    pub fn of(file: &StudyFile<'_>, typed: &Typed) -> Result<Self, StudyError> {
        let cells = file.cells(typed.limit)?;
        let does_vary = cells.first().is_some_and(|cell| cell.levels.iter().any(|level| level.factor == "nodes"));
        if typed.nodes.is_some() && does_vary {
            return Err(StudyError::NodesVary(file.path.to_owned()));
        }
        let settings = &file.settings;
        let stem = file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let asked = typed.name.clone().or_else(|| settings.name.clone()).or(stem);
        let named = name(asked.as_deref()).map_err(|why| {
            let why = format!("{why}; --name gives the study another name");
            file.wrong(&(0..0), WrongStudy::Setting { key: "name".to_owned(), why })
        })?;
        let mut plan = Self {
            name: named,
            seed: file.seed.or(typed.seed).unwrap_or_else(|| drawn() >> 11),
            blocks: 0,
            attempts: settings.attempts.unwrap_or(ATTEMPTS),
            seeds: settings.seeds,
            graphs: settings.graphs,
            backend: typed.backend,
            nodes: typed.nodes,
            block_seeds: settings.block_seeds.clone(),
            cells,
        };
        plan.blocks = plan.blocks_of(file)?;
        Ok(plan)
    }

    /// How often every cell runs.
    fn blocks_of(&self, file: &StudyFile<'_>) -> Result<u32, StudyError> {
        let (asked, listed) = (file.settings.blocks, u32::try_from(self.block_seeds.len()).unwrap_or(u32::MAX));
        let wrong = |why: String| file.wrong(&(0..0), WrongStudy::Setting { key: "seeds".to_owned(), why });
        match asked {
            Some(blocks) if listed > 0 && blocks != listed => {
                Err(wrong(format!("{listed} seeds are for {listed} blocks, and {blocks} are asked for")))
            }
            Some(blocks) => Ok(blocks),
            None if listed > 0 => Ok(listed),
            None => {
                let mut is_simulated = true;
                for cell in &self.cells {
                    is_simulated &= self.typed(cell, file.path)?.1 == BackendName::Sim;
                }
                Ok(if is_simulated { REPEATS } else { DEPLOYMENTS })
            }
        }
    }

    /// Where all runs are made, where that was typed.
    pub fn backend(&self) -> Option<BackendName> {
        self.backend
    }

    /// How many nodes all runs have, where that was typed.
    pub fn nodes(&self) -> Option<u32> {
        self.nodes
    }

    /// The runs of a block, in the order in which they are made.
    pub fn block(&self, block: u32) -> Vec<StudyRun> {
        let mut cells: Vec<u32> = self.cells.iter().map(|cell| cell.number).collect();
        Random::keyed(self.seed, &["study-order", &block.to_string()]).shuffle(&mut cells);
        (1..).zip(cells).map(|(position, cell)| StudyRun { block, cell, position }).collect()
    }

    /// All runs, in the order in which they are made.
    pub fn runs(&self) -> impl Iterator<Item = StudyRun> {
        (1..=self.blocks).flat_map(|block| self.block(block))
    }

    /// The cell of a run.
    pub fn cell(&self, run: StudyRun) -> &Cell {
        &self.cells[run.cell as usize - 1]
    }

    /// What a run is called; names sort as blocks and cells do.
    pub fn run_id(&self, run: StudyRun) -> RunId {
        let digits = |most: u32| most.to_string().len();
        let (of_block, of_cell) = (digits(self.blocks).max(2), digits(self.cells.len() as u32).max(2));
        let text = format!("{}-b{:0of_block$}-c{:0of_cell$}", self.name, run.block, run.cell);
        RunId::new(&text).expect("a study's name has no spaces")
    }

    /// What a run draws from.
    pub fn seed_of(&self, run: StudyRun) -> u64 {
        let of_block = match self.block_seeds.get(run.block as usize - 1) {
            Some(seed) => *seed,
            None => Random::keyed(self.seed, &["study-block", &run.block.to_string()]).below(1 << 53),
        };
        match self.seeds {
            StudySeeds::Common => of_block,
            StudySeeds::Independent => Random::keyed(of_block, &["study-cell", &run.cell.to_string()]).below(1 << 53),
        }
    }

    /// What graphs are drawn from that all blocks share.
    pub(super) fn graph_seed(&self) -> u64 {
        Random::keyed(self.seed, &["study-graph"]).below(1 << 53)
    }

    /// The place of a run, as its manifest has it.
    pub fn place(&self, run: StudyRun) -> StudyPlace {
        StudyPlace {
            study: self.name.clone(),
            cells: self.cells.len() as u32,
            blocks: self.blocks,
            cell: run.cell,
            block: run.block,
            position: run.position,
            seeds: self.seeds,
            levels: self.cell(run).levels.clone(),
        }
    }

    /// Whether every cell can be run, on its graph in each block where a seed may give one that cannot.
    ///
    /// # Errors
    /// The first run that cannot be made.
    pub fn check(&self, path: &Path) -> Result<(), StudyError> {
        let mut block = self.block(1);
        block.sort_by_key(|run| run.cell);
        for run in block {
            let (planned, backend) = self.run_plan(run, path, None)?;
            if let BackendChoice::Local = backend {
                let refused = |reason: String| StudyError::Typed {
                    path: path.to_owned(),
                    cell: run.cell,
                    condition: super::label::cell(&self.cell(run).levels),
                    reason,
                };
                descriptors::check(&planned).map_err(|error| refused(error.to_string()))?;
            }
            let is_certain = match planned.options.topology {
                TopologySource::File => true,
                TopologySource::Spec(spec) => spec.is_connected_for_every_seed(),
            };
            if !is_certain && self.graphs == Graphs::New {
                for block in 2..=self.blocks {
                    self.run_plan(StudyRun { block, ..run }, path, None)?;
                }
            }
        }
        Ok(())
    }

    /// What would be typed for a cell, and the backend that it runs on.
    pub(super) fn typed(&self, cell: &Cell, path: &Path) -> Result<(RunArgs, BackendName, ScenarioFile), StudyError> {
        let wrong = |error: TypedError| match error {
            TypedError::File(error) => StudyError::Scenario(error),
            TypedError::Usage(error) => StudyError::Typed {
                path: path.to_owned(),
                cell: cell.number,
                condition: super::label::cell(&cell.levels),
                reason: one_line(&error).trim_start_matches("error: ").to_owned(),
            },
        };
        let (mut args, kept) = of_file(&cell.scenario, self.backend).map_err(wrong)?;
        args.experiment.nodes = self.nodes.or(args.experiment.nodes);
        let backend = args.backend.unwrap_or(BackendName::Local);
        Ok((args, backend, kept))
    }

    /// The plan of a run and where it is made. `graph` is the file of the graph that all blocks share, where they do.
    ///
    /// # Errors
    /// Where no run can be made of its cell.
    pub fn run_plan(
        &self,
        run: StudyRun,
        path: &Path,
        graph: Option<&Path>,
    ) -> Result<(Plan, BackendChoice), StudyError> {
        let cell = self.cell(run);
        let (args, backend, kept) = self.typed(cell, path)?;
        let refused = |error: PlanError| StudyError::Cell {
            place: kept.locate(&error).unwrap_or_else(|| path.display().to_string()),
            cell: cell.number,
            condition: super::label::cell(&cell.levels),
            reason: Box::new(error),
        };
        let topology = graph.map(|file| file.display().to_string()).or_else(|| args.experiment.topology.clone());
        let experiment = Experiment {
            seed: Some(self.seed_of(run)),
            condition: cell.condition.clone(),
            topology,
            ..args.experiment.clone()
        };
        let choice = backend_of(backend, args.kubernetes).map_err(refused)?;
        let planned = completed(experiment, backend).and_then(|typed| plan_of(&typed, Some(self.run_id(run)), backend));
        let plan = Plan { study: Some(self.place(run)), ..planned.map_err(refused)? };
        Ok((plan, choice))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const FILE: &str = "nodes = 20\ntopology = \"k-regular:4\"\ndelay = \"constant:5ms\"\nbackend = \"sim\"\nrounds = 2\nseed = 7\n\
                        [vary]\nprotocol = [\"flood\", \"push:4\", \"pull\"]\nloss = [\"0%\", \"5%\"]\n";

    fn plan(more: &str) -> StudyPlan {
        let text = format!("{FILE}{more}");
        let file = StudyFile::parse(&text, Path::new("relay.toml")).unwrap();
        StudyPlan::of(&file, &Typed { limit: 500, ..Typed::default() }).unwrap()
    }

    #[test]
    fn every_block_holds_every_cell_once_in_an_order_of_its_own() {
        let plan = plan("");
        assert_eq!((plan.name.as_str(), plan.blocks), ("relay", REPEATS));
        let orders: BTreeSet<Vec<u32>> = (1..=10)
            .map(|block| {
                let order: Vec<u32> = plan.block(block).iter().map(|run| run.cell).collect();
                assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (1..=6).collect());
                order
            })
            .collect();
        assert!(orders.len() >= 9, "{orders:?}");
        let ids: BTreeSet<String> = plan.runs().map(|run| plan.run_id(run).to_string()).collect();
        assert_eq!((ids.len(), ids.first().unwrap().as_str()), (60, "relay-b01-c01"));
    }

    #[test]
    fn the_place_in_a_block_follows_no_factor() {
        // Over many blocks each cell has the same mean place: 3.5, with a standard error of 1.71 / sqrt(2000).
        let plan = plan("[study]\nrepeats = 2000\n");
        for cell in 1..=6 {
            let places = plan.runs().filter(|run| run.cell == cell).map(|run| f64::from(run.position));
            let mean = places.sum::<f64>() / 2000.0;
            assert!((mean - 3.5).abs() < 4.0 * 1.7078 / 2000_f64.sqrt(), "cell {cell}: {mean}");
        }
    }

    #[test]
    fn cells_of_a_block_share_its_seed_and_graph_unless_they_are_independent() {
        let path = Path::new("relay.toml");
        let runs = |plan: &StudyPlan, block: u32| -> Vec<(u64, Plan)> {
            let of_run = |run| (plan.seed_of(run), plan.run_plan(run, path, None).unwrap().0);
            plan.block(block).into_iter().map(of_run).collect()
        };
        let common = plan("");
        let (first, second) = (runs(&common, 1), runs(&common, 2));
        assert!(first.iter().all(|(seed, run)| *seed == first[0].0 && run.topology == first[0].1.topology));
        assert!(first[0].0 != second[0].0 && first[0].1.topology != second[0].1.topology);
        assert_eq!(first[0].1.study.as_ref().unwrap().seeds, StudySeeds::Common);

        let apart = plan("[study]\nindependent = true\n");
        let seeds: BTreeSet<u64> = runs(&apart, 1).into_iter().map(|(seed, _)| seed).collect();
        assert_eq!(seeds.len(), 6);
    }

    #[test]
    fn listed_seeds_are_those_of_the_blocks() {
        let plan = plan("[study]\nseeds = [11, 12, 13]\n");
        assert_eq!(plan.blocks, 3);
        assert_eq!(plan.runs().map(|run| plan.seed_of(run)).collect::<BTreeSet<_>>(), BTreeSet::from([11, 12, 13]));
    }

    #[test]
    fn a_cell_that_cannot_be_is_told_with_its_line() {
        let text = FILE.replace("nodes = 20", "nodes = 21").replace("k-regular:4", "k-regular:3");
        let path = Path::new("relay.toml");
        let file = StudyFile::parse(&text, path).unwrap();
        let plan = StudyPlan::of(&file, &Typed { limit: 500, ..Typed::default() }).unwrap();
        let said = plan.check(path).unwrap_err().to_string();
        assert!(said.starts_with("relay.toml:2: cell 1 (flood, loss 0%): "), "{said}");
    }
}
