//! Bytes of a process's gossip connections, counted where they leave and enter it: all that TCP carries, which is gRPC
//! messages, acknowledgments, HTTP/2 framing and headers, without what TCP, IP and the link add.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

/// What has passed since the process started. The counters never fall.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    sent: AtomicU64,
    received: AtomicU64,
}

/// A connection whose bytes count.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    traffic: Arc<Traffic>,
}

impl Traffic {
    /// Bytes that the system took to send.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes that were read.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

impl<S> Counted<S> {
    /// Counts what passes through `stream`.
    pub(crate) fn new(stream: S, traffic: &Arc<Traffic>) -> Self {
        Self { stream, traffic: Arc::clone(traffic) }
    }

    fn count_sent(&self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        let sent = *written.as_ref().unwrap_or(&0) as u64;
        self.traffic.sent.fetch_add(sent, Ordering::Relaxed);
        Poll::Ready(written)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        self.traffic.received.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.count_sent(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, pieces));
        self.count_sent(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: Connected> Connected for Counted<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn what_one_end_sends_the_other_receives_in_pieces_or_whole() {
        let (near, far) = tokio::io::duplex(7);
        let [sender, receiver] = [Arc::new(Traffic::default()), Arc::new(Traffic::default())];
        let (mut near, mut far) = (Counted::new(near, &sender), Counted::new(far, &receiver));
        let write = async {
            near.write_all(&[1; 100]).await.unwrap();
            let pieces = [IoSlice::new(&[2; 3]), IoSlice::new(&[3; 2])];
            let written = near.write_vectored(&pieces).await.unwrap();
            near.write_all(&[3; 5][written..]).await.unwrap();
            near.shutdown().await.unwrap();
        };
        let mut read = Vec::new();
        let (_, length) = tokio::join!(write, far.read_to_end(&mut read));
        assert_eq!((length.unwrap(), sender.sent(), receiver.received()), (105, 105, 105));
        assert_eq!((sender.received(), receiver.sent()), (0, 0));
    }

    #[tokio::test]
    async fn a_write_that_fails_counts_nothing() {
        let (near, far) = tokio::io::duplex(7);
        drop(far);
        let traffic = Arc::new(Traffic::default());
        assert!(Counted::new(near, &traffic).write_all(&[1; 9]).await.is_err());
        assert_eq!(traffic.sent(), 0);
    }
}
