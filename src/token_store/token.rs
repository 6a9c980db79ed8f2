//! What a store keeps for a session.

use crate::{crypto::SecretDigest, secret::UserToken};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime},
};
use zeroize::Zeroizing;

/// A token and what is known of its lifetime.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StoredToken {
    /// The token.
    pub token: UserToken,
    /// When this machine received the token, by its own clock.
    pub issued_at: Option<SystemTime>,
    /// The lifetime of the token when it was issued, if the service states it.
    pub lifetime: Option<Duration>,
    /// When the token expires, by this machine's clock, if the service states it.
    pub expires_at: Option<SystemTime>,
    /// The id of the tenant that the token is in, so that the next one is in the same.
    pub tenant: Option<String>,
    /// A digest of the secret that the login used.
    pub(crate) secret: Option<SecretDigest>,
}

impl StoredToken {
    /// Creates an entry for a token whose lifetime is unknown, issued now.
    pub fn new(token: UserToken) -> Self {
        Self { token, issued_at: Some(SystemTime::now()), lifetime: None, expires_at: None, tenant: None, secret: None }
    }

    /// Sets the lifetime, counted from now on.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        let now = SystemTime::now();
        self.issued_at = Some(now);
        self.lifetime = Some(lifetime);
        self.expires_at = now.checked_add(lifetime);
        self
    }

    /// Returns whether the lifetime is over at `now`.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Drops a lifetime that is over although the token was just issued. No service issues such a token: it is what a clock that
    /// is ahead, or a unit that was misread, makes of a lifetime, and means that it is not known.
    pub(crate) fn just_issued(self, now: SystemTime) -> Self {
        match self.is_expired(now) {
            true => Self { lifetime: None, expires_at: None, ..self },
            false => self,
        }
    }

    /// Writes the entry as JSON, for stores of your own that leave the process. It holds the token in clear text: encrypt it.
    pub fn to_json(&self) -> TokenJson {
        let record = Record {
            token: self.token.expose_secret().into(),
            issued_at: self.issued_at.and_then(millis),
            lifetime: self.lifetime.map(|lifetime| lifetime.as_millis().try_into().unwrap_or(u64::MAX)),
            expires_at: self.expires_at.and_then(millis),
            tenant: self.tenant.as_deref().map(Cow::from),
            secret: self.secret.clone(),
        };
        // Text and numbers: nothing that cannot be written.
        TokenJson(Zeroizing::new(serde_json::to_vec(&record).unwrap_or_default()))
    }

    /// Reads what [`to_json`](Self::to_json) wrote; `None` if `json` is something else.
    ///
    /// ```
    /// use iam_sdk::token_store::StoredToken;
    ///
    /// let stored = StoredToken::new("token".into());
    /// let json = stored.to_json();
    /// let to_encrypt: &[u8] = json.expose_secret();
    /// assert_eq!(StoredToken::from_json(to_encrypt).unwrap().token, stored.token);
    /// ```
    pub fn from_json(json: &[u8]) -> Option<Self> {
        let record: Record<'_> = serde_json::from_slice(json).ok()?;
        Some(Self {
            token: UserToken::from(&*record.token),
            issued_at: record.issued_at.and_then(time),
            lifetime: record.lifetime.map(Duration::from_millis),
            expires_at: record.expires_at.and_then(time),
            tenant: record.tenant.map(Cow::into_owned),
            secret: record.secret,
        })
    }
}

/// The JSON of a [`StoredToken`], with the token in clear text.
///
/// `Debug` prints a placeholder, and the memory is overwritten on drop.
pub struct TokenJson(Zeroizing<Vec<u8>>);

impl TokenJson {
    /// Returns the JSON. Encrypt it before it leaves the process.
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TokenJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenJson(redacted)")
    }
}

/// The JSON of an entry. Times are milliseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifetime: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tenant: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<SecretDigest>,
}

pub(super) fn millis(at: SystemTime) -> Option<u64> {
    at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis().try_into().ok()
}

pub(super) fn time(millis: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_a_round_trip() {
        let mut full = StoredToken::new("tok \"ü\"".into()).expires_in(Duration::from_secs(60));
        full.tenant = Some("T1".to_owned());
        full.secret = Some(SecretDigest::new("pw"));
        for stored in [StoredToken::new("t".into()), full] {
            let json = stored.to_json();
            assert_eq!(format!("{json:?}"), "TokenJson(redacted)");
            let back = StoredToken::from_json(json.expose_secret()).unwrap();
            assert_eq!((&back.token, back.lifetime, &back.tenant), (&stored.token, stored.lifetime, &stored.tenant));
            assert_eq!(back.expires_at.and_then(millis), stored.expires_at.and_then(millis));
            assert_eq!(back.issued_at.and_then(millis), stored.issued_at.and_then(millis));
            assert_eq!(back.secret, stored.secret);
        }
        for wrong in ["", "{}", "[]", r#"{"token":1}"#, r#"{"token":"t","expires_at":"soon"}"#] {
            assert!(StoredToken::from_json(wrong.as_bytes()).is_none(), "{wrong}");
        }
        let far = StoredToken::from_json(br#"{"token":"t","expires_at":18446744073709551615}"#).unwrap();
        assert!(!far.is_expired(SystemTime::now()));
    }
}
