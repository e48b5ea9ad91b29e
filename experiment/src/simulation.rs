//! The backend in virtual time: rounds are simulated, some at once, and their records written as columns.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use cnsim::event::{Kind, SIMULATED};
use cnsim::id::{Epoch, Message, MessageId, NodeIx};
use cnsim::link::Links;
use cnsim::machine::{Common, ControlCount};
use cnsim::manifest::{Begin, Records, Round, RoundOutcome, VIRTUAL_GAP_NS};
use cnsim::pace::Schedule;
use cnsim::protocol::Duplicates;
use cnsim::scenario::{Timeline, Witness};
use cnsim::time::{Clock, Interval, Timestamp};
use cnsim_records::numbered::{NumberedFile, NumberedRecord, RunTexts};
use cnsim_sim::journal::{Entry, Fact, Journal};
use cnsim_sim::network::Network;
use cnsim_sim::round::{Outcome, RoundEnd, RoundSpec, World};
use rayon::prelude::*;
use tokio::time::Instant;

use crate::backend::RunContext;
use crate::control_file::{self, ControlLine};
use crate::fault_files;
use crate::folder::SIMULATED_EVENTS;
use crate::memory::{self, Size};
use crate::payload::payload;
use crate::plan::Plan;
use crate::session::{Halt, Signals};
use crate::simulated_faults::{BEGINS, SeenFaults, seen};
use crate::watcher::Headway;
use cnsim_files::{WriteError, at};

/// Between a round's end and the next one's begin, besides `--pause`: a round's times are its own.
const GAP: Interval = Interval(VIRTUAL_GAP_NS.unsigned_abs());
/// The only process of a simulation.
const PROCESS: &str = "simulator";
/// How often the user sees how far it is.
const LOOK: Duration = Duration::from_millis(200);

/// Simulates a run to its end, and keeps the rounds that were finished where the user ends it.
///
/// # Errors
/// What stopped it, where something did.
pub fn run_simulation(run: &mut RunContext<'_>) -> Result<(), Halt> {
    let halted = Halted::default();
    let finished = tokio::sync::Notify::new();
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| halted.watch(&finished));
        let simulated = simulate(run, &halted);
        finished.notify_one();
        let stopped_by = watch.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        simulated?;
        stopped_by.map_or(Ok(()), |name| Err(Halt::Interrupted(name)))
    })
}

/// Whether the user has ended the run.
#[derive(Debug, Default)]
struct Halted(AtomicBool);

impl Halted {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for a signal or for the end of the simulation; the signal that came first.
    fn watch(&self, finished: &tokio::sync::Notify) -> Result<Option<&'static str>, Halt> {
        let broken = |error: io::Error| Halt::Failed(format!("cannot watch for signals: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(broken)?;
        runtime.block_on(async {
            let mut signals = Signals::new().map_err(broken)?;
            tokio::select! {
                name = signals.next() => {
                    self.0.store(true, Ordering::Relaxed);
                    Ok(Some(name))
                }
                () = finished.notified() => Ok(None),
            }
        })
    }
}

fn simulate(run: &mut RunContext<'_>, halted: &Halted) -> Result<(), Halt> {
    let written = match run.plan.options.records {
        Records::None => simulate_rounds(run, halted, None),
        Records::All | Records::First => write_events(run, halted),
    };
    written.map_err(|error| match error {
        Broken::At(error) => Halt::Failed(error.to_string()),
        Broken::Write(error) => Halt::Failed(error.to_string()),
        Broken::Links(error) => Halt::Failed(error),
    })
}

fn write_events(run: &mut RunContext<'_>, halted: &Halted) -> Result<(), Broken> {
    let target = run.ledger.folder().path().join(SIMULATED_EVENTS);
    cnsim_files::fill(&target, |file| {
        write_rounds(run, halted, file).map_err(|error| match error {
            Broken::Write(reason) => Broken::At(at(&target)(reason)),
            Broken::At(_) | Broken::Links(_) => error,
        })
    })
}

fn write_rounds(run: &mut RunContext<'_>, halted: &Halted, file: File) -> Result<(), Broken> {
    let protocol = run.plan.options.protocol.to_string();
    let file = BufWriter::with_capacity(1 << 20, file);
    let mut events = NumberedFile::new(file, texts(run.plan, &protocol))?;
    simulate_rounds(run, halted, Some(&mut events))?;
    run.ledger.close_records([(PROCESS.to_owned(), events.written())].into());
    Ok(events.finish()?)
}

/// Why a simulation cannot go on.
enum Broken {
    At(WriteError),
    Write(io::Error),
    Links(String),
}

impl From<WriteError> for Broken {
    fn from(error: WriteError) -> Self {
        Self::At(error)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Simulates all rounds, some at once, and writes their records one round after another into the file, where there is one.
fn simulate_rounds(
    run: &mut RunContext<'_>,
    halted: &Halted,
    mut events: Option<&mut NumberedFile<'_, BufWriter<File>>>,
) -> Result<(), Broken> {
    let plan = run.plan;
    let simulator = Simulator::of(plan).map_err(Broken::Links)?;
    if let Some(schedule) = &plan.open_loop {
        return simulate_open_loop(run, &simulator, schedule, halted, events);
    }
    let rounds: Vec<u32> = (0..=plan.options.rounds).collect();
    let (mut begins, mut happened, begun) = (BEGINS, 0, Instant::now());
    // Each round under faults is one replicate, on nodes of its own.
    let is_apart = !plan.options.faults.is_empty() || plan.contacts.is_some();
    let learns = plan.protocol.spec.protocol().learns() && !is_apart;
    let mut world = learns.then(|| World::new(&simulator.network, BEGINS, 0));
    let mut witness = fault_files::witness(plan, Clock::Virtual);
    let size = Size::of_plan(plan);
    let threads = rayon::current_num_threads().min(rounds.len());
    let at_once = if world.is_some() { 1 } else { size.rounds_at_once(threads, memory::available()) };
    for some in rounds.chunks(at_once) {
        run.watcher.round_begins(some[0]);
        let progress = |events: u64| {
            let (events, took) = (happened + events, begun.elapsed());
            run.watcher.simulates(Headway { events, ended: happened, a_round: events_a_round(plan), took });
        };
        let together = match &mut world {
            Some(world) => vec![simulator.simulate_next(world, some[0], begins, halted, progress)],
            None => simulator.simulate_together(some, halted, progress),
        };
        for simulated in together {
            happened += simulated.end.events;
            if simulated.end.outcome == Outcome::Halted {
                break;
            }
            let lasted = simulated.end.at.since(simulated.begins);
            let control = simulated.control.iter().map(|(node, count)| control_line(plan, *node, count));
            control_file::add_round(run.ledger.folder().path(), simulated.round, control)?;
            if let Some(seen) = &simulated.faults {
                seen.keep(plan, run.ledger.folder().path(), (simulated.round, begins), &mut witness)?;
            }
            let round = simulated.placed(plan, begins, events.as_deref_mut())?;
            begins = begins + lasted + GAP + Interval::from_ms(plan.options.pause_ms);
            run.watcher.round_ended(round.round, round.outcome);
            run.ledger.note_simulated(round, happened);
        }
        if halted.is_set() {
            break;
        }
    }
    if !plan.options.faults.is_empty() {
        run.ledger.set_receipts(witness.receipts());
    }
    // What the estimate is held against: `just simulation-memory`.
    tracing::debug!(estimated = size.bytes(at_once as u32), peak = memory::peak(), "memory in bytes");
    Ok(())
}

fn texts<'a>(plan: &'a Plan, protocol: &'a str) -> RunTexts<'a> {
    RunTexts {
        run_id: &plan.run_id,
        nodes: &plan.topology.nodes,
        rounds: plan.last_round(),
        protocol,
        condition: &plan.options.condition,
        process: PROCESS,
        host: SIMULATED,
        detail: SIMULATED,
        epoch: Epoch(BEGINS.0),
    }
}

fn control_line<'a>(plan: &'a Plan, node: NodeIx, count: &'a ControlCount) -> ControlLine<'a> {
    let node = plan.topology.nodes[node.index()].as_str();
    ControlLine { node, kind: count.name, messages: count.messages, bytes: count.bytes }
}

/// Simulates the rounds of an open loop in one world, where each begins at its time.
fn simulate_open_loop(
    run: &mut RunContext<'_>,
    simulator: &Simulator<'_>,
    schedule: &Schedule,
    halted: &Halted,
    events: Option<&mut NumberedFile<'_, BufWriter<File>>>,
) -> Result<(), Broken> {
    let timeline = run.plan.timeline(0);
    let (begun, mut happened, mut kept) = (Instant::now(), 0, Kept::of(run.plan, timeline.as_ref()));
    // A simulated payload is no more than its length.
    let payload = payload(run.plan, 0);
    let spec =
        |(round, at): (u32, &Interval)| RoundSpec { payload: payload.clone(), ..simulator.spec(round, BEGINS + *at) };
    let specs: Vec<RoundSpec> = (0..).zip(schedule.begins()).map(spec).collect();
    let mut world = World::new(&simulator.network, BEGINS, 0);
    if let Some(timeline) = &timeline {
        world.set_faults(Arc::new(timeline.clone()));
    }
    let end = world.rounds(&specs, &mut kept, &mut |more| {
        happened += more;
        run.watcher.simulates(Headway { events: happened, ended: 0, a_round: None, took: begun.elapsed() });
        !halted.is_set()
    });
    if let Some(seen) = kept.take_seen(&world, timeline.as_ref()) {
        let mut witness = fault_files::witness(run.plan, Clock::Virtual);
        seen.keep(run.plan, run.ledger.folder().path(), (0, BEGINS), &mut witness)?;
        run.ledger.set_receipts(witness.receipts());
    }
    let mut records = kept.in_order();
    records.sort_by_key(|record| record.round);
    if let Some(events) = events {
        events.add(&records)?;
    }
    for (round, at) in (0..).zip(schedule.begins()).filter(|(_, at)| BEGINS + **at <= end.at) {
        let initiator = run.plan.topology.nodes[run.plan.initiator(round)].as_str();
        let is_cut = end.outcome == Outcome::Halted && end.at < BEGINS + *at + specs[round as usize].limit;
        let outcome = if is_cut { RoundOutcome::Interrupted } else { RoundOutcome::Open };
        run.ledger.note_open(round, initiator, Begin { intended_ms: at.as_ms(), slip_ms: 0.0 }, outcome);
    }
    run.ledger.count_simulated(happened);
    Ok(())
}

/// How many things happen in a round, where the protocol dictates how many copies there are: each is sent and ends.
fn events_a_round(plan: &Plan) -> Option<u64> {
    match plan.protocol.promises().duplicates {
        Duplicates::OfFlood => {
            let sent_back = plan.topology.nodes.len() as u64 - 1;
            Some(2 * (plan.neighbours.len() as u64).saturating_sub(sent_back))
        }
        Duplicates::Never | Duplicates::Open => None,
    }
}

/// What every round of a run is simulated with.
struct Simulator<'a> {
    plan: &'a Plan,
    network: Network,
}

impl<'a> Simulator<'a> {
    fn of(plan: &'a Plan) -> Result<Self, String> {
        let links = Links::new(&plan.options.links(), plan.delay_files.texts(), plan.options.seed);
        let common = Common {
            epoch: Epoch(BEGINS.0),
            seed: plan.options.seed,
            settings: plan.protocol.clone(),
            neighbours: plan.neighbours.clone(),
            links: links.map_err(|error| error.to_string())?,
        };
        let length = |id: &cnsim::id::NodeId| u32::try_from(id.as_str().len()).unwrap_or(u32::MAX);
        let name_bytes: Vec<u32> = plan.topology.nodes.iter().map(length).collect();
        Ok(Self { plan, network: Network::new(common, &name_bytes) })
    }

    /// Simulates rounds side by side, and tells meanwhile how many events there were.
    fn simulate_together(&self, rounds: &[u32], halted: &Halted, progress: impl Fn(u64)) -> Vec<Simulated<'_>> {
        let events = Arc::new(AtomicU64::new(0));
        let (done, is_done) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let counted = Arc::clone(&events);
            let together = scope.spawn(move || {
                let simulated = rounds.par_iter().map(|round| self.simulate(*round, halted, &counted)).collect();
                drop(done);
                simulated
            });
            while is_done.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                progress(events.load(Ordering::Relaxed));
            }
            together.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Simulates the next round on the nodes that the ones before were on.
    fn simulate_next(
        &self,
        world: &mut World,
        round: u32,
        begins: Timestamp,
        halted: &Halted,
        progress: impl Fn(u64),
    ) -> Simulated<'_> {
        let (spec, mut kept, mut events) = (self.spec(round, begins), Kept::of(self.plan, None), 0);
        let end = world.round(&spec, &mut kept, &mut |more| {
            events += more;
            progress(events);
            !halted.is_set()
        });
        let control = std::mem::take(&mut kept.control);
        Simulated { round, begins, end, control, faults: None, records: kept.in_order() }
    }

    fn simulate(&self, round: u32, halted: &Halted, events: &AtomicU64) -> Simulated<'_> {
        let timeline = self.plan.timeline(round);
        let (spec, mut kept) = (self.spec(round, BEGINS), Kept::of(self.plan, timeline.as_ref()));
        let mut world = World::new(&self.network, BEGINS, round);
        if let Some(contacts) = &self.plan.contacts {
            world.set_motion(Arc::clone(contacts), self.plan.options.discovery);
        }
        if let Some(timeline) = &timeline {
            world.set_faults(Arc::new(timeline.clone()));
        }
        let end = world.round(&spec, &mut kept, &mut |more| {
            events.fetch_add(more, Ordering::Relaxed);
            !halted.is_set()
        });
        let (control, faults) = (std::mem::take(&mut kept.control), kept.take_seen(&world, timeline.as_ref()));
        Simulated { round, begins: BEGINS, end, control, faults, records: kept.in_order() }
    }

    fn spec(&self, round: u32, begins: Timestamp) -> RoundSpec {
        let name = MessageId::of(&self.plan.run_id, round);
        RoundSpec {
            message: Message(round),
            text_bytes: u32::try_from(name.as_str().len()).unwrap_or(u32::MAX),
            payload: payload(self.plan, round),
            initiator: NodeIx(self.plan.initiator(round) as u32),
            begins,
            limit: Interval::from_ms(self.plan.options.round_timeout_ms),
        }
    }
}

/// A round that was simulated, perhaps as if it were the first.
struct Simulated<'a> {
    round: u32,
    begins: Timestamp,
    end: RoundEnd,
    control: Vec<(NodeIx, ControlCount)>,
    faults: Option<SeenFaults<'a>>,
    records: Vec<NumberedRecord>,
}

impl Simulated<'_> {
    /// The round where it begins at `begins`; its records are in the file then, where there is one.
    fn placed(
        mut self,
        plan: &Plan,
        begins: Timestamp,
        events: Option<&mut NumberedFile<'_, BufWriter<File>>>,
    ) -> io::Result<Round> {
        let shift_ns = begins.since(self.begins).0 as i64;
        for record in &mut self.records {
            record.sent_ns += shift_ns;
            record.received_ns += shift_ns;
        }
        let mut last_seqs = BTreeMap::new();
        if let Some(events) = events {
            events.add(&self.records)?;
            last_seqs.insert(PROCESS.to_owned(), events.written());
        }
        Ok(Round {
            round: self.round,
            initiator: plan.topology.nodes[plan.initiator(self.round)].to_string(),
            outcome: match self.end.outcome {
                Outcome::Quiescent => RoundOutcome::Quiescent,
                Outcome::Horizon => RoundOutcome::Horizon,
                Outcome::TimedOut => RoundOutcome::TimedOut,
                Outcome::Halted => RoundOutcome::Interrupted,
            },
            delivered: self.end.load.delivered,
            failed: self.end.load.failed,
            last_seqs,
            driver_ms: self.end.at.since(self.begins).as_ms(),
            scheduling_delay_ms: None,
            clock_steps: 0,
            begin: None,
            resources: None,
        })
    }
}

/// What is kept of a round.
struct Kept<'a> {
    which: Records,
    /// Who has seen what, under which faults.
    witness: Option<(Witness<'a>, Timeline)>,
    records: Vec<NumberedRecord>,
    control: Vec<(NodeIx, ControlCount)>,
}

impl<'a> Kept<'a> {
    fn of(plan: &'a Plan, timeline: Option<&Timeline>) -> Self {
        let witness = timeline.map(|timeline| (fault_files::witness(plan, Clock::Virtual), timeline.clone()));
        Self { which: plan.options.records, witness, records: Vec::new(), control: Vec::new() }
    }

    fn take_seen(&mut self, world: &World, timeline: Option<&Timeline>) -> Option<SeenFaults<'a>> {
        let (witness, _) = self.witness.take()?;
        Some(SeenFaults { timeline: timeline?.clone(), witness, logs: world.fault_logs().collect() })
    }

    /// By the time of receipt: copies that were given up have the one at which they would have arrived. Where there were none
    /// the records are in order, and a sort would take half their memory again.
    fn in_order(mut self) -> Vec<NumberedRecord> {
        if !self.records.is_sorted_by_key(|record| record.received_ns) {
            self.records.sort_by_key(|record| record.received_ns);
        }
        self.records
    }

    fn keeps(&self, fact: &Fact) -> bool {
        match (self.which, fact) {
            (Records::All, _) | (Records::First, Fact::Initiated | Fact::Received | Fact::Failed(_)) => true,
            (Records::First, Fact::Duplicate) | (Records::None, _) => false,
        }
    }
}

impl Journal for Kept<'_> {
    fn count_control(&mut self, node: NodeIx, count: ControlCount) {
        self.control.push((node, count));
    }

    fn record(&mut self, entry: Entry) {
        if let Some((witness, timeline)) = &mut self.witness {
            witness.note(timeline, &seen(&entry));
        }
        if !self.keeps(&entry.fact) {
            return;
        }
        let (kind, reason) = match entry.fact {
            Fact::Initiated => (Kind::Initiate, None),
            Fact::Received => (Kind::Received, None),
            Fact::Duplicate => (Kind::Duplicate, None),
            Fact::Failed(failure) => (Kind::Failed, Some(failure)),
        };
        self.records.push(NumberedRecord {
            kind,
            round: entry.message.0,
            sender: entry.sender.0,
            receiver: entry.receiver.0,
            hop: entry.hop.map(|hop| hop.0),
            sent_ns: entry.sent.0 as i64,
            received_ns: entry.at.0 as i64,
            send: entry.send.0,
            bytes: entry.bytes,
            reason,
            restarts: entry.restarts,
        });
    }
}
