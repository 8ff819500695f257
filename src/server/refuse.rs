//! Turning clients away before anything of theirs is read.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};
use tokio_util::task::TaskTracker;

use crate::{metrics::Limit, report::Problem};

/// How many are told why at once. More are let go of without a word: a flood must not cost more when it is refused.
const AT_ONCE: usize = 64;

/// How long one may take to hear it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Tells clients that there is no room for them.
pub(super) struct Refuser {
    /// To whom TLS must be spoken nothing can be said before the handshake, and that is what there is no room for.
    is_silent: bool,
    tasks: TaskTracker,
    room: Arc<Semaphore>,
}

impl Refuser {
    pub(super) fn new(is_silent: bool, tasks: TaskTracker) -> Self {
        Self { is_silent, tasks, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Turns this client away.
    pub(super) fn refuse(&self, stream: TcpStream, limit: Limit) {
        if self.is_silent {
            return;
        }
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else { return };
        self.tasks.spawn(async move {
            let _ = timeout(PATIENCE, tell(stream, limit)).await;
            drop(permit);
        });
    }
}

async fn tell(mut stream: TcpStream, limit: Limit) -> std::io::Result<()> {
    stream.write_all(answer(limit).as_bytes()).await?;
    stream.shutdown().await?;
    // a connection that is closed with bytes unread is reset, and the reset may overtake the answer
    let mut bin = [0; 1024];
    while stream.read(&mut bin).await? > 0 {}
    Ok(())
}

fn answer(limit: Limit) -> String {
    let (status, reason, slug, detail) = match limit {
        Limit::ConnectionsPerAddress => (
            429,
            "Too Many Requests",
            "too-many-connections",
            "there are as many connections from your address as there may be",
        ),
        _ => (503, "Service Unavailable", "full", "there are as many connections as there may be"),
    };
    let problem =
        Problem::new(slug, status, "Too many connections", format!("{detail}; come again in a while"));
    let body = serde_json::to_string(&problem).unwrap_or_default();
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         retry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
