//! Four ways in from outside: the body of a request, a token, a WebSocket frame and a URL.
//!
//! What is sent begins as something good and is changed a little, over and over; whatever it has become, the answer is
//! one for a client, never a 5xx, a panic or silence.

use fastrand::Rng;
use jiff::Timestamp;
use reportwire::{
    access::{Jwt, KeyText},
    config::{Config, Layer},
    report::ReportId,
    token::{Action, Signer},
};

use super::{
    support::{bytes, cases, hostile},
    wire::Wire,
};

const SECRET: &str = "a secret that is at least 32 bytes long";

const CLAIMS: &str = r#"{"iss":"https://login.example.com","aud":["reportwire"],"sub":"acme","exp":1800000600,"nbf":1799999000,"scope":"create read"}"#;

const ORDERS: [&str; 5] = [
    r#"{"reportType":"COFFEE_SALES","reportDate":"2021-01-01","startWhen":"connected"}"#,
    r#"{"reportType":"INVOICE","number":"7","deliver":{"waitForClientSeconds":5,"prefer":["websocket","webhook"],"ackWithinSeconds":2,"email":"a@b.example","events":["report.completed"]},"startWhen":"connected"}"#,
    r#"{"reportType":"LOAN_SCHEDULE","callbackUrl":"https://example.com/x?y=z","data":{"items":[{"a":1,"b":"ü"}]},"startWhen":"connected"}"#,
    r#"{"query":"query($id: ID!) { report(id: $id) { status } reports(limit: 3) { next } }","variables":{"id":"x"}}"#,
    r#"{"query":"mutation { createReport(reportType: \"COFFEE_SALES\", parameters: {reportDate: \"2021-01-01\"}, startWhen: connected) { id } }"}"#,
];

#[test]
fn a_body_is_answered_whatever_it_is() {
    let wire = Wire::open();
    let paths = ["/api/v1/report", "/graphql", "/api/v1/webhook-endpoints"];
    cases("bodies", 3_000, |rng| {
        let seed = ORDERS[rng.usize(..ORDERS.len())];
        let mut body = if rng.u8(..8) == 0 { hostile(rng).into_bytes() } else { bytes(rng, seed.as_bytes()) };
        if rng.u8(..20) == 0 {
            body = [b"[".repeat(rng.usize(..40_000)), body].concat();
        }
        let path = paths[rng.usize(..paths.len())];
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let status = wire.ask(&[head.as_bytes(), &body].concat());
        // one that was closed while more was on its way may lose its answer to a reset
        assert!(status.is_none_or(|status| (200..500).contains(&status)), "{status:?} {}", shown(&body));
    });
    wire.finish();
}

#[test]
fn a_token_that_was_changed_is_refused() {
    let signer = Signer::new(&[7; 32]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let layer = Layer {
        jwt_secret: Some(SECRET.parse().unwrap()),
        jwt_issuer: Some("https://login.example.com".into()),
        jwt_audience: Some("reportwire".into()),
        ..Layer::default()
    };
    let jwt = Jwt::open(&Config::of(layer).unwrap().access.jwt.unwrap()).unwrap();
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let seeds = [
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoicmVwb3J0d2lyZSIsInN1YiI6ImFjbWUiLCJleHAiOjE5MDAwMDAwMDB9.AAAA",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY21lIiwiZXhwIjo5OTk5OTk5OTk5fQ.",
        "rwk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    cases("tokens", 20_000, |rng| {
        let id = ReportId::from_bytes(rng.u128(..).to_be_bytes());
        let good = signer.sign(Action::Download, id, Timestamp::from_second(1_900_000_000).unwrap());
        assert!(signer.check(&good, Action::Download, id, now).is_ok());
        let changed = text(rng, &good);
        if changed != good {
            assert!(signer.check(&changed, Action::Download, id, now).is_err(), "{changed}");
        }
        let seed = seeds[rng.usize(..seeds.len())];
        let token = text(rng, seed);
        assert!(runtime.block_on(jwt.verify(&token, now)).is_err(), "{token}");
        let _ = KeyText::hash_of(&token);
        // what an issuer signs may be odd, too: it is an identity or it is refused
        let odd = text(rng, CLAIMS);
        if let Ok(claims) = serde_json::from_str::<serde_json::Value>(&odd) {
            let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
            let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
            if let Ok(identity) = runtime.block_on(jwt.verify(&token, now)) {
                assert!(
                    !identity.owner.is_anonymous() && identity.until.is_some_and(|until| until > now),
                    "{odd}"
                );
            }
        }
    });
}

#[test]
fn a_frame_ends_a_socket_at_most() {
    let wire = Wire::open();
    let order = ORDERS[0];
    let create = format!(
        "POST /api/v1/report HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Prefer: return=minimal\r\nContent-Length: {}\r\n\r\n{order}",
        order.len()
    );
    let said = [
        r#"{"type":"ack","version":3,"sha256":"ab"}"#,
        r#"{"type":"cancel"}"#,
        r#"{"type":"connection_init","payload":{"authorization":"Bearer x"}}"#,
        r#"{"id":"1","type":"subscribe","payload":{"query":"subscription { report(id: \"x\") { status } }"}}"#,
        r#"{"id":"1","type":"complete"}"#,
    ];
    let mut path = String::new();
    cases("frames", 2_000, |rng| {
        if path.is_empty() || rng.u8(..50) == 0 {
            path = format!("/api/v1/report/{}/ws?keep=1", wire.create(&create));
        }
        let mut sent = Vec::new();
        for _ in 0..rng.usize(1..8) {
            let seed = said[rng.usize(..said.len())];
            let text = bytes(rng, seed.as_bytes());
            sent.extend(frame(rng, &text));
        }
        if rng.bool() {
            sent = bytes(rng, &sent);
        }
        let is_graphql = rng.u8(..3) == 0;
        match is_graphql {
            true => wire.say("/graphql/ws", "Sec-WebSocket-Protocol: graphql-transport-ws\r\n", &sent),
            false => wire.say(&path, "", &sent),
        }
    });
    wire.finish();
}

#[test]
fn a_url_is_answered_whatever_it_is() {
    let wire = Wire::open();
    let seeds = [
        "/api/v1/report/01939e2c-0000-7000-8000-000000000001/pdf?token=AAAAAAAAAAAAAAAA",
        "/api/v1/report?status=completed&reportType=COFFEE_SALES&cursor=01939e2c-0000-7000-8000-000000000001&limit=3",
        "/api/v1/report/01939e2c-0000-7000-8000-000000000001/events?lastEventId=7&token=x",
        "/api/v1/report/01939e2c-0000-7000-8000-000000000001/csv?table=1",
        "/graphql?query=%7B__typename%7D&variables=%7B%7D",
        "/static/app.js",
        "/graphql/assets/start.js?x=%ff%00",
        "/api/v1/webhook-endpoints/01939e2c-0000-7000-8000-000000000001/attempts?limit=9&cursor=7",
    ];
    let methods = ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH", "TRACE", "get"];
    cases("URLs", 5_000, |rng| {
        let seed = seeds[rng.usize(..seeds.len())];
        let mut url = bytes(rng, seed.as_bytes());
        if rng.u8(..40) == 0 {
            url.extend(b"/x?y=".repeat(rng.usize(..4_000)));
        }
        let method = if rng.u8(..3) == 0 { methods[rng.usize(..methods.len())] } else { "GET" };
        let more = match rng.u8(..6) {
            0 => "Origin: null\r\n",
            1 => "Range: bytes=0-\r\n",
            2 => "Accept: text/html\r\n",
            _ => "",
        };
        let request = [
            method.as_bytes(),
            b" ",
            &url,
            b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
            more.as_bytes(),
            b"\r\n",
        ];
        let request = request.concat();
        let status = wire.ask(&request);
        assert!(status.is_some_and(|status| (200..500).contains(&status)), "{status:?} {}", shown(&request));
    });
    wire.finish();
}

/// A client's frame, masked as it has to be (RFC 6455, section 5.2), of any kind.
fn frame(rng: &mut Rng, text: &[u8]) -> Vec<u8> {
    let kind = [0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x80, 0x8b, 0xc1][rng.usize(..9)];
    let mask = rng.u32(..).to_be_bytes();
    let mut frame = vec![if rng.u8(..4) == 0 { kind } else { 0x81 }];
    match text.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(text.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    frame
}

fn text(rng: &mut Rng, text: &str) -> String {
    String::from_utf8_lossy(&bytes(rng, text.as_bytes())).into_owned()
}

/// As it can be pasted into a test.
fn shown(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(2_000)].escape_ascii().to_string()
}
