//! Who is at the other end of a connection.

use std::net::IpAddr;

/// The client of a request, as the accept loop knows it: an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its address; behind a proxy whose word is taken, the one that the proxy names.
    pub address: IpAddr,
    /// Whether it came over TLS, to us or to such a proxy.
    pub secure: bool,
}
