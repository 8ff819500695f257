//! `Prefer: wait=N` (RFC 7240, section 4.3): a client that would rather wait than ask again.

use std::time::Duration;

use warp::http::HeaderMap;

/// The longest wait, in seconds: proxies give up on a silent connection soon after.
const LONGEST: u64 = 60;

/// How long to wait, as a client asked for it and as it is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait(u64);

impl Wait {
    /// The wait that a request prefers. A preference that makes no sense is as good as none, and of several the
    /// first counts (RFC 7240, section 2).
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let wait = lines.flat_map(preferences).find_map(|preference| {
            // what follows a semicolon are parameters, of which this preference has none
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"').to_owned())
        })?;
        let digits = !wait.is_empty() && wait.bytes().all(|byte| byte.is_ascii_digit());
        // so many digits that it is no u64 are a long wait all the same
        digits.then(|| Self(wait.parse().unwrap_or(LONGEST).min(LONGEST)))
    }

    /// What is granted.
    pub(super) fn time(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// The value of `Preference-Applied`.
    pub(super) fn applied(self) -> String {
        format!("wait={}", self.0)
    }
}

/// The preferences of one header line: parted by commas, but not by those within quotes.
fn preferences(line: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |character| {
        let parts = character == ',' && !quoted;
        quoted ^= character == '"' && !escaped;
        escaped = quoted && character == '\\' && !escaped;
        parts
    })
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn seconds(lines: &[&'static str]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("prefer", HeaderValue::from_static(line));
        }
        Wait::of(&headers).map(|wait| wait.0)
    }

    #[test]
    fn a_wait_is_a_number_of_seconds_up_to_a_minute() {
        let table: [(&[&'static str], Option<u64>); 20] = [
            (&[], None),
            (&["wait=10"], Some(10)),
            (&["WAIT = 10"], Some(10)),
            (&["wait=\"10\""], Some(10)),
            (&["wait=10; why=\"a, b\""], Some(10)),
            (&["respond-async, wait=10"], Some(10)),
            (&["respond-async", "wait=10"], Some(10)),
            (&["wait=10, wait=20"], Some(10)),
            (&["wait=10", "wait=20"], Some(10)),
            (&["note=\"a, wait=5\", wait=7"], Some(7)),
            (&["note=\"a\\\", wait=5\", wait=7"], Some(7)),
            (&["wait=0"], Some(0)),
            (&["wait=61"], Some(60)),
            (&["wait=99999999999999999999999"], Some(60)),
            (&["wait"], None),
            (&["wait="], None),
            (&["wait=-1"], None),
            (&["wait=1.5"], None),
            (&["wait=soon, wait=20"], None),
            (&["waits=10, =, ;, \""], None),
        ];
        for (lines, expected) in table {
            assert_eq!(seconds(lines), expected, "{lines:?}");
        }
    }
}
