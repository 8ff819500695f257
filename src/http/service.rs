//! What every request passes on its way in, and every answer on its way out, whatever it is about.

use std::{convert::Infallible, pin::Pin, sync::Arc};

use hyper::{Request, body::Incoming, service::Service};
use hyper_util::service::TowerToHyperService;
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    Api, Client, Refusal, Response,
    origin::{let_read, preflight, vary},
    routes::routes,
};
use crate::metrics::Limit;

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
        if self.api.gate.is_open() {
            self.api.doors.name(request.headers())?;
        }
        self.api.doors.page(request.headers(), client)
    }
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
