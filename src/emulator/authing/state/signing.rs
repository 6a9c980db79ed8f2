//! The keys that users' tokens are signed with.

use super::value::new_id;
use crate::Password;
use crate::emulator::lock::lock;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, traits::PublicKeyParts as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

const KEY_BITS: usize = 2048;
/// The newest key and the one before: tokens that the older one has signed are good until the next rotation.
const PUBLISHED: usize = 2;

/// A key of the application's, with the id that tokens name it by.
struct SigningKey {
    id: String,
    key: RsaPrivateKey,
}

impl SigningKey {
    fn generate() -> io::Result<Self> {
        let key = RsaPrivateKey::new(&mut rand::rng(), KEY_BITS).map_err(io::Error::other)?;
        Ok(Self { id: new_id(), key })
    }

    fn jwk(&self) -> Value {
        let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let (n, e) = (self.key.n_bytes(), self.key.e_bytes());
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": number(&n), "e": number(&e)})
    }
}

/// The keys that users' tokens are signed with, the newest last. The first one is generated when it is needed.
#[derive(Default)]
pub(crate) struct SigningKeys(Mutex<Vec<Arc<SigningKey>>>);

impl SigningKeys {
    /// Returns the public keys, as a JWKS.
    pub(crate) fn jwks(&self) -> io::Result<Value> {
        self.newest()?;
        let keys: Vec<Value> = self.keys().iter().rev().map(|key| key.jwk()).collect();
        Ok(json!({"keys": keys}))
    }

    /// Replaces the key that tokens are signed with.
    pub(crate) fn rotate(&self) -> io::Result<()> {
        self.newest()?;
        let key = Arc::new(SigningKey::generate()?);
        let mut keys = self.keys();
        keys.push(key);
        let outdated = keys.len().saturating_sub(PUBLISHED);
        keys.drain(..outdated);
        Ok(())
    }

    /// Signs claims with the newest key (RS256).
    pub(crate) fn sign(&self, claims: &Map<String, Value>) -> io::Result<String> {
        let key = self.newest()?;
        let message = message(&json!({"alg": "RS256", "typ": "JWT", "kid": key.id}), claims);
        let digest = Sha256::digest(message.as_bytes());
        let signature = key.key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).map_err(io::Error::other)?;
        Ok(signed(&message, &signature))
    }

    fn newest(&self) -> io::Result<Arc<SigningKey>> {
        let mut keys = self.keys();
        if let Some(key) = keys.last() {
            return Ok(key.clone());
        }
        let key = Arc::new(SigningKey::generate()?);
        keys.push(key.clone());
        Ok(key)
    }

    fn keys(&self) -> MutexGuard<'_, Vec<Arc<SigningKey>>> {
        lock(&self.0)
    }
}

/// Signs claims with a secret (HS256).
pub(crate) fn sign_with_secret(secret: &Password, claims: &Map<String, Value>) -> io::Result<String> {
    let message = message(&json!({"alg": "HS256", "typ": "JWT"}), claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map_err(io::Error::other)?;
    mac.update(message.as_bytes());
    Ok(signed(&message, &mac.finalize().into_bytes()))
}

fn message(header: &Value, claims: &Map<String, Value>) -> String {
    let part = |json: String| BASE64_URL_SAFE_NO_PAD.encode(json);
    format!("{}.{}", part(header.to_string()), part(Value::Object(claims.clone()).to_string()))
}

fn signed(message: &str, signature: &[u8]) -> String {
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}
