//! Callers who are known, at a server that asks who they are.

use std::time::Duration;

use jiff::SignedDuration;
use reportwire::{
    access::KeyText,
    report::{KeyId, Scopes},
    store::{NewKey, sqlite::KeyBook},
};
use serde_json::{Value, json};

use super::{Answer, World};

/// A key, and its name.
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) id: KeyId,
}

impl World {
    /// A key of this owner, made beside the running server.
    pub(crate) fn key(&self, owner: &str, scopes: Scopes) -> Key {
        self.key_until(owner, scopes, None)
    }

    /// A key that is valid for so long.
    pub(crate) fn key_until(&self, owner: &str, scopes: Scopes, valid: Option<Duration>) -> Key {
        let text = KeyText::generate();
        let expires_at = valid.map(|valid| self.now() + SignedDuration::try_from(valid).unwrap());
        let new = NewKey { hash: text.hash(), owner: owner.parse().unwrap(), scopes, expires_at };
        let id = KeyBook::open(self.folder()).unwrap().create(&new, self.now()).unwrap().id;
        crate::watch::secret(text.expose());
        Key { text: text.expose().to_owned(), id }
    }

    pub(crate) fn revoke(&self, key: &Key) {
        KeyBook::open(self.folder()).unwrap().revoke(key.id, self.now()).unwrap();
    }

    /// Waits until the server asks everybody who they are.
    pub(crate) async fn until_closed(&self) {
        super::patiently("the first key closes the door", async {
            while self.get("/api/v1/report").await.status != 401 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Asks for a report as whoever has this key, and returns the resource.
    pub(crate) async fn order_as(&self, key: &Key, more: Value) -> Value {
        let mut body = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let request = self.http.post(format!("http://{}/api/v1/report", self.address));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = Answer::of(request.bearer_auth(&key.text)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json
    }

    /// A GET as whoever has this key.
    pub(crate) async fn get_as(&self, key: &Key, path: &str) -> Answer {
        Answer::of(self.http.get(format!("http://{}{path}", self.address)).bearer_auth(&key.text)).await
    }
}
