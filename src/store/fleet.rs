//! Which nodes there are, and who is connected to them.

use async_trait::async_trait;

use super::Result;
use crate::report::ReportId;

/// What nodes over one store know of each other. All of it is a few moments old, and nothing but numbers depends on it.
#[async_trait]
pub trait Fleet: Send + Sync + 'static {
    /// This node lives, has so many `workers`, and so many now listen to these reports at it. A node that has not said
    /// so for some seconds is taken for dead.
    async fn report_in(&self, workers: usize, listeners: &[(ReportId, usize)]) -> Result<Muster>;

    /// How many listen to the report at other nodes.
    async fn elsewhere(&self, id: ReportId) -> Result<usize>;

    /// This node goes.
    async fn leave(&self) -> Result<()>;
}

/// What a node hears when it reports in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Muster {
    /// It was not known, or no longer: whoever listens at it has to be said anew.
    pub is_new: bool,
    /// How many workers all nodes have.
    pub workers: usize,
}
