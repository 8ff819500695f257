//! The names of reports and endpoints.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An id of its own type: a version 7 UUID (RFC 9562, section 5.7), so that ids sort by the time of creation
/// and a list needs no second index.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later than every id this process made before.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The 16 bytes of the id, in the order in which ids sort.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id with these 16 bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Reads the hyphenated lower- or upper-case form only: one thing has one spelling of its URL.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse::<uuid::fmt::Hyphenated>().map(|id| Self(id.into_uuid()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id_type! {
    /// The id of a report.
    ReportId
}

id_type! {
    /// The id of a registered endpoint.
    EndpointId
}

id_type! {
    /// The id of an API key. It is no secret.
    KeyId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_creation() {
        let ids: Vec<_> = (0..1000).map(|_| ReportId::generate()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id = ReportId::generate();
        assert_eq!(id.to_string().parse::<ReportId>().unwrap(), id);
        for text in ["", "1", "not-an-id", &id.to_string().replace('-', ""), &format!("{{{id}}}")] {
            assert!(text.parse::<ReportId>().is_err(), "{text}");
        }
    }
}
