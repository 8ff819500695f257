//! What one transaction works with: the rows that it has locked, changed in memory, and written at once.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    change::{Call, Change},
    moment::moment,
    row::{Kept, id, kind_name, record, time, uuid},
};
use crate::{
    report::{EventType, IdempotencyKey, Owner, Record, ReportId},
    store::{Result, Shares, StoreError, TaskKind, announce::news, hint::Wake},
};

/// The task of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// From when it may be claimed; `None` while its report is held back.
    pub(super) due_at: Option<Timestamp>,
    /// Its claim, while it is leased.
    pub(super) token: Option<Uuid>,
    /// How often it was tried.
    pub(super) attempt: u32,
}

impl Task {
    /// The task of a report that was queued by a client.
    pub(super) fn of(record: &Record, now: Timestamp) -> Self {
        Self { due_at: (!record.held).then_some(now), token: None, attempt: 0 }
    }
}

/// A report and what belongs to it: as it was read, and what became of it.
pub(super) struct Row {
    pub(super) kept: Kept,
    pub(super) task: Option<Task>,
    pub(super) task_was: Option<Task>,
    pub(super) new: Option<New>,
    pub(super) is_dirty: bool,
    pub(super) model: Option<Bytes>,
    pub(super) drops_model: bool,
    pub(super) drops_sent: bool,
    pub(super) drops_messages: bool,
}

/// What is stored with a report and never changes.
pub(super) struct New {
    pub(super) keep: Duration,
    pub(super) idempotency: Option<IdempotencyKey>,
    pub(super) sent: Option<Bytes>,
}

/// The rows of a transaction.
pub(super) struct Unit {
    /// The moment of the transaction, after all its locks.
    pub(super) now: Timestamp,
    pub(super) shares: Shares,
    pub(super) rows: BTreeMap<ReportId, Row>,
    /// The reports that idempotency keys stand for, with their fingerprints.
    keys: HashMap<(Owner, String), ([u8; 32], Record)>,
    unfinished: HashMap<Owner, usize>,
    pub(super) news: Vec<(EventType, Record)>,
    /// What is said of it once it is committed; whether a message is due is known when it is written.
    pub(super) wake: Wake,
}

impl Unit {
    /// Nothing is read yet.
    pub(super) fn at(now: Timestamp, shares: Shares) -> Self {
        Self {
            now,
            shares,
            rows: BTreeMap::new(),
            keys: HashMap::new(),
            unfinished: HashMap::new(),
            news: Vec::new(),
            wake: Wake::default(),
        }
    }

    /// Reads what these calls are about, and locks the reports among it.
    pub(super) async fn read(
        transaction: &Transaction<'_>,
        moment: Option<i64>,
        shares: Shares,
        calls: &[Call],
    ) -> Result<Self> {
        let ids = calls.iter().map(|call| match call {
            Call::Create(report) => uuid(report.id),
            Call::Change(id, _) => uuid(*id),
        });
        let keys = calls.iter().filter_map(|call| match call {
            Call::Create(report) => Some((report.owner.name(), report.idempotency.as_ref()?.key.as_str())),
            Call::Change(..) => None,
        });
        let mut unit = Self::lock(transaction, moment, shares, ids.collect(), keys.unzip()).await?;
        unit.count(transaction, calls).await?;
        Ok(unit)
    }

    /// Reads and locks these reports, and finds those that the idempotency keys of owners stand for.
    pub(super) async fn lock(
        transaction: &Transaction<'_>,
        moment: Option<i64>,
        shares: Shares,
        mut ids: Vec<Uuid>,
        (owners, keys): (Vec<&str>, Vec<&str>),
    ) -> Result<Self> {
        ids.sort_unstable();
        ids.dedup();
        // in the order of ids, so that two transactions never wait for each other
        let locking = transaction
            .prepare_cached("SELECT record, keep_ms FROM report WHERE id = ANY($1) ORDER BY id FOR UPDATE")
            .await?;
        // the kind is hidden from the planner: by an index that begins with it all tasks there are would be walked;
        // a statement of its own, after the locks are held: what stands beside a row that was waited for is not
        // what the wait was for
        let tasks = transaction
            .prepare_cached(
                "SELECT report, due_at, token, attempt FROM task WHERE report = ANY($1) AND kind || '' = $2",
            )
            .await?;
        let keyed = transaction
            .prepare_cached(
                "SELECT record, idempotency_key, fingerprint
                 FROM unnest($1::text[], $2::text[]) AS asked (owner, key)
                     JOIN report ON report.owner = asked.owner AND idempotency_key = asked.key",
            )
            .await?;
        let clock = transaction.prepare_cached(concat!("SELECT ", moment!("$1"))).await?;
        let kind = kind_name(TaskKind::Generate);
        let keyed = async {
            if owners.is_empty() {
                Ok(Vec::new())
            } else {
                transaction.query(&keyed, &[&owners, &keys]).await
            }
        };
        // sent in this order and answered in it, without a pause in between
        let (locked, tasks, keyed, now) = tokio::try_join!(
            biased;
            async { transaction.query(&locking, &[&ids]).await },
            async { transaction.query(&tasks, &[&ids, &kind]).await },
            keyed,
            async { transaction.query_one(&clock, &[&moment]).await },
        )?;
        let mut unit = Self::at(time(now.try_get(0)?)?, shares);
        for row in locked {
            unit.found(Kept::read(&row)?, None);
        }
        for row in tasks {
            let due_at: Option<i64> = row.try_get(1)?;
            let task = Task {
                due_at: due_at.map(time).transpose()?,
                token: row.try_get(2)?,
                attempt: u32::try_from(row.try_get::<_, i32>(3)?).unwrap_or(0),
            };
            if let Some(found) = unit.rows.get_mut(&id(row.try_get(0)?)) {
                found.task_was = Some(task.clone());
                found.task = Some(task);
            }
        }
        for row in keyed {
            let (record, key): (Record, String) = (record(&row, 0)?, row.try_get(1)?);
            let fingerprint: Vec<u8> = row.try_get(2)?;
            let fingerprint = fingerprint.try_into().unwrap_or([0; 32]);
            unit.keys.insert((record.owner.clone(), key), (fingerprint, record));
        }
        Ok(unit)
    }

    /// A row that was read and is locked.
    pub(super) fn found(&mut self, kept: Kept, task: Option<Task>) {
        let row = Row {
            task: task.clone(),
            task_was: task,
            new: None,
            is_dirty: false,
            model: None,
            drops_model: false,
            drops_sent: false,
            drops_messages: false,
            kept,
        };
        self.rows.insert(row.kept.record.id, row);
    }

    /// Counts the unfinished reports of owners who ask for one more. Nodes that count at the same moment do not see
    /// what the others are about to write, so that all together may let in a few more.
    async fn count(&mut self, transaction: &Transaction<'_>, calls: &[Call]) -> Result<()> {
        let most = self.shares.unfinished;
        let mut owners: Vec<&Owner> = calls
            .iter()
            .filter_map(|call| match call {
                Call::Create(report) => Some(&report.owner),
                Call::Change(id, Change::Retry) => self.rows.get(id).map(|row| &row.kept.record.owner),
                Call::Change(..) => None,
            })
            .filter(|owner| !owner.is_anonymous() && most != usize::MAX)
            .collect();
        owners.sort_unstable();
        owners.dedup();
        if owners.is_empty() {
            return Ok(());
        }
        let statement = transaction
            .prepare_cached(
                "SELECT (SELECT count(*) FROM (SELECT 1 FROM task WHERE kind = $2 AND task.owner = asked.owner
                     LIMIT $3) AS theirs)
                 FROM unnest($1::text[]) WITH ORDINALITY AS asked (owner, place) ORDER BY place",
            )
            .await?;
        let names: Vec<&str> = owners.iter().map(|owner| owner.name()).collect();
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = transaction.query(&statement, &[&names, &kind_name(TaskKind::Generate), &limit]).await?;
        let counted = owners.into_iter().cloned().zip(rows.iter().map(|row| row.get::<_, i64>(0)));
        self.unfinished =
            counted.map(|(owner, count)| (owner, usize::try_from(count).unwrap_or(0))).collect();
        Ok(())
    }

    /// The report that the key stands for, as it is now.
    pub(super) fn first_of_key(&self, owner: &Owner, key: &str) -> Option<([u8; 32], Record)> {
        let (fingerprint, record) = self.keys.get(&(owner.clone(), key.to_owned()))?;
        // this transaction may have changed it meanwhile
        let now = self.rows.get(&record.id).map_or(record, |row| &row.kept.record);
        Some((*fingerprint, now.clone()))
    }

    /// Takes the place of one more unfinished report, or refuses it.
    pub(super) fn make_room(&mut self, owner: &Owner) -> Result<()> {
        let most = self.shares.unfinished;
        match self.unfinished.get_mut(owner) {
            Some(count) if *count >= most => Err(StoreError::Backlog { most }),
            Some(count) => {
                *count += 1;
                Ok(())
            }
            // nobody in particular is not bound
            None => Ok(()),
        }
    }

    /// A row that is there: of a report that was found, or was just made.
    pub(super) fn row(&mut self, id: ReportId) -> &mut Row {
        self.rows.get_mut(&id).expect("the caller has looked")
    }

    /// A report that is new, with its task.
    pub(super) fn insert(&mut self, record: Record, new: New) {
        if let Some(known) = &new.idempotency {
            let key = (record.owner.clone(), known.key.clone());
            self.keys.insert(key, (known.fingerprint, record.clone()));
        }
        let (id, task) = (record.id, Task::of(&record, self.now));
        self.wake.note(&record, self.shares);
        self.found(Kept { keep: new.keep, record }, None);
        let row = self.row(id);
        (row.task, row.new) = (Some(task), Some(new));
    }

    /// The next state of a report, whose messages are to be written and which is to be hinted.
    pub(super) fn save(&mut self, record: Record) -> Record {
        if let Some(event) = news(&record) {
            self.news.push((event, record.clone()));
        }
        self.wake.note(&record, self.shares);
        let row = self.row(record.id);
        row.kept.record = record.clone();
        row.is_dirty = true;
        record
    }

    /// Nobody is told of what its owner removed.
    pub(super) fn silence(&mut self, id: ReportId) {
        self.news.retain(|(_, record)| record.id != id);
        self.row(id).drops_messages = true;
    }
}
