//! What a way of hearing costs, counted where it is paid: at the socket.
//!
//! Every connection of a way is a [`Counted`] one. It counts what the program writes and reads, heads, handshakes and
//! frames among it; what TCP and IP add is not seen from here.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// The costs of one way in one run, as they grow.
#[derive(Debug, Default)]
pub(super) struct Meter {
    requests: AtomicU64,
    connections: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

/// The costs of one way in one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// HTTP requests, handshakes among them, whoever made them.
    pub(super) requests: u64,
    /// TCP connections, whoever opened them.
    pub(super) connections: u64,
    /// Bytes from the client to the server.
    pub(super) up: u64,
    /// Bytes from the server to the client.
    pub(super) down: u64,
}

impl Meter {
    /// A request is made.
    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// Counts everything that `stream` carries.
    pub(super) fn count(self: &Arc<Self>, stream: TcpStream) -> Counted {
        self.connections.fetch_add(1, Relaxed);
        // a small request must not wait for the answer to the one before it
        let _ = stream.set_nodelay(true);
        Counted { stream, meter: Arc::clone(self) }
    }

    pub(super) fn cost(&self) -> Cost {
        Cost {
            requests: self.requests.load(Relaxed),
            connections: self.connections.load(Relaxed),
            up: self.up.load(Relaxed),
            down: self.down.load(Relaxed),
        }
    }
}

/// A connection whose bytes are counted.
#[derive(Debug)]
pub(super) struct Counted {
    stream: TcpStream,
    meter: Arc<Meter>,
}

impl Counted {
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &written {
            self.meter.up.fetch_add(*bytes as u64, Relaxed);
        }
        written
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.meter.down.fetch_add((buffer.filled().len() - before) as u64, Relaxed);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
