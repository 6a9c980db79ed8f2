//! AES-256-GCM under the user's key, bound to a context. The format is in [`token_store`](crate::token_store).

use crate::secret::Password;
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use argon2::{Algorithm, Argon2, Params, Version};
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const RAW: u8 = 0;
const ARGON2ID: u8 = 1;
const NONCE: usize = 12;
const SALT: usize = 16;
/// Format and kind; for a passphrase also memory, passes, lanes and salt.
const SHORT_HEADER: usize = 2;
const LONG_HEADER: usize = SHORT_HEADER + 3 * 4 + SALT;
/// KiB, passes, lanes: what OWASP recommends, and what a file may ask for at the most.
const COST: [u32; 3] = [19 * 1024, 2, 1];
const MOST: [u32; 3] = [256 * 1024, 10, 4];
/// Passphrase and salts of as many processes as this are remembered.
const REMEMBERED: usize = 64;

type Key = Zeroizing<[u8; 32]>;

/// What stored tokens are encrypted under. `Debug` does not show it.
#[derive(Clone)]
pub struct EncryptionKey(Kind);

#[derive(Clone)]
enum Kind {
    Raw(Key),
    Passphrase(Password),
}

impl EncryptionKey {
    /// 32 random bytes, as they are.
    pub fn from_bytes(key: [u8; 32]) -> Self {
        Self(Kind::Raw(Zeroizing::new(key)))
    }

    /// A passphrase, stretched with argon2id (19 MiB, 2 passes); a process does that once for what it writes and once for each
    /// other process whose files it reads.
    pub fn from_passphrase(passphrase: impl Into<Password>) -> Self {
        Self(Kind::Passphrase(passphrase.into()))
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey(redacted)")
    }
}

/// Why something sealed could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The first byte names a format that this version does not know, or it is no sealed token at all.
    #[error("it is not in a known format")]
    Format,
    /// It is sealed under a passphrase and a key was given, or the other way round.
    #[error("it is sealed under another kind of key")]
    KindOfKey,
    /// It ends too soon.
    #[error("it is cut off")]
    CutOff,
    /// The wrong key or passphrase, or it was changed, or it belongs to another session.
    #[error("the key does not open it: another key, another session's file, or a change")]
    Refused,
}

/// Seals and opens under one [`EncryptionKey`].
pub(crate) struct Sealer {
    key: EncryptionKey,
    /// Of what this process writes.
    header: Vec<u8>,
    derived: Mutex<HashMap<Vec<u8>, Key>>,
}

impl Sealer {
    pub(crate) fn new(key: EncryptionKey) -> Self {
        let mut header = vec![FORMAT];
        match &key.0 {
            Kind::Raw(_) => header.push(RAW),
            Kind::Passphrase(_) => {
                header.push(ARGON2ID);
                header.extend(COST.iter().flat_map(|cost| cost.to_be_bytes()));
                header.extend(rand::random::<[u8; SALT]>());
            }
        }
        Self { key, header, derived: Mutex::default() }
    }

    pub(crate) fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = rand::random::<[u8; NONCE]>();
        let aad = [&self.header, context.as_bytes()].concat();
        let sealed = self.cipher(&self.header)?.encrypt(&nonce.into(), Payload { msg: plain, aad: &aad });
        Ok([&self.header[..], &nonce, &sealed.map_err(|_| SealError::Refused)?].concat())
    }

    pub(crate) fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let length = match sealed {
            [FORMAT, RAW, ..] => SHORT_HEADER,
            [FORMAT, ARGON2ID, ..] => LONG_HEADER,
            [FORMAT] | [] => return Err(SealError::CutOff),
            _ => return Err(SealError::Format),
        };
        let (header, rest) = sealed.split_at_checked(length).ok_or(SealError::CutOff)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(SealError::CutOff)?;
        let aad = [header, context.as_bytes()].concat();
        let opened = self.cipher(header)?.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &aad });
        opened.map(Zeroizing::new).map_err(|_| SealError::Refused)
    }

    fn cipher(&self, header: &[u8]) -> Result<Aes256Gcm, SealError> {
        let key = match (&self.key.0, &header[SHORT_HEADER..]) {
            (Kind::Raw(key), []) => key.clone(),
            (Kind::Passphrase(passphrase), parameters) if !parameters.is_empty() => {
                self.derive(passphrase, parameters)?
            }
            _ => return Err(SealError::KindOfKey),
        };
        Ok(Aes256Gcm::new(&(*key).into()))
    }

    fn derive(&self, passphrase: &Password, parameters: &[u8]) -> Result<Key, SealError> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = derived.get(parameters) {
            return Ok(key.clone());
        }
        let (costs, salt) = parameters.split_at(3 * 4);
        let mut cost = [0; 3];
        for (cost, bytes) in cost.iter_mut().zip(costs.as_chunks::<4>().0) {
            *cost = u32::from_be_bytes(*bytes);
        }
        // A file must not make us spend more than we would: nobody has vouched for it yet.
        if cost.iter().zip(MOST).any(|(cost, most)| *cost > most) {
            return Err(SealError::Format);
        }
        let params = Params::new(cost[0], cost[1], cost[2], None).map_err(|_| SealError::Format)?;
        let mut key = Key::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose_secret().as_bytes(), salt, &mut *key)
            .map_err(|_| SealError::Format)?;
        if derived.len() >= REMEMBERED {
            derived.clear();
        }
        derived.insert(parameters.to_owned(), key.clone());
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(byte: u8) -> Sealer {
        Sealer::new(EncryptionKey::from_bytes([byte; 32]))
    }

    fn passphrase(text: &str) -> Sealer {
        Sealer::new(EncryptionKey::from_passphrase(text))
    }

    #[test]
    fn what_is_sealed_opens_under_the_same_key_and_context_alone() {
        for (sealer, other) in [(raw(1), raw(2)), (passphrase("a"), passphrase("b"))] {
            let sealed = sealer.seal("ann", b"token").unwrap();
            assert_eq!(**sealer.open("ann", &sealed).unwrap(), *b"token");
            assert_ne!(sealer.seal("ann", b"token").unwrap(), sealed, "a fresh nonce");
            assert_eq!(sealer.open("bob", &sealed).unwrap_err(), SealError::Refused);
            assert_eq!(other.open("ann", &sealed).unwrap_err(), SealError::Refused);
        }
        let sealed = passphrase("a").seal("ann", b"token").unwrap();
        assert_eq!(**passphrase("a").open("ann", &sealed).unwrap(), *b"token", "another process");
        assert_eq!(raw(1).open("ann", &sealed).unwrap_err(), SealError::KindOfKey);
    }

    #[test]
    fn every_change_and_every_cut_is_seen() {
        let sealer = raw(1);
        let sealed = sealer.seal("ann", b"token").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open("ann", &changed).is_err(), "byte {at}");
            assert!(sealer.open("ann", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_file_cannot_ask_for_endless_work() {
        let sealer = passphrase("a");
        let mut sealed = sealer.seal("ann", b"token").unwrap();
        sealed[2..6].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(sealer.open("ann", &sealed).unwrap_err(), SealError::Format);
    }
}
