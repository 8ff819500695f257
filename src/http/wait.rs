//! The long poll: a request that waits for news of a report.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Api, Refusal};
use crate::{
    metrics::Way,
    report::{Record, ReportId},
};

impl Api {
    /// Waits until a state of the report is `enough`, and returns that or, when `time` is over or the server
    /// drains, the state of then. While it waits it is a listener like any other, and a report that was held
    /// back for its first client begins.
    pub(super) async fn wait(
        &self,
        id: ReportId,
        time: Duration,
        enough: impl Fn(&Record) -> bool,
    ) -> Result<Record, Refusal> {
        let _listening = self.metrics.listening(Way::LongPoll);
        let over = Instant::now() + time;
        // first the place, then the look
        let mut place = self.hub.subscribe(id);
        let mut record = self.store.load(id).await?;
        if record.held {
            record = self.store.release(id).await?;
        }
        while !enough(&record) {
            let go_on = tokio::select! {
                biased;
                () = self.peer.farewell.cancelled() => false,
                () = place.changed() => true,
                () = sleep_until(over) => false,
            };
            record = self.store.load(id).await?;
            if !go_on {
                break;
            }
        }
        Ok(record)
    }
}
