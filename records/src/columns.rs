//! Some rows of the events frame as plain slices, for what walks from row to row.

use cnsim::event::Kind;
use polars::prelude::*;

use crate::names::Names;
use crate::schema::{
    BYTES, CONDITION, FLOAT_TIMESTAMP, HOP, HOST, KIND, LATENCY_NS, NODES, PROCESS, PROTOCOL, RECEIVED_NS, RECEIVER,
    ROUND, RUN, SEND, SEND_NUMBER, SENDER, SENT_NS, SEQ,
};

/// A time or a latency that the record did not give: null in the frame.
pub const UNKNOWN_NS: i64 = i64::MIN;

/// Rows as columns of equal length. Texts are numbers in [`EventNames`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventColumns {
    /// The texts behind the numbers.
    pub names: EventNames,
    /// What happened.
    pub kind: Vec<Kind>,
    /// Number of the run in `names.runs`.
    pub run: Vec<u32>,
    /// The round; 0 is warm-up.
    pub round: Vec<u32>,
    /// Nodes in the network; 0 unknown.
    pub nodes: Vec<u32>,
    /// Number of the sender in `names.nodes`.
    pub sender: Vec<u32>,
    /// Number of the receiver in `names.nodes`.
    pub receiver: Vec<u32>,
    /// When it was received, ns since the Unix epoch.
    pub received_ns: Vec<i64>,
    /// When it was sent, ns since the Unix epoch; [`UNKNOWN_NS`] unknown.
    pub sent_ns: Vec<i64>,
    /// From send to receipt in ns; [`UNKNOWN_NS`] unknown.
    pub latency_ns: Vec<i64>,
    /// Distance from the initiator as logged; -1 unknown.
    pub hop: Vec<i32>,
    /// A hash of the copy's name; 0 unknown.
    pub send: Vec<u64>,
    /// The copy's number among those of its sender; 0 unknown.
    pub send_number: Vec<u32>,
    /// Encoded size of the copy; 0 unknown.
    pub bytes: Vec<u32>,
    /// The record's number in its process and run; 0 unknown.
    pub seq: Vec<u64>,
    /// Number of the process in `names.processes`.
    pub process: Vec<u32>,
    /// Number of the host in `names.hosts`.
    pub host: Vec<u32>,
    /// Number of the protocol in `names.protocols`.
    pub protocol: Vec<u32>,
    /// Number of the condition in `names.conditions`.
    pub condition: Vec<u32>,
    /// Whether the timestamp came through a float64.
    pub float_timestamp: Vec<bool>,
}

/// The texts of each column of texts. The empty text is "unknown" everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventNames {
    /// Run ids.
    pub runs: Names,
    /// Node ids, of senders and receivers alike.
    pub nodes: Names,
    /// Processes.
    pub processes: Names,
    /// Hosts.
    pub hosts: Names,
    /// Protocols.
    pub protocols: Names,
    /// Conditions.
    pub conditions: Names,
}

impl EventColumns {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.kind.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// Takes the rows of a frame of events apart.
    ///
    /// # Errors
    /// Where the frame is not one of events.
    pub fn of(frame: &DataFrame, names: &EventNames) -> PolarsResult<Self> {
        let numbers = |name: &str| numbers(frame.column(name)?);
        let kinds = numbers(KIND)?;
        Ok(Self {
            names: names.clone(),
            kind: kinds.into_iter().map(|number| Kind::ALL[number as usize]).collect(),
            run: numbers(RUN)?,
            round: plain_values::<UInt32Type>(frame.column(ROUND)?, 0)?,
            nodes: plain_values::<UInt32Type>(frame.column(NODES)?, 0)?,
            sender: numbers(SENDER)?,
            receiver: numbers(RECEIVER)?,
            received_ns: plain_values::<Int64Type>(frame.column(RECEIVED_NS)?, UNKNOWN_NS)?,
            sent_ns: plain_values::<Int64Type>(frame.column(SENT_NS)?, UNKNOWN_NS)?,
            latency_ns: plain_values::<Int64Type>(frame.column(LATENCY_NS)?, UNKNOWN_NS)?,
            hop: plain_values::<Int32Type>(frame.column(HOP)?, -1)?,
            send: plain_values::<UInt64Type>(frame.column(SEND)?, 0)?,
            send_number: plain_values::<UInt32Type>(frame.column(SEND_NUMBER)?, 0)?,
            bytes: plain_values::<UInt32Type>(frame.column(BYTES)?, 0)?,
            seq: plain_values::<UInt64Type>(frame.column(SEQ)?, 0)?,
            process: numbers(PROCESS)?,
            host: numbers(HOST)?,
            protocol: numbers(PROTOCOL)?,
            condition: numbers(CONDITION)?,
            float_timestamp: flags(frame.column(FLOAT_TIMESTAMP)?)?,
        })
    }

    /// The rows as a frame of events.
    ///
    /// # Errors
    /// Where there is no text for a number.
    pub fn to_frame(&self) -> PolarsResult<DataFrame> {
        let names = &self.names;
        let kinds: Vec<u32> = self.kind.iter().map(|kind| *kind as u32).collect();
        let unless = |unknown: i64, values: &[i64]| -> Int64Chunked {
            values.iter().map(|value| (*value != unknown).then_some(*value)).collect()
        };
        let columns = vec![
            enumerated(KIND, &kinds, &kind_names())?,
            enumerated(RUN, &self.run, &names.runs)?,
            Column::new(ROUND.into(), &self.round),
            Column::new(NODES.into(), &self.nodes),
            enumerated(SENDER, &self.sender, &names.nodes)?,
            enumerated(RECEIVER, &self.receiver, &names.nodes)?,
            Column::new(RECEIVED_NS.into(), &self.received_ns),
            unless(UNKNOWN_NS, &self.sent_ns).with_name(SENT_NS.into()).into_column(),
            unless(UNKNOWN_NS, &self.latency_ns).with_name(LATENCY_NS.into()).into_column(),
            self.hop
                .iter()
                .map(|hop| (*hop >= 0).then_some(*hop))
                .collect::<Int32Chunked>()
                .with_name(HOP.into())
                .into_column(),
            self.send
                .iter()
                .map(|send| (*send != 0).then_some(*send))
                .collect::<UInt64Chunked>()
                .with_name(SEND.into())
                .into_column(),
            self.send_number
                .iter()
                .map(|number| (*number != 0).then_some(*number))
                .collect::<UInt32Chunked>()
                .with_name(SEND_NUMBER.into())
                .into_column(),
            Column::new(BYTES.into(), &self.bytes),
            Column::new(SEQ.into(), &self.seq),
            enumerated(PROCESS, &self.process, &names.processes)?,
            enumerated(HOST, &self.host, &names.hosts)?,
            enumerated(PROTOCOL, &self.protocol, &names.protocols)?,
            enumerated(CONDITION, &self.condition, &names.conditions)?,
            Column::new(FLOAT_TIMESTAMP.into(), &self.float_timestamp),
        ];
        DataFrame::new(self.len(), columns)
    }
}

/// The kinds of events as names: a kind's number is its place in `Kind::ALL`.
pub fn kind_names() -> Names {
    Names::in_order(Kind::ALL.map(Kind::as_str))
}

/// The numbers of a column of an enumeration.
///
/// # Errors
/// Where it is of another type.
pub fn numbers(column: &Column) -> PolarsResult<Vec<u32>> {
    plain(column, |series| {
        Ok(match series.dtype().cat_physical()? {
            CategoricalPhysical::U8 => values(series.cat8()?.physical(), 0).into_iter().map(u32::from).collect(),
            CategoricalPhysical::U16 => values(series.cat16()?.physical(), 0).into_iter().map(u32::from).collect(),
            CategoricalPhysical::U32 => values(series.cat32()?.physical(), 0),
        })
    })
}

/// The values of a column of numbers, `missing` in the place of null.
///
/// # Errors
/// Where it is of another type.
pub fn plain_values<T: PolarsNumericType>(column: &Column, missing: T::Native) -> PolarsResult<Vec<T::Native>> {
    plain(column, |series| Ok(values(series.unpack::<T>()?, missing)))
}

fn flags(column: &Column) -> PolarsResult<Vec<bool>> {
    plain(column, |series| Ok(series.bool()?.iter().map(|flag| flag.unwrap_or(false)).collect()))
}

/// What a column holds, of which one value is enough where all are equal: a column keeps what it was materialised to.
fn plain<V: Copy>(column: &Column, of: impl Fn(&Series) -> PolarsResult<Vec<V>>) -> PolarsResult<Vec<V>> {
    match column {
        Column::Series(series) => of(series),
        Column::Scalar(scalar) => {
            let first = of(&scalar.as_single_value_series())?.first().copied();
            Ok(first.map_or_else(Vec::new, |first| vec![first; column.len()]))
        }
    }
}

/// A column of an enumeration, given the numbers of its texts.
///
/// # Errors
/// Where there is no text for a number.
pub fn enumerated(name: &str, numbers: &[u32], names: &Names) -> PolarsResult<Column> {
    let (name, dtype) = (PlSmallStr::from_str(name), names.dtype());
    if let Some(number) = numbers.iter().max().filter(|number| **number as usize >= names.len()) {
        polars_bail!(OutOfBounds: "column {name} has the number {number}, for which there is no text");
    }
    Ok(match dtype.cat_physical()? {
        CategoricalPhysical::U8 => {
            let numbers = UInt8Chunked::from_iter_values(name, numbers.iter().map(|number| *number as u8));
            Categorical8Chunked::from_cats_and_dtype(numbers, dtype).into_column()
        }
        CategoricalPhysical::U16 => {
            let numbers = UInt16Chunked::from_iter_values(name, numbers.iter().map(|number| *number as u16));
            Categorical16Chunked::from_cats_and_dtype(numbers, dtype).into_column()
        }
        CategoricalPhysical::U32 => {
            let numbers = UInt32Chunked::from_slice(name, numbers);
            Categorical32Chunked::from_cats_and_dtype(numbers, dtype).into_column()
        }
    })
}

/// The values of a column, `missing` in the place of null.
pub fn values<T: PolarsNumericType>(column: &ChunkedArray<T>, missing: T::Native) -> Vec<T::Native> {
    match column.cont_slice() {
        Ok(values) => values.to_vec(),
        Err(_) => column.iter().map(|value| value.unwrap_or(missing)).collect(),
    }
}

/// A column, which takes the room of one value where all are equal.
pub fn compact(series: Series) -> Column {
    if series.is_empty() || !is_constant(&series.to_physical_repr()) {
        return series.into();
    }
    constant(&series, series.len())
}

/// A column of as many rows that all hold a series' first value.
pub fn constant(series: &Series, rows: usize) -> Column {
    let first = series.first();
    Column::new_scalar(series.name().clone(), first, rows)
}

fn is_constant(series: &Series) -> bool {
    fn is_one<T: PolarsNumericType>(column: PolarsResult<&ChunkedArray<T>>) -> bool {
        column.is_ok_and(|column| match column.cont_slice() {
            Ok(values) => values.iter().all(|value| *value == values[0]),
            Err(_) => {
                column.null_count() == column.len() || {
                    let first = column.first();
                    column.iter().all(|value| value == first)
                }
            }
        })
    }
    // A series is of one type: every other is no series of its kind.
    is_one(series.u8())
        || is_one(series.u16())
        || is_one(series.u32())
        || is_one(series.u64())
        || is_one(series.i32())
        || is_one(series.i64())
        || series.bool().is_ok_and(|column| column.null_count() == 0 && (column.all() || !column.any()))
}
