//! The pool's secret, and the management tokens that it was exchanged for.

use super::{
    refusal::Refusal,
    value::{new_id, unix_now},
};
use std::{collections::HashMap, time::Duration};

pub(crate) struct Managers {
    pool_id: String,
    secret: crate::Password,
    token_lifetime: Duration,
    /// How far the service's clock is ahead, in seconds.
    clock_offset: i64,
    /// When each token expires.
    tokens: HashMap<String, i64>,
}

pub(crate) struct ManagementToken {
    pub(crate) token: String,
    pub(crate) issued: i64,
    pub(crate) expires: i64,
}

impl Managers {
    pub(crate) fn new(pool_id: &str, secret: crate::Password, token_lifetime: Duration) -> Self {
        Self { pool_id: pool_id.to_owned(), secret, token_lifetime, clock_offset: 0, tokens: HashMap::new() }
    }

    /// Issues a token, with times that the service's clock tells.
    pub(crate) fn issue(&mut self, pool_id: &str, secret: &str) -> Result<ManagementToken, Refusal> {
        if pool_id != self.pool_id {
            return Err(Refusal::NO_POOL);
        }
        if secret != self.secret.expose_secret() {
            return Err(Refusal::BAD_SECRET);
        }
        let token = format!("eyJ{}{}.{}", new_id(), new_id(), new_id());
        let lifetime = i64::try_from(self.token_lifetime.as_secs()).unwrap_or(i64::MAX);
        self.tokens.insert(token.clone(), unix_now().saturating_add(lifetime));
        let issued = unix_now().saturating_add(self.clock_offset);
        Ok(ManagementToken { token, issued, expires: issued.saturating_add(lifetime) })
    }

    pub(crate) fn is_manager(&self, pool_id: &str, token: &str) -> bool {
        pool_id == self.pool_id && self.tokens.get(token).is_some_and(|expires| *expires > unix_now())
    }

    pub(crate) fn set_clock_ahead(&mut self, seconds: i64) {
        self.clock_offset = seconds;
    }

    pub(crate) fn expire_tokens(&mut self) {
        self.tokens.values_mut().for_each(|expires| *expires = 0);
    }

    /// Returns the tokens that were issued, expired ones included.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.keys().map(String::as_str)
    }
}
