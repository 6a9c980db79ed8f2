//! The pool's secret, and the management tokens that it was exchanged for.

use super::{
    error_response::ErrorResponse,
    value::{new_token, unix_now},
};
use crate::{Password, emulator::store::Tokens};
use std::time::Duration;

pub(crate) struct Managers {
    pool_id: String,
    secret: Password,
    tokens: Tokens<(), ()>,
}

pub(crate) struct ManagementToken {
    pub(crate) token: String,
    pub(crate) issued: i64,
    pub(crate) expires: i64,
}

impl Managers {
    pub(crate) fn new(pool_id: &str, secret: Password, token_lifetime: Duration) -> Self {
        Self { pool_id: pool_id.to_owned(), secret, tokens: Tokens::new(token_lifetime) }
    }

    pub(crate) fn issue(&mut self, pool_id: &str, secret: &str) -> Result<ManagementToken, ErrorResponse> {
        if pool_id != self.pool_id {
            return Err(ErrorResponse::NO_POOL);
        }
        if secret != self.secret.expose_secret() {
            return Err(ErrorResponse::BAD_SECRET);
        }
        let (token, issued) = (new_token(), unix_now());
        self.tokens.insert(token.clone(), (), ());
        let lifetime = i64::try_from(self.tokens.lifetime().as_secs()).unwrap_or(i64::MAX);
        Ok(ManagementToken { token, issued, expires: issued.saturating_add(lifetime) })
    }

    pub(crate) fn is_manager(&self, pool_id: &str, token: &str) -> bool {
        pool_id == self.pool_id && self.tokens.get(token).is_some()
    }

    pub(crate) fn expire_tokens(&mut self) {
        self.tokens.expire();
    }

    /// Returns the tokens that were issued, expired ones included.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter()
    }
}
