//! The generated gRPC types, and their translation from and to the core's.
//!
//! A message without our fields is a valid message: an absent hop, epoch or send id is unknown.

use bytes::Bytes;
use prost::Message as _;

use crate::id::{Epoch, Hop, IdError, Message, MessageId, NodeId};
use crate::link::{
    DelayModelError, DelaySpecError, LinkSpec, Links, RateSpec, RateSpecError, SharingError, Texts, TransportError,
    WorkSpec, WorkSpecError,
};
use crate::machine::{FaultLog, Gossip, LoggedStep, StepEdge, Words};
use crate::protocol::{Body, ParseError, ProtocolSettings};
use crate::quantity::QuantityError;
use crate::time::{Interval, Timestamp};

/// The generated code of `gossip.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
pub mod gossip {
    tonic::include_proto!("gossip");
}

/// The generated code of `control.proto`.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
pub mod control {
    tonic::include_proto!("cnsim.control.v1");
}

/// One copy as it arrived, with the names that stand on the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// Who sent it.
    pub from: NodeId,
    /// Which message it is.
    pub message: MessageId,
    /// The sender's distance from the initiator, where it says it.
    pub hop: Option<Hop>,
    /// The sender's configuration, where it has one.
    pub epoch: Option<Epoch>,
    /// What the message carries.
    pub payload: Bytes,
    /// When it was sent, by the sender's clock.
    pub sent: Timestamp,
    /// The sender's name for it; empty where it gave none.
    pub send_id: String,
    /// Its encoded size.
    pub bytes: u64,
}

impl Arrived {
    /// Takes a message from the wire.
    ///
    /// # Errors
    /// When the sender's name is empty or has spaces: nobody could be excluded from the forwarding.
    pub fn from_wire(message: gossip::GossipMessage) -> Result<Self, IdError> {
        let bytes = message.encoded_len() as u64;
        Ok(Self {
            from: NodeId::new(&message.sender_id)?,
            message: MessageId::new(&message.message),
            hop: message.hop.map(Hop),
            epoch: (message.epoch != 0).then_some(Epoch(message.epoch)),
            payload: message.payload,
            sent: Timestamp(u64::try_from(message.timestamp).unwrap_or(0)),
            send_id: message.send_id,
            bytes,
        })
    }
}

/// The names of a copy that goes out.
#[derive(Debug, Clone, Copy)]
pub struct CopyNames<'a> {
    /// Of the message.
    pub message: &'a MessageId,
    /// Of the sender.
    pub sender: &'a NodeId,
    /// Of the copy, in the records of both ends.
    pub send_id: &'a str,
}

/// A copy as it goes out; `sent` is stamped just before the call.
pub fn to_wire(gossip: &Gossip, names: CopyNames<'_>, sent: Timestamp) -> gossip::GossipMessage {
    gossip::GossipMessage {
        message: names.message.as_str().to_owned(),
        sender_id: names.sender.as_str().to_owned(),
        timestamp: i64::try_from(sent.0).unwrap_or(i64::MAX),
        hop: gossip.hop.map(|hop| hop.0),
        epoch: gossip.epoch.map_or(0, |epoch| epoch.0),
        send_id: names.send_id.to_owned(),
        payload: gossip.payload.clone(),
    }
}

/// An ask or a control message as it goes out.
pub fn words_to_wire(words: &Words, sender: &NodeId) -> gossip::Words {
    gossip::Words {
        sender_id: sender.as_str().to_owned(),
        epoch: words.epoch.map_or(0, |epoch| epoch.0),
        nth: words.nth,
        kind: words.body.kind.into(),
        messages: numbers(&words.body),
    }
}

/// An ask or a control message as it came, and who sent it.
///
/// # Errors
/// When the sender's name is empty or has spaces: nobody could be answered.
pub fn words_from_wire(wire: gossip::Words) -> Result<(NodeId, Words), IdError> {
    let epoch = (wire.epoch != 0).then_some(Epoch(wire.epoch));
    let words = Words { nth: wire.nth, epoch, body: body(wire.kind, wire.messages) };
    Ok((NodeId::new(&wire.sender_id)?, words))
}

/// An answer as it goes out, with its copies.
pub fn answer_to_wire(body: &Body, copies: Vec<gossip::GossipMessage>) -> gossip::Answer {
    gossip::Answer { kind: body.kind.into(), messages: numbers(body), copies }
}

/// What an answer says, and its copies.
///
/// # Errors
/// As [`Arrived::from_wire`].
pub fn answer_from_wire(wire: gossip::Answer) -> Result<(Body, Vec<Arrived>), IdError> {
    let copies = wire.copies.into_iter().map(Arrived::from_wire).collect::<Result<_, _>>()?;
    Ok((body(wire.kind, wire.messages), copies))
}

fn numbers(body: &Body) -> Vec<u32> {
    body.messages.iter().map(|message| message.0).collect()
}

/// A kind that no protocol has says nothing.
fn body(kind: u32, messages: Vec<u32>) -> Body {
    Body::new(u8::try_from(kind).unwrap_or(Body::EMPTY), messages.into_iter().map(Message))
}

/// A message as `start` sends it: from the node to itself, with the seed's three fields only.
pub fn start_message(node: &NodeId, message: &str, sent: Timestamp) -> gossip::GossipMessage {
    gossip::GossipMessage {
        message: message.to_owned(),
        sender_id: node.as_str().to_owned(),
        timestamp: i64::try_from(sent.0).unwrap_or(i64::MAX),
        ..Default::default()
    }
}

/// Links that a driver asks for and that there are not.
#[derive(Debug, thiserror::Error)]
pub enum LinksError {
    /// No such delay.
    #[error(transparent)]
    Delay(#[from] DelaySpecError),
    /// What stands in its file is none.
    #[error(transparent)]
    Model(#[from] DelayModelError),
    /// No such transport.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// No such share.
    #[error(transparent)]
    Loss(#[from] QuantityError),
    /// No such rate.
    #[error(transparent)]
    Rate(#[from] RateSpecError),
    /// No such sharing.
    #[error(transparent)]
    Sharing(#[from] SharingError),
    /// No such time.
    #[error(transparent)]
    Work(#[from] WorkSpecError),
}

impl control::Links {
    /// The links of a run as they are typed, with what stands in their files. Nodes that exist take what time they take: they hear of
    /// no service.
    pub fn of(spec: &LinkSpec, texts: Texts<'_>) -> Self {
        let rate = |rate: &Option<RateSpec>| rate.as_ref().map(RateSpec::to_string).unwrap_or_default();
        Self {
            uplink: rate(&spec.uplink),
            downlink: rate(&spec.downlink),
            sharing: spec.sharing.to_string(),
            validate: spec.validate.to_string(),
            validate_text: texts.validate.unwrap_or_default().to_owned(),
            delay: spec.delay.to_string(),
            delay_text: texts.delay.unwrap_or_default().to_owned(),
            transport: spec.transport.to_string(),
            loss: spec.loss.to_string(),
        }
    }

    /// The links under a seed.
    ///
    /// # Errors
    /// Where a word of them is none.
    pub fn under(&self, seed: u64) -> Result<Links, LinksError> {
        let spec = LinkSpec {
            delay: self.delay.parse()?,
            transport: self.transport.parse()?,
            loss: self.loss.parse()?,
            uplink: typed(&self.uplink).map(str::parse).transpose()?,
            downlink: typed(&self.downlink).map(str::parse).transpose()?,
            sharing: typed(&self.sharing).map(str::parse).transpose()?.unwrap_or_default(),
            validate: typed(&self.validate).map(str::parse).transpose()?.unwrap_or_default(),
            service: WorkSpec::default(),
            processors: None,
        };
        let texts = Texts { delay: typed(&self.delay_text), validate: typed(&self.validate_text), service: None };
        Ok(Links::new(&spec, texts, seed)?)
    }
}

/// None where nothing stands.
fn typed(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl control::NodeFaults {
    /// What a node has seen of faults.
    pub fn of(node: &str, log: &FaultLog) -> Self {
        let step = |step: &LoggedStep| control::FaultStep {
            fault: step.fault,
            begins: step.edge == StepEdge::Begins,
            intended_ns: step.intended.0,
            taken_ns: step.taken.0,
        };
        let seen = |(probe, at): &(u32, Timestamp)| control::ProbeSeen { probe: *probe, at_ns: at.0 };
        Self {
            node: node.to_owned(),
            steps: log.steps.iter().map(step).collect(),
            sent: log.sent.iter().map(seen).collect(),
            received: log.received.iter().map(seen).collect(),
            answered: log.answered.iter().map(seen).collect(),
        }
    }

    /// Whether it has seen nothing.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.sent.is_empty() && self.received.is_empty()
    }

    /// The same in the core's terms.
    pub fn log(&self) -> FaultLog {
        let edge = |begins| if begins { StepEdge::Begins } else { StepEdge::Ends };
        let step = |step: &control::FaultStep| LoggedStep {
            fault: step.fault,
            edge: edge(step.begins),
            intended: Interval(step.intended_ns),
            taken: Timestamp(step.taken_ns),
        };
        let seen = |seen: &control::ProbeSeen| (seen.probe, Timestamp(seen.at_ns));
        FaultLog {
            steps: self.steps.iter().map(step).collect(),
            sent: self.sent.iter().map(seen).collect(),
            received: self.received.iter().map(seen).collect(),
            answered: self.answered.iter().map(seen).collect(),
        }
    }
}

impl From<&ProtocolSettings> for control::Protocol {
    fn from(protocol: &ProtocolSettings) -> Self {
        Self {
            name: protocol.spec.to_string(),
            in_flight: protocol.in_flight,
            forward: protocol.forward.to_string(),
            connections: protocol.connections.to_string(),
            deadline_ns: protocol.deadline.map_or(0, |deadline| deadline.0),
            order: protocol.order.to_string(),
            period_ns: protocol.period.0,
            phase: protocol.phase.to_string(),
            back_to_sender: protocol.back_to_sender,
        }
    }
}

impl TryFrom<control::Protocol> for ProtocolSettings {
    type Error = ParseError;

    fn try_from(wire: control::Protocol) -> Result<Self, ParseError> {
        let named: Self = wire.name.parse()?;
        Ok(Self {
            in_flight: wire.in_flight.max(1),
            forward: wire.forward.parse()?,
            connections: wire.connections.parse()?,
            deadline: (wire.deadline_ns > 0).then_some(Interval(wire.deadline_ns)),
            order: wire.order.parse()?,
            period: if wire.period_ns > 0 { Interval(wire.period_ns) } else { named.period },
            phase: if wire.phase.is_empty() { named.phase } else { wire.phase.parse()? },
            back_to_sender: wire.back_to_sender,
            ..named
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SendId;
    use crate::machine::{CopyParts, WordsParts, answer_bytes};
    use crate::protocol::Phase;
    use proptest::prelude::*;

    #[test]
    fn a_message_with_fields_1_to_3_only_is_valid_and_unknown_in_the_rest() {
        let old = [b"\x0a\x03m-1\x12\x0a10.60.2.23\x18\xe8\x07".as_slice()].concat();
        let message = gossip::GossipMessage::decode(old.as_slice()).unwrap();
        let arrived = Arrived::from_wire(message).unwrap();
        assert_eq!((arrived.from.as_str(), arrived.sent), ("10.60.2.23", Timestamp(1000)));
        assert_eq!((arrived.hop, arrived.epoch, arrived.send_id.as_str()), (None, None, ""));
        assert_eq!(arrived.bytes, old.len() as u64);
    }

    #[test]
    fn what_start_sends_has_the_published_fields_only() {
        let node = NodeId::new("a").unwrap();
        let bytes = start_message(&node, "m", Timestamp(1)).encode_to_vec();
        assert_eq!(bytes, b"\x0a\x01m\x12\x01a\x18\x01");
    }

    #[test]
    fn a_sender_without_a_name_is_refused() {
        assert!(Arrived::from_wire(gossip::GossipMessage::default()).is_err());
    }

    #[test]
    fn a_protocol_survives_the_control_service() {
        for name in ["direct-mail", "flood", "push:3:8", "seed-h", "seed-o"] {
            let mut protocol: ProtocolSettings = name.parse().unwrap();
            (protocol.in_flight, protocol.period, protocol.back_to_sender) = (7, Interval(3), true);
            protocol.phase = Phase::Aligned;
            assert_eq!(ProtocolSettings::try_from(control::Protocol::from(&protocol)), Ok(protocol));
        }
    }

    #[test]
    fn links_survive_the_control_service_and_are_plain_where_a_driver_says_nothing_of_them() {
        let spec = LinkSpec {
            delay: "empirical:pings".parse().unwrap(),
            loss: "5%".parse().unwrap(),
            uplink: Some("mix:20%=1Gbit,80%=50Mbit".parse().unwrap()),
            downlink: Some("5Mbit".parse().unwrap()),
            sharing: "fifo".parse().unwrap(),
            validate: "empirical:checks".parse().unwrap(),
            ..LinkSpec::default()
        };
        let texts = Texts { delay: Some("1ms\n2ms\n"), validate: Some("3ms\n4ms\n"), service: None };
        assert_eq!(control::Links::of(&spec, texts).under(7).unwrap(), Links::new(&spec, texts, 7).unwrap());
        let old = control::Links {
            delay: "none".into(),
            transport: "stream".into(),
            loss: "0%".into(),
            ..Default::default()
        };
        assert!(old.under(7).unwrap().is_plain());
    }

    proptest! {
        #[test]
        fn words_and_answers_survive_the_wire_and_have_the_sizes_that_the_core_computes(
            name in "[a-z0-9.-]{1,20}", epoch in 1u64.., nth: u32, kind: u8, numbers: Vec<u32>, texts: Vec<String>,
        ) {
            let (from, epoch) = (NodeId::new(&name).unwrap(), Epoch(epoch));
            let body = Body::new(kind, numbers.into_iter().map(Message));
            let words = Words { nth, epoch: Some(epoch), body: body.clone() };
            let wire = words_to_wire(&words, &from);
            let parts = WordsParts { name_bytes: name.len() as u32, epoch, nth, body: &body };
            prop_assert_eq!(parts.encoded_bytes(), wire.encoded_len() as u64);
            prop_assert_eq!(words_from_wire(wire), Ok((from.clone(), words)));

            let copies = texts.iter().map(|text| start_message(&from, text, Timestamp(7)));
            let copies: Vec<_> = copies.collect();
            let sizes: Vec<u64> = copies.iter().map(|copy| copy.encoded_len() as u64).collect();
            let wire = answer_to_wire(&body, copies);
            prop_assert_eq!(answer_bytes(&body, sizes.iter().copied()), wire.encoded_len() as u64);
            let (said, arrived) = answer_from_wire(wire).unwrap();
            prop_assert_eq!((said, arrived.iter().map(|copy| copy.bytes).collect::<Vec<_>>()), (body, sizes));
        }

        #[test]
        fn a_copy_survives_the_wire_and_has_the_size_that_the_core_computes(
            name in "[a-z0-9.-]{1,20}", text in ".{0,40}", hop: Option<u32>, epoch in 1u64.., sent in 0u64..1 << 62,
            send: u64, payload in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let (from, message) = (NodeId::new(&name).unwrap(), MessageId::new(&text));
            let (hop, epoch, sent, payload) = (hop.map(Hop), Some(Epoch(epoch)), Timestamp(sent), Bytes::from(payload));
            let send_id = SendId(send).label(&from, Epoch(epoch.unwrap().0));
            let text_bytes = text.len() as u32;
            let gossip = Gossip { message: Message(1), text_bytes, hop, epoch, payload: payload.clone() };
            let names = CopyNames { message: &message, sender: &from, send_id: &send_id };
            let wire = to_wire(&gossip, names, sent).encode_to_vec();

            let arrived = Arrived::from_wire(gossip::GossipMessage::decode(wire.as_slice()).unwrap()).unwrap();

            let bytes = wire.len() as u64;
            let (name_bytes, payload_bytes) = (name.len() as u32, payload.len());
            let parts = CopyParts { text_bytes, name_bytes, sent, hop, epoch: epoch.unwrap(), send: SendId(send), payload_bytes };
            prop_assert_eq!(parts.encoded_bytes(), bytes);
            prop_assert_eq!(arrived, Arrived { from, message, hop, epoch, payload, sent, send_id, bytes });
        }
    }
}
