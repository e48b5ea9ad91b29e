//! What metrics are folds over: some rounds, their first receipts and their copies, a row each, as Polars frames whose rows
//! are grouped by round.

use cnsim::event::Kind;
use cnsim_records::columns::UNKNOWN_NS;
use polars::prelude::*;

use super::spread::Spread;
use crate::rounds::Batch;

/// Of every frame: the round's position among those that are measured together.
pub(super) const PLACE: &str = "place";
/// Of rounds: deliveries of a complete round, N - 1.
pub(super) const EXPECTED: &str = "expected";
/// Of first receipts: nodes in the round's network.
pub(super) const NODES: &str = "nodes";
/// Of first receipts: the share of the deliveries that convergence counts, in whole percent rounded down, that was made up to this
/// one, itself included, in the order of time; 0 where none is expected, and of a node that convergence does not count: under faults
/// one that was not up all the time.
pub(super) const MADE_PERCENT: &str = "made_percent";
/// Of first receipts: ns since `initiate`; null where nobody knows when that was.
pub(super) const SINCE_INITIATE: &str = "since_initiate_ns";
/// Of first receipts: ns since the initiator's first send; null where nobody knows when that was.
pub(super) const SINCE_FIRST_SEND: &str = "since_first_send_ns";
/// Of first receipts: distance from the initiator; null unknown.
pub(super) const HOP: &str = "hop";
/// Of first receipts: ns from send to receipt; null unknown.
pub(super) const LATENCY_NS: &str = "latency_ns";
/// Of first receipts: the machine that the copy came from, by number; null unknown, and where nobody has to know.
pub(super) const FROM_HOST: &str = "from_host";
/// Of first receipts: the machine that received it.
pub(super) const TO_HOST: &str = "to_host";
/// Of copies: what became of it, a kind's number in `Kind::ALL`.
pub(super) const KIND: &str = "kind";
/// Of copies: who sent it, by number.
pub(super) const SENDER: &str = "sender";
/// Of copies: whom it reached, or was meant for, by number.
pub(super) const RECEIVER: &str = "receiver";
/// Of copies: its name, by number; null where it has none.
pub(super) const SEND: &str = "send";

/// First receipts on their way into a frame.
#[derive(Debug, Default)]
pub(super) struct FirstReceipts {
    place: Vec<u32>,
    nodes: Vec<u32>,
    made_percent: Vec<u32>,
    since_initiate: Vec<Option<i64>>,
    since_first_send: Vec<Option<i64>>,
    hop: Vec<Option<i32>>,
    latency_ns: Vec<Option<i64>>,
    from_host: Vec<Option<u32>>,
    to_host: Vec<Option<u32>>,
}

impl FirstReceipts {
    /// Adds those of a round of so many nodes, with their hops, the machines at both ends where they are to be told apart, and the
    /// nodes that its convergence counts: how many there are to reach, and whether one is among them. Others have no rank.
    pub(super) fn add(
        &mut self,
        (place, nodes): (u32, u32),
        (spread, hops): (&Spread<'_>, &[i32]),
        hosts: impl Fn(usize) -> (Option<u32>, Option<u32>),
        (expected, counts): (u32, impl Fn(u32) -> bool),
    ) {
        let mut rank = 0_u64;
        // Times are as records have them, so that nonsense must not overflow.
        let since = |origin_ns: Option<i64>, at_ns: i64| origin_ns.map(|origin_ns| at_ns.saturating_sub(origin_ns));
        let initiate_ns = spread.initiate.map(|initiate| initiate.at_ns);
        let made_percent = |rank: u64| (rank * 100).checked_div(u64::from(expected)).unwrap_or(0) as u32;
        for (position, first) in spread.firsts.iter().enumerate() {
            let latency_ns = spread.events.latency_ns[spread.row(position)];
            let (from_host, to_host) = hosts(position);
            self.place.push(place);
            let is_counted = counts(first.receiver);
            rank += u64::from(is_counted);
            self.nodes.push(nodes);
            self.made_percent.push(if is_counted { made_percent(rank) } else { 0 });
            self.since_initiate.push(since(initiate_ns, first.received_ns));
            self.since_first_send.push(since(spread.first_send_ns, first.received_ns));
            self.hop.push(Some(hops[position]).filter(|hop| *hop >= 0));
            self.latency_ns.push((latency_ns != UNKNOWN_NS).then_some(latency_ns));
            self.from_host.push(from_host);
            self.to_host.push(to_host);
        }
    }

    /// The frame of [`PLACE`], [`NODES`], [`MADE_PERCENT`], [`SINCE_INITIATE`], [`SINCE_FIRST_SEND`], [`HOP`], [`LATENCY_NS`],
    /// [`FROM_HOST`] and [`TO_HOST`].
    pub(super) fn into_frame(self) -> PolarsResult<DataFrame> {
        let columns = vec![
            by_place(self.place),
            UInt32Chunked::from_vec(NODES.into(), self.nodes).into_column(),
            UInt32Chunked::from_vec(MADE_PERCENT.into(), self.made_percent).into_column(),
            Column::new(SINCE_INITIATE.into(), self.since_initiate),
            Column::new(SINCE_FIRST_SEND.into(), self.since_first_send),
            Column::new(HOP.into(), self.hop),
            Column::new(LATENCY_NS.into(), self.latency_ns),
            Column::new(FROM_HOST.into(), self.from_host),
            Column::new(TO_HOST.into(), self.to_host),
        ];
        DataFrame::new_infer_height(columns)
    }
}

/// The copies of some rounds, sends that failed among them: [`PLACE`], [`KIND`], [`SENDER`], [`RECEIVER`] and [`SEND`].
pub(super) fn copies(batch: &Batch) -> PolarsResult<DataFrame> {
    let events = &batch.columns;
    let mut places = Vec::with_capacity(events.len());
    for (place, round) in (0..).zip(batch.iter()) {
        places.resize(round.rows.end, place);
    }
    let is_copy: BooleanChunked = events.kind.iter().map(|kind| *kind != Kind::Initiate).collect();
    let kinds = events.kind.iter().map(|kind| *kind as u32);
    let sends = events.send.iter().map(|send| (*send != 0).then_some(*send));
    let columns = vec![
        by_place(places),
        UInt32Chunked::from_iter_values(KIND.into(), kinds).into_column(),
        UInt32Chunked::from_slice(SENDER.into(), &events.sender).into_column(),
        UInt32Chunked::from_slice(RECEIVER.into(), &events.receiver).into_column(),
        UInt64Chunked::from_iter_options(SEND.into(), sends).into_column(),
    ];
    DataFrame::new_infer_height(columns)?.filter(&is_copy)
}

/// The places of rows, which are in order: grouping by them needs no hash.
fn by_place(places: Vec<u32>) -> Column {
    let mut places = Series::new(PLACE.into(), places);
    places.set_sorted_flag(polars::series::IsSorted::Ascending);
    places.into()
}

/// Whether a copy's kind is this one.
pub(super) fn is(kind: Kind) -> Expr {
    col(KIND).eq(lit(kind as u32))
}
