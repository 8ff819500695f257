//! What every request passes on its way in, and every answer on its way out, whatever it is about.

use std::{convert::Infallible, pin::Pin, sync::Arc};

use hyper::{Request, body::Incoming, service::Service};
use hyper_util::service::TowerToHyperService;
use warp::http::{HeaderMap, HeaderValue, StatusCode, Version, header};

use super::{
    Api, Client, Refusal, Response,
    origin::{let_read, preflight, vary},
    routes::routes,
};
use crate::{metrics::Limit, report::Fault};

/// What a node answers that serves no clients.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// What answers the requests of one connection after another.
pub fn service(
    api: Arc<Api>,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let inner = TowerToHyperService::new(warp::service(routes(Arc::clone(&api))));
    Outer { inner, api }
}

#[derive(Clone)]
struct Outer<S> {
    inner: S,
    api: Arc<Api>,
}

impl<S> Service<Request<Incoming>> for Outer<S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let page = match self.admit(&request) {
            Ok(page) => page,
            Err(refusal) => return Box::pin(async { Ok(outgoing(refusal.into(), None)) }),
        };
        if let Some(answer) = preflight(request.method(), request.headers()) {
            return Box::pin(async { Ok(outgoing(answer, page)) });
        }
        let answer = self.inner.call(request);
        Box::pin(async move { answer.await.map(|answer| outgoing(answer, page)) })
    }
}

impl<S> Outer<S> {
    /// The page that the request comes from, if it may.
    fn admit(&self, request: &Request<Incoming>) -> Result<Option<HeaderValue>, Refusal> {
        let client = request.extensions().get::<Client>().copied();
        let length = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
        if length > self.api.longest_url {
            self.api.metrics.refused(Limit::Url);
            let detail = format!("a URL may have {} bytes, this one has {length}", self.api.longest_url);
            return Err(Refusal::new("url-too-long", StatusCode::URI_TOO_LONG, "URL too long", detail));
        }
        one_host(request)?;
        if !self.api.serves && !PROBES.contains(&request.uri().path()) {
            let detail = "this node makes reports and serves no clients; ask one whose role is web";
            return Err(Refusal::new("not-here", StatusCode::MISDIRECTED_REQUEST, "Not here", detail));
        }
        if self.api.gate.is_open() {
            self.api.doors.name(request.headers())?;
        }
        self.api.doors.page(request.headers(), client)
    }
}

/// Refuses a request that names the server twice or not at all (RFC 9112, section 3.2), or in its target otherwise than
/// in its `Host`: whatever stands before us may go by the other one.
fn one_host(request: &Request<Incoming>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).into_iter();
    let (first, second) = (hosts.next(), hosts.next());
    let is_needed = request.version() == Version::HTTP_11;
    let is_same = request.uri().authority().is_none_or(|target| {
        first.is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(target.as_str().as_bytes()))
    });
    if second.is_none() && (first.is_some() || !is_needed) && is_same {
        return Ok(());
    }
    let detail = "must be there once, and name what the target names".into();
    Err(Refusal::bad_request(vec![Fault { pointer: "Host".into(), detail }]))
}

/// What every answer says.
fn outgoing(mut response: Response, page: Option<HeaderValue>) -> Response {
    let headers = response.headers_mut();
    // what is called JSON is never taken for a page
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // an address may have a token, which is nobody else's business
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    vary(headers);
    if let Some(page) = page {
        let_read(headers, page);
    }
    keep_private(headers);
    response
}

/// What says nothing of how it may be kept is kept by nobody.
fn keep_private(headers: &mut HeaderMap) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
