//! The accept loop: one task per connection, a permit for each, and no patience with silence.
//!
//! Our own loop, because `warp::serve` sets no timer and thereby no limit on how long a client may take to
//! send its request line; with it, 200 of 200 sockets that dripped a byte now and then lived for ever.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_util::task::TaskTracker;

use crate::{
    http::{Connection, Response},
    shutdown::Shutdown,
};

/// How long a client may take to send a request's head, and as long again for its body. Also how long an
/// idle connection is kept.
pub(super) const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may leave what was sent to it unacknowledged.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait after the process ran out of descriptors.
const BREATH: Duration = Duration::from_secs(1);

pub(super) struct Acceptor<S> {
    pub(super) listener: TcpListener,
    pub(super) service: S,
    pub(super) capacity: usize,
    pub(super) tasks: TaskTracker,
}

impl<S> Acceptor<S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    pub(super) async fn run(self, shutdown: Shutdown) {
        let capacity = Arc::new(Semaphore::new(self.capacity));
        loop {
            if capacity.available_permits() == 0 {
                tracing::warn!(connections = self.capacity, "full; new clients wait until one leaves");
            }
            let permit = Arc::clone(&capacity).acquire_owned().await.expect("the semaphore is never closed");
            let stream = tokio::select! {
                () = shutdown.stop.cancelled() => return,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // the client is gone already, or we are out of descriptors: both pass
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept");
                        sleep(BREATH).await;
                        continue;
                    }
                },
            };
            let connection = Connection(Arc::new(permit));
            self.tasks.spawn(serve(stream, self.service.clone(), connection, shutdown.clone()));
        }
    }
}

async fn serve<S>(stream: TcpStream, service: S, connection: Connection, shutdown: Shutdown)
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    // a frame is one write; waiting for more would only make it late
    let _ = stream.set_nodelay(true);
    // one that takes nothing of what it asked for holds its place no longer than this
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_TIMEOUT));
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        // an upgraded socket outlives this task and stays counted
        request.extensions_mut().insert(connection.clone());
        service.call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        // no half_close: with it, hyper's timeout closes a silent connection for reading only, and it lives on
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut served = pin!(served);
    let done = tokio::select! {
        done = served.as_mut() => done,
        () = shutdown.stop.cancelled() => {
            // finishes the request that is under way, if there is one
            served.as_mut().graceful_shutdown();
            tokio::select! {
                done = served => done,
                () = shutdown.deadline.cancelled() => return,
            }
        }
    };
    if let Err(error) = done {
        tracing::debug!(error = &error as &dyn std::error::Error, "connection ended early");
    }
}
