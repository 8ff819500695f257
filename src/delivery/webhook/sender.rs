//! Sends one message and waits for its answer.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{Policy, Resolve, Secret, SendError, Sent, SystemResolver, answer, dial::Dial};

/// How long one attempt may take, from the look-up of the name to the end of the answer.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// How large the status line and the headers of an answer may be, in bytes.
const HEAD: usize = 16 * 1024;

/// Connections that are kept open to one host, and for how long: as many as one lane keeps busy, and no longer than a
/// burst has pauses. There is no limit over all hosts, so the time is what keeps their number down.
const IDLE: (usize, Duration) = (32, Duration::from_secs(5));

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const REQUEST_ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");

/// Sends webhooks. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Sender {
    client: Client<HttpsConnector<Dial>, Full<Bytes>>,
    policy: Arc<Policy>,
    origin: Arc<str>,
}

/// The answer to the question whether webhooks are welcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// How long the answer took.
    pub took: Duration,
    /// Whether the receiver consents; `false` when it does not know the question, which most do not.
    pub result: Result<bool, SendError>,
}

impl Sender {
    /// A sender that keeps to `policy` and calls itself `origin`, the host name of this server as in
    /// `reports.example.com`, when it asks for consent.
    pub fn new(policy: Policy, origin: String) -> Self {
        Self::build(Arc::new(policy), origin.into(), Arc::new(SystemResolver::default()))
    }

    /// The same, with another way to look up names and no connections yet.
    pub fn with_resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self::build(self.policy, self.origin, resolver)
    }

    fn build(policy: Arc<Policy>, origin: Arc<str>, resolver: Arc<dyn Resolve>) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(crate::trust::TLS.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(Dial { policy: Arc::clone(&policy), resolver });
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IDLE.0)
            .pool_idle_timeout(IDLE.1)
            .http1_max_buf_size(HEAD)
            .build(connector);
        Self { client, policy, origin }
    }

    /// POSTs `body`, JSON, as the event `event_id` at the time `at`, signed with each of `secrets` (Standard
    /// Webhooks 1.0): while a secret is being changed, both sign. Never follows a redirect, and knows no proxy.
    pub async fn post(
        &self,
        url: &Url,
        event_id: &str,
        at: Timestamp,
        secrets: &[Secret],
        body: Bytes,
    ) -> Sent {
        let begun = Instant::now();
        let deadline = begun + PATIENCE;
        let result = match self.request(Method::POST, url) {
            Some(request) => match sign(request, event_id, at, secrets, body) {
                Some(request) => self.exchange(request, deadline).await,
                None => Err(SendError::Unsendable),
            },
            None => Err(SendError::Unsendable),
        };
        let result = match result {
            Ok(response) => Ok(answer::read(response, deadline).await),
            Err(error) => Err(error),
        };
        Sent { took: begun.elapsed(), result }
    }

    /// Asks whether the receiver wants to hear from us: the handshake against abuse of CloudEvents (HTTP 1.1 Web
    /// Hooks for Event Delivery 1.0.2, section 4). It consents by naming us or `*`.
    pub async fn ask_consent(&self, url: &Url) -> Asked {
        let begun = Instant::now();
        let question = self.request(Method::OPTIONS, url).and_then(|request| {
            request.header(REQUEST_ORIGIN, self.origin.as_ref()).body(Full::default()).ok()
        });
        let result = match question {
            Some(question) => self.exchange(question, begun + PATIENCE).await,
            None => Err(SendError::Unsendable),
        };
        let consents = |response: Response<Incoming>| {
            let named = response.headers().get(ALLOWED_ORIGIN).and_then(|value| value.to_str().ok());
            let named = named.map(str::trim).unwrap_or_default();
            response.status().is_success() && (named == "*" || named.eq_ignore_ascii_case(&self.origin))
        };
        Asked { took: begun.elapsed(), result: result.map(consents) }
    }

    fn request(&self, method: Method, url: &Url) -> Option<hyper::http::request::Builder> {
        let schemes: &[&str] = if self.policy.allow_http { &["https", "http"] } else { &["https"] };
        // whatever else was let in when the rules were others
        if !schemes.contains(&url.scheme()) {
            return None;
        }
        let agent = concat!("reportwire/", env!("CARGO_PKG_VERSION"));
        let uri: hyper::Uri = url.as_str().parse().ok()?;
        Some(Request::builder().method(method).uri(uri).header(USER_AGENT, agent))
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, SendError> {
        match timeout_at(deadline, self.client.request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a webhook was not answered");
                Err(answer::cause(&error))
            }
            Err(_) => Err(SendError::Timeout),
        }
    }
}

fn sign(
    request: hyper::http::request::Builder,
    event_id: &str,
    at: Timestamp,
    secrets: &[Secret],
    body: Bytes,
) -> Option<Request<Full<Bytes>>> {
    let signed = secrets.iter().map(|secret| secret.sign(event_id, at.as_second(), &body));
    let signatures = signed.collect::<Option<Vec<_>>>()?.join(" ");
    request
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(ID, event_id)
        .header(TIMESTAMP, at.as_second())
        .header(SIGNATURE, signatures)
        .body(Full::new(body))
        .ok()
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("policy", &self.policy).field("origin", &self.origin).finish()
    }
}
