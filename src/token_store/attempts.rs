//! Recent logins, as a store keeps them.

use super::token::{millis, time};
use crate::crypto::SecretDigest;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// How long an attempt counts towards the limit.
pub(crate) const COUNTED_FOR: Duration = Duration::from_secs(60);

/// The recent logins of a session that count towards its limit, so that all processes that share a store keep to it.
///
/// Opaque: a store keeps it as it is, or as the bytes of [`to_json`](Self::to_json), for a minute after the last change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginAttempts(pub(crate) Vec<LoginAttempt>);

/// One login that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginAttempt {
    pub(crate) at: SystemTime,
    /// A digest of the secret that it was made with; `None` for a provider's.
    pub(crate) secret: Option<SecretDigest>,
}

impl LoginAttempts {
    /// Returns whether no attempt counts any more at `now`, so that the entry can be dropped.
    pub fn is_outdated(&self, now: SystemTime) -> bool {
        !self.0.iter().any(|attempt| attempt.counts(now))
    }

    /// Writes the attempts as JSON. It holds no secret, only salted digests.
    pub fn to_json(&self) -> Vec<u8> {
        let records: Vec<_> = self
            .0
            .iter()
            .filter_map(|attempt| Some(Record { at: millis(attempt.at)?, secret: attempt.secret.clone() }))
            .collect();
        serde_json::to_vec(&records).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote; `None` if `json` is something else.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        let records: Vec<Record> = serde_json::from_slice(json).ok()?;
        let attempt = |record: Record| Some(LoginAttempt { at: time(record.at)?, secret: record.secret });
        records.into_iter().map(attempt).collect::<Option<_>>().map(Self)
    }
}

impl LoginAttempt {
    /// Returns whether the attempt is less than a minute from `now`, before or after: a clock may have been set back.
    pub(crate) fn counts(&self, now: SystemTime) -> bool {
        let distance = now.duration_since(self.at).unwrap_or_else(|ahead| ahead.duration());
        distance < COUNTED_FOR
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    /// Milliseconds since 1970.
    at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<SecretDigest>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_survive_a_round_trip_and_end() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let attempts = LoginAttempts(vec![
            LoginAttempt { at, secret: None },
            LoginAttempt { at, secret: Some(SecretDigest::new("pw")) },
        ]);
        assert_eq!(LoginAttempts::from_json(&attempts.to_json()).unwrap(), attempts);
        for (seconds, outdated) in [(0, false), (59, false), (60, true)] {
            assert_eq!(attempts.is_outdated(at + Duration::from_secs(seconds)), outdated, "{seconds}");
        }
        assert!(!attempts.is_outdated(at - Duration::from_secs(59)), "the clock was set back");
        assert!(attempts.is_outdated(at - Duration::from_secs(61)));
        for wrong in ["", "{}", "[1]", r#"[{"at":"x"}]"#] {
            assert!(LoginAttempts::from_json(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
