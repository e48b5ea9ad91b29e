//! The generated gRPC types, and their translation from and to the core's.
//!
//! A message without our fields is a valid message: an absent hop, epoch or send id is unknown.

use bytes::Bytes;
use prost::Message;

use crate::id::{Epoch, Hop, IdError, MessageId, NodeId};
use crate::machine::{Body, Gossip};
use crate::protocol::{ParseError, Protocol};
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

/// One copy as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// Who sent it.
    pub from: NodeId,
    /// What it is.
    pub body: Body,
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
            body: Body::Gossip(Gossip {
                message: MessageId::new(&message.message),
                hop: message.hop.map(Hop),
                epoch: (message.epoch != 0).then_some(Epoch(message.epoch)),
                payload: message.payload,
            }),
            sent: Timestamp(u64::try_from(message.timestamp).unwrap_or(0)),
            send_id: message.send_id,
            bytes,
        })
    }
}

/// A copy as it goes out; `sent` is stamped just before the call.
pub fn to_wire(body: &Body, sender: &NodeId, send_id: String, sent: Timestamp) -> gossip::GossipMessage {
    let Body::Gossip(gossip) = body;
    gossip::GossipMessage {
        message: gossip.message.as_str().to_owned(),
        sender_id: sender.as_str().to_owned(),
        timestamp: i64::try_from(sent.0).unwrap_or(i64::MAX),
        hop: gossip.hop.map(|hop| hop.0),
        epoch: gossip.epoch.map_or(0, |epoch| epoch.0),
        send_id,
        payload: gossip.payload.clone(),
    }
}

/// A message as `start` sends it: from the node to itself, with the seed's three fields only.
pub fn start_message(node: &NodeId, message: &str, sent: Timestamp) -> gossip::GossipMessage {
    let body = Body::Gossip(Gossip { message: MessageId::new(message), hop: None, epoch: None, payload: Bytes::new() });
    to_wire(&body, node, String::new(), sent)
}

impl From<&Protocol> for control::Protocol {
    fn from(protocol: &Protocol) -> Self {
        Self {
            name: protocol.spec.to_string(),
            in_flight: protocol.in_flight,
            forward: protocol.forward.to_string(),
            connections: protocol.connections.to_string(),
            deadline_ns: protocol.deadline.map_or(0, |deadline| deadline.0),
            order: protocol.order.to_string(),
        }
    }
}

impl TryFrom<control::Protocol> for Protocol {
    type Error = ParseError;

    fn try_from(wire: control::Protocol) -> Result<Self, ParseError> {
        let named: Self = wire.name.parse()?;
        Ok(Self {
            in_flight: wire.in_flight.max(1),
            forward: wire.forward.parse()?,
            connections: wire.connections.parse()?,
            deadline: (wire.deadline_ns > 0).then_some(Interval(wire.deadline_ns)),
            order: wire.order.parse()?,
            ..named
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_with_fields_1_to_3_only_is_valid_and_unknown_in_the_rest() {
        let old = [b"\x0a\x03m-1\x12\x0a10.60.2.23\x18\xe8\x07".as_slice()].concat();
        let message = gossip::GossipMessage::decode(old.as_slice()).unwrap();
        let arrived = Arrived::from_wire(message).unwrap();
        let Body::Gossip(gossip) = &arrived.body;
        assert_eq!((arrived.from.as_str(), arrived.sent), ("10.60.2.23", Timestamp(1000)));
        assert_eq!((gossip.hop, gossip.epoch, arrived.send_id.as_str()), (None, None, ""));
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
            let mut protocol: Protocol = name.parse().unwrap();
            protocol.in_flight = 7;
            assert_eq!(Protocol::try_from(control::Protocol::from(&protocol)), Ok(protocol));
        }
    }

    proptest! {
        #[test]
        fn a_copy_survives_the_wire(
            name in "[a-z0-9.-]{1,20}", text in ".{0,40}", hop: Option<u32>, epoch in 1u64.., sent in 0u64..1 << 62,
            send_id in "[a-z:0-9]{0,20}", payload: Vec<u8>,
        ) {
            let from = NodeId::new(&name).unwrap();
            let gossip = Gossip {
                message: MessageId::new(&text),
                hop: hop.map(Hop),
                epoch: Some(Epoch(epoch)),
                payload: payload.into(),
            };
            let body = Body::Gossip(gossip);
            let wire = to_wire(&body, &from, send_id.clone(), Timestamp(sent)).encode_to_vec();
            let arrived = Arrived::from_wire(gossip::GossipMessage::decode(wire.as_slice()).unwrap()).unwrap();
            let bytes = wire.len() as u64;
            prop_assert_eq!(arrived, Arrived { from, body, sent: Timestamp(sent), send_id, bytes });
        }
    }
}
