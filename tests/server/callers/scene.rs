//! Everybody who may come for a report and an endpoint of one owner, and how they ask.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use reportwire::{
    report::{ReportId, Scopes},
    token::{Action, Signer},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::table::Route;
use crate::support::{Answer, Key, Stage, World, patiently};

/// What a caller shows.
#[derive(Clone)]
pub(super) enum Shows {
    Nothing,
    Bearer(String),
    /// Something in the header that is no bearer token.
    Header(String),
    Link(String),
}

/// What becomes of a caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Is {
    Unknown,
    Stranger,
    Right,
    Powerless,
    /// Holds the link to the report for this action.
    Linked(Action),
    /// Holds a link that is none.
    Mistaken,
}

pub(super) struct Scene {
    pub(super) world: World,
    pub(super) report: String,
    pub(super) endpoint: String,
    pub(super) key: Key,
    pub(super) callers: Vec<(&'static str, Shows, Is)>,
}

/// A finished report and an endpoint of one owner, and everybody who may come for them.
pub(super) async fn scene() -> Scene {
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
    callers.extend(linked(&world, id.parse().unwrap(), other.parse().unwrap()).await);
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

async fn linked(world: &World, id: ReportId, other: ReportId) -> Vec<(&'static str, Shows, Is)> {
    let signer = world.signer().await;
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

impl Scene {
    pub(super) async fn ask(&self, route: &Route, report: &str, endpoint: &str, shows: &Shows) -> Answer {
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
