//! The published system's CSV, as its notebooks read it: its columns in their order, timestamps that went through a
//! float64, no quotes, no final line end. It knows no `failed`, so those records are left out.

use std::io::{self, Write};

use cnsim::event::{Kind, Record};

const HEADER: &str = "sender_id,receiver_id,message,event_type,received_timestamp,propagation_time,detail";

/// A record that cannot be told without quotes.
#[derive(Debug, thiserror::Error)]
#[error(
    "the {column} {text:?} holds a comma, a quote or a line end, which the published form cannot: export with --format csv"
)]
pub struct Unfit {
    column: &'static str,
    text: String,
}

pub(super) fn header(out: &mut impl Write) -> io::Result<()> {
    out.write_all(HEADER.as_bytes())
}

/// Writes the lines of a table; `failed` says what a failed write is to the caller.
pub(super) fn write<E: From<Unfit>>(
    records: &[Record<'_>],
    out: &mut impl Write,
    failed: impl Fn(io::Error) -> E,
) -> Result<(), E> {
    for record in records.iter().filter(|record| record.kind != Kind::Failed) {
        let line = line(record)?;
        out.write_all(line.as_bytes()).map_err(&failed)?;
    }
    Ok(())
}

/// A record's line, with the line end before it.
fn line(record: &Record<'_>) -> Result<String, Unfit> {
    let texts = [
        ("sender_id", &record.sender_id),
        ("receiver_id", &record.receiver_id),
        ("message", &record.message),
        ("detail", &record.detail),
    ];
    if let Some((column, text)) = texts.into_iter().find(|(_, text)| text.contains([',', '"', '\n', '\r'])) {
        return Err(Unfit { column, text: text.to_string() });
    }
    let Record { sender_id, receiver_id, message, kind, detail, .. } = record;
    let (at, took) = (scientific(record.received_ns), record.propagation_time.map(decimal).unwrap_or_default());
    Ok(format!("\n{sender_id},{receiver_id},{message},{kind},{at},{took},{detail}"))
}

/// A time as BigQuery prints the float64 that it made of it, `1.7429522590987039e+18`: with 15 digits where they give the
/// same number back, else with 17, and no zero at the end.
fn scientific(ns: i64) -> String {
    let value = ns as f64;
    let short = format!("{value:.14e}");
    let text = if short.parse() == Ok(value) { short } else { format!("{value:.16e}") };
    let (digits, exponent) = text.split_once('e').expect("the format writes an exponent");
    format!("{}e+{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// Milliseconds with six digits at most, and one at least.
fn decimal(ms: f64) -> String {
    format!("{:?}", (ms * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_bigquery_tells_a_float() {
        assert_eq!(scientific(1_742_870_665_587_352_100), "1.7428706655873521e+18");
        assert_eq!(scientific(1_742_869_853_000_000_000), "1.742869853e+18");
        assert_eq!(scientific(1_742_869_853_698_245_700), "1.7428698536982456e+18");
        assert_eq!(decimal(0.319_746_2), "0.319746");
        assert_eq!(decimal(5.0), "5.0");
    }
}
