//! Whether a limit on traffic binds: one pod sends to another as fast as it can until the rate settles.
//!
//! A token bucket lets a burst pass before it limits, and the burst can be thousands of times a round's traffic: only a
//! sender that goes on beyond it sees the rate.

use std::time::Duration;

use cnsim::manifest::Probe;
use cnsim::wire::control::{AbsorbReply, AbsorbRequest, EmitRequest};
use tokio::time::timeout;
use tonic::Streaming;

use crate::cluster::Process;

/// The most that is sent.
const BYTES_MAX: u64 = 4 << 30;
/// How long it may take.
const TIME_MAX: Duration = Duration::from_secs(40);
/// The rate is taken over this long, and has settled when the span before it had nearly the same.
const SPAN: Duration = Duration::from_secs(2);
/// By how much the rates of two spans that settled may differ.
const STEADY: f64 = 0.1;
/// A settled rate above this share of the intended one may still be the burst.
const ABOVE: f64 = 1.1;
/// A rate is known as limited where the sender was faster than this many times it before.
const DROP: f64 = 2.0;

/// Bytes that arrived in a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Window {
    bytes: u64,
    seconds: f64,
}

/// Probes a limit of so many bits per second.
pub(super) async fn probe(from: &Process, to: &Process, intended_bits_per_s: u64) -> Result<Probe, String> {
    let request = AbsorbRequest { bytes_max: BYTES_MAX, ms_max: TIME_MAX.as_millis() as u64 };
    let mut absorbing = to.control.clone();
    let reply = absorbing.absorb(request).await.map_err(|status| failure(&to.name, &status))?;
    let mut windows = reply.into_inner();
    let first = windows.message().await.map_err(|status| failure(&to.name, &status))?;
    let port = first.map(|reply| reply.port).filter(|port| *port > 0).ok_or("the receiver opened no port")?;
    let host = to.nodes.first().and_then(|node| node.address.rsplit_once(':')).map(|(host, _)| host);
    let address = format!("{}:{port}", host.ok_or("the receiver has no address")?);
    let request = EmitRequest { address, bytes_max: BYTES_MAX, ms_max: TIME_MAX.as_millis() as u64 };
    let mut emitting = from.control.clone();
    let sent = tokio::spawn(async move { emitting.emit(request).await });
    let seen = seen(&mut windows, intended_bits_per_s as f64).await;
    drop(windows);
    let sent = sent.await.map_err(|error| error.to_string())?;
    sent.map_err(|status| failure(&from.name, &status))?;
    let seen = seen.map_err(|status| failure(&to.name, &status))?;
    Ok(judged(&seen, from, to))
}

/// The windows until the rate has settled below the intended one, or until the bounds are reached.
async fn seen(replies: &mut Streaming<AbsorbReply>, intended: f64) -> Result<Vec<Window>, tonic::Status> {
    let mut windows = Vec::new();
    // The receiver keeps the bounds; this holds where it does not.
    while let Ok(reply) = timeout(TIME_MAX, replies.message()).await {
        let Some(reply) = reply? else { break };
        windows.push(Window { bytes: reply.bytes, seconds: reply.window_ns as f64 / 1e9 });
        if settled(&windows).is_some_and(|rate| rate <= ABOVE * intended) {
            break;
        }
    }
    Ok(windows)
}

fn judged(windows: &[Window], from: &Process, to: &Process) -> Probe {
    let rate = limited(windows);
    Probe {
        from: from.name.clone(),
        to: to.name.clone(),
        bytes: windows.iter().map(|window| window.bytes).sum(),
        seconds: windows.iter().map(|window| window.seconds).sum(),
        achieved_bits_per_s: rate,
        burst_bytes: rate.map(|rate| burst(windows, rate)),
    }
}

/// The rate in bits per second that the last windows settled at; none where they have not.
fn settled(windows: &[Window]) -> Option<f64> {
    let last = span(windows)?;
    let before = span(&windows[..windows.len() - last.count])?;
    ((last.rate - before.rate).abs() <= STEADY * last.rate).then_some(last.rate)
}

/// The settled rate, where it is a limit's: the sender was faster before, or the limit binds from the first byte on and
/// then the rate is the same in all windows.
fn limited(windows: &[Window]) -> Option<f64> {
    let rate = settled(windows)?;
    let fastest = windows.iter().map(|window| window.bytes as f64 * 8.0 / window.seconds).fold(0.0, f64::max);
    let from_the_start = windows.iter().map(|window| window.seconds).sum::<f64>() < TIME_MAX.as_secs_f64() * 0.9;
    (fastest >= DROP * rate || from_the_start).then_some(rate)
}

struct Span {
    count: usize,
    rate: f64,
}

/// The last windows that make up a span; none where there are not so many.
fn span(windows: &[Window]) -> Option<Span> {
    let (mut bytes, mut seconds) = (0, 0.0);
    for (index, window) in windows.iter().rev().enumerate() {
        bytes += window.bytes;
        seconds += window.seconds;
        if seconds >= SPAN.as_secs_f64() {
            return Some(Span { count: index + 1, rate: bytes as f64 * 8.0 / seconds });
        }
    }
    None
}

/// What was above the limited rate at its most: a token bucket's size.
fn burst(windows: &[Window], rate: f64) -> u64 {
    let (mut excess, mut most) = (0.0, 0f64);
    for window in windows {
        excess += window.bytes as f64 - rate / 8.0 * window.seconds;
        most = most.max(excess);
    }
    most.round() as u64
}

fn failure(process: &str, status: &tonic::Status) -> String {
    format!("{process}: {}", status.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(counts: &[(usize, u64)]) -> Vec<Window> {
        let each = |(count, bytes): &(usize, u64)| vec![Window { bytes: *bytes, seconds: 0.1 }; *count];
        counts.iter().flat_map(each).collect()
    }

    #[test]
    fn a_token_bucket_shows_its_rate_and_its_burst() {
        let seen = windows(&[(2, 10_500_000), (41, 62_500)]);

        let rate = limited(&seen).unwrap();

        assert!((rate - 5e6).abs() < 1.0, "{rate}");
        assert!(burst(&seen, rate).abs_diff(21_000_000 - 125_000) < 2, "{}", burst(&seen, rate));
    }

    #[test]
    fn a_link_that_stays_as_fast_to_the_end_has_no_limit() {
        assert_eq!(limited(&windows(&[(400, 100_000_000)])), None);
    }

    #[test]
    fn a_paced_link_is_limited_from_the_first_byte_on() {
        let rate = limited(&windows(&[(42, 60_000)])).unwrap();
        assert!((rate - 4.8e6).abs() < 1.0, "{rate}");
    }

    #[test]
    fn a_rate_that_still_falls_has_not_settled() {
        assert_eq!(settled(&windows(&[(20, 1_000_000), (20, 62_500)])), None);
        assert_eq!(settled(&windows(&[(20, 1_000_000)])), None);
    }
}
