//! The text of an API key.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What every key begins with, so that a key is known for one wherever it turns up.
const PREFIX: &str = "rwk_";

/// The secret half of a key: shown once, never kept. Its `Debug` does not show it.
pub struct KeyText(String);

impl KeyText {
    /// A new one, with 244 bits from the operating system.
    pub fn generate() -> Self {
        let random: Vec<u8> =
            [Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|half| *half.as_bytes()).collect();
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// The text, for the one time that it is shown.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it. A plain hash is enough: there is nothing to guess in 244 random bits.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The hash under which this text would be kept, if it is one of a key.
    pub fn hash_of(text: &str) -> Option<[u8; 32]> {
        text.starts_with(PREFIX).then(|| Sha256::digest(text.as_bytes()).into())
    }
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_hash_and_shows_itself_to_nobody() {
        let (key, other) = (KeyText::generate(), KeyText::generate());
        assert_ne!(key.expose(), other.expose());
        assert_eq!(KeyText::hash_of(key.expose()), Some(key.hash()));
        assert_eq!(KeyText::hash_of("eyJhbGciOi"), None);
        assert!(!format!("{key:?}").contains(key.expose()));
    }
}
