//! The only map from an error to a status.
//!
//! Policy: a [`Refusal`] is made from a typed error of the layer below, which says itself what a client is told
//! (GraphQL tells the same), or by a handler about the request itself. Its text is for the client and says what to do next; the cause of a 5xx goes to the log, here
//! and nowhere else, and never to the client.

use warp::http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{self, HeaderName},
};

use super::{Response, put};
use crate::{
    access::{Denied, Refused},
    artifact::ArtifactError,
    report::{Fault, Problem},
    store::StoreError,
    token::BadLink,
};

/// Why a request is not answered with what it asked for.
#[derive(Debug)]
pub struct Refusal(Box<Answered>);

// boxed, because it is the rare half of every handler's result
#[derive(Debug)]
struct Answered {
    problem: Problem,
    headers: HeaderMap,
}

impl Refusal {
    /// A refusal of the kind `slug`, which docs/PROTOCOL.md explains.
    pub fn new(slug: &str, status: StatusCode, title: &str, detail: impl Into<String>) -> Self {
        let problem = Problem::new(slug, status.as_u16(), title, detail);
        Self(Box::new(Answered { problem, headers: HeaderMap::new() }))
    }

    /// `400`, with everything that is wrong.
    pub fn bad_request(errors: Vec<Fault>) -> Self {
        Problem::bad_request(errors).into()
    }

    /// `404`.
    pub fn not_found(detail: &str) -> Self {
        Self::new("not-found", StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// `500`, with the cause in the log.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = cause, "internal error");
        let detail = "the server failed; the log says why";
        Self::new("internal", StatusCode::INTERNAL_SERVER_ERROR, "Internal error", detail)
    }

    /// Adds a header to the answer.
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        put(&mut self.0.headers, name, value);
        self
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(Box::new(Answered { problem, headers: HeaderMap::new() }))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refused::from(error).into()
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let retry = refused.retry_after();
        let refusal = match refused {
            Refused::Denied(denied) => denied.into(),
            other => Self::from(Problem::from(other)),
        };
        match retry {
            Some(seconds) => refusal.with(header::RETRY_AFTER, &seconds.to_string()),
            None => refusal,
        }
    }
}

/// With what has to be shown (RFC 6750, section 3).
impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        let challenge = match denied {
            Denied::Missing => "Bearer realm=\"reportwire\"".into(),
            Denied::Invalid => "Bearer realm=\"reportwire\", error=\"invalid_token\"".into(),
            Denied::Scope(scope) => {
                format!(
                    "Bearer realm=\"reportwire\", error=\"insufficient_scope\", scope=\"{}\"",
                    scope.name()
                )
            }
            Denied::Unavailable => return Self::from(Problem::from(denied)).with(header::RETRY_AFTER, "1"),
        };
        Self::from(Problem::from(denied)).with(header::WWW_AUTHENTICATE, &challenge)
    }
}

impl From<ArtifactError> for Refusal {
    fn from(error: ArtifactError) -> Self {
        match error {
            ArtifactError::Away(cause) => {
                tracing::warn!(cause, "the bucket cannot be used");
                let detail = "the place where files are kept does not answer; try again";
                Self::new("unavailable", StatusCode::SERVICE_UNAVAILABLE, "Unavailable", detail)
                    .with(header::RETRY_AFTER, "5")
            }
            // the record named it, so that it is missing is no more the client's doing than a broken disk
            other => Self::internal(&other),
        }
    }
}

impl From<BadLink> for Refusal {
    fn from(error: BadLink) -> Self {
        Problem::from(error).into()
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let Answered { problem, headers } = *refusal.0;
        let text = serde_json::to_string(&problem).expect("a problem is plain data");
        let mut response = Response::new(text.into());
        *response.status_mut() =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
