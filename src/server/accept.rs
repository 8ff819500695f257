//! The accept loop: one task per connection, a permit for each, and no patience with silence.
//!
//! Our own loop, because `warp::serve` sets no timer and thereby no limit on how long a client may take to
//! send its request line; with it, 200 of 200 sockets that dripped a byte now and then lived for ever.

use std::{convert::Infallible, fs::File, io, net::IpAddr, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, service::Service};
use rustix::io::Errno;
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_util::task::TaskTracker;

use super::{
    connection::{Line, UNREAD_TIMEOUT},
    proxy::is_trusted,
    refuse::Refuser,
};
use crate::{
    access::Crowd,
    http::{Connection, Response},
    metrics::{Limit, Metrics},
};

/// How long to wait when there is not even a descriptor to turn a client away with.
const BREATH: Duration = Duration::from_millis(20);

pub(super) struct Acceptor<S> {
    pub(super) listener: TcpListener,
    pub(super) line: Arc<Line<S>>,
    pub(super) tasks: TaskTracker,
    pub(super) metrics: Arc<Metrics>,
}

impl<S> Acceptor<S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    pub(super) async fn run(self) {
        let limits = &self.line.limits;
        let capacity = Arc::new(Semaphore::new(limits.connections));
        let crowd = Crowd::new(limits.connections_per_address);
        let refuser = Refuser::new(self.line.tls.is_some(), self.tasks.clone());
        let mut spare = Spare::new();
        loop {
            let accepted = tokio::select! {
                () = self.line.shutdown.stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
                Err(error) => {
                    spare.make_room(&self.listener, &error).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&capacity).try_acquire_owned() else {
                self.metrics.refused(Limit::Connections);
                refuser.refuse(stream, Limit::Connections);
                continue;
            };
            // through a proxy come many
            let place = match is_trusted(peer, &self.line.trusted) {
                true => None,
                false => match crowd.enter(neighbourhood(peer)) {
                    Some(place) => Some(place),
                    None => {
                        self.metrics.refused(Limit::ConnectionsPerAddress);
                        refuser.refuse(stream, Limit::ConnectionsPerAddress);
                        continue;
                    }
                },
            };
            prepare(&stream);
            let (line, connection) = (Arc::clone(&self.line), Connection(Arc::new((permit, place))));
            self.tasks.spawn(async move { line.serve(stream, peer, connection).await });
        }
    }
}

fn prepare(stream: &TcpStream) {
    // a frame is one write; waiting for more would only make it late
    let _ = stream.set_nodelay(true);
    // one that takes nothing of what it asked for holds its place no longer than this
    let _ = SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_TIMEOUT));
}

/// Those who count as one address: with IPv6 everybody has a network of their own, and 2^64 addresses in it.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

/// A descriptor that is kept for the moment when there is no other: let go of, it takes in the client who waits, so that
/// it can be turned away. Otherwise it would wait, and the loop would spin.
struct Spare(Option<File>);

impl Spare {
    fn new() -> Self {
        Self(File::open("/dev/null").ok())
    }

    async fn make_room(&mut self, listener: &TcpListener, error: &io::Error) {
        let is_full = matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE));
        if !is_full {
            // the client is gone already
            tracing::debug!(%error, "cannot accept");
            return;
        }
        tracing::warn!(%error, "out of descriptors; a client is turned away");
        if self.0.take().is_some() {
            let turned_away = listener.accept().await;
            drop(turned_away);
        } else {
            sleep(BREATH).await;
        }
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_one_neighbourhood() {
        let of = |text: &str| neighbourhood(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
    }
}
