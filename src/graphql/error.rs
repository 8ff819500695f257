//! Problems in the shape in which GraphQL tells them.

use async_graphql::{Error, ErrorExtensionValues, Pos, Response, ServerError, Value};

use crate::{report::Problem, store::StoreError, token::BadLink};

/// `message` is the detail; `extensions.problem` is the document that REST would answer with, and
/// `extensions.code` its kind in the spelling that GraphQL clients expect.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code(&problem));
        extensions.set("problem", document(&problem));
        Self { message: problem.detail, source: None, extensions: Some(extensions) }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<BadLink> for Error {
    fn from(error: BadLink) -> Self {
        Problem::from(error).into()
    }
}

/// A response in which every error has a code. What has none by now is a variable or an argument that does not fit.
pub(super) fn coded(mut response: Response) -> Response {
    let has_code =
        |error: &ServerError| error.extensions.as_ref().is_some_and(|found| found.get("code").is_some());
    for error in response.errors.iter_mut().filter(|error| !has_code(error)) {
        *error = refusal("BAD_USER_INPUT", error.clone());
    }
    response
}

/// What is wrong with a document, before anything of it ran.
pub(super) fn refusal(code: &str, error: ServerError) -> ServerError {
    let problem = Problem::new("bad-document", 400, "Bad document", error.message.clone());
    let mut extensions = error.extensions.unwrap_or_default();
    extensions.set("code", code);
    extensions.set("problem", document(&problem));
    ServerError { extensions: Some(extensions), ..error }
}

/// A document that is refused, with its code. Boxed, because it is the rare half of every result.
pub(super) type Refused = Box<ServerError>;

/// The refusal of a document, at a place if there is one.
pub(super) fn refused(code: &str, detail: String, place: Option<Pos>) -> Refused {
    Box::new(refusal(code, ServerError::new(detail, place)))
}

fn code(problem: &Problem) -> String {
    match problem.kind.rsplit('/').next().unwrap_or_default() {
        "bad-link" => "FORBIDDEN".into(),
        slug => slug.replace('-', "_").to_ascii_uppercase(),
    }
}

fn document(problem: &Problem) -> Value {
    // a problem is plain data
    async_graphql::to_value(problem).unwrap_or_default()
}
