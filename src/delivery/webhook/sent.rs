//! What came of one attempt: an answer, or the reason why there is none.

use std::{io, net::IpAddr, time::Duration};

use super::Range;

/// How many bytes of an answer's body are kept.
pub const HEAD_LENGTH: usize = 256;

/// One attempt, ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// From the first look-up of the name to the last byte that was read.
    pub took: Duration,
    /// What came of it.
    pub result: Result<Answer, SendError>,
}

/// What the receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code: of HTTP, or the reply code of a mail server (RFC 5321, section 4.2).
    pub status: u16,
    /// How long it asks us to wait, by `Retry-After` (RFC 9110, section 10.2.3).
    pub retry_after: Option<Duration>,
    /// The first [`HEAD_LENGTH`] bytes of its body; what is no UTF-8 is replaced.
    pub head: String,
}

/// Why nothing was answered. Its text is for the owner of the endpoint, so it names no address that only we
/// can see; the log has the address.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The host leads to nothing but addresses that may not be reached; this is the first of them.
    #[error("the host leads to an address that may not be reached ({range})")]
    Address {
        /// The address.
        address: IpAddr,
        /// Why it may not.
        range: &'static Range,
    },
    /// The host has no address.
    #[error("the host has no address")]
    Resolve,
    /// No connection came about.
    #[error("no connection: {0}")]
    Connect(io::ErrorKind),
    /// The connection could not be made private, or it is another who answers.
    #[error("no TLS: {0}")]
    Tls(rustls::Error),
    /// The answer took longer than [`PATIENCE`](super::PATIENCE).
    #[error("no answer in time")]
    Timeout,
    /// The status line and the headers are larger than 16 KiB, or more than 100.
    #[error("the head of the answer is too large")]
    HeadTooLarge,
    /// The connection ended before the answer was whole.
    #[error("the connection ended before the answer")]
    Closed,
    /// What came back is not HTTP/1.1, or not SMTP.
    #[error("the answer cannot be read")]
    Protocol,
    /// The mail server lacks what the letter needs: an extension, or a way to log in.
    #[error("the mail server cannot take this letter")]
    Unable,
    /// Too many letters are on their way to the mail server.
    #[error("too many letters are on their way")]
    Busy,
    /// It cannot be written as a request or a letter, now or ever.
    #[error("it cannot be sent")]
    Unsendable,
}

impl SendError {
    /// Whether another attempt would end in the same way. A name that leads to a refused address may be mended.
    pub fn is_permanent(&self) -> bool {
        matches!(self, SendError::Unsendable)
    }

    /// A short name, as the label of a metric.
    pub fn name(&self) -> &'static str {
        match self {
            SendError::Address { .. } => "address",
            SendError::Resolve => "resolve",
            SendError::Connect(_) => "connect",
            SendError::Tls(_) => "tls",
            SendError::Timeout => "timeout",
            SendError::HeadTooLarge => "head",
            SendError::Closed => "closed",
            SendError::Protocol => "protocol",
            SendError::Unable => "unable",
            SendError::Busy => "busy",
            SendError::Unsendable => "unsendable",
        }
    }
}
