//! The server's half of the login handshake. It shares no code with the client's.

use super::state::error_response::ErrorResponse;
use crate::emulator::lock::lock;
use crate::emulator::store::Table;
use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use base64::{Engine, engine::general_purpose::STANDARD};
use rand::distr::{Alphanumeric, SampleString};
use rsa::{
    Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey,
    pkcs8::{DecodePublicKey, EncodePublicKey},
    traits::PublicKeyParts,
};
use std::{
    io,
    sync::{Arc, Mutex},
};

/// The most handshakes that are remembered; beyond it the oldest one fails.
const PENDING: usize = 10_000;

pub(super) struct ServerKeys {
    current: Mutex<Arc<ServerKey>>,
    bits: usize,
    /// The AES key of each handshake under way, by `clientEncryptPublicKey`.
    pending: Mutex<Table<String, String>>,
}

struct ServerKey {
    private: RsaPrivateKey,
    public: String,
}

impl ServerKey {
    fn generate(bits: usize) -> io::Result<Self> {
        let private = RsaPrivateKey::new(&mut rand::rng(), bits).map_err(io::Error::other)?;
        let public = private.to_public_key().to_public_key_der().map_err(io::Error::other)?;
        Ok(Self { public: STANDARD.encode(public), private })
    }
}

impl ServerKeys {
    pub(super) fn generate(bits: usize) -> io::Result<Self> {
        let current = Mutex::new(Arc::new(ServerKey::generate(bits)?));
        Ok(Self { current, bits, pending: Mutex::default() })
    }

    /// Replaces the key by a new one of the same size. Handshakes that have their AES key already go on.
    pub(super) fn rotate(&self) -> io::Result<()> {
        let new = Arc::new(ServerKey::generate(self.bits)?);
        *lock(&self.current) = new;
        Ok(())
    }

    pub(super) fn public_key(&self) -> String {
        lock(&self.current).public.clone()
    }

    /// Decrypts the client's public key, and returns a new AES key encrypted with it.
    pub(super) fn wrap_aes_key(&self, client_encrypt_public_key: &str) -> Result<String, ErrorResponse> {
        let refused = || ErrorResponse::bad_request("clientEncryptPublicKey cannot be decrypted");
        let wrapped = STANDARD.decode(client_encrypt_public_key).map_err(|_| refused())?;
        let key = lock(&self.current).clone();
        if wrapped.is_empty() || wrapped.len() % key.private.size() != 0 {
            return Err(refused());
        }
        let mut text = Vec::new();
        for block in wrapped.chunks(key.private.size()) {
            text.extend(key.private.decrypt(Pkcs1v15Encrypt, block).map_err(|_| refused())?);
        }
        let der = STANDARD.decode(text).map_err(|_| refused())?;
        let client = RsaPublicKey::from_public_key_der(&der).map_err(|_| refused())?;
        let aes_key = Alphanumeric.sample_string(&mut rand::rng(), 16);
        let wrapped_aes_key =
            client.encrypt(&mut rand::rng(), Pkcs1v15Encrypt, aes_key.as_bytes()).map_err(|_| refused())?;

        let mut pending = lock(&self.pending);
        if pending.len() == PENDING {
            pending.pop_first();
        }
        pending.insert(client_encrypt_public_key.to_owned(), aes_key);
        Ok(STANDARD.encode(wrapped_aes_key))
    }

    /// Decrypts a password. Each handshake decrypts one.
    pub(super) fn decrypt(
        &self,
        client_encrypt_public_key: &str,
        password_hash: &str,
    ) -> Result<String, ErrorResponse> {
        let refused = || ErrorResponse::bad_request("passwordHash cannot be decrypted");
        let pending = lock(&self.pending).remove(client_encrypt_public_key);
        let (_, aes_key) = pending.ok_or_else(refused)?;
        let encrypted = STANDARD.decode(password_hash).map_err(|_| refused())?;
        let cipher = cbc::Decryptor::<aes::Aes128>::new_from_slices(aes_key.as_bytes(), b"ghUb#er57HBh(u%g")
            .map_err(|_| refused())?;
        let password = cipher.decrypt_padded_vec::<Pkcs7>(&encrypted).map_err(|_| refused())?;
        String::from_utf8(password).map_err(|_| refused())
    }
}
