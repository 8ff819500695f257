//! Problems in the shape in which GraphQL tells them.

use async_graphql::{Error, ErrorExtensionValues, ServerError, Value};

use crate::{
    report::Problem,
    store::StoreError,
    token::Forged,
};

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

impl From<Forged> for Error {
    fn from(error: Forged) -> Self {
        Problem::from(error).into()
    }
}

/// What is wrong with a document, before anything of it ran.
pub(super) fn refusal(code: &str, error: ServerError) -> ServerError {
    let problem = Problem::new("bad-document", 400, "Bad document", error.message.clone());
    let mut extensions = error.extensions.unwrap_or_default();
    extensions.set("code", code);
    extensions.set("problem", document(&problem));
    ServerError { extensions: Some(extensions), ..error }
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
