//! What time alone moves on. Each function is one job of the writer and stops after a batch, so that a
//! create never waits long behind a sweep; it says whether there may be more.

use rusqlite::params;

use super::{
    queries::fetch,
    reports::bury,
    rows::{Count, Id, Kept, Millis, save},
    tasks,
    writer::Unit,
};
use crate::{
    report::ReportId,
    store::{
        Result,
        transitions::{self, REMEMBERED},
    },
};

/// How many reports one job moves on: a few milliseconds of work.
pub(super) const BATCH: usize = 200;

/// Deliveries that nobody came for.
pub(super) fn unclaimed(unit: &mut Unit<'_>) -> Result<bool> {
    let ids = due(
        unit,
        "SELECT id FROM report WHERE delivery_state = 'waiting' AND delivery_until IS NOT NULL
             AND status <> 'expired' AND delivery_until <= ?1 LIMIT ?2",
    )?;
    let mut moved = 0;
    for id in ids {
        let Kept { record, .. } = fetch(unit.connection, id)?;
        if let Some(record) = transitions::unclaimed(record, unit.now) {
            save(unit, record)?;
            moved += 1;
        }
    }
    // Not what was found: a row that the rules leave alone would be found for ever.
    Ok(moved == BATCH)
}

/// Reports whose time is over. One that was never finished fails first, so that it has an end which its
/// client can be told; the time to keep it counts anew from there.
pub(super) fn expired(unit: &mut Unit<'_>) -> Result<bool> {
    let ids = due(unit, "SELECT id FROM report WHERE status <> 'expired' AND expires_at <= ?1 LIMIT ?2")?;
    for id in &ids {
        let Kept { record, keep } = fetch(unit.connection, *id)?;
        if record.status.is_terminal() {
            bury(unit, record)?;
        } else {
            tasks::delete(unit, *id)?;
            save(unit, transitions::overdue(record, unit.now, keep)?)?;
        }
    }
    Ok(ids.len() == BATCH)
}

/// Tombstones that need no longer be remembered. One that still names a file stays until the file is gone.
pub(super) fn forgotten(unit: &mut Unit<'_>) -> Result<bool> {
    let remembered = i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
    let deleted = unit
        .connection
        .prepare_cached(
            "DELETE FROM report WHERE id IN (SELECT id FROM report
                 WHERE status = 'expired' AND artifact IS NULL AND expires_at <= ?1 LIMIT ?2)",
        )?
        .execute(params![unit.now.as_millisecond().saturating_sub(remembered), Count(BATCH as u64)])?;
    Ok(deleted == BATCH)
}

fn due(unit: &Unit<'_>, query: &str) -> Result<Vec<ReportId>> {
    let ids = unit
        .connection
        .prepare_cached(query)?
        .query_map(params![Millis(unit.now), Count(BATCH as u64)], |row| Ok(row.get::<_, Id>(0)?.0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(ids)
}
