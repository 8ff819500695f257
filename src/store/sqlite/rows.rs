//! A record as a row: the order of the columns, and how each kind of value is kept.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{
    CachedStatement, Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IntoDeserializer, value::Error as WordError},
};

use super::{announce::announce, writer::Unit};
use crate::{
    report::{Delivery, DeliveryState, Owner, Record, ReportId, Status},
    store::{Result, TaskKind},
};

/// The columns that [`Kept::read`] reads, in its order. A macro, because statements are made with
/// `concat!`: a text that is put together at run time could not be a constant.
macro_rules! columns {
    () => {
        "id, version, status, report_type, parameters, deliver, start_when, held, origin, progress, \
         created_at, started_at, completed_at, expires_at, delivery_state, delivery_until, delivery_at, \
         delivery_proof, settled_version, artifact, error, callback_url, \
         deliveries, keep_ms, owner"
    };
}
pub(super) use columns;

/// A record, and what the store keeps beside it.
pub(super) struct Kept {
    /// The report.
    pub(super) record: Record,
    /// How long it is kept after its creation, and again after the end of its work.
    pub(super) keep: Duration,
}

impl Kept {
    /// Reads a row of [`columns!`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let record = Record {
            id: row.get::<_, Id>(0)?.0,
            owner: Owner::stored(row.get(24)?),
            version: row.get::<_, Count>(1)?.0,
            status: row.get::<_, Word<Status>>(2)?.0,
            report_type: row.get(3)?,
            parameters: row.get::<_, Json<_>>(4)?.0,
            deliver: row.get::<_, Json<_>>(5)?.0,
            callback_url: row.get(21)?,
            deliveries: row.get::<_, Json<_>>(22)?.0,
            start_when: row.get::<_, Json<_>>(6)?.0,
            held: row.get(7)?,
            origin: row.get(8)?,
            progress: row.get::<_, Option<Json<_>>>(9)?.map(|json| json.0),
            created_at: row.get::<_, Millis>(10)?.0,
            started_at: row.get::<_, Option<Millis>>(11)?.map(|time| time.0),
            completed_at: row.get::<_, Option<Millis>>(12)?.map(|time| time.0),
            expires_at: row.get::<_, Millis>(13)?.0,
            delivery: Delivery {
                state: row.get::<_, Word<DeliveryState>>(14)?.0,
                until: row.get::<_, Option<Millis>>(15)?.map(|time| time.0),
                at: row.get::<_, Option<Millis>>(16)?.map(|time| time.0),
                proof: row.get::<_, Option<Json<_>>>(17)?.map(|json| json.0),
            },
            settled_version: row.get::<_, Option<Count>>(18)?.map(|count| count.0),
            artifact: row.get::<_, Option<Json<_>>>(19)?.map(|json| json.0),
            error: row.get::<_, Option<Json<_>>>(20)?.map(|json| json.0),
        };
        Ok(Self { record, keep: Duration::from_millis(row.get::<_, Count>(23)?.0) })
    }
}

/// Binds the record to the first 23 parameters of a statement, in the order of [`columns!`].
pub(super) fn bind(statement: &mut CachedStatement<'_>, record: &Record) -> rusqlite::Result<()> {
    let delivery = &record.delivery;
    let values: [&dyn ToSql; 23] = [
        &Id(record.id),
        &Count(record.version),
        &record.status.name(),
        &record.report_type,
        &Json(&record.parameters),
        &Json(&record.deliver),
        &Json(&record.start_when),
        &record.held,
        &record.origin,
        &record.progress.as_ref().map(Json),
        &Millis(record.created_at),
        &record.started_at.map(Millis),
        &record.completed_at.map(Millis),
        &Millis(record.expires_at),
        &delivery.state.name(),
        &delivery.until.map(Millis),
        &delivery.at.map(Millis),
        &delivery.proof.as_ref().map(Json),
        &record.settled_version.map(Count),
        &record.artifact.as_ref().map(Json),
        &record.error.as_ref().map(Json),
        &record.callback_url,
        &Json(&record.deliveries),
    ];
    values.into_iter().enumerate().try_for_each(|(at, value)| statement.raw_bind_parameter(at + 1, value))
}

/// The name of a task's kind in its column.
pub(super) fn kind_name(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Generate => "generate",
    }
}

/// An id as its 16 bytes.
#[derive(Clone, Copy)]
pub(super) struct Id(pub(super) ReportId);

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_bytes().as_slice().into())
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Id(ReportId::from_bytes(bytes)))
    }
}

/// A moment as milliseconds since 1970.
pub(super) struct Millis(pub(super) Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_millisecond(value.as_i64()?).map(Millis).map_err(FromSqlError::other)
    }
}

/// A count. SQLite has no unsigned integers; ours never reach the sign.
pub(super) struct Count(pub(super) u64);

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u64::try_from(value.as_i64()?).map(Count).map_err(FromSqlError::other)
    }
}

/// A value as JSON text.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Json).map_err(FromSqlError::other)
    }
}

/// A state by the name that it has on the wire.
pub(super) struct Word<T>(pub(super) T);

impl<T: for<'de> Deserialize<'de>> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word: serde::de::value::StrDeserializer<'_, WordError> = value.as_str()?.into_deserializer();
        T::deserialize(word).map(Word).map_err(FromSqlError::other)
    }
}

/// Writes the next state of a report with the messages that tell of it, and marks it for a hint.
pub(super) fn save(unit: &mut Unit<'_>, record: Record) -> Result<Record> {
    let mut update = unit.connection.prepare_cached(
        "UPDATE report SET version = ?2, status = ?3, report_type = ?4, parameters = ?5, deliver = ?6,
             start_when = ?7, held = ?8, origin = ?9, progress = ?10, created_at = ?11, started_at = ?12,
             completed_at = ?13, expires_at = ?14, delivery_state = ?15, delivery_until = ?16,
             delivery_at = ?17, delivery_proof = ?18, settled_version = ?19, artifact = ?20, error = ?21,
             callback_url = ?22, deliveries = ?23
         WHERE id = ?1",
    )?;
    bind(&mut update, &record)?;
    update.raw_execute()?;
    unit.wake.note(&record, unit.shares);
    announce(unit, &record)?;
    Ok(record)
}
