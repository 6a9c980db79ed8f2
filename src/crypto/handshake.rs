//! The login handshake: [`KeyPair`] and [`ServiceKey`] -> [`Offer`] -> [`PasswordCipher`] -> [`SealedPassword`].

use super::os_rng;
use crate::{Error, ErrorKind, Result, secret::Password};
use aes::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::{
    Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey,
    pkcs8::{DecodePublicKey, EncodePublicKey},
    traits::PublicKeyParts,
};
use zeroize::Zeroizing;

const CLIENT_KEY_BITS: usize = 1024;
/// The pieces in which the client's public key is wrapped, whatever the size of the server's key.
const PIECE: usize = 117;
/// How many blocks the AES key may come in. One holds it; each costs a private-key operation, and a login must not take
/// as long as a server likes.
const MOST_BLOCKS: usize = 2;
/// The bytes that PKCS#1 v1.5 adds to a piece.
const PADDING: usize = 11;
const IV: &[u8; 16] = b"ghUb#er57HBh(u%g";

/// Returns the only error of the handshake: naming the failed step would help an attacker.
fn failed<E>(_: E) -> Error {
    Error::new(ErrorKind::Crypto)
}

/// Base64, also in lines.
fn decode(text: &str) -> Result<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(failed)
}

/// The longest text that is read as a public key: one of 16,384 bits takes 2,800 bytes.
const LONGEST_KEY: usize = 8192;

/// The service's public key.
#[derive(Clone, PartialEq)]
pub(crate) struct ServiceKey(RsaPublicKey);

impl ServiceKey {
    /// Reads SubjectPublicKeyInfo in base64.
    pub(crate) fn read(text: &str) -> Result<Self> {
        if text.len() > LONGEST_KEY {
            return Err(failed(()));
        }
        RsaPublicKey::from_public_key_der(&decode(text)?).map(Self).map_err(failed)
    }
}

/// The client's key pair, for one login.
///
/// When it is dropped, the RSA library overwrites the private exponent and the primes. It does not overwrite the coefficient that it
/// keeps with them (`qInv`), nor what making and using the key has left in memory.
#[cfg_attr(test, derive(Clone, PartialEq))]
pub(crate) struct KeyPair(RsaPrivateKey);

impl KeyPair {
    /// Takes milliseconds of CPU.
    pub(crate) fn generate() -> Result<Self> {
        RsaPrivateKey::new(&mut os_rng(), CLIENT_KEY_BITS).map(Self).map_err(failed)
    }

    /// Wraps the public key under the service's; quick, as public operations are.
    pub(crate) fn offer(self, ServiceKey(server_key): &ServiceKey) -> Result<Offer> {
        let public_key = STANDARD.encode(self.0.to_public_key().to_public_key_der().map_err(failed)?);
        let piece = PIECE.min(server_key.size().saturating_sub(PADDING)).max(1);
        let mut wrapped = Vec::new();
        for piece in public_key.as_bytes().chunks(piece) {
            wrapped.extend(server_key.encrypt(&mut os_rng(), Pkcs1v15Encrypt, piece).map_err(failed)?);
        }
        Ok(Offer { keys: self, wrapped_key: STANDARD.encode(wrapped) })
    }
}

/// The client's key on its way to the server.
pub(crate) struct Offer {
    keys: KeyPair,
    wrapped_key: String,
}

impl Offer {
    /// `clientEncryptPublicKey`.
    pub(crate) fn wrapped_key(&self) -> &str {
        &self.wrapped_key
    }

    /// Returns the key pair, whose public key the service could not read: the same login offers it under another key.
    pub(crate) fn into_pair(self) -> KeyPair {
        self.keys
    }

    /// Opens the AES key that the server chose (`encryptAesKey`); takes up to a millisecond of CPU.
    pub(crate) fn accept(&self, wrapped_aes_key: &str) -> Result<PasswordCipher> {
        let key = &self.keys.0;
        // Also before base64 is decoded: twice as much, for its line breaks.
        if wrapped_aes_key.len() > 2 * MOST_BLOCKS * key.size().div_ceil(3) * 4 {
            return Err(failed(()));
        }
        let blocks = decode(wrapped_aes_key)?;
        if blocks.len() > MOST_BLOCKS * key.size() {
            return Err(failed(()));
        }
        let mut aes_key = Zeroizing::new(Vec::new());
        for block in blocks.chunks(key.size()) {
            aes_key.extend_from_slice(&Zeroizing::new(key.decrypt(Pkcs1v15Encrypt, block).map_err(failed)?));
        }
        // A tampered block decrypts to noise instead of failing: the key is text, and of one of three lengths.
        if !matches!(aes_key.len(), 16 | 24 | 32) || !aes_key.is_ascii() {
            return Err(failed(()));
        }
        Ok(PasswordCipher { aes_key, wrapped_key: self.wrapped_key.clone() })
    }
}

/// The agreed key.
pub(crate) struct PasswordCipher {
    aes_key: Zeroizing<Vec<u8>>,
    wrapped_key: String,
}

impl PasswordCipher {
    pub(crate) fn seal(self, password: &Password) -> Result<SealedPassword> {
        let text = password.expose_secret().as_bytes();
        let key = &self.aes_key[..];
        let sealed = match key.len() {
            16 => cbc::Encryptor::<aes::Aes128>::new_from_slices(key, IV)
                .map_err(failed)?
                .encrypt_padded_vec::<Pkcs7>(text),
            24 => cbc::Encryptor::<aes::Aes192>::new_from_slices(key, IV)
                .map_err(failed)?
                .encrypt_padded_vec::<Pkcs7>(text),
            _ => cbc::Encryptor::<aes::Aes256>::new_from_slices(key, IV)
                .map_err(failed)?
                .encrypt_padded_vec::<Pkcs7>(text),
        };
        Ok(SealedPassword { password_hash: STANDARD.encode(sealed), wrapped_key: self.wrapped_key })
    }
}

/// The encrypted password, as a login sends it.
#[derive(Clone)]
pub(crate) struct SealedPassword {
    /// `passwordHash`: AES-CBC, despite its name.
    pub(crate) password_hash: String,
    /// `clientEncryptPublicKey`, by which the server finds the AES key again.
    pub(crate) wrapped_key: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::pkcs8::DecodePrivateKey;
    use serde::Deserialize;

    /// Made by `vectors.py` with Python's `cryptography`, which is OpenSSL.
    #[derive(Deserialize)]
    struct Vector {
        server_private: String,
        server_public: String,
        client_private: String,
        client_public: String,
        wrapped_aes_key: String,
        aes_key: String,
        password: String,
        password_hash: String,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("vectors.json")).unwrap()
    }

    fn private(key: &str) -> RsaPrivateKey {
        RsaPrivateKey::from_pkcs8_der(&decode(key).unwrap()).unwrap()
    }

    fn service_key(vector: &Vector) -> ServiceKey {
        ServiceKey::read(&vector.server_public).unwrap()
    }

    #[test]
    fn agrees_with_openssl() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 6);
        for vector in vectors {
            let keys = KeyPair(private(&vector.client_private));
            let offer = keys.offer(&service_key(&vector)).unwrap();

            let server = private(&vector.server_private);
            let wrapped = decode(offer.wrapped_key()).unwrap();
            let opened: Vec<u8> = wrapped
                .chunks(server.size())
                .flat_map(|block| server.decrypt(Pkcs1v15Encrypt, block).unwrap())
                .collect();
            assert_eq!(String::from_utf8(opened).unwrap(), vector.client_public);
            assert_eq!(wrapped.len() / server.size(), vector.client_public.len().div_ceil(117));

            let cipher = offer.accept(&vector.wrapped_aes_key).unwrap();
            assert_eq!(*cipher.aes_key, vector.aes_key.as_bytes());
            assert_eq!(cipher.seal(&vector.password.as_str().into()).unwrap().password_hash, vector.password_hash);
        }
    }

    #[test]
    fn every_failure_is_the_same() {
        let vector = &vectors()[0];
        let offer = || KeyPair(private(&vector.client_private)).offer(&service_key(vector)).unwrap();
        let short = STANDARD.encode([7; 128]);
        let errors = [
            ServiceKey::read("no base64!").err(),
            ServiceKey::read("AAAA").err(),
            ServiceKey::read("").err(),
            ServiceKey::read(&format!("{}{}", vector.server_public, " ".repeat(LONGEST_KEY))).err(),
            offer().accept("no base64!").err(),
            offer().accept("").err(),
            offer().accept("AAAA").err(),
            offer().accept(&short).err(),
            offer().accept(&STANDARD.encode([7; 3 * 128])).err(),
            offer().accept(&"A".repeat(60_000_000)).err(),
        ];
        for (n, error) in errors.into_iter().enumerate() {
            let error = error.unwrap_or_else(|| panic!("case {n} succeeded"));
            assert_eq!(error.to_string(), "the login handshake failed", "case {n}");
            assert!(std::error::Error::source(&error).is_none(), "case {n}");
        }
    }

    #[test]
    fn a_key_comes_in_two_blocks_at_most() {
        let vector = &vectors()[0];
        let client = private(&vector.client_private);
        let key = |blocks: &[&[u8]]| {
            let sealed = blocks
                .iter()
                .flat_map(|block| client.to_public_key().encrypt(&mut rand::rng(), Pkcs1v15Encrypt, block).unwrap());
            let offer = KeyPair(client.clone()).offer(&service_key(vector)).unwrap();
            offer.accept(&STANDARD.encode(sealed.collect::<Vec<_>>())).map(|cipher| cipher.aes_key.to_vec())
        };
        assert_eq!(key(&[b"0123456789abcdef"]).unwrap(), b"0123456789abcdef");
        assert_eq!(key(&[b"01234567", b"89abcdef"]).unwrap(), b"0123456789abcdef");
        assert!(key(&[b"012345", b"6789ab", b"cdef"]).unwrap_err().is_crypto());
    }

    #[test]
    fn keys_are_fresh_and_base64_may_come_in_lines() {
        let vector = &vectors()[0];
        let lines: Vec<_> = vector.server_public.as_bytes().chunks(76).map(|l| str::from_utf8(l).unwrap()).collect();
        let key = ServiceKey::read(&lines.join("\r\n")).unwrap();
        assert!(key == service_key(vector) && key != service_key(&vectors()[1]));
        let offer = || KeyPair::generate().unwrap().offer(&key).unwrap();
        assert_ne!(offer().keys.0, offer().keys.0);
    }
}
