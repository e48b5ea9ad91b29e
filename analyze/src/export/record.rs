//! A row of a table as the record that it was.

use cnsim::event::Record;
use cnsim_records::table::Table;

/// A row as the record that it was.
pub(super) fn record(table: &Table, row: usize) -> Record<'_> {
    let rest = table.rest.as_ref().expect("an export gathers whole records");
    Record {
        message: rest.message.text(row).into(),
        sender_id: table.node_names.text(table.sender[row]).into(),
        receiver_id: table.node_names.text(table.receiver[row]).into(),
        received_ns: table.received_ns[row],
        propagation_time: rest.propagation_time[row],
        kind: table.kind[row],
        detail: rest.detail.text(row).into(),
        run_id: table.run.text(row).into(),
        round: table.round[row],
        nodes: table.nodes[row],
        protocol: table.protocol.text(row).into(),
        condition: table.condition.text(row).into(),
        hop: u32::try_from(table.hop.get(row)).ok(),
        sent_ns: rest.sent_ns[row],
        send_id: rest.send_id.text(row).into(),
        seq: Some(table.seq.get(row)).filter(|seq| *seq > 0),
        process: table.process.text(row).into(),
        host: table.host.text(row).into(),
        bytes: rest.bytes[row],
        float_timestamp: table.float_timestamp.get(row),
    }
}
