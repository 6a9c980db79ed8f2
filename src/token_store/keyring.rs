use super::within::within;
use crate::{
    Error, Result,
    crypto::{EncryptionKey, random_bytes},
};
use keyring::Entry;
use std::time::Duration;
use zeroize::Zeroizing;

/// The longest wait for the keyring, which can ask its user for a password.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// The reasons why the operating system's keyring provides no key.
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
    /// If there is none, a random key is stored there. Waits at most 3 s.
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
            // Another process may have stored its own key at the same time: both use the one that was stored last.
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
    use crate::crypto::Sealer;
    use keyring::{
        Credential,
        credential::{CredentialApi, CredentialBuilderApi},
        mock::MockCredential,
    };
    use std::{
        any::Any,
        collections::HashMap,
        sync::{Arc, Mutex},
    };

    /// The secrets of a keyring by service and account. Unlike the library's mock, it finds them again by name.
    #[derive(Clone, Debug, Default)]
    struct Keyring(Arc<Mutex<Secrets>>);

    type Secrets = HashMap<(String, String), Vec<u8>>;

    #[derive(Debug)]
    struct Item {
        keyring: Keyring,
        name: (String, String),
    }

    impl CredentialBuilderApi for Keyring {
        fn build(&self, _: Option<&str>, service: &str, user: &str) -> keyring::Result<Box<Credential>> {
            Ok(Box::new(Item { keyring: self.clone(), name: (service.to_owned(), user.to_owned()) }))
        }

        fn as_any(&self) -> &dyn Any {
            self
        }
    }

    impl CredentialApi for Item {
        fn set_secret(&self, secret: &[u8]) -> keyring::Result<()> {
            self.keyring.0.lock().unwrap().insert(self.name.clone(), secret.to_vec());
            Ok(())
        }

        fn get_secret(&self) -> keyring::Result<Vec<u8>> {
            self.keyring.0.lock().unwrap().get(&self.name).cloned().ok_or(keyring::Error::NoEntry)
        }

        fn delete_credential(&self) -> keyring::Result<()> {
            self.keyring.0.lock().unwrap().remove(&self.name).map(drop).ok_or(keyring::Error::NoEntry)
        }

        fn as_any(&self) -> &dyn Any {
            self
        }
    }

    /// An entry of an empty keyring. The library's mock keeps its secret as long as the entry exists.
    fn entry() -> Entry {
        Entry::new_with_credential(Box::<MockCredential>::default())
    }

    #[test]
    fn a_key_is_created_once_and_found_again_by_its_names() {
        // Only this test of this binary uses the default.
        let keyring = Keyring::default();
        keyring::set_default_credential_builder(Box::new(keyring.clone()));
        let key = |service, account| Sealer::new(EncryptionKey::from_keyring(service, account).unwrap());
        let sealed = key("tool", "ann").seal("context", b"text").unwrap();
        assert_eq!(*key("tool", "ann").open("context", &sealed).unwrap(), *b"text");
        assert_eq!(keyring.0.lock().unwrap().len(), 1);
        for (service, account) in [("tool", "bob"), ("other", "ann")] {
            assert!(key(service, account).open("context", &sealed).is_err(), "{service} {account}: a key of its own");
        }
        let secrets = keyring.0.lock().unwrap();
        assert!(secrets.len() == 3 && secrets.values().all(|secret| secret.len() == 32));
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
