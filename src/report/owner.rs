//! Whose a report is, and what a caller may do.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// Whose a report, an endpoint or a key is. Whoever comes for another owner hears what they would hear if there were
/// none. Where no identity is asked for, everything is [`Owner::anonymous`]'s.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Owner(Arc<str>);

impl Owner {
    /// The longest name, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// Whoever comes without a name. No key and no token can name it.
    pub fn anonymous() -> Self {
        Self("".into())
    }

    /// Whether it is nobody in particular.
    pub fn is_anonymous(&self) -> bool {
        self.0.is_empty()
    }

    /// The name; empty for [`Owner::anonymous`].
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The owner that a database row names.
    pub(crate) fn stored(name: String) -> Self {
        Self(name.into())
    }
}

/// The text names no owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an owner has a name of 1 to {} bytes without control characters", Owner::MAX_LENGTH)]
pub struct BadOwner;

impl FromStr for Owner {
    type Err = BadOwner;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_name =
            !name.is_empty() && name.len() <= Self::MAX_LENGTH && !name.chars().any(char::is_control);
        if is_name { Ok(Self(name.into())) } else { Err(BadOwner) }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Ask for reports, and for the same again.
    Create,
    /// Read, follow and fetch them.
    Read,
    /// Cancel and remove them.
    Cancel,
    /// Register endpoints and read the metrics.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 4] = [Scope::Create, Scope::Read, Scope::Cancel, Scope::Admin];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Create => "create",
            Scope::Read => "read",
            Scope::Cancel => "cancel",
            Scope::Admin => "admin",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a caller may do: any set of [`Scope`]s. As text, their names with commas or spaces between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// What a person who asks for reports needs: all but [`Scope::Admin`].
    pub fn usual() -> Self {
        [Scope::Create, Scope::Read, Scope::Cancel].into_iter().collect()
    }

    /// Everything.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Whether `scope` is one of them.
    pub fn allow(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes among the words of a token's claim; words that mean something elsewhere are nothing here.
    pub fn among<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        words
            .into_iter()
            .filter_map(|word| Scope::ALL.into_iter().find(|scope| scope.name() == word))
            .collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl FromStr for Scopes {
    type Err = String;

    /// Reads names with commas between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || Scope::ALL.map(Scope::name).join(", ");
        let scope = |word: &str| {
            let found = Scope::ALL.into_iter().find(|scope| scope.name() == word.trim());
            found.ok_or_else(|| format!("{word:?} is no scope; there are {}", known()))
        };
        text.split(',').map(scope).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> =
            Scope::ALL.into_iter().filter(|scope| self.allow(*scope)).map(Scope::name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_has_a_name_that_can_stand_in_a_line() {
        for name in ["a", "acme", "Müller & Söhne", "auth0|5f7c", &"x".repeat(255)] {
            assert_eq!(name.parse::<Owner>().unwrap().name(), name);
        }
        for name in ["", "two\nlines", "\u{7f}", &"x".repeat(256)] {
            assert_eq!(name.parse::<Owner>(), Err(BadOwner), "{name:?}");
        }
    }

    #[test]
    fn scopes_are_read_as_they_are_written() {
        let some: Scopes = "read, cancel".parse().unwrap();
        assert_eq!(some.to_string(), "read,cancel");
        assert!(some.allow(Scope::Read) && !some.allow(Scope::Create) && !some.allow(Scope::Admin));
        assert_eq!(some.to_string().parse(), Ok(some));
        assert!("read,everything".parse::<Scopes>().unwrap_err().contains("everything"));
        assert_eq!(Scopes::among(["openid", "read", "email"]), Scopes::from_iter([Scope::Read]));
        assert!(!Scopes::usual().allow(Scope::Admin) && Scopes::all().allow(Scope::Admin));
    }
}
