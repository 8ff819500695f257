//! One connection, from its first byte to its last.

use std::{convert::Infallible, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use warp::http::{StatusCode, header};

use super::proxy;
use crate::{
    config::Limits,
    http::{Beating, Client, Connection, Pulse, Response},
    shutdown::Shutdown,
};

/// What every connection of a server shares.
pub(super) struct Line<S> {
    pub(super) service: S,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) trusted: Vec<IpNet>,
    pub(super) limits: Limits,
    pub(super) shutdown: Shutdown,
}

/// The first byte of a TLS handshake (RFC 8446, section 5.1). No request in HTTP begins with it.
const HANDSHAKE: u8 = 0x16;

impl<S> Line<S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    /// Serves the client at `peer` until either leaves.
    pub(super) async fn serve(&self, stream: TcpStream, peer: IpAddr, connection: Connection) {
        let Some(tls) = &self.tls else { return self.converse(stream, peer, false, connection).await };
        let patience = self.limits.header_timeout;
        let mut first = [0];
        match timeout(patience, stream.peek(&mut first)).await {
            Ok(Ok(1)) if first == [HANDSHAKE] => match timeout(patience, tls.accept(stream)).await {
                // boxed, or every connection would have room for it
                Ok(Ok(stream)) => Box::pin(self.converse(stream, peer, true, connection)).await,
                Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
                Err(_) => tracing::debug!("no TLS in time"),
            },
            Ok(Ok(1)) => Box::pin(self.point_to_tls(stream)).await,
            _ => {}
        }
    }

    async fn converse<T>(&self, stream: T, peer: IpAddr, secure: bool, connection: Connection)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Arc::new(Pulse::new(self.limits.header_timeout));
        let beat = &pulse;
        let service = hyper::service::service_fn(|mut request: Request<Incoming>| {
            beat.busy();
            let client = proxy::client(request.headers(), peer, secure, &self.trusted);
            request.extensions_mut().insert::<Client>(client);
            // an upgraded socket outlives this task and stays counted
            request.extensions_mut().insert(connection.clone());
            let answer = self.service.call(request);
            async move {
                let answer = answer.await;
                beat.idle();
                answer
            }
        });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            // runs from the end of an answer to the end of the next head; the pulse is stricter with the head itself
            .header_read_timeout(self.limits.idle_timeout.max(self.limits.header_timeout))
            // no half_close: with it, hyper's timeout closes a silent connection for reading only, and it lives on
            .max_buf_size(self.limits.head)
            .serve_connection(TokioIo::new(Beating::new(stream, Arc::clone(&pulse))), service)
            .with_upgrades();
        let mut served = pin!(served);
        let shutdown = &self.shutdown;
        let done = tokio::select! {
            done = served.as_mut() => done,
            () = pulse.stops() => return tracing::debug!("no head in time"),
            () = shutdown.stop.cancelled() => {
                // finishes the request that is under way, if there is one
                served.as_mut().graceful_shutdown();
                tokio::select! {
                    done = served => done,
                    () = pulse.stops() => return,
                    () = shutdown.deadline.cancelled() => return,
                }
            }
        };
        if let Err(error) = done {
            tracing::debug!(error = &error as &dyn std::error::Error, "connection ended early");
        }
    }

    /// Tells a client who does not speak TLS where it is spoken: here.
    async fn point_to_tls(&self, stream: TcpStream) {
        let service = hyper::service::service_fn(async |request: Request<Incoming>| {
            let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let mut response = Response::new(String::new().into());
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            match format!("https://{host}{path}").parse() {
                Ok(location) if !host.is_empty() => {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                _ => *response.status_mut() = StatusCode::BAD_REQUEST,
            }
            Ok::<_, Infallible>(response)
        });
        let pointing = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(self.limits.head)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        let _ = timeout(self.limits.header_timeout.saturating_mul(2), pointing).await;
    }
}

/// How long a client may leave what was sent to it unacknowledged.
pub(super) const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);
