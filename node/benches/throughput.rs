//! Messages per second and latency through one node over loopback: `throughput [HOST:PORT]`.
//!
//! Without an address it starts a node of its own; with one it loads whatever gossip node listens there, so that the
//! same client measures a peer. Every message has a name of its own, 64 are under way at a time, over one connection.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "it measures, and stops where it cannot")]

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cnsim::wire::gossip::GossipMessage;
use cnsim::wire::gossip::gossip_service_client::GossipServiceClient;
use tonic::transport::{Channel, Endpoint};

const MESSAGES: u32 = 100_000;
const WARM_UP: u32 = 5_000;
const UNDER_WAY: u32 = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let target = std::env::args().skip(1).find(|argument| argument.contains(':'));
    let (own, address) = match target {
        Some(address) => (None, address),
        None => {
            let (child, address) = start();
            (Some(child), address)
        }
    };
    let channel = connect(&address).await;
    load(&channel, 0..WARM_UP).await;
    let begun = Instant::now();
    let mut latencies = load(&channel, WARM_UP..WARM_UP + MESSAGES).await;
    let took = begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let percentile = |share: usize| latencies[(latencies.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!(
        "{:.0} messages/s, p50 {:.2} ms, p99 {:.2} ms",
        f64::from(MESSAGES) / took,
        percentile(50),
        percentile(99)
    );
    if let Some(mut child) = own {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// A node of its own on a free port.
fn start() -> (Child, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let child = Command::new(env!("CARGO_BIN_EXE_cnsim-node"))
        .args(["serve", "--id", "bench", "--control", "127.0.0.1:0", "--listen", &address])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    (child, address)
}

async fn connect(address: &str) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap().tcp_nodelay(true);
    for _ in 0..500 {
        if let Ok(channel) = endpoint.connect().await {
            return channel;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody listens at {address}");
}

/// Sends the messages with these numbers; returns how long each took.
async fn load(channel: &Channel, numbers: std::ops::Range<u32>) -> Vec<Duration> {
    let next = Arc::new(AtomicU32::new(numbers.start));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..UNDER_WAY {
        let (next, end) = (Arc::clone(&next), numbers.end);
        let mut client = GossipServiceClient::new(channel.clone());
        workers.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return latencies;
                }
                let message = format!("bench-{number}");
                let copy = GossipMessage { message, sender_id: "client".to_owned(), ..Default::default() };
                let begun = Instant::now();
                client.send_message(copy).await.unwrap();
                latencies.push(begun.elapsed());
            }
        });
    }
    workers.join_all().await.into_iter().flatten().collect()
}
