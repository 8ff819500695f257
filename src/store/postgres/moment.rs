//! The time, which is the database's.
//!
//! Each transaction asks for it with its first statement. What the node's own clock is off by is learned from those
//! answers, so that what never reaches the database, such as the end of a link, is judged by the same clock.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;

use super::connect::Database;
use crate::store::{Clock, Result, system_clock, transitions::stored_time};

/// The moment that a statement works with, in milliseconds since 1970: the parameter if it is given, or that of the
/// database. `clock_timestamp` and not `now`, which is the begin of the transaction: that may have waited for a lock. As
/// a query of its own it is asked once, so that an index can be searched by it; else every row would ask.
macro_rules! moment {
    ($parameter:literal) => {
        concat!(
            "(SELECT coalesce(",
            $parameter,
            "::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint))"
        )
    };
}
pub(super) use moment;

/// Where the time comes from.
#[derive(Clone)]
pub(super) struct Moments {
    given: Option<Clock>,
    /// How far the database's clock is ahead of ours, in milliseconds.
    ahead: Arc<AtomicI64>,
}

impl Moments {
    /// The database's clock, or the one that is given.
    pub(super) fn new(given: Option<Clock>) -> Self {
        Self { given, ahead: Arc::default() }
    }

    /// What a statement is given for the parameter of [`moment!`]: nothing, if it is to look at the database's clock.
    pub(super) fn parameter(&self) -> Option<i64> {
        self.given.as_ref().map(|clock| stored_time(clock()).as_millisecond())
    }

    /// What the database said the time is, just now.
    pub(super) fn heard(&self, now: Timestamp) {
        if self.given.is_none() {
            let ahead = now.as_millisecond() - Timestamp::now().as_millisecond();
            self.ahead.store(ahead, Ordering::Relaxed);
        }
    }

    /// Asks the database for the time.
    pub(super) async fn learn(&self, database: &Database) -> Result<Timestamp> {
        let parameter = self.parameter();
        let now = database
            .read(async |connection| {
                let statement = connection.prepare_cached(concat!("SELECT ", moment!("$1"))).await?;
                let row = connection.query_one(&statement, &[&parameter]).await?;
                super::row::time(row.try_get(0)?)
            })
            .await?;
        self.heard(now);
        Ok(now)
    }

    /// The same clock, for whoever does not ask the database.
    pub(super) fn clock(&self) -> Clock {
        if let Some(clock) = &self.given {
            return Arc::clone(clock);
        }
        let (ahead, own) = (Arc::clone(&self.ahead), system_clock());
        Arc::new(move || {
            let now = own().as_millisecond().saturating_add(ahead.load(Ordering::Relaxed));
            Timestamp::from_millisecond(now).unwrap_or_else(|_| own())
        })
    }
}
