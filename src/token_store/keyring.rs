use crate::{Error, Result, crypto::EncryptionKey};
use rand::RngExt as _;
use std::{sync::mpsc, thread, time::Duration};
use zeroize::Zeroizing;

/// A keyring can wait for its user, or for ever.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why the operating system's keyring gave no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// There is no keyring here, it is locked, or it refused.
    #[error("the operating system's keyring cannot be used: is there one on this machine, and is it unlocked?")]
    Unavailable(#[source] keyring::Error),
    /// It did not answer.
    #[error("the operating system's keyring did not answer within {} s", PATIENCE.as_secs())]
    NoAnswer,
    /// What it has under this name is no key.
    #[error("what the operating system's keyring has under this name is no key of 32 bytes")]
    NotAKey,
}

impl EncryptionKey {
    /// The key that the operating system's keyring (Keychain, Credential Manager, Secret Service) has under these names; a
    /// random one is put there if there is none. Waits 3 s at the most.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::ErrorKind::Store), with a [`KeyringError`] as its source: on a machine without a keyring too. A server
    /// has none: take a key or a passphrase there.
    pub fn from_keyring(service: &str, account: &str) -> Result<Self> {
        let (service, account) = (service.to_owned(), account.to_owned());
        within(PATIENCE, move || key_of(&service, &account)).map(Self::from_bytes).map_err(Error::store)
    }
}

/// What `ask` gives, on a thread that is left behind if it takes too long.
fn within<T: Send + 'static>(
    patience: Duration,
    ask: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (tell, told) = mpsc::channel();
    let thread = thread::Builder::new().name("iam-sdk-keyring".to_owned());
    // Nobody listens any more when it came too late.
    thread.spawn(move || drop(tell.send(ask()))).map_err(|_| KeyringError::NoAnswer)?;
    told.recv_timeout(patience).unwrap_or(Err(KeyringError::NoAnswer))
}

fn key_of(service: &str, account: &str) -> Result<[u8; 32], KeyringError> {
    let entry = keyring::Entry::new(service, account).map_err(KeyringError::Unavailable)?;
    let secret = match entry.get_secret() {
        Err(keyring::Error::NoEntry) => {
            let fresh: Zeroizing<[u8; 32]> = Zeroizing::new(rand::rng().random());
            entry.set_secret(&*fresh).map_err(KeyringError::Unavailable)?;
            // Who else came at the same time may have been the last.
            entry.get_secret()
        }
        other => other,
    };
    let secret = Zeroizing::new(secret.map_err(KeyringError::Unavailable)?);
    secret.as_slice().try_into().map_err(|_| KeyringError::NotAKey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_key_is_made_once_and_found_again() {
        keyring::set_default_credential_builder(keyring::mock::default_credential_builder());
        // The library's mock keeps a secret per entry alone: each one has a fresh key.
        let keys: HashMap<_, _> = (0..3).map(|n| (key_of("iam-sdk-test", &n.to_string()).unwrap(), n)).collect();
        assert_eq!(keys.len(), 3);
    }

    #[test]
    fn a_keyring_that_does_not_answer_is_waited_for_in_vain_but_not_for_ever() {
        let (hold, held) = mpsc::channel::<()>();
        let error = within(Duration::from_millis(10), move || {
            let _ = held.recv();
            Ok(())
        });
        assert!(matches!(error, Err(KeyringError::NoAnswer)));
        drop(hold);
    }
}
