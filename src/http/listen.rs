//! The cursor with which a listener comes, and what it proves.

use super::{Api, Query, Refusal};
use crate::{
    access::Pass,
    report::{Channel, Fault, Proof, Receipt, ReportId},
};

impl Api {
    /// Notes that a client came back having seen the end: the state `version`, which is the end or a later one.
    pub(super) async fn acknowledged(&self, pass: &Pass, id: ReportId, version: u64, channel: Channel) {
        let receipt = Receipt::over(channel, Proof::Acked);
        // the client knows whether or not we can write it down, and asked for something else
        if let Err(error) = self.reports.delivered(pass, id, version, receipt).await {
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
