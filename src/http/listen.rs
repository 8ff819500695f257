//! What all who listen to a report have in common: a place at the hub, and the cursor with which they come.

use std::sync::Arc;

use super::{Api, Query, Refusal};
use crate::{
    delivery::{Frame, Subscription},
    report::{Channel, Fault, Proof, Receipt, ReportId},
};

impl Api {
    /// Takes a place, looks, and lets a report begin that was held back for its first client. The place comes
    /// first: nothing that happens from here can pass the client by.
    pub(super) async fn listen(&self, id: ReportId) -> Result<(Subscription, Arc<Frame>), Refusal> {
        let (place, record, frame) = self.rendezvous.meet(id).await?;
        if record.held {
            self.store.release(id).await?;
        }
        Ok((place, frame))
    }

    /// Notes that a client came back having seen the end: the state `version`, which is the end or a later one.
    pub(super) async fn acknowledged(&self, id: ReportId, version: u64, channel: Channel) {
        let receipt = Receipt::over(channel, Proof::Acked);
        // the client knows whether or not we can write it down, and asked for something else
        if let Err(error) = self.store.delivered(id, version, receipt).await {
            tracing::warn!(report = %id, error = &error as &dyn std::error::Error, "a proof of delivery was not stored");
        }
    }
}

/// The cursor in the query parameter `name`: the newest version that the client has seen.
pub(super) fn cursor(query: &Query, name: &str) -> Result<Option<u64>, Refusal> {
    let Some((_, text)) = query.iter().find(|(found, _)| found == name) else { return Ok(None) };
    version(text).map(Some).ok_or_else(|| {
        let detail = "must be the version of a state, a whole number such as 9".into();
        Refusal::bad_request(vec![Fault { pointer: format!("?{name}"), detail }])
    })
}

/// A version as it stands in a cursor: digits and nothing else.
pub(super) fn version(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
