//! What is sealed: JSON, so that later versions can add to it.

use super::StoredToken;
use crate::{
    Error, Result,
    crypto::{SealError, Sealer},
    secret::UserToken,
};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};
use zeroize::Zeroizing;

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    /// Seconds since 1970.
    expires_at: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tenant: Option<Cow<'a, str>>,
}

/// The token as it is kept under `key`, sealed.
pub(super) fn seal(sealer: &Sealer, key: &str, token: &StoredToken) -> Result<Vec<u8>> {
    let since_1970 = token.expires_at.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    let record = Record {
        token: token.token.expose_secret().into(),
        expires_at: since_1970.map(|life| life.as_secs()),
        tenant: token.tenant.as_deref().map(Cow::from),
    };
    let plain = Zeroizing::new(serde_json::to_vec(&record).map_err(|_| Error::store("the token cannot be written"))?);
    sealer.seal(key, &plain).map_err(Error::store)
}

/// What was sealed under `key`.
pub(super) fn open(sealer: &Sealer, key: &str, sealed: &[u8]) -> Result<StoredToken, SealError> {
    let plain = sealer.open(key, sealed)?;
    let record: Record<'_> = serde_json::from_slice(&plain).map_err(|_| SealError::Format)?;
    let expires_at = record.expires_at.and_then(|at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(at)));
    Ok(StoredToken { token: UserToken::from(&*record.token), expires_at, tenant: record.tenant.map(Cow::into_owned) })
}
