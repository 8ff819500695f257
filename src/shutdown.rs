//! The end of the process: who asks for it, and in which order the parts hear of it.

use tokio::signal::unix::{SignalKind, signal};
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

/// Waits for SIGTERM or SIGINT. A second one ends the process at once: whoever sends it does not want to
/// wait, and nothing is lost by it.
///
/// # Errors
///
/// When the process may not handle signals.
pub async fn requested() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
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
    Ok(())
}
