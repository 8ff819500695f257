//! Which web pages may open a GraphQL socket: those of this server.
//!
//! A browser lets any page open a WebSocket anywhere and read what comes, and a server that only this machine
//! reaches is reached by every page that is open on it. All that tells them apart is `Origin`, which no page can
//! forge (RFC 6455, section 10.2). What is no browser sends none, and needs no such leave.

use hyper::http::uri::{Authority, Uri};
use warp::http::{HeaderMap, StatusCode, header};

use super::Refusal;

/// Refuses a handshake from a page whose origin has the authority neither of `Host` nor of `public_url`.
///
/// # Errors
///
/// `403`.
pub(super) fn check(headers: &HeaderMap, public_url: Option<&str>) -> Result<(), Refusal> {
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(|host| host.parse().ok());
    let public = public_url.and_then(|url| url.parse::<Uri>().ok());
    let is_ours = |origin: &Uri| {
        let asked = host.as_ref().is_some_and(|host| same(origin, host, origin.scheme_str()));
        let named = public.as_ref().is_some_and(|url| {
            url.authority().is_some_and(|authority| same(origin, authority, url.scheme_str()))
        });
        asked || named
    };
    for value in headers.get_all(header::ORIGIN) {
        // `null`, the origin of a page in a sandbox or from a file, has no scheme
        let origin = value.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
        if !origin.filter(|origin| origin.scheme().is_some()).is_some_and(|origin| is_ours(&origin)) {
            let detail = format!(
                "a page of {} may not open this socket: its origin is neither this host nor --public-url",
                String::from_utf8_lossy(value.as_bytes())
            );
            return Err(Refusal::new("bad-origin", StatusCode::FORBIDDEN, "Foreign origin", detail));
        }
    }
    Ok(())
}

/// Whether host and port are the same. A port that is not named is that of the scheme, which is the origin's where
/// the other side has none: what ends TLS before us hands on a bare `Host`.
fn same(origin: &Uri, other: &Authority, scheme: Option<&str>) -> bool {
    let port = |named: Option<u16>, scheme| named.or_else(|| default_port(scheme));
    let host = origin.host().unwrap_or_default();
    host.eq_ignore_ascii_case(other.host())
        && port(origin.port_u16(), origin.scheme_str()) == port(other.port_u16(), scheme)
}

fn default_port(scheme: Option<&str>) -> Option<u16> {
    match scheme {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn passes(host: &'static str, public_url: Option<&str>, origins: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_static(origin));
        }
        check(&headers, public_url).is_ok()
    }

    #[test]
    fn a_page_is_ours_by_host_and_port() {
        let here = "127.0.0.1:8080";
        let public = Some("https://reports.example.com/base");
        let table: [(&str, Option<&str>, &[&str], bool); 20] = [
            (here, None, &[], true),
            (here, None, &["http://127.0.0.1:8080"], true),
            (here, None, &["http://127.0.0.1:8081"], false),
            (here, None, &["http://127.0.0.1"], false),
            (here, None, &["http://localhost:8080"], false),
            (here, None, &["https://evil.example"], false),
            (here, None, &["http://127.0.0.1:8080", "https://evil.example"], false),
            (here, None, &["http://127.0.0.1:8080@evil.example"], false),
            (here, None, &["null"], false),
            ("null", None, &["null"], false),
            (here, None, &["127.0.0.1:8080"], false),
            (here, None, &[""], false),
            ("[::1]:8080", None, &["http://[::1]:8080"], true),
            ("Reports.example.com", None, &["https://reports.example.com"], true),
            ("reports.example.com:443", None, &["https://reports.example.com"], true),
            ("reports.example.com:80", None, &["https://reports.example.com"], false),
            (here, public, &["https://reports.example.com"], true),
            (here, public, &["http://127.0.0.1:8080"], true),
            (here, public, &["https://reports.example.com:8443"], false),
            (here, public, &["https://example.com"], false),
        ];
        for (host, public_url, origins, expected) in table {
            assert_eq!(passes(host, public_url, origins), expected, "{host} {public_url:?} {origins:?}");
        }
    }
}
