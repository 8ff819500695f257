//! Whether the head of a request arrives in time.
//!
//! hyper has one timer for everything between two requests: the silence of a client that may come back, and the head
//! that it sends. The first may take its time and the second may not, so the second is measured here: from the first
//! byte that is read while no request is under way, to the call of the service.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
    time::{Instant, sleep_until},
};

/// A request is under way: what is read is its body, or waits for its turn.
const BUSY: u64 = u64::MAX;
/// The client may be silent.
const IDLE: u64 = u64::MAX - 1;

/// Where a connection is between two requests.
#[derive(Debug)]
pub(crate) struct Pulse {
    began: Instant,
    patience: Duration,
    /// [`BUSY`], [`IDLE`], or when the head began, in milliseconds after `began`.
    state: AtomicU64,
    changed: Notify,
}

impl Pulse {
    /// A connection on which the first head is due `patience` from now.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { began: Instant::now(), patience, state: AtomicU64::new(0), changed: Notify::new() }
    }

    /// A head has arrived.
    pub(crate) fn busy(&self) {
        self.state.store(BUSY, Relaxed);
    }

    /// Its answer is on the way.
    pub(crate) fn idle(&self) {
        self.state.store(IDLE, Relaxed);
    }

    fn read(&self) {
        if self.state.load(Relaxed) == IDLE {
            let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(IDLE - 1);
            self.state.store(now, Relaxed);
            self.changed.notify_one();
        }
    }

    /// Ends when a head has taken too long.
    pub(crate) async fn stops(&self) {
        loop {
            match self.state.load(Relaxed) {
                BUSY | IDLE => self.changed.notified().await,
                head => {
                    sleep_until(self.began + Duration::from_millis(head) + self.patience).await;
                    if self.state.load(Relaxed) == head {
                        return;
                    }
                }
            }
        }
    }
}

/// A stream that says when it is read.
pub(crate) struct Beating<S> {
    stream: S,
    pulse: Arc<Pulse>,
}

impl<S> Beating<S> {
    pub(crate) fn new(stream: S, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse }
    }

    /// The stream alone.
    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Beating<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.pulse.read();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Beating<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
