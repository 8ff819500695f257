//! The thread that writes: it turns the calls that wait into one transaction and one sync.
//!
//! A call arrives as a job. The thread takes all that are queued, runs each in a savepoint of its own,
//! commits, and only then answers and hints. Whoever arrives during the sync forms the next group, so
//! groups grow with load by themselves, and a lone caller never waits for company.
//!
//! A job that fails undoes itself and nobody else. A commit that fails fails the whole group, because a
//! job may have built on what an earlier one of its group had written.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

use crate::store::{Clock, Hint, Result, Shares, StoreError, hint::Wake, transitions::stored_time};

/// How many jobs share a commit at most. It bounds how long the first of them waits for the last.
const GROUP: usize = 256;

/// What a job works with.
pub(super) struct Unit<'a> {
    /// The connection, inside the group's transaction.
    pub(super) connection: &'a Connection,
    /// The time of the job, as it is stored.
    pub(super) now: Timestamp,
    /// How much of the work one owner may have.
    pub(super) shares: Shares,
    /// What is said of the group once it is committed.
    pub(super) wake: &'a mut Wake,
}

/// The end of the queue that callers hold.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

enum Message {
    Run(Box<dyn Job>),
    Stop,
}

/// One call, without the types of its operation and its result.
trait Job: Send {
    /// Runs the operation, and says whether what it wrote may stay.
    fn run(&mut self, unit: &mut Unit<'_>) -> bool;

    /// Hands the result to the caller, or the reason why the group was not committed.
    fn answer(self: Box<Self>, committed: &Result<(), Arc<rusqlite::Error>>);
}

struct Call<T, F> {
    operation: Option<F>,
    result: Result<T>,
    caller: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnOnce(&mut Unit<'_>) -> Result<T> + Send,
{
    fn run(&mut self, unit: &mut Unit<'_>) -> bool {
        if let Some(operation) = self.operation.take() {
            self.result = operation(unit);
        }
        self.result.is_ok()
    }

    fn answer(self: Box<Self>, committed: &Result<(), Arc<rusqlite::Error>>) {
        let result = match committed {
            Ok(()) => self.result,
            Err(error) => Err(StoreError::Engine(Box::new(Arc::clone(error)))),
        };
        // A caller that went away misses the answer, not the write.
        let _ = self.caller.send(result);
    }
}

impl Writer {
    /// Starts the thread on `connection`.
    pub(super) fn start(
        connection: Connection,
        clock: Clock,
        shares: Shares,
        hints: broadcast::Sender<Hint>,
        due: Arc<Notify>,
    ) -> std::io::Result<Self> {
        // A bound, so that a disk that stalls slows callers down instead of filling the memory.
        let (queue, jobs) = mpsc::channel(4 * GROUP);
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || {
            let thread = Thread { connection, clock, shares, hints, due, jobs, wake: Wake::default() };
            thread.run();
        })?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Runs `operation` in some group, and returns its result once that group is synced to disk.
    pub(super) async fn call<T, F>(&self, operation: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Unit<'_>) -> Result<T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let call = Call { operation: Some(operation), result: Err(StoreError::Closed), caller };
        self.queue.send(Message::Run(Box::new(call))).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Finishes what is queued and refuses the rest.
    pub(super) async fn stop(&self) {
        let _ = self.queue.send(Message::Stop).await;
        if let Some(thread) = self.take_thread() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn take_thread(&self) -> Option<thread::JoinHandle<()>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Writer {
    /// Waits for the last group, so that whoever opens the folder next finds it closed.
    fn drop(&mut self) {
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.queue, closed));
        if let Some(thread) = self.take_thread() {
            let _ = thread.join();
        }
    }
}

struct Thread {
    connection: Connection,
    clock: Clock,
    shares: Shares,
    hints: broadcast::Sender<Hint>,
    due: Arc<Notify>,
    jobs: mpsc::Receiver<Message>,
    wake: Wake,
}

impl Thread {
    fn run(mut self) {
        let mut messages = Vec::new();
        let mut group = Vec::new();
        while self.jobs.blocking_recv_many(&mut messages, GROUP) > 0 {
            for message in messages.drain(..) {
                match message {
                    Message::Run(job) => group.push(job),
                    Message::Stop => self.jobs.close(),
                }
            }
            let committed = self.commit(&mut group).map_err(Arc::new);
            if let Err(error) = &committed {
                tracing::error!(%error, calls = group.len(), "a group of writes was not committed");
                self.wake = Wake::default();
            }
            for job in group.drain(..) {
                job.answer(&committed);
            }
            let wake = std::mem::take(&mut self.wake);
            if wake.message {
                self.due.notify_one();
            }
            // An error says that nobody listens.
            if wake.task {
                let _ = self.hints.send(Hint::Due);
            }
            for id in wake.in_order() {
                let _ = self.hints.send(Hint::Changed(id));
            }
        }
    }

    fn commit(&mut self, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
        self.execute("BEGIN IMMEDIATE")?;
        let committed =
            group.iter_mut().try_for_each(|job| self.run_job(job)).and_then(|()| self.execute("COMMIT"));
        if committed.is_err() && !self.connection.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        committed
    }

    fn run_job(&mut self, job: &mut Box<dyn Job>) -> rusqlite::Result<()> {
        self.execute("SAVEPOINT job")?;
        let before = self.wake.changed.len();
        let now = stored_time((self.clock)());
        let connection = &self.connection;
        let stays = job.run(&mut Unit { connection, now, shares: self.shares, wake: &mut self.wake });
        if !stays {
            self.wake.changed.truncate(before);
            // Some errors, a full disk among them, make SQLite roll the transaction back itself. Then this
            // fails, the group fails with it, and no later job runs outside a transaction.
            self.execute("ROLLBACK TO job")?;
        }
        self.execute("RELEASE job")
    }

    fn execute(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(statement)?.execute([]).map(drop)
    }
}
