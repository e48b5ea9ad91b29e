//! `compare`: whether conditions differ, by how much, and how sure that is.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use cnsim::manifest::Tool;
use cnsim_files::whole;

use super::figure_args::FigureArgs;
use super::printing::{REFUSED, print};
use super::time_args::TimeArgs;
use crate::compare::{self, CompareSpec, Compared, ComparisonFormat, Gate, Grouping, Judgement, Pairing, Unsound};
use crate::inputs::Input;
use crate::measure::catalogue::Metric;
use crate::messages::tell;
use crate::output::{self, FigureSpec};

/// What can be typed after `cnsim-analyze compare`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim-analyze compare runs/4abf0c12-cubaan50 runs/77d0e1a9-cubaan50
  cnsim-analyze compare default=test-default-bwidth-10X.csv 5M=test-bwidth-5M-10X.csv --by nodes --metric t100
  cnsim-analyze compare before=a.parquet after=b.parquet --fail-if 't100_first_send.shift_low > 0'")]
#[command(
    after_help = "A shift is what the second condition has more than the first. Intervals are of each comparison alone; \
p_holm holds for all together.
Exit code: 0 fine, 1 failed or refused, 2 usage, 3 --fail-if was met."
)]
pub struct CompareArgs {
    /// Run folder, JSON lines, CSV or Parquet, plain, .gz or .zst; a pattern. The condition is LABEL, else the
    /// manifest's (of a folder without one: its records'), else the file's name
    #[arg(required = true, value_name = "[LABEL=]INPUT")]
    pub inputs: Vec<Input>,
    /// A column of rounds.csv, with or without _ms; may be given again [default: t100_first_send, or what --fail-if
    /// names]
    #[arg(long = "metric", value_name = "COLUMN")]
    pub metrics: Vec<Metric>,
    /// Compare at each number of nodes that both conditions have
    #[arg(long, value_enum, value_name = "WHAT")]
    pub by: Option<By>,
    /// The condition that the others are compared with [default: the first]
    #[arg(long, value_name = "CONDITION")]
    pub baseline: Option<String>,
    /// Rounds of the same number and initiator are pairs [default: within the blocks of a study, from six on]
    #[arg(long, conflicts_with = "unpaired")]
    pub paired: bool,
    /// No rounds are pairs, those of a study's blocks neither
    #[arg(long)]
    pub unpaired: bool,
    /// Level of every interval
    #[arg(long, value_name = "SHARE", value_parser = level, default_value = "0.95")]
    pub level: f64,
    /// What repeats the resampling
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Rounds with a number below it are left out
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub warm_up: u32,
    /// What times count.
    #[command(flatten)]
    pub times: TimeArgs,
    /// Compare data whose verdict is unsound
    #[arg(long)]
    pub force: bool,
    /// How the comparison is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: ComparisonFormat,
    /// Draw a forest plot of each metric into this folder
    #[arg(long = "figures", value_name = "DIR")]
    pub figures_dir: Option<PathBuf>,
    /// How figures look.
    #[command(flatten, next_help_heading = "Figures")]
    pub figures: FigureArgs,
    /// Exit with 3 where this holds of any comparison: METRIC.FIELD, one of > >= < <=, a number; may be given again
    #[arg(long = "fail-if", value_name = "EXPR", help_heading = None)]
    pub fail_if: Vec<Gate>,
}

/// What to compare by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Number of nodes
    Nodes,
}

fn level(text: &str) -> Result<f64, String> {
    let level: f64 = text.parse().map_err(|_| format!("{text} is no number"))?;
    let is_level = (0.5..=0.999_9).contains(&level);
    if is_level { Ok(level) } else { Err("a level is a share from 0.5 to 0.9999, as in 0.95".to_owned()) }
}

impl ValueEnum for ComparisonFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Text, Self::Json, Self::Csv]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Text => {
                PossibleValue::new("text").alias("table").help("A sentence for each comparison, and columns of text")
            }
            Self::Json => PossibleValue::new("json").help("One array of objects"),
            Self::Csv => PossibleValue::new("csv").help("A header and a line for each"),
        })
    }
}

/// Figures that were asked for.
struct Figures {
    folder: PathBuf,
    spec: FigureSpec,
}

/// Compares, draws where that is asked for, and prints.
pub(super) fn run(args: CompareArgs, tool: &Tool) -> anyhow::Result<ExitCode> {
    let format = args.format;
    let (spec, figures) = args.into_specs();
    let mut compared = compare::compare(&spec)?;
    if let Some(figures) = figures {
        let notes = draw(&figures, &spec, &compared, tool)?;
        compared.notes.extend(notes);
    }
    compared.notes.iter().for_each(|note| tell(format_args!("note: {note}")));
    let code = print(&compare::printed(&compared.comparisons, &compared.sides, format));
    let (refused, lines) = match compared.judgement {
        Judgement::Passed => return Ok(code),
        Judgement::Failed(lines) => (ExitCode::from(REFUSED), lines),
        Judgement::Unknown(lines) => (ExitCode::from(1), lines),
    };
    lines.iter().for_each(|line| tell(format_args!("error: {line}")));
    Ok(refused)
}

/// Writes a forest plot of each metric; gives a note for each that has none.
fn draw(figures: &Figures, spec: &CompareSpec, compared: &Compared, tool: &Tool) -> anyhow::Result<Vec<String>> {
    let chosen =
        [("level", spec.level.to_string()), ("seed", spec.seed.to_string()), ("warm-up", spec.warm_up.to_string())];
    let chosen: Vec<_> = chosen.into_iter().chain(figures.spec.chosen()).collect();
    let metadata = output::metadata(tool, &chosen, &compared.input_sha256);
    let (files, notes) = output::forest(&spec.metrics, compared, &figures.spec, &metadata)?;
    for file in files {
        let path = figures.folder.join(&file.path);
        put(&path, &file.bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(notes)
}

fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let mut staged = whole::stage(path)?;
    staged.write_all(bytes)?;
    whole::put(staged, path)
}

impl CompareArgs {
    /// What to compare, and the figures that are wanted.
    fn into_specs(self) -> (CompareSpec, Option<Figures>) {
        let args = self;
        let mut metrics: Vec<Metric> = Vec::new();
        for metric in args.metrics.into_iter().chain(args.fail_if.iter().map(Gate::metric)) {
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        if metrics.is_empty() {
            metrics.push(Metric::default());
        }
        let grouping = match args.by {
            Some(By::Nodes) => Grouping::ByNodes,
            None => Grouping::OneNumberOfNodes,
        };
        let figures = args.figures_dir.map(|folder| Figures { folder, spec: args.figures.into() });
        let spec = CompareSpec {
            inputs: args.inputs,
            times: args.times.into(),
            metrics,
            grouping,
            baseline: args.baseline,
            pairing: match (args.paired, args.unpaired) {
                (true, _) => Pairing::OfRounds,
                (false, true) => Pairing::Independent,
                (false, false) => Pairing::OfBlocks,
            },
            level: args.level,
            seed: args.seed,
            warm_up: args.warm_up,
            unsound: if args.force { Unsound::Force } else { Unsound::Refuse },
            gates: args.fail_if,
        };
        (spec, figures)
    }
}
