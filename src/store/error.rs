//! What can go wrong with a store call, as the caller has to tell it apart.

use crate::report::{Fault, Illegal, Problem};

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
    /// The owner has as many unfinished reports as one may have.
    #[error("{most} reports are unfinished")]
    Backlog {
        /// How many one may have.
        most: usize,
    },
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

/// What a client is told of it, on whatever channel. The cause of a failure goes to the log and no further.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NotFound => Self::new("not-found", 404, "Not found", "there is no such report"),
            StoreError::Gone => {
                Self::new("gone", 410, "Report gone", "the report expired or was removed; ask for a new one")
            }
            StoreError::KeyReused => Self::new(
                "idempotency-key-reused",
                422,
                "Idempotency key reused",
                "this Idempotency-Key was used for another request; use a new key for a new request",
            ),
            StoreError::Illegal(illegal) => {
                Self::new("conflict", 409, "Not in this state", illegal.to_string())
            }
            StoreError::Backlog { most } => Self::new(
                "too-many-unfinished",
                429,
                "Too many unfinished reports",
                format!(
                    "{most} of your reports are queued or generating, and there may not be more; wait for some, or cancel them"
                ),
            ),
            StoreError::TooMany => Self::new(
                "too-many",
                409,
                "Too many",
                "there are as many of them as there may be; remove one that is of no use",
            ),
            StoreError::BadCursor => Self::bad_request(vec![Fault {
                pointer: "?cursor".into(),
                detail: "not a cursor that a page of this list named".into(),
            }]),
            StoreError::Closed | StoreError::ClaimLost | StoreError::Engine(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                let detail = "the store cannot be reached; try again, with the same Idempotency-Key";
                Self::new("unavailable", 503, "Unavailable", detail)
            }
        }
    }
}
