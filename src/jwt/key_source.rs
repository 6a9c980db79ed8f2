//! The source of a verifier's keys.

use super::{secret::Secret, userinfo::without_userinfo};
use std::fmt;

/// The source of a verifier's keys.
#[derive(Clone)]
pub struct KeySource(pub(super) Source);

#[derive(Clone)]
pub(super) enum Source {
    Discovery(String),
    Url(String),
    Fixed(Vec<u8>),
    Secret(Secret),
}

impl KeySource {
    /// Finds the keys by OpenID Connect Discovery: in `{issuer}/.well-known/openid-configuration`.
    ///
    /// The document's `issuer` must be this text, and so must be the tokens', unless
    /// [`VerifierBuilder::issuer`](super::VerifierBuilder::issuer) says otherwise.
    pub fn discovery(issuer: impl Into<String>) -> Self {
        Self(Source::Discovery(issuer.into()))
    }

    /// Fetches the key set (JWKS) from this URL, whose query is sent as it stands. `Debug` does not show it: it can hold an API key.
    pub fn url(url: impl Into<String>) -> Self {
        Self(Source::Url(url.into()))
    }

    /// Takes this key set (JWKS, RFC 7517), as JSON. It never changes.
    pub fn fixed(jwks: impl AsRef<[u8]>) -> Self {
        Self(Source::Fixed(jwks.as_ref().to_vec()))
    }

    /// Checks HMAC signatures (HS256 and so on) with this secret.
    pub fn secret(secret: impl Into<Secret>) -> Self {
        Self(Source::Secret(secret.into()))
    }
}

/// Shows no secret, and of a key set only how long it is.
impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Discovery(issuer) => f.debug_tuple("Discovery").field(&without_userinfo(issuer)).finish(),
            Source::Url(_) => f.write_str("Url(…)"),
            Source::Fixed(jwks) => f.debug_struct("Fixed").field("bytes", &jwks.len()).finish(),
            Source::Secret(secret) => secret.fmt(f),
        }
    }
}
