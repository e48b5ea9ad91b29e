//! The columns of the events frame: what a report needs of a record, under the record's own names.

/// What happened: an enumeration of the four kinds, in the order that ties are broken in.
pub const KIND: &str = "event_type";
/// The run: an enumeration of run ids in order.
pub const RUN: &str = "run_id";
/// The round; 0 is warm-up.
pub const ROUND: &str = "round";
/// Nodes in the network as the record says, else as the run id says; 0 unknown.
pub const NODES: &str = "nodes";
/// Who sent: an enumeration of every node of the input, the same as the receiver's.
pub const SENDER: &str = "sender_id";
/// Who received.
pub const RECEIVER: &str = "receiver_id";
/// When it was received, ns since the Unix epoch.
pub const RECEIVED_NS: &str = "received_ns";
/// When it was sent, ns since the Unix epoch; in old logs received - propagation time; null where neither is.
pub const SENT_NS: &str = "sent_ns";
/// From send to receipt in ns: received - sent, from `propagation_time` where timestamps went through a float64 or the
/// send's is not on record; null where the record has no propagation time.
pub const LATENCY_NS: &str = "latency_ns";
/// Distance from the initiator as logged; null unknown.
pub const HOP: &str = "hop";
/// A hash of the copy's name, which is not 0; null where it has none.
pub const SEND: &str = "send";
/// The copy's number among those of its sender, as its name says it; null where that says none.
pub const SEND_NUMBER: &str = "send_number";
/// Encoded size of the copy; 0 unknown.
pub const BYTES: &str = "bytes";
/// The record's number in its process and run; 0 unknown.
pub const SEQ: &str = "seq";
/// The process: an enumeration; the empty text is unknown, here and in the next three.
pub const PROCESS: &str = "process";
/// The host.
pub const HOST: &str = "host";
/// The protocol's name.
pub const PROTOCOL: &str = "protocol";
/// The experiment's condition.
pub const CONDITION: &str = "condition";
/// Whether the timestamp came through a float64.
pub const FLOAT_TIMESTAMP: &str = "float_timestamp";
