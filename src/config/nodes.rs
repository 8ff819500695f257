//! One machine or several: where the records are, and what this node does.

use std::{collections::BTreeSet, str::FromStr};

use serde::Deserialize;

use super::{Hidden, Layer};

/// One machine or several.
#[derive(Clone, Debug, PartialEq)]
pub struct Nodes {
    /// The database that all nodes share; `None` for one in the data folder.
    pub database: Option<Hidden>,
    /// How many connections to it this node opens at most.
    pub connections: usize,
    /// What this node does.
    pub roles: Roles,
}

/// What a node does, of what there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// It serves clients.
    pub web: bool,
    /// It makes reports, and tells webhooks and letters.
    pub worker: bool,
}

impl Default for Roles {
    fn default() -> Self {
        Self { web: true, worker: true }
    }
}

/// The text is not a set of roles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not web, worker or web,worker")]
pub struct NoRoles(String);

impl FromStr for Roles {
    type Err = NoRoles;

    fn from_str(text: &str) -> Result<Self, NoRoles> {
        let names: BTreeSet<&str> = text.split(',').map(str::trim).collect();
        let roles = Self { web: names.contains("web"), worker: names.contains("worker") };
        let known = usize::from(roles.web) + usize::from(roles.worker);
        if known > 0 && known == names.len() { Ok(roles) } else { Err(NoRoles(text.into())) }
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Nodes {
    /// How many connections to the database a node opens unless it is told.
    const CONNECTIONS: usize = 12;

    /// Where a layer says that the records are: the database that nodes share, or `None` for one in the data folder.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn database(layer: &Layer) -> Result<Option<Hidden>, String> {
        let is_shared = |url: &Hidden| {
            url.expose().starts_with("postgres://") || url.expose().starts_with("postgresql://")
        };
        match &layer.store {
            None => Ok(None),
            Some(url) if is_shared(url) => Ok(Some(url.clone())),
            Some(url) if url.expose() == "sqlite:" => Ok(None),
            // it may hold a password, so it is not repeated
            Some(_) => Err("store must be sqlite: or postgres://user:password@host/database".into()),
        }
    }

    /// What a layer says, with everything in it that contradicts itself.
    pub(super) fn of(layer: &Layer) -> (Self, Vec<String>) {
        let mut faults = Vec::new();
        let database = Self::database(layer).unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let connections = layer.store_connections.unwrap_or(Self::CONNECTIONS);
        if !(4..=1000).contains(&connections) {
            faults.push("store-connections must be from 4 to 1000".into());
        }
        let roles = layer.roles.unwrap_or_default();
        if roles != Roles::default() && database.is_none() && faults.is_empty() {
            faults.push("roles are for nodes that share a database: set store to postgres://…".into());
        }
        (Self { database, connections, roles }, faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_a_set_of_names() {
        let both = Roles { web: true, worker: true };
        for (text, roles) in [
            ("web", Roles { worker: false, ..both }),
            ("worker", Roles { web: false, ..both }),
            ("web,worker", both),
            (" worker , web ", both),
        ] {
            assert_eq!(text.parse(), Ok(roles), "{text}");
        }
        for text in ["", "web,", "webs", "web,admin", "web worker"] {
            assert!(text.parse::<Roles>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_said() {
        let of = |store: Option<&str>, roles: Option<&str>, connections| {
            let store = store.map(|store| store.parse().unwrap());
            let roles = roles.map(|roles| roles.parse().unwrap());
            Nodes::of(&Layer { store, roles, store_connections: connections, ..Layer::default() }).1
        };
        assert!(of(None, None, None).is_empty());
        assert!(of(Some("postgres://u:p@h/d"), Some("web"), Some(4)).is_empty());
        assert!(of(Some("sqlite:"), Some("web,worker"), None).is_empty());
        for (store, roles, connections, expected) in [
            (Some("mysql://u:secret@h"), None, None, "store must be"),
            (None, Some("worker"), None, "roles are for"),
            (Some("postgres://h/d"), None, Some(3), "store-connections"),
        ] {
            let faults = of(store, roles, connections);
            assert!(faults.len() == 1 && faults[0].starts_with(expected), "{faults:?}");
            assert!(!faults[0].contains("secret"));
        }
    }
}
