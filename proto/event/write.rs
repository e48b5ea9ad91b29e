//! From an event with names to the record's JSON line.

use std::borrow::Cow;

use chrono::DateTime;
use serde::Serialize;

use super::named::NamedEvent;
use super::{FORMAT, Kind, Record};
use crate::id::{Epoch, Hop, MessageId, NodeId, SendId};
use crate::time::{Clock, Timestamp};

/// The incarnation of a node that has not come back in its process.
pub const FIRST_INCARNATION: u32 = 1;

/// What a run gives to every record of its nodes; the run itself stands in the message's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The number of nodes in the network.
    pub nodes: u32,
    /// As typed by the user.
    pub protocol: String,
    /// The experiment's condition.
    pub condition: String,
    /// The configuration that sends are named under.
    pub epoch: Epoch,
}

/// What a process gives to every record that it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Pod or host, with its start time: no other process ever has the same.
    pub process: String,
    /// Kubernetes node or machine.
    pub host: String,
    /// Pod or machine name, for the words of `detail`.
    pub pod: String,
}

impl SendId {
    /// The name of a send in the records of both ends.
    pub fn label(self, node: &NodeId, epoch: Epoch) -> String {
        format!("{node}:{}:{}", epoch.0, self.0)
    }
}

impl<'a> Record<'a> {
    /// The record of `event` at node `me`; its `seq` is still missing.
    pub fn of(event: &'a NamedEvent, me: &'a NodeId, context: &'a Context, stamp: &'a Stamp) -> Self {
        match event {
            NamedEvent::Initiated { message, at } => Self {
                detail: initiated(stamp, me, *at).into(),
                hop: Some(Hop::ORIGIN.0),
                sent_ns: Some(ns(*at)),
                bytes: Some(0),
                ..blank(Kind::Initiate, message, me, me, *at, context, stamp)
            },
            NamedEvent::Received { message, from, hop, receipt, duplicate } => {
                let ms = receipt.received.ms_since(receipt.sent);
                let (kind, detail) = if *duplicate {
                    (Kind::Duplicate, format!("{me} ignoring duplicate message: {message} from {from}"))
                } else {
                    let pod = &stamp.pod;
                    (Kind::Received, format!("({pod}({me}) received: '{message}' from {from} in {ms:.2} ms "))
                };
                Self {
                    detail: detail.into(),
                    propagation_time: Some(ms),
                    hop: hop.map(|hop| hop.0),
                    sent_ns: Some(ns(receipt.sent)),
                    send_id: receipt.send_id.as_str().into(),
                    bytes: Some(receipt.bytes),
                    ..blank(kind, message, from, me, receipt.received, context, stamp)
                }
            }
            NamedEvent::Failed { message, to, hop, send, sent, at, bytes, reason } => Self {
                reason: reason.as_str().into(),
                detail: format!("Failed to send message: '{message}' to {to}: {reason}").into(),
                hop: hop.map(|hop| hop.0),
                sent_ns: Some(ns(*sent)),
                send_id: send.label(me, context.epoch).into(),
                bytes: Some(*bytes),
                ..blank(Kind::Failed, message, me, to, *at, context, stamp)
            },
        }
    }

    /// Appends the record as one JSON line with its line end.
    pub fn write_line(&self, line: &mut Vec<u8>) {
        let body = Line {
            message: &self.message,
            sender_id: &self.sender_id,
            receiver_id: &self.receiver_id,
            received_timestamp: self.received_ns,
            propagation_time: self.propagation_time,
            event_type: self.kind.as_str(),
            detail: &self.detail,
            run_id: &self.run_id,
            round: self.round,
            nodes: self.nodes,
            protocol: &self.protocol,
            condition: &self.condition,
            hop: self.hop.map_or(-1, i64::from),
            sent_ns: self.sent_ns.unwrap_or(self.received_ns).to_string(),
            received_ns: self.received_ns.to_string(),
            send_id: &self.send_id,
            seq: self.seq.unwrap_or(0),
            process: &self.process,
            host: &self.host,
            bytes: self.bytes.unwrap_or(0),
            format: FORMAT,
            reason: &self.reason,
            incarnation: self.incarnation,
            clock: self.clock.map_or("", Clock::as_str),
            topic: &self.topic,
            insert_id: format!("{}/{}/{}", self.process, self.run_id, self.seq.unwrap_or(0)),
        };
        serde_json::to_writer(&mut *line, &body).expect("texts and numbers always serialise");
        line.push(b'\n');
    }
}

/// The line's keys, in their order.
#[derive(Serialize)]
struct Line<'a> {
    message: &'a str,
    sender_id: &'a str,
    receiver_id: &'a str,
    received_timestamp: i64,
    propagation_time: Option<f64>,
    event_type: &'a str,
    detail: &'a str,
    run_id: &'a str,
    round: u32,
    nodes: u32,
    protocol: &'a str,
    condition: &'a str,
    hop: i64,
    sent_ns: String,
    received_ns: String,
    send_id: &'a str,
    seq: u64,
    process: &'a str,
    host: &'a str,
    bytes: u64,
    format: u32,
    reason: &'a str,
    incarnation: u32,
    clock: &'a str,
    topic: &'a str,
    /// Lets Cloud Logging drop repeats of a record.
    #[serde(rename = "logging.googleapis.com/insertId")]
    insert_id: String,
}

/// A record with what every kind has.
fn blank<'a>(
    kind: Kind,
    message: &'a MessageId,
    sender: &'a NodeId,
    receiver: &'a NodeId,
    at: Timestamp,
    context: &'a Context,
    stamp: &'a Stamp,
) -> Record<'a> {
    let (run_id, round) = message.run_and_round();
    Record {
        message: message.as_str().into(),
        sender_id: sender.as_str().into(),
        receiver_id: receiver.as_str().into(),
        received_ns: ns(at),
        propagation_time: None,
        kind,
        detail: Cow::Borrowed(""),
        run_id: run_id.into(),
        round,
        nodes: context.nodes,
        protocol: context.protocol.as_str().into(),
        condition: context.condition.as_str().into(),
        hop: None,
        sent_ns: None,
        send_id: Cow::Borrowed(""),
        seq: None,
        process: stamp.process.as_str().into(),
        host: stamp.host.as_str().into(),
        bytes: None,
        reason: Cow::Borrowed(""),
        incarnation: FIRST_INCARNATION,
        clock: Some(Clock::Wall),
        topic: Cow::Borrowed(""),
        float_timestamp: false,
        received_twice: false,
    }
}

fn initiated(stamp: &Stamp, me: &NodeId, at: Timestamp) -> String {
    let time = DateTime::from_timestamp_nanos(ns(at)).format("%Y-%m-%d %H:%M:%S");
    format!("Gossip initiated by {} ({me}) at {time}", stamp.pod)
}

/// As the records count; the year 2262 is far.
fn ns(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::named::Receipt;
    use super::*;
    use crate::machine::Failure;

    #[test]
    fn a_first_receipt_is_one_line_with_the_published_fields_first() {
        let event = received(false);
        let line = line(&event);
        assert_eq!(
            line,
            concat!(
                r#"{"message":"4abf-cubaan50-7","sender_id":"a","receiver_id":"b","#,
                r#""received_timestamp":1742952259098703900,"propagation_time":2.5004,"event_type":"received","#,
                r#""detail":"(pod-b(b) received: '4abf-cubaan50-7' from a in 2.50 ms ","#,
                r#""run_id":"4abf-cubaan50","round":7,"nodes":50,"protocol":"flood","condition":"c","hop":1,"#,
                r#""sent_ns":"1742952259096203500","received_ns":"1742952259098703900","send_id":"a:5:9","seq":3,"#,
                r#""process":"pod-b.1","host":"h","bytes":80,"format":2,"reason":"","incarnation":1,"clock":"wall","topic":"","#,
                r#""logging.googleapis.com/insertId":"pod-b.1/4abf-cubaan50/3"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn details_are_the_published_texts() {
        let message = MessageId::new("m");
        let at = Timestamp(1_742_866_895_846_026_240);
        let me = node("b");
        let detail = |event: &NamedEvent| Record::of(event, &me, &context(), &stamp()).detail.into_owned();
        assert_eq!(detail(&received(true)), "b ignoring duplicate message: 4abf-cubaan50-7 from a");
        let initiated = NamedEvent::Initiated { message: message.clone(), at };
        assert_eq!(detail(&initiated), "Gossip initiated by pod-b (b) at 2025-03-25 01:41:35");
        let failed = NamedEvent::Failed {
            message,
            to: node("c"),
            hop: None,
            send: SendId(4),
            sent: at,
            at,
            bytes: 10,
            reason: Failure::Deadline,
        };
        assert_eq!(detail(&failed), "Failed to send message: 'm' to c: deadline exceeded");
        let (me, context, stamp) = (me.clone(), context(), stamp());
        let record = Record::of(&failed, &me, &context, &stamp);
        assert_eq!(record.reason, "deadline");
        assert_eq!(record.send_id, "b:5:4", "a failed send and its delivery share a name");
    }

    #[test]
    fn what_is_unknown_keeps_its_type() {
        let event = NamedEvent::Initiated { message: MessageId::new("hello"), at: Timestamp(7) };
        let line = line(&event);
        for field in [r#""propagation_time":null"#, r#""hop":0"#, r#""sent_ns":"7""#, r#""send_id":"""#, r#""bytes":0"#]
        {
            assert!(line.contains(field), "{field} in {line}");
        }
        assert!(line.contains(r#""run_id":"hello","round":1"#), "{line}");
    }

    fn line(event: &NamedEvent) -> String {
        let (me, context, stamp) = (node("b"), context(), stamp());
        let mut record = Record::of(event, &me, &context, &stamp);
        record.seq = Some(3);
        let mut line = Vec::new();
        record.write_line(&mut line);
        String::from_utf8(line).unwrap()
    }

    fn received(duplicate: bool) -> NamedEvent {
        NamedEvent::Received {
            message: MessageId::new("4abf-cubaan50-7"),
            from: node("a"),
            hop: Some(Hop(1)),
            receipt: Receipt {
                received: Timestamp(1_742_952_259_098_703_900),
                sent: Timestamp(1_742_952_259_096_203_500),
                send_id: SendId(9).label(&node("a"), Epoch(5)),
                bytes: 80,
            },
            duplicate,
        }
    }

    fn context() -> Context {
        Context { nodes: 50, protocol: "flood".to_owned(), condition: "c".to_owned(), epoch: Epoch(5) }
    }

    fn stamp() -> Stamp {
        Stamp { process: "pod-b.1".to_owned(), host: "h".to_owned(), pod: "pod-b".to_owned() }
    }

    fn node(name: &str) -> NodeId {
        NodeId::new(name).unwrap()
    }
}
