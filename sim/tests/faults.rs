//! Faults in virtual time: what each kind stops, holds and loses, to the nanosecond.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/lab.rs"]
mod lab;

use cnsim::id::NodeIx;
use cnsim::machine::{Failure, FaultLog};
use cnsim::scenario::{Effect, NodeSet, Timeline, Verdict};
use cnsim::time::{Interval, Timestamp};
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::round::Outcome;

use lab::{BEGINS, Lab, Run, receipts};

fn ms(at: Timestamp) -> f64 {
    at.since(BEGINS).as_ms()
}

fn is_receipt(entry: &Entry) -> bool {
    matches!(entry.fact, Fact::Received | Fact::Duplicate)
}

#[test]
fn nothing_crosses_a_partition_and_everybody_has_the_message_after_it() {
    let split = r#"[{"name":"split","at":"0s","for":"5s","kind":"partition","sides":["50%","rest"]}]"#;
    let lab = Lab::new("k-regular:6", 60, "push-pull", split);
    let Run { end, entries, timeline, .. } = lab.run(1, "60s");
    assert_eq!((end.outcome, end.load.held), (Outcome::Horizon, 60));
    let at = |entry: &Entry| entry.sent.since(BEGINS);
    let crossed = |entry: &&Entry| timeline.faults[0].effect.cuts(entry.sender, entry.receiver);
    let early = entries.iter().filter(|entry| timeline.is_cut(entry.sender, entry.receiver, at(entry)));
    assert!(early.clone().count() > 0 && early.clone().all(|entry| matches!(entry.fact, Fact::Failed(_))));
    // Who heals it sends after the end, and that is when the other side begins to hear of it.
    let first = entries.iter().filter(|entry| is_receipt(entry)).filter(crossed).map(|entry| entry.sent).min();
    assert!((5_000.0..6_100.0).contains(&ms(first.unwrap())), "{first:?}");
}

#[test]
fn a_copy_into_a_partition_fails_at_its_deadline_and_one_sent_before_arrives() {
    let split =
        r#"[{"name":"split","at":"10ms","for":"100ms","kind":"partition","sides":["0..1","2..2"],"one_way":true}]"#;
    let line = Lab::new("line", 3, "flood", split);
    let Run { end, entries, .. } = line.run(1, "60s");
    // Node 1 has it at 20 ms and sends into the partition; by its deadline of 5 s nobody has told it anything.
    let failed: Vec<&Entry> = entries.iter().filter(|entry| matches!(entry.fact, Fact::Failed(_))).collect();
    let [failed] = failed.as_slice() else { panic!("{entries:?}") };
    assert_eq!((failed.sender, failed.receiver), (NodeIx(1), NodeIx(2)));
    assert_eq!((ms(failed.sent), ms(failed.at)), (20.0, 5_040.0));
    assert_eq!(failed.fact, Fact::Failed(Failure::Deadline));
    assert_eq!((end.outcome, end.load.held), (Outcome::Quiescent, 2));

    let later =
        r#"[{"name":"split","at":"30ms","for":"100ms","kind":"partition","sides":["0..1","2..2"],"one_way":true}]"#;
    let Run { end, .. } = Lab::new("line", 3, "flood", later).run(1, "60s");
    assert_eq!((end.outcome, end.load.held, end.load.failed), (Outcome::Quiescent, 3, 0), "it was sent at 20 ms");
}

#[test]
fn a_node_that_is_down_writes_nothing_and_one_that_lost_its_state_hears_again() {
    let crash =
        |state| format!(r#"[{{"name":"c","at":"30ms","for":"2s","kind":"crash","who":"1..1","state":"{state}"}}]"#);
    for (state, first_receipts, restarts) in [("kept", 1, 0), ("lost", 2, 1)] {
        let lab = Lab::new("complete", 4, "anti-entropy:push-pull", &crash(state));
        let Run { entries, .. } = lab.run(1, "60s");
        let of_1 = |entry: &&Entry| entry.receiver == NodeIx(1);
        let down = |at: Timestamp| (30.0..2_030.0).contains(&ms(at));
        assert!(entries.iter().filter(of_1).filter(|entry| is_receipt(entry)).all(|entry| !down(entry.at)));
        assert!(entries.iter().all(|entry| entry.sender != NodeIx(1) || !down(entry.sent)));
        let first: Vec<&Entry> = entries.iter().filter(of_1).filter(|entry| entry.fact == Fact::Received).collect();
        assert!(first.len() <= first_receipts, "{state}: {first:?}");
        assert!(first.iter().filter(|entry| ms(entry.at) > 2_030.0).all(|entry| entry.restarts == restarts));
    }
}

#[test]
fn a_node_that_is_down_to_the_end_is_waited_for_by_nobody() {
    let crash = r#"[{"name":"dead","at":"0s","kind":"crash","who":"3..3"}]"#;
    let Run { end, entries, .. } = Lab::new("ring", 8, "flood", crash).run(1, "60s");
    assert_eq!((end.outcome, end.load.held, end.load.gone), (Outcome::Quiescent, 7, 1));
    assert_eq!(entries.iter().filter(|entry| entry.fact == Fact::Failed(Failure::Deadline)).count(), 2);
    let Run { end, .. } = Lab::new("complete", 8, "push-pull", crash).run(1, "60s");
    assert_eq!((end.outcome, end.load.held), (Outcome::Horizon, 7));
}

#[test]
fn what_comes_to_a_paused_node_is_received_when_it_goes_on() {
    let pause = r#"[{"name":"p","at":"10ms","for":"300ms","kind":"pause","who":"1..1"}]"#;
    let Run { entries, end, .. } = Lab::new("line", 3, "flood", pause).run(1, "60s");
    let received: Vec<f64> = entries.iter().filter(|entry| is_receipt(entry)).map(|entry| ms(entry.at)).collect();
    assert_eq!(received, [310.0, 330.0]);
    assert_eq!(end.outcome, Outcome::Quiescent);
}

#[test]
fn a_mute_node_acknowledges_and_sends_nothing_on() {
    let mute = r#"[{"name":"m","at":"0s","for":"1s","kind":"mute","who":"1..1"}]"#;
    let Run { entries, end, .. } = Lab::new("line", 3, "flood", mute).run(1, "60s");
    assert_eq!(entries.iter().filter(|entry| is_receipt(entry)).count(), 1);
    assert_eq!((end.load.failed, ms(end.at)), (0, 1_000.0), "the round lasts as long as the fault");
}

#[test]
fn a_delay_and_a_slow_uplink_hold_what_is_sent_meanwhile() {
    let slow = r#"[{"name":"d","at":"0s","for":"1s","kind":"delay","who":"0..0","delay":"constant:7ms"}]"#;
    let received = |faults| {
        let Run { entries, .. } = Lab::new("line", 3, "flood", faults).run(1, "60s");
        entries.iter().filter(|entry| is_receipt(entry)).map(|entry| (ms(entry.at), entry.bytes)).collect::<Vec<_>>()
    };
    let times: Vec<f64> = received(slow).iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [27.0, 47.0]);

    let uplink = r#"[{"name":"u","at":"0s","for":"1s","kind":"uplink","who":"0..0","rate":"1Mbit"}]"#;
    let found = received(uplink);
    let (first, bytes) = found[0];
    assert_eq!(first, 20.0 + bytes as f64 * 8.0 / 1_000.0, "its bits at a megabit a second, and its way");
    // The last node has it 20 ms later, and the few microseconds that a rate without limit takes.
    assert!((found[1].0 - first - 20.0).abs() < 0.02, "{found:?}");
}

#[test]
fn as_many_datagrams_are_lost_as_the_fault_and_the_link_say() {
    let loss = r#"[{"name":"l","at":"0s","for":"10s","kind":"loss","loss":"20%"}]"#;
    let mut lab = Lab::new("complete", 101, "direct-mail", loss);
    lab.links.transport = "datagram".parse().unwrap();
    lab.links.loss = "10%".parse().unwrap();
    let runs = (0..100).map(|round| lab.run(round, "60s"));
    let lost: usize =
        runs.map(|run| run.entries.iter().filter(|entry| matches!(entry.fact, Fact::Failed(_))).count()).sum();
    let (count, p) = (10_000.0, 1.0 - 0.8 * 0.9);
    assert!((lost as f64 - count * p).abs() < 4.0 * f64::sqrt(count * p * (1.0 - p)), "{lost}");
}

#[test]
fn sleepers_hear_nothing_while_they_sleep() {
    let sleep = r#"[{"name":"s","at":"0s","for":"20s","kind":"sleep","who":"1..39","period":"400ms","on":"100ms"}]"#;
    let Run { entries, timeline, end, .. } = Lab::new("k-regular:6", 40, "push-pull", sleep).run(1, "60s");
    for entry in entries.iter().filter(|entry| is_receipt(entry)) {
        let at = entry.at.since(BEGINS);
        assert!(timeline.stops_of(entry.receiver).iter().all(|stop| !stop.span.contains(at)), "{entry:?}");
    }
    assert_eq!((end.outcome, end.load.held), (Outcome::Horizon, 40));
}

#[test]
fn probes_reach_nobody_whom_the_fault_parts_and_steps_are_logged_on_time() {
    let faults = r#"[
        {"name":"split","at":"1s","for":"1s","kind":"partition","sides":["50%","rest"]},
        {"name":"crash","at":"3s","for":"1s","kind":"crash","who":"20%","back_after":"weibull:0.5:500ms","state":"lost"},
        {"name":"loss","at":"5s","for":"1s","kind":"loss","loss":"50%"}]"#;
    let mut lab = Lab::new("k-regular:6", 40, "flood", faults);
    lab.links.transport = "datagram".parse().unwrap();
    let Run { logs, timeline, .. } = lab.run(1, "60s");
    let places = |of: fn(&FaultLog) -> &Vec<(u32, Timestamp)>| {
        let all =
            logs.iter().flat_map(|(_, log)| of(log).iter().map(|(place, _)| timeline.probes[*place as usize].fault));
        all.fold([0; 3], |mut counts, fault| {
            counts[fault as usize] += 1;
            counts
        })
    };
    let (sent, received) = (places(|log| &log.sent), places(|log| &log.received));
    assert_eq!((sent[0], received[0]), (32, 0));
    // One that is on its way while the node comes back arrives.
    let late =
        logs.iter().flat_map(|(node, log)| log.received.iter().map(|(place, at)| (*node, *place, at.since(BEGINS))));
    let is_down =
        |(node, _, at): &(NodeIx, u32, Interval)| timeline.stops_of(*node).iter().any(|stop| stop.span.contains(*at));
    assert!(sent[1] > received[1] && !late.into_iter().any(|it| is_down(&it)), "{sent:?} {received:?}");
    // Half of 32, within four standard deviations.
    assert!(sent[2] == 32 && (5..=27).contains(&received[2]), "{received:?}");
    let steps = logs.iter().flat_map(|(_, log)| &log.steps);
    assert!(steps.clone().all(|step| step.taken == BEGINS + step.intended));
    assert!(steps.count() >= 2 * (40 + 8 + 40));
}

#[test]
fn one_seed_gives_the_same_records_and_another_round_others() {
    let faults = r#"[{"name":"churn","at":"0s","for":"5s","kind":"churn","who":"50%","session":"weibull:0.5:500ms","down":"exponential:200ms","state":"lost"}]"#;
    let lab = Lab::new("k-regular:6", 60, "push-pull", faults);
    assert_eq!(lab.run(1, "60s").entries, lab.run(1, "60s").entries);
    assert_ne!(lab.run(1, "60s").entries, lab.run(2, "60s").entries);
}

const EVERY_KIND: [(&str, &str); 10] = [
    ("stream", r#"{"kind":"partition","sides":["50%","rest"]}"#),
    ("datagram", r#"{"kind":"partition","sides":["30%","rest"],"one_way":true}"#),
    ("stream", r#"{"kind":"crash","who":"20%","back_after":"exponential:1s","state":"lost"}"#),
    ("stream", r#"{"kind":"churn","who":"40%","session":"exponential:500ms","down":"exponential:500ms"}"#),
    ("stream", r#"{"kind":"pause","who":"20%"}"#),
    ("stream", r#"{"kind":"sleep","who":"40%","period":"400ms","on":"200ms"}"#),
    ("datagram", r#"{"kind":"loss","loss":"30%"}"#),
    ("stream", r#"{"kind":"loss","who":"50%","loss":"30%"}"#),
    ("stream", r#"{"kind":"delay","who":"50%","delay":"uniform:20ms:60ms"}"#),
    ("stream", r#"{"kind":"uplink","who":"all","rate":"100kbit"}"#),
];

fn lab_of((transport, fault): (&str, &str)) -> Lab<'static> {
    let named = format!(r#"[{{"name":"f","at":"0s","for":"3s",{}]"#, &fault[1..]);
    let mut lab = Lab::new("k-regular:6", 60, "push-periodic:2", &named);
    lab.links.transport = transport.parse().unwrap();
    lab
}

#[test]
fn a_fault_that_acts_as_it_was_meant_to_is_confirmed() {
    for kind in EVERY_KIND {
        let lab = lab_of(kind);
        let runs: Vec<Run> = (0..5).map(|round| lab.run(round, "60s")).collect();
        let [receipt] = receipts(&lab, &runs).try_into().unwrap();
        assert_eq!(receipt.verdict, Verdict::Confirmed, "{kind:?}: {receipt:?}");
        assert!(receipt.witness.attempted >= 30 && receipt.witness.leaked == 0, "{receipt:?}");
    }
    let mute = Lab::new("k-regular:6", 60, "flood", r#"[{"name":"m","at":"0s","for":"3s","kind":"mute","who":"30%"}]"#);
    let runs: Vec<Run> = (0..5).map(|round| mute.run(round, "60s")).collect();
    assert_eq!(receipts(&mute, &runs)[0].verdict, Verdict::Confirmed);
}

#[test]
fn a_fault_that_never_acted_is_contradicted() {
    for kind in EVERY_KIND {
        let lab = lab_of(kind);
        let never = |timeline: &mut Timeline| timeline.faults.clear();
        let runs: Vec<Run> = (0..5).map(|round| lab.run_sabotaged(round, "60s", never)).collect();
        let [receipt] = receipts(&lab, &runs).try_into().unwrap();
        assert_eq!(receipt.verdict, Verdict::Contradicted, "{kind:?}: {receipt:?}");
    }
}

/// What is done to a timeline behind the witness's back, and what it is called.
type Sabotage<'a> = (&'a str, &'a dyn Fn(&mut Timeline));

#[test]
fn a_fault_on_the_wrong_nodes_or_removed_early_is_contradicted() {
    let shift = |nodes: &NodeSet| NodeSet::new(nodes.nodes().iter().map(|node| NodeIx((node.0 + 7) % 60)).collect());
    let wrong = |timeline: &mut Timeline| match &mut timeline.faults[0].effect {
        Effect::Stopped { nodes, .. } => {
            nodes.iter_mut().for_each(|stopped| stopped.node.0 = (stopped.node.0 + 7) % 60);
            nodes.sort_by_key(|stopped| stopped.node);
        }
        Effect::Cut { sides, .. } => sides.iter_mut().for_each(|side| *side = shift(side)),
        Effect::Loss { nodes, .. }
        | Effect::Delay { nodes, .. }
        | Effect::Uplink { nodes, .. }
        | Effect::Mute { nodes } => {
            *nodes = shift(nodes);
        }
    };
    let early = |timeline: &mut Timeline| {
        let half = Interval::from_ms(1_500);
        timeline.faults[0].window.ends = half;
        if let Effect::Stopped { nodes, .. } = &mut timeline.faults[0].effect {
            for stopped in nodes {
                stopped.spans.retain(|span| span.begins < half);
                stopped.spans.iter_mut().for_each(|span| span.ends = span.ends.min(half));
            }
        }
    };
    for kind in EVERY_KIND {
        let lab = lab_of(kind);
        // Those on all nodes are on no wrong ones.
        let is_for_some = !kind.1.contains("all") && !kind.1.contains(r#""loss","loss""#);
        let mut sabotages: Vec<Sabotage<'_>> = vec![("early", &early)];
        if is_for_some {
            sabotages.push(("wrong", &wrong));
        }
        for (name, sabotage) in sabotages {
            let runs: Vec<Run> = (0..5).map(|round| lab.run_sabotaged(round, "60s", sabotage)).collect();
            let [receipt] = receipts(&lab, &runs).try_into().unwrap();
            assert_eq!(receipt.verdict, Verdict::Contradicted, "{name} {kind:?}: {receipt:?}");
        }
    }
}

#[test]
fn a_partition_that_leaks_one_copy_in_a_hundred_is_contradicted_by_1400() {
    let split = r#"[{"name":"split","at":"0s","for":"3s","kind":"partition","sides":["50%","rest"]}]"#;
    let mut lab = Lab::new("complete", 60, "push-periodic:2", split);
    lab.links.transport = "datagram".parse().unwrap();
    // In place of a cut nearly everything is lost: a hundredth gets through.
    let leaks = |timeline: &mut Timeline| {
        let nodes = NodeSet::new((0..60).map(NodeIx).collect());
        timeline.faults[0].effect = Effect::Loss { nodes, loss: "99%".parse().unwrap() };
    };
    let runs: Vec<Run> = (0..50).map(|round| lab.run_sabotaged(round, "60s", leaks)).collect();
    let [receipt] = receipts(&lab, &runs).try_into().unwrap();
    assert!(receipt.witness.attempted >= 1_400, "{receipt:?}");
    assert_eq!(receipt.verdict, Verdict::Contradicted, "{receipt:?}");
}
