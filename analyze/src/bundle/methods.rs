//! METHODS.md: how the numbers were made, in words.

use std::collections::BTreeMap;
use std::fmt::Write;

use cnsim::manifest::Manifest;
use cnsim::time::Clock;

use crate::audit::{Finding, Quality, Severity};
use crate::measure::estimate::{POOLED_REPLICATES, resampling};
use crate::measure::usage::Window;
use crate::measure::{Group, Origin};
use crate::output::{ModelLine, model_lines};
use crate::report::{Report, ReportSpec};
use crate::stats::{LEVEL, MANY_ROUNDS, REPLICATES};

/// The methods paragraph, with all settings.
pub(super) fn methods(report: &Report, quality: &Quality) -> String {
    let spec = report.spec();
    let mut text = String::from("# Methods\n\n");
    if let Some(words) = report.analysis().simulated_words() {
        let _ = writeln!(text, "{words}\n");
    }
    for group in &report.analysis().groups {
        let _ = writeln!(text, "{}\n", condition(group, spec, &report.manifests()));
    }
    let level = LEVEL * 100.0;
    let _ = writeln!(
        text,
        "Convergence time (t100) is the time until the last of the nodes that had to be reached had the message; t50, t90, \
         t95 and t99 are the times until that share of them had it. Time counts from {}, and `rounds.csv` holds both \
         origins. A round that did not reach every node has no t100 and counts as infinitely long in medians, quantiles and \
         ranks. Medians and quantiles over the rounds of one deployment have {level} % intervals by order statistics, without \
         an assumption on the distribution, and hold for that deployment alone; none is given where too few rounds exist. \
         Means have bias-corrected and accelerated bootstrap intervals ({REPLICATES} replicates). Over several deployments \
         these are drawn, then rounds inside each ({POOLED_REPLICATES} replicates for quantiles, {REPLICATES} for means), and \
         over exactly two the interval is Student's of the two deployments' own numbers where that is wider; the column \
         `method` of `intervals.csv` names what was used. All resampling has seed {}. Rounds with a number below {} are \
         warm-up and in no statistic. The round is the unit of every statistic: deliveries inside a round are not independent.\n",
        origin(spec),
        resampling(REPLICATES).seed,
        spec.warm_up,
    );
    if report.analysis().groups.iter().any(|group| group.scored().count() >= MANY_ROUNDS) {
        let _ = writeln!(
            text,
            "Where a condition has {MANY_ROUNDS} rounds or more at one number of nodes, replicates are not drawn: the \
             distribution that they would have is computed by a saddlepoint approximation.\n"
        );
    }
    text.push_str(&simulations(report));
    text.push_str(&telemetry(spec));
    let matters = |finding: &&Finding| finding.counts && finding.severity > Severity::Info;
    let findings = quality.findings.iter().filter(matters).count();
    let _ = writeln!(
        text,
        "The records were audited before anything was computed: the verdict is {}, with {findings} findings above \
         info (`report/quality.json`).\n",
        quality.verdict
    );
    let _ = writeln!(
        text,
        "Computed with cnsim-analyze {} (revision {}). Formulas: docs/metrics.md of that version.",
        report.tool().version,
        report.tool().revision
    );
    text
}

/// What simulations model, and over what their intervals are; empty where nothing was simulated.
fn simulations(report: &Report) -> String {
    let analysis = report.analysis();
    if !analysis.execution().has_simulated() {
        return String::new();
    }
    let mut text = String::from(
        "Simulated rounds on one graph are repeats of nothing but initiator and draw. So intervals of simulated conditions are over \
         their runs, each with a seed of its own, and a condition with one simulated run has none. No test is made of them: a \
         simulated sample is as large as one likes.\n\n",
    );
    let manifests = report.manifests();
    let mut models: BTreeMap<Vec<ModelLine>, Vec<&str>> = BTreeMap::new();
    for (run_id, manifest) in manifests.iter().filter(|(_, manifest)| manifest.clock == Clock::Virtual) {
        models.entry(model_lines(manifest)).or_default().push(run_id);
    }
    for (lines, runs) in models {
        let _ = writeln!(text, "The model of the simulated runs {}:\n", runs.join(", "));
        for ModelLine { part, is_modelled, how } in lines {
            let word = if is_modelled { "modelled" } else { "not modelled" };
            let _ = writeln!(text, "- {part}, {word}: {how}.");
        }
        text.push('\n');
    }
    text
}

/// Which samples of telemetry count, where files of it were named.
fn telemetry(spec: &ReportSpec) -> String {
    let window = match spec.window {
        Window::Block => "the whole block of a run's scored rounds",
        Window::Seed => "the whole seconds from a run's first record to its last, as the published study took them",
    };
    match spec.telemetry.len() {
        0 => String::new(),
        files => format!("Telemetry comes from {files} files beside those of run folders; the window is {window}.\n\n"),
    }
}

fn origin(spec: &ReportSpec) -> &'static str {
    match spec.origin {
        Origin::Initiate => "the initiator's record that it began the message",
        Origin::FirstSend => "the initiator's first send",
    }
}

/// One condition at one number of nodes in a sentence or two.
fn condition(group: &Group, spec: &ReportSpec, manifests: &BTreeMap<&str, &Manifest>) -> String {
    let runs: BTreeMap<&str, usize> = group.rounds.iter().fold(BTreeMap::new(), |mut runs, round| {
        *runs.entry(round.run_id.as_str()).or_default() += 1;
        runs
    });
    let scored = group.rounds.iter().filter(|round| round.scored).count();
    let names: Vec<&str> = runs.keys().copied().collect();
    let mut text = format!(
        "**{}, {} nodes.** {scored} scored rounds in {} ({}), warm-up below round {}.",
        group.condition,
        group.nodes,
        if runs.len() == 1 { "one run".to_owned() } else { format!("{} runs", runs.len()) },
        names.join(", "),
        spec.warm_up
    );
    for run_id in names {
        match manifests.get(run_id) {
            Some(manifest) => text.push_str(&run(run_id, manifest)),
            None => {
                let _ = write!(text, " No manifest of {run_id} was given, so its settings are not known here.");
            }
        }
    }
    text
}

fn run(run_id: &str, manifest: &Manifest) -> String {
    let options = &manifest.options;
    let deadline = options.deadline_ms.map_or_else(|| "no deadline".to_owned(), |ms| format!("a deadline of {ms} ms"));
    let version = manifest.backend.kubernetes().and_then(|facts| facts.kubernetes_version.as_ref());
    let place = match version {
        Some(version) => format!("the pods of a Kubernetes {version} cluster"),
        None if manifest.clock == Clock::Virtual => "virtual time, SIMULATED".to_owned(),
        None => format!("the backend `{}`", manifest.backend.name()),
    };
    format!(
        " Run {run_id} ({}): protocol {} over topology {} with seed {}, initiator {}, order {}, {} sends in flight, forward \
         {}, connections {}, {deadline}, payload {} bytes, link delay {}, {} node(s) a process, in {place}; cnsim {} \
         (revision {}).",
        manifest.started_at,
        options.protocol,
        options.topology,
        options.seed,
        options.initiator,
        options.order,
        options.in_flight,
        options.forward,
        options.connections,
        options.payload_bytes,
        options.link_delay,
        options.nodes_per_process,
        manifest.tool.version,
        manifest.tool.revision,
    )
}
