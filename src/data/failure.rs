//! What SQLite says, in words for those who wrote the report type.

use rusqlite::{Error, ErrorCode};

use super::{DataError, progress::Deadline};
use crate::{catalog::nearest, work::Monitor};

/// The names that a statement may have meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) tables: Vec<String>,
    pub(super) columns: Vec<String>,
}

/// An error while rows are put into a table.
pub(super) fn loading(name: &str, error: &Error) -> DataError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => full(name),
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::DatabaseLocked
            | ErrorCode::DatabaseBusy
            // what was in the cache a moment ago, and has made room since
            | ErrorCode::CannotOpen,
        ) => DataError::transient(
            format!("the data “{name}” could not be read at the moment"),
            format!("data {name}: {error}"),
        ),
        _ => DataError::of_source(name, error),
    }
}

/// Data that is in memory has a limit, which SQLite takes for a full disk.
fn full(name: &str) -> DataError {
    let text = format!("the data “{name}” takes more memory than it may; the limit is megabytes");
    DataError::permanent(
        text.clone(),
        format!("{text}, and can be set in [limits]; a full disk says the same"),
    )
}

/// A query that will not work. Its reader may know its name.
pub(super) fn wrong(query: &str, detail: &str) -> DataError {
    DataError::permanent(
        format!("the query “{query}” could not be answered"),
        format!("query {query}: {detail}"),
    )
}

/// An error of a query.
pub(super) fn querying(
    query: &str,
    error: &Error,
    names: &Names,
    monitor: &Monitor,
    deadline: Deadline,
) -> DataError {
    let say = |detail: String| wrong(query, &detail);
    match error {
        _ if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => match monitor.check() {
            Err(stopped) => stopped.into(),
            Ok(()) => deadline.over().in_query(query, None),
        },
        Error::SqlInputError { msg, offset, .. } => {
            let offset = usize::try_from(*offset).ok();
            say(format!("{msg}{}", hint(msg, names))).in_query(query, offset)
        }
        Error::SqliteFailure(failure, message) => {
            let message = message.clone().unwrap_or_else(|| failure.to_string());
            match failure.code {
                ErrorCode::AuthorizationForStatementDenied => {
                    say(format!("a query may only read: {message}")).in_query(query, None)
                }
                ErrorCode::TooBig => {
                    let what =
                        format!("query {query}: a value is longer than {} bytes", super::database::LONGEST);
                    DataError::permanent(what.clone(), what).in_query(query, None)
                }
                ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::DatabaseLocked
                | ErrorCode::DatabaseBusy
                | ErrorCode::DiskFull => DataError::transient(
                    format!("the query “{query}” could not be answered at the moment"),
                    format!("query {query}: {message}"),
                )
                .in_query(query, None),
                _ => say(format!("{message}{}", hint(&message, names))).in_query(query, None),
            }
        }
        other => say(other.to_string()).in_query(query, None),
    }
}

fn hint(message: &str, names: &Names) -> String {
    let known = [("no such table: ", &names.tables), ("no such column: ", &names.columns)];
    for (beginning, known) in known {
        let Some((_, written)) = message.split_once(beginning) else { continue };
        let written = written.split_once(" - should this be").map_or(written, |(name, _)| name);
        // `t.colour`: the name of the column is what is wrong
        let written = written.rsplit('.').next().unwrap_or(written).trim_matches('"');
        return match nearest(written, known.iter().map(String::as_str)) {
            Some(meant) => format!("; did you mean {meant}?"),
            None if known.len() <= 30 => format!("; there is {}", known.join(", ")),
            None => String::new(),
        };
    }
    String::new()
}
