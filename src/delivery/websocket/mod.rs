//! One connected client: every state of its report, the end, and the proof that the end arrived.
//!
//! ```text
//!   frame … frame, terminal frame, Close 1000 ──►
//!                       ◄── Close 1000                proof: everything before our Close was received
//! ```
//!
//! With `keep` the socket stays open after the terminal frame, until the client acknowledges it or leaves.
//! The task holds no queue: it looks at the newest frame whenever it may send, and skips what it missed.

mod close;
mod inbound;
mod leave;
mod listen;
mod session;
mod talk;

use tokio::{io::AsyncRead, io::AsyncWrite, time::Duration};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{Role, WebSocketConfig},
};

pub(crate) use leave::linger;
pub use session::{Cancel, Peer, Session};
pub(crate) use talk::Talk;

/// How many messages a client may send in a second. It has little to say; whoever says more wants to keep us busy.
const MESSAGES: u32 = 100;

/// How long a client who says more is not listened to before it is sent away.
pub(crate) const PENALTY: Duration = Duration::from_secs(1);

/// The slowest line that still counts as alive, in bytes a millisecond.
const SLOWEST: u64 = 4;

/// How long a socket waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A client that said nothing for this long is pinged; one that is silent for as long again is gone.
    pub ping: Duration,
    /// A stream of events that was silent for this long sends a comment.
    pub heartbeat: Duration,
    /// A client that takes longer than this to take one frame is gone.
    pub write: Duration,
    /// A client that takes longer than this to answer our Close is gone, without proof.
    pub close: Duration,
    /// Farewells of all sockets are spread over this time, so that the clients do not return at once.
    pub farewell: Duration,
    /// A client that takes longer than this to begin the conversation of a sub-protocol that has a beginning is sent away.
    pub init: Duration,
    /// How often every report that somebody listens to is looked at again, whatever the hints said.
    pub look_again: Duration,
}

impl Patience {
    /// How long a client may take for so many bytes: a slow line is no dead one.
    pub(crate) fn write_of(&self, bytes: usize) -> Duration {
        self.write + Duration::from_millis(bytes as u64 / SLOWEST)
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(25),
            heartbeat: Duration::from_secs(15),
            write: Duration::from_secs(10),
            close: Duration::from_secs(10),
            farewell: Duration::from_secs(2),
            init: Duration::from_secs(3),
            look_again: Duration::from_secs(30),
        }
    }
}

/// A WebSocket over an upgraded connection, of which `read` was read already. Its buffers are as small as
/// an idle client deserves: the default would allocate 128 KiB for each. A message from it has `largest` bytes at most.
pub async fn accept<S>(stream: S, read: Vec<u8>, largest: usize) -> WebSocketStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(256)
        // frames go to the kernel at once; what it does not take is bounded by the largest frame
        .write_buffer_size(0)
        .max_write_buffer_size(4 * 1024 * 1024)
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest));
    WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await
}
