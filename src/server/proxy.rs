//! Who the client is, when a proxy stands between us.
//!
//! A proxy whose word is taken adds the address from which it was reached at the end of `Forwarded` (RFC 7239) or of
//! `X-Forwarded-For`. What stands before that was said by whoever it was, so the list is read from its end, over those
//! who are trusted themselves. Whoever is not trusted is believed nothing.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use warp::http::{HeaderMap, header, header::HeaderName};

use crate::http::Client;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Whether this address is a proxy whose word is taken.
pub(super) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// The client of a request that came from `peer`, over TLS or not.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, secure: bool, trusted: &[IpNet]) -> Client {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return Client { address: peer, secure };
    }
    let (addresses, proto) = match headers.contains_key(header::FORWARDED) {
        true => forwarded(headers),
        false => (plain(headers), last(headers, &FORWARDED_PROTO)),
    };
    let mut address = peer;
    for named in addresses.into_iter().rev() {
        // one that hides, or that cannot be read, ends what is known
        let Some(named) = named else { break };
        address = named;
        if !is_trusted(named, trusted) {
            break;
        }
    }
    let secure = proto.map_or(secure, |proto| proto.eq_ignore_ascii_case("https"));
    Client { address, secure }
}

/// The addresses of `X-Forwarded-For`, the nearest last.
fn plain(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(FORWARDED_FOR).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(node).collect()
}

/// The addresses of `Forwarded`, the nearest last, and the scheme that the nearest names.
fn forwarded(headers: &HeaderMap) -> (Vec<Option<IpAddr>>, Option<&str>) {
    let lines = headers.get_all(header::FORWARDED).into_iter().filter_map(|value| value.to_str().ok());
    let (mut addresses, mut proto) = (Vec::new(), None);
    for element in lines.flat_map(|line| line.split(',')) {
        let pairs = || element.split(';').filter_map(|pair| pair.trim().split_once('='));
        let find = |wanted: &str| {
            let found = pairs().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.trim().trim_matches('"'))
        };
        addresses.push(find("for").and_then(node));
        proto = find("proto");
    }
    (addresses, proto)
}

fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers.get_all(name).into_iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

/// An address, with or without a port (RFC 7239, section 6).
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port).or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Lines<'a> = &'a [(&'static str, &'static str)];

    fn found(peer: &str, lines: Lines<'_>) -> (String, bool) {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "fd00::/8"].iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let client = client(&headers, peer.parse().unwrap(), false, &trusted);
        (client.address.to_string(), client.secure)
    }

    #[test]
    fn the_nearest_address_that_is_not_trusted_is_the_client() {
        let (xff, proto, fwd) = ("x-forwarded-for", "x-forwarded-proto", "forwarded");
        let table: [(&str, Lines<'_>, &str, bool); 24] = [
            ("203.0.113.9", &[], "203.0.113.9", false),
            ("203.0.113.9", &[(xff, "1.2.3.4"), (proto, "https")], "203.0.113.9", false),
            ("203.0.113.9", &[(fwd, "for=1.2.3.4;proto=https")], "203.0.113.9", false),
            ("10.0.0.1", &[], "10.0.0.1", false),
            ("10.0.0.1", &[(xff, "1.2.3.4")], "1.2.3.4", false),
            ("::ffff:10.0.0.1", &[(xff, "1.2.3.4")], "1.2.3.4", false),
            ("10.0.0.1", &[(xff, "1.2.3.4"), (proto, "https")], "1.2.3.4", true),
            ("10.0.0.1", &[(proto, "http, HTTPS")], "10.0.0.1", true),
            ("10.0.0.1", &[(proto, "https, http")], "10.0.0.1", false),
            ("10.0.0.1", &[(xff, "6.6.6.6, 1.2.3.4")], "1.2.3.4", false),
            ("10.0.0.1", &[(xff, "6.6.6.6, 1.2.3.4, 10.0.0.2")], "1.2.3.4", false),
            ("10.0.0.1", &[(xff, "6.6.6.6"), (xff, "1.2.3.4")], "1.2.3.4", false),
            ("10.0.0.1", &[(xff, "10.0.0.3, 10.0.0.2")], "10.0.0.3", false),
            ("10.0.0.1", &[(xff, "1.2.3.4:5678")], "1.2.3.4", false),
            ("10.0.0.1", &[(xff, "[2001:db8::1]:443")], "2001:db8::1", false),
            ("10.0.0.1", &[(xff, "2001:db8::1")], "2001:db8::1", false),
            ("fd00::1", &[(xff, "[2001:db8::1]")], "2001:db8::1", false),
            ("10.0.0.1", &[(xff, "1.2.3.4, unknown")], "10.0.0.1", false),
            ("10.0.0.1", &[(xff, "")], "10.0.0.1", false),
            ("10.0.0.1", &[(fwd, "for=1.2.3.4;proto=https")], "1.2.3.4", true),
            ("10.0.0.1", &[(fwd, "for=6.6.6.6, For=\"[2001:db8::1]:80\"; Proto=https")], "2001:db8::1", true),
            ("10.0.0.1", &[(fwd, "for=_hidden"), (xff, "6.6.6.6")], "10.0.0.1", false),
            ("10.0.0.1", &[(fwd, "for=6.6.6.6;proto=https, for=1.2.3.4")], "1.2.3.4", false),
            ("10.0.0.1", &[(fwd, "nonsense")], "10.0.0.1", false),
        ];
        for (peer, lines, address, secure) in table {
            assert_eq!(found(peer, lines), (address.to_owned(), secure), "{peer} {lines:?}");
        }
    }
}
