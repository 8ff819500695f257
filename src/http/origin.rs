//! Which web pages may use this server, and under which names it answers.
//!
//! A browser lets any page send requests anywhere and open a WebSocket to anyone; what tells pages apart is `Origin`,
//! which no page can forge (RFC 6454; RFC 6455, section 10.2). What is no browser sends none, and needs no such leave.
//!
//! Where nobody is asked who they are, the name by which the server is called counts, too: a page can make its own name
//! lead to this machine, and is then of the same origin as everything here. A name that leads nowhere in the public
//! DNS cannot be such a page's.

use std::net::IpAddr;

use hyper::http::uri::{Authority, Uri};
use warp::http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{self, HeaderName},
};

use super::{Client, Refusal, Response, put};
use crate::config::{Origins, origin};

/// Which pages, and which names.
#[derive(Clone, Debug)]
pub struct Doors {
    /// Other pages that may come, exactly.
    pub origins: Origins,
    /// Scheme and authority of the links, if they are set.
    pub public_url: Option<String>,
}

/// What a page may send beside what every page may.
const HEADERS: &str = "authorization, content-type, idempotency-key, if-none-match, if-range, last-event-id, prefer, \
    range";

/// What a page may read beside what every page may.
const EXPOSED: &str = "content-disposition, etag, idempotent-replayed, location, preference-applied, retry-after, \
    www-authenticate";

impl Doors {
    /// The page that the request comes from, if it comes from one.
    ///
    /// # Errors
    ///
    /// `403` when it may not.
    pub(super) fn page(
        &self,
        headers: &HeaderMap,
        client: Option<Client>,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let mut pages = headers.get_all(header::ORIGIN).into_iter();
        let Some(page) = pages.next() else { return Ok(None) };
        let is_secure = client.is_some_and(|client| client.secure);
        let is_ours = page.to_str().is_ok_and(|text| self.lets_in(text, host(headers), is_secure));
        if is_ours && pages.next().is_none() {
            return Ok(Some(page.clone()));
        }
        let detail = format!(
            "a page of {} may not use this server: its origin is neither this host, nor --public-url, nor one of --allow-origin",
            String::from_utf8_lossy(page.as_bytes())
        );
        Err(Refusal::new("bad-origin", StatusCode::FORBIDDEN, "Foreign origin", detail))
    }

    fn lets_in(&self, page: &str, host: Option<Authority>, is_secure: bool) -> bool {
        // what a browser sends is written in one way only; whatever is written otherwise was not sent by one
        if origin(page).as_deref() != Some(page) {
            return false;
        }
        let public = self.public_url.as_deref().and_then(origin);
        if public.as_deref() == Some(page) || self.origins.iter().any(|allowed| allowed == page) {
            return true;
        }
        let (Ok(page), Some(host)) = (page.parse::<Uri>(), host) else { return false };
        // whatever ends TLS before us may not say so: then a page of either scheme is one of this host
        same(&page, &host) && (page.scheme_str() == Some("https") || !is_secure)
    }

    /// Refuses a request that calls the server by a name that is not known to be its own.
    ///
    /// # Errors
    ///
    /// `421`.
    pub(super) fn name(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        // without a name nobody was led here by one
        let Some(host) = host(headers) else { return Ok(()) };
        let name = host.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let public = self.public_url.as_deref().and_then(|url| url.parse::<Uri>().ok());
        let is_public =
            public.is_some_and(|url| url.host().is_some_and(|host| host.eq_ignore_ascii_case(&name)));
        let is_local = name == "localhost" || name.ends_with(".localhost") || !name.contains('.');
        if is_public || is_local || name.parse::<IpAddr>().is_ok() {
            return Ok(());
        }
        let detail =
            format!("{name} is not known to be a name of this server; set --public-url, or make a key");
        Err(Refusal::new("bad-host", StatusCode::MISDIRECTED_REQUEST, "Unknown host", detail))
    }
}

/// The answer to a page that asks whether it may (Fetch, section 3.2.2), if that is what the request is.
pub(super) fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let asks = headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if method != Method::OPTIONS || !asks || !headers.contains_key(header::ORIGIN) {
        return None;
    }
    let mut response = Response::new(String::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    put(headers, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, DELETE");
    put(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    put(headers, header::ACCESS_CONTROL_MAX_AGE, "600");
    Some(response)
}

/// Says to the browser that `page` may read the answer. Nothing here goes by cookies, so none are asked for.
pub(super) fn let_read(headers: &mut HeaderMap, page: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, page);
    put(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

/// Says that the answer is another for other pages.
pub(super) fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_name(HeaderName::from_static("origin")));
}

fn host(headers: &HeaderMap) -> Option<Authority> {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(|host| host.parse().ok())
}

/// Whether host and port are the same. A port that is not named is that of the scheme of the page: what ends TLS before
/// us hands on a bare `Host`.
fn same(page: &Uri, host: &Authority) -> bool {
    let default = if page.scheme_str() == Some("https") { 443 } else { 80 };
    let name = page.host().unwrap_or_default();
    name.eq_ignore_ascii_case(host.host())
        && page.port_u16().unwrap_or(default) == host.port_u16().unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn passes(host: &'static str, secure: bool, origins: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        for origin in origins {
            headers.append(header::ORIGIN, HeaderValue::from_static(origin));
        }
        let doors = Doors {
            origins: vec!["https://app.example.com".into(), "http://localhost:3000".into()],
            public_url: Some("https://reports.example.com".into()),
        };
        let client = Client { address: IpAddr::V4(Ipv4Addr::LOCALHOST), secure };
        doors.page(&headers, Some(client)).is_ok()
    }

    #[test]
    fn a_page_is_let_in_by_its_exact_origin() {
        let here = "127.0.0.1:8080";
        let good: [(&str, bool, &[&str]); 9] = [
            (here, false, &[]),
            (here, false, &["http://127.0.0.1:8080"]),
            (here, false, &["https://reports.example.com"]),
            (here, false, &["https://app.example.com"]),
            (here, true, &["http://localhost:3000"]),
            ("[::1]:8080", false, &["http://[::1]:8080"]),
            ("Other.example.com", false, &["https://other.example.com"]),
            ("other.example.com", true, &["https://other.example.com"]),
            ("other.example.com:443", false, &["https://other.example.com"]),
        ];
        for (host, secure, origins) in good {
            assert!(passes(host, secure, origins), "{host} {origins:?}");
        }
        let hostile: [&[&str]; 26] = [
            &["https://evil.example"],
            &["null"],
            &[""],
            &["http://127.0.0.1:8081"],
            &["http://127.0.0.1"],
            &["http://localhost:8080"],
            &["http://127.0.0.1:8080", "https://evil.example"],
            &["http://127.0.0.1:8080@evil.example"],
            &["http://127.0.0.1:8080.evil.example"],
            &["http://127.0.0.1:8080/"],
            &["http://127.0.0.1:8080/path"],
            &["127.0.0.1:8080"],
            &["HTTP://127.0.0.1:8080"],
            &["ftp://127.0.0.1:8080"],
            &["file://"],
            &["http://app.example.com"],
            &["https://app.example.com:8443"],
            &["https://app.example.com.evil.example"],
            &["https://evilapp.example.com"],
            &["https://evil.example/https://app.example.com"],
            &["https://sub.app.example.com"],
            &["https://example.com"],
            &["https://APP.example.com"],
            &["https://app.example.com."],
            &["https://app.example.com https://evil.example"],
            &["chrome-extension://abcdefghijklmnop"],
        ];
        for origins in hostile {
            assert!(!passes(here, false, origins), "{origins:?}");
        }
        assert!(!passes("null", false, &["null"]));
        assert!(!passes("other.example.com", true, &["http://other.example.com"]), "not secure, but we are");
        assert!(!passes("other.example.com:80", false, &["https://other.example.com"]));
    }

    #[test]
    fn a_name_is_ours_when_no_page_can_have_it() {
        let doors =
            |public_url: Option<&str>| Doors { origins: vec![], public_url: public_url.map(Into::into) };
        let called = |doors: Doors, name: &'static str| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(name))]);
            doors.name(&headers).is_ok()
        };
        for name in
            ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "app.localhost", "reportwire:8080", "10.1.2.3"]
        {
            assert!(called(doors(None), name), "{name}");
        }
        for name in
            ["evil.example", "127.0.0.1.evil.example", "reports.example.com", "localhost.evil.example"]
        {
            assert!(!called(doors(None), name), "{name}");
        }
        assert!(called(doors(Some("https://reports.example.com")), "Reports.example.com:443"));
        assert!(!called(doors(Some("https://reports.example.com")), "evil.example"));
    }
}
