//! What can be typed after `cnsim-analyze compare`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cnsim::manifest::Tool;

use super::{CompareOptions, Design, Forest, Format, Gate, Grouping, Metric, Unsound};
use crate::inputs::Input;
use crate::output::figure_file::FigureArgs;

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
    /// Rounds of the same number and initiator are pairs
    #[arg(long)]
    pub paired: bool,
    /// Level of every interval
    #[arg(long, value_name = "SHARE", value_parser = level, default_value = "0.95")]
    pub level: f64,
    /// What repeats the resampling
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Rounds with a number below it are left out
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub warm_up: u32,
    /// Compare data whose verdict is unsound
    #[arg(long)]
    pub force: bool,
    /// How the comparison is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
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

impl CompareArgs {
    /// The options of a comparison by a program of this version and revision.
    pub fn options(self, tool: Tool) -> CompareOptions {
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
        let figures = args.figures.into();
        let forest = args.figures_dir.map(|folder| Forest { folder, figures, tool });
        CompareOptions {
            inputs: args.inputs,
            metrics,
            grouping,
            baseline: args.baseline,
            design: if args.paired { Design::Paired } else { Design::Independent },
            level: args.level,
            seed: args.seed,
            warm_up: args.warm_up,
            unsound: if args.force { Unsound::Force } else { Unsound::Refuse },
            format: args.format,
            gates: args.fail_if,
            forest,
        }
    }
}
