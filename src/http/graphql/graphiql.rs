//! GraphiQL: the page at `/graphql`, from the binary alone.

use std::io::Read as _;

use flate2::read::GzDecoder;
use rust_embed::{EmbeddedFile, RustEmbed};
use warp::http::{HeaderMap, HeaderValue, header};

use super::super::{ASK_FIRST, Answer, Refusal, Response, matches_etag, not_modified, put};

/// Nothing is loaded from anywhere else, and no script stands in the page. The editor writes styles of its own.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; frame-ancestors 'self'; \
    base-uri 'none'; form-action 'none'";

/// The page, its scripts and their licences. Large files lie there compressed.
#[derive(RustEmbed)]
#[folder = "assets/graphiql/"]
struct Assets;

/// The page.
pub(super) fn page(headers: &HeaderMap) -> Answer {
    let mut response = file("index.html", headers)?;
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// What the page loads.
pub(in super::super) async fn asset(name: String, headers: HeaderMap) -> Answer {
    file(&name, &headers)
}

fn file(name: &str, headers: &HeaderMap) -> Answer {
    let packed = Assets::get(&format!("{name}.gz"));
    let is_packed = packed.is_some();
    let missing = || Refusal::not_found("GraphiQL has no such file");
    let EmbeddedFile { data, metadata } =
        packed.or_else(|| Assets::get(name)).filter(|_| !name.ends_with(".gz")).ok_or_else(missing)?;
    let digest: String = metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    // weak: packed or not, it is the same file
    let etag = format!("W/\"{digest}\"");
    if matches_etag(headers, &etag) {
        return Ok(not_modified(&etag, ASK_FIRST));
    }
    let send_packed = is_packed && takes_gzip(headers);
    let mut response = if is_packed && !send_packed {
        let mut plain = Vec::new();
        GzDecoder::new(data.as_ref()).read_to_end(&mut plain).map_err(|error| Refusal::internal(&error))?;
        Response::new(plain.into())
    } else {
        Response::new(data.into_owned().into())
    };
    let headers = response.headers_mut();
    if send_packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if is_packed {
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_FIRST));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    put(headers, header::ETAG, &etag);
    Ok(response)
}

/// Whether the client takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"));
        let refused = |part: &str| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        is_gzip && !parts.any(refused)
    })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}
