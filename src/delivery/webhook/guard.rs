//! Which addresses we never knock on: the special-purpose ranges of IANA's registries, and what hides them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What the operator allows beyond https to public addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether a URL may be plain `http`.
    pub allow_http: bool,
    /// Networks that may be reached although they are special.
    pub allow: Vec<IpNet>,
}

/// A block of addresses that are not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// The block.
    pub network: IpNet,
    /// What it is for, as in `private use`.
    pub name: &'static str,
    /// Where that is laid down, as in `RFC 1918`.
    pub source: &'static str,
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { network, name, source } = self;
        write!(f, "{name}, {network}, {source}")
    }
}

const fn v4(address: [u8; 4], length: u8, name: &'static str, source: &'static str) -> Range {
    let [a, b, c, d] = address;
    let network = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length));
    Range { network, name, source }
}

const fn v6(address: [u16; 8], length: u8, name: &'static str, source: &'static str) -> Range {
    let [a, b, c, d, e, f, g, h] = address;
    let network = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length));
    Range { network, name, source }
}

/// Every block that is refused; the first that holds an address names it. What the registries call globally
/// reachable inside a larger special block is refused with the block: nobody receives webhooks there.
#[rustfmt::skip]
pub(super) const RANGES: [Range; 45] = [
    v4([0, 0, 0, 0], 8, "this network", "RFC 791"),
    v4([10, 0, 0, 0], 8, "private use", "RFC 1918"),
    v4([100, 64, 0, 0], 10, "shared address space of carriers", "RFC 6598"),
    v4([127, 0, 0, 0], 8, "loopback", "RFC 1122"),
    // a public address that every machine of that cloud reaches its own host at
    v4([168, 63, 129, 16], 32, "platform of Azure", "Microsoft Learn: What is IP address 168.63.129.16?"),
    v4([169, 254, 169, 254], 32, "metadata of a cloud machine", "RFC 3927"),
    v4([169, 254, 0, 0], 16, "link-local", "RFC 3927"),
    v4([172, 16, 0, 0], 12, "private use", "RFC 1918"),
    v4([192, 0, 0, 0], 24, "IETF protocol assignments", "RFC 6890"),
    v4([192, 0, 2, 0], 24, "documentation", "RFC 5737"),
    v4([192, 31, 196, 0], 24, "AS112", "RFC 7535"),
    v4([192, 52, 193, 0], 24, "AMT", "RFC 7450"),
    v4([192, 88, 99, 0], 24, "6to4 relay", "RFC 7526"),
    v4([192, 168, 0, 0], 16, "private use", "RFC 1918"),
    v4([192, 175, 48, 0], 24, "AS112", "RFC 7534"),
    v4([198, 18, 0, 0], 15, "benchmarking", "RFC 2544"),
    v4([198, 51, 100, 0], 24, "documentation", "RFC 5737"),
    v4([203, 0, 113, 0], 24, "documentation", "RFC 5737"),
    v4([224, 0, 0, 0], 4, "multicast", "RFC 5771"),
    v4([255, 255, 255, 255], 32, "limited broadcast", "RFC 919"),
    v4([240, 0, 0, 0], 4, "reserved", "RFC 1112"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, "unspecified", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "IPv4-mapped", "RFC 4291"),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, "IPv4-translated", "RFC 7915"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, "IPv4-compatible", "RFC 4291"),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "NAT64", "RFC 6052"),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "local NAT64", "RFC 8215"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "discard-only", "RFC 6666"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "Teredo", "RFC 4380"),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "benchmarking", "RFC 5180"),
    v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, "ORCHID", "RFC 4843"),
    v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, "ORCHIDv2", "RFC 7343"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "IETF protocol assignments", "RFC 2928"),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation", "RFC 3849"),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "6to4", "RFC 3056"),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation", "RFC 9637"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "segment routing", "RFC 9602"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "unique local", "RFC 4193"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local", "RFC 4291"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "site-local", "RFC 3879"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast", "RFC 4291"),
    // only 2000::/3 was ever given out: these three are the rest of the space, so that a block which is laid
    // down after this list was written is refused until somebody reads what it is for
    v6([0, 0, 0, 0, 0, 0, 0, 0], 3, "not global unicast", "RFC 4291"),
    v6([0x4000, 0, 0, 0, 0, 0, 0, 0], 2, "not global unicast", "RFC 4291"),
    v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 1, "not global unicast", "RFC 4291"),
];

impl Policy {
    /// The range for which `address` is refused, if it is. An allowed network wins, but not over what an
    /// address carries: whoever allows NAT64 has not allowed the loopback behind it.
    pub fn refuses(&self, address: IpAddr) -> Option<&'static Range> {
        let inner = match address {
            IpAddr::V6(address) => carried(address),
            IpAddr::V4(_) => Vec::new(),
        };
        // the same machine answers at both, so allowing either is allowing this one
        if !inner.is_empty() && inner.iter().all(|inner| self.allows((*inner).into())) {
            return None;
        }
        self.plainly_refuses(address)
            .or_else(|| inner.into_iter().find_map(|inner| self.plainly_refuses(inner.into())))
    }

    fn plainly_refuses(&self, address: IpAddr) -> Option<&'static Range> {
        if self.allows(address) { None } else { RANGES.iter().find(|range| range.network.contains(&address)) }
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allow.iter().any(|network| network.contains(&address))
    }
}

/// The IPv4 addresses to which packets for `address` may be carried on: which of them it is, when there are two,
/// is known to the gateway alone.
fn carried(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let octets = address.octets();
    let at = |places: [usize; 4]| Ipv4Addr::from(places.map(|place| octets[place]));
    let last = [12, 13, 14, 15];
    match address.segments() {
        // the unspecified and the loopback address only look compatible
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Vec::new(),
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => vec![at(last)],
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => vec![at(last)],
        // a gateway may use the whole block as its prefix, or a /96 inside (RFC 6052, section 2.2): the address is
        // around the octet that stays empty, or at the end. Where there is nothing but zeros, there is none
        [0x64, 0xff9b, 1, ..] => match [at([6, 7, 9, 10]), at(last)] {
            [Ipv4Addr::UNSPECIFIED, one] | [one, Ipv4Addr::UNSPECIFIED] => vec![one],
            both => both.to_vec(),
        },
        [0x2002, ..] => vec![at([2, 3, 4, 5])],
        // Teredo writes the client's address with every bit turned (RFC 4380, section 4)
        [0x2001, 0, ..] => vec![Ipv4Addr::from_bits(!at(last).to_bits())],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn allowing(networks: &[&str]) -> Policy {
        let allow = networks.iter().map(|network| network.parse().unwrap()).collect();
        Policy { allow_http: false, allow }
    }

    #[test]
    fn the_first_and_the_last_address_of_every_special_range_are_refused() {
        for range in &RANGES {
            for address in [range.network.network(), range.network.broadcast()] {
                assert!(Policy::default().refuses(address).is_some(), "{address} of {range}");
            }
        }
    }

    #[test]
    fn what_lies_beside_a_special_range_is_public() {
        #[rustfmt::skip]
        let public = [
            "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255",
            "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.31.195.255", "192.31.197.0",
            "192.52.192.255", "192.52.194.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
            "192.175.47.255", "192.175.49.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
            "203.0.112.255", "203.0.114.0", "223.255.255.255",
            "2001:200::", "2001:4860:4860::8888", "2001:db7:ffff::1", "2001:db9::", "2003::", "2a00:1450::1",
            "2606:4700::1111", "3ffe:ffff::1", "3fff:1000::",
        ];
        for text in public {
            assert_eq!(Policy::default().refuses(ip(text)), None, "{text}");
        }
    }

    #[test]
    fn every_refusal_names_its_range() {
        #[rustfmt::skip]
        let table = [
            ("127.0.0.1", "loopback"), ("169.254.169.254", "metadata of a cloud machine"),
            ("169.254.1.1", "link-local"), ("255.255.255.255", "limited broadcast"), ("250.0.0.1", "reserved"),
            ("::", "unspecified"), ("::1", "loopback"), ("::ffff:8.8.8.8", "IPv4-mapped"),
            ("::ffff:0:8.8.8.8", "IPv4-translated"), ("::8.8.8.8", "IPv4-compatible"),
            ("64:ff9b::8.8.8.8", "NAT64"), ("64:ff9b:1::8.8.8.8", "local NAT64"), ("2002:808:808::1", "6to4"),
            ("2001:0:1::1", "Teredo"), ("2001:2::1", "benchmarking"), ("2001:1::1", "IETF protocol assignments"),
            ("2001:db8::1", "documentation"), ("3fff:fff:ffff::", "documentation"), ("fd00:ec2::254", "unique local"),
            ("fe80::1", "link-local"), ("fec0::1", "site-local"), ("ff02::1", "multicast"), ("100::1", "discard-only"),
            ("5f00::1", "segment routing"), ("4000::1", "not global unicast"), ("1000::1", "not global unicast"),
            ("a000::1", "not global unicast"), ("f000::1", "not global unicast"),
        ];
        for (text, name) in table {
            assert_eq!(Policy::default().refuses(ip(text)).map(|range| range.name), Some(name), "{text}");
        }
    }

    #[test]
    fn an_allowed_network_is_reached_in_every_spelling_and_nothing_beside_it_is() {
        let policy = allowing(&["10.1.0.0/16"]);
        for text in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:0a01:0203::1"] {
            assert_eq!(policy.refuses(ip(text)), None, "{text}");
        }
        for text in ["10.2.0.1", "::ffff:10.2.0.1", "64:ff9b::10.2.0.1", "127.0.0.1", "::1"] {
            assert!(policy.refuses(ip(text)).is_some(), "{text}");
        }
    }

    #[test]
    fn an_allowed_gateway_does_not_allow_the_private_network_behind_it() {
        let policy = allowing(&["64:ff9b::/96", "2002::/16", "2001::/32"]);
        assert_eq!(policy.refuses(ip("64:ff9b::8.8.8.8")), None);
        // the turned bits of 8.8.8.8 and of 10.0.0.1
        assert_eq!(policy.refuses(ip("2001:0:1:1:0:0:f7f7:f7f7")), None);
        for (text, name) in [
            ("64:ff9b::10.0.0.1", "private use"),
            ("64:ff9b::169.254.169.254", "metadata of a cloud machine"),
            ("2002:7f00:1::1", "loopback"),
            ("2001:0:1:1:0:0:f5ff:fffe", "private use"),
        ] {
            assert_eq!(policy.refuses(ip(text)).map(|range| range.name), Some(name), "{text}");
        }
    }

    #[test]
    fn a_local_gateway_is_judged_by_both_places_where_it_may_find_an_address() {
        let gateway = allowing(&["64:ff9b:1::/48"]);
        // 8.8.8.8 in either place, and in both
        for text in ["64:ff9b:1:808:8:800::", "64:ff9b:1::8.8.8.8", "64:ff9b:1:808:8:800:808:808"] {
            assert_eq!(gateway.refuses(ip(text)), None, "{text}");
        }
        for (text, name) in [
            ("64:ff9b:1:a00:0:100::", "private use"),
            ("64:ff9b:1::10.0.0.1", "private use"),
            ("64:ff9b:1:a00:0:100:808:808", "private use"),
            ("64:ff9b:1:a9fe:a9:fe00:808:808", "metadata of a cloud machine"),
            ("64:ff9b:1:808:8:800:a00:1", "private use"),
        ] {
            assert_eq!(gateway.refuses(ip(text)).map(|range| range.name), Some(name), "{text}");
        }
        // who allows one of the two has not allowed the other
        let inner = allowing(&["10.0.0.1/32"]);
        assert_eq!(inner.refuses(ip("64:ff9b:1:a00:0:100:a00:1")), None);
        assert!(inner.refuses(ip("64:ff9b:1:a00:0:100:808:808")).is_some());
        assert!(inner.refuses(ip("64:ff9b:1:808:8:800:a00:1")).is_some());
    }
}
