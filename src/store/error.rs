//! What can go wrong with a store call, as the caller has to tell it apart.

use crate::report::Illegal;

/// Why a store call did not do what was asked. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There never was such a report, or it is forgotten.
    #[error("no such report")]
    NotFound,
    /// The report expired or was removed.
    #[error("the report is gone")]
    Gone,
    /// The lease ran out and went to another worker, or the report ended in another way.
    #[error("the claim is no longer held")]
    ClaimLost,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The call does not belong to the state of the report.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The list cursor was not made by this server.
    #[error("the cursor is not one of ours")]
    BadCursor,
    /// There are as many of them as there may be.
    #[error("there are too many")]
    TooMany,
    /// The engine is shutting down, or its writer is gone.
    #[error("the store is closed")]
    Closed,
    /// The database itself failed: disk full, file damaged, connection lost.
    #[error("the database failed")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}
