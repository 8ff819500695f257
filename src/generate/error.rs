//! Why a report could not be made.

use std::error::Error;

use crate::work::Stopped;

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

impl From<rusqlite::Error> for GenerateError {
    /// A lack of memory, of space or of a lock may pass; a wrong statement will not.
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(
                Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::OutOfMemory
                | Code::SystemIoFailure
                | Code::DiskFull,
            ) => Self::Transient {
                detail: "the data could not be read at the moment".into(),
                source: Box::new(error),
            },
            _ => Self::permanent("the data could not be queried", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Error, ffi};

    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        let table = [
            (ffi::SQLITE_BUSY, true),
            (ffi::SQLITE_NOMEM, true),
            (ffi::SQLITE_IOERR, true),
            (ffi::SQLITE_FULL, true),
            (ffi::SQLITE_ERROR, false),
            (ffi::SQLITE_CORRUPT, false),
        ];
        for (code, transient) in table {
            let error = GenerateError::from(Error::SqliteFailure(ffi::Error::new(code), None));
            assert_eq!(matches!(error, GenerateError::Transient { .. }), transient, "{code}");
        }
    }
}
