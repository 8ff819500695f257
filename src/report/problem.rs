//! The shape in which something is said to be wrong (RFC 9457).

use serde::{Deserialize, Serialize};

/// How many faults are listed; the detail still counts them all.
const MOST_FAULTS: usize = 50;

/// A problem document, `application/problem+json` (RFC 9457, section 3).
///
/// It is what a refused request is answered with, what a WebSocket error frame carries and what a failed
/// report keeps as its `error`. Its text is for the reader; causes for the operator go to the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{title}: {detail}")]
pub struct Problem {
    /// The kind of problem, as a URI reference that names a section of docs/PROTOCOL.md.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words; the same for every occurrence.
    pub title: String,
    /// The HTTP status code that it is, or would be, answered with.
    pub status: u16,
    /// This occurrence, in a sentence.
    pub detail: String,
    /// Everything that is wrong with the request, not just the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// What is wrong with it and what was expected.
    pub detail: String,
}

impl Problem {
    /// A problem of the kind `slug`, which is the name of a section of docs/PROTOCOL.md.
    pub fn new(slug: &str, status: u16, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{slug}"),
            title: title.into(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// `400`, with everything that is wrong.
    pub fn bad_request(mut errors: Vec<Fault>) -> Self {
        let detail = match errors.len() {
            1 => "one thing is wrong with the request".into(),
            count => format!("{count} things are wrong with the request"),
        };
        // nobody reads more, and an answer should not be larger than its request
        errors.truncate(MOST_FAULTS);
        Self { errors, ..Self::new("bad-request", 400, "Bad request", detail) }
    }
}

impl Fault {
    /// A fault at the member `name` of the body. `~` and `/` in the name are escaped (RFC 6901, section 3).
    pub fn at(name: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")), detail: detail.into() }
    }
}
