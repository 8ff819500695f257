//! The end of the process: who asks for it, and in which order the parts hear of it.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The stages of a drain. Each token is cancelled once and never undone.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// No new connections, and no new work; running work is given back.
    pub stop: CancellationToken,
    /// Every socket says farewell.
    pub farewell: CancellationToken,
    /// What is left is cut off.
    pub deadline: CancellationToken,
}

/// SIGTERM and SIGINT, caught from the moment that this value exists. It is made before the server says that
/// it listens: whoever reads that line may send a signal at once, and is owed a drain.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    ///
    /// When the process may not handle signals.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one. A second one ends the process at once: whoever sends it does not want to wait, and
    /// nothing is lost by it.
    pub async fn requested(self) {
        let Self { mut terminate, mut interrupt } = self;
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "draining; a second signal ends the process at once");
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(130);
        });
    }
}
