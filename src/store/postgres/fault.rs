//! What an error of the database says about what to do next.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use super::connect::Silent;
use crate::store::StoreError;

/// How often a transaction is run that the database ends for the sake of another.
pub(super) const ATTEMPTS: usize = 5;

/// The result of an expression that runs a transaction; it is evaluated again when the database ended that for the sake of
/// another. A macro, because a closure that is called again cannot lend what it has to a future that threads may share.
macro_rules! persistently {
    ($transaction:expr) => {{
        let mut left = $crate::store::postgres::fault::ATTEMPTS;
        loop {
            match $transaction {
                Err(error) if left > 1 && $crate::store::postgres::fault::is_again(&error) => left -= 1,
                done => break done,
            }
        }
    }};
}
pub(super) use persistently;

/// Whether the connection failed, and not what was asked of the database.
pub(super) fn is_lost(error: &StoreError) -> bool {
    let StoreError::Engine(cause) = error else { return false };
    if cause.is::<PoolError>() || cause.is::<Silent>() {
        return true;
    }
    let Some(error) = cause.downcast_ref::<tokio_postgres::Error>() else { return false };
    let is_io = |cause: &(dyn std::error::Error + 'static)| cause.is::<std::io::Error>();
    match error.code().map(SqlState::code) {
        // class 08: the connection; 57P: the server goes down or is not up yet; 53: it is full; 25P03: we froze
        Some(code) => code == "25P03" || ["08", "57P", "53"].iter().any(|class| code.starts_with(class)),
        // without a code it is the connection, or a value that cannot be written or read, which is the fault of its call
        None => error.is_closed() || std::error::Error::source(error).is_some_and(is_io),
    }
}

/// Whether the database ended the transaction for the sake of another, so that it is worth running again.
pub(super) fn is_again(error: &StoreError) -> bool {
    let StoreError::Engine(cause) = error else { return false };
    let code = cause.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
    // serialization, deadlock, a lock or a statement that took too long, a key that another has just taken; and what is
    // said of a statement that was sent behind one that failed with any of them
    let codes = ["40001", "40P01", "55P03", "57014", "23505", "25P02"];
    code.is_some_and(|code| codes.contains(&code.code()))
}
