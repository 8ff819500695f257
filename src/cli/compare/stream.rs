//! Server-sent events: one answer that goes on. Coming back with the last id is the proof, as an `EventSource` does by
//! itself when the stream has ended.

use http_body_util::BodyExt as _;
use hyper::{StatusCode, body::Incoming};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    line::Line,
    ways::{Lost, Trip, fetch_model},
};
use crate::cli::request::is_terminal;

pub(super) async fn follow(trip: &Trip) -> Result<Timestamp, Lost> {
    let url = trip.link("events");
    let mut line = Line::new(&trip.meter);
    let answer = line.get(url, &[("accept", "text/event-stream")]).await?;
    if !answer.status().is_success() {
        return Err(answer.status().to_string().into());
    }
    let mut events = Events { body: answer.into_body(), text: Vec::new() };
    while let Some(frame) = events.next().await? {
        let report = &frame["report"];
        if is_terminal(report) {
            let knew = Timestamp::now();
            while events.next().await?.is_some() {}
            if frame["model"].is_null() {
                fetch_model(&mut line, report).await?;
            }
            let last = report["version"].to_string();
            let proved = line.get(url, &[("last-event-id", &last)]).await?;
            let is_over = proved.status() == StatusCode::NO_CONTENT;
            return if is_over { Ok(knew) } else { Err("the stream does not know that it is over".into()) };
        }
    }
    Err("the stream ended before the end".into())
}

/// The events in a body.
struct Events {
    body: Incoming,
    // what has arrived of the next one
    text: Vec<u8>,
}

impl Events {
    /// The document of the next event that has one.
    async fn next(&mut self) -> Result<Option<Value>, Lost> {
        loop {
            while let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.text.drain(..end + 2).collect();
                // a frame is one line of data
                let data = event.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"data: "));
                if let Some(data) = data {
                    return Ok(Some(serde_json::from_slice(data)?));
                }
            }
            match self.body.frame().await.transpose()? {
                Some(frame) => self.text.extend(frame.into_data().unwrap_or_default()),
                None => return Ok(None),
            }
        }
    }
}
