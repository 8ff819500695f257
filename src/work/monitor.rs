//! The line between running work and whoever watches it: progress goes out, the word to stop comes in.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::report::Progress;

/// Handed to running work. Cheap to ask: between two rows is not too often.
#[derive(Clone, Debug)]
pub struct Monitor {
    stop: CancellationToken,
    progress: watch::Sender<Option<Progress>>,
}

/// The work was told to stop: cancelled, out of time, or the server drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work was told to stop")]
pub struct Stopped;

impl Monitor {
    /// A monitor that ends the work when `stop` is cancelled.
    pub fn new(stop: CancellationToken) -> Self {
        Self { stop, progress: watch::Sender::new(None) }
    }

    /// A monitor of work that nobody watches, for tools and benchmarks.
    pub fn detached() -> Self {
        Self::new(CancellationToken::new())
    }

    /// Whether the work may go on.
    ///
    /// # Errors
    ///
    /// [`Stopped`] once it may not; the work returns it to its caller at once.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.stop.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }

    /// Says how far the whole work is: what is being done and how many percent are behind. The last word
    /// counts; words in between may never be seen.
    ///
    /// # Errors
    ///
    /// As [`Monitor::check`], so that long work which reports often needs no second call.
    pub fn progress(&self, phase: &str, percent: u8) -> Result<(), Stopped> {
        let next = Progress { phase: phase.into(), percent: percent.min(100) };
        self.progress.send_if_modified(|last| {
            let changed = last.as_ref() != Some(&next);
            if changed {
                *last = Some(next);
            }
            changed
        });
        self.check()
    }

    /// Follows the progress, for the loop that stores it.
    pub fn subscribe(&self) -> watch::Receiver<Option<Progress>> {
        self.progress.subscribe()
    }
}
