//! What was typed against the options that came of it: an option that was changed in a manifest still stands in its command line as
//! it was.

use std::str::FromStr;

use cnsim::link::{DelaySpec, WorkSpec};
use cnsim::manifest::{Backend, Manifest, Options};
use cnsim::protocol::ProtocolSettings;
use cnsim::quantity::DataSize;
use cnsim::topology::{TopologySource, TopologySpec};

use crate::evidence::draws_as_here;

/// Whether an option is what a text stands for; none: it was not typed.
type IsTyped = fn(&Options, Option<&str>) -> bool;

/// Every option that a flag alone decides. Others follow from files, from what was drawn, or from where a run was made.
const FLAGS: &[(&str, IsTyped)] = &[
    ("--nodes", |it, text| text.is_none_or(|text| is(&it.nodes, text))),
    ("--rounds", |it, text| is(&it.rounds, text.unwrap_or("10"))),
    ("--protocol", |it, text| is(&it.protocol, text.unwrap_or("flood"))),
    ("--order", |it, text| is_or(&it.order, text, &usual(it).order)),
    ("--in-flight", |it, text| match text {
        Some("unlimited") => it.in_flight == ProtocolSettings::UNLIMITED,
        text => is_or(&it.in_flight, text, &usual(it).in_flight),
    }),
    ("--forward", |it, text| is_or(&it.forward, text, &usual(it).forward)),
    ("--connections", |it, text| is_or(&it.connections, text, &usual(it).connections)),
    ("--deadline", |it, text| match (text, it.deadline_ms) {
        (None, ms) => ms == usual(it).deadline.map(|deadline| deadline.0 / 1_000_000),
        (Some("none"), ms) => ms.is_none(),
        (Some(text), Some(ms)) => is(&ms, text),
        (Some(_), None) => false,
    }),
    ("--period", |it, text| is_or(&it.period, text, &usual(it).period)),
    ("--phase", |it, text| is_or(&it.phase, text, &usual(it).phase)),
    ("--topology", |it, text| match (it.topology, text) {
        (TopologySource::Spec(spec), Some(text)) => is(&spec, text),
        (TopologySource::Spec(spec), None) => spec == TopologySpec::Complete,
        (TopologySource::File, text) => text.is_some(),
    }),
    ("--condition", |it, text| text.is_none_or(|text| it.condition == text)),
    ("--initiator", |it, text| is(&it.initiator, text.unwrap_or("random"))),
    ("--nodes-per-process", |it, text| text.is_none_or(|text| least(text, it.nodes) == Some(it.nodes_per_process))),
    ("--round-timeout", |it, text| text.unwrap_or("60").parse().map_or(true, |typed| is_timeout(it, typed))),
    ("--pause", |it, text| is(&it.pause_ms, text.unwrap_or("0"))),
    ("--every", |it, text| is(&it.every, text.unwrap_or("closed"))),
    ("--warm-up", |it, text| text.is_none_or(|text| is(&it.warm_up, text))),
    ("--transport", |it, text| is(&it.transport, text.unwrap_or("stream"))),
    ("--loss", |it, text| is(&it.loss, text.unwrap_or("0"))),
    ("--uplink", |it, text| is_optional(&it.uplink, text)),
    ("--downlink", |it, text| is_optional(&it.downlink, text)),
    ("--sharing", |it, text| is_or(&it.sharing, text, &Default::default())),
    ("--validate", |it, text| is_work(&it.validate, text)),
    ("--service", |it, text| is_work(&it.service, text)),
    ("--max-message", |it, text| is(&it.max_message, text.unwrap_or("4194304"))),
    ("--records", |it, text| is_or(&it.records, text, &Default::default())),
];

/// The options that differ, in words. A run that repeats another has its options, and one that was resumed was typed before.
pub(super) fn contradictions(manifest: &Manifest) -> Option<String> {
    let line: Vec<&str> = manifest.command_line.iter().map(String::as_str).collect();
    let is_experiment = line.get(1) == Some(&"run") && value(&line, "--repeat").is_none();
    if !is_experiment || !draws_as_here(manifest) {
        return None;
    }
    let options = &manifest.options;
    let mut other: Vec<&str> = Vec::new();
    // What a scenario file or another run says stands in no command line.
    let is_whole = !line.iter().any(|word| is_other_source(word));
    let asks = |text: Option<&str>| is_whole || text.is_some();
    let differs = |(flag, is_typed): &&(&str, IsTyped)| {
        let text = value(&line, flag);
        asks(text) && !is_typed(options, text)
    };
    other.extend(FLAGS.iter().filter(differs).map(|(flag, _)| *flag));
    other.extend((!is_payload(options, &line, is_whole)).then_some("--payload"));
    other.extend((!is_seed(manifest, value(&line, "--seed"))).then_some("--seed"));
    let delay = value(&line, "--delay").or_else(|| value(&line, "--link-delay"));
    other.extend((asks(delay) && !is_delay(&options.link_delay, delay)).then_some("--delay"));
    let switches = [("--back-to-sender", options.back_to_sender), ("--allow-partial", options.allow_partial)];
    let is_other = |(flag, is_on): &(&str, bool)| match (line.contains(flag), is_on) {
        (true, is_on) => !is_on,
        (false, is_on) => is_whole && *is_on,
    };
    other.extend(switches.into_iter().filter(is_other).map(|(flag, _)| flag));
    (!other.is_empty()).then(|| format!("options that are not those of its command line ({})", other.join(", ")))
}

/// An option that the protocol has no use for, and that the program does not take with it.
pub(super) fn meaningless(manifest: &Manifest) -> Option<String> {
    let options = &manifest.options;
    let is_meaningless = options.back_to_sender && !options.protocol.protocol().may_send_back();
    (is_meaningless && draws_as_here(manifest)).then(|| format!("--back-to-sender with {}", options.protocol))
}

/// What stands behind a flag.
fn value<'a>(line: &[&'a str], flag: &str) -> Option<&'a str> {
    let place = line.iter().position(|word| *word == flag).and_then(|place| line.get(place + 1).copied());
    place.or_else(|| line.iter().find_map(|word| word.strip_prefix(flag)?.strip_prefix('=')))
}

/// Whether options come from elsewhere too: a scenario file (`-f`, `--file`), or a run that this one is like.
fn is_other_source(word: &str) -> bool {
    (word.starts_with("-f") && !word.starts_with("--")) || word.starts_with("--file") || word.starts_with("--like")
}

/// The payload is typed as a size or as a number of bytes.
fn is_payload(options: &Options, line: &[&str], is_whole: bool) -> bool {
    match (value(line, "--payload"), value(line, "--payload-bytes")) {
        (Some(size), _) => is(&DataSize::of_bytes(options.payload_bytes), size),
        (None, Some(bytes)) => is(&options.payload_bytes, bytes),
        (None, None) => !is_whole || options.payload_bytes == 0,
    }
}

/// Whether a value is what a text stands for. One that this version cannot read is left alone.
fn is<T: FromStr + PartialEq>(value: &T, text: &str) -> bool {
    text.parse().map_or(true, |typed: T| typed == *value)
}

fn is_or<T: FromStr + PartialEq>(value: &T, text: Option<&str>, usual: &T) -> bool {
    text.map_or_else(|| value == usual, |text| is(value, text))
}

fn is_optional<T: FromStr + PartialEq>(value: &Option<T>, text: Option<&str>) -> bool {
    match (value, text) {
        (Some(value), Some(text)) => is(value, text),
        (value, text) => value.is_none() && text.is_none(),
    }
}

fn is_work(work: &WorkSpec, text: Option<&str>) -> bool {
    text.map_or_else(|| work.is_none(), |text| is(work, text))
}

fn is_delay(delay: &DelaySpec, text: Option<&str>) -> bool {
    is_or(delay, text, &DelaySpec::None)
}

/// Runs of a simulation have seeds of their own.
fn is_seed(manifest: &Manifest, text: Option<&str>) -> bool {
    let is_drawn = matches!(manifest.backend, Backend::Sim(_));
    is_drawn || text.is_none_or(|text| is(&manifest.options.seed, text))
}

/// A time-out is typed in seconds.
fn is_timeout(options: &Options, seconds: f64) -> bool {
    (options.round_timeout_ms as f64 - seconds * 1e3).abs() <= 1.0
}

/// The options that the protocol has where none is typed.
fn usual(options: &Options) -> ProtocolSettings {
    ProtocolSettings::from(options.protocol.clone())
}

/// A typed number, but no more than there are nodes.
fn least(text: &str, nodes: u32) -> Option<u32> {
    text.parse().ok().map(|typed: u32| typed.min(nodes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_has_its_value_behind_it_or_after_a_sign() {
        let line = ["cnsim", "run", "--nodes", "9", "--period=50ms"];
        let found = ["--nodes", "--period", "--phase"].map(|flag| value(&line, flag));
        assert_eq!(found, [Some("9"), Some("50ms"), None]);
    }

    #[test]
    fn a_file_and_another_run_are_sources_beside_what_is_typed() {
        for word in ["-f", "-fsplit.toml", "--file", "--file=split.toml", "--like", "--like-rounds"] {
            assert!(is_other_source(word), "{word}");
        }
        assert!(!["--forward", "run", "--faults", "split.toml"].into_iter().any(is_other_source));
    }
}
