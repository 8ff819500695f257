//! How nodes tell each other what has changed: one `NOTIFY` for a transaction, which the database sends when it commits,
//! and a connection that listens.
//!
//! ```text
//! payload = the node's name, 22 characters · what may be due: `+` a task, `!` a message, `*` both, `.` neither
//!           · the ids of reports that changed, 22 characters each
//! ```
//!
//! A hint may be lost. Whenever the connection is made anew all who listen are told to look at everything; a connection
//! that says nothing for too long is tried, and made anew if it does not answer.

use std::{future::poll_fn, pin::pin, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use deadpool_postgres::Transaction;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Notify, broadcast, mpsc},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};
use uuid::Uuid;

use super::{
    connect::{Database, OpenError},
    moment::{Moments, moment},
    row::{id, time, uuid},
};
use crate::{
    report::ReportId,
    store::{Hint, Result, hint::Wake},
};

const CHANNEL: &str = "reportwire";

/// How long an id is in base64url.
const ID: usize = 22;

/// How many ids fit into a payload, which is shorter than 8,000 bytes.
const IDS: usize = 350;

/// How often the connection is tried, and the clock read.
const LOOK: Duration = Duration::from_secs(1);

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before it is made anew.
const AGAIN: Duration = Duration::from_millis(200);

/// Tells this node and all others.
#[derive(Clone)]
pub(super) struct Voice {
    pub(super) node: Uuid,
    pub(super) hints: broadcast::Sender<Hint>,
    pub(super) due: Arc<Notify>,
}

impl Voice {
    /// Has the database tell the other nodes when the transaction is committed. Returns what the database calls the
    /// transaction.
    pub(super) async fn announce(&self, transaction: &Transaction<'_>, wake: &Wake) -> Result<String> {
        let notify =
            transaction.prepare_cached("SELECT pg_notify($1, $2), pg_current_xact_id()::text").await?;
        let mut name = None;
        let changed = wake.in_order();
        // that something is due is said, too, when no report changed
        let (first, more) = changed.split_at(changed.len().min(IDS));
        for ids in std::iter::once(first).chain(more.chunks(IDS)) {
            let row = transaction.query_one(&notify, &[&CHANNEL, &self.payload(ids, wake)]).await?;
            name = Some(row.try_get(1)?);
        }
        Ok(name.unwrap_or_default())
    }

    /// Tells this node, which does not listen to itself: it need not wait for the database to say it.
    pub(super) fn speak(&self, wake: &Wake) {
        // an error says that nobody listens
        if wake.task {
            let _ = self.hints.send(Hint::Due);
        }
        for id in wake.in_order() {
            let _ = self.hints.send(Hint::Changed(id));
        }
        if wake.message {
            self.due.notify_one();
        }
    }

    fn payload(&self, ids: &[ReportId], wake: &Wake) -> String {
        let mut payload = String::with_capacity(ID + 1 + ids.len() * ID);
        URL_SAFE_NO_PAD.encode_string(self.node.as_bytes(), &mut payload);
        payload.push(match (wake.task, wake.message) {
            (false, false) => '.',
            (true, false) => '+',
            (false, true) => '!',
            (true, true) => '*',
        });
        for one in ids {
            URL_SAFE_NO_PAD.encode_string(uuid(*one).as_bytes(), &mut payload);
        }
        payload
    }

    /// What another node said.
    fn hear(&self, payload: &str) {
        match read(payload) {
            Some(heard) if heard.node == self.node => {}
            Some(heard) => self.speak(&heard.wake),
            // a later release may say more than we understand
            None => self.missed(),
        }
    }

    /// Something may have been said while nobody listened.
    pub(super) fn missed(&self) {
        let _ = self.hints.send(Hint::Missed);
        self.due.notify_one();
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Heard {
    node: Uuid,
    wake: Wake,
}

fn read(payload: &str) -> Option<Heard> {
    let uuid = |text: &[u8]| Uuid::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    let (node, rest) = payload.as_bytes().split_at_checked(ID)?;
    let (due, ids) = rest.split_first()?;
    let (task, message) = match due {
        b'.' => (false, false),
        b'+' => (true, false),
        b'!' => (false, true),
        b'*' => (true, true),
        _ => return None,
    };
    let changed = ids.chunks(ID).map(|text| uuid(text).map(id)).collect::<Option<_>>()?;
    Some(Heard { node: uuid(node)?, wake: Wake { changed, task, message } })
}

/// Listens to the other nodes.
pub(super) struct Ear {
    pub(super) database: Database,
    pub(super) moments: Moments,
    pub(super) voice: Voice,
}

impl Ear {
    /// Listens from now on, for as long as the task runs.
    pub(super) async fn listen(self) -> Result<JoinHandle<()>, OpenError> {
        let (ready, mut begun) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            loop {
                let ended = self.session(&ready).await;
                // that it failed is no reason not to start: everything is looked at when it is there
                let _ = ready.try_send(());
                if let Err(error) = ended {
                    tracing::warn!(
                        error = &*error as &dyn std::error::Error,
                        "lost the connection that hears of changes"
                    );
                }
                sleep(AGAIN).await;
            }
        });
        let _ = begun.recv().await;
        Ok(task)
    }

    /// Listens as long as the connection lasts.
    async fn session(
        &self,
        ready: &mpsc::Sender<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let (config, tls) = self.database.config();
        match tls {
            Some(tls) => {
                let (client, connection) = config.connect(tls).await?;
                self.follow(&client, connection, ready).await
            }
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                self.follow(&client, connection, ready).await
            }
        }
    }

    async fn follow<S, T>(
        &self,
        client: &Client,
        mut connection: Connection<S, T>,
        ready: &mpsc::Sender<()>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let mut hearing = pin!(async {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(notification) = message? {
                    self.voice.hear(notification.payload());
                }
            }
            Ok::<_, tokio_postgres::Error>(())
        });
        let looking = async {
            client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
            self.voice.missed();
            let _ = ready.try_send(());
            let mut looks = interval(LOOK);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                let moment = self.moments.parameter();
                let row = timeout(PATIENCE, client.query_one(concat!("SELECT ", moment!("$1")), &[&moment]))
                    .await??;
                if let Ok(now) = time(row.try_get(0)?) {
                    self.moments.heard(now);
                }
            }
        };
        tokio::select! {
            heard = &mut hearing => Ok(heard?),
            looked = looking => looked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood_and_what_is_not_is_no_hint() {
        let voice = Voice { node: Uuid::new_v4(), hints: broadcast::Sender::new(4), due: Arc::default() };
        for (count, task, message) in
            [(0, false, true), (1, false, false), (1, true, false), (IDS, true, true)]
        {
            let wake = Wake { changed: (0..count).map(|_| ReportId::generate()).collect(), task, message };
            let payload = voice.payload(&wake.changed, &wake);
            assert!(payload.len() < 8000, "{}", payload.len());
            assert_eq!(read(&payload), Some(Heard { node: voice.node, wake }));
        }
        let nothing = voice.payload(&[], &Wake::default());
        for broken in ["", "x", "2:something new", &nothing[..ID], &format!("{nothing}AA")] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_node_does_not_hear_itself_and_looks_at_everything_when_it_does_not_understand() {
        let voice = Voice { node: Uuid::new_v4(), hints: broadcast::Sender::new(4), due: Arc::default() };
        let other = Voice { node: Uuid::new_v4(), ..voice.clone() };
        let (mut heard, id) = (voice.hints.subscribe(), ReportId::generate());
        let wake = Wake { task: true, ..Wake::default() };
        voice.hear(&voice.payload(&[id], &wake));
        voice.hear(&other.payload(&[id], &wake));
        voice.hear("2:something new");
        assert_eq!(heard.try_recv(), Ok(Hint::Due));
        assert_eq!(heard.try_recv(), Ok(Hint::Changed(id)));
        assert_eq!(heard.try_recv(), Ok(Hint::Missed));
        assert!(heard.try_recv().is_err());
    }
}
