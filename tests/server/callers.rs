//! Every route × every kind of caller: what each is answered, and that what they may not know they cannot tell from
//! what there is not.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use reportwire::{
    report::{ReportId, Scope, Scopes},
    token::{Action, Signer},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Answer, Key, Stage, World, patiently};

/// What a route asks of its caller.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Scope(Scope),
    /// A scope, or the link to one report.
    Link(Action),
    /// Any identity.
    Identity,
}

struct Route {
    method: Method,
    /// With `{id}` for the report or the endpoint.
    path: &'static str,
    body: Option<&'static str>,
    needs: Needs,
    /// What the right caller is answered.
    right: u16,
}

fn routes() -> Vec<Route> {
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

/// What a caller shows.
#[derive(Clone)]
enum Shows {
    Nothing,
    Bearer(String),
    /// Something in the header that is no bearer token.
    Header(String),
    Link(String),
}

/// What becomes of a caller.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    Unknown,
    Stranger,
    Right,
    Powerless,
    /// Holds the link to the report for this action.
    Linked(Action),
    /// Holds a link that is none.
    Mistaken,
}

struct Scene {
    world: World,
    report: String,
    endpoint: String,
    key: Key,
    callers: Vec<(&'static str, Shows, Is)>,
}

/// A finished report and an endpoint of one owner, and everybody who may come for them.
async fn scene() -> Scene {
    let mut stage = Stage::new();
    stage.layer.jwt_secret = Some(SECRET.parse().unwrap());
    stage.layer.jwt_issuer = Some("https://login.example.com".into());
    stage.layer.jwt_audience = Some("reportwire".into());
    crate::watch::secret(SECRET);
    let world = stage.start().await;
    let mine = world.key("acme", Scopes::all());
    let mut callers = known(&world, &mine);
    world.until_closed().await;
    let id = world.order_as(&mine, json!({})).await["id"].as_str().unwrap().to_owned();
    let other = world.order_as(&mine, json!({})).await["id"].as_str().unwrap().to_owned();
    world.record(&id, |record| record.status.is_terminal()).await;
    let endpoint = json!({"url": "https://receiver.example/hook"});
    let request = world.http.post(format!("http://{}/api/v1/webhook-endpoints", world.address));
    let request = request.header("content-type", "application/json").body(endpoint.to_string());
    let endpoint = Answer::of(request.bearer_auth(&mine.text)).await.json["id"].as_str().unwrap().to_owned();
    callers.extend(linked(&world, id.parse().unwrap(), other.parse().unwrap()));
    Scene { world, report: id, endpoint, key: mine, callers }
}

fn known(world: &World, mine: &Key) -> Vec<(&'static str, Shows, Is)> {
    let bearer = |key: &Key| Shows::Bearer(key.text.clone());
    let token = |text: String| {
        crate::watch::secret(&text);
        Shows::Bearer(text)
    };
    let revoked = world.key("acme", Scopes::all());
    world.revoke(&revoked);
    let expired = world.key_until("acme", Scopes::all(), Some(Duration::ZERO));
    let (stranger, powerless) = (world.key("other", Scopes::all()), world.key("acme", Scopes::default()));
    let truncated = mine.text[..mine.text.len() - 1].to_owned();
    vec![
        ("nobody", Shows::Nothing, Is::Unknown),
        ("an empty key", Shows::Bearer(String::new()), Is::Unknown),
        ("a wrong key", Shows::Bearer(reportwire::access::KeyText::generate().expose().into()), Is::Unknown),
        ("a truncated key", Shows::Bearer(truncated), Is::Unknown),
        ("a revoked key", bearer(&revoked), Is::Unknown),
        ("an expired key", bearer(&expired), Is::Unknown),
        ("the name of a key", Shows::Bearer(mine.id.to_string()), Is::Unknown),
        ("a token that is not signed", token(unsigned(world)), Is::Unknown),
        (
            "a token that is forged",
            token(jwt(world, "acme", 600, "a secret of somebody else, 32 bytes long")),
            Is::Unknown,
        ),
        ("a token that expired", token(jwt(world, "acme", -61, SECRET)), Is::Unknown),
        ("a token that is truncated", token(jwt(world, "acme", 600, SECRET)[..80].to_owned()), Is::Unknown),
        ("a stranger's token", token(jwt(world, "other", 600, SECRET)), Is::Stranger),
        ("the owner's token", token(jwt(world, "acme", 600, SECRET)), Is::Right),
        ("a password", Shows::Header("Basic YWNtZTphY21l".into()), Is::Unknown),
        ("a stranger", bearer(&stranger), Is::Stranger),
        ("who may do nothing", bearer(&powerless), Is::Powerless),
        ("the owner", bearer(mine), Is::Right),
    ]
}

/// Signs tokens of the issuer whom the server believes.
const SECRET: &str = "a secret that is at least 32 bytes long";

/// A token with everything that a caller may do, which ends in so many seconds.
fn jwt(world: &World, owner: &str, seconds: i64, secret: &str) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims(world, owner, seconds), &key).unwrap()
}

fn claims(world: &World, owner: &str, seconds: i64) -> Value {
    json!({
        "iss": "https://login.example.com", "aud": "reportwire", "sub": owner,
        "exp": world.now().as_second() + seconds, "scope": "create read cancel admin",
    })
}

/// `alg: none`, and everything else as it should be.
fn unsigned(world: &World) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(json!({"alg": "none", "typ": "JWT"})), part(claims(world, "acme", 600)))
}

fn linked(world: &World, id: ReportId, other: ReportId) -> Vec<(&'static str, Shows, Is)> {
    let signer = Signer::open(world.folder()).unwrap();
    let end = world.now() + SignedDuration::from_secs(60);
    let (follow, download) = (signer.sign(Action::Follow, id, end), signer.sign(Action::Download, id, end));
    let past = world.now() - SignedDuration::from_secs(1);
    let forger = Signer::new(&[7; 32]);
    let link = |token: &str| Shows::Link(token.to_owned());
    vec![
        ("the link to follow", link(&follow), Is::Linked(Action::Follow)),
        ("the link to the file", link(&download), Is::Linked(Action::Download)),
        ("the link of another report", link(&signer.sign(Action::Follow, other, end)), Is::Mistaken),
        ("the file of another report", link(&signer.sign(Action::Download, other, end)), Is::Mistaken),
        ("a link that expired", link(&signer.sign(Action::Follow, id, past)), Is::Mistaken),
        ("a file that expired", link(&signer.sign(Action::Download, id, past)), Is::Mistaken),
        ("a forged link", link(&forger.sign(Action::Follow, id, end)), Is::Mistaken),
        ("a truncated link", link(&follow[..follow.len() - 2]), Is::Mistaken),
        ("an empty link", link(""), Is::Mistaken),
    ]
}

/// What stands in the table.
fn expected(route: &Route, is: Is) -> u16 {
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

impl Scene {
    async fn ask(&self, route: &Route, report: &str, endpoint: &str, shows: &Shows) -> Answer {
        let path = route.path.replace("{id}", report).replace("{endpoint}", endpoint);
        if path.ends_with("/ws") {
            return self.shake(&path, shows).await;
        }
        let query = match shows {
            Shows::Link(token) => format!("?token={token}"),
            _ => String::new(),
        };
        let url = format!("http://{}{path}{query}", self.world.address);
        let mut request = self.world.http.request(route.method.clone(), url);
        request = match shows {
            Shows::Nothing | Shows::Link(_) => request,
            Shows::Bearer(key) => request.header("authorization", format!("Bearer {key}")),
            Shows::Header(value) => request.header("authorization", value),
        };
        if let Some(body) = route.body {
            request = request.header("content-type", "application/json").body(body);
        }
        Answer::of(request).await
    }

    async fn shake(&self, path: &str, shows: &Shows) -> Answer {
        let (query, header) = match shows {
            Shows::Nothing => (String::new(), String::new()),
            Shows::Bearer(key) => (String::new(), format!("Authorization: Bearer {key}\r\n")),
            Shows::Header(value) => (String::new(), format!("Authorization: {value}\r\n")),
            Shows::Link(token) => (format!("?token={token}"), String::new()),
        };
        let request = format!(
            "GET {path}{query} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n",
            self.world.address
        );
        let mut stream = TcpStream::connect(self.world.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        // a socket that was opened has no end to read to
        let mut text = String::new();
        let whole = |text: &str| {
            text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                length.is_none_or(|length| body.len() >= length.parse::<usize>().unwrap())
            })
        };
        while !whole(&text) {
            let mut bytes = [0; 4096];
            let read = patiently("an answer", stream.read(&mut bytes)).await.unwrap();
            assert!(read > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        Answer::parse(&text)
    }
}

/// What a caller can tell an answer by.
fn told(answer: &Answer) -> (u16, String, Vec<u8>) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    (answer.status, headers.join("\n"), answer.bytes.to_vec())
}

#[tokio::test]
async fn every_caller_is_answered_on_every_route_as_the_table_says() {
    let scene = scene().await;
    let (unknown_report, unknown_endpoint) =
        (ReportId::generate().to_string(), ReportId::generate().to_string());
    // those who may do the least come first: the right ones change things
    for route in routes() {
        let mut is_gone = false;
        for (name, shows, is) in &scene.callers {
            // what the first of the owner's proofs has removed is not there for the second
            if is_gone && *is == Is::Right {
                continue;
            }
            is_gone |= route.method == Method::DELETE && *is == Is::Right;
            let expected = expected(&route, *is);
            let answer = scene.ask(&route, &scene.report, &scene.endpoint, shows).await;
            let what = format!("{name}: {} {}", route.method, route.path);
            assert_eq!(answer.status, expected, "{what}: {answer:?}");
            if expected == route.right && answer.status < 400 {
                continue;
            }
            if matches!(answer.status, 401 | 403 | 404) {
                answer.assert_problem(expected);
                let text = String::from_utf8_lossy(&answer.bytes);
                assert!(!text.contains("acme") && !text.contains("COFFEE"), "{what}: {text}");
                // what there is not is answered in the very same way
                let nothing = scene.ask(&route, &unknown_report, &unknown_endpoint, shows).await;
                let (seen, nothing) = (told(&answer), told(&nothing));
                // a link is for one report: for another it is a mistake all the same, expired or not
                if !matches!(is, Is::Linked(_) | Is::Mistaken) {
                    assert_eq!(seen, nothing, "{what}");
                } else {
                    assert_eq!(seen.0, nothing.0, "{what}");
                }
            }
            if answer.status == 401 {
                assert!(answer.header("www-authenticate").starts_with("Bearer "), "{what}");
            }
        }
    }
    scene.world.finish_as(&scene.key).await;
}

#[tokio::test]
async fn a_gone_report_of_another_is_none() {
    let scene = scene().await;
    let (_, stranger, _) = scene.callers.iter().find(|(_, _, is)| *is == Is::Stranger).unwrap();
    let (_, owner, _) = scene.callers.iter().find(|(_, _, is)| *is == Is::Right).unwrap();
    let routes = routes();
    let delete = routes.last().unwrap();
    assert_eq!(scene.ask(delete, &scene.report, "", owner).await.status, 204);
    let unknown = ReportId::generate().to_string();
    for route in routes.iter().filter(|route| route.path.contains("{id}")) {
        let gone = scene.ask(route, &scene.report, "", stranger).await;
        let nothing = scene.ask(route, &unknown, "", stranger).await;
        assert_eq!(told(&gone), told(&nothing), "{}", route.path);
        let expected = if route.method == Method::DELETE { 204 } else { 410 };
        assert_eq!(scene.ask(route, &scene.report, "", owner).await.status, expected, "{}", route.path);
    }
    scene.world.finish_as(&scene.key).await;
}

#[tokio::test]
async fn graphql_asks_who_it_is_and_shows_nothing_of_another() {
    let scene = scene().await;
    let id = &scene.report;
    let unknown = ReportId::generate().to_string();
    let documents = [
        "{ report(id: \"ID\") { id status reportType } }",
        "mutation { cancelReport(id: \"ID\") { id } }",
        "mutation { retryReport(id: \"ID\") { id } }",
        "subscription { report(id: \"ID\") { id status } }",
        "{ reports { reports { id } } }",
    ];
    for document in documents {
        for (name, shows, is) in &scene.callers {
            let ask = async |id: &str| {
                let body = json!({"query": document.replace("ID", id)}).to_string();
                let request = scene.world.http.post(format!("http://{}/graphql", scene.world.address));
                let mut request = request
                    .header("content-type", "application/json")
                    .header("accept", "application/json, text/event-stream;q=0.9")
                    .body(body);
                request = match shows {
                    Shows::Nothing | Shows::Link(_) => request,
                    Shows::Bearer(key) => request.header("authorization", format!("Bearer {key}")),
                    Shows::Header(value) => request.header("authorization", value),
                };
                Answer::of(request).await
            };
            let answer = ask(id).await;
            let what = format!("{name}: {document}");
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            match is {
                Is::Unknown | Is::Linked(_) | Is::Mistaken => answer.assert_problem(401),
                // it is completed, and cannot be tried again
                Is::Right if document.contains("retry") => {
                    assert!(text.contains("CONFLICT"), "{what}: {text}")
                }
                Is::Right => assert!(text.contains(id), "{what}: {text}"),
                Is::Powerless => {
                    assert!(text.contains("FORBIDDEN") && !text.contains("acme"), "{what}: {text}")
                }
                Is::Stranger if document.contains("ID") => {
                    assert!(text.contains("NOT_FOUND"), "{what}: {text}");
                    assert_eq!(told(&answer), told(&ask(&unknown).await), "{what}");
                }
                Is::Stranger => assert!(!text.contains(id), "{what}: {text}"),
            }
        }
    }
    scene.world.finish_as(&scene.key).await;
}

#[tokio::test]
async fn a_graphql_socket_is_opened_by_what_is_shown_when_it_begins() {
    let scene = scene().await;
    let document = format!("subscription {{ report(id: \"{}\") {{ id }} }}", scene.report);
    for (name, shows, is) in &scene.callers {
        let payload = match shows {
            Shows::Bearer(key) => json!({"authorization": format!("Bearer {key}")}),
            Shows::Header(value) => json!({"Authorization": value}),
            Shows::Link(token) => json!({"token": token}),
            Shows::Nothing => Value::Null,
        };
        let mut socket = crate::support::GraphqlSocket::open(&scene.world, "graphql-transport-ws").await;
        socket.say(json!({"type": "connection_init", "payload": payload})).await;
        match is {
            Is::Unknown | Is::Linked(_) | Is::Mistaken => {
                assert_eq!(socket.closed().await.0, 4403, "{name}");
            }
            Is::Stranger | Is::Powerless | Is::Right => {
                assert_eq!(socket.hear().await["type"], "connection_ack", "{name}");
                socket.subscribe("1", &document).await;
                let said = socket.hear().await.to_string();
                let code = match is {
                    Is::Stranger => "NOT_FOUND",
                    Is::Powerless => "FORBIDDEN",
                    _ => scene.report.as_str(),
                };
                assert!(said.contains(code), "{name}: {said}");
            }
        }
    }
    scene.world.finish_as(&scene.key).await;
}

/// Times are those of the store.
#[tokio::test]
async fn the_links_of_an_owner_are_fresh_on_every_read_and_end() {
    let mut stage = Stage::new();
    stage.layer.link_lifetime = Some(Duration::from_secs(80));
    let world = stage.start().await;
    let key = world.key("acme", Scopes::all());
    world.until_closed().await;
    let report = world.order_as(&key, json!({})).await;
    let id = report["id"].as_str().unwrap();
    world.record(id, |record| record.delivery.state.is_known() || record.status.is_terminal()).await;
    let path = format!("/api/v1/report/{id}");
    let first = world.get_as(&key, &path).await.json;
    for link in ["download", "model", "events"] {
        assert_eq!(world.fetch(&first["_links"][link]["href"]).await.status, 200, "{link}");
    }
    world.pass(Duration::from_secs(81));
    for link in ["download", "model", "events"] {
        let answer = world.fetch(&first["_links"][link]["href"]).await;
        answer.assert_problem(403);
        assert_eq!(answer.json["type"], "/problems/link-expired");
    }
    let second = world.get_as(&key, &path).await.json;
    assert_ne!(second["_links"]["download"], first["_links"]["download"]);
    assert_eq!(world.fetch(&second["_links"]["download"]["href"]).await.status, 200);
    world.finish_as(&key).await;
}
