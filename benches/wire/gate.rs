//! Work that is done, and waits for a word before it says so.

use std::sync::Arc;

use async_trait::async_trait;
use reportwire::work::{Finished, Handler, Monitor, Task, WorkError};
use tokio::sync::{Semaphore, mpsc};

/// Makes reports as `inner` does, then holds each back until it is let through.
pub(crate) struct Gate {
    inner: Arc<dyn Handler>,
    waiting: mpsc::UnboundedSender<()>,
    pass: Arc<Semaphore>,
}

/// The other side of a [`Gate`].
pub(crate) struct Keeper {
    waiting: mpsc::UnboundedReceiver<()>,
    pass: Arc<Semaphore>,
}

impl Gate {
    pub(crate) fn new(inner: Arc<dyn Handler>) -> (Self, Keeper) {
        let (sender, waiting) = mpsc::unbounded_channel();
        let pass = Arc::new(Semaphore::new(0));
        (Self { inner, waiting: sender, pass: Arc::clone(&pass) }, Keeper { waiting, pass })
    }
}

impl Keeper {
    /// Waits until a report stands at the gate.
    pub(crate) fn wait(&mut self) {
        self.waiting.blocking_recv().unwrap();
    }

    /// Lets one report through.
    pub(crate) fn open(&self) {
        self.pass.add_permits(1);
    }
}

#[async_trait]
impl Handler for Gate {
    async fn handle(&self, task: Task) -> Result<Finished, WorkError> {
        // without progress the next frame is the terminal one
        let finished = self.inner.handle(Task { monitor: Monitor::detached(), ..task }).await?;
        let _ = self.waiting.send(());
        self.pass.acquire().await.unwrap().forget();
        Ok(finished)
    }

    async fn discard(&self, finished: Finished) {
        self.inner.discard(finished).await;
    }
}
