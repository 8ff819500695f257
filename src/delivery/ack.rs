//! A client's word that it knows the end of a report, whichever way it comes.

use crate::report::{Problem, Proof};

/// What an ack proves in which the client sent `sha256`, when the finished file has the digest `held`.
///
/// # Errors
///
/// What to tell the client when the digest is of another file, or there is no file.
pub fn weigh(sha256: Option<&str>, held: Option<&str>) -> Result<Proof, Problem> {
    match (sha256, held) {
        (None, _) => Ok(Proof::Acked),
        (Some(given), Some(held)) if held.eq_ignore_ascii_case(given) => Ok(Proof::Verified),
        (Some(_), _) => {
            let detail = "the digest is not that of the finished file; download it again";
            Err(Problem::new("digest-mismatch", 409, "Digest mismatch", detail))
        }
    }
}

/// What to tell a client that acknowledges a `version` beyond the `newest`.
pub fn no_such_version(version: u64, newest: u64) -> Problem {
    let detail = format!("there is no version {version} yet; the newest is {newest}");
    Problem::new("bad-message", 409, "No such version", detail)
}
