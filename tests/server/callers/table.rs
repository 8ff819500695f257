//! The routes, and what each answers to whom.

use reportwire::{report::Scope, token::Action};
use reqwest::Method;

use super::scene::Is;

/// What a route asks of its caller.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Needs {
    Scope(Scope),
    /// A scope, or the link to one report.
    Link(Action),
    /// Any identity.
    Identity,
}

pub(super) struct Route {
    pub(super) method: Method,
    /// With `{id}` for the report or the endpoint.
    pub(super) path: &'static str,
    pub(super) body: Option<&'static str>,
    needs: Needs,
    /// What the right caller is answered.
    pub(super) right: u16,
}

pub(super) fn routes() -> Vec<Route> {
    use Needs::{Identity, Link};
    let route = |method: &str, path, body, needs, right| Route {
        method: method.parse().unwrap(),
        path,
        body,
        needs,
        right,
    };
    let scope = Needs::Scope;
    let order = r#"{"reportType":"COFFEE_SALES","reportDate":"2021-01-01"}"#;
    vec![
        route("POST", "/api/v1/report", Some(order), scope(Scope::Create), 201),
        route("GET", "/api/v1/report", None, scope(Scope::Read), 200),
        route("GET", "/api/v1/report/{id}", None, scope(Scope::Read), 200),
        route("GET", "/api/v1/report/{id}/listeners", None, scope(Scope::Read), 200),
        route("POST", "/api/v1/report/{id}/cancel", None, scope(Scope::Cancel), 200),
        route("POST", "/api/v1/report/{id}/retry", None, scope(Scope::Create), 409),
        route("GET", "/api/v1/report/{id}/ws", None, Link(Action::Follow), 101),
        route("GET", "/api/v1/report/{id}/events", None, Link(Action::Follow), 200),
        route("POST", "/api/v1/report/{id}/ack", Some(r#"{"version":1}"#), Link(Action::Follow), 200),
        route("GET", "/api/v1/report/{id}/pdf", None, Link(Action::Download), 200),
        route("GET", "/api/v1/report/{id}/model", None, Link(Action::Download), 200),
        route("GET", "/api/v1/report/{id}/csv", None, Link(Action::Download), 200),
        route("GET", "/api/v1/report/{id}/xlsx", None, Link(Action::Download), 200),
        route("GET", "/api/v1/report/{id}/html", None, Link(Action::Download), 200),
        route("GET", "/api/v1/report-types", None, Identity, 200),
        route("GET", "/metrics", None, scope(Scope::Admin), 200),
        route("GET", "/api/v1/webhook-endpoints", None, scope(Scope::Admin), 200),
        route("GET", "/api/v1/webhook-endpoints/{endpoint}", None, scope(Scope::Admin), 200),
        route("GET", "/api/v1/webhook-endpoints/{endpoint}/attempts", None, scope(Scope::Admin), 200),
        route("POST", "/api/v1/webhook-endpoints/{endpoint}/pause", None, scope(Scope::Admin), 200),
        route("POST", "/api/v1/webhook-endpoints/{endpoint}/resume", None, scope(Scope::Admin), 200),
        route("POST", "/api/v1/webhook-endpoints/{endpoint}/rotate", Some("{}"), scope(Scope::Admin), 200),
        route("POST", "/api/v1/webhook-endpoints/{endpoint}/test", None, scope(Scope::Admin), 202),
        route("POST", "/api/v1/webhook-endpoints/{endpoint}/replay", Some("{}"), scope(Scope::Admin), 202),
        // last, because nothing is left behind them
        route("DELETE", "/api/v1/webhook-endpoints/{endpoint}", None, scope(Scope::Admin), 204),
        route("DELETE", "/api/v1/report/{id}", None, scope(Scope::Cancel), 204),
    ]
}

/// What stands in the table.
pub(super) fn expected(route: &Route, is: Is) -> u16 {
    let names_one = route.path.contains('{');
    match (is, route.needs) {
        // a link says nothing where there is nothing to follow
        (Is::Linked(_) | Is::Mistaken, Needs::Scope(_) | Needs::Identity) | (Is::Unknown, _) => 401,
        (Is::Linked(action), Needs::Link(wanted)) if action == wanted => route.right,
        (Is::Linked(_) | Is::Mistaken, Needs::Link(_)) => 403,
        (Is::Stranger, _) if names_one => 404,
        (Is::Powerless, Needs::Scope(_) | Needs::Link(_)) => 403,
        (Is::Stranger | Is::Powerless | Is::Right, _) => route.right,
    }
}
