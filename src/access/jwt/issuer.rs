//! The keys of an issuer, at a URL: asked for at the start, now and then, and when a token names one that is not known.

use std::{sync::Arc, time::Duration};

use reqwest::redirect::Policy;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

use super::keys::{Key, set};
use crate::trust::http_client;

/// How often the keys are asked for.
const REFRESH: Duration = Duration::from_secs(5 * 60);

/// How often while there are none.
const RETRY: Duration = Duration::from_secs(5);

/// How often at most because a token names an unknown key: whoever makes tokens up must not have us ask at will.
const UNKNOWN: Duration = Duration::from_secs(30);

/// How long an answer may take, and how many bytes it may have.
const PATIENCE: Duration = Duration::from_secs(5);
const LARGEST: usize = 256 * 1024;

/// An issuer of tokens.
pub(super) struct Issuer {
    url: String,
    client: reqwest::Client,
    /// When it was last asked because of an unknown key. Held while it is asked: the others wait for the same answer.
    asked: Arc<Mutex<Option<Instant>>>,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("no answer")]
    Unreachable(#[from] reqwest::Error),
    #[error("no answer within {} s", PATIENCE.as_secs())]
    TooSlow,
    #[error("the answer is {0}")]
    Status(reqwest::StatusCode),
    #[error("the answer is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the answer is no JWK set with a key of ours")]
    NoSet,
}

impl Issuer {
    pub(super) fn at(url: &str) -> Self {
        let client = http_client()
            // keys are the issuer's only where the settings say
            .redirect(Policy::none())
            .no_proxy()
            .build();
        #[expect(clippy::expect_used, reason = "nothing in it depends on the machine")]
        let client = client.expect("a client");
        Self { url: url.into(), client, asked: Arc::default() }
    }

    /// Asks for the keys now and then. While it does not answer, the last ones stay.
    pub(super) async fn follow(&self, take_up: impl Fn(Vec<Key>)) {
        let mut wait;
        loop {
            match self.ask().await {
                Ok(keys) => {
                    take_up(keys);
                    wait = REFRESH;
                }
                Err(error) => {
                    wait = RETRY;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "no keys from the issuer of tokens"
                    );
                }
            }
            sleep(wait).await;
        }
    }

    /// Asks because a token names an unknown key, unless that was done a moment ago. When it returns, whatever was answered is
    /// taken up. A task of its own asks: whoever sent the token may leave, and must not take the question along.
    pub(super) async fn ask_for_unknown(self: &Arc<Self>, take_up: impl FnOnce(Vec<Key>) + Send + 'static) {
        let mut asked = Arc::clone(&self.asked).lock_owned().await;
        if asked.is_some_and(|asked| asked.elapsed() < UNKNOWN) {
            return;
        }
        let issuer = Arc::clone(self);
        let asking = tokio::spawn(async move {
            if let Ok(keys) = issuer.ask().await {
                take_up(keys);
            }
            *asked = Some(Instant::now());
        });
        let _ = asking.await;
    }

    async fn ask(&self) -> Result<Vec<Key>, NoAnswer> {
        timeout(PATIENCE, self.fetch()).await.unwrap_or(Err(NoAnswer::TooSlow))
    }

    async fn fetch(&self) -> Result<Vec<Key>, NoAnswer> {
        let mut answer = self.client.get(&self.url).send().await.map_err(without_url)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(NoAnswer::Status(answer.status()));
        }
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(without_url)? {
            text.extend_from_slice(&piece);
            if text.len() > LARGEST {
                return Err(NoAnswer::TooLarge);
            }
        }
        set(&text).filter(|keys| !keys.is_empty()).ok_or(NoAnswer::NoSet)
    }
}

/// The URL may have a secret in it.
fn without_url(error: reqwest::Error) -> NoAnswer {
    NoAnswer::Unreachable(error.without_url())
}
