//! What `cnsim topology` does with networks that move: writes them as contacts, and shows what they are like.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use chrono::NaiveDateTime;
use cnsim::motion::{Contacts, InSeconds, Model, Moment, MotionSpec, MotionStats, Quantiles, Reached, WriteError};
use cnsim::time::Interval;
use serde::Serialize;

/// The name of a file for a network that is written without one: `nodes50_Mar102025195724_Waypoint.csv`.
pub fn file_name(spec: &MotionSpec, nodes: usize, made: NaiveDateTime) -> String {
    let word = match spec {
        MotionSpec::Contacts { .. } => "Contacts",
        MotionSpec::Positions { .. } => "Positions",
        MotionSpec::Model(Model::Waypoint { .. }) => "Waypoint",
        MotionSpec::Model(Model::Walk { .. }) => "Walk",
        MotionSpec::Model(Model::Rewire(_)) => "Rewire",
    };
    format!("nodes{nodes}_{}_{word}.csv", made.format("%b%d%Y%H%M%S"))
}

/// Writes a network into a file.
pub fn write_file(contacts: &Contacts, path: &Path) -> Result<()> {
    cnsim_files::fill(path, |file| -> Result<()> {
        let cannot = || format!("cannot write {}", path.display());
        let mut out = BufWriter::with_capacity(1 << 20, file);
        match contacts.write(&mut out) {
            Ok(()) => out.flush().with_context(cannot),
            Err(WriteError::Io(error)) => Err(error).with_context(cannot),
            Err(error @ WriteError::Name(_)) => Err(error.into()),
        }
    })
}

/// A network as text.
pub fn text(contacts: &Contacts) -> Result<String> {
    let mut bytes = Vec::new();
    contacts.write(&mut bytes)?;
    String::from_utf8(bytes).context("names and numbers are UTF-8")
}

/// The numbers of a network for people.
pub fn table(stats: &MotionStats, spec: &MotionSpec) -> String {
    let mut rows = vec![
        ("motion", spec.to_string()),
        ("nodes", nodes(stats)),
        ("span", format!("{} s", InSeconds(stats.span))),
        ("contacts", format!("{} of {} pairs, {} not seen whole", stats.contacts, stats.pairs, stats.cut_off)),
        ("lasting", quantiles(&stats.durations)),
        ("apart", stats.between.as_ref().map_or("no pair meets twice".to_owned(), quantiles)),
        ("mean degree", format!("{:.4} over time", stats.mean_degree)),
    ];
    match &stats.reaches {
        Some(reaches) => rows.extend(reach_rows(reaches)),
        None => rows.push(("reach", "not computed: the network is too large".to_owned())),
    }
    let mut text: String = rows.iter().map(|(name, value)| format!("{name:<14}{value}\n")).collect();
    push_moments(&mut text, &stats.moments);
    text
}

fn nodes(stats: &MotionStats) -> String {
    match stats.comings_and_goings {
        0 => stats.nodes.to_string(),
        count => format!("{}, which join or leave {count} times", stats.nodes),
    }
}

fn quantiles(quantiles: &Quantiles) -> String {
    let Quantiles { count: _, mean_ms, min, q25, median, q75, q90, max } = *quantiles;
    let [min, q25, median, q75, q90, max] = [min, q25, median, q75, q90, max].map(seconds);
    format!("min {min}, 25 % {q25}, median {median}, 75 % {q75}, 90 % {q90}, max {max}, mean {:.3} s", mean_ms / 1e3)
}

fn seconds(time: Interval) -> String {
    format!("{:.3}", time.as_ms() / 1e3)
}

/// Of the messages of all nodes: how many pairs they reach, how many reach everybody, and when.
fn reach_rows(reaches: &[Reached]) -> [(&'static str, String); 2] {
    let others = reaches.len() - 1;
    let pairs: usize = reaches.iter().map(|reached| reached.nodes).sum();
    let whole: Vec<Interval> =
        reaches.iter().filter(|reached| reached.nodes == others).map(|reached| reached.last).collect();
    let share = 100.0 * pairs as f64 / (reaches.len() * others) as f64;
    let (count, when) = (whole.len(), Quantiles::of(whole));
    let when = when.map_or(String::new(), |when| {
        format!(
            ": at {} s at the earliest, {} s in the median, {} s at the latest",
            seconds(when.min),
            seconds(when.median),
            seconds(when.max)
        )
    });
    [
        ("reach", format!("{share:.2} % of pairs, where each node has a message from the beginning")),
        ("reach all", format!("{count} of {} messages{when}", reaches.len())),
    ]
}

fn push_moments(text: &mut String, moments: &[Moment]) {
    let heads = ["time/s", "nodes", "links", "degree", "max", "alone", "pieces", "largest"];
    text.push('\n');
    let mut line = |cells: [String; 8]| {
        let [time, rest @ ..] = cells;
        write!(text, "{time:>12}").expect("memory takes it");
        for cell in rest {
            write!(text, " {cell:>8}").expect("memory takes it");
        }
        text.push('\n');
    };
    line(heads.map(str::to_owned));
    for moment in moments {
        let Moment { time, nodes, links, max_degree, alone, pieces, largest } = *moment;
        line([
            seconds(time),
            nodes.to_string(),
            links.to_string(),
            format!("{:.3}", mean_degree(moment)),
            max_degree.to_string(),
            alone.to_string(),
            pieces.to_string(),
            largest.to_string(),
        ]);
    }
}

fn mean_degree(moment: &Moment) -> f64 {
    2.0 * moment.links as f64 / moment.nodes.max(1) as f64
}

/// The numbers of a network for programs. Times are in milliseconds since time 0.
pub fn document(stats: &MotionStats, spec: &MotionSpec) -> Result<String> {
    let document = Document {
        motion: spec.to_string(),
        nodes: stats.nodes,
        span_ms: stats.span.as_ms(),
        comings_and_goings: stats.comings_and_goings,
        contacts: stats.contacts,
        contacts_cut_off: stats.cut_off,
        pairs: stats.pairs,
        lasting: (&stats.durations).into(),
        apart: stats.between.as_ref().map(QuantilesDocument::from),
        mean_degree: stats.mean_degree,
        moments: stats.moments.iter().map(MomentDocument::from).collect(),
        reaches: stats.reaches.as_ref().map(|reaches| reaches.iter().map(ReachDocument::from).collect()),
    };
    serde_json::to_string_pretty(&document).context("the numbers are no JSON")
}

#[derive(Serialize)]
struct Document {
    motion: String,
    nodes: usize,
    span_ms: f64,
    comings_and_goings: usize,
    contacts: usize,
    contacts_cut_off: usize,
    pairs: usize,
    lasting: QuantilesDocument,
    apart: Option<QuantilesDocument>,
    mean_degree: f64,
    moments: Vec<MomentDocument>,
    reaches: Option<Vec<ReachDocument>>,
}

#[derive(Serialize)]
struct QuantilesDocument {
    count: usize,
    mean_ms: f64,
    min_ms: f64,
    q25_ms: f64,
    median_ms: f64,
    q75_ms: f64,
    q90_ms: f64,
    max_ms: f64,
}

impl From<&Quantiles> for QuantilesDocument {
    fn from(of: &Quantiles) -> Self {
        Self {
            count: of.count,
            mean_ms: of.mean_ms,
            min_ms: of.min.as_ms(),
            q25_ms: of.q25.as_ms(),
            median_ms: of.median.as_ms(),
            q75_ms: of.q75.as_ms(),
            q90_ms: of.q90.as_ms(),
            max_ms: of.max.as_ms(),
        }
    }
}

#[derive(Serialize)]
struct MomentDocument {
    time_ms: f64,
    nodes: usize,
    links: usize,
    mean_degree: f64,
    max_degree: usize,
    alone: usize,
    pieces: usize,
    largest: usize,
}

impl From<&Moment> for MomentDocument {
    fn from(of: &Moment) -> Self {
        Self {
            time_ms: of.time.as_ms(),
            nodes: of.nodes,
            links: of.links,
            mean_degree: mean_degree(of),
            max_degree: of.max_degree,
            alone: of.alone,
            pieces: of.pieces,
            largest: of.largest,
        }
    }
}

#[derive(Serialize)]
struct ReachDocument {
    nodes: usize,
    last_ms: f64,
}

impl From<&Reached> for ReachDocument {
    fn from(of: &Reached) -> Self {
        Self { nodes: of.nodes, last_ms: of.last.as_ms() }
    }
}
