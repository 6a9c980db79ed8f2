//! Passwords on the wire: PKCS#1 v1.5 under the pool's key, or under the vendor's public default key.

use super::error_response::ErrorResponse;
use crate::Password;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rsa::{
    Pkcs1v15Encrypt, RsaPrivateKey,
    pkcs8::{EncodePublicKey as _, LineEnding},
    traits::PublicKeyParts as _,
};
use std::{io, sync::OnceLock};

/// The size of the public default key, in bytes. Only the vendor can decrypt what it encrypted.
const DEFAULT_KEY_BYTES: usize = 128;
/// The size of the pool's own key, in bits: larger than the default key's, so that the block size tells them apart.
const OWN_KEY_BITS: usize = 2048;

/// A password as the service received it.
#[derive(Clone, Debug)]
pub(crate) enum Received {
    Decrypted(Password),
    /// A password encrypted with the vendor's public default key.
    Undecryptable,
}

/// The pool's own key, generated when it is first needed.
#[derive(Default)]
pub(crate) struct PoolKey(OnceLock<RsaPrivateKey>);

impl PoolKey {
    fn key(&self) -> io::Result<&RsaPrivateKey> {
        if let Some(key) = self.0.get() {
            return Ok(key);
        }
        let key = RsaPrivateKey::new(&mut rand::rng(), OWN_KEY_BITS).map_err(io::Error::other)?;
        Ok(self.0.get_or_init(|| key))
    }

    pub(crate) fn public_pem(&self) -> io::Result<String> {
        self.key()?.to_public_key().to_public_key_pem(LineEnding::LF).map_err(io::Error::other)
    }

    pub(crate) fn decrypt(&self, sent: &str) -> Result<Received, ErrorResponse> {
        let block = BASE64_STANDARD.decode(sent).map_err(|_| ErrorResponse::NOT_DECRYPTED)?;
        if block.len() == DEFAULT_KEY_BYTES {
            return Ok(Received::Undecryptable);
        }
        let key = self.key().map_err(|_| ErrorResponse::NOT_DECRYPTED)?;
        if block.len() != key.size() {
            return Err(ErrorResponse::NOT_DECRYPTED);
        }
        let plain = key.decrypt(Pkcs1v15Encrypt, &block).map_err(|_| ErrorResponse::NOT_DECRYPTED)?;
        let text = String::from_utf8(plain).map_err(|_| ErrorResponse::NOT_DECRYPTED)?;
        Received::clear(text)
    }
}

impl Received {
    pub(crate) fn clear(text: String) -> Result<Self, ErrorResponse> {
        if text.chars().count() < 6 {
            return Err(ErrorResponse::SHORT_PASSWORD);
        }
        Ok(Self::Decrypted(text.into()))
    }
}
