//! The loop that sends messages: arm, claim as many as there is room for, send, settle.
//!
//! It is to messages what [`Runner`](crate::work::Runner) is to reports, with one more limit. Messages wait in
//! lanes, one for each receiver, and a lane takes only so many at once: a receiver that is dead holds the
//! permits of its own lane, and nobody else's.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::store::{Attempted, Clock, Message, Outbox, Room, StoreError};

/// Sends one message, once.
#[async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// Sends the message and says how it went. Ends by itself within [`Pace::lease`].
    async fn carry(&self, message: &Message) -> Attempted;
}

/// How much at once, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many messages are under way at once.
    pub limit: usize,
    /// How many of them in one lane.
    pub per_lane: usize,
    /// How long a claim lasts. Not renewed: an attempt is shorter.
    pub lease: Duration,
    /// How long a drain waits for the attempts that are under way. One that is cut off is made again, under the same
    /// name, when its claim is free.
    pub grace: Duration,
    /// How often to look when no hint came and nothing is known to become due.
    pub poll: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            limit: 512,
            per_lane: 32,
            lease: Duration::from_secs(60),
            grace: Duration::from_secs(2),
            poll: Duration::from_secs(1),
        }
    }
}

/// Sends what is due.
pub struct Dispatcher {
    outbox: Arc<dyn Outbox>,
    carrier: Arc<dyn Carrier>,
    clock: Clock,
    pace: Pace,
}

/// What an attempt holds while it lasts: its share of all, and of its lane.
type Share = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Dispatcher {
    /// A dispatcher of the messages in `outbox`, by way of `carrier`. `clock` is the store's.
    pub fn new(outbox: Arc<dyn Outbox>, carrier: Arc<dyn Carrier>, clock: Clock, pace: Pace) -> Self {
        Self { outbox, carrier, clock, pace }
    }

    /// Sends until `stop`; then claims nothing more, and returns when what is under way has ended or was cut off.
    pub async fn run(self, stop: CancellationToken) {
        let attempts = TaskTracker::new();
        let capacity = Arc::new(Semaphore::new(self.pace.limit));
        let mut lanes = Lanes { per_lane: self.pace.per_lane, of: HashMap::new() };
        let finished = Arc::new(Notify::new());
        let cut = CancellationToken::new();
        let mut after = String::new();
        while !stop.is_cancelled() {
            let room = Room {
                limit: capacity.available_permits(),
                per_lane: self.pace.per_lane,
                busy: lanes.busy(),
                after: after.clone(),
            };
            let claimed = match self.outbox.claim_messages(self.pace.lease, &room).await {
                Ok(claimed) => claimed,
                Err(StoreError::Closed) => break,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "cannot claim messages");
                    stop.run_until_cancelled(sleep(self.pace.poll)).await;
                    continue;
                }
            };
            if let Some(last) = claimed.messages.last() {
                after.clone_from(&last.lane);
            }
            for message in claimed.messages {
                let share = (take(&capacity), take(lanes.of(&message.lane)));
                let (Some(whole), Some(lane)) = share else { continue };
                let (outbox, carrier) = (Arc::clone(&self.outbox), Arc::clone(&self.carrier));
                let (finished, cut, pace) = (Arc::clone(&finished), cut.clone(), self.pace);
                attempts.spawn(async move {
                    attempt(outbox, carrier, message, (whole, lane), pace, cut).await;
                    finished.notify_one();
                });
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.outbox.message_hint() => {}
                // what was left behind for want of room can go when something has ended
                () = finished.notified(), if claimed.crowded => {}
                () = self.until(claimed.next_due) => {}
            }
        }
        attempts.close();
        if timeout(self.pace.grace, attempts.wait()).await.is_err() {
            cut.cancel();
            attempts.wait().await;
        }
    }

    /// Waits until the next message is due, but no longer than a look may wait.
    async fn until(&self, next_due: Option<Timestamp>) {
        let wait =
            next_due.map(|due| Duration::try_from(due.duration_since((self.clock)())).unwrap_or_default());
        sleep(wait.map_or(self.pace.poll, |wait| wait.min(self.pace.poll))).await;
    }
}

fn take(permits: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(permits).try_acquire_owned().ok()
}

async fn attempt(
    outbox: Arc<dyn Outbox>,
    carrier: Arc<dyn Carrier>,
    message: Message,
    share: Share,
    pace: Pace,
    cut: CancellationToken,
) {
    // only the sending is cut off: what was answered is stored
    let Some(attempted) = cut.run_until_cancelled(carrier.carry(&message)).await else { return };
    let Message { claim, event_id, attempt, .. } = &message;
    let error = attempted.error.as_deref();
    tracing::info!(event = %event_id, attempt, status = attempted.status, error, "told");
    // a store that fails for a moment is asked again: whoever was told must not be told twice for that
    let deadline = Instant::now() + pace.lease;
    while let Err(error) = outbox.settle_message(claim, attempted.clone()).await {
        tracing::warn!(event = %event_id, error = &error as &dyn std::error::Error, "an attempt was not stored");
        if !matches!(error, StoreError::Engine(_)) || Instant::now() >= deadline {
            // the lease runs out, and it is sent again under the same name
            break;
        }
        if cut.run_until_cancelled(sleep(pace.poll)).await.is_none() {
            break;
        }
    }
    drop(share);
}

/// The permits of each lane in which something is under way.
struct Lanes {
    per_lane: usize,
    of: HashMap<String, Arc<Semaphore>>,
}

impl Lanes {
    /// How many are under way, by lane. Forgets the lanes that are empty.
    fn busy(&mut self) -> HashMap<String, usize> {
        self.of.retain(|_, permits| permits.available_permits() < self.per_lane);
        let busy = |permits: &Arc<Semaphore>| self.per_lane - permits.available_permits().min(self.per_lane);
        self.of.iter().map(|(lane, permits)| (lane.clone(), busy(permits))).collect()
    }

    fn of(&mut self, lane: &str) -> &Arc<Semaphore> {
        self.of.entry(lane.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.per_lane)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::time::{Instant, timeout};
    use uuid::Uuid;

    use super::*;
    use crate::{
        report::{Channel, EventType},
        store::{ClaimedMessages, MessageClaim, Result, Target, Then, system_clock},
    };

    const HOUR: Duration = Duration::from_secs(3600);

    /// Four messages in one lane with room for two. An attempt ends when it is let through.
    struct Lane {
        waiting: Mutex<Vec<Message>>,
        claims: AtomicUsize,
        pass: Semaphore,
        settled: Semaphore,
        empty: Notify,
    }

    #[async_trait]
    impl Outbox for Lane {
        async fn claim_messages(&self, _: Duration, room: &Room) -> Result<ClaimedMessages> {
            if self.claims.fetch_add(1, Ordering::Relaxed) == 1 {
                // the room for this claim is known, and the other attempt ends before it returns
                self.settled.acquire().await.unwrap().forget();
                self.pass.add_permits(1);
                self.settled.acquire().await.unwrap().forget();
            }
            let free = room.per_lane - room.busy.get("lane").copied().unwrap_or(0);
            let mut waiting = self.waiting.lock().unwrap();
            let left = waiting.len().saturating_sub(free);
            let messages = waiting.split_off(left);
            if waiting.is_empty() {
                self.empty.notify_one();
            }
            Ok(ClaimedMessages { messages, next_due: None, crowded: left > 0 })
        }

        async fn settle_message(&self, _: &MessageClaim, _: Attempted) -> Result<()> {
            self.settled.add_permits(1);
            Ok(())
        }

        async fn message_hint(&self) {
            std::future::pending().await
        }
    }

    #[async_trait]
    impl Carrier for Lane {
        async fn carry(&self, _: &Message) -> Attempted {
            self.pass.acquire().await.unwrap().forget();
            let then = Then::Delivered;
            Attempted { took: Duration::ZERO, status: Some(204), answer: String::new(), error: None, then }
        }
    }

    fn message(number: i64) -> Message {
        Message {
            claim: MessageClaim { message: number, token: Uuid::nil() },
            event: EventType::Test,
            event_id: number.to_string(),
            created_at: Timestamp::UNIX_EPOCH,
            attempt: 1,
            lane: "lane".into(),
            target: Target {
                channel: Channel::Webhook,
                endpoint: None,
                address: String::new(),
                secrets: Vec::new(),
            },
            record: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_ends_during_a_claim_makes_room_at_once() {
        let lane = Arc::new(Lane {
            waiting: Mutex::new((0..4).map(message).collect()),
            claims: AtomicUsize::new(0),
            pass: Semaphore::new(1),
            settled: Semaphore::new(0),
            empty: Notify::new(),
        });
        let pace = Pace { per_lane: 2, poll: HOUR, ..Pace::default() };
        let outbox = Arc::clone(&lane);
        let dispatcher = Dispatcher::new(outbox, Arc::clone(&lane) as _, system_clock(), pace);
        let (stop, began) = (CancellationToken::new(), Instant::now());
        let running = tokio::spawn(dispatcher.run(stop.clone()));
        timeout(2 * HOUR, lane.empty.notified()).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO, "nothing waits for the next look");
        lane.pass.add_permits(4);
        stop.cancel();
        running.await.unwrap();
    }
}
