//! What measured runs were like, as though it had been typed for a simulation: options of the first, the work on a copy, and how
//! long one is on its way that waits for nothing.
//!
//! A wire time of a busy machine holds the wait for its processors. A simulation whose nodes share processors makes that wait
//! anew, so of the wire times only the shortest counts, less the work in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cnsim::link::{DelaySpec, WorkSpec};
use cnsim::manifest::{Backend, LikeRounds, LikeRun, Likeness, Manifest, Options, Round, RoundOutcome};
use cnsim::protocol::ProtocolSettings;
use cnsim::time::Interval;
use cnsim::topology::TopologySource;

use crate::cli::{Deadline, Experiment};
use crate::folder::{DELAY, MANIFEST, TOPOLOGY, VALIDATE};
use crate::measured::{Copies, Measured, MeasuredError, read_copies};

/// Why no simulation can be like a run; it begins with the folder as typed.
#[derive(Debug, thiserror::Error)]
pub enum LikeError {
    /// Rounds of no run.
    #[error("is missing: --like-rounds says which rounds of that run are looked at")]
    NoRun,
    /// A file cannot be read.
    #[error("{}: cannot read {file}: {reason}", folder.display())]
    Read {
        /// The run folder.
        folder: PathBuf,
        /// The file in it.
        file: &'static str,
        /// Why.
        reason: io::Error,
    },
    /// Its manifest is none.
    #[error("{}: its manifest cannot be read: {reason}", folder.display())]
    Manifest {
        /// The run folder.
        folder: PathBuf,
        /// What is wrong, and where.
        reason: serde_json::Error,
    },
    /// Its times are none of a machine.
    #[error("{}: this run was simulated and has no wire times; name one of real nodes", .0.display())]
    Simulated(PathBuf),
    /// Its clocks and processors are not those of one machine.
    #[error("{}: its nodes ran on {hosts} hosts; a simulation is like a run on one, whose processors all nodes share", folder.display())]
    Hosts {
        /// The run folder.
        folder: PathBuf,
        /// How many.
        hosts: usize,
    },
    /// Its records are of no use.
    #[error("{}: {reason}", folder.display())]
    Records {
        /// The run folder.
        folder: PathBuf,
        /// Why.
        reason: Box<MeasuredError>,
    },
    /// Its records do not say when copies were sent.
    #[error("{}: its records have no wire times (sent_ns and received_ns)", .0.display())]
    NoWireTimes(PathBuf),
    /// No round can be looked at.
    #[error(
        "{}: none of its rounds ({rounds}) came to rest with records and the processor time of its processes", folder.display()
    )]
    NoRounds {
        /// The run folder.
        folder: PathBuf,
        /// Which were asked for.
        rounds: LikeRounds,
    },
    /// Nobody says how many processors there were.
    #[error("{}: its manifest does not say how many processors its nodes shared: give --processors", .0.display())]
    NoProcessors(PathBuf),
}

/// A measured run that has been read.
struct Run {
    folder: PathBuf,
    manifest: Manifest,
    measured: Measured,
}

/// What was typed, and where nothing was, what the runs say that it names. Without `--like` nothing changes.
///
/// # Errors
/// Where a run cannot be read, or says nothing of use.
pub fn complete(typed: Experiment) -> Result<Experiment, LikeError> {
    if typed.like.is_empty() && typed.like_rounds.is_some() {
        return Err(LikeError::NoRun);
    }
    let which = typed.like_rounds.unwrap_or_default();
    let runs: Vec<Run> = typed.like.iter().map(|folder| open(folder)).collect::<Result<_, _>>()?;
    let Some(first) = runs.first() else { return Ok(typed) };
    let fitted: Vec<LikeRun> = runs.iter().map(|run| fit(run, which)).collect::<Result<_, _>>()?;
    let processors = processors(&first.manifest);
    if typed.processors.or(processors).is_none() {
        return Err(LikeError::NoProcessors(first.folder.clone()));
    }
    let options = &first.manifest.options;
    let likeness = Likeness {
        service_us: service_us(&fitted, typed.payload_bytes().unwrap_or(options.payload_bytes)),
        wire_us: fitted[0].wire_us,
        runs: fitted,
        rounds: which,
        processors,
    };
    let completed = with_protocol(with_options(typed, options, &first.folder), options);
    Ok(with_times(completed, likeness, options, &first.folder))
}

/// What was fitted, in words for whoever watches.
pub fn describe(likeness: &Likeness, typed: &Experiment) -> Vec<String> {
    let mut lines: Vec<String> = likeness.runs.iter().map(|run| run_line(run, likeness.rounds)).collect();
    let payloads: Vec<u64> = likeness.runs.iter().map(|run| run.payload_bytes).collect();
    let simulated = typed.payload_bytes().unwrap_or(payloads[0]);
    if payloads.iter().all(|payload| *payload == payloads[0]) && simulated != payloads[0] {
        lines.push(format!(
            "like {}: nobody has measured what a byte costs, so a copy of {simulated} bytes takes as long as one of {}; \
             a second --like, of a run with another payload, would say it",
            likeness.runs[0].run_id, payloads[0]
        ));
    }
    lines
}

fn run_line(run: &LikeRun, which: LikeRounds) -> String {
    let LikeRun { run_id, rounds, payload_bytes, copy_cpu_us, waiting, wire_us, .. } = run;
    let which = match which {
        LikeRounds::All => String::new(),
        LikeRounds::Even | LikeRounds::Odd => format!("{which} "),
    };
    format!(
        "like {run_id} ({rounds} {which}rounds, {payload_bytes} bytes): {copy_cpu_us:.1} us of processor time a copy, which took \
         {waiting:.2} times as long; {wire_us:.1} us on the wire"
    )
}

fn open(folder: &Path) -> Result<Run, LikeError> {
    let folder = folder.to_owned();
    let bytes = match std::fs::read(folder.join(MANIFEST)) {
        Ok(bytes) => bytes,
        Err(reason) => return Err(LikeError::Read { folder, file: MANIFEST, reason }),
    };
    let manifest = match Manifest::from_json(&bytes) {
        Ok(manifest) => manifest,
        Err(reason) => return Err(LikeError::Manifest { folder, reason }),
    };
    if matches!(manifest.backend, Backend::Sim(_)) {
        return Err(LikeError::Simulated(folder));
    }
    let hosts = hosts(&manifest);
    if hosts > 1 {
        return Err(LikeError::Hosts { folder, hosts });
    }
    match read_copies(&folder) {
        Ok(measured) => Ok(Run { folder, manifest, measured }),
        Err(reason) => Err(LikeError::Records { folder, reason: Box::new(reason) }),
    }
}

fn hosts(manifest: &Manifest) -> usize {
    let hosts: BTreeSet<&str> = manifest.roster.iter().map(|node| node.host.as_str()).collect();
    hosts.len()
}

/// Processors that its nodes shared.
fn processors(manifest: &Manifest) -> Option<u32> {
    match &manifest.backend {
        Backend::Local(facts) => facts.processors,
        Backend::Kubernetes(_) | Backend::Sim(_) => None,
    }
}

/// What one run's rounds say.
fn fit(run: &Run, which: LikeRounds) -> Result<LikeRun, LikeError> {
    let Run { folder, manifest, measured } = run;
    if measured.rounds.values().all(|copies| copies.least_wire_ns.is_none()) {
        return Err(LikeError::NoWireTimes(folder.clone()));
    }
    let used = used_rounds(manifest, &measured.rounds, which);
    let copies: u64 = used.iter().map(|round| round.copies).sum();
    let cpu_ms: f64 = used.iter().map(|round| round.cpu_ms).sum();
    if copies == 0 || cpu_ms <= 0.0 {
        return Err(LikeError::NoRounds { folder: folder.clone(), rounds: which });
    }
    let copy_cpu_us = cpu_ms * 1e3 / copies as f64;
    let least_us = used.iter().map(|round| round.least_wire_ns).min().unwrap_or(0) as f64 / 1e3;
    Ok(LikeRun {
        run_id: manifest.run_id.clone(),
        records_sha256: measured.sha256.clone(),
        rounds: u32::try_from(used.len()).unwrap_or(u32::MAX),
        copies,
        payload_bytes: manifest.options.payload_bytes,
        copy_cpu_us,
        waiting: waiting(manifest, &used),
        // A copy is sent when its sender begins to work on it and received when its receiver has: two of three parts.
        wire_us: (least_us - copy_cpu_us * 2.0 / 3.0).max(0.0),
    })
}

/// A round that is looked at.
struct Used {
    copies: u64,
    least_wire_ns: i64,
    cpu_ms: f64,
    /// Processor time of the busiest process, and how long one waited for a processor.
    busiest: Option<(f64, f64)>,
}

fn used_rounds(manifest: &Manifest, copies: &BTreeMap<u32, Copies>, which: LikeRounds) -> Vec<Used> {
    let came_to_rest = |outcome| matches!(outcome, RoundOutcome::Quiescent | RoundOutcome::Horizon);
    let is_used = |round: &&Round| which.has(round.round) && came_to_rest(round.outcome) && round.clock_steps == 0;
    let rounds = manifest.rounds.iter().filter(is_used);
    let used = rounds.filter_map(|round| {
        let resources = round.resources.as_ref()?;
        let Copies { copies, least_wire_ns } = *copies.get(&round.round)?;
        Some(Used {
            copies,
            least_wire_ns: least_wire_ns?,
            cpu_ms: resources.cpu_ms?,
            busiest: resources.cpu_process_max_ms.zip(round.scheduling_delay_ms),
        })
    });
    used.collect()
}

/// How much longer work took because processes waited for processors that others had. Where there are more processes than
/// processors they wait for each other, which a simulation makes anew.
fn waiting(manifest: &Manifest, used: &[Used]) -> f64 {
    let processes = manifest.backend.processes().processes;
    let others_have = processes.zip(processors(manifest)).is_some_and(|(processes, there)| processes <= there);
    let (worked, waited) =
        used.iter().filter_map(|round| round.busiest).fold((0.0, 0.0), |(cpu, wait), (c, w)| (cpu + c, wait + w));
    if others_have && worked > 0.0 { 1.0 + waited / worked } else { 1.0 }
}

/// The work on a copy of this payload: of one payload's runs the mean of their processor times, of several the line of least squares;
/// it takes as much longer as in the first run, for how busy others kept the machine is no matter of payloads.
fn service_us(runs: &[LikeRun], payload: u64) -> f64 {
    let points: Vec<(f64, f64)> = runs.iter().map(|run| (run.payload_bytes as f64, run.copy_cpu_us)).collect();
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let slope = match spread > 0.0 {
        true => points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / spread,
        false => 0.0,
    };
    let cpu_us = y + slope * (payload as f64 - x);
    (cpu_us * runs[0].waiting).max(0.001)
}

/// What runs share whatever their protocol is.
fn with_options(typed: Experiment, of: &Options, folder: &Path) -> Experiment {
    let topology = match of.topology {
        TopologySource::Spec(spec) => spec.to_string(),
        TopologySource::File => folder.join(TOPOLOGY).display().to_string(),
    };
    // A topology that was typed may be a file, which says how many nodes there are.
    let is_file = typed.topology.as_ref().is_some_and(|topology| Path::new(topology).exists());
    let payload_bytes = typed.payload_bytes().or(Some(of.payload_bytes));
    Experiment {
        nodes: typed.nodes.or((!is_file).then_some(of.nodes)),
        topology: typed.topology.or(Some(topology)),
        initiator: typed.initiator.or_else(|| Some(of.initiator.clone())),
        payload_bytes,
        payload: None,
        round_timeout: typed.round_timeout.or(Some(Duration::from_millis(of.round_timeout_ms))),
        transport: typed.transport.or(Some(of.transport)),
        loss: typed.loss.or(Some(of.loss)),
        sharing: typed.sharing.or_else(|| (of.uplink.is_some() || of.downlink.is_some()).then_some(of.sharing)),
        uplink: typed.uplink.or_else(|| of.uplink.clone()),
        downlink: typed.downlink.or_else(|| of.downlink.clone()),
        validate: typed.validate.or_else(|| Some(work_in(folder, &of.validate))),
        max_message: typed.max_message.or(Some(of.max_message)),
        allow_partial: typed.allow_partial || of.allow_partial,
        ..typed
    }
}

/// The protocol with its options. Those of another protocol than the typed one say nothing.
fn with_protocol(typed: Experiment, of: &Options) -> Experiment {
    if typed.protocol.is_some() {
        return typed;
    }
    let own = ProtocolSettings::from(of.protocol.clone());
    Experiment {
        protocol: Some(of.protocol.to_string()),
        order: typed.order.or(Some(of.order)),
        in_flight: typed.in_flight.or(Some(of.in_flight)),
        forward: typed.forward.or(Some(of.forward)),
        deadline: typed.deadline.or(Some(of.deadline_ms.map_or(Deadline::None, Deadline::Ms))),
        period: typed.period.or((of.period != own.period).then_some(of.period)),
        phase: typed.phase.or((of.phase != own.phase).then_some(of.phase)),
        back_to_sender: typed.back_to_sender || of.back_to_sender,
        ..typed
    }
}

/// What copies take. A link delay that the run was given is known better than it can be measured.
fn with_times(typed: Experiment, likeness: Likeness, of: &Options, folder: &Path) -> Experiment {
    let wire = in_ns(likeness.wire_us);
    let delay = match of.link_delay == DelaySpec::None {
        false => delay_in(folder, &of.link_delay),
        true if wire == Interval::ZERO => DelaySpec::None,
        true => DelaySpec::Constant(wire),
    };
    let work = WorkSpec::constant(in_ns(likeness.service_us));
    Experiment {
        delay: typed.delay.or(Some(delay)),
        service: typed.service.or(Some(work)),
        processors: typed.processors.or(likeness.processors),
        likeness: Some(likeness),
        ..typed
    }
}

fn in_ns(us: f64) -> Interval {
    Interval((us * 1e3).round() as u64)
}

/// A delay of a run, whose file stands in the run folder.
fn delay_in(folder: &Path, delay: &DelaySpec) -> DelaySpec {
    delay.with_file(&folder.join(DELAY).display().to_string())
}

fn work_in(folder: &Path, work: &WorkSpec) -> WorkSpec {
    work.with_file(&folder.join(VALIDATE).display().to_string())
}
