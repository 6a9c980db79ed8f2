//! AES-256-GCM under the user's key, bound to a context. The format is in [`token_store`](crate::token_store).

use super::random_bytes;
use crate::{Error, Result, secret::Password};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use argon2::{Algorithm, Argon2, Params, Version};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
/// KiB, passes and lanes that this crate derives with: what OWASP recommends.
const COSTS: [u32; 3] = [19 * 1024, 2, 1];
/// The costs that any version of this crate ever wrote. A file with others did not come from it and gets no work done.
const EVER_WRITTEN: [[u32; 3]; 1] = [COSTS];
/// How many derived keys are remembered: those of as many other processes' files.
const REMEMBERED: usize = 64;

type Key = Zeroizing<[u8; 32]>;
/// A derived key, or the place where the first thread that needs it is deriving it.
type Slot = Arc<Mutex<Option<Key>>>;

/// The key under which stored tokens are encrypted. `Debug` does not show it.
#[derive(Clone)]
pub struct EncryptionKey(Kind);

#[derive(Clone)]
enum Kind {
    Raw(Key),
    Passphrase(Password),
}

impl EncryptionKey {
    /// Creates a key from 32 random bytes.
    pub fn from_bytes(key: [u8; 32]) -> Self {
        Self(Kind::Raw(Zeroizing::new(key)))
    }

    /// Creates a key from a passphrase, stretched with argon2id (19 MiB, 2 passes).
    ///
    /// A process derives the key once for everything that it writes, and once for each other process whose entries it reads.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration): the passphrase is empty.
    pub fn from_passphrase(passphrase: impl Into<Password>) -> Result<Self> {
        let passphrase = passphrase.into();
        if passphrase.expose_secret().is_empty() {
            return Err(Error::configuration("passphrase of the token store: must not be empty"));
        }
        Ok(Self(Kind::Passphrase(passphrase)))
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey(redacted)")
    }
}

/// Why a sealed entry of a store cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The first byte names a format that this version does not know, or this crate did not write the entry.
    #[error("it is not in a known format")]
    Format,
    /// The entry is sealed under a passphrase and a key was given, or the other way round.
    #[error("it is sealed under another kind of key")]
    KindOfKey,
    /// The entry ends too soon.
    #[error("it is cut off")]
    CutOff,
    /// The entry is larger than any that this crate writes.
    #[error("it is larger than any entry of this store")]
    TooLarge,
    /// The key or passphrase is wrong, the entry was changed, or it belongs to another session.
    #[error("the key does not open it: another key, another session's entry, or a change; a login replaces it")]
    Refused,
}

/// Seals and opens under one [`EncryptionKey`].
pub(crate) struct Sealer {
    key: EncryptionKey,
    /// The header of everything that this process writes.
    header: Vec<u8>,
    derived: Mutex<HashMap<Vec<u8>, Slot>>,
}

impl Sealer {
    pub(crate) fn new(key: EncryptionKey) -> Self {
        let mut header = vec![FORMAT];
        match &key.0 {
            Kind::Raw(_) => header.push(RAW),
            Kind::Passphrase(_) => {
                header.push(ARGON2ID);
                header.extend(COSTS.iter().flat_map(|cost| cost.to_be_bytes()));
                header.extend(random_bytes::<SALT>());
            }
        }
        Self { key, header, derived: Mutex::default() }
    }

    pub(crate) fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = random_bytes::<NONCE>();
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
                self.derived(parameters, |costs, salt| derive(passphrase, costs, salt))?
            }
            _ => return Err(SealError::KindOfKey),
        };
        Ok(Aes256Gcm::new(&(*key).into()))
    }

    /// Returns the key of these parameters, derived once: threads that need the same one wait for the first, threads that
    /// need another one do not.
    fn derived(
        &self,
        parameters: &[u8],
        derive: impl FnOnce([u32; 3], &[u8]) -> Result<Key, SealError>,
    ) -> Result<Key, SealError> {
        let (costs, salt) = read_costs(parameters)?;
        let slot = self.slot(parameters);
        let mut slot = lock(&slot);
        if let Some(key) = &*slot {
            return Ok(key.clone());
        }
        let key = derive(costs, salt)?;
        *slot = Some(key.clone());
        Ok(key)
    }

    fn slot(&self, parameters: &[u8]) -> Slot {
        let mut derived = lock(&self.derived);
        if derived.len() >= REMEMBERED && !derived.contains_key(parameters) {
            // This process's own key is needed again for sure.
            derived.retain(|parameters, _| self.header.ends_with(parameters));
        }
        derived.entry(parameters.to_owned()).or_default().clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that could leave the value half changed runs under the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Splits a header's parameters into costs and salt, and refuses costs that this crate never wrote: anybody may have written
/// the file, and it must not choose how much memory and time it takes.
fn read_costs(parameters: &[u8]) -> Result<([u32; 3], &[u8]), SealError> {
    let (costs, salt) = parameters.split_first_chunk::<12>().ok_or(SealError::CutOff)?;
    let mut read = [0; 3];
    for (cost, bytes) in read.iter_mut().zip(costs.as_chunks::<4>().0) {
        *cost = u32::from_be_bytes(*bytes);
    }
    if EVER_WRITTEN.contains(&read) { Ok((read, salt)) } else { Err(SealError::Format) }
}

fn derive(passphrase: &Password, [memory, passes, lanes]: [u32; 3], salt: &[u8]) -> Result<Key, SealError> {
    let params = Params::new(memory, passes, lanes, None).map_err(|_| SealError::Format)?;
    let mut key = Key::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose_secret().as_bytes(), salt, &mut *key)
        .map_err(|_| SealError::Format)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{Barrier, mpsc},
        thread,
        time::Duration,
    };

    fn raw(byte: u8) -> Sealer {
        Sealer::new(EncryptionKey::from_bytes([byte; 32]))
    }

    fn passphrase(text: &str) -> Sealer {
        Sealer::new(EncryptionKey::from_passphrase(text).unwrap())
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
    fn an_empty_passphrase_is_refused() {
        let error = EncryptionKey::from_passphrase("").unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("must not be empty"), "{error}");
        assert!(EncryptionKey::from_passphrase("a").is_ok());
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
        let long = passphrase("a").seal("ann", b"token").unwrap();
        for at in 0..LONG_HEADER + NONCE {
            assert_eq!(passphrase("a").open("ann", &long[..at]).unwrap_err(), SealError::CutOff, "cut at {at}");
        }
    }

    #[test]
    fn only_costs_that_were_ever_written_are_obeyed() {
        let [memory, passes, lanes] = COSTS;
        let table = [
            (COSTS, true),
            ([u32::MAX, passes, lanes], false),
            ([256 * 1024, 10, 4], false),
            ([memory + 1, passes, lanes], false),
            ([memory, passes + 1, lanes], false),
            ([memory, passes, lanes + 1], false),
            ([8, 1, 1], false),
            ([0, 0, 0], false),
        ];
        for (costs, obeyed) in table {
            let mut parameters: Vec<u8> = costs.iter().flat_map(|cost| cost.to_be_bytes()).collect();
            parameters.extend([7; SALT]);
            assert_eq!(read_costs(&parameters).is_ok(), obeyed, "{costs:?}");
        }
        let sealer = passphrase("a");
        let mut sealed = sealer.seal("ann", b"token").unwrap();
        sealed[2..6].copy_from_slice(&(COSTS[0] / 2).to_be_bytes());
        assert_eq!(sealer.open("ann", &sealed).unwrap_err(), SealError::Format);
    }

    fn parameters(salt: u8) -> Vec<u8> {
        let costs = COSTS.iter().flat_map(|cost| cost.to_be_bytes());
        costs.chain([salt; SALT]).collect()
    }

    #[test]
    fn a_derivation_does_not_hold_up_another_one() {
        let sealer = passphrase("a");
        // Each waits for the other one to derive: under one lock neither would get on.
        let both = Barrier::new(2);
        let (done, finished) = mpsc::channel();
        thread::scope(|scope| {
            for salt in [1, 2] {
                let (sealer, both, done) = (&sealer, &both, done.clone());
                scope.spawn(move || {
                    let key = sealer.derived(&parameters(salt), |_, _| {
                        both.wait();
                        Ok(Zeroizing::new([salt; 32]))
                    });
                    done.send(*key.unwrap()).unwrap();
                });
            }
            for _ in 0..2 {
                if finished.recv_timeout(Duration::from_secs(60)).is_err() {
                    // The scope would wait for ever.
                    eprintln!("two derivations wait for each other");
                    std::process::abort();
                }
            }
        });
    }

    #[test]
    fn a_key_is_derived_once() {
        let sealer = passphrase("a");
        let (derived, derivations) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let key = sealer.derived(&parameters(1), |_, _| {
                        derived.send(()).unwrap();
                        Ok(Zeroizing::new([1; 32]))
                    });
                    assert_eq!(*key.unwrap(), [1; 32]);
                });
            }
        });
        assert_eq!(derivations.try_iter().count(), 1);
        let failed = sealer.derived(&parameters(2), |_, _| Err(SealError::Format));
        assert_eq!(failed.unwrap_err(), SealError::Format);
        assert!(sealer.derived(&parameters(2), |_, _| Ok(Key::default())).is_ok(), "a failure is not remembered");
    }

    #[test]
    fn derived_keys_are_bounded_and_the_own_one_stays() {
        let sealer = passphrase("a");
        let own = sealer.header[SHORT_HEADER..].to_vec();
        sealer.derived(&own, |_, _| Ok(Key::default())).unwrap();
        for salt in 0..=u8::MAX {
            sealer.derived(&parameters(salt), |_, _| Ok(Key::default())).unwrap();
        }
        assert!(lock(&sealer.derived).len() <= REMEMBERED);
        sealer.derived(&own, |_, _| panic!("derived again")).unwrap();
    }
}
