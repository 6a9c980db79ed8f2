use super::within::within;
use crate::{
    Error, Result,
    crypto::{EncryptionKey, random_bytes},
};
use keyring::Entry;
use std::time::Duration;
use zeroize::Zeroizing;

/// A keyring can wait for its user, or for ever.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Why the operating system's keyring gave no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The machine has no keyring, it is locked, or it refused.
    #[error("the operating system's keyring cannot be used: is there one on this machine, and is it unlocked?")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The keyring did not respond.
    #[error("the operating system's keyring did not respond within {} s", TIME_LIMIT.as_secs())]
    NoResponse,
    /// The keyring's entry of this name is not a key.
    #[error("the operating system's keyring has an entry of this name that is not a key of 32 bytes")]
    NotAKey,
}

impl EncryptionKey {
    /// Returns the key under these names in the operating system's keyring (Keychain, Credential Manager, Secret Service).
    ///
    /// A random key is put there if there is none. Waits at most 3 s.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::ErrorKind::Store) with a [`KeyringError`] as its source, also on a machine without a keyring. Servers
    /// have none: use a key or a passphrase there.
    pub fn from_keyring(service: &str, account: &str) -> Result<Self> {
        let (service, account) = (service.to_owned(), account.to_owned());
        let find = move || find_or_create(&Entry::new(&service, &account).map_err(unavailable)?);
        match within("iam-sdk-keyring", TIME_LIMIT, find) {
            Some(key) => key.map(|key| Self::from_bytes(*key)).map_err(Error::store),
            None => Err(Error::store_unavailable(KeyringError::NoResponse)),
        }
    }
}

fn find_or_create(entry: &Entry) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
    let secret = match entry.get_secret() {
        Err(keyring::Error::NoEntry) => {
            let fresh = Zeroizing::new(random_bytes::<32>());
            entry.set_secret(&*fresh).map_err(unavailable)?;
            // Another process may have put its own there at the same time: the last one counts, for both.
            entry.get_secret()
        }
        other => other,
    };
    let secret = Zeroizing::new(secret.map_err(unavailable)?);
    secret.as_slice().try_into().map(Zeroizing::new).map_err(|_| KeyringError::NotAKey)
}

fn unavailable(error: keyring::Error) -> KeyringError {
    KeyringError::Unavailable(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyring::mock::MockCredential;

    /// An entry of a keyring that has nothing yet; the library's mock keeps a secret as long as the entry lives.
    fn entry() -> Entry {
        Entry::new_with_credential(Box::<MockCredential>::default())
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let (one, other) = (entry(), entry());
        let made = find_or_create(&one).unwrap();
        assert_eq!(find_or_create(&one).unwrap(), made);
        assert_eq!(one.get_secret().unwrap(), made.to_vec(), "what the keyring keeps is the key");
        assert_ne!(find_or_create(&other).unwrap(), made, "random");
    }

    #[test]
    fn an_entry_that_is_not_a_key_is_refused_and_kept() {
        let entry = entry();
        entry.set_secret(b"a password of another program").unwrap();
        assert!(matches!(find_or_create(&entry), Err(KeyringError::NotAKey)));
        assert_eq!(entry.get_secret().unwrap(), b"a password of another program");
    }

    #[test]
    fn a_keyring_that_refuses_is_an_error() {
        let entry = entry();
        let mock: &MockCredential = entry.get_credential().downcast_ref().unwrap();
        mock.set_error(keyring::Error::NoStorageAccess("locked".into()));
        assert!(matches!(find_or_create(&entry), Err(KeyringError::Unavailable(_))));
    }
}
