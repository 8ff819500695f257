//! Who sends a request, and what they show of themselves.

use std::net::{IpAddr, Ipv4Addr};

use warp::{
    Filter, Rejection,
    http::{HeaderMap, header},
};

use super::{Api, Client, Query, Refusal, upgrade};
use crate::{
    access::{Caller, Denied, Pass},
    report::{ReportId, Scope},
    token::{Action, BadLink},
};

/// The sub-protocol of a report's socket, and what begins the one that carries a token: a browser can set no header on
/// a WebSocket, but it can name sub-protocols.
pub(super) const PROTOCOL: &str = "reportwire.v1";
const TOKEN_PROTOCOL: &str = "reportwire.token.";

/// A request without its body.
pub(super) struct Visitor {
    pub(super) headers: HeaderMap,
    pub(super) query: Query,
    pub(super) client: Client,
}

/// Takes the head of a request.
pub(super) fn visitor() -> impl Filter<Extract = (Visitor,), Error = Rejection> + Clone + Send + Sync + 'static
{
    warp::header::headers_cloned()
        .and(warp::query::<Query>())
        .and(warp::ext::optional::<Client>())
        .map(|headers, query, client: Option<Client>| {
            let unknown = Client { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), secure: false };
            Visitor { headers, query, client: client.unwrap_or(unknown) }
        })
        .boxed()
}

impl Visitor {
    /// The text of a key or a token, if one is shown.
    ///
    /// # Errors
    ///
    /// [`Denied::Invalid`] when something is shown that is neither.
    fn credential(&self) -> Result<Option<&str>, Denied> {
        let mut values = self.headers.get_all(header::AUTHORIZATION).into_iter();
        let Some(value) = values.next() else {
            return Ok(self.protocol_token().filter(|token| is_credential(token)));
        };
        let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
        match bearer {
            Some((scheme, text)) if scheme.eq_ignore_ascii_case("bearer") && values.next().is_none() => {
                Ok(Some(text.trim()))
            }
            _ => Err(Denied::Invalid),
        }
    }

    /// The token of a link, if the request follows one.
    fn link(&self) -> Option<&str> {
        let query = self.query.iter().find(|(name, _)| name == "token").map(|(_, token)| token.as_str());
        query.or_else(|| self.protocol_token().filter(|token| !is_credential(token)))
    }

    fn protocol_token(&self) -> Option<&str> {
        let values = self.headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
        let items = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        items.map(str::trim).find_map(|item| item.strip_prefix(TOKEN_PROTOCOL))
    }

    /// The sub-protocol to speak, if one that we know is offered.
    ///
    /// # Errors
    ///
    /// `400` when a token is offered as one and nothing to speak beside it.
    pub(super) fn protocol(&self) -> Result<Option<&'static str>, Refusal> {
        let speaks = upgrade::lists(&self.headers, header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
        if !speaks && self.protocol_token().is_some() {
            let detail = format!("offer the sub-protocol {PROTOCOL} beside the one that carries the token");
            return Err(upgrade::refuse(&detail));
        }
        Ok(speaks.then_some(PROTOCOL))
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Whether it is the text of a key or a token (JWT), and not of a link.
fn is_credential(text: &str) -> bool {
    text.starts_with("rwk_") || text.contains('.')
}

impl Api {
    /// Who it is.
    ///
    /// # Errors
    ///
    /// As [`Gate::identify`](crate::access::Gate::identify).
    pub(super) async fn caller(&self, visitor: &Visitor) -> Result<Caller, Denied> {
        let identity = self.gate.identify(visitor.credential()?).await?;
        Ok(Caller { identity, address: visitor.client.address })
    }

    /// Leave to do `scope`.
    ///
    /// # Errors
    ///
    /// [`Denied`].
    pub(super) async fn pass(&self, visitor: &Visitor, scope: Scope) -> Result<Pass, Denied> {
        Pass::of(&self.gate, &self.caller(visitor).await?, scope)
    }

    /// Leave to do `action` on one report: by its link, or by whoever it is.
    ///
    /// # Errors
    ///
    /// [`BadLink`] and [`Denied`], whether or not there is such a report.
    pub(super) async fn entry(
        &self,
        visitor: &Visitor,
        action: Action,
        id: ReportId,
    ) -> Result<Pass, Refusal> {
        let Some(token) = visitor.link() else { return Ok(self.pass(visitor, Scope::Read).await?) };
        match self.linker.check(token, action, id) {
            Ok(until) => Ok(Pass::link(&self.gate, id, until, visitor.client.address)),
            // where nobody is asked, a link need not say anything, but one that is wrong is still a mistake
            Err(BadLink::Expired) if self.gate.is_open() => Ok(self.pass(visitor, Scope::Read).await?),
            Err(bad) => Err(bad.into()),
        }
    }
}
