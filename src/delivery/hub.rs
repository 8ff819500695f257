//! Who listens to what, in this process: one `watch` per report that somebody listens to.
//!
//! A `watch` holds the last frame only, so a slow reader skips to the newest state and costs no queue. The
//! entry of a report appears with its first subscription and goes with its last; both happen under the
//! map's own lock, so a subscription can never be made to an entry that is being removed.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use dashmap::DashMap;
use tokio::sync::watch;

use super::Frame;
use crate::report::ReportId;

type Sender = watch::Sender<Option<Arc<Frame>>>;
type Receiver = watch::Receiver<Option<Arc<Frame>>>;

/// The subscriptions of this process.
#[derive(Debug)]
pub struct Hub {
    channels: DashMap<ReportId, Sender>,
    /// How many may listen to one report.
    most: usize,
    /// The reports that somebody came to or left since they were last asked for; none are kept where nobody asks.
    touched: Option<Mutex<HashSet<ReportId>>>,
}

/// As many listen to the report as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("as many listen to the report as may")]
pub struct Crowded;

impl Default for Hub {
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

impl Hub {
    /// Nobody listens yet; at most `most` may listen to one report.
    pub fn new(most: usize) -> Self {
        Self { channels: DashMap::new(), most, touched: None }
    }

    /// … which remembers who came and went, for [`Hub::touched`].
    pub fn remembering(self) -> Self {
        Self { touched: Some(Mutex::default()), ..self }
    }

    /// The reports that somebody came to or left since this was last asked.
    pub fn touched(&self) -> HashSet<ReportId> {
        let take = |touched: &Mutex<HashSet<_>>| {
            std::mem::take(&mut *touched.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.touched.as_ref().map(take).unwrap_or_default()
    }

    fn touch(&self, id: ReportId) {
        if let Some(touched) = &self.touched {
            touched.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        }
    }

    /// Listens to a report from now on, whether or not it exists. Read its record after this, not before.
    ///
    /// # Errors
    ///
    /// [`Crowded`].
    pub fn subscribe(self: &Arc<Self>, id: ReportId) -> Result<Subscription, Crowded> {
        let channel = self.channels.entry(id).or_insert_with(|| watch::Sender::new(None));
        if channel.receiver_count() >= self.most {
            return Err(Crowded);
        }
        let receiver = channel.subscribe();
        drop(channel);
        self.touch(id);
        Ok(Subscription { hub: Arc::clone(self), id, receiver: Some(receiver) })
    }

    /// Hands a frame to whoever listens. An older one than they have already is dropped: two looks at the
    /// record may finish in the wrong order.
    pub fn publish(&self, frame: &Arc<Frame>) {
        if let Some(channel) = self.channels.get(&frame.id) {
            channel.send_if_modified(|last| {
                let newer = last.as_ref().is_none_or(|last| last.version < frame.version);
                if newer {
                    *last = Some(Arc::clone(frame));
                }
                newer
            });
        }
    }

    /// Whether a frame of this report would reach anybody.
    pub fn is_awaited(&self, id: ReportId) -> bool {
        self.channels.contains_key(&id)
    }

    /// How many listen to this report.
    pub fn listeners(&self, id: ReportId) -> usize {
        self.channels.get(&id).map_or(0, |channel| channel.receiver_count())
    }

    /// Whether those who listen to this report have been handed this version already.
    pub fn has(&self, id: ReportId, version: u64) -> bool {
        let handed = |channel: &Sender| channel.borrow().as_ref().is_some_and(|last| last.version >= version);
        self.channels.get(&id).is_some_and(|channel| handed(&channel))
    }

    /// Every report that somebody listens to.
    pub fn awaited(&self) -> Vec<ReportId> {
        self.channels.iter().map(|entry| *entry.key()).collect()
    }
}

/// A listener's place. Dropping it gives the place back, and with the last place the entry.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    id: ReportId,
    // always there until drop, which must let go of it before it counts the others
    receiver: Option<Receiver>,
}

impl Subscription {
    /// The report that it listens to.
    pub fn id(&self) -> ReportId {
        self.id
    }

    /// The newest frame, if there was one since the first listener came. Marks it as seen.
    pub fn latest(&mut self) -> Option<Arc<Frame>> {
        self.receiver.as_mut()?.borrow_and_update().clone()
    }

    /// The newest frame, without marking it as seen.
    pub fn newest(&self) -> Option<Arc<Frame>> {
        self.receiver.as_ref()?.borrow().clone()
    }

    /// Waits for a frame that [`Subscription::latest`] has not seen. Never ends otherwise: the sender lives
    /// as long as any subscription. May be dropped and called again without loss.
    pub async fn changed(&mut self) {
        if let Some(receiver) = &mut self.receiver
            && receiver.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.receiver = None;
        self.hub.channels.remove_if(&self.id, |_, channel| channel.receiver_count() == 0);
        self.hub.touch(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(id: ReportId, version: u64) -> Arc<Frame> {
        Arc::new(Frame { id, version, ..Frame::gone(id) })
    }

    #[tokio::test]
    async fn a_listener_skips_to_the_newest_frame_and_never_goes_back() {
        let hub = Arc::new(Hub::default());
        let id = ReportId::generate();
        let mut listener = hub.subscribe(id).unwrap();
        assert!(listener.latest().is_none());
        for version in [1, 2, 5, 4] {
            hub.publish(&frame(id, version));
        }
        listener.changed().await;
        assert_eq!(listener.latest().unwrap().version, 5);
    }

    #[test]
    fn the_entry_of_a_report_goes_with_its_last_listener() {
        let hub = Arc::new(Hub::default());
        let id = ReportId::generate();
        assert!(!hub.is_awaited(id));
        let (first, second) = (hub.subscribe(id).unwrap(), hub.subscribe(id).unwrap());
        assert_eq!(hub.listeners(id), 2);
        drop(first);
        assert_eq!(hub.listeners(id), 1);
        drop(second);
        assert!(!hub.is_awaited(id));
        hub.publish(&frame(id, 1));
        assert!(!hub.is_awaited(id), "publishing to nobody leaves nothing behind");
    }

    #[test]
    fn as_many_listen_to_a_report_as_may() {
        let hub = Arc::new(Hub::new(2));
        let (id, other) = (ReportId::generate(), ReportId::generate());
        let (first, _second) = (hub.subscribe(id).unwrap(), hub.subscribe(id).unwrap());
        assert_eq!(hub.subscribe(id).err(), Some(Crowded));
        assert!(hub.subscribe(other).is_ok());
        drop(first);
        assert!(hub.subscribe(id).is_ok());
    }
}
