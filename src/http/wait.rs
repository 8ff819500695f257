//! The long poll: a request that waits for news of a report.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Api, Refusal};
use crate::{
    access::{Met, Pass},
    metrics::Way,
    report::{Record, ReportId},
};

impl Api {
    /// Waits until a state of the report is `enough`, and returns that or, when `time` is over or the server
    /// drains, the state of then. While it waits it is a listener like any other, and a report that was held
    /// back for its first client begins.
    pub(super) async fn wait(
        &self,
        pass: &Pass,
        id: ReportId,
        time: Duration,
        enough: impl Fn(&Record) -> bool,
    ) -> Result<Record, Refusal> {
        let _listening = self.metrics.listening(Way::LongPoll);
        let over = Instant::now() + time;
        let Met { subscription: mut place, mut record, place: _counted, .. } =
            self.reports.meet(pass, id).await?;
        while !enough(&record) {
            let go_on = tokio::select! {
                biased;
                () = pass.leave().cancelled() => false,
                () = place.changed() => true,
                () = sleep_until(over) => false,
            };
            record = self.reports.load(pass, id).await?;
            if !go_on {
                break;
            }
        }
        Ok(record)
    }
}
