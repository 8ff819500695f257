//! The lanes in which messages wait, so that finding what is due visits only those in which something is.
//!
//! A lane's `due_at` is that of its first message, or earlier: then the visit finds nothing and puts it right. It is
//! NULL when the lane is empty; the row stays for a while, because it knows whether the receiver answers. A lane
//! whose endpoint is paused is not visited at all.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{rows::Millis, writer::Unit};
use crate::store::Result;

/// A lane in which something may be due.
pub(super) struct Lane {
    pub(super) name: String,
    /// Its receiver has not answered: nothing was sent yet, or the last attempt had no answer.
    pub(super) silent: bool,
}

/// Something in the lane is due at `due_at`.
pub(super) fn put(unit: &mut Unit<'_>, name: &str, due_at: Timestamp) -> Result<()> {
    unit.wake.message = true;
    unit.connection
        .prepare_cached(
            "INSERT INTO lane (name, due_at, paused, silent) VALUES (?1, ?2, 0, 1)
             ON CONFLICT (name) DO UPDATE SET due_at = min(coalesce(due_at, excluded.due_at), excluded.due_at)",
        )?
        .execute(params![name, Millis(due_at)])?;
    Ok(())
}

/// Lanes to visit, beginning with the one behind `after`.
pub(super) fn due(unit: &Unit<'_>, after: &str) -> Result<Vec<Lane>> {
    let mut lanes = unit
        .connection
        .prepare_cached("SELECT name, silent FROM lane WHERE paused = 0 AND due_at <= ?1 ORDER BY name")?
        .query_map([Millis(unit.now)], |row| Ok(Lane { name: row.get(0)?, silent: row.get(1)? }))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let first = lanes.partition_point(|lane| lane.name.as_str() <= after);
    lanes.rotate_left(first);
    Ok(lanes)
}

/// When the next lane will be due.
pub(super) fn next_due(unit: &Unit<'_>) -> Result<Option<Timestamp>> {
    let next: Option<Millis> = unit
        .connection
        .prepare_cached("SELECT min(due_at) FROM lane WHERE paused = 0 AND due_at > ?1")?
        .query_row([Millis(unit.now)], |row| row.get(0))?;
    Ok(next.map(|next| next.0))
}

/// Puts the lane right: when its first message is due, or that it is empty.
pub(super) fn put_right(unit: &Unit<'_>, name: &str) -> Result<()> {
    unit.connection
        .prepare_cached(
            "UPDATE lane SET due_at = (SELECT min(due_at) FROM message WHERE lane = ?1 AND due_at IS NOT NULL)
             WHERE name = ?1",
        )?
        .execute([name])?;
    Ok(())
}

/// Forgets the lanes that are empty.
pub(super) fn forget(unit: &Unit<'_>) -> Result<()> {
    unit.connection.prepare_cached("DELETE FROM lane WHERE due_at IS NULL AND paused = 0")?.execute([])?;
    Ok(())
}

/// Nothing waits in it any more.
pub(super) fn remove(unit: &Unit<'_>, name: &str) -> Result<usize> {
    Ok(unit.connection.prepare_cached("DELETE FROM lane WHERE name = ?1")?.execute([name])?)
}

/// Whether its receiver answered.
pub(super) fn answered(unit: &Unit<'_>, name: &str, answered: bool) -> Result<()> {
    unit.connection
        .prepare_cached("UPDATE lane SET silent = ?2 WHERE name = ?1 AND silent <> ?2")?
        .execute(params![name, !answered])?;
    Ok(())
}

/// Stops or begins its visits.
pub(super) fn pause(unit: &mut Unit<'_>, name: &str, paused: bool) -> Result<()> {
    unit.wake.message = true;
    unit.connection
        .prepare_cached(
            "INSERT INTO lane (name, due_at, paused, silent) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (name) DO UPDATE SET paused = excluded.paused, due_at = excluded.due_at",
        )?
        .execute(params![name, Millis(unit.now), paused])?;
    Ok(())
}

/// After a start: what was under way is due again.
pub(super) fn rebuild(connection: &Connection) -> rusqlite::Result<()> {
    let exact = "UPDATE lane SET due_at = (SELECT min(due_at) FROM message WHERE message.lane = lane.name
        AND message.due_at IS NOT NULL)";
    connection.execute(exact, []).map(drop)
}
