//! Why the server closes a socket.

use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

/// Codes of our own (RFC 6455, section 7.4.2), after the statuses that they would have been.
const EXPIRED: u16 = 4401;
const REVOKED: u16 = 4403;

/// Each reason to close, with its code (RFC 6455, section 7.4.1) and whether the client should come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Everything was said: the terminal frame was sent. Do not come back.
    Done,
    /// The report expired or was removed. Do not come back: the answer would be 410.
    Gone,
    /// The server drains. Come back after the time that the `closing` frame names.
    Restarting,
    /// The client sent a message longer than is allowed.
    TooBig,
    /// The client broke the WebSocket protocol.
    Protocol,
    /// The client sent too many messages that mean nothing here.
    Policy,
    /// The client says more than a socket is for.
    Flood,
    /// What let the client in has run out. Come back with something fresh.
    Expired,
    /// What let the client in was taken back, or is no longer enough.
    Revoked,
}

impl Reason {
    /// Whether what the client says after our Close still counts: it could not know yet.
    pub(super) fn still_listens(self) -> bool {
        matches!(self, Reason::Done | Reason::Restarting)
    }

    pub(super) fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Reason::Done => (CloseCode::Normal, "done"),
            Reason::Gone => (CloseCode::Normal, "the report is gone"),
            Reason::Restarting => (CloseCode::Restart, "restarting"),
            Reason::TooBig => (CloseCode::Size, "message too big"),
            Reason::Protocol => (CloseCode::Protocol, "protocol error"),
            Reason::Policy => (CloseCode::Policy, "too many messages that are not understood"),
            Reason::Flood => (CloseCode::Policy, "too many messages"),
            Reason::Expired => (CloseCode::from(EXPIRED), "link or token expired"),
            Reason::Revoked => (CloseCode::from(REVOKED), "no longer let in"),
        };
        CloseFrame { code, reason: reason.into() }
    }
}
