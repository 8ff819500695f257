//! What the store keeps of a report.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attempt, Deliver, Delivery, Owner, Parameters, Problem, ReportId, StartWhen, Status};

/// The truth about one report. Whatever any channel shows is made from a record that was committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its name.
    pub id: ReportId,
    /// Whose it is. Never changes, and is no part of what is shown.
    pub owner: Owner,
    /// Counts the states that it has had, from 1. Only grows; one version is one state.
    pub version: u64,
    /// Where the work is.
    pub status: Status,
    /// The name of its report type.
    pub report_type: String,
    /// Its checked parameters.
    pub parameters: Parameters,
    /// How the result is to reach the client.
    pub deliver: Deliver,
    /// Where a webhook about this report goes, beside the registered endpoints.
    pub callback_url: Option<String>,
    /// When the work may begin.
    pub start_when: StartWhen,
    /// `start_when` is `Connected` and no client has come yet: no worker may claim it.
    pub held: bool,
    /// Scheme and authority of its links.
    pub origin: String,
    /// How far the work is, while there is any.
    pub progress: Option<Progress>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When a worker first took it, since it was last queued by a client.
    pub started_at: Option<Timestamp>,
    /// When the work ended, however it ended.
    pub completed_at: Option<Timestamp>,
    /// When it will be gone.
    pub expires_at: Timestamp,
    /// Whether the person who asked knows.
    pub delivery: Delivery,
    /// Who was told of the end, and what proves it: the newest last, at most
    /// [`REMEMBERED_ATTEMPTS`](super::REMEMBERED_ATTEMPTS).
    pub deliveries: Vec<Attempt>,
    /// The version at which the work ended. A proof for an earlier version proves nothing about the end.
    pub settled_version: Option<u64>,
    /// The finished file.
    pub artifact: Option<Artifact>,
    /// Why it failed.
    pub error: Option<Problem>,
}

/// How far the work is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done, as in `querying` or `rendering`.
    pub phase: String,
    /// How much of the whole work is done, from 0 to 100.
    pub percent: u8,
}

/// A finished file, as the artifact store knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Where it lies in the artifact store. Unique to the attempt that made it.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// The file name that a download suggests.
    pub file_name: String,
    /// The length in bytes of the model's JSON text.
    pub model_size: u64,
}
