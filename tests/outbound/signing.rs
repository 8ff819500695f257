//! The published verifiers of Standard Webhooks accept what we sign, and nothing that was changed.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use jiff::Timestamp;
use reportwire::delivery::webhook::Secret;
use serde_json::json;

use crate::{
    receiver::{Arrived, Receiver, answer},
    subject::{EVENT, sender},
};

const PYTHON: &str = "
import json, sys
from standardwebhooks import Webhook
given = json.load(sys.stdin)
Webhook(given['secret']).verify(given['body'], given['headers'])
";

const NODE: &str = "
const { Webhook } = require('standardwebhooks');
const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
new Webhook(given.secret).verify(given.body, given.headers);
";

fn verifies(arrived: &Arrived, secret: &Secret) -> [bool; 2] {
    let body = String::from_utf8(arrived.body.clone()).unwrap();
    let given = json!({ "secret": secret.expose(), "body": body, "headers": arrived.headers }).to_string();
    [("target/venv/bin/python", "-c", PYTHON), ("node", "-e", NODE)].map(|(program, flag, script)| {
        let mut child = Command::new(program)
            .args([flag, script])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        child.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let refused = said.contains("WebhookVerificationError");
        assert!(output.status.success() || refused, "{program} did not judge: {said}");
        output.status.success()
    })
}

#[tokio::test]
async fn the_verifiers_of_others_accept_every_secret_that_is_valid_and_no_changed_message() {
    let receiver = Receiver::answering(answer(204, "", "")).await;
    let (old, new, strange) = (Secret::generate(), Secret::generate(), Secret::generate());
    let body = r#"{"type":"report.completed","town":"İzmir"}"#;
    let secrets = [new.clone(), old.clone()];
    let sent =
        sender(&["127.0.0.0/8"]).post(&receiver.url(), EVENT, Timestamp::now(), &secrets, body.into()).await;
    assert_eq!(sent.result.unwrap().status, 204);

    let arrived = receiver.arrived().remove(0);
    assert_eq!(arrived.line, "POST /hook HTTP/1.1");
    assert_eq!(arrived.headers["webhook-id"], EVENT);
    assert_eq!(arrived.headers["content-type"], "application/json");
    assert_eq!(arrived.headers["user-agent"], concat!("reportwire/", env!("CARGO_PKG_VERSION")));
    assert_eq!(arrived.headers["host"], receiver.address.to_string());
    assert_eq!(arrived.body, body.as_bytes());

    assert_eq!(verifies(&arrived, &old), [true; 2]);
    assert_eq!(verifies(&arrived, &new), [true; 2]);
    assert_eq!(verifies(&arrived, &strange), [false; 2]);
    let changed = |change: fn(&mut Arrived)| {
        let mut arrived = arrived.clone();
        change(&mut arrived);
        arrived
    };
    for changed in [
        changed(|arrived| arrived.body.push(b' ')),
        changed(|arrived| arrived.headers.get_mut("webhook-id").unwrap().push('0')),
        changed(|arrived| *arrived.headers.get_mut("webhook-timestamp").unwrap() = "1".to_owned()),
    ] {
        assert_eq!(verifies(&changed, &new), [false; 2]);
    }
}
