//! `model`: what simulations model and what they do not, a line for each part of a network that was not there.

use std::collections::BTreeMap;

use cnsim::link::{DelaySpec, Loss, RateSpec, Sharing, Transport, WorkSpec};
use cnsim::manifest::{Backend, LikeRounds, LikeRun, Likeness, Manifest, Options, Records};
use cnsim::time::Clock;
use cnsim::topology::{TopologySource, TopologySpec};

use crate::inputs::About;
use crate::table::{Cell, Table, count, flag, text};

/// How many digits of a digest tell a file from another.
const DIGEST_DIGITS: usize = 8;

/// What is said of one part of a network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ModelLine {
    /// What part.
    pub(crate) part: &'static str,
    /// Whether the simulation has it.
    pub(crate) is_modelled: bool,
    /// How, or what stands in its place: a sentence without its full stop.
    pub(crate) how: String,
}

/// The models of the simulated runs of each condition.
pub(super) fn table(inputs: &[About]) -> Option<Table> {
    let columns = [text("condition"), text("part"), flag("modelled"), text("how"), count("runs")];
    let mut conditions: BTreeMap<&str, Vec<Vec<ModelLine>>> = BTreeMap::new();
    for input in inputs {
        let simulated = input.runs.values().filter(|run| run.manifest.clock == Clock::Virtual);
        for run in simulated {
            conditions.entry(&input.condition).or_default().push(model_lines(&run.manifest));
        }
    }
    let rows: Vec<[Cell; 5]> = conditions.iter().flat_map(|(condition, models)| rows(condition, models)).collect();
    let caption = "What simulated runs model of a network, and what they do not";
    (!rows.is_empty()).then(|| Table::new("model", caption, columns, rows))
}

/// Part by part the distinct lines of a condition's runs, with the number of runs that have each.
fn rows(condition: &str, models: &[Vec<ModelLine>]) -> Vec<[Cell; 5]> {
    let mut rows = Vec::new();
    for place in 0..models.first().map_or(0, Vec::len) {
        let mut distinct: BTreeMap<&ModelLine, usize> = BTreeMap::new();
        for model in models {
            *distinct.entry(&model[place]).or_default() += 1;
        }
        rows.extend(distinct.into_iter().map(|(line, runs)| {
            let ModelLine { part, is_modelled, how } = line;
            [condition.into(), (*part).into(), (*is_modelled).into(), how.as_str().into(), runs.into()]
        }));
    }
    rows
}

/// What the simulation of this manifest models; the same parts in the same order for all.
pub(crate) fn model_lines(manifest: &Manifest) -> Vec<ModelLine> {
    let options = &manifest.options;
    let line = |part, is_modelled, how: String| ModelLine { part, is_modelled, how };
    let absent = |part, how: &str| line(part, false, how.to_owned());
    vec![
        line("topology", true, topology(options.topology)),
        delay(&options.link_delay),
        line("transport", true, transport(options.transport).to_owned()),
        loss(options.loss),
        line("acknowledgments", options.transport == Transport::Stream, acknowledgments(options.transport).to_owned()),
        line("sends in flight", true, in_flight(options)),
        rates(options),
        processors(options),
        measured(&manifest.backend),
        absent("medium", "links are independent, nothing is shared between them"),
        absent("congestion", "there is no slow start and no queue in the network"),
        absent("discovery", "nodes know their neighbours from the start"),
        validation(&options.validate),
        absent("faults", "no node fails, and none joins or leaves"),
        line("records", options.records == Records::All, records(options.records).to_owned()),
        absent("clocks", "all nodes read one exact clock in virtual time"),
    ]
}

fn records(records: Records) -> &'static str {
    match records {
        Records::All => "every copy has its record",
        Records::First => {
            "first receipts and failed sends have theirs; of duplicates there are none, so sends, redundancy and load are not known"
        }
        Records::None => "there are none",
    }
}

fn topology(source: TopologySource) -> String {
    match source {
        TopologySource::File => "a graph from a file, the same in every run of it".to_owned(),
        TopologySource::Spec(
            spec @ (TopologySpec::KRegular { .. }
            | TopologySpec::KOut { .. }
            | TopologySpec::Er { .. }
            | TopologySpec::Ws { .. }
            | TopologySpec::Ba { .. }
            | TopologySpec::Outbound { .. }),
        ) => format!("{spec}, drawn anew from each run's seed"),
        TopologySource::Spec(spec) => format!("{spec}, the same graph in every run"),
    }
}

fn delay(delay: &DelaySpec) -> ModelLine {
    let drawn = match delay {
        DelaySpec::None => "a copy arrives at the instant at which it is sent",
        DelaySpec::Constant(_) => "the same for every copy",
        DelaySpec::Weights => "the weights of the topology's edges",
        DelaySpec::Regions { .. } => "drawn for each copy, by the regions of both ends",
        DelaySpec::Uniform { .. }
        | DelaySpec::Exponential { .. }
        | DelaySpec::Lognormal { .. }
        | DelaySpec::Empirical { .. } => "drawn for each copy, whatever the link",
    };
    let is_modelled = *delay != DelaySpec::None;
    let how = if is_modelled { format!("{delay}: {drawn}") } else { drawn.to_owned() };
    ModelLine { part: "link delay", is_modelled, how }
}

fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Stream => "stream: a lost copy arrives 200 ms later, doubled for each loss in a row",
        Transport::Datagram => "datagram: a lost copy is lost, and its sender is not told",
    }
}

fn loss(loss: Loss) -> ModelLine {
    let is_modelled = loss != Loss::NONE;
    let how = if is_modelled { format!("{loss} of copies, each by itself") } else { "no copy is lost".to_owned() };
    ModelLine { part: "loss", is_modelled, how }
}

fn acknowledgments(transport: Transport) -> &'static str {
    match transport {
        Transport::Stream => "each takes the delay of the way back",
        Transport::Datagram => "there are none: a copy counts against its sender's limit as long as if it had one",
    }
}

fn rates(options: &Options) -> ModelLine {
    let part = "uplink and downlink";
    let without = |name: &str| format!("{name} without limit");
    let rate = |name: &str, rate: &Option<RateSpec>| {
        rate.as_ref().map_or_else(|| without(name), |rate| format!("{name} {rate} of encoded bytes"))
    };
    if options.uplink.is_none() && options.downlink.is_none() {
        let how = "any number of bytes passes at once, so the payload's size changes no time".to_owned();
        return ModelLine { part, is_modelled: false, how };
    }
    let shared = match options.sharing {
        Sharing::Fair => "nodes at the other end get equal parts",
        Sharing::Fifo => "one copy passes after the other",
    };
    let how = format!("{}, {}: {shared}", rate("uplink", &options.uplink), rate("downlink", &options.downlink));
    ModelLine { part, is_modelled: true, how }
}

fn processors(options: &Options) -> ModelLine {
    let service = &options.service;
    let is_modelled = !service.is_none();
    let how = match options.processors {
        _ if !is_modelled => "a node takes no time to work on a copy".to_owned(),
        None => format!("a node works on one copy at a time, {service} on each"),
        Some(count) => format!(
            "all nodes share {count}, {service} for each copy: a third each when it leaves, is received and is acknowledged"
        ),
    };
    ModelLine { part: "processors", is_modelled, how }
}

/// The measured runs that it was made like. What was typed may stand above what was fitted; the other lines say what was simulated.
fn measured(backend: &Backend) -> ModelLine {
    let like = match backend {
        Backend::Sim(facts) => facts.like.as_ref(),
        Backend::Local(_) | Backend::Kubernetes(_) => None,
    };
    let how = like.map_or_else(|| "no run on machines stands behind its times".to_owned(), likeness);
    ModelLine { part: "measured times", is_modelled: like.is_some(), how }
}

fn likeness(like: &Likeness) -> String {
    let run = |run: &LikeRun| {
        let which = match like.rounds {
            LikeRounds::All => String::new(),
            LikeRounds::Even | LikeRounds::Odd => format!("{} ", like.rounds),
        };
        let digest: String = run.records_sha256.chars().take(DIGEST_DIGITS).collect();
        format!("{} ({} {which}rounds, records {digest})", run.run_id, run.rounds)
    };
    let runs: Vec<String> = like.runs.iter().map(run).collect();
    let Likeness { service_us, wire_us, .. } = like;
    format!("like {}: {service_us:.1} us of work a copy, {wire_us:.1} us on the wire", runs.join(" and "))
}

fn validation(validate: &WorkSpec) -> ModelLine {
    let is_modelled = !validate.is_none();
    let how = match is_modelled {
        true => format!("a node checks a message before it goes on, many at once: {validate}"),
        false => "a copy is forwarded without being checked".to_owned(),
    };
    ModelLine { part: "validation", is_modelled, how }
}

fn in_flight(options: &Options) -> String {
    format!("at most {} of one node at once", options.in_flight)
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::SimFacts;

    use super::*;
    use crate::measure::fixture::manifest;

    fn described(change: impl FnOnce(&mut Options)) -> String {
        let mut manifest = manifest("flood", ["a", "b"], &[], false).manifest;
        manifest.options.topology = "complete".parse().unwrap();
        change(&mut manifest.options);
        lines(&manifest)
    }

    fn lines(manifest: &Manifest) -> String {
        let line =
            |line: ModelLine| format!("{}: {}: {}\n", line.part, if line.is_modelled { "yes" } else { "no" }, line.how);
        model_lines(manifest).into_iter().map(line).collect()
    }

    #[test]
    fn a_model_says_of_each_part_whether_it_is_there() {
        insta::assert_snapshot!(described(|options| {
            options.topology = "k-regular:8".parse().unwrap();
            options.link_delay = "exponential:20ms".parse().unwrap();
        }));
        let lossy = described(|options| {
            options.transport = Transport::Datagram;
            options.loss = "20%".parse().unwrap();
            options.uplink = Some("mix:20%=1Gbit,80%=50Mbit".parse().unwrap());
            options.service = "constant:100us".parse().unwrap();
            options.validate = "constant:2ms".parse().unwrap();
        });
        for line in [
            "uplink and downlink: yes: uplink mix:20%=1Gbit,80%=50Mbit of encoded bytes, downlink without limit: nodes at the",
            "processors: yes: a node works on one copy at a time, constant:100us on each",
            "validation: yes: a node checks a message before it goes on, many at once: constant:2ms",
            "link delay: no: a copy arrives at the instant at which it is sent",
            "transport: yes: datagram: a lost copy is lost",
            "loss: yes: 20% of copies",
            "acknowledgments: no: there are none",
            "topology: yes: complete, the same graph in every run",
        ] {
            assert!(lossy.contains(line), "{line} is not in {lossy}");
        }
    }

    #[test]
    fn a_model_says_which_measured_run_it_is_like() {
        let mut manifest = manifest("flood", ["a", "b"], &[], false).manifest;
        manifest.options.service = "constant:60us".parse().unwrap();
        manifest.options.processors = Some(2);
        let run = LikeRun {
            run_id: "flood".to_owned(),
            records_sha256: "0123456789abcdef".to_owned(),
            rounds: 20,
            copies: 48_040,
            payload_bytes: 1_000,
            copy_cpu_us: 48.0,
            waiting: 1.25,
            wire_us: 40.0,
        };
        let like = Likeness {
            runs: vec![run],
            rounds: LikeRounds::Even,
            processors: Some(2),
            service_us: 60.0,
            wire_us: 40.0,
        };
        manifest.backend = Backend::Sim(SimFacts { like: Some(like), ..SimFacts::default() });

        let lines = lines(&manifest);

        for line in [
            "processors: yes: all nodes share 2, constant:60us for each copy: a third each when it leaves, is received and is",
            "measured times: yes: like flood (20 even rounds, records 01234567): 60.0 us of work a copy, 40.0 us on the wire",
        ] {
            assert!(lines.contains(line), "{line} is not in {lines}");
        }
    }
}
