//! Sealed entries. Their content is JSON, so that later versions can add members.

use super::{LoginAttempts, StoreKey, StoredToken};
use crate::crypto::{SealError, Sealer};

/// The largest sealed entry, in bytes; nothing larger is read or written.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// Seals the token that is kept under `key`.
pub(super) fn seal(sealer: &Sealer, key: &StoreKey, token: &StoredToken) -> Result<Vec<u8>, SealError> {
    limited(sealer.seal(key.as_str(), token.to_json().expose_secret())?)
}

/// Opens the token that was sealed under `key`.
pub(super) fn open(sealer: &Sealer, key: &StoreKey, sealed: &[u8]) -> Result<StoredToken, SealError> {
    if sealed.len() > MAX_BYTES {
        return Err(SealError::TooLarge);
    }
    let plain = sealer.open(key.as_str(), sealed)?;
    StoredToken::from_json(&plain).ok_or(SealError::Format)
}

/// Seals the recent logins that are kept under `key`. They hold no secret, but salted digests of passwords, which could be
/// guessed at.
pub(super) fn seal_attempts(sealer: &Sealer, key: &StoreKey, attempts: &LoginAttempts) -> Result<Vec<u8>, SealError> {
    limited(sealer.seal(&attempts_context(key), &attempts.to_json())?)
}

/// Opens the recent logins that were sealed under `key`. Those that do not open are none: they only count for a minute.
pub(super) fn open_attempts(sealer: &Sealer, key: &StoreKey, sealed: &[u8]) -> LoginAttempts {
    let plain = sealer.open(&attempts_context(key), sealed).ok();
    plain.and_then(|plain| LoginAttempts::from_json(&plain)).unwrap_or_default()
}

/// Another context than a token's: neither opens in place of the other.
fn attempts_context(key: &StoreKey) -> String {
    format!("{}:logins", key.as_str())
}

fn limited(sealed: Vec<u8>) -> Result<Vec<u8>, SealError> {
    if sealed.len() > MAX_BYTES { Err(SealError::TooLarge) } else { Ok(sealed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::EncryptionKey, token_store::LoginAttempt};
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_token_and_logins_open_under_their_key_and_in_their_place_alone() {
        let sealer = Sealer::new(EncryptionKey::from_bytes([7; 32]));
        let key = |name| StoreKey::new("digiwin", "https://h", "a", Some(name));
        let (ann, bob) = (key("ann"), key("bob"));
        let token = seal(&sealer, &ann, &StoredToken::new("t".into())).unwrap();
        assert_eq!(open(&sealer, &ann, &token).unwrap().token, "t".into());
        assert_eq!(open(&sealer, &bob, &token), Err(SealError::Refused));

        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let attempts = LoginAttempts(vec![LoginAttempt { at, secret: None }]);
        let sealed = seal_attempts(&sealer, &ann, &attempts).unwrap();
        assert_eq!(open_attempts(&sealer, &ann, &sealed), attempts);
        for unreadable in [&sealed[..sealed.len() - 1], &token, b""] {
            assert_eq!(open_attempts(&sealer, &ann, unreadable), LoginAttempts::default());
        }
        assert_eq!(open_attempts(&sealer, &bob, &sealed), LoginAttempts::default());
        assert_eq!(open(&sealer, &ann, &sealed), Err(SealError::Refused));
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let sealer = Sealer::new(EncryptionKey::from_bytes([7; 32]));
        let key = StoreKey::new("digiwin", "https://h", "a", None);
        let token = |length| StoredToken::new("x".repeat(length).into());
        let largest = seal(&sealer, &key, &token(MAX_BYTES - 1024)).unwrap();
        assert!(open(&sealer, &key, &largest).is_ok());
        assert_eq!(seal(&sealer, &key, &token(MAX_BYTES)), Err(SealError::TooLarge));
        assert_eq!(open(&sealer, &key, &[1; MAX_BYTES + 1]), Err(SealError::TooLarge));
    }
}
