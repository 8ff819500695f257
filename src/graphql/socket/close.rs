//! Why the server closes a socket.

use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

/// Each reason to close: the codes from 4400 on are the sub-protocol's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The server drains. Come back.
    Restarting,
    /// The client broke the WebSocket protocol.
    Broken,
    /// The client sent a message longer than is allowed.
    TooBig,
    /// The client sent something that the sub-protocol does not know.
    Invalid(String),
    /// The client asked for an operation before the connection was acknowledged.
    Unauthorized,
    /// The client says more than a socket is for.
    Flood,
    /// What the client shows lets nobody in, or no longer.
    Forbidden,
    /// The client speaks another sub-protocol, or none.
    NotAcceptable,
    /// The client did not begin in time.
    InitTimeout,
    /// The client gave two operations one id.
    Exists(String),
    /// The client began twice.
    TooManyInits,
}

/// The longest reason of a Close, in bytes (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

impl Reason {
    pub(super) fn frame(&self) -> CloseFrame {
        let (code, mut text) = match self {
            Reason::Restarting => (1012, "restarting".into()),
            Reason::Broken => (1002, "protocol error".into()),
            Reason::TooBig => (1009, "message too big".into()),
            Reason::Invalid(detail) => (4400, detail.clone()),
            Reason::Unauthorized => (4401, "Unauthorized".into()),
            Reason::Flood => (1008, "too many messages".into()),
            Reason::Forbidden => (4403, "Forbidden".into()),
            Reason::NotAcceptable => (4406, "Subprotocol not acceptable".into()),
            Reason::InitTimeout => (4408, "Connection initialisation timeout".into()),
            Reason::Exists(id) => (4409, format!("Subscriber for {id} already exists")),
            Reason::TooManyInits => (4429, "Too many initialisation requests".into()),
        };
        text.truncate(text.floor_char_boundary(MAX_REASON));
        CloseFrame { code: CloseCode::from(code), reason: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_its_frame_whatever_the_client_called_its_operation() {
        let frame = Reason::Exists("é".repeat(500)).frame();
        assert_eq!(u16::from(frame.code), 4409);
        assert!(frame.reason.len() <= MAX_REASON && frame.reason.len() > MAX_REASON - 2);
    }
}
