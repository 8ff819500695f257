//! Why a report could not be made.

use std::error::Error;

use super::check::place;
use crate::{catalog::ReportType, data::DataError, work::Stopped};

/// Why a report could not be made, by what the caller should do about it. `detail` is for the client and
/// names no internals; `source` is for the log.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The work was told to stop. Nobody waits for the result.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// It may pass: worth another attempt later.
    #[error("{detail}")]
    Transient {
        /// What happened, in words for the client.
        detail: String,
        /// What happened, in words for the operator.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It will not pass: the same input fails the same way.
    #[error("{detail}")]
    Permanent {
        /// What happened, in words for the client.
        detail: String,
        /// What happened, in words for the operator.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl GenerateError {
    pub(super) fn permanent(
        detail: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Permanent { detail: detail.into(), source: source.into() }
    }
}

impl GenerateError {
    /// What went wrong with the data of `report_type`, with the place in its file for the log.
    pub(super) fn from_data(report_type: &ReportType, error: DataError) -> Self {
        if error.is_stopped() {
            return Self::Stopped(Stopped);
        }
        let at = place(report_type, &error).map(|at| format!("{at}:")).unwrap_or_default();
        let author = format!("{}:{at} {}", report_type.file, error.author());
        let detail = error.reader().to_owned();
        if error.is_transient() {
            Self::Transient { detail, source: author.into() }
        } else {
            Self::permanent(detail, author)
        }
    }
}
