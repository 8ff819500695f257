//! Why a caller does not get what they came for.

use std::time::Duration;

use super::Denied;
use crate::{delivery::Unmet, metrics::Limit, report::Problem, store::StoreError};

/// Why a caller does not get what they came for.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The store says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// They have as much as one may have.
    #[error("there is no room: {}", .0.name())]
    Full(Limit),
    /// They ask faster than one may.
    #[error("too fast; again in {} s", .0.as_secs())]
    TooFast(Duration),
}

impl Refused {
    /// Of what there is not enough, if that is the reason.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Refused::Full(limit) => Some(*limit),
            Refused::TooFast(_) => Some(Limit::CreatesPerMinute),
            Refused::Store(StoreError::Backlog { .. }) => Some(Limit::UnfinishedPerOwner),
            Refused::Store(_) | Refused::Denied(_) => None,
        }
    }

    /// After how many seconds it is worth another try, if it is.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Refused::Full(_) => Some(1),
            Refused::TooFast(wait) => Some(wait.as_secs().saturating_add(1)),
            Refused::Store(StoreError::Backlog { .. }) => Some(10),
            Refused::Store(StoreError::Closed | StoreError::ClaimLost | StoreError::Engine(_))
            | Refused::Denied(Denied::Unavailable) => Some(1),
            Refused::Store(_) | Refused::Denied(_) => None,
        }
    }
}

impl From<Unmet> for Refused {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Store(error) => error.into(),
            Unmet::Crowded(_) => Refused::Full(Limit::SocketsPerReport),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::Denied(denied) => denied.into(),
            Refused::Full(limit) => {
                let whose = match limit {
                    Limit::SocketsPerReport => "on this report",
                    _ => "of this owner",
                };
                let detail = format!(
                    "there are as many sockets and streams {whose} as there may be; close one that is of no use"
                );
                Self::new("too-many-connections", 429, "Too many connections", detail)
            }
            Refused::TooFast(wait) => {
                let detail = format!(
                    "more reports a minute than one owner may ask for; there is room again in {} s",
                    wait.as_secs().saturating_add(1)
                );
                Self::new("too-fast", 429, "Too many requests", detail)
            }
        }
    }
}
