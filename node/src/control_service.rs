//! The control port: a driver leads this process's nodes through a run.

use std::sync::Arc;

use bytes::Bytes;
use cnsim::id::{Epoch, IdError, MessageId, NodeId};
use cnsim::machine::{ControlCount, RoundFaults};
use cnsim::scenario::Timeline;
use cnsim::time::{Interval, Timestamp};
use cnsim::wire::control;
use cnsim::wire::control::control_server::Control as ControlService;
use cnsim::wire::control::{
    AbsorbReply, AbsorbRequest, BeginConditionsReply, BeginConditionsRequest, ConfigureReply, ConfigureRequest,
    ControlTrafficReply, ControlTrafficRequest, DrainReply, DrainRequest, EmitReply, EmitRequest, FaultLogsReply,
    FaultLogsRequest, HaltReply, HaltRequest, KindTraffic, LastSeq, NodeFaults, NodeTraffic, NodeTurns, Peer,
    PrepareReply, PrepareRequest, ReaddressReply, ReaddressRequest, RecordsReply, RecordsRequest, StartReply,
    StartRequest, StatusReply, StatusRequest, WatchReply, WatchRequest,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::configuration::{Configuration, ConfigurationError};
use crate::host::{Host, HostError};
use crate::inbox::LinkTurn;
use crate::recorder::LastSeqs;
use crate::spool::Wanted;
use crate::{cgroup, lag, probe, version};

/// Pieces of the spool that wait for a slow reader.
const PIECES_MAX: usize = 4;
/// Windows of a probe that wait for a slow reader.
const WINDOWS_MAX: usize = 64;

/// See the module.
pub(crate) struct Control {
    /// The process that is led.
    pub(crate) host: Arc<Host>,
}

impl Control {
    /// The counters over all hosted nodes.
    fn counters(&self) -> WatchReply {
        let (network, load) = (self.host.network(), self.host.load());
        let (holds, waiting, steps) = (network.holds(), self.host.lag().waiting(), self.host.shared().clock.steps());
        WatchReply {
            epoch: network.context().epoch.0,
            queued: load.queued,
            in_flight: load.in_flight,
            started: load.started,
            finished: load.finished,
            delivered: load.delivered,
            failed: load.failed,
            queue_full: network.queue_full(),
            last_seq: self.host.shared().recorder.last_seq(&network.settings().run_id),
            run_delay_ns: waiting.map(|waiting| waiting.run_delay_ns),
            timeslices: waiting.map(|waiting| waiting.timeslices),
            holds: holds.copies,
            hold_intended_ns: holds.intended_ns,
            hold_achieved_ns: holds.achieved_ns,
            hold_error_max_ns: holds.error_max_ns,
            clock_steps: steps.count,
            clock_step_max_ns: steps.max.0,
            resident_bytes: lag::resident_bytes(),
            cpu_ns: waiting.and_then(|waiting| waiting.run_ns),
            sent_bytes: Some(self.host.shared().traffic.sent()),
            received_bytes: Some(self.host.shared().traffic.received()),
            control: load.control,
            unsettled: load.unsettled,
            held: load.held,
            gone: load.gone,
        }
    }
}

#[tonic::async_trait]
impl ControlService for Control {
    async fn configure(&self, request: Request<ConfigureRequest>) -> Result<Response<ConfigureReply>, Status> {
        let request = request.into_inner();
        let epoch = request.epoch;
        let configuration = Configuration::of(request, &self.host.hosted()).map_err(HostError::from)?;
        self.host.configure(configuration).await?;
        tracing::debug!(epoch, "configured");
        Ok(Response::new(ConfigureReply { epoch }))
    }

    async fn prepare(&self, request: Request<PrepareRequest>) -> Result<Response<PrepareReply>, Status> {
        let request = request.into_inner();
        let initiator = NodeId::new(&request.initiator).map_err(HostError::from)?;
        let opened = self.host.prepare(Epoch(request.epoch), &initiator).await?;
        let counters = Some(self.counters());
        Ok(Response::new(PrepareReply { connections: opened.connections, failed: opened.failed, counters }))
    }

    async fn start(&self, request: Request<StartRequest>) -> Result<Response<StartReply>, Status> {
        let StartRequest { epoch, node, message, payload } = request.into_inner();
        self.host.initiate(Epoch(epoch), &node, MessageId::new(&message), payload).await?;
        Ok(Response::new(StartReply {}))
    }

    async fn control_traffic(
        &self,
        request: Request<ControlTrafficRequest>,
    ) -> Result<Response<ControlTrafficReply>, Status> {
        let traffic = self.host.control_traffic(Epoch(request.into_inner().epoch)).await?;
        Ok(Response::new(ControlTrafficReply { nodes: traffic_of(traffic) }))
    }

    async fn begin_conditions(
        &self,
        request: Request<BeginConditionsRequest>,
    ) -> Result<Response<BeginConditionsReply>, Status> {
        let BeginConditionsRequest { epoch, timeline, origin_ns, moves, discovery_ns, turns, joined_ns, before } =
            request.into_inner();
        let timeline = Timeline::from_json(&timeline).map_err(Status::invalid_argument)?;
        let (epoch, origin) = (Epoch(epoch), Timestamp(origin_ns));
        let faults = RoundFaults { timeline: Arc::new(timeline), origin, joined: Interval(joined_ns), before };
        self.host.begin_faults(epoch, &faults).await?;
        if moves {
            let turns = turns.into_iter().map(|of| turns_of(of, origin)).collect::<Result<_, _>>();
            let turns = turns.map_err(HostError::from)?;
            self.host.begin_motion(epoch, Interval(discovery_ns), turns).await?;
        }
        let ahead_ns = origin.since(self.host.shared().clock.now()).0;
        Ok(Response::new(BeginConditionsReply { ahead_ns }))
    }

    async fn readdress(&self, request: Request<ReaddressRequest>) -> Result<Response<ReaddressReply>, Status> {
        let ReaddressRequest { epoch, peers } = request.into_inner();
        let named = |peer: Peer| Ok::<_, IdError>((NodeId::new(&peer.id)?, peer.address));
        let addresses = peers.into_iter().map(named).collect::<Result<_, _>>().map_err(HostError::from)?;
        self.host.readdress(Epoch(epoch), &addresses)?;
        Ok(Response::new(ReaddressReply {}))
    }

    async fn halt(&self, _: Request<HaltRequest>) -> Result<Response<HaltReply>, Status> {
        let (halted, traffic) = self.host.halt().await?;
        let counters = Some(self.counters());
        Ok(Response::new(HaltReply { halted_ns: halted.0, counters, traffic: traffic_of(traffic) }))
    }

    async fn fault_logs(&self, request: Request<FaultLogsRequest>) -> Result<Response<FaultLogsReply>, Status> {
        let logs = self.host.fault_logs(Epoch(request.into_inner().epoch)).await?;
        let nodes = logs.iter().map(|(node, log)| NodeFaults::of(node.as_str(), log));
        Ok(Response::new(FaultLogsReply { nodes: nodes.filter(|seen| !seen.is_empty()).collect() }))
    }

    async fn watch(&self, _: Request<WatchRequest>) -> Result<Response<WatchReply>, Status> {
        Ok(Response::new(self.counters()))
    }

    type RecordsStream = ReceiverStream<Result<RecordsReply, Status>>;

    async fn records(&self, request: Request<RecordsRequest>) -> Result<Response<Self::RecordsStream>, Status> {
        let RecordsRequest { run_id, from_seq, process } = request.into_inner();
        let Some(spool) = self.host.spool().cloned() else {
            return Err(Status::failed_precondition("this process keeps no records: give it --spool"));
        };
        self.host.flush().await;
        let (pieces, stream) = mpsc::channel(PIECES_MAX);
        tokio::task::spawn_blocking(move || {
            let wanted = Wanted { run_id: &run_id, from_seq, process: &process };
            let read = spool
                .read(wanted, |lines| pieces.blocking_send(Ok(RecordsReply { lines: Bytes::from(lines) })).is_ok());
            if let Err(error) = read {
                let text = format!("cannot read {}: {error}", spool.path().display());
                // A reader that has gone needs no error.
                let _ = pieces.blocking_send(Err(Status::internal(text)));
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusReply>, Status> {
        let stamp = self.host.stamp();
        let nodes = self.host.nodes().values();
        Ok(Response::new(StatusReply {
            process: stamp.process.clone(),
            host: stamp.host.clone(),
            version: version::VERSION.to_owned(),
            revision: version::revision(),
            epoch: self.host.network().context().epoch.0,
            nodes: nodes
                .map(|node| Peer { id: node.handle.id().to_string(), address: node.address.to_string(), number: 0 })
                .collect(),
            last_seqs: last_seqs(self.host.shared().recorder.last_seqs()),
            memory_limit_bytes: cgroup::memory_limit_bytes(),
        }))
    }

    type AbsorbStream = ReceiverStream<Result<AbsorbReply, Status>>;

    async fn absorb(&self, request: Request<AbsorbRequest>) -> Result<Response<Self::AbsorbStream>, Status> {
        let (replies, stream) = mpsc::channel(WINDOWS_MAX);
        tokio::spawn(probe::absorb(request.into_inner(), replies));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn emit(&self, request: Request<EmitRequest>) -> Result<Response<EmitReply>, Status> {
        probe::emit(request.into_inner()).await.map(Response::new)
    }

    async fn drain(&self, request: Request<DrainRequest>) -> Result<Response<DrainReply>, Status> {
        let seqs = if request.into_inner().exit {
            let seqs = self.host.stop().await;
            self.host.end();
            seqs
        } else {
            self.host.flush().await
        };
        Ok(Response::new(DrainReply { last_seqs: last_seqs(seqs) }))
    }
}

/// What nodes said besides copies, for the wire; those that said nothing are left out.
fn traffic_of(counts: Vec<(NodeId, Vec<ControlCount>)>) -> Vec<NodeTraffic> {
    let kind =
        |count: ControlCount| KindTraffic { kind: count.name.to_owned(), messages: count.messages, bytes: count.bytes };
    let of_node = |(node, counts): (NodeId, Vec<ControlCount>)| NodeTraffic {
        node: node.to_string(),
        kinds: counts.into_iter().map(kind).collect(),
    };
    counts.into_iter().filter(|(_, counts)| !counts.is_empty()).map(of_node).collect()
}

/// The turns of one node's links, from the wire.
fn turns_of(of: NodeTurns, origin: Timestamp) -> Result<(NodeId, Vec<LinkTurn>), IdError> {
    let turn = |turn: control::LinkTurn| {
        let at = origin + Interval(turn.at_ns);
        Ok(LinkTurn { at, peer: NodeId::new(&turn.peer)?, up: turn.up })
    };
    Ok((NodeId::new(&of.node)?, of.turns.into_iter().map(turn).collect::<Result<_, IdError>>()?))
}

fn last_seqs(seqs: LastSeqs) -> Vec<LastSeq> {
    seqs.into_iter().map(|(run_id, seq)| LastSeq { run_id, seq }).collect()
}

impl From<HostError> for Status {
    fn from(error: HostError) -> Self {
        let text = error.to_string();
        match error {
            HostError::OtherEpoch { .. } => Self::failed_precondition(text),
            HostError::NotHosted(_) | HostError::Configuration(ConfigurationError::NotHosted(_)) => {
                Self::not_found(text)
            }
            HostError::Stopping => Self::unavailable(text),
            HostError::Configuration(_) | HostError::Name(_) | HostError::Address(_) => Self::invalid_argument(text),
        }
    }
}
