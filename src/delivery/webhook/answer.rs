//! An HTTP answer, of which no more is read than is kept.

use std::{error::Error, io, time::Duration};

use http_body_util::BodyExt as _;
use hyper::{
    HeaderMap, Response,
    body::{Body, Bytes},
    header,
};
use hyper_util::client::legacy;
use jiff::Timestamp;

use super::{Answer, HEAD_LENGTH, SendError, dial::DialError};

/// The answer with the first bytes of its body. Whatever happens to the body, the status stands: the
/// receiver has said it.
pub(super) async fn read(
    response: Response<impl Body<Data = Bytes> + Unpin>,
    deadline: tokio::time::Instant,
) -> Answer {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let mut body = response.into_body();
    let mut head = Vec::new();
    let reading = async {
        // to the end of a short body, so that its connection can be used again; a long one is cut off with it
        while head.len() <= HEAD_LENGTH
            && let Some(Ok(frame)) = body.frame().await
        {
            if let Some(bytes) = frame.data_ref() {
                let room = (HEAD_LENGTH + 1).saturating_sub(head.len());
                head.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
    };
    let _ = tokio::time::timeout_at(deadline, reading).await;
    head.truncate(HEAD_LENGTH);
    Answer { status, retry_after, head: String::from_utf8_lossy(&head).into_owned() }
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). A date is counted from the receiver's own
/// clock, if it tells it, because that is the clock it was made with.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // more seconds than a u64 holds are more than anybody waits
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = date(text)?;
    let now = headers.get(header::DATE).and_then(|value| date(value.to_str().ok()?));
    let wait = until.duration_since(now.unwrap_or_else(Timestamp::now));
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// A date as HTTP writes it (RFC 9110, section 5.6.7), in the form that is not obsolete.
fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// The cause of a failure, which lies somewhere in the chain that the client made of it.
pub(super) fn cause(error: &legacy::Error) -> SendError {
    let connecting = error.is_connect();
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<DialError>() {
            return error.into();
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_parse_too_large() {
                return SendError::HeadTooLarge;
            }
            if error.is_parse() {
                return SendError::Protocol;
            }
            if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
                return SendError::Closed;
            }
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()).unwrap_or(error);
            let tls = inner.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            return match tls {
                Some(tls) => SendError::Tls(tls.clone()),
                None if connecting => SendError::Connect(inner.kind()),
                None => SendError::Closed,
            };
        }
        next = error.source();
    }
    SendError::Protocol
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_takes_nothing_from_the_status() {
        struct Stalled(Option<Bytes>);
        impl Body for Stalled {
            type Data = Bytes;
            type Error = io::Error;
            fn poll_frame(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<io::Result<hyper::body::Frame<Bytes>>>> {
                match self.0.take() {
                    Some(bytes) => std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(bytes)))),
                    None => std::task::Poll::Pending,
                }
            }
        }
        let begun = tokio::time::Instant::now();
        let deadline = begun + Duration::from_secs(15);
        let response = Response::builder().status(202).body(Stalled(Some("so far".into()))).unwrap();
        let answer = read(response, deadline).await;
        assert_eq!((answer.status, answer.head.as_str()), (202, "so far"));
        assert_eq!(tokio::time::Instant::now(), deadline);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_clock_of_the_receiver() {
        let table = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in table {
            let headers = HeaderMap::from_iter([
                (header::RETRY_AFTER, text.parse().unwrap()),
                (header::DATE, "Sun, 06 Nov 1994 08:49:00 GMT".parse().unwrap()),
            ]);
            assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
