//! Owners with work: how much of it, and whose turn is next.

use rusqlite::{OptionalExtension, params};

use super::{
    rows::{Count, Id, Millis, kind_name},
    sweep::BATCH,
    writer::Unit,
};
use crate::{
    report::{Owner, ReportId},
    store::{Result, StoreError, TaskKind},
};

/// Refuses one more report of an owner who has as many unfinished ones as one may have.
pub(super) fn make_room(unit: &Unit<'_>, owner: &Owner) -> Result<()> {
    if owner.is_anonymous() {
        return Ok(());
    }
    let unfinished = unit
        .connection
        .prepare_cached("SELECT unfinished FROM tenant WHERE name = ?1")?
        .query_row([owner.name()], |row| row.get::<_, Count>(0))
        .optional()?;
    let most = unit.shares.unfinished;
    if unfinished.is_some_and(|unfinished| unfinished.0 >= most as u64) {
        return Err(StoreError::Backlog { most });
    }
    Ok(())
}

/// The task that is next, and how often it was tried: of the owners who wait, have something due and do not have as much
/// under way as one may have, the one whose turn it is; of that owner's tasks the one that has been due for longest.
pub(super) fn next(unit: &Unit<'_>, kind: TaskKind) -> Result<Option<(ReportId, u32)>> {
    let running = (unit.shares.running != usize::MAX).then_some(Count(unit.shares.running as u64));
    let next = unit
        .connection
        // a cross join is made in the order in which it is written: turns are walked in theirs, and nothing is sorted
        .prepare_cached(
            "SELECT task.report, task.attempt
             FROM tenant CROSS JOIN task ON task.kind = ?1 AND task.owner = tenant.name AND task.due_at <= ?2
             WHERE tenant.unfinished > 0
               AND (?3 IS NULL OR tenant.name = '' OR ?3 > (SELECT count(*) FROM task AS running
                    WHERE running.owner = tenant.name AND running.token IS NOT NULL AND running.due_at > ?2))
             ORDER BY tenant.turn, task.due_at, task.report LIMIT 1",
        )?
        .query_row(params![kind_name(kind), Millis(unit.now), running], |row| {
            Ok((row.get::<_, Id>(0)?.0, row.get(1)?))
        })
        .optional()?;
    Ok(next)
}

/// The owner had a turn.
pub(super) fn served(unit: &Unit<'_>, owner: &Owner) -> Result<()> {
    unit.connection
        .prepare_cached("UPDATE tenant SET turn = turn + 1 WHERE name = ?1")?
        .execute([owner.name()])?;
    Ok(())
}

/// Forgets owners without work. Says whether there may be more.
pub(super) fn forget(unit: &mut Unit<'_>) -> Result<bool> {
    let forgotten = unit
        .connection
        .prepare_cached(
            "DELETE FROM tenant WHERE name IN (SELECT name FROM tenant WHERE unfinished = 0 AND turn <=
                 (SELECT coalesce(min(turn), 9223372036854775807) FROM tenant WHERE unfinished > 0) LIMIT ?1)",
        )?
        .execute([Count(BATCH as u64)])?;
    Ok(forgotten == BATCH)
}
