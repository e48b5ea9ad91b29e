//! What can be typed after `cnsim`. Values are parsed here; [`crate::resolve`] makes a plan of them.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use cnsim::id::RunId;
use cnsim::initiator::Initiators;
use cnsim::link::{DelaySpec, Loss, RateSpec, Sharing, Transport, WorkSpec};
use cnsim::manifest::{LikeRounds, Likeness, Records};
use cnsim::pace::{Pace, WarmUp};
use cnsim::protocol::{Connections, Forward, Order, Phase};
use cnsim::quantity::DataSize;
use cnsim::scenario::FaultSpec;
use cnsim::time::Interval;

pub use crate::backend_name::BackendName;
#[cfg(all(feature = "report", feature = "sim"))]
use crate::demo_args::DemoArgs;
use crate::scenario::args::ScenarioCommand;
use crate::study::args::StudyCommand;
use crate::topology_command::TopologyCommand;

/// Measures how a message spreads by gossip, with real gRPC nodes.
#[derive(Debug, Parser)]
#[command(name = "cnsim", version = crate::version::TEXT)]
#[command(before_help = "Example: cnsim run --nodes 10 --rounds 5 --protocol flood", max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows in seconds what cnsim does: four protocols and a partition in the simulator, with a report
    #[cfg(all(feature = "report", feature = "sim"))]
    Demo(DemoArgs),
    /// Generates a topology, or shows what one is like
    Topology(TopologyCommand),
    /// Writes, checks and describes scenario files: all options of a run and its faults in one file
    Scenario(ScenarioCommand),
    /// Makes many runs of one file in an order that confounds nothing, and goes on with them
    Study(StudyCommand),
    /// Starts nodes on this machine or a cluster, drives rounds of gossip and records every delivery
    Run(Box<RunArgs>),
}

/// What the flags are about that say where a run is kept.
const FOLDER: &str = "The run and its folder";

/// What can be typed after `cnsim run`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim run --nodes 10
  cnsim run --nodes 1000 --topology k-regular:8 --protocol push:3 --rounds 20 --condition push3
  cnsim run --backend sim --nodes 100000 --topology k-regular:8 --delay lognormal:40ms:0.4 --report
  cnsim run -f split.toml --backend sim --report
  cnsim run --backend kubernetes --nodes 100 --set bandwidth=5M --condition 5M --report
  cnsim run --repeat runs/4abf0c12-cubaan10/manifest.json
  cnsim run --resume runs/4abf0c12-cubaan10")]
#[command(after_help = "Prints the run folder. Exit code: 0 fine, 1 failed or interrupted, 2 usage.")]
pub struct RunArgs {
    /// What is run.
    #[command(flatten)]
    pub experiment: Experiment,
    /// Where the nodes run: local (this machine), kubernetes, or sim (nowhere: in virtual time) [default: local]
    #[arg(long, value_enum, value_name = "WHERE", hide_possible_values = true)]
    pub backend: Option<BackendName>,
    /// Of a run on Kubernetes.
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// A scenario file, which has options as keys, and faults; what is typed beside it overrides it
    #[arg(short, long, value_name = "FILE", help_heading = FOLDER)]
    pub file: Option<PathBuf>,
    /// Also write a scenario file of what is typed, before the run begins
    #[arg(long, value_name = "FILE", help_heading = FOLDER)]
    pub save: Option<PathBuf>,
    /// Runs of a simulation, each with a seed and a graph of its own [default: 10 in a simulation, else 1]
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..), help_heading = FOLDER)]
    pub repeats: Option<u32>,
    /// Run the experiment of this manifest.json again, under a new run id
    #[arg(long, value_name = "MANIFEST", conflicts_with_all = ["Experiment", "repeats", "file", "save"], help_heading = FOLDER)]
    pub repeat: Option<PathBuf>,
    /// Go on with the run in this folder, which was interrupted or failed, where it runs
    #[arg(long, value_name = "RUN", conflicts_with_all = ["Experiment", "file", "save", "repeat", "repeats", "run_id", "out"], help_heading = FOLDER)]
    pub resume: Option<PathBuf>,
    /// Name of the run, without spaces [default: 8 hex digits, -cubaan and the number of nodes]
    #[arg(long, value_name = "ID", help_heading = FOLDER)]
    pub run_id: Option<RunId>,
    /// Folder that the run folder is made in
    #[arg(long, value_name = "DIR", default_value = "runs", help_heading = FOLDER)]
    pub out: PathBuf,
    /// Make a report with figures in the run folder, as `cnsim-analyze report` does
    #[arg(long, help_heading = FOLDER)]
    pub report: bool,
}

/// The flags that say what is run.
#[derive(Debug, Clone, Args)]
pub struct Experiment {
    /// Number of nodes, at least 2; a topology file says it too
    #[arg(long, value_name = "N")]
    pub nodes: Option<u32>,
    /// Number of rounds; one more, round 0, warms up
    #[arg(long, value_name = "R", default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    pub rounds: u32,
    /// direct-mail, flood, push:FANOUT, push:FANOUT:TTL, push-periodic:FANOUT, pull, push-pull, anti-entropy:WAY, rumor:WAY:…,
    /// plumtree, announce, seed-h or seed-o; docs/protocol.md has them all [default: flood]
    #[arg(long, value_name = "P")]
    pub protocol: Option<String>,
    /// Order of a node's sends: shuffled or listed [default: shuffled; seed-h, seed-o: listed]
    #[arg(long)]
    pub order: Option<Order>,
    /// Sends of one node that may wait for their acknowledgment at once, or unlimited [default: 32; seed-h, seed-o: 1]
    #[arg(long, value_name = "COUNT", value_parser = in_flight)]
    pub in_flight: Option<u32>,
    /// When a first receipt is acknowledged: after-ack or before-ack forwards after or before the acknowledgment
    /// [default: after-ack; seed-o: before-ack]
    #[arg(long)]
    pub forward: Option<Forward>,
    /// Connections between nodes: reuse or per-send [default: reuse; seed-h, seed-o: per-send]
    #[arg(long)]
    pub connections: Option<Connections>,
    /// How long a send may take, in milliseconds, or none [default: 5000; seed-h, seed-o: none]
    #[arg(long, value_name = "MS")]
    pub deadline: Option<Deadline>,
    /// The period of protocols that have one [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = period)]
    pub period: Option<Interval>,
    /// When periods begin: random, each node's at a time of its own, or aligned, all at once [default: random]
    #[arg(long)]
    pub phase: Option<Phase>,
    /// A node that floods or pushes also sends to whom it heard from
    #[arg(long)]
    pub back_to_sender: bool,
    /// A topology (complete, ring, line, star, grid, tree:K, k-regular:K, k-out:K, er:P, ws:K:P, ba:M, outbound:K:TOTAL) or a JSON
    /// file [default: complete; a simulation has none]
    #[arg(long, value_name = "SPEC|FILE")]
    pub topology: Option<String>,
    /// How long after a change of its links a node discovers it, where the topology moves [default: 0s]
    #[arg(long, value_name = "TIME")]
    pub discovery: Option<Interval>,
    /// Who begins a round: random, rotate or a node's id [default: random]
    #[arg(long, value_name = "WHO")]
    pub initiator: Option<Initiators>,
    /// What topology, initiators and permutations follow from [default: drawn, and printed]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Name of the experiment's condition, as it stands in records and tables
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub condition: String,
    /// Size of the payload that a message carries, as 1kB [default: 0B]
    #[arg(long, value_name = "SIZE", conflicts_with = "payload_bytes")]
    pub payload: Option<DataSize>,
    /// The same as a number of bytes
    #[arg(long, value_name = "B")]
    pub payload_bytes: Option<u64>,
    /// Nodes in one process [default: as many as give one process for each processor; on Kubernetes 1]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub nodes_per_process: Option<u32>,
    /// Seconds after which a round is given up [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub round_timeout: Option<Duration>,
    /// Milliseconds between two rounds
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=86_400_000))]
    pub pause: u64,
    /// An open loop: rounds begin at this interval, as 100ms or poisson:100ms (its mean), whether or not earlier ones have ended
    #[arg(long, value_name = "TIME", default_value = "closed", hide_default_value = true)]
    pub every: Pace,
    /// With --every: what begins before the rounds that count, and again behind them, as 60s or a number of rounds
    /// [default: a tenth of --rounds]
    #[arg(long, value_name = "TIME|COUNT")]
    pub warm_up: Option<WarmUp>,
    /// How long each copy is on its way: constant:20ms, uniform:A:B, exponential:MEAN, lognormal:MEDIAN:SIGMA, empirical:FILE,
    /// regions:FILE, regions:world, weights (of edges, in milliseconds) or none; its acknowledgment takes as long again
    /// [default: none; a simulation has none]
    #[arg(long, alias = "link-delay", value_name = "DELAY")]
    pub delay: Option<DelaySpec>,
    /// What a lost copy is: stream sends it again after 200 ms, datagram never does [default: stream]
    #[arg(long, value_name = "KIND")]
    pub transport: Option<Transport>,
    /// How often a copy is lost, as 5% [default: 0]
    #[arg(long, value_name = "SHARE")]
    pub loss: Option<Loss>,
    /// How many bits a second each node sends: 50Mbit, or mix:20%=1Gbit,80%=50Mbit, drawn for each node [default: no limit]
    #[arg(long, value_name = "RATE")]
    pub uplink: Option<RateSpec>,
    /// How many bits a second each node receives, as --uplink [default: no limit]
    #[arg(long, value_name = "RATE")]
    pub downlink: Option<RateSpec>,
    /// How the copies of one node share its rate: fair, in equal parts for the nodes at the other end, or fifo, one after the
    /// other [default: fair]
    #[arg(long)]
    pub sharing: Option<Sharing>,
    /// How long a node checks a message before it sends it on, as --delay without weights and regions; many at once [default: none]
    #[arg(long, value_name = "TIME")]
    pub validate: Option<WorkSpec>,
    /// How long a simulated node works on each copy that arrives, one at a time, as --validate; only with --backend sim
    /// [default: none]
    #[arg(long, value_name = "TIME")]
    pub service: Option<WorkSpec>,
    /// Processors that all simulated nodes share for --service: a third of it at the sender, at the receiver and for the
    /// acknowledgment [default: each node has its own]
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub processors: Option<u32>,
    /// Largest message that a node takes, in bytes; at most 1 GiB [default: 4194304]
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub max_message: Option<u64>,
    /// Run on a topology in several pieces, which no message can cover
    #[arg(long)]
    pub allow_partial: bool,
    /// Which records a simulation keeps: all, first (beginnings, first receipts and failed sends) or none [default: all]
    #[arg(long, value_name = "WHICH")]
    pub records: Option<Records>,
    /// Simulate what this measured run was like: its topology, protocol and payload, and the times of its copies; what is typed
    /// besides stands above it. Given again: what each byte of the payload costs
    #[arg(long, value_name = "RUN")]
    pub like: Vec<PathBuf>,
    /// With --like: the rounds that are looked at, all, even or odd [default: all]
    #[arg(long, value_name = "WHICH")]
    pub like_rounds: Option<LikeRounds>,
    /// What was fitted on those runs.
    #[arg(skip)]
    pub likeness: Option<Likeness>,
    /// What befalls nodes and links: tables of a scenario file.
    #[arg(skip)]
    pub faults: Vec<FaultSpec>,
}

impl Experiment {
    /// Bytes of payload, in whichever way they were typed.
    pub fn payload_bytes(&self) -> Option<u64> {
        self.payload.map(DataSize::bytes).or(self.payload_bytes)
    }
}

/// How long a send may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// As long as it wants.
    None,
    /// So many milliseconds.
    Ms(u64),
}

impl FromStr for Deadline {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            _ => match text.parse() {
                Ok(ms) if ms > 0 => Ok(Self::Ms(u64::from(ms))),
                Ok::<u32, _>(_) | Err(_) => Err("use whole milliseconds from 1 to 4294967295, or none".to_owned()),
            },
        }
    }
}

impl Deadline {
    /// As the manifest has it: none is no deadline.
    pub fn ms(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Ms(ms) => Some(ms),
        }
    }
}

/// The flags of `cnsim run --backend kubernetes`.
#[derive(Debug, Clone, Args, Default)]
#[command(next_help_heading = "With --backend kubernetes")]
pub struct KubernetesArgs {
    /// Namespace of the cluster [default: the kubeconfig's]
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Context of the kubeconfig [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Use this release, which is there already, and leave it there
    #[arg(long, value_name = "NAME", conflicts_with_all = ["chart", "image", "set"])]
    pub release: Option<String>,
    /// Leave the release there when the run ends
    #[arg(long)]
    pub keep: bool,
    /// Image of the nodes, as REPOSITORY:TAG or REPOSITORY@sha256:DIGEST [default: the chart's]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Give the chart a value; may be given again
    #[arg(long, value_name = "K=V")]
    pub set: Vec<String>,
    /// Install this chart [default: the one in this program]
    #[arg(long, value_name = "DIR")]
    pub chart: Option<PathBuf>,
    /// Seconds in which every pod must become ready [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub ready_timeout: Option<Duration>,
}

impl KubernetesArgs {
    /// The first flag that was typed, for a run that is not on Kubernetes.
    pub fn first_typed(&self) -> Option<&'static str> {
        let typed = [
            ("--namespace", self.namespace.is_some()),
            ("--context", self.context.is_some()),
            ("--release", self.release.is_some()),
            ("--keep", self.keep),
            ("--image", self.image.is_some()),
            ("--set", !self.set.is_empty()),
            ("--chart", self.chart.is_some()),
            ("--ready-timeout", self.ready_timeout.is_some()),
        ];
        typed.into_iter().find(|(_, typed)| *typed).map(|(flag, _)| flag)
    }
}

/// A usage error as one line; clap would list every flag that `--repeat` excludes.
pub fn one_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::ArgumentConflict {
        return conflict(&error.to_string());
    }
    cnsim_node::one_line(error)
}

fn conflict(text: &str) -> String {
    let reason = if text.contains("cannot be used multiple times") {
        "an option is given twice (--link-delay is another name of --delay)"
    } else if text.contains("--resume") {
        "--resume takes every option from the run: only --report and flags of its backend go with it"
    } else if text.contains("--repeat") {
        "--repeat takes every option from the manifest: only --run-id, --out, --report and a backend go with it"
    } else if text.contains("--payload") {
        "--payload and --payload-bytes are the same: type one of them"
    } else {
        "--release is used as it was installed: --set, --image and --chart do not go with it"
    };
    format!("error: {reason}")
}

/// In a shorter one a node does nothing but keep it.
const PERIOD_MIN: Interval = Interval::from_ms(1);

/// A period as typed.
fn period(text: &str) -> Result<Interval, String> {
    let period: Interval = text.parse().map_err(|error| format!("{error}"))?;
    if period < PERIOD_MIN { Err("a period is at least 1ms".to_owned()) } else { Ok(period) }
}

/// How many sends may wait at once; the largest number is no limit.
fn in_flight(text: &str) -> Result<u32, String> {
    match text {
        "unlimited" => Ok(u32::MAX),
        _ => text
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| "use a number from 1 on, or unlimited".to_owned()),
    }
}

/// Seconds as typed.
fn seconds(text: &str) -> Result<Duration, String> {
    let parsed: Option<f64> = text.parse().ok();
    parsed
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|span| *span < Duration::from_secs(1_000_000))
        .ok_or_else(|| "use a number of seconds above 0".to_owned())
}
