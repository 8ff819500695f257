//! The connector: looks a host up, judges each address, and dials the very one that it judged.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::{Policy, Range, Resolve, SendError, target};

/// How many addresses of a host are tried; whoever answers with a thousand would have us knock on as many doors.
const TRIED: usize = 8;

/// How long one address may take while there is another to try.
const EACH: Duration = Duration::from_secs(4);

/// Opens connections, but not to everywhere.
#[derive(Clone)]
pub(super) struct Dial {
    pub(super) policy: Arc<Policy>,
    pub(super) resolver: Arc<dyn Resolve>,
}

/// Why no connection was opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error("{0} may not be reached ({1})")]
    Refused(IpAddr, &'static Range),
    #[error("no address")]
    Resolve(#[source] Option<io::Error>),
    #[error("no connection")]
    Connect(#[source] io::Error),
}

impl From<&DialError> for SendError {
    fn from(error: &DialError) -> Self {
        match error {
            DialError::Refused(address, range) => SendError::Address { address: *address, range },
            DialError::Resolve(_) => SendError::Resolve,
            DialError::Connect(error) => SendError::Connect(error.kind()),
        }
    }
}

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dial = self.clone();
        Box::pin(async move { dial.open(&uri).await.map(TokioIo::new) })
    }
}

impl Dial {
    async fn open(&self, uri: &Uri) -> Result<TcpStream, DialError> {
        let https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let found = match target::host(uri) {
            Ok(addresses) => addresses,
            Err(name) => {
                self.resolver.resolve(name).await.map_err(|error| DialError::Resolve(Some(error)))?
            }
        };
        let mut failure = DialError::Resolve(None);
        let mut allowed = Vec::new();
        for address in found.into_iter().take(TRIED) {
            match self.policy.refuses(address) {
                None => allowed.push(address),
                Some(range) if allowed.is_empty() => failure = DialError::Refused(address, range),
                Some(_) => {}
            }
        }
        while !allowed.is_empty() {
            let address = SocketAddr::new(allowed.remove(0), port);
            let patience = if allowed.is_empty() { Duration::MAX } else { EACH };
            match tokio::time::timeout(patience, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // a request is one write; waiting for more would only make it later
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => failure = DialError::Connect(error),
                Err(_) => failure = DialError::Connect(io::ErrorKind::TimedOut.into()),
            }
        }
        Err(failure)
    }
}
