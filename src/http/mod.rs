//! The only folder that names warp: the URL table, one small file per group of handlers, and the one map
//! from error to status.
//!
//! A handler is a plain async function that takes what it needs and returns `Result<Response, Refusal>`.
//! Warp's rejections are for routing only: they say "not this route", never "no".

mod accept;
mod ack;
mod body;
mod cancel;
mod client;
mod create;
mod endpoints;
mod events;
mod export;
mod file;
mod graphql;
mod list;
mod listen;
mod metrics;
mod origin;
mod page;
mod prefer;
mod problem;
mod pulse;
mod routes;
mod service;
mod show;
mod socket;
mod upgrade;
mod visitor;
mod wait;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use warp::http::{HeaderMap, HeaderValue, header};

use visitor::Visitor;

use crate::{
    access::{Gate, Place, Reports},
    artifact::Artifacts,
    catalog::Library,
    config::Downloads,
    delivery::{Hub, websocket},
    graphql::Schema,
    intake::Intake,
    links::Linker,
    metrics::Metrics,
    report::ReportId,
    store::{Clock, Endpoints, Fleet, Queue},
    vault::Sealer,
    work::Estimator,
};

pub use body::Bounds;
pub use client::Client;
pub use origin::Doors;
pub use page::policy as page_policy;
pub use problem::Refusal;
pub(crate) use pulse::{Beating, Pulse};
pub use service::service;

/// `Cache-Control` of what has links with tokens in it, which are nobody else's business.
const NOT_KEPT: &str = "private, no-store";

/// `Cache-Control` of what may be kept but must be asked about before it is used again.
const ASK_FIRST: &str = "no-cache";

/// The same for files, which only the client itself may keep: their addresses are handed out one by one.
const ASK_FIRST_ALONE: &str = "private, no-cache";

/// Everything that the handlers share.
pub struct Api {
    /// Which pages come in.
    pub doors: Doors,
    /// Who comes in.
    pub gate: Arc<Gate>,
    /// The reports.
    pub reports: Arc<Reports>,
    /// Who registered for events.
    pub endpoints: Arc<dyn Endpoints>,
    /// Their files.
    pub artifacts: Artifacts,
    /// How they are handed out.
    pub downloads: Downloads,
    /// What the page may load from where.
    pub page_policy: HeaderValue,
    /// How many reports may be written in another format at once.
    pub exports: Arc<Semaphore>,
    /// What can be asked for.
    pub library: Arc<Library>,
    /// Reads requests for reports.
    pub intake: Arc<Intake>,
    /// The GraphQL schema.
    pub schema: Schema,
    /// Who listens here.
    pub hub: Arc<Hub>,
    /// Who listens elsewhere, if there can be anybody.
    pub fleet: Option<Arc<dyn Fleet>>,
    /// Whether this node serves clients at all.
    pub serves: bool,
    /// Who waits for a worker.
    pub queue: Arc<dyn Queue>,
    /// How long that will take.
    pub estimator: Arc<Estimator>,
    /// The store's clock.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Makes links and checks them.
    pub linker: Linker,
    /// Encrypts the secrets of endpoints.
    pub sealer: Sealer,
    /// What every socket shares.
    pub peer: Arc<websocket::Peer>,
    /// Where the sockets' tasks live after the upgrade, so that a drain can wait for them.
    pub tasks: TaskTracker,
    /// How large a body may be, and how long it may take.
    pub body: body::Bounds,
    /// How long a URL may be, in bytes.
    pub longest_url: usize,
}

/// The response type of every handler, and of the service.
pub type Response = warp::reply::Response;

/// What a handler returns.
type Answer = Result<Response, Refusal>;

/// The pairs of a query string.
type Query = Vec<(String, String)>;

/// What keeps a connection counted, in all and with those of its address: held by its task, and by its socket's task
/// after an upgrade.
#[derive(Clone)]
pub struct Connection(pub Arc<(OwnedSemaphorePermit, Option<Place>)>);

/// The id in a path. What is not an id names no report.
fn report_id(text: &str) -> Result<ReportId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("a report's id is a UUID such as the 201 named"))
}

impl Api {
    /// Scheme and authority of the links of a report that is asked for by a request with these headers.
    fn origin(&self, visitor: &Visitor) -> Result<String, Refusal> {
        let host = visitor.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
        self.intake.origin(host, visitor.client.secure).map_err(|fault| Refusal::bad_request(vec![fault]))
    }
}

/// A JSON response.
fn json(status: warp::http::StatusCode, text: String) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(NOT_KEPT));
    response
}

/// Whether an `If-None-Match` names this entity tag, by weak comparison (RFC 9110, section 13.1.2).
fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.trim() == "*" || value.split(',').any(|candidate| opaque(candidate) == opaque(etag))
    })
}

/// `304 Not Modified` with the entity tag, and with the `Cache-Control` of the 200 that it stands for: whoever keeps
/// that answer goes by the new headers (RFC 9110, section 15.4.5).
fn not_modified(etag: &str, cache_control: &'static str) -> Response {
    let mut response = Response::new(String::new().into());
    *response.status_mut() = warp::http::StatusCode::NOT_MODIFIED;
    put(response.headers_mut(), header::ETAG, etag);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response
}

/// Sets a header whose value we made ourselves.
fn put(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    // ours are visible ASCII; a value that is not would be a bug, and a header less is the mildest form
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
