//! Tells the other nodes who listens here, and learns from them how many there are.
//!
//! Who comes and goes between two words is never spoken of: most clients see the end of their report sooner than that.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Hub;
use crate::{report::ReportId, store::Fleet};

/// How often this node reports in.
const EACH: Duration = Duration::from_millis(500);

/// One node's word to the others.
pub struct Presence {
    fleet: Arc<dyn Fleet>,
    hub: Arc<Hub>,
    workers: usize,
    said: HashMap<ReportId, usize>,
}

impl Presence {
    /// The presence of a node with so many `workers`, at whose `hub` people listen.
    pub fn new(fleet: Arc<dyn Fleet>, hub: Arc<Hub>, workers: usize) -> Self {
        Self { fleet, hub, workers, said: HashMap::new() }
    }

    /// Reports in until `stop`, and leaves. `learn` hears how many workers all nodes have.
    pub async fn run(mut self, learn: impl Fn(usize), stop: CancellationToken) {
        let mut words = interval(EACH);
        words.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut touched = HashSet::new();
        while stop.run_until_cancelled(words.tick()).await.is_some() {
            touched.extend(self.hub.touched());
            let news = self.news(&touched);
            match self.fleet.report_in(self.workers, &news).await {
                Ok(muster) => {
                    touched.clear();
                    for (id, count) in news {
                        if count == 0 {
                            self.said.remove(&id);
                        } else {
                            self.said.insert(id, count);
                        }
                    }
                    if muster.is_new {
                        // what was said before is forgotten, or there was nothing
                        self.said.clear();
                        touched.extend(self.hub.awaited());
                    }
                    learn(muster.workers);
                }
                // it may have been heard all the same, so that whatever it said is said again with the next word
                Err(error) => {
                    self.said.extend(news.iter().map(|(id, _)| (*id, usize::MAX)));
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "cannot report in to the other nodes"
                    );
                }
            }
        }
        // who is not heard of for a while is taken for dead anyway
        let _ = self.fleet.leave().await;
    }

    /// Of the reports that somebody came to or left, those of which something else was said last.
    fn news(&self, touched: &HashSet<ReportId>) -> Vec<(ReportId, usize)> {
        let now = touched.iter().map(|id| (*id, self.hub.listeners(*id)));
        now.filter(|(id, count)| self.said.get(id).copied().unwrap_or(0) != *count).collect()
    }
}
