//! The keys of cached results: digests, so that no cache holds a token.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// The digest of a token; for a decision, also that of what is asked about the token's owner.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    token: [u8; 32],
    question: Option<[u8; 32]>,
}

impl Key {
    /// Returns what is stored.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.token.iter().chain(self.question.iter().flatten()).copied().collect()
    }

    /// Returns whether the key is of the same token.
    pub(crate) fn is_of(&self, token: &Self) -> bool {
        self.token == token.token
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

/// Digests under a random salt of its own: the same token has another key in every guard, whatever service, base URL or application
/// the guard asks.
#[derive(Clone)]
pub(crate) struct Keys(Sha256);

impl Keys {
    pub(crate) fn new() -> Self {
        // A whole block of SHA-256, computed once: most tokens are one block more.
        Self(Sha256::new().chain_update(crate::crypto::random_bytes::<64>()))
    }

    /// Returns the key of these parts. Each goes in with its length, so that no two lists of parts are the same bytes.
    pub(crate) fn of(&self, parts: &[&str]) -> Key {
        Key { token: self.digest(parts), question: None }
    }

    /// Returns the key of a question with these parts about the owner of a token.
    pub(crate) fn about(&self, token: Key, parts: &[&str]) -> Key {
        Key { question: Some(self.digest(parts)), ..token }
    }

    fn digest(&self, parts: &[&str]) -> [u8; 32] {
        let mut digest = self.0.clone();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_its_parts_and_of_its_guard() {
        let keys = Keys::new();
        assert_eq!(keys.of(&["a", "b"]), keys.of(&["a", "b"]));
        let others: [&[&str]; 6] = [&["ab"], &["ab", ""], &["", "ab"], &["b", "a"], &["a", "b", ""], &["a\0", "b"]];
        for other in others {
            assert_ne!(keys.of(&["a", "b"]), keys.of(other), "{other:?}");
        }
        assert_ne!(keys.of(&["a"]), Keys::new().of(&["a"]));
        assert_eq!(format!("{:?}", keys.of(&["canary"])), "Key(redacted)");
        let (a, b) = (keys.of(&["a"]), keys.of(&["b"]));
        let about = keys.about(a, &["x"]);
        assert!(about.is_of(&a) && !about.is_of(&b) && about != a);
        assert_ne!(about, keys.about(a, &["y"]));
        assert_ne!(about, keys.about(b, &["x"]));
    }
}
