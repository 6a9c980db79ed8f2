//! The keys of cached results: digests, so that no cache holds a token.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// The digest of a token, or of what a decision depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

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
        Self(Sha256::new().chain_update(crate::crypto::random_bytes::<32>()))
    }

    /// Returns the key of these parts. Each goes in with its length, so that no two lists of parts are the same bytes.
    pub(crate) fn of(&self, parts: &[&str]) -> Key {
        let mut digest = self.0.clone();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Key(digest.finalize().into())
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
    }
}
