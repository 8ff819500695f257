//! A record as a row.
//!
//! The record is kept whole, as JSON; the columns beside it are what statements ask for, and are made from it and from
//! nothing else. What a later release adds to a record must stand in a column of its own: a node of this release, which
//! may run beside it during an upgrade, writes the JSON anew and would lose what it does not know.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{
    report::{DeliveryState, Record, ReportId, Status},
    store::{Result, StoreError, TaskKind},
};

/// A record, and what the store keeps beside it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The report.
    pub(super) record: Record,
    /// How long it is kept after its creation, and again after the end of its work.
    pub(super) keep: Duration,
}

impl Kept {
    /// Reads the columns `record` and `keep_ms`, which come first.
    pub(super) fn read(row: &Row) -> Result<Self> {
        let keep = u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or(0);
        Ok(Self { record: record(row, 0)?, keep: Duration::from_millis(keep) })
    }
}

/// The record in a column.
pub(super) fn record(row: &Row, column: usize) -> Result<Record> {
    from_json(row.try_get(column)?)
}

/// A value from JSON text.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Engine(Box::new(error)))
}

/// A value as JSON text. Text in it has its NULs escaped, which PostgreSQL takes in no other form.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Engine(Box::new(error)))
}

/// A moment from milliseconds since 1970.
pub(super) fn time(millis: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(millis).map_err(|error| StoreError::Engine(Box::new(error)))
}

/// A length of time in milliseconds.
pub(super) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A count as the database keeps it, which knows no unsigned numbers.
pub(super) fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The id as the database knows it.
pub(super) fn uuid(id: ReportId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

/// … and back.
pub(super) fn id(uuid: Uuid) -> ReportId {
    ReportId::from_bytes(uuid.into_bytes())
}

/// The name of a task's kind in its column.
pub(super) fn kind_name(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Generate => "generate",
    }
}

/// Until when somebody is waited for, if anybody is.
fn waits_until(record: &Record) -> Option<i64> {
    let waits = record.delivery.state == DeliveryState::Waiting && record.status != Status::Expired;
    record.delivery.until.filter(|_| waits).map(Timestamp::as_millisecond)
}

/// Rows of `report` on their way into the database, column by column: one parameter for each, however many rows.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) ids: Vec<Uuid>,
    pub(super) statuses: Vec<&'static str>,
    pub(super) versions: Vec<i64>,
    pub(super) expires: Vec<i64>,
    pub(super) waits: Vec<Option<i64>>,
    pub(super) artifacts: Vec<Option<String>>,
    pub(super) records: Vec<String>,
}

impl Columns {
    /// Adds a row.
    pub(super) fn push(&mut self, record: &Record) -> Result<()> {
        self.ids.push(uuid(record.id));
        self.statuses.push(record.status.name());
        self.versions.push(count(record.version));
        self.expires.push(record.expires_at.as_millisecond());
        self.waits.push(waits_until(record));
        self.artifacts.push(record.artifact.as_ref().map(|artifact| artifact.key.clone()));
        self.records.push(to_json(record)?);
        Ok(())
    }
}
