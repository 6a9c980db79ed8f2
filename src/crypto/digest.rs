//! A salted digest that tells whether two secrets are the same without keeping either.

use super::{DIGEST, random_bytes, sha256};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;

const SALT: usize = 16;

/// SHA-256 over a random salt and a secret.
///
/// A stored token carries the digest of the password that its login used, inside the seal, so that a session with another
/// password does not use the token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretDigest {
    salt: [u8; SALT],
    digest: [u8; DIGEST],
}

impl SecretDigest {
    pub(crate) fn new(secret: &str) -> Self {
        let salt = random_bytes();
        Self { salt, digest: digest(&salt, secret) }
    }

    /// Returns whether `secret` is the one that was digested, in constant time.
    pub(crate) fn matches(&self, secret: &str) -> bool {
        verify_slices_are_equal(&digest(&self.salt, secret), &self.digest).is_ok()
    }
}

fn digest(salt: &[u8; SALT], secret: &str) -> [u8; DIGEST] {
    sha256([&salt[..], secret.as_bytes()])
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(redacted)")
    }
}

impl Serialize for SecretDigest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD_NO_PAD.encode([&self.salt[..], &self.digest].concat()))
    }
}

impl<'de> Deserialize<'de> for SecretDigest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| D::Error::custom("not a digest"))?;
        let (salt, digest) = bytes.split_first_chunk().ok_or_else(|| D::Error::custom("not a digest"))?;
        let digest = digest.try_into().map_err(|_| D::Error::custom("not a digest"))?;
        Ok(Self { salt: *salt, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_same_secret_from_another() {
        let digest = SecretDigest::new("her password");
        assert!(digest.matches("her password") && !digest.matches("her passwore") && !digest.matches(""));
        assert_ne!(digest, SecretDigest::new("her password"), "a salt of its own");
        let written = serde_json::to_string(&digest).unwrap();
        assert!(!format!("{digest:?} {written}").contains("password"));
        assert_eq!(serde_json::from_str::<SecretDigest>(&written).unwrap(), digest);
        for wrong in ["\"\"", "\"AAAA\"", "\"!\"", "1"] {
            assert!(serde_json::from_str::<SecretDigest>(wrong).is_err(), "{wrong}");
        }
    }
}
