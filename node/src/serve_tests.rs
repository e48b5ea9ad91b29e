//! A served process with many nodes, from the first configuration to the last record.

use std::collections::BTreeSet;
use std::net::TcpListener;

use cnsim::event::{Kind, Record};
use cnsim::invariant::{self, Arrival, Flood, Verdict};
use cnsim::protocol::Connections;
use cnsim::wire::control::{
    DrainRequest, HaltRequest, Peer, ReaddressRequest, RecordsRequest, StartRequest, StatusRequest, WatchReply,
    WatchRequest,
};
use tonic::Code;

use super::*;
use crate::testing::{Net, Plan, Running, config, of_kind};

/// Five nodes, seven edges.
const HOUSE: [(&str, &str); 7] = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "a"), ("a", "c"), ("b", "d")];

#[tokio::test]
async fn a_flood_over_five_processes_reaches_everyone_with_the_exact_duplicates() {
    let mut net = Net::start(&[&["a"], &["b"], &["c"], &["d"], &["e"]]).await;
    net.configure(&Plan::both_ways("flood", &HOUSE)).await;
    for round in 0..3 {
        net.round(1, "c", round).await;
    }
    let records = net.stop().await;
    for round in 0..3 {
        let records: Vec<_> = records.iter().filter(|record| record.round == round).cloned().collect();
        assert_eq!(of_kind(&records, Kind::Received).len(), 4);
        assert_eq!(of_kind(&records, Kind::Duplicate).len() as u64, Flood::expected_duplicates(5, 7));
        assert_invariants(&records, "c");
    }
    assert_eq!(of_kind(&records, Kind::Failed), [] as [&Record<'_>; 0]);
    assert!(records.iter().all(|r| (&*r.run_id, r.nodes, &*r.condition) == ("run", 5, "condition")));
}

#[tokio::test]
async fn nodes_packed_into_one_process_gossip_over_their_own_ports() {
    let mut net = Net::start(&[&["a", "b", "c"], &["d", "e"]]).await;
    net.configure(&Plan::both_ways("flood", &HOUSE)).await;
    net.round(1, "e", 1).await;
    let records = net.stop().await;
    assert_eq!(of_kind(&records, Kind::Received).len(), 4);
    assert_eq!(of_kind(&records, Kind::Duplicate).len(), 6);
    assert_invariants(&records, "e");
    let processes: BTreeSet<_> = records.iter().map(|record| &record.process).collect();
    assert_eq!(processes.len(), 2);
}

#[tokio::test]
async fn direct_mail_gives_each_neighbour_one_copy_over_one_hop() {
    let mut net = Net::start(&[&["a"], &["b"], &["c"]]).await;
    let plan = Plan::both_ways("direct-mail", &[("a", "b"), ("a", "c"), ("b", "c")]);
    net.configure(&plan).await;
    let prepared = net.prepare(1, "a").await;
    assert_eq!(prepared.iter().map(|reply| reply.connections).collect::<Vec<_>>(), [2, 0, 0]);
    net.round(1, "a", 1).await;
    let records = net.stop().await;
    let received = of_kind(&records, Kind::Received);
    let copies: Vec<_> = received.iter().map(|r| (&*r.sender_id, &*r.receiver_id, r.hop)).collect();
    assert_eq!(copies, [("a", "b", Some(1)), ("a", "c", Some(1))]);
    assert!(received.iter().all(|record| record.bytes > Some(0) && record.sent_ns <= Some(record.received_ns)));
    assert_eq!(of_kind(&records, Kind::Initiate).len(), 1);
    assert_eq!(records.len(), 3);
}

#[tokio::test]
async fn push_sends_no_more_than_its_fanout_and_stops_at_its_ttl() {
    let mut net = Net::start(&[&["a", "b", "c", "d", "e"]]).await;
    net.configure(&Plan::both_ways("push:1:2", &HOUSE)).await;
    net.round(1, "a", 1).await;
    let records = net.stop().await;
    let arrivals: Vec<_> = records.iter().filter(|record| record.kind != Kind::Initiate).collect();
    assert_eq!(arrivals.len(), 2, "a tells one, which tells one");
    assert!(arrivals.iter().all(|record| record.hop <= Some(2)));
}

#[tokio::test]
async fn forwarding_before_the_acknowledgment_makes_the_initiator_wait_for_the_whole_walk() {
    let mut net = Net::start(&[&["a", "b", "c", "d"]]).await;
    net.configure(&Plan::both_ways("seed-o", &[("a", "b"), ("b", "c"), ("c", "d")])).await;
    let start = cnsim::wire::start_message(&NodeId::new("a").unwrap(), "run-1", cnsim::time::Timestamp(1));
    let reply = net.processes[0].gossip("a").await.send_message(start).await.unwrap().into_inner();
    assert_eq!(reply.details, "Done propagate! a received: 'run-1'");
    assert_eq!(net.processes[0].host.load().delivered, 3);
    assert_eq!(net.prepare(1, "a").await[0].connections, 0, "a new connection for each send is opened by the send");
    let records = net.stop().await;
    assert_eq!(of_kind(&records, Kind::Received).last().map(|record| record.hop), Some(Some(3)));
}

#[tokio::test]
async fn a_peer_that_never_answers_is_a_failed_record_after_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut net = Net::start(&[&["a"]]).await;
    let mut plan = Plan::new("flood", &[("a", "s")]);
    plan.strangers = vec![("s", silent.local_addr().unwrap())];
    plan.protocol.deadline = Some(Interval::from_ms(30));
    net.configure(&plan).await;
    net.round(1, "a", 1).await;
    let records = net.stop().await;
    let failed = of_kind(&records, Kind::Failed);
    assert_eq!(failed.len(), 1);
    let detail = "Failed to send message: 'run-1' to s: deadline exceeded";
    assert_eq!((&*failed[0].detail, &*failed[0].receiver_id, &*failed[0].send_id), (detail, "s", "a:1:1"));
    assert!(failed[0].received_ns - failed[0].sent_ns.unwrap() >= 30_000_000);
}

#[tokio::test]
async fn a_send_that_outlives_its_configuration_is_recorded_under_its_own() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut net = Net::start(&[&["a"]]).await;
    let mut plan = Plan::new("flood", &[("a", "s")]);
    plan.strangers = vec![("s", silent.local_addr().unwrap())];
    plan.protocol.deadline = Some(Interval::from_ms(50));
    net.configure(&plan).await;
    net.begin(1, "a", 1, &[]).await;
    net.configure(&Plan { epoch: 2, protocol: "push:2".parse().unwrap(), ..plan }).await;
    while net.processes[0].host.load().in_flight > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let records = net.stop().await;
    let failed = of_kind(&records, Kind::Failed);
    assert_eq!(failed.len(), 1);
    assert_eq!((&*failed[0].send_id, &*failed[0].protocol), ("a:1:1", "flood"));
}

#[tokio::test]
async fn a_peer_without_an_address_or_without_a_listener_is_a_failed_record() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for connections in [Connections::Reuse, Connections::PerSend] {
        let mut net = Net::start(&[&["a"]]).await;
        let mut plan = Plan::new("flood", &[("a", "gone"), ("a", "nowhere")]);
        plan.strangers = vec![("gone", gone)];
        plan.protocol.connections = connections;
        net.configure(&plan).await;
        let prepared = net.prepare(1, "a").await;
        net.round(1, "a", 1).await;
        let records = net.stop().await;
        let mut details: Vec<_> = records.iter().map(|record| &*record.detail).filter(|d| d.contains("to ")).collect();
        details.sort_unstable();
        assert_eq!(details.len(), 2);
        assert!(details[0].starts_with("Failed to send message: 'run-1' to gone: unreachable: Connection refused"));
        assert_eq!(details[1], "Failed to send message: 'run-1' to nowhere: no address for this peer");
        let failed = if connections == Connections::Reuse { 2 } else { 0 };
        assert_eq!((prepared[0].connections, prepared[0].failed.len()), (0, failed), "{prepared:?}");
    }
}

#[tokio::test]
async fn a_message_above_the_limit_is_not_sent() {
    let mut net =
        Net { processes: vec![Running::start(ServeConfig { max_message: 100, ..config(&["a", "b"]) }).await] };
    net.configure(&Plan::both_ways("flood", &[("a", "b")])).await;
    net.begin(1, "a", 1, &[0; 100]).await;
    net.quiescent().await;
    let records = net.stop().await;
    let failed = of_kind(&records, Kind::Failed);
    assert_eq!(failed.len(), 1);
    assert!(failed[0].detail.ends_with("bytes is above the limit of 100"), "{}", failed[0].detail);
    assert_eq!(of_kind(&records, Kind::Received), [] as [&Record<'_>; 0]);
}

#[tokio::test]
async fn a_large_payload_passes_and_is_in_no_record() {
    let mut net = Net::start(&[&["a"], &["b"]]).await;
    net.configure(&Plan::both_ways("flood", &[("a", "b")])).await;
    net.prepare(1, "a").await;
    net.begin(1, "a", 1, &[b'x'; 3 << 20]).await;
    net.quiescent().await;
    let records = net.stop().await;
    let received = of_kind(&records, Kind::Received);
    assert!(received[0].bytes > Some(3 << 20));
    assert!(records.iter().all(|record| record.detail.len() < 100));
}

#[tokio::test]
async fn bytes_and_processor_time_of_a_round_are_counted_at_both_ends() {
    const PAYLOAD: u64 = 100_000;
    let mut net = Net::start(&[&["a"], &["b"], &["c"]]).await;
    net.configure(&Plan::both_ways("direct-mail", &[("a", "b")])).await;
    let before: Vec<_> = net.prepare(1, "a").await.into_iter().map(|reply| reply.counters.unwrap()).collect();
    net.begin(1, "a", 1, &[b'x'; PAYLOAD as usize]).await;
    let after = net.quiescent().await;
    let grown = |process: usize, counter: fn(&WatchReply) -> Option<u64>| {
        counter(&after[process]).unwrap() - counter(&before[process]).unwrap()
    };
    let sent = |process| grown(process, |reply| reply.sent_bytes);
    let received = |process| grown(process, |reply| reply.received_bytes);
    assert!((PAYLOAD..PAYLOAD + 2_000).contains(&sent(0)), "{}", sent(0));
    assert!((PAYLOAD..PAYLOAD + 2_000).contains(&received(1)), "{}", received(1));
    assert!((1..2_000).contains(&sent(1)), "an acknowledgment and flow control: {}", sent(1));
    assert!(received(0) > 0 && (sent(2), received(2)) == (0, 0), "c is no neighbour of a");
    assert!((0..2).all(|process| grown(process, |reply| reply.cpu_ns) > 0));
    net.stop().await;
}

#[tokio::test]
async fn preparing_opens_anew_what_a_peer_has_closed() {
    let peer = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut net = Net::start(&[&["a"]]).await;
    let mut plan = Plan::new("flood", &[("a", "s")]);
    plan.strangers = vec![("s", peer.local_addr().unwrap())];
    net.configure(&plan).await;
    assert_eq!(net.prepare(1, "a").await[0].connections, 1);
    let (first, _) = peer.accept().await.unwrap();
    assert_eq!(net.prepare(1, "a").await[0].connections, 1, "it is still open");
    drop(first);
    let accepted = loop {
        net.prepare(1, "a").await;
        if let Ok(again) = tokio::time::timeout(Duration::from_millis(5), peer.accept()).await {
            break again.is_ok();
        }
    };
    assert!(accepted);
    net.stop().await;
}

#[tokio::test]
async fn a_link_delay_is_part_of_the_latency_and_is_accounted_for() {
    let mut net = Net::start(&[&["a"], &["b"]]).await;
    let mut plan = Plan::new("direct-mail", &[("a", "b")]);
    plan.hold_ns = 20_000_000;
    net.configure(&plan).await;
    net.round(1, "a", 1).await;
    let watch = net.quiescent().await.remove(0);
    assert_eq!((watch.holds, watch.hold_intended_ns), (1, 20_000_000));
    assert!(watch.hold_achieved_ns >= 20_000_000);
    assert_eq!(watch.hold_error_max_ns, watch.hold_achieved_ns - 20_000_000);
    let records = net.stop().await;
    let received = of_kind(&records, Kind::Received);
    assert!(received[0].received_ns - received[0].sent_ns.unwrap() >= 20_000_000);
}

#[tokio::test]
async fn requests_for_another_epoch_or_another_process_are_refused() {
    let mut net = Net::start(&[&["a"], &["b"]]).await;
    let control = &mut net.processes[0].control;
    let start = |epoch, node: &str| StartRequest { epoch, node: node.to_owned(), ..StartRequest::default() };
    assert_eq!(control.start(start(0, "a")).await.unwrap_err().code(), Code::FailedPrecondition);
    net.configure(&Plan::both_ways("flood", &[("a", "b")])).await;
    let control = &mut net.processes[0].control;
    assert_eq!(control.start(start(2, "a")).await.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(control.start(start(1, "b")).await.unwrap_err().code(), Code::NotFound);
    let other = control.configure(cnsim::wire::control::ConfigureRequest { epoch: 3, ..Default::default() }).await;
    assert_eq!(other.unwrap_err().message(), "the protocol is missing");
    assert_eq!(net.stop().await, []);
}

#[tokio::test]
async fn the_spool_gives_back_what_was_logged() {
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions { path: folder.path().join("spool"), limit: 1 << 20 };
    let process = Running::start(ServeConfig { spool: Some(spool), ..config(&["a", "b"]) }).await;
    let mut net = Net { processes: vec![process] };
    net.configure(&Plan::both_ways("flood", &[("a", "b")])).await;
    for round in 1..=3 {
        net.round(1, "a", round).await;
    }
    let control = &mut net.processes[0].control;
    let watch = control.watch(WatchRequest {}).await.unwrap().into_inner();
    assert_eq!(watch.last_seq, 6);
    let request = RecordsRequest { run_id: "run".to_owned(), from_seq: 3, process: String::new() };
    let pieces: Vec<_> = control.records(request).await.unwrap().into_inner().collect().await;
    let lines: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.unwrap().lines).collect();
    let status = control.status(StatusRequest {}).await.unwrap().into_inner();
    assert_eq!((status.last_seqs[0].seq, status.nodes.len(), status.epoch), (6, 2, 1));
    let logged = net.stop().await;
    assert_eq!(logged.iter().map(|record| record.seq.unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let spooled = lines.split_inclusive(|byte| *byte == b'\n').map(|line| Record::read_line(line).unwrap());
    assert_eq!(spooled.collect::<Vec<_>>(), logged[2..]);
}

#[tokio::test]
async fn without_a_spool_no_records_can_be_asked_for() {
    let mut process = Running::start(config(&["a"])).await;
    let answer = process.control.records(RecordsRequest::default()).await;
    assert_eq!(answer.unwrap_err().code(), Code::FailedPrecondition);
    process.stop().await;
}

#[tokio::test]
async fn draining_with_exit_ends_the_process_after_its_reply() {
    let mut process = Running::start(config(&["a"])).await;
    process.gossip("a").await.send_message(three_fields("x")).await.unwrap();
    let reply = process.control.drain(DrainRequest { exit: true }).await.unwrap().into_inner();
    assert_eq!((&*reply.last_seqs[0].run_id, reply.last_seqs[0].seq), ("run", 1));
    process.host.ended().await;
    assert_eq!(process.stop().await.len(), 1);
}

#[tokio::test]
async fn a_process_that_is_halted_refuses_at_once_and_others_find_the_one_in_its_place() {
    let mut net = Net::start(&[&["a"], &["b"]]).await;
    net.configure(&Plan::both_ways("flood", &[("a", "b")])).await;
    net.round(1, "b", 1).await;
    let halted = net.processes[1].control.halt(HaltRequest {}).await.unwrap().into_inner();
    assert_eq!(halted.counters.unwrap().last_seq, 1);

    net.begin(1, "a", 2, &[]).await;
    net.failed(0, 1).await;
    // Nobody has configured it, so that it refuses too, in its own words.
    let anew = Running::start(config(&["b"])).await;
    let peers = vec![Peer { id: "b".to_owned(), address: anew.address("b").to_string(), number: 1 }];
    let moved = ReaddressRequest { epoch: 1, peers };
    net.processes[0].control.readdress(moved).await.unwrap();
    net.begin(1, "a", 3, &[]).await;
    net.failed(0, 2).await;

    let halted = net.processes.pop().unwrap().stop().await;
    assert_eq!(halted.len(), 1, "it records nothing any more");
    let records = net.stop().await;
    let details: Vec<&str> = of_kind(&records, Kind::Failed).iter().map(|record| &*record.detail).collect();
    assert!(details[0].ends_with("refused: node is stopping"), "{details:?}");
    assert!(details[1].contains("epoch"), "{details:?}");
    anew.stop().await;
}

fn three_fields(sender: &str) -> cnsim::wire::gossip::GossipMessage {
    cnsim::wire::start_message(&NodeId::new(sender).unwrap(), "run-1", cnsim::time::Timestamp(1))
}

fn assert_invariants(records: &[Record<'_>], initiator: &str) {
    let number = |id: &str| u32::from(id.as_bytes()[0]);
    let arrivals: Vec<_> = records
        .iter()
        .filter(|record| matches!(record.kind, Kind::Received | Kind::Duplicate))
        .map(|record| Arrival {
            receiver: number(&record.receiver_id),
            sender: number(&record.sender_id),
            hop: record.hop,
            duplicate: record.kind == Kind::Duplicate,
        })
        .collect();
    assert_eq!(invariant::one_first_receipt(&arrivals), Verdict::Holds);
    assert_eq!(invariant::hop_follows_parent(&arrivals, number(initiator)), Verdict::Holds);
    assert_eq!(invariant::acyclic_tree(&arrivals, number(initiator)), Verdict::Holds);
}
