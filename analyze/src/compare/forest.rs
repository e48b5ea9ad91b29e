//! Forest plots of comparisons: for each metric one figure, with a row for each comparison.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use cnsim_charts::data::{Effect, Effects};
use cnsim_charts::{ChartError, Metadata};

use super::{Comparison, Metric};
use crate::output::figure_file::{FigureOptions, Plate};
use crate::stats::Shift;
use cnsim_records::whole;

/// Where figures go, and how they look.
#[derive(Debug, Clone)]
pub struct Forest {
    /// The folder.
    pub folder: PathBuf,
    /// How they look, and what their files are.
    pub figures: FigureOptions,
    /// Version and revision of the program, as the files name it.
    pub tool: cnsim::manifest::Tool,
}

/// Writes the figures; gives a note for each metric that has none.
pub(super) fn write(
    forest: &Forest,
    metrics: &[Metric],
    comparisons: &[Comparison],
    metadata: &Metadata,
) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    for metric in metrics {
        let of_metric: Vec<&Comparison> =
            comparisons.iter().filter(|comparison| comparison.metric == *metric).collect();
        let effects = effects(*metric, &of_metric);
        let plate = match Plate::draw(&effects, cnsim_charts::effects, &forest.figures.sheet) {
            Ok(plate) => plate,
            Err(ChartError::NoData(_)) => {
                notes.push(format!("no figure of {}: no shift is known", metric.name()));
                continue;
            }
            Err(error) => return Err(error).context("cannot draw a figure"),
        };
        let stem = format!("effects-{}", metric.name());
        let files = plate.files(&stem, &caption(&of_metric, &plate), &forest.figures, metadata);
        for file in files.context("cannot encode a figure")? {
            put(&forest.folder.join(&file.path), &file.bytes)?;
        }
    }
    Ok(notes)
}

fn put(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let written = fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).and_then(|()| {
        let mut staged = whole::stage(path)?;
        staged.write_all(bytes)?;
        whole::put(staged, path)
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// A row for each comparison. Where rounds without an end meet rounds without an end, nothing of one may be known.
fn effects(metric: Metric, comparisons: &[&Comparison]) -> Effects {
    let baseline = comparisons.first().map_or("", |comparison| comparison.a.as_str());
    let is_one = comparisons.iter().map(|comparison| comparison.nodes).collect::<BTreeSet<u32>>().len() <= 1;
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let row = |comparison: &&Comparison| {
        let label = if is_one { comparison.b.clone() } else { format!("{}, N={}", comparison.b, comparison.nodes) };
        let Shift { shift, low, high } = comparison.shift;
        Effect { label, shift: finite(shift), low: finite(low), high: finite(high) }
    };
    let is_known = |row: &Effect| row.shift.or(row.low).or(row.high).is_some();
    let (rows, unknown): (Vec<Effect>, Vec<Effect>) = comparisons.iter().map(row).partition(is_known);
    Effects {
        words: format!("Shift of {} against {baseline}", metric.name().trim_end_matches("_ms")),
        unit: Some(metric.unit().to_owned()),
        rows,
        left_out: unknown.into_iter().map(|row| row.label).collect(),
    }
}

fn caption(comparisons: &[&Comparison], plate: &Plate) -> String {
    let level = comparisons.first().map_or(0.0, |comparison| comparison.level * 100.0);
    let notes: String = plate.drawing.notes().iter().map(|note| format!(" {note}")).collect();
    format!(
        "Points: the median of all differences between rounds (Hodges and Lehmann). Lines: {level} % intervals, each \
             of its comparison alone.{notes}"
    )
}
