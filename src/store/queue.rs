//! What can be asked of the queue, which is the set of tasks that are due.

use async_trait::async_trait;

use super::Result;
use crate::report::ReportId;

/// How far [`Queue::ahead`] counts: nobody waits for the exact place in a longer queue.
pub const COUNTED: usize = 1_000;

/// The queue as somebody sees it who waits in it.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// How many reports wait to be generated before this one; [`COUNTED`] when there are as many or more. Of a
    /// report that is held back: how many would be before it if it were let go now. Zero when it is being
    /// generated, has ended or is not known.
    async fn ahead(&self, id: ReportId) -> Result<usize>;
}
