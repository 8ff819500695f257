//! The writer: it turns the calls that wait into one transaction.
//!
//! Whoever arrives while a group is on its way forms the next one, so groups grow with load by themselves, and a lone
//! caller never waits for company. Two nodes that change the same report wait for each other at its row, and each sees
//! what the other wrote.
//!
//! A transaction that fails is run again if that may help: at once when the database ended it for the sake of another,
//! or when a connection was found dead; call by call when one of the group may be to blame for all. When the answer to a
//! commit is lost the database is asked what became of it, so that nobody is told of a failure that was none, nor does
//! anything twice.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use super::{
    change::Call,
    connect::{Database, PATIENCE, silent},
    fault::{ATTEMPTS, is_again, is_lost},
    hints::Voice,
    moment::Moments,
    unit::Unit,
};
use crate::store::{Created, Result, Shares, StoreError, hint::Wake};

/// How many calls share a transaction at most. It bounds how long the first of them waits for the last.
const GROUP: usize = 256;

/// How many bytes of models and of rows that clients sent share a transaction, if it is more than one call. It bounds
/// how long a group takes to send, and the memory that a second copy of them needs.
const WEIGHT: usize = 8 << 20;

/// The end of the queue that callers hold.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Run(Call, oneshot::Sender<Result<Created>>),
    Stop,
}

impl Writer {
    /// Starts it.
    pub(super) fn start(group: Group) -> Self {
        // a bound, so that a database that stalls slows callers down instead of filling the memory
        let (queue, calls) = mpsc::channel(4 * GROUP);
        Self { queue, task: Mutex::new(Some(tokio::spawn(group.run(calls)))) }
    }

    /// Runs the call in some group, and returns its result once that is committed.
    pub(super) async fn call(&self, call: Call) -> Result<Created> {
        let (caller, answer) = oneshot::channel();
        self.queue.send(Message::Run(call, caller)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Finishes what is queued and refuses the rest.
    pub(super) async fn stop(&self) {
        let _ = self.queue.send(Message::Stop).await;
        if let Some(task) = self.task.lock().await.take() {
            let _ = task.await;
        }
    }
}

/// What a group works with.
pub(super) struct Group {
    pub(super) database: Database,
    pub(super) moments: Moments,
    pub(super) shares: Shares,
    pub(super) voice: Voice,
}

type Answers = Vec<Result<Created>>;

/// What is answered once it is committed.
struct Ready {
    answers: Answers,
    wake: Wake,
    /// What the database calls the transaction, if there is anything to commit.
    name: Option<String>,
}

/// Why a transaction was not committed.
enum Failure {
    /// The database ended it for the sake of another.
    Again(StoreError),
    /// The connection is gone; nothing was committed.
    Lost(StoreError),
    /// One of the calls asks for what the database does not take.
    Blame(StoreError),
    /// Whether it was committed could not be found out.
    Unknown(StoreError),
}

impl Group {
    async fn run(self, mut queue: mpsc::Receiver<Message>) {
        let mut messages = Vec::new();
        while queue.recv_many(&mut messages, GROUP).await > 0 {
            let (mut calls, mut callers) =
                (Vec::with_capacity(messages.len()), Vec::with_capacity(messages.len()));
            for message in messages.drain(..) {
                match message {
                    Message::Run(call, caller) => {
                        calls.push(call);
                        callers.push(caller);
                    }
                    Message::Stop => queue.close(),
                }
            }
            let mut calls = calls.as_slice();
            while !calls.is_empty() {
                let (part, rest) = calls.split_at(fitting(calls));
                let answers = self.commit(part).await;
                for (caller, answer) in callers.drain(..part.len()).zip(answers) {
                    // a caller that went away misses the answer, not the write
                    let _ = caller.send(answer);
                }
                calls = rest;
            }
        }
    }

    /// The result of each call, once they are committed.
    async fn commit(&self, calls: &[Call]) -> Answers {
        if calls.is_empty() {
            return Vec::new();
        }
        let mut reconnected = false;
        for attempt in 1.. {
            let error = match self.attempt(calls).await {
                Ok(answers) => return answers,
                Err(Failure::Again(_)) if attempt < ATTEMPTS => continue,
                // connections that died while they were idle are found out by their next use
                Err(Failure::Lost(_)) if !reconnected => {
                    reconnected = true;
                    continue;
                }
                Err(Failure::Again(_) | Failure::Blame(_)) if calls.len() > 1 => break,
                Err(
                    Failure::Again(error)
                    | Failure::Lost(error)
                    | Failure::Blame(error)
                    | Failure::Unknown(error),
                ) => error,
            };
            tracing::error!(
                error = &error as &dyn std::error::Error,
                calls = calls.len(),
                "a group of writes was not committed"
            );
            return refused(error, calls.len());
        }
        let mut answers = Vec::with_capacity(calls.len());
        for call in calls {
            answers.extend(Box::pin(self.commit(std::slice::from_ref(call))).await);
        }
        answers
    }

    async fn attempt(&self, calls: &[Call]) -> Result<Answers, Failure> {
        let mut connection = self.database.writer().await.map_err(Failure::Lost)?;
        let mut ready = None;
        let done = timeout(PATIENCE, async {
            let transaction = connection.transaction().await?;
            let mut unit = Unit::read(&transaction, self.moments.parameter(), self.shares, calls).await?;
            self.moments.heard(unit.now);
            let answers: Answers = calls.iter().map(|call| unit.apply(call)).collect();
            let (mut wake, mut name) = (Wake::default(), None);
            if !unit.is_unchanged() {
                wake = unit.write(&transaction).await?;
                name = Some(self.voice.announce(&transaction, &wake).await?);
            }
            ready = Some(Ready { answers, wake, name });
            transaction.commit().await?;
            Ok(())
        })
        .await;
        let done = done.unwrap_or_else(|_| Err(silent(connection)));
        match (done, ready) {
            (Ok(()), Some(ready)) => Ok(self.answered(ready)),
            (Err(error), Some(Ready { name: Some(name), answers, wake })) if is_lost(&error) => {
                match self.became(&name).await {
                    Ok(true) => Ok(self.answered(Ready { answers, wake, name: None })),
                    Ok(false) => Err(Failure::Lost(error)),
                    Err(_) => Err(Failure::Unknown(error)),
                }
            }
            (Err(error), _) => Err(classify(error)),
            (Ok(()), None) => Err(Failure::Lost(StoreError::Closed)),
        }
    }

    fn answered(&self, ready: Ready) -> Answers {
        self.voice.speak(&ready.wake);
        ready.answers
    }

    /// Whether the transaction of this name was committed, when the answer to its commit was lost.
    async fn became(&self, name: &str) -> Result<bool> {
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self
                .database
                .read(async |connection| {
                    let statement =
                        connection.prepare_cached("SELECT pg_xact_status($1::text::xid8)").await?;
                    Ok(connection.query_one(&statement, &[&name]).await?.try_get::<_, Option<String>>(0)?)
                })
                .await;
            match status.as_ref().map(Option::as_deref) {
                Ok(Some("committed")) => return Ok(true),
                Ok(Some("aborted")) => return Ok(false),
                Ok(None) => {
                    return Err(StoreError::Engine("the database has forgotten the transaction".into()));
                }
                // it is being committed, or the database is not back yet
                _ if Instant::now() < end => sleep(Duration::from_millis(50)).await,
                Ok(_) => return Err(StoreError::Engine("the transaction does not end".into())),
                Err(_) => return status.map(|_| false),
            }
        }
    }
}

/// How many of these calls share a transaction: as many as are not too heavy together, and one at least.
fn fitting(calls: &[Call]) -> usize {
    let mut weight = 0;
    let fits = |call: &&Call| {
        weight += call.weight();
        weight <= WEIGHT
    };
    calls.iter().take_while(fits).count().max(1)
}

fn refused(error: StoreError, calls: usize) -> Answers {
    let error = Arc::new(error);
    (0..calls).map(|_| Err(StoreError::Engine(Box::new(Arc::clone(&error))))).collect()
}

fn classify(error: StoreError) -> Failure {
    match () {
        () if is_lost(&error) => Failure::Lost(error),
        () if is_again(&error) => Failure::Again(error),
        () => Failure::Blame(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::{Artifact, ReportId},
        store::{Claim, Outcome, postgres::change::Change},
    };

    fn settling(bytes: usize) -> Call {
        let artifact = Artifact {
            key: String::new(),
            size: 0,
            sha256: String::new(),
            file_name: String::new(),
            model_size: bytes as u64,
        };
        let claim = Claim { report: ReportId::generate(), token: uuid::Uuid::new_v4(), attempt: 1 };
        let outcome = Outcome::Completed { artifact, model: vec![b' '; bytes].into() };
        Call::Change(claim.report, Change::Settle(claim, Box::new(outcome)))
    }

    #[test]
    fn what_is_heavy_goes_in_parts_and_nothing_is_too_heavy_to_go() {
        for (bytes, expected) in [
            (vec![0; 9], 9),
            (vec![WEIGHT / 2, WEIGHT / 2, 0, 1], 3),
            (vec![WEIGHT / 2 + 1, WEIGHT / 2], 1),
            (vec![2 * WEIGHT, 0], 1),
        ] {
            let calls: Vec<_> = bytes.iter().copied().map(settling).collect();
            assert_eq!(fitting(&calls), expected, "{bytes:?}");
        }
    }
}
