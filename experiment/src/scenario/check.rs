//! `cnsim scenario check`: what a file does to whom in a round, and which backends can do it. Nothing is run.

use std::fmt::Write;

use super::args::CheckArgs;
use super::file::{FileError, ScenarioFile};
use super::steps;
use super::typed::{TypedError, of_file};
use crate::cli::{BackendName, Experiment, RunArgs, one_line};
use crate::descriptors;
use crate::memory::{self, Size};
use crate::plan::{Plan, PlanError, drawn};
use crate::resolve::{REPEATS, Repeats, backend_of, plan_of};

/// A file that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It is no scenario.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its keys do not go together.
    #[error("{0}")]
    Typed(String),
    /// No plan can be made of it.
    #[error("{place}{error}")]
    Plan {
        /// `FILE:LINE: `, where it is known.
        place: String,
        /// Why not.
        error: Box<PlanError>,
    },
    /// It has no such round.
    #[error("--round {asked}: the last round is {last}")]
    NoRound {
        /// By `--round`.
        asked: u32,
        /// The last.
        last: u32,
    },
}

impl CheckError {
    /// Whether the file is there, and has to be another.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::File(FileError::Read { .. }))
    }
}

/// Checks a file, and says what it means.
///
/// # Errors
/// Where it cannot be run: on its backend if it names one, else anywhere.
pub fn check(args: &CheckArgs) -> Result<String, CheckError> {
    let file = ScenarioFile::read(&args.file)?;
    let (typed, _) = of_file(&file, None).map_err(of_typed)?;
    let seed = args.seed.or(typed.experiment.seed);
    let ground = Ground { file: &file, seed: seed.unwrap_or_else(|| drawn() >> 11) };
    let columns: Vec<Column> = BackendName::ALL.into_iter().map(|backend| ground.column(backend)).collect();
    let Some(plan) = chosen(&columns, typed.backend) else { return Err(refusal(columns, typed.backend)) };
    let last = plan.last_round();
    if args.round > last {
        return Err(CheckError::NoRound { asked: args.round, last });
    }
    let mut text = head(args, plan, seed.is_some(), &typed);
    push_faults(&mut text, plan, args.round);
    text.push_str(&aligned(&table(&file, &columns)));
    for column in &columns {
        for reason in &column.reasons {
            writeln!(text, "{}: {reason}", column.backend.word()).expect("a String takes what is written");
        }
    }
    Ok(text)
}

/// What a file is tried on.
struct Ground<'a> {
    file: &'a ScenarioFile,
    seed: u64,
}

/// What one backend can do.
struct Column {
    backend: BackendName,
    plan: Result<Plan, CheckError>,
    /// Whether it can do the run without faults, then whether each fault alone; unknown where it cannot do the run.
    can: Vec<Option<bool>>,
    /// Why not, in lines.
    reasons: Vec<String>,
}

impl Ground<'_> {
    fn column(&self, backend: BackendName) -> Column {
        let count = self.file.faults.len();
        let plan = self.plan(self.file, backend);
        let Err(whole) = &plan else {
            return Column { backend, plan, can: vec![Some(true); count + 1], reasons: Vec::new() };
        };
        let mut reasons = vec![whole.to_string()];
        let mut can = vec![None; count + 1];
        let alone = |faults: &[_]| ScenarioFile { faults: faults.to_vec(), ..self.file.clone() };
        can[0] = Some(self.plan(&alone(&[]), backend).is_ok());
        if can[0] == Some(true) {
            for (can, fault) in can[1..].iter_mut().zip(&self.file.faults) {
                let one = self.plan(&alone(std::slice::from_ref(fault)), backend);
                *can = Some(one.is_ok());
                reasons.extend(one.err().map(|error| error.to_string()));
            }
        }
        reasons.sort();
        reasons.dedup();
        Column { backend, plan, can, reasons }
    }

    /// The plan that `cnsim run` would make; of several simulations, that of the first.
    fn plan(&self, file: &ScenarioFile, backend: BackendName) -> Result<Plan, CheckError> {
        let (RunArgs { experiment, run_id, repeats, kubernetes, .. }, kept) =
            of_file(file, Some(backend)).map_err(of_typed)?;
        let experiment = Experiment { seed: Some(self.seed), ..experiment };
        let located = |error: PlanError| {
            let place = kept.locate(&error).map(|place| format!("{place}: ")).unwrap_or_default();
            CheckError::Plan { place, error: Box::new(error) }
        };
        backend_of(backend, kubernetes).map_err(located)?;
        let plan = match (backend, repeats.unwrap_or(REPEATS)) {
            (BackendName::Local | BackendName::Kubernetes, _) | (BackendName::Sim, 1) => {
                plan_of(&experiment, run_id, backend)
            }
            (BackendName::Sim, repeats) => Repeats::of(&experiment, run_id, repeats).and_then(|all| all.plan(1)),
        };
        let plan = plan.map_err(located)?;
        match backend {
            BackendName::Local => descriptors::check(&plan).map_err(|error| CheckError::Typed(error.to_string()))?,
            BackendName::Sim => Size::of_plan(&plan).check(memory::available()).map_err(located)?,
            BackendName::Kubernetes => {}
        }
        Ok(plan)
    }
}

/// The plan on the backend that the file names; where it names none, on this machine or else on the first that can do it.
fn chosen(columns: &[Column], backend: Option<BackendName>) -> Option<&Plan> {
    let meant = columns.iter().find(|column| column.backend == backend.unwrap_or(BackendName::Local));
    let others = columns.iter().filter(|_| backend.is_none());
    meant.into_iter().chain(others).find_map(|column| column.plan.as_ref().ok())
}

/// Why the file cannot be run where it would be.
fn refusal(columns: Vec<Column>, backend: Option<BackendName>) -> CheckError {
    let meant = backend.unwrap_or(BackendName::Local);
    let column = columns.into_iter().find(|column| column.backend == meant);
    column.and_then(|column| column.plan.err()).expect("every backend was tried, and none could do it")
}

fn of_typed(error: TypedError) -> CheckError {
    match error {
        TypedError::File(error) => error.into(),
        TypedError::Usage(error) => CheckError::Typed(one_line(&error).trim_start_matches("error: ").to_owned()),
    }
}

fn head(args: &CheckArgs, plan: &Plan, is_seed_known: bool, typed: &RunArgs) -> String {
    let (options, round) = (&plan.options, args.round);
    let mut text = format!(
        "{}: {} nodes, {}, {} faults; round {round} of {}, seed {}\n",
        args.file.display(),
        options.nodes,
        options.protocol,
        options.faults.len(),
        plan.last_round(),
        options.seed,
    );
    if !is_seed_known {
        text.push_str("the file has no seed: each run draws one of its own, and with it other targets\n");
    } else if typed.backend == Some(BackendName::Sim) && typed.repeats != Some(1) {
        text.push_str(
            "of several simulations, this is the first: each has a seed of its own, and with it other targets\n",
        );
    }
    text
}

fn push_faults(text: &mut String, plan: &Plan, round: u32) {
    let Some(timeline) = plan.timeline(round) else {
        text.push('\n');
        return;
    };
    let names = ["fault", "kind", "from", "until", "meets"].map(str::to_owned);
    let faults: Vec<Vec<String>> =
        [names].into_iter().chain(steps::faults(plan, &timeline)).map(|row| row.to_vec()).collect();
    let begins = match &plan.open_loop {
        None => format!("{} begins the message", plan.topology.nodes[plan.initiator(round)]),
        Some(schedule) => format!("the first of {} messages begins", schedule.begins().len()),
    };
    let begins = ["0s".to_owned(), begins];
    let lines: Vec<Vec<String>> =
        [begins].into_iter().chain(steps::lines(plan, &timeline)).map(|row| row.to_vec()).collect();
    let probes = timeline.probes.len();
    write!(text, "\n{}\n{}\n{probes} probes between neighbours\n\n", aligned(&faults), aligned(&lines))
        .expect("a String takes what is written");
}

/// A row for each backend: whether it can do the run, and each fault.
fn table(file: &ScenarioFile, columns: &[Column]) -> Vec<Vec<String>> {
    let names = file.faults.iter().map(|located| located.fault.name.clone());
    let head = ["backend", "run"].map(str::to_owned).into_iter().chain(names).collect();
    let word = |can: &Option<bool>| match can {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    let row = |column: &Column| {
        let words = column.can.iter().map(|can| word(can).to_owned());
        [column.backend.word().to_owned()].into_iter().chain(words).collect()
    };
    [head].into_iter().chain(columns.iter().map(row)).collect()
}

/// Rows in columns that are as wide as what stands in them; the last one is not filled up.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
