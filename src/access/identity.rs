//! What a caller proved.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::report::{KeyId, Owner, Problem, Scope, Scopes};

/// A caller who is known, or is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whose reports they may see.
    pub owner: Owner,
    /// What they may do with them.
    pub scopes: Scopes,
    /// When they have to prove it again.
    pub until: Option<Timestamp>,
    /// What they proved it with.
    pub proved: Proved,
}

/// A caller, and where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub identity: Identity,
    /// Their address.
    pub address: IpAddr,
}

/// What an identity was proved with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proved {
    /// Nothing: nobody is asked.
    Nothing,
    /// An API key.
    Key(KeyId),
    /// A token (JWT).
    Token,
}

impl Identity {
    /// Whoever comes, where nobody is asked.
    pub fn anonymous() -> Self {
        Self { owner: Owner::anonymous(), scopes: Scopes::all(), until: None, proved: Proved::Nothing }
    }

    /// Whether they may do this at all.
    ///
    /// # Errors
    ///
    /// [`Denied::Scope`].
    pub fn require(&self, scope: Scope) -> Result<(), Denied> {
        if self.scopes.allow(scope) { Ok(()) } else { Err(Denied::Scope(scope)) }
    }
}

/// Why a caller may not come in. It says nothing about what they came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nothing was shown, and something is needed.
    #[error("no key or token was shown")]
    Missing,
    /// What was shown is not valid: unknown, revoked, expired, forged or made for somebody else. Not said which, because
    /// whoever holds it need not learn how near they are.
    #[error("the key or token is not valid")]
    Invalid,
    /// Whoever it is may not do this.
    #[error("this needs the scope {}", .0.name())]
    Scope(Scope),
    /// Those who could tell cannot be reached.
    #[error("the keys cannot be looked at")]
    Unavailable,
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Missing => {
                let detail = "show an API key or a token: Authorization: Bearer …";
                Self::new("unauthenticated", 401, "Who are you?", detail)
            }
            Denied::Invalid => Self::new(
                "unauthenticated",
                401,
                "Key or token not valid",
                format!("{denied}; get a new one"),
            ),
            Denied::Scope(_) => Self::new("forbidden", 403, "Not allowed", denied.to_string()),
            Denied::Unavailable => {
                Self::new("unavailable", 503, "Unavailable", format!("{denied}; try again"))
            }
        }
    }
}
