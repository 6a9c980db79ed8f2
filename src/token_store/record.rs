//! What is sealed: JSON, so that later versions can add to it.

use super::StoredToken;
use crate::{
    Error, Result,
    crypto::{SealError, Sealer},
};

/// The token as it is kept under `key`, sealed.
pub(super) fn seal(sealer: &Sealer, key: &str, token: &StoredToken) -> Result<Vec<u8>> {
    sealer.seal(key, &token.to_json()).map_err(Error::store)
}

/// What was sealed under `key`.
pub(super) fn open(sealer: &Sealer, key: &str, sealed: &[u8]) -> Result<StoredToken, SealError> {
    let plain = sealer.open(key, sealed)?;
    StoredToken::from_json(&plain).ok_or(SealError::Format)
}
