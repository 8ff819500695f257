//! Why files cannot be had or stored, in words that may stand in a log.
//!
//! What a bucket answers may repeat what it was sent: the id of the key, the text that was signed, a signature. So of an
//! answer only the status and the code are told, and of a request only where it went.

use std::error::Error as StdError;

use object_store::{
    Error,
    client::{HttpError, HttpErrorKind},
};

/// Why a file could not be stored, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// There is no such file.
    #[error("no such artifact")]
    NotFound,
    /// The folder failed.
    #[error("the artifact store failed")]
    Engine(#[source] Box<dyn StdError + Send + Sync>),
    /// The bucket does not do what it was asked to. It may at another time.
    #[error("{0}")]
    Away(String),
}

/// What a folder said.
impl From<Error> for ArtifactError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { .. } => ArtifactError::NotFound,
            other => ArtifactError::Engine(Box::new(other)),
        }
    }
}

impl ArtifactError {
    /// What a bucket said when a file was looked for.
    pub(super) fn of_bucket(error: Error) -> Self {
        match error {
            Error::NotFound { .. } => ArtifactError::NotFound,
            other => Self::away(&other),
        }
    }

    /// What a bucket said when anything but a missing file was to be expected: what is missing is the bucket.
    pub(super) fn away(error: &Error) -> Self {
        Self::Away(told(error))
    }
}

fn told(error: &Error) -> String {
    let chain = || causes(error);
    let last = chain().last().map(ToString::to_string).unwrap_or_default();
    let at =
        chain().find_map(|error| host(&error.to_string())).map(|host| format!("{host} ")).unwrap_or_default();
    if let Some(http) = chain().find_map(|error| error.downcast_ref::<HttpError>()) {
        return match http.kind() {
            HttpErrorKind::Connect => format!("{at}cannot be reached: {last}"),
            HttpErrorKind::Timeout => format!("{at}does not answer in time"),
            HttpErrorKind::Unknown => format!("{at}cannot be asked: {last}"),
            _ => format!("{at}did not answer to the end: {last}"),
        };
    }
    match last.split_once("status code: ") {
        Some((_, answer)) => {
            let (status, body) = answer.split_once(':').unwrap_or((answer, ""));
            let code = code(body).map(|code| format!(" ({code})")).unwrap_or_default();
            format!("{at}answers {status}{code}")
        }
        // our own side of it: no credentials, no account, a URL that is none
        None => match last.split_once('<') {
            Some((words, _)) => words.trim_end_matches([' ', ':', '-']).to_owned(),
            None => last,
        },
    }
}

/// An error and what it came of.
fn causes<'a>(error: &'a Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let first: &'a (dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |error: &&'a (dyn StdError + 'static)| (*error).source())
}

/// The code in an answer of a bucket, as in `<Code>NoSuchBucket</Code>`. What does not look like one is not told.
fn code(body: &str) -> Option<&str> {
    let code = body.split_once("<Code>")?.1.split_once("</Code>")?.0;
    (code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric())).then_some(code)
}

/// Scheme and authority of the URL in "Error performing PUT URL in …".
fn host(text: &str) -> Option<String> {
    let (_, request) = text.split_once("Error performing ")?;
    let url = url::Url::parse(request.split(' ').nth(1)?).ok()?;
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        Error::Generic { store: "S3", source: text.into() }
    }

    #[test]
    fn of_an_answer_the_status_and_the_code_are_told_and_nothing_that_was_sent() {
        let body = "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIAEXAMPLE\
                    </AWSAccessKeyId><StringToSign>AWS4</StringToSign></Error>";
        let error = generic(&format!(
            "Error performing PUT http://127.0.0.1:9000/reports/a in 3ms - Server returned non-2xx status code: 403 \
             Forbidden: {body}"
        ));
        assert_eq!(told(&error), "http://127.0.0.1:9000 answers 403 Forbidden (SignatureDoesNotMatch)");
        assert_eq!(
            told(&generic("Server returned error response: <Error>AKIAEXAMPLE")),
            "Server returned error response"
        );
        let error = generic("status code: 400 Bad Request: <Code>AKIA EXAMPLE</Code>");
        assert_eq!(told(&error), "answers 400 Bad Request");
    }

    #[test]
    fn what_is_wrong_on_our_own_side_is_told_as_it_is() {
        assert_eq!(told(&generic("Account must be specified")), "Account must be specified");
    }
}
