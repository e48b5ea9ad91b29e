//! The factors of an experiment: what a run was made to differ in from others, in the words that a table shows.

use serde_json::Value;

use super::limits::Limits;
use super::options::Options;
use super::run::Manifest;
use crate::link::{DelaySpec, Loss, RateSpec, Sharing};
use crate::pace::Pace;
use crate::protocol::ProtocolSettings;
use crate::scenario::{FaultSpec, Kind};
use crate::topology::TopologySource;

/// How many digits of a topology file's digest tell it from another.
const DIGEST_DIGITS: usize = 8;

/// What a run was made to differ in from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factors {
    /// The protocol, with the options in which it differs from what its name stands for: `push:3, 8 in flight`.
    pub protocol: String,
    /// The topology's spec, or `file` with the first digits of its digest.
    pub topology: String,
    /// Number of nodes.
    pub nodes: u32,
    /// Size of the payload.
    pub payload_bytes: u64,
    /// What was done to links on purpose: `link delay 5 ms`, `5 Mbit/s`; `unshaped` where nothing was.
    pub network: String,
    /// What was done to nodes and links while the run went on: `a round every 100ms` in an open loop, and each fault with what was
    /// typed for it, as `split (partition at 5s for 10s, sides 50% | 50%)`; else `none`.
    pub scenario: String,
    /// Where it ran.
    pub backend: String,
    /// Nodes in one process.
    pub nodes_per_process: u32,
}

impl Factors {
    /// The names of the factors, in the order of [`Factors::texts`].
    pub const NAMES: [&'static str; 8] =
        ["protocol", "topology", "nodes", "payload_bytes", "network", "scenario", "backend", "nodes_per_process"];

    /// The factors of the run that a manifest tells of.
    pub fn of(manifest: &Manifest) -> Self {
        let options = &manifest.options;
        Self {
            protocol: protocol(options),
            topology: topology(options.topology, &manifest.topology_sha256),
            nodes: options.nodes,
            payload_bytes: options.payload_bytes,
            network: network(options, &manifest.limits),
            scenario: scenario(options),
            backend: manifest.backend.name().to_owned(),
            nodes_per_process: options.nodes_per_process,
        }
    }

    /// Every factor as a text.
    pub fn texts(self) -> [String; 8] {
        let Self { protocol, topology, nodes, payload_bytes, network, scenario, backend, nodes_per_process } = self;
        let [nodes, packed] = [nodes, nodes_per_process].map(|count| count.to_string());
        [protocol, topology, nodes, payload_bytes.to_string(), network, scenario, backend, packed]
    }
}

fn protocol(options: &Options) -> String {
    let (chosen, usual) = (options.resolved_protocol(), ProtocolSettings::from(options.protocol.clone()));
    let mut words = vec![options.protocol.to_string()];
    if chosen.order != usual.order {
        words.push(chosen.order.to_string());
    }
    if chosen.in_flight != usual.in_flight {
        words.push(match chosen.in_flight {
            ProtocolSettings::UNLIMITED => "unlimited in flight".to_owned(),
            count => format!("{count} in flight"),
        });
    }
    if chosen.forward != usual.forward {
        words.push(chosen.forward.to_string());
    }
    if chosen.connections != usual.connections {
        words.push(format!("{} connections", chosen.connections));
    }
    if chosen.deadline != usual.deadline {
        words.push(options.deadline_ms.map_or_else(|| "no deadline".to_owned(), |ms| format!("deadline {ms} ms")));
    }
    if chosen.period != usual.period {
        words.push(format!("period {}", chosen.period));
    }
    if chosen.phase != usual.phase {
        words.push(format!("{} periods", chosen.phase));
    }
    if chosen.back_to_sender {
        words.push("back to the sender".to_owned());
    }
    words.join(", ")
}

/// Graphs of one spec are draws of one kind; two files are two graphs.
fn topology(source: TopologySource, sha256: &str) -> String {
    match source {
        TopologySource::Spec(spec) => spec.to_string(),
        TopologySource::File => {
            let digest: String = sha256.trim_start_matches("sha256:").chars().take(DIGEST_DIGITS).collect();
            format!("{source} {digest}").trim_end().to_owned()
        }
    }
}

fn network(options: &Options, limits: &Limits) -> String {
    let delay = match &options.link_delay {
        DelaySpec::None => None,
        DelaySpec::Weights => Some("link delay by weights".to_owned()),
        DelaySpec::Constant(delay) => Some(format!("link delay {} ms", delay.as_ms())),
        drawn @ (DelaySpec::Uniform { .. }
        | DelaySpec::Exponential { .. }
        | DelaySpec::Lognormal { .. }
        | DelaySpec::Empirical { .. }
        | DelaySpec::Regions { .. }) => Some(format!("link delay {drawn}")),
    };
    let loss = (options.loss != Loss::NONE).then(|| format!("{} {} loss", options.transport, options.loss));
    let rate = limits.bandwidth.as_ref().map(|limit| format!("{} Mbit/s", limit.intended_bits_per_s as f64 / 1e6));
    let words: Vec<String> =
        delay.into_iter().chain(loss).chain(rates(options)).chain(work(options)).chain(rate).collect();
    if words.is_empty() { "unshaped".to_owned() } else { words.join(", ") }
}

fn scenario(options: &Options) -> String {
    let pace = match options.every {
        Pace::Closed => None,
        open @ (Pace::Every(_) | Pace::Poisson(_)) => Some(format!("a round every {open}")),
    };
    let words: Vec<String> = pace.into_iter().chain(options.faults.iter().map(fault)).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// A fault with all that was typed for it: two runs whose faults differ in anything were made to differ.
fn fault(fault: &FaultSpec) -> String {
    let json = serde_json::to_value(fault).expect("a fault has text keys");
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut text = format!("{} ({} at {}", fault.name, fault.kind.word(), fault.at);
    text.extend(fault.lasts.map(|lasts| format!(" for {lasts}")));
    let keys = Kind::KEYS.iter().find(|(kind, _)| *kind == fault.kind.word()).map(|(_, keys)| *keys);
    for key in keys.unwrap_or_default() {
        let Some(value) = json.get(key) else { continue };
        let value = match value {
            Value::Array(values) if *key == "sides" => values.iter().map(word).collect::<Vec<_>>().join(" | "),
            Value::Array(values) => values.iter().map(word).collect::<Vec<_>>().join(" "),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => word(value),
        };
        text.push_str(&format!(", {} {value}", key.replace('_', " ")));
    }
    text.push(')');
    text
}

/// How fast nodes were let send and receive.
fn rates(options: &Options) -> Vec<String> {
    let named = |name: &str, rate: &Option<RateSpec>| rate.as_ref().map(|rate| format!("{name} {rate}"));
    let mut words = Vec::from_iter(named("uplink", &options.uplink));
    words.extend(named("downlink", &options.downlink));
    if !words.is_empty() && options.sharing != Sharing::default() {
        words.push(format!("{} sharing", options.sharing));
    }
    words
}

/// How long nodes were made to take for what arrives.
fn work(options: &Options) -> Vec<String> {
    let named = [("validation", &options.validate), ("service", &options.service)];
    let mut words: Vec<String> =
        named.into_iter().filter(|(_, time)| !time.is_none()).map(|(name, time)| format!("{name} {time}")).collect();
    words.extend(options.processors.map(|count| format!("{count} shared processors")));
    words
}
