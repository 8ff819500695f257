//! Keys at a URL, over real sockets.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::jwk::Jwk;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::{JoinSet, yield_now},
};

use super::*;

/// An issuer that answers with what it was told last, and counts.
struct Stand {
    url: String,
    answer: Mutex<String>,
    asked: AtomicUsize,
}

impl Stand {
    async fn open(answer: String) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let stand = Arc::new(Self { url, answer: Mutex::new(answer), asked: AtomicUsize::new(0) });
        let serving = Arc::clone(&stand);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                serving.asked.fetch_add(1, Ordering::SeqCst);
                let answer = serving.answer.lock().unwrap().clone();
                tokio::spawn(async move {
                    let mut head = [0; 4096];
                    let _ = stream.read(&mut head).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        stand
    }

    fn says(&self, answer: String) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn jwt(&self) -> Jwt {
        Jwt::open(&settings(JwtKey::Jwks(self.url.clone()))).unwrap()
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn jwk(id: &str, algorithm: Algorithm, pem: &[u8]) -> Value {
    let key = match algorithm {
        Algorithm::RS256 => EncodingKey::from_rsa_pem(pem),
        _ => EncodingKey::from_ec_pem(pem),
    };
    let mut jwk = Jwk::from_encoding_key(&key.unwrap(), algorithm).unwrap();
    jwk.common.key_id = Some(id.into());
    serde_json::to_value(jwk).unwrap()
}

fn named(id: &str, algorithm: Algorithm, pem: &[u8]) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(id.into());
    sign_with(&header, &claims(), pem)
}

#[tokio::test]
async fn a_key_that_is_new_is_asked_for_when_a_token_names_it() {
    let old =
        json!({"keys": [{"kty": "strange"}, {"kty": "oct", "k": "AAAA"}, jwk("1", Algorithm::RS256, RSA)]});
    let stand = Stand::open(ok(&old.to_string())).await;
    let jwt = stand.jwt();
    assert!(jwt.verify(&named("1", Algorithm::RS256, RSA), at(NOW)).await.is_ok());
    assert_eq!(stand.asked(), 1);
    assert_eq!(jwt.verify(&named("2", Algorithm::RS256, RSA), at(NOW)).await, Err(Denied::Invalid));
    assert_eq!(stand.asked(), 1, "it was asked a moment ago");
}

#[tokio::test]
async fn all_who_wait_for_a_new_key_have_it_and_whoever_leaves_takes_nothing_along() {
    let keys = json!({"keys": [jwk("new", Algorithm::ES256, EC)]});
    let stand = Stand::open(ok(&keys.to_string())).await;
    let jwt = Arc::new(stand.jwt());
    let token = named("new", Algorithm::ES256, EC);
    // the first one asks, and is gone before there is an answer
    let leaver = tokio::spawn({
        let (jwt, token) = (Arc::clone(&jwt), token.clone());
        async move { jwt.verify(&token, at(NOW)).await }
    });
    while stand.asked() == 0 {
        yield_now().await;
    }
    leaver.abort();
    let mut waiting = JoinSet::new();
    for _ in 0..50 {
        let (jwt, token) = (Arc::clone(&jwt), token.clone());
        waiting.spawn(async move { jwt.verify(&token, at(NOW)).await });
    }
    assert!(waiting.join_all().await.iter().all(Result::is_ok));
    assert_eq!(stand.asked(), 1);
    // a name that is known is no question, whatever else is wrong with the token
    assert_eq!(jwt.verify(&named("new", Algorithm::RS256, RSA), at(NOW)).await, Err(Denied::Invalid));
    assert_eq!(stand.asked(), 1);
}

#[tokio::test]
async fn a_storm_of_unknown_names_asks_once() {
    let keys = json!({"keys": [jwk("1", Algorithm::ES256, EC)]});
    let stand = Stand::open(ok(&keys.to_string())).await;
    let jwt = Arc::new(stand.jwt());
    let mut storm = JoinSet::new();
    for number in 0..1_000 {
        let jwt = Arc::clone(&jwt);
        let token = named(&format!("made up {number}"), Algorithm::ES256, EC);
        storm.spawn(async move { jwt.verify(&token, at(NOW)).await });
    }
    for verdict in storm.join_all().await {
        assert_eq!(verdict, Err(Denied::Invalid));
    }
    assert_eq!(stand.asked(), 1);
    assert!(jwt.verify(&named("1", Algorithm::ES256, EC), at(NOW)).await.is_ok());
}

#[tokio::test]
async fn as_long_as_there_are_no_keys_nobody_can_tell() {
    let large = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(300 * 1024));
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_owned();
    let broken = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_owned();
    for answer in [ok("no keys"), ok("{}"), ok("{\"keys\":[]}"), ok(&large), redirect, broken, String::new()]
    {
        let stand = Stand::open(answer.clone()).await;
        let verdict = stand.jwt().verify(&named("1", Algorithm::RS256, RSA), at(NOW)).await;
        assert_eq!((verdict, stand.asked()), (Err(Denied::Unavailable), 1), "{answer:.60}");
    }
}

#[tokio::test]
async fn keys_stay_when_the_issuer_is_gone_and_come_when_it_is_back() {
    let keys = json!({"keys": [jwk("1", Algorithm::RS256, RSA)]});
    let stand = Stand::open(String::new()).await;
    let jwt = Arc::new(stand.jwt());
    let stop = CancellationToken::new();
    let following = tokio::spawn(Arc::clone(&jwt).follow(stop.clone()));
    while stand.asked() == 0 {
        yield_now().await;
    }
    stand.says(ok(&keys.to_string()));
    let token = named("1", Algorithm::RS256, RSA);
    let verdict = async {
        while jwt.verify(&token, at(NOW)).await.is_err() {
            yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), verdict).await.unwrap();
    stand.says(String::new());
    assert_eq!(jwt.verify(&named("2", Algorithm::RS256, RSA), at(NOW)).await, Err(Denied::Invalid));
    assert!(jwt.verify(&token, at(NOW)).await.is_ok());
    stop.cancel();
    following.await.unwrap();
}
