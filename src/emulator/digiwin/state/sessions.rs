//! The users' tokens.

use crate::emulator::after;
use rand::distr::{Alphanumeric, SampleString};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

/// The user, tenant and end of a token.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: i64,
    pub(crate) tenant: Option<i64>,
    expires: Instant,
}

pub(crate) struct Sessions {
    token_lifetime: Duration,
    by_token: HashMap<String, Session>,
    of_user: HashMap<i64, HashSet<String>>,
}

impl Sessions {
    pub(crate) fn new(token_lifetime: Duration) -> Self {
        Self { token_lifetime, by_token: HashMap::new(), of_user: HashMap::new() }
    }

    pub(crate) fn token_lifetime(&self) -> Duration {
        self.token_lifetime
    }

    /// Signs a user in, and returns the token.
    pub(crate) fn open(&mut self, user: i64, tenant: Option<i64>) -> String {
        let token = Alphanumeric.sample_string(&mut rand::rng(), 40);
        let session = Session { user, tenant, expires: after(self.token_lifetime) };
        self.by_token.insert(token.clone(), session);
        self.of_user.entry(user).or_default().insert(token.clone());
        token
    }

    /// Returns the session of a token that has not expired.
    pub(crate) fn get(&self, token: &str) -> Option<Session> {
        self.by_token.get(token).copied().filter(|session| session.expires > Instant::now())
    }

    pub(crate) fn close(&mut self, token: &str) {
        let Some(session) = self.by_token.remove(token) else { return };
        if let Some(tokens) = self.of_user.get_mut(&session.user) {
            tokens.remove(token);
            if tokens.is_empty() {
                self.of_user.remove(&session.user);
            }
        }
    }

    /// Revokes those tokens of a user that `which` names.
    pub(crate) fn revoke(&mut self, user: i64, which: impl Fn(&Session) -> bool) {
        let tokens = self.of_user.get(&user).into_iter().flatten();
        let gone: Vec<String> = tokens.filter(|token| self.by_token.get(*token).is_some_and(&which)).cloned().collect();
        gone.iter().for_each(|token| self.close(token));
    }

    pub(crate) fn expire_tokens(&mut self) {
        let now = Instant::now();
        self.by_token.values_mut().for_each(|session| session.expires = now);
    }
}
