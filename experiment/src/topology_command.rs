//! `cnsim topology`: writes the graph of a spec to a file, and shows what a graph is like; likewise of networks that move.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use chrono::{Local, NaiveDateTime};
use clap::{Args, Subcommand, ValueEnum};
use cnsim::motion::{MotionSpec, MotionSpecError, MotionStats};
use cnsim::time::Interval;
use cnsim::topology::{Degrees, Paths, SpecError, TopologySpec, TopologyStats};
use serde::Serialize;

use crate::motion_command;
use crate::motion_source::{Drawn, contacts_of, is_json};
use crate::topology_source::{SourceError, choose, generate};

/// What can be typed after `cnsim topology`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim topology generate ba:3 -n 50 --seed 7 -o ba.json
  cnsim topology show ba.json
  cnsim topology generate waypoint:1500mx300m:1m/s..20m/s:0s..60s:250m -n 50 --span 900s -o manet.csv
  cnsim topology show positions:city.xml:100m")]
pub struct TopologyCommand {
    /// What to do.
    #[command(subcommand)]
    pub action: TopologyAction,
}

/// The subcommands of `cnsim topology`.
#[derive(Debug, Subcommand)]
pub enum TopologyAction {
    /// Writes a seeded graph as networkx node-link JSON, or a moving network as contacts
    Generate(GenerateArgs),
    /// Shows degrees, pieces, path lengths and clustering of a graph, or the contacts of a moving network
    Show(ShowArgs),
}

/// What can be typed after `cnsim topology generate`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim topology generate k-regular:8 -n 1000 --seed 7 -o k8.json
  cnsim topology generate walk:500mx500m:1m/s..2m/s:60s:100m -n 40 --span 600s -o walk.csv
  cnsim topology generate positions:city.xml:100m -o city.csv")]
#[command(
    after_help = "Prints the file's path. The same spec, number of nodes and seed give the same bytes on every machine.\n\n\
                  A moving network is a file of lines t,u,v,up|down: waypoint:AREA:SPEED:PAUSE:REACH, walk:AREA:SPEED:TURN:REACH and \
                  rewire:P:PERIOD:GRAPH are drawn, contacts:FILE, contacts:FILE:PRESENCE and positions:FILE:REACH read. \
                  docs/motion.md says what they are."
)]
pub struct GenerateArgs {
    /// complete, ring, line, star, grid, tree:K, k-regular:K, k-out:K, er:P, ws:K:P, ba:M or outbound:K:TOTAL; or a moving network
    pub spec: Wanted,
    /// Number of nodes, at least 2; a file says it
    #[arg(short, long, value_name = "N")]
    pub nodes: Option<u32>,
    /// How long a moving network is drawn for, as 900s
    #[arg(long, value_name = "TIME")]
    pub span: Option<Interval>,
    /// What the graph follows from
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// File to write, - for stdout [default: nodes{N}_{MonDDYYYYHHMMSS}_{model}.json in the current folder, .csv of a moving network]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What can be typed after `cnsim topology show`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim topology show nodes10_Mar102025195724_Full1.0.json
  cnsim topology show ws:4:0.1 -n 100 --seed 7 --format json
  cnsim topology show positions:city.xml:100m")]
#[command(
    after_help = "A directed graph's degree is the number of nodes that a node may send to, its in-degree of those that \
                  it may hear; its components are the weakly connected ones. Clustering is the mean local one."
)]
pub struct ShowArgs {
    /// A spec as `generate` takes it, a JSON file (node-link with edges or links, or nodes with neighbors), or a file of contacts
    #[arg(value_name = "SPEC|FILE")]
    pub source: String,
    /// Number of nodes; a file says it too
    #[arg(short, long, value_name = "N")]
    pub nodes: Option<u32>,
    /// How long a moving network is drawn for, as 900s
    #[arg(long, value_name = "TIME")]
    pub span: Option<Interval>,
    /// What a spec's graph follows from
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// How the numbers are printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
}

/// A network that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// One that stands still.
    Graph(TopologySpec),
    /// One that moves.
    Moving(MotionSpec),
}

/// A text that asks for no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WantedError {
    /// It is meant as a graph, or as nothing known.
    #[error(transparent)]
    Graph(#[from] SpecError),
    /// It is meant as a moving network.
    #[error(transparent)]
    Moving(#[from] MotionSpecError),
}

/// `--span` where nothing moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("--span is for networks that move: leave it out")]
pub struct SpanOfGraph;

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Self, WantedError> {
        if MotionSpec::is_meant(text) { Ok(Self::Moving(text.parse()?)) } else { Ok(Self::Graph(text.parse()?)) }
    }
}

/// How numbers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Carries a command out and returns what belongs on stdout.
pub fn run(command: &TopologyCommand) -> Result<String> {
    match &command.action {
        TopologyAction::Generate(args) => write(args, Local::now().naive_local()),
        TopologyAction::Show(args) => show(args),
    }
}

fn write(args: &GenerateArgs, now: NaiveDateTime) -> Result<String> {
    match &args.spec {
        Wanted::Graph(spec) => write_graph(*spec, args, now),
        Wanted::Moving(spec) => write_contacts(spec, args, now),
    }
}

fn write_graph(spec: TopologySpec, args: &GenerateArgs, now: NaiveDateTime) -> Result<String> {
    if args.span.is_some() {
        return Err(SpanOfGraph.into());
    }
    let nodes = args.nodes.ok_or(SourceError::NodesMissing(spec))?;
    let json = generate(spec, nodes, args.seed)?.to_json();
    let path = match &args.out {
        Some(path) if path.as_os_str() == "-" => return String::from_utf8(json).context("JSON is UTF-8"),
        Some(path) => path.clone(),
        None => PathBuf::from(spec.file_name(nodes, now)),
    };
    cnsim_files::replace(&path, &json)?;
    Ok(format!("{}\n", path.display()))
}

fn write_contacts(spec: &MotionSpec, args: &GenerateArgs, now: NaiveDateTime) -> Result<String> {
    let contacts = contacts_of(spec, Drawn { nodes: args.nodes, span: args.span, seed: args.seed })?;
    let path = match &args.out {
        Some(path) if path.as_os_str() == "-" => return motion_command::text(&contacts),
        Some(path) => path.clone(),
        None => PathBuf::from(motion_command::file_name(spec, contacts.nodes().len(), now)),
    };
    motion_command::write_file(&contacts, &path)?;
    Ok(format!("{}\n", path.display()))
}

fn show(args: &ShowArgs) -> Result<String> {
    match moving(&args.source)? {
        Some(spec) => show_contacts(&spec, args),
        None => show_graph(args),
    }
}

/// The moving network that a text names: a spec of one, or a file that is there and no JSON. A name like `ring` is a graph all the same.
fn moving(text: &str) -> Result<Option<MotionSpec>> {
    if MotionSpec::is_meant(text) {
        return Ok(Some(text.parse()?));
    }
    let path = Path::new(text);
    if text.parse::<TopologySpec>().is_ok() || text.ends_with(".json") || !path.is_file() || is_json(path)? {
        return Ok(None);
    }
    Ok(Some(MotionSpec::Contacts { file: text.to_owned(), presence: None }))
}

fn show_contacts(spec: &MotionSpec, args: &ShowArgs) -> Result<String> {
    let contacts = contacts_of(spec, Drawn { nodes: args.nodes, span: args.span, seed: args.seed })?;
    let stats = MotionStats::of(&contacts);
    Ok(match args.format {
        Format::Table => motion_command::table(&stats, spec),
        Format::Json => motion_command::document(&stats, spec)? + "\n",
    })
}

fn show_graph(args: &ShowArgs) -> Result<String> {
    if args.span.is_some() {
        return Err(SpanOfGraph.into());
    }
    let topology = choose(&args.source, args.nodes, args.seed)?.topology;
    let stats = TopologyStats::of(&topology);
    let model = topology.model.as_deref();
    Ok(match args.format {
        Format::Table => table(&stats, model),
        Format::Json => document(&stats, model)? + "\n",
    })
}

fn table(stats: &TopologyStats, model: Option<&str>) -> String {
    let direction = if stats.directed { "directed" } else { "undirected" };
    let mut rows = vec![
        ("model", model.unwrap_or("unknown").to_owned()),
        ("nodes", stats.nodes.to_string()),
        ("edges", format!("{}, {direction}{}", stats.edges, if stats.simple { "" } else { ", not simple" })),
        ("degree", degrees(&stats.degree)),
    ];
    rows.extend(stats.in_degree.as_ref().map(|in_degree| ("in-degree", degrees(in_degree))));
    rows.push(("components", stats.components.to_string()));
    rows.push(("connected", connected(stats).to_owned()));
    let [diameter, average] = path_lengths(stats.paths);
    rows.extend([("diameter", diameter), ("average path", average)]);
    rows.push(("clustering", stats.clustering.map_or(TOO_LARGE.to_owned(), |mean| format!("{mean:.4}"))));
    let mut text: String = rows.iter().map(|(name, value)| format!("{name:<14}{value}\n")).collect();
    push_distribution(&mut text, "degree", &stats.degree);
    if let Some(in_degree) = &stats.in_degree {
        push_distribution(&mut text, "in-degree", in_degree);
    }
    text
}

/// Shown where a number takes too many steps.
const TOO_LARGE: &str = "not computed: the graph is too large";

fn degrees(degrees: &Degrees) -> String {
    format!("min {}, mean {:.4}, max {}", degrees.min, degrees.mean, degrees.max)
}

fn connected(stats: &TopologyStats) -> &'static str {
    match (stats.connected, stats.components) {
        (true, _) => "yes",
        (false, 1) => "no: some node cannot reach some other along the edges' direction",
        (false, _) => "no: the graph is disconnected, so that no message can reach every node",
    }
}

fn path_lengths(paths: Paths) -> [String; 2] {
    match paths {
        Paths::Known { diameter, average } => [diameter.to_string(), format!("{average:.4}")],
        Paths::NotConnected => ["none: not connected", "none: not connected"].map(str::to_owned),
        Paths::TooLarge => [TOO_LARGE, TOO_LARGE].map(str::to_owned),
    }
}

fn push_distribution(text: &mut String, name: &str, degrees: &Degrees) {
    text.push('\n');
    let mut line = |left: &str, right: &str| writeln!(text, "{left:>9} {right:>9}").expect("memory takes it");
    line(name, "nodes");
    for (degree, nodes) in &degrees.distribution {
        line(&degree.to_string(), &nodes.to_string());
    }
}

fn document(stats: &TopologyStats, model: Option<&str>) -> Result<String> {
    let (diameter, average_path) = match stats.paths {
        Paths::Known { diameter, average } => (Some(diameter), Some(average)),
        Paths::NotConnected | Paths::TooLarge => (None, None),
    };
    let document = Document {
        model,
        nodes: stats.nodes,
        edges: stats.edges,
        directed: stats.directed,
        simple: stats.simple,
        degree: (&stats.degree).into(),
        in_degree: stats.in_degree.as_ref().map(DegreesDocument::from),
        components: stats.components,
        connected: stats.connected,
        diameter,
        average_path,
        clustering: stats.clustering,
    };
    serde_json::to_string_pretty(&document).context("the numbers are no JSON")
}

#[derive(Serialize)]
struct Document<'a> {
    model: Option<&'a str>,
    nodes: usize,
    edges: usize,
    directed: bool,
    simple: bool,
    degree: DegreesDocument<'a>,
    in_degree: Option<DegreesDocument<'a>>,
    components: usize,
    connected: bool,
    diameter: Option<u32>,
    average_path: Option<f64>,
    clustering: Option<f64>,
}

#[derive(Serialize)]
struct DegreesDocument<'a> {
    min: u32,
    mean: f64,
    max: u32,
    distribution: &'a BTreeMap<u32, u32>,
}

impl<'a> From<&'a Degrees> for DegreesDocument<'a> {
    fn from(degrees: &'a Degrees) -> Self {
        Self { min: degrees.min, mean: degrees.mean, max: degrees.max, distribution: &degrees.distribution }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::FromArgMatches;

    use super::*;

    fn args(spec: &str, out: Option<&Path>) -> GenerateArgs {
        GenerateArgs { spec: spec.parse().unwrap(), nodes: Some(12), span: None, seed: 7, out: out.map(Path::to_owned) }
    }

    fn shown(source: &str, format: Format) -> String {
        show(&ShowArgs { source: source.to_owned(), nodes: None, span: None, seed: 1, format }).unwrap()
    }

    fn noon() -> NaiveDateTime {
        chrono::NaiveDate::from_ymd_opt(2026, 5, 4).unwrap().and_hms_opt(12, 0, 0).unwrap()
    }

    #[test]
    fn a_command_line_is_understood() {
        let command = TopologyCommand::augment_args(clap::Command::new("topology"));
        let parse = |line: &str| {
            let matches = command.clone().try_get_matches_from(line.split(' ')).map_err(|error| error.to_string())?;
            TopologyCommand::from_arg_matches(&matches).map_err(|error| error.to_string())
        };
        command.clone().debug_assert();

        let Ok(TopologyCommand { action: TopologyAction::Generate(typed) }) =
            parse("topology generate ba:2 -n 12 --seed 7 -o -")
        else {
            panic!("generate was not understood");
        };
        assert_eq!((typed.spec, typed.nodes, typed.seed), ("ba:2".parse().unwrap(), Some(12), 7));
        assert!(parse("topology show ring -n 5 --format json").is_ok());
        let error = parse("topology generate ring:2 -n 12").unwrap_err();
        assert!(error.contains("\"ring:2\" is not ring, which has no parameter"), "{error}");
    }

    #[test]
    fn a_graph_is_written_whole_and_its_path_is_the_result() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ba.json");

        let result = write(&args("ba:2", Some(&path)), noon()).unwrap();

        assert_eq!(result, format!("{}\n", path.display()));
        let on_stdout = write(&args("ba:2", Some(Path::new("-"))), noon()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), on_stdout);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let error = write(&args("ring", Some(Path::new("no/such/folder/t.json"))), noon()).unwrap_err();
        let expected = "cannot write no/such/folder/t.json: No such file or directory (os error 2)";
        assert_eq!(format!("{error:#}"), expected);
    }

    #[test]
    fn a_moving_network_is_written_and_shown_the_same_from_its_file_and_from_its_model() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("walk.csv");
        let model = "walk:300mx300m:1m/s..20m/s:9s:80m..120m";
        let span = Some("60s".parse().unwrap());

        let written = write(&GenerateArgs { span, ..args(model, Some(&path)) }, noon()).unwrap();

        assert_eq!(written, format!("{}\n", path.display()));
        let on_stdout = write(&GenerateArgs { span, ..args(model, Some(Path::new("-"))) }, noon()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), on_stdout);
        let show_args = ShowArgs { source: model.to_owned(), nodes: Some(12), span, seed: 7, format: Format::Table };
        let from_model = show(&show_args).unwrap();
        let from_file = shown(path.to_str().unwrap(), Format::Table);
        assert_eq!(from_file.lines().skip(1).collect::<Vec<_>>(), from_model.lines().skip(1).collect::<Vec<_>>());
        insta::assert_snapshot!("walk", from_model);
        insta::assert_snapshot!("walk_json", show(&ShowArgs { format: Format::Json, ..show_args }).unwrap());
        let error = write(&GenerateArgs { span, ..args("ring", None) }, noon()).unwrap_err();
        assert_eq!(error.to_string(), "--span is for networks that move: leave it out");
    }

    #[test]
    fn a_disconnected_graph_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pieces.json");
        let edges = r#"[{"source": 0, "target": 1}, {"source": 2, "target": 3}]"#;
        fs::write(&path, format!(r#"{{"nodes": [0, 1, 2, 3], "links": {edges}}}"#)).unwrap();
        insta::assert_snapshot!("pieces", shown(path.to_str().unwrap(), Format::Table));
    }

    #[test]
    fn a_directed_graph_has_degrees_of_both_kinds() {
        let show_args =
            ShowArgs { source: "k-out:2".to_owned(), nodes: Some(9), span: None, seed: 3, format: Format::Table };
        insta::assert_snapshot!("k_out", show(&show_args).unwrap());
    }

    #[test]
    fn numbers_for_programs_have_all_their_digits() {
        let show_args =
            ShowArgs { source: "ba:2".to_owned(), nodes: Some(10), span: None, seed: 1, format: Format::Json };
        insta::assert_snapshot!("ba_json", show(&show_args).unwrap());
    }
}
