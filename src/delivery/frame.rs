//! One state of one report as it goes over the wire: serialised once, shared by every socket.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::protocol::frame::{
    self,
    coding::{Data, OpCode},
};

use crate::report::{Delivery, DeliveryState, EventId, Links, Record, ReportId, Snapshot};

/// Models up to this many bytes of JSON text travel in the terminal frame; larger ones are fetched from
/// `_links.model`, so that a socket's buffers stay small.
pub const MODEL_IN_FRAME: u64 = 256 * 1024;

/// A state of a report, ready to send.
#[derive(Debug)]
pub struct Frame {
    /// Which report.
    pub id: ReportId,
    /// Which state of it.
    pub version: u64,
    /// What there is to say.
    pub body: Body,
    /// Until when its links are good enough to be handed to one more client.
    pub good_until: Timestamp,
}

/// What a frame says.
#[derive(Debug)]
pub enum Body {
    /// The report as it is.
    Report {
        /// What goes over every WebSocket: the JSON text in a WebSocket frame. A server's frames are not
        /// masked, so all sockets can share the very bytes.
        message: Bytes,
        /// Where in `message` the JSON text begins: it ends with the message. For channels other than WebSocket.
        text_at: usize,
        /// The version at which the work ended; `None` while it goes on.
        settled: Option<u64>,
        /// Who knows.
        delivery: DeliveryState,
        /// The SHA-256 of the finished file in lower-case hexadecimal.
        sha256: Option<String>,
    },
    /// The report expired or was removed: nothing will ever follow.
    Gone,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "report")]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    event_id: EventId,
    report: Snapshot<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a RawValue>,
}

/// A text in a WebSocket frame, as a server sends it: not masked, and therefore the same for every client. The
/// text is the end of it.
pub(crate) fn message(text: String) -> Vec<u8> {
    let mut message = Vec::with_capacity(text.len() + 10);
    // writing to memory does not fail
    let _ = frame::Frame::message(text, OpCode::Data(Data::Text), true).format(&mut message);
    message
}

impl Frame {
    /// The frame of a record, with its model if the work is completed and the model is small enough.
    ///
    /// # Errors
    ///
    /// When the stored model is not JSON: the database is damaged.
    pub fn of(record: &Record, links: &Links, model: Option<&Bytes>) -> Result<Self, serde_json::Error> {
        let model: Option<&RawValue> = model.map(|text| serde_json::from_slice(text)).transpose()?;
        let text = serde_json::to_string(&Wire {
            event_id: EventId::of(record),
            report: Snapshot::new(record, links),
            model,
        })?;
        let length = text.len();
        let message = message(text);
        let Delivery { state, .. } = record.delivery;
        Ok(Self {
            id: record.id,
            version: record.version,
            good_until: Timestamp::MAX,
            body: Body::Report {
                text_at: message.len() - length,
                message: message.into(),
                settled: record.settled_version,
                delivery: state,
                sha256: record.artifact.as_ref().map(|artifact| artifact.sha256.clone()),
            },
        })
    }

    /// The JSON text of the frame, shared with every other reader; `None` when the report is gone.
    pub fn text(&self) -> Option<Bytes> {
        match &self.body {
            Body::Report { message, text_at, .. } => Some(message.slice(*text_at..)),
            Body::Gone => None,
        }
    }

    /// The frame of a report that is gone: later than every state it had.
    pub fn gone(id: ReportId) -> Self {
        Self { id, version: u64::MAX, body: Body::Gone, good_until: Timestamp::MAX }
    }

    /// Whether somebody proved that they know. Of a report that is gone nothing is left to prove.
    pub fn is_known(&self) -> bool {
        match self.body {
            Body::Report { delivery, .. } => delivery.is_known(),
            Body::Gone => true,
        }
    }

    /// Whether nothing but the delivery can change any more.
    pub fn is_terminal(&self) -> bool {
        matches!(self.body, Body::Gone | Body::Report { settled: Some(_), .. })
    }
}
