//! A URL that a client gives: what can be said about it without asking the network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hyper::Uri;
use url::{Host, Url};

use super::Policy;

/// How many bytes a URL may have.
pub const LONGEST_URL: usize = 2048;

/// Reads a URL as browsers do and checks it as far as that goes without the network; where its host leads
/// is judged again at every connection.
///
/// # Errors
///
/// Everything that is wrong with it, as one phrase for the client: it is longer than [`LONGEST_URL`], is no
/// URL, has another scheme than https (or http, if allowed), credentials, a fragment, no port to connect to,
/// or its host is itself an address that may not be reached.
pub fn check_url(text: &str, policy: &Policy) -> Result<Url, String> {
    if text.len() > LONGEST_URL {
        return Err(format!("it has {} bytes, and {LONGEST_URL} are allowed", text.len()));
    }
    // the parser would leave some of them out, and the client would not find its URL again
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err("it holds a space or a control character".to_owned());
    }
    let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
    let faults = faults(&url, policy);
    if faults.is_empty() { Ok(url) } else { Err(faults.join("; ")) }
}

fn faults(url: &Url, policy: &Policy) -> Vec<String> {
    let mut faults = Vec::new();
    match url.scheme() {
        "https" => {}
        "http" if policy.allow_http => {}
        "http" => faults.push("it is http, and only https is allowed".to_owned()),
        _ if policy.allow_http => faults.push("it is neither https nor http".to_owned()),
        _ => faults.push("it is not https".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        faults.push("it has credentials; webhooks are signed instead".to_owned());
    }
    if url.fragment().is_some() {
        faults.push("it has a fragment, which is never sent".to_owned());
    }
    if url.port() == Some(0) {
        faults.push("its port is 0".to_owned());
    }
    match url.host() {
        None | Some(Host::Domain("")) => faults.push("it has no host".to_owned()),
        Some(host) => {
            if let Some(range) = literal(&host).and_then(|address| policy.refuses(address)) {
                faults.push(format!("its host is an address that may not be reached ({range})"));
            }
        }
    }
    if faults.is_empty() && url.as_str().len() > LONGEST_URL {
        faults.push(format!("it has more than {LONGEST_URL} bytes when it is written out"));
    }
    if faults.is_empty() && url.as_str().parse::<Uri>().is_err() {
        faults.push("it holds a character that has to be percent-encoded".to_owned());
    }
    faults
}

/// The address that a host names without any look-up.
fn literal(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        Host::Domain(name) => is_local(name).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    }
}

/// Whether a name is loopback by its own nature, whatever a name server says (RFC 6761, section 6.3).
fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.rsplit('.').next().is_some_and(|label| label.eq_ignore_ascii_case("localhost"))
}

/// The host of a request as the addresses that it is, or as the name that has to be looked up.
pub(super) fn host(uri: &Uri) -> Result<Vec<IpAddr>, &str> {
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse() {
        Ok(address) => Ok(vec![address]),
        Err(_) if is_local(bare) => Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
        Err(_) => Err(bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_may_be_called_is_returned_as_it_will_be_called() {
        let policy = Policy::default();
        let table = [
            ("https://example.com/hook?a=1", "https://example.com/hook?a=1"),
            ("HTTPS://EXAMPLE.com:443", "https://example.com/"),
            ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
            ("https://93.184.216.34:8443/", "https://93.184.216.34:8443/"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ];
        for (text, expected) in table {
            assert_eq!(check_url(text, &policy).map(String::from).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_url_is_said() {
        let http = Policy { allow_http: true, allow: Vec::new() };
        let long = format!("https://example.com/{}", "a".repeat(2029));
        let wide = format!("https://example.com/{}", "ä".repeat(1000));
        let table = [
            ("", "it is not a URL"),
            ("hello", "it is not a URL"),
            ("https://", "it is not a URL: empty host"),
            ("https://exa mple.com", "it holds a space"),
            ("https://example.com/\r\nHost: b", "it holds a space or a control character"),
            ("http://example.com/", "it is http, and only https is allowed"),
            ("ftp://example.com/", "it is not https"),
            ("file:///etc/passwd", "it is not https; it has no host"),
            ("javascript:alert(1)", "it is not https; it has no host"),
            ("https://user@example.com/", "it has credentials"),
            ("https://:secret@example.com/", "it has credentials"),
            ("https://example.com/#part", "it has a fragment"),
            ("https://example.com:0/", "its port is 0"),
            ("https://example.com:65536/", "it is not a URL: invalid port number"),
            (&long, "it has 2049 bytes, and 2048 are allowed"),
            (&wide, "it has more than 2048 bytes when it is written out"),
            ("https://127.0.0.1/", "(loopback, 127.0.0.0/8, RFC 1122)"),
            ("https://LOCALHOST./", "(loopback"),
            ("https://app.localhost/", "(loopback"),
            ("https://[::1]/", "(loopback, ::1/128, RFC 4291)"),
            ("http://u:p@10.0.0.1/#x", "it is http, and only https is allowed; it has credentials"),
            ("http://u:p@10.0.0.1/#x", "it has a fragment, which is never sent; its host is an address"),
        ];
        for (text, expected) in table {
            let said = check_url(text, &Policy::default()).unwrap_err();
            assert!(said.contains(expected), "{text}: {said}");
        }
        assert!(check_url("http://example.com/", &http).is_ok());
        assert!(check_url("ws://example.com/", &http).unwrap_err().contains("neither https nor http"));
    }
}
