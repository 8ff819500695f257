//! Who comes in: the credentials of a request become an identity.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Denied, Identity, Jwt, KeyText, Proved};
use crate::{
    report::KeyId,
    store::{Clock, Keys},
};

/// How often the keys are looked at for one that was revoked while its owner is connected.
const LOOK: Duration = Duration::from_secs(1);

/// Whether those who show nothing come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Always: the operator said so.
    Open,
    /// As long as there is no key. With the first one it is closed.
    UntilThereIsAKey,
    /// Never.
    Closed,
}

/// Knows keys and tokens.
pub struct Gate {
    keys: Arc<dyn Keys>,
    jwt: Option<Arc<Jwt>>,
    door: Door,
    clock: Clock,
    /// Cancelled when everybody has to leave.
    farewell: CancellationToken,
    /// Of those who showed nothing that ends: cancelled when the door is closed behind them.
    guests: CancellationToken,
    /// Of each key that somebody is connected with: cancelled when it is revoked.
    leave: Mutex<HashMap<KeyId, CancellationToken>>,
    /// Whether there is a key.
    is_keyed: AtomicBool,
}

impl Gate {
    /// A gate of these keys and tokens.
    pub fn new(
        keys: Arc<dyn Keys>,
        jwt: Option<Arc<Jwt>>,
        door: Door,
        clock: Clock,
        farewell: CancellationToken,
    ) -> Self {
        let (guests, leave, is_keyed) = (farewell.child_token(), Mutex::default(), AtomicBool::new(false));
        Self { keys, jwt, door, clock, farewell, guests, leave, is_keyed }
    }

    /// Who shows this credential, the text of a key or a token; or who shows none.
    ///
    /// # Errors
    ///
    /// [`Denied::Missing`], [`Denied::Invalid`] and [`Denied::Unavailable`].
    pub async fn identify(&self, credential: Option<&str>) -> Result<Identity, Denied> {
        let Some(credential) = credential else {
            return if self.is_open() { Ok(Identity::anonymous()) } else { Err(Denied::Missing) };
        };
        let now = (self.clock)();
        let Some(hash) = KeyText::hash_of(credential) else {
            let jwt = self.jwt.as_ref().ok_or(Denied::Invalid)?;
            return jwt.verify(credential, now).await;
        };
        let key = self.keys.key_of(hash).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a key could not be looked up");
            Denied::Unavailable
        })?;
        let valid = key.filter(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end));
        let key = valid.ok_or(Denied::Invalid)?;
        Ok(Identity {
            owner: key.owner,
            scopes: key.scopes,
            until: key.expires_at,
            proved: Proved::Key(key.id),
        })
    }

    /// Whether nothing need be shown.
    pub fn is_open(&self) -> bool {
        match self.door {
            Door::Open => true,
            Door::UntilThereIsAKey => !self.is_keyed.load(Relaxed),
            Door::Closed => false,
        }
    }

    /// Whether everybody has to leave.
    pub fn is_leaving(&self) -> bool {
        self.farewell.is_cancelled()
    }

    /// The time by the clock by which everything here is judged.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Cancelled when this caller has to leave: the server drains, the key is revoked, or nothing was shown and the door is
    /// closed meanwhile.
    pub fn leave(&self, proved: &Proved) -> CancellationToken {
        match proved {
            Proved::Nothing => self.guests.clone(),
            Proved::Token => self.farewell.clone(),
            Proved::Key(id) => {
                let mut leave = self.leave.lock().unwrap_or_else(PoisonError::into_inner);
                leave.entry(*id).or_insert_with(|| self.farewell.child_token()).clone()
            }
        }
    }

    /// The same for whoever holds a link that is valid `until` then, and until when they may stay: where nobody is asked
    /// who they are, as long as that is so.
    pub(super) fn leave_of_link(&self, until: Timestamp) -> (CancellationToken, Option<Timestamp>) {
        if self.is_open() { (self.guests.clone(), None) } else { (self.farewell.clone(), Some(until)) }
    }

    /// Sends those away whose key is revoked, until `stop`.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let following = async {
            loop {
                self.look().await;
                sleep(LOOK).await;
            }
        };
        stop.run_until_cancelled(following).await;
    }

    /// Looks at the keys.
    pub async fn look(&self) {
        match self.keys.keys().await {
            Ok(keys) => {
                self.is_keyed.store(!keys.is_empty(), Relaxed);
                if !self.is_open() {
                    self.guests.cancel();
                }
                let mut leave = self.leave.lock().unwrap_or_else(PoisonError::into_inner);
                for key in keys.iter().filter(|key| key.revoked_at.is_some()) {
                    if let Some(connected) = leave.remove(&key.id) {
                        connected.cancel();
                    }
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the keys could not be looked at");
            }
        }
    }
}
