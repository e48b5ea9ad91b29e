//! The driver against processes that say what a script tells them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use clap::Parser;
use cnsim::manifest::Manifest;
use cnsim::wire::control::control_server::{Control, ControlServer};
use cnsim::wire::control::*;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use super::*;
use crate::backend::BackendError;
use crate::backend_choice::BackendChoice;
use crate::cli::{BackendName, Cli, Command};
use crate::cluster::{Process, connect};
use crate::control_file::{CONTROL, CONTROL_HEADER};
use crate::folder::{File, RunFolder, put};
use crate::payload::payload;
use crate::resolve::plan_of;

#[test]
fn a_round_is_not_over_while_its_start_is_still_queued_or_a_send_unfinished() {
    let nothing = WatchReply::default();
    let begun = WatchReply { started: 1, last_seq: 1, ..nothing };
    let ended = WatchReply { finished: 1, ..begun };
    let heard = WatchReply { delivered: 1, last_seq: 1, ..nothing };
    let processes = [script(&[nothing, nothing, nothing, begun, begun, ended]), script(&[nothing, heard])];

    let driven = driven(&["--rounds", "0"], processes);

    driven.result.unwrap();
    let round = &driven.manifest.rounds[0];
    assert_eq!((round.outcome, round.delivered), (RoundOutcome::Quiescent, 1));
    assert_eq!(round.last_seqs.values().copied().collect::<Vec<_>>(), [1, 1]);
    assert_eq!(driven.manifest.expected_events, 1);
}

#[test]
fn a_round_that_never_falls_quiet_is_given_up_and_the_next_has_an_epoch_of_its_own() {
    let stuck = WatchReply { in_flight: 1, started: 1, last_seq: 1, ..WatchReply::default() };
    let processes = [script(&[WatchReply::default(), stuck]), script(&[WatchReply::default()])];

    let driven = driven(&["--rounds", "1", "--round-timeout", "0.05"], processes);

    driven.result.unwrap();
    let outcomes: Vec<_> = driven.manifest.rounds.iter().map(|round| round.outcome).collect();
    assert_eq!(outcomes, [RoundOutcome::TimedOut; 2]);
    let epochs: Vec<u64> = driven.configured.iter().map(|request| request.epoch).collect();
    assert_eq!(epochs, [driven.epoch, driven.epoch + 1]);
}

#[test]
fn a_round_that_ends_at_quiescence_has_what_its_processes_used_and_one_that_does_not_has_nothing() {
    let before = WatchReply { cpu_ns: Some(7), sent_bytes: Some(40), ..WatchReply::default() };
    let ended = WatchReply { started: 1, finished: 1, last_seq: 1, cpu_ns: Some(2_000_007), ..before };
    let stuck = WatchReply { in_flight: 1, ..ended };
    let idle = WatchReply { cpu_ns: Some(500_007), sent_bytes: Some(140), ..before };
    let flags = ["--rounds", "0", "--round-timeout", "0.05"];

    let quiet = driven(&flags, [script(&[before, ended]), script(&[before, idle])]);
    let given_up = driven(&flags, [script(&[before, stuck]), script(&[before, idle])]);

    let used = quiet.manifest.rounds[0].resources.as_ref().unwrap();
    assert_eq!((used.processes, used.cpu_ms, used.cpu_busiest.as_deref()), (2, Some(2.5), Some("p0")));
    assert_eq!((used.sent_bytes, used.received_bytes), (Some(100), None));
    assert_eq!(given_up.manifest.rounds[0].resources, None);
}

#[test]
fn a_process_that_was_started_again_ends_the_run() {
    let stranger = WatchReply { epoch: 1, ..WatchReply::default() };
    let driven = driven(&["--rounds", "0"], [script(&[WatchReply::default()]), script(&[stranger])]);

    let error = driven.result.unwrap_err().to_string();
    assert!(error.starts_with("process p1 was restarted: it answers for epoch 1, not"), "{error}");
    assert!(driven.manifest.rounds.is_empty());
}

#[test]
fn a_process_that_is_lost_while_another_waits_for_it_is_noticed_in_the_round() {
    let before = WatchReply::default();
    let stuck = WatchReply { in_flight: 1, started: 1, last_seq: 1, ..before };
    let stranger = WatchReply { epoch: 1, ..before };
    let driven =
        driven(&["--rounds", "0", "--round-timeout", "30"], [script(&[before, stuck]), script(&[before, stranger])]);

    let error = driven.result.unwrap_err().to_string();
    assert!(error.starts_with("process p1 was restarted"), "{error}");
}

#[test]
fn a_process_that_was_started_again_is_not_configured_under_its_old_address() {
    let before = WatchReply::default();
    let stuck = WatchReply { in_flight: 1, started: 1, last_seq: 1, ..before };
    let stranger = WatchReply { epoch: 1, ..before };
    let scripts = [script(&[before, stuck]), script(&[before, before, stranger])];

    let driven = driven(&["--rounds", "1", "--round-timeout", "0.05"], scripts);

    let error = driven.result.unwrap_err().to_string();
    assert!(error.starts_with("process p1 was restarted"), "{error}");
    assert_eq!(driven.configured.len(), 1);
}

#[test]
fn a_process_that_was_started_again_counts_nothing_towards_the_round_it_was_lost_in() {
    let known = WatchReply { epoch: 5, delivered: 3, run_delay_ns: Some(9), last_seq: 4, ..WatchReply::default() };
    let grown = WatchReply { delivered: 4, ..known };
    let anew = WatchReply { epoch: 6, run_delay_ns: Some(1), ..WatchReply::default() };
    let plan = plan(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let after = runtime.block_on(async {
        let cluster = cluster(&plan, [script(&[anew]), script(&[grown])]).await;
        cluster.watch_alive(&vec![known, known]).await
    });

    assert_eq!(after, [known, grown]);
}

#[test]
fn a_configuration_names_neighbours_holds_and_everyone_who_is_reached() {
    let quiet = [WatchReply::default(), WatchReply { started: 1, finished: 1, last_seq: 1, ..WatchReply::default() }];
    let driven = driven(
        &["--rounds", "0", "--link-delay", "2.5", "--protocol", "seed-o", "--seed", "9", "--condition", "slow"],
        [script(&quiet), script(&quiet)],
    );

    driven.result.unwrap();
    let request = &driven.configured[0];
    assert_eq!((request.nodes, request.seed, &*request.condition, &*request.run_id), (2, 9, "slow", "test"));
    assert_eq!(request.protocol.as_ref().map(|protocol| &*protocol.name), Some("seed-o"));
    assert_eq!(request.roster.len(), 1);
    assert_eq!(request.roster[0].address, "p1:1");
    assert_eq!(request.links.as_ref().unwrap().delay, "constant:2500us");
}

#[test]
fn what_nodes_said_to_each_other_stands_behind_each_round_in_the_order_of_the_topology() {
    let quiet = [WatchReply::default(), WatchReply { started: 1, finished: 1, last_seq: 1, ..WatchReply::default() }];
    let driven = driven(&["--rounds", "0"], [script(&quiet), script(&quiet)]);

    let [first, second] = [0, 1].map(|node| plan(&[]).topology.nodes[node].to_string());
    let lines = format!("0,{first},ihave,2,30\n0,{second},ihave,2,30\n");
    assert_eq!(driven.control, format!("round,node,kind,messages,bytes\n{lines}"));
}

#[test]
fn the_payload_of_a_round_is_the_same_every_time_and_as_long_as_asked() {
    let plan = plan(&["--payload-bytes", "13", "--seed", "4"]);
    assert_eq!(payload(&plan, 1).len(), 13);
    assert_eq!(payload(&plan, 1), payload(&plan, 1));
    assert_ne!(payload(&plan, 1), payload(&plan, 2));
}

struct Driven {
    result: Result<(), DriveError>,
    manifest: Manifest,
    /// What stands in `control.csv`.
    control: String,
    /// What the first process was configured with.
    configured: Vec<ConfigureRequest>,
    epoch: u64,
}

fn driven(flags: &[&str], processes: [Scripted; 2]) -> Driven {
    let plan = plan(flags);
    let out = tempfile::tempdir().unwrap();
    let header = File { name: CONTROL, bytes: CONTROL_HEADER };
    let folder = RunFolder::create(out.path().join("run"), |staged| put(staged, &[header])).unwrap();
    let manifest = crate::run::new_manifest(&plan, &BackendChoice::Local, Vec::new());
    let mut ledger = Ledger::new(manifest, folder);
    let first = processes[0].clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = runtime.block_on(async {
        let mut cluster = cluster(&plan, processes).await;
        let (mut driver, warnings) = (RoundDriver::new(&plan, 0), Warnings::default());
        while driver.drive_next(&mut cluster, &mut ledger, &warnings, &Nobody).await? {}
        Ok(())
    });
    let configured = first.configured.lock().unwrap().clone();
    let control = std::fs::read_to_string(out.path().join("run").join(CONTROL)).unwrap();
    Driven { result, control, manifest: ledger.manifest().clone(), configured, epoch: plan.epoch }
}

fn plan(flags: &[&str]) -> Plan {
    let fixed = ["cnsim", "run", "--nodes", "2", "--initiator", "rotate"];
    let Ok(Cli { command: Command::Run(args) }) = Cli::try_parse_from(fixed.iter().chain(flags)) else {
        panic!("{flags:?} are no flags of a run");
    };
    plan_of(&args.experiment, Some("test".parse().unwrap()), BackendName::Local).unwrap()
}

async fn cluster(plan: &Plan, scripts: [Scripted; 2]) -> Cluster {
    let mut processes = Vec::new();
    for (index, script) in scripts.into_iter().enumerate() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        let server = tonic::transport::Server::builder();
        tokio::spawn(server.serve_with_incoming(ControlServer::new(script), incoming));
        let name = format!("p{index}");
        let node = Peer { id: plan.topology.nodes[index].to_string(), address: format!("{name}:1"), number: 0 };
        let control = connect(&name, &address).await.unwrap();
        let (host, patience) = ("here".to_owned(), Duration::ZERO);
        processes.push(Process { name, host, zone: None, nodes: vec![node], control, patience, before: 0 });
    }
    Cluster { processes }
}

fn script(replies: &[WatchReply]) -> Scripted {
    let replies = Arc::new(Mutex::new(replies.iter().copied().collect()));
    Scripted { replies, configured: Arc::default() }
}

/// A process that gives its replies to `Prepare` and `Watch` one after another and then the last one for ever. Where a reply has no
/// epoch, it is the configured one.
#[derive(Clone)]
struct Scripted {
    replies: Arc<Mutex<VecDeque<WatchReply>>>,
    configured: Arc<Mutex<Vec<ConfigureRequest>>>,
}

impl Scripted {
    fn next(&self) -> WatchReply {
        let mut replies = self.replies.lock().unwrap();
        let next = if replies.len() > 1 { replies.pop_front() } else { replies.front().copied() };
        let mut reply = next.unwrap();
        if reply.epoch == 0 {
            reply.epoch = self.configured.lock().unwrap().last().unwrap().epoch;
        }
        reply
    }
}

#[tonic::async_trait]
impl Control for Scripted {
    type RecordsStream = BoxStream<RecordsReply>;

    async fn configure(&self, request: Request<ConfigureRequest>) -> Result<Response<ConfigureReply>, Status> {
        let request = request.into_inner();
        let epoch = request.epoch;
        self.configured.lock().unwrap().push(request);
        Ok(Response::new(ConfigureReply { epoch }))
    }

    async fn prepare(&self, _: Request<PrepareRequest>) -> Result<Response<PrepareReply>, Status> {
        Ok(Response::new(PrepareReply { counters: Some(self.next()), ..PrepareReply::default() }))
    }

    async fn start(&self, _: Request<StartRequest>) -> Result<Response<StartReply>, Status> {
        Ok(Response::new(StartReply {}))
    }

    async fn watch(&self, _: Request<WatchRequest>) -> Result<Response<WatchReply>, Status> {
        Ok(Response::new(self.next()))
    }

    async fn begin_conditions(
        &self,
        _: Request<BeginConditionsRequest>,
    ) -> Result<Response<BeginConditionsReply>, Status> {
        Err(Status::unimplemented("no script has faults"))
    }

    async fn readdress(&self, _: Request<ReaddressRequest>) -> Result<Response<ReaddressReply>, Status> {
        Err(Status::unimplemented("no script has faults"))
    }

    async fn halt(&self, _: Request<HaltRequest>) -> Result<Response<HaltReply>, Status> {
        Err(Status::unimplemented("no script has faults"))
    }

    async fn fault_logs(&self, _: Request<FaultLogsRequest>) -> Result<Response<FaultLogsReply>, Status> {
        Err(Status::unimplemented("no script has faults"))
    }

    async fn control_traffic(
        &self,
        _: Request<ControlTrafficRequest>,
    ) -> Result<Response<ControlTrafficReply>, Status> {
        let configured = self.configured.lock().unwrap();
        let nodes = configured.iter().flat_map(|request| &request.configs).take(1).map(|config| NodeTraffic {
            node: config.id.clone(),
            kinds: vec![KindTraffic { kind: "ihave".to_owned(), messages: 2, bytes: 30 }],
        });
        Ok(Response::new(ControlTrafficReply { nodes: nodes.collect() }))
    }

    async fn records(&self, _: Request<RecordsRequest>) -> Result<Response<Self::RecordsStream>, Status> {
        Err(Status::unimplemented("a driver does not ask for records"))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusReply>, Status> {
        Ok(Response::new(StatusReply::default()))
    }

    async fn drain(&self, _: Request<DrainRequest>) -> Result<Response<DrainReply>, Status> {
        Ok(Response::new(DrainReply::default()))
    }

    type AbsorbStream = BoxStream<AbsorbReply>;

    async fn absorb(&self, _: Request<AbsorbRequest>) -> Result<Response<Self::AbsorbStream>, Status> {
        Err(Status::unimplemented("no script needs it"))
    }

    async fn emit(&self, _: Request<EmitRequest>) -> Result<Response<EmitReply>, Status> {
        Err(Status::unimplemented("no script needs it"))
    }
}

/// No script kills processes.
struct Nobody;

impl Undertaker for Nobody {
    async fn kill(&self, place: usize, _: &Process) -> Result<String, BackendError> {
        panic!("place {place} is to be killed")
    }

    async fn raise(&self, place: usize) -> Result<Process, BackendError> {
        panic!("nobody was killed in place {place}")
    }
}

#[derive(Default)]
struct Warnings(RefCell<Vec<String>>);

impl Watcher for Warnings {
    fn run_begins(&self, _: &Plan) {}

    fn waits_for(&self, _: &str) {}

    fn round_begins(&self, _: u32) {}

    fn round_ended(&self, _: u32, _: RoundOutcome) {}

    fn simulates(&self, _: crate::watcher::Headway) {}

    fn warn(&self, text: &str) {
        self.0.borrow_mut().push(text.to_owned());
    }
}
