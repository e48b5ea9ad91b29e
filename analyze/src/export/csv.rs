//! CSV with every column of the record, as `fetch` reads it: RFC 4180, empty where there is no value.

use std::io::{self, Write};

use cnsim::event::{Column, FORMAT, Record};

/// A file of lines, which begins with its header.
pub(super) struct CsvLines<W: Write> {
    lines: csv::Writer<W>,
}

impl<W: Write> CsvLines<W> {
    pub(super) fn new(out: W) -> io::Result<Self> {
        let mut lines = csv::WriterBuilder::new().from_writer(out);
        lines.write_record(Column::ALL.iter().map(|column| column.name()))?;
        Ok(Self { lines })
    }

    pub(super) fn write(&mut self, records: &[Record<'_>]) -> io::Result<()> {
        for record in records {
            self.lines.write_record(Column::ALL.iter().map(|column| cell(record, *column)))?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

fn cell(record: &Record<'_>, column: Column) -> String {
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    match column {
        Column::Message => record.message.to_string(),
        Column::SenderId => record.sender_id.to_string(),
        Column::ReceiverId => record.receiver_id.to_string(),
        Column::ReceivedTimestamp | Column::ReceivedNs => record.received_ns.to_string(),
        Column::PropagationTime => record.propagation_time.map(|time| time.to_string()).unwrap_or_default(),
        Column::EventType => record.kind.to_string(),
        Column::Detail => record.detail.to_string(),
        Column::RunId => record.run_id.to_string(),
        Column::Round => record.round.to_string(),
        Column::Nodes => record.nodes.to_string(),
        Column::Protocol => record.protocol.to_string(),
        Column::Condition => record.condition.to_string(),
        Column::Hop => number(record.hop.map(u64::from)),
        Column::SentNs => record.sent_ns.map(|time| time.to_string()).unwrap_or_default(),
        Column::SendId => record.send_id.to_string(),
        Column::Seq => number(record.seq),
        Column::Process => record.process.to_string(),
        Column::Host => record.host.to_string(),
        Column::Bytes => number(record.bytes),
        Column::Format => FORMAT.to_string(),
        Column::Reason => record.reason.to_string(),
        Column::Incarnation => record.incarnation.to_string(),
        Column::Clock => record.clock.map(|clock| clock.to_string()).unwrap_or_default(),
        Column::Topic => record.topic.to_string(),
    }
}
