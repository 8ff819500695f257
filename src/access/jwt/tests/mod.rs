//! Tokens of every kind, good and bad, with keys that exist for this alone.

mod issuer;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::*;
use crate::report::{Scope, Scopes};

const SECRET: &str = "a secret that is at least 32 bytes long";
const RSA: &[u8] = include_bytes!("rsa.pem");
const EC: &[u8] = include_bytes!("ec.pem");
const ED: &[u8] = include_bytes!("ed.pem");
const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn settings(key: JwtKey) -> JwtSettings {
    JwtSettings {
        key,
        issuer: "https://login.example.com".into(),
        audience: "reportwire".into(),
        owner_claim: "sub".into(),
        scope_claim: "scope".into(),
    }
}

fn secret() -> JwtKey {
    JwtKey::Secret(SECRET.parse().unwrap())
}

fn file(text: &[u8]) -> (tempfile::TempDir, JwtKey) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, text).unwrap();
    (folder, JwtKey::File(path))
}

pub(super) fn claims() -> Value {
    json!({"iss": "https://login.example.com", "aud": "reportwire", "sub": "acme", "exp": NOW + 600})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn sign(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

pub(super) fn sign_with(header: &Header, claims: &Value, pem: &[u8]) -> String {
    let key = match header.alg {
        Algorithm::RS256 | Algorithm::RS512 | Algorithm::PS256 => EncodingKey::from_rsa_pem(pem),
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
        _ => EncodingKey::from_ed_pem(pem),
    };
    encode(header, claims, &key.unwrap()).unwrap()
}

async fn verify(key: JwtKey, token: &str) -> Result<Identity, Denied> {
    Jwt::open(&settings(key)).unwrap().verify(token, at(NOW)).await
}

#[tokio::test]
async fn a_token_of_each_algorithm_names_its_owner() {
    let algorithms: [(Algorithm, &[u8], &[u8]); 3] = [
        (Algorithm::RS256, RSA, include_bytes!("rsa.pub.pem")),
        (Algorithm::ES256, EC, include_bytes!("ec.pub.pem")),
        (Algorithm::EdDSA, ED, include_bytes!("ed.pub.pem")),
    ];
    let expected = Identity {
        owner: "acme".parse().unwrap(),
        scopes: Scopes::usual(),
        until: Some(at(NOW + 660)),
        proved: Proved::Token,
    };
    assert_eq!(verify(secret(), &sign(&claims())).await, Ok(expected.clone()));
    for (algorithm, private, public) in algorithms {
        let (_folder, key) = file(public);
        let token = sign_with(&Header::new(algorithm), &claims(), private);
        assert_eq!(verify(key, &token).await, Ok(expected.clone()), "{algorithm:?}");
    }
}

#[tokio::test]
async fn claims_are_believed_as_this_table_says() {
    let good = [
        (with("aud", json!(["other", "reportwire"])), Scopes::usual()),
        (with("exp", json!(NOW - 30)), Scopes::usual()),
        (with("exp", json!(NOW as f64 + 0.5)), Scopes::usual()),
        (with("nbf", json!(NOW + 30)), Scopes::usual()),
        (with("scope", json!("openid read")), Scopes::from_iter([Scope::Read])),
        (with("scope", json!(["admin", "create"])), Scopes::from_iter([Scope::Admin, Scope::Create])),
        (with("scope", json!("")), Scopes::default()),
        (with("scope", json!("email profile")), Scopes::default()),
    ];
    for (claims, scopes) in good {
        let identity = verify(secret(), &sign(&claims)).await.unwrap();
        assert_eq!(identity.scopes, scopes, "{claims}");
    }
    let bad = [
        with("exp", json!(NOW - 61)),
        with("exp", json!("soon")),
        with("exp", json!(-1)),
        with("exp", json!((NOW + 600) * 1000)),
        with("exp", Value::Null),
        without("exp"),
        with("nbf", json!(NOW + 61)),
        with("nbf", json!("later")),
        with("iss", json!("https://evil.example")),
        with("iss", json!("https://login.example.com/")),
        without("iss"),
        with("aud", json!("another")),
        with("aud", json!([])),
        with("aud", json!({"reportwire": 1})),
        without("aud"),
        without("sub"),
        with("sub", json!("")),
        with("sub", json!(7)),
        with("sub", json!("two\nlines")),
        with("sub", json!("x".repeat(300))),
        with("scope", json!(7)),
        json!([]),
        json!("acme"),
    ];
    for claims in bad {
        assert_eq!(verify(secret(), &sign(&claims)).await, Err(Denied::Invalid), "{claims}");
    }
}

#[tokio::test]
async fn a_token_that_is_made_up_is_refused_in_every_way() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let good = sign(&claims());
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = head.split_once('.').unwrap();
    let headed = |header: &str, signature: &str| format!("{}.{payload}.{signature}", encoded(header));
    let mut broken = vec![
        String::new(),
        ".".into(),
        "..".into(),
        "a.b.c".into(),
        good[..good.len() - 1].into(),
        format!("{good}A"),
        format!("{good}."),
        format!("{good}.a.b"),
        head.into(),
        format!("{head}."),
        format!(" {good}"),
        good.replace('.', ","),
        format!("{}.{}.{signature}", head.split_once('.').unwrap().0, encoded("{}")),
        "x".repeat(LONGEST + 1),
        encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(b"another")).unwrap(),
    ];
    for name in ["none", "None", "NONE", "nOnE", "", "HS1", "RS256", "ES256"] {
        for signature in ["", signature] {
            broken.push(headed(&format!(r#"{{"alg":"{name}","typ":"JWT"}}"#), signature));
        }
    }
    broken.push(headed(r#"{"typ":"JWT"}"#, signature));
    let mut critical = Header::new(Algorithm::HS256);
    critical.crit = Some(vec!["b64".into()]);
    broken.push(encode(&critical, &claims(), &EncodingKey::from_secret(SECRET.as_bytes())).unwrap());
    for token in broken {
        assert_eq!(verify(secret(), &token).await, Err(Denied::Invalid), "{token}");
    }
}

#[tokio::test]
async fn a_key_is_for_its_own_algorithm_alone() {
    let public = include_bytes!("rsa.pub.pem");
    // the text of a public key is known to everybody, and so is what it would sign as a secret
    let as_secret =
        encode(&Header::new(Algorithm::HS256), &claims(), &EncodingKey::from_secret(public)).unwrap();
    let others = [
        as_secret,
        sign_with(&Header::new(Algorithm::RS512), &claims(), RSA),
        sign_with(&Header::new(Algorithm::PS256), &claims(), RSA),
        sign_with(&Header::new(Algorithm::ES256), &claims(), EC),
        sign_with(&Header::new(Algorithm::EdDSA), &claims(), ED),
    ];
    for token in others {
        let (_folder, key) = file(public);
        assert_eq!(verify(key, &token).await, Err(Denied::Invalid), "{token}");
    }
    // a key that the token brings along, or where it says that one is, is nobody's
    let mut header = Header::new(Algorithm::RS256);
    header.jku = Some("https://evil.example/jwks.json".into());
    header.x5u = Some("https://evil.example/cert".into());
    header.kid = Some("../../etc/passwd".into());
    let (_folder, key) = file(public);
    assert!(verify(key, &sign_with(&header, &claims(), RSA)).await.is_ok(), "they are passed over");
    let (_folder, key) = file(include_bytes!("ec.pub.pem"));
    assert_eq!(verify(key, &sign_with(&header, &claims(), RSA)).await, Err(Denied::Invalid));
}

#[test]
fn a_file_without_a_key_of_ours_is_refused_by_its_name() {
    let texts: [&[u8]; 10] = [
        b"",
        b"no key",
        b"{\"keys\":[]}",
        b"{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}",
        RSA,
        EC,
        include_bytes!("short.pub.pem"),
        include_bytes!("p384.pub.pem"),
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ];
    for text in texts {
        let (_folder, key) = file(text);
        let error = Jwt::open(&settings(key)).err().unwrap().to_string();
        assert!(error.contains("key.pem holds no key"), "{error}");
    }
    let missing = JwtKey::File("/nowhere/key.pem".into());
    assert!(Jwt::open(&settings(missing)).err().unwrap().to_string().contains("/nowhere/key.pem"));
}

#[tokio::test(start_paused = true)]
async fn a_key_file_that_changes_is_taken_up_and_a_broken_one_is_not() {
    let (folder, key) = file(include_bytes!("rsa.pub.pem"));
    let path = folder.path().join("key.pem");
    let jwt = Arc::new(Jwt::open(&settings(key)).unwrap());
    let stop = CancellationToken::new();
    let following = tokio::spawn(Arc::clone(&jwt).follow(stop.clone()));
    let (old, new) = (
        sign_with(&Header::new(Algorithm::RS256), &claims(), RSA),
        sign_with(&Header::new(Algorithm::ES256), &claims(), EC),
    );
    tokio::task::yield_now().await;
    std::fs::write(&path, "half a ke").unwrap();
    // time is paused: it moves on when everybody waits, and the file was looked at in between
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert!(jwt.verify(&old, at(NOW)).await.is_ok());
    std::fs::write(&path, include_bytes!("ec.pub.pem")).unwrap();
    while jwt.verify(&new, at(NOW)).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert_eq!(jwt.verify(&old, at(NOW)).await, Err(Denied::Invalid));
    stop.cancel();
    following.await.unwrap();
}
