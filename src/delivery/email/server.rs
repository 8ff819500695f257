//! The mail server, as a URL names it.

use lettre::transport::smtp::{
    authentication::Credentials,
    client::{Tls, TlsParameters},
    extension::ClientId,
};
use url::{Url, form_urlencoded};

/// What is wrong with the settings of e-mail. Says nothing of the credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMailer {
    /// The URL of the mail server.
    #[error("the URL of the mail server {0}")]
    Url(&'static str),
    /// The sender of all letters.
    #[error("the sender of letters has to be an address, as in Reports <reports@example.com>")]
    From,
}

/// Where letters are handed in.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
}

impl Server {
    /// Reads the URLs that lettre reads, `smtp://user:password@host:port` and `smtps://…`, with `?tls=required` or
    /// `?tls=opportunistic` for STARTTLS (RFC 3207), and `smtp+starttls://…` for the former.
    pub(super) fn read(text: &str) -> Result<Self, NoMailer> {
        let url = Url::parse(text).map_err(|_| NoMailer::Url("cannot be read"))?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(NoMailer::Url("names no host"));
        }
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let known = || {
            TlsParameters::new(host.clone())
                .map_err(|_| NoMailer::Url("has a host that cannot be known by TLS"))
        };
        let (tls, port) = match (url.scheme(), tls.as_deref()) {
            ("smtp", None) => (Tls::None, 25),
            ("smtp" | "smtp+starttls", Some("required")) | ("smtp+starttls", None) => {
                (Tls::Required(known()?), 587)
            }
            ("smtp", Some("opportunistic")) => (Tls::Opportunistic(known()?), 587),
            ("smtps", None) => (Tls::Wrapper(known()?), 465),
            ("smtp" | "smtps" | "smtp+starttls", _) => {
                return Err(NoMailer::Url("asks for a kind of TLS that is not known"));
            }
            _ => return Err(NoMailer::Url("has to begin with smtp, smtps or smtp+starttls")),
        };
        let credentials = url.password().map(|password| (plain(url.username()), plain(password)));
        let near = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if credentials.is_some() && matches!(tls, Tls::None | Tls::Opportunistic(_)) && !near {
            return Err(NoMailer::Url(
                "has a password, which would travel in the clear: use smtps or smtp+starttls",
            ));
        }
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let credentials = credentials.map(|(user, password)| Credentials::new(user, password));
        Ok(Self { host, port: url.port().unwrap_or(port), tls, credentials, hello })
    }
}

/// Undoes percent-encoding. What forms read as a space or as the next pair stands for itself here.
fn plain(text: &str) -> String {
    let text = format!("={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(text.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_letters_are_handed_in() {
        let table = [
            ("smtp://localhost", "localhost", 25, "none", None),
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, "none", None),
            ("smtp://[::1]:2525", "::1", 2525, "none", None),
            ("smtps://mail.example", "mail.example", 465, "wrapper", None),
            ("smtp+starttls://mail.example", "mail.example", 587, "required", None),
            ("smtp://mail.example?tls=required", "mail.example", 587, "required", None),
            ("smtp://mail.example?tls=opportunistic", "mail.example", 587, "opportunistic", None),
            ("smtps://a%40b:p%26+=%3F@mail.example", "mail.example", 465, "wrapper", Some(("a@b", "p&+=?"))),
        ];
        for (text, host, port, tls, credentials) in table {
            let server = Server::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let found = match server.tls {
                Tls::None => "none",
                Tls::Wrapper(_) => "wrapper",
                Tls::Required(_) => "required",
                Tls::Opportunistic(_) => "opportunistic",
            };
            assert_eq!((server.host.as_str(), server.port, found), (host, port, tls), "{text}");
            let expected = credentials.map(|(user, password)| Credentials::new(user.into(), password.into()));
            assert!(server.credentials == expected, "{text}");
        }
    }

    #[test]
    fn a_url_that_contradicts_itself_is_refused_without_telling_the_password() {
        for (text, expected) in [
            ("mail.example", "cannot be read"),
            ("http://mail.example", "has to begin with"),
            ("smtp:///", "names no host"),
            ("smtp://mail.example?tls=maybe", "a kind of TLS"),
            ("smtps://mail.example?tls=required", "a kind of TLS"),
            ("smtp://ada:hunter2@mail.example", "in the clear"),
            ("smtp://ada:hunter2@mail.example?tls=opportunistic", "in the clear"),
        ] {
            let said = Server::read(text).map(|_| ()).unwrap_err().to_string();
            assert!(said.contains(expected) && !said.contains("hunter2"), "{text}: {said}");
        }
    }
}
