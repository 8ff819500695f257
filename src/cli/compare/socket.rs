//! The WebSocket: one connection, every state pushed, the model with the last, and the answer to the Close as proof.

use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};
use url::Url;

use super::{
    line::{Line, dial},
    ways::{Lost, Trip, fetch_model},
};
use crate::cli::request::is_terminal;

pub(super) async fn follow(trip: &Trip) -> Result<Timestamp, Lost> {
    let url = trip.link("ws");
    let stream = dial(&Url::parse(url)?, &trip.meter).await?;
    trip.meter.request();
    let (mut socket, _) = client_async(url.into_client_request()?, stream).await?;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else { continue };
        let frame: Value = serde_json::from_str(&text)?;
        let report = &frame["report"];
        if is_terminal(report) {
            let knew = Timestamp::now();
            // answers the server's Close
            while let Some(Ok(_)) = socket.next().await {}
            if frame["model"].is_null() {
                fetch_model(&mut Line::new(&trip.meter), report).await?;
            }
            return Ok(knew);
        }
    }
    Err("the server closed before the end".into())
}
