//! Both ends of a probe of the network: one throws away what it gets and counts it, the other sends zeros. Neither touches
//! a node or a record.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cnsim::wire::control::{AbsorbReply, AbsorbRequest, EmitReply, EmitRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, timeout_at};
use tonic::Status;

/// How often the receiver says what came.
const WINDOW: Duration = Duration::from_millis(100);
/// What is read and written at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// Opens a port, and tells `replies` about it and then about what comes there, until the bounds, the sender's end or the
/// caller's.
pub(crate) async fn absorb(request: AbsorbRequest, replies: Sender<Result<AbsorbReply, Status>>) {
    if let Err(error) = absorbed(request, &replies).await {
        // Whoever asked may have gone.
        let _ = replies.send(Err(Status::internal(format!("the probe's receiver failed: {error}")))).await;
    }
}

async fn absorbed(request: AbsorbRequest, replies: &Sender<Result<AbsorbReply, Status>>) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    let port = u32::from(listener.local_addr()?.port());
    if replies.send(Ok(AbsorbReply { port, ..AbsorbReply::default() })).await.is_err() {
        return Ok(());
    }
    let deadline = Instant::now() + Duration::from_millis(request.ms_max);
    let accepted = tokio::select! {
        accepted = timeout_at(deadline, listener.accept()) => accepted,
        () = replies.closed() => return Ok(()),
    };
    let Ok(accepted) = accepted else { return Ok(()) };
    let (mut stream, _) = accepted?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut left = request.bytes_max;
    let mut window = Window::begin();
    loop {
        let read = tokio::select! {
            read = stream.read(&mut buffer) => read?,
            () = replies.closed() => return Ok(()),
            () = tokio::time::sleep_until(window.end.min(deadline)) => usize::MAX,
        };
        let count = if read == usize::MAX { 0 } else { read as u64 };
        window.bytes += count;
        left = left.saturating_sub(count);
        let now = Instant::now();
        let is_over = read == 0 || left == 0 || now >= deadline;
        if !is_over && now < window.end {
            continue;
        }
        if replies.send(Ok(window.reply(now))).await.is_err() || is_over {
            return Ok(());
        }
    }
}

/// What came since it began.
struct Window {
    begun: Instant,
    end: Instant,
    bytes: u64,
}

impl Window {
    fn begin() -> Self {
        let begun = Instant::now();
        Self { begun, end: begun + WINDOW, bytes: 0 }
    }

    /// Says what came until now, and begins again.
    fn reply(&mut self, now: Instant) -> AbsorbReply {
        let window_ns = u64::try_from((now - self.begun).as_nanos()).unwrap_or(u64::MAX);
        let reply = AbsorbReply { port: 0, bytes: self.bytes, window_ns };
        *self = Self { begun: now, end: now + WINDOW, bytes: 0 };
        reply
    }
}

/// Sends to the address as fast as it can, until the bounds or until the receiver has enough.
///
/// # Errors
/// Where nobody listens there.
pub(crate) async fn emit(request: EmitRequest) -> Result<EmitReply, Status> {
    let failed = |error: io::Error| Status::unavailable(format!("cannot reach {}: {error}", request.address));
    let address: SocketAddr = request
        .address
        .parse()
        .map_err(|_| Status::invalid_argument(format!("{:?} is no ADDRESS:PORT", request.address)))?;
    let mut stream = TcpStream::connect(address).await.map_err(failed)?;
    let begun = Instant::now();
    let deadline = begun + Duration::from_millis(request.ms_max);
    let zeros = vec![0; BUFFER_BYTES];
    let mut bytes = 0;
    while bytes < request.bytes_max {
        let rest = usize::try_from(request.bytes_max - bytes).map_or(zeros.len(), |rest| rest.min(zeros.len()));
        match timeout_at(deadline, stream.write(&zeros[..rest])).await {
            Ok(Ok(count)) if count > 0 => bytes += count as u64,
            // The time is over, or the receiver has closed because it has seen enough.
            Ok(Ok(_) | Err(_)) | Err(_) => break,
        }
    }
    Ok(EmitReply { bytes, ns: u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX) })
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    /// Probes with these bounds on both ends; what was sent, and what came.
    async fn probe(receiver: AbsorbRequest, sender: (u64, u64)) -> (EmitReply, Vec<AbsorbReply>) {
        let (windows, mut replies) = mpsc::channel(1000);
        let absorbing = tokio::spawn(absorb(receiver, windows));
        let port = replies.recv().await.unwrap().unwrap().port;
        let address = format!("127.0.0.1:{port}");
        let sent = emit(EmitRequest { address, bytes_max: sender.0, ms_max: sender.1 }).await.unwrap();
        absorbing.await.unwrap();
        let mut windows = Vec::new();
        while let Some(reply) = replies.recv().await {
            windows.push(reply.unwrap());
        }
        (sent, windows)
    }

    #[tokio::test]
    async fn everything_that_is_sent_is_counted() {
        let (sent, windows) = probe(AbsorbRequest { bytes_max: u64::MAX, ms_max: 20_000 }, (3_000_001, 20_000)).await;

        assert_eq!(sent.bytes, 3_000_001);
        assert_eq!(windows.iter().map(|window| window.bytes).sum::<u64>(), 3_000_001);
        assert!(windows.iter().all(|window| window.port == 0 && window.window_ns > 0));
    }

    #[tokio::test]
    async fn a_receiver_that_has_enough_ends_the_sender() {
        let (sent, windows) = probe(AbsorbRequest { bytes_max: 1_000_000, ms_max: 20_000 }, (u64::MAX, 20_000)).await;

        assert!(windows.iter().map(|window| window.bytes).sum::<u64>() >= 1_000_000);
        assert!(sent.bytes >= 1_000_000);
    }

    #[tokio::test]
    async fn a_caller_that_goes_ends_both() {
        let (windows, mut replies) = mpsc::channel(1);
        let absorbing = tokio::spawn(absorb(AbsorbRequest { bytes_max: u64::MAX, ms_max: 20_000 }, windows));
        let port = replies.recv().await.unwrap().unwrap().port;
        let address = format!("127.0.0.1:{port}");
        let emitting = tokio::spawn(emit(EmitRequest { address, bytes_max: u64::MAX, ms_max: 20_000 }));
        replies.recv().await.unwrap().unwrap();

        drop(replies);

        absorbing.await.unwrap();
        assert!(emitting.await.unwrap().unwrap().bytes > 0);
    }

    #[tokio::test]
    async fn an_address_where_nobody_listens_is_named() {
        let error =
            emit(EmitRequest { address: "127.0.0.1:1".to_owned(), bytes_max: 1, ms_max: 1000 }).await.unwrap_err();
        assert!(error.message().starts_with("cannot reach 127.0.0.1:1: "), "{}", error.message());
    }
}
