//! Tokens with an owner, a session and an end.

use rand::distr::{Alphanumeric, SampleString};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    time::{Duration, Instant},
};

struct Issued<O, S> {
    owner: O,
    session: S,
    expires: Instant,
}

/// The tokens that a service has issued, expired ones included.
pub(crate) struct Tokens<O, S> {
    lifetime: Duration,
    issued: HashMap<String, Issued<O, S>>,
    of_owner: HashMap<O, HashSet<String>>,
}

/// Returns a new token of letters and digits.
pub(crate) fn random_token() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 40)
}

/// Returns the instant at which a lifetime ends, capped at 30 years: an `Instant` overflows beyond.
fn after(lifetime: Duration) -> Instant {
    const CAP: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    Instant::now() + lifetime.min(CAP)
}

impl<O: Clone + Eq + Hash, S> Tokens<O, S> {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, issued: HashMap::new(), of_owner: HashMap::new() }
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Adds a token of an owner, whose lifetime begins now.
    pub(crate) fn insert(&mut self, token: String, owner: O, session: S) {
        self.of_owner.entry(owner.clone()).or_default().insert(token.clone());
        self.issued.insert(token, Issued { owner, session, expires: after(self.lifetime) });
    }

    /// Returns the owner and the session of a token that has not expired.
    pub(crate) fn get(&self, token: &str) -> Option<(&O, &S)> {
        let issued = self.issued.get(token).filter(|issued| issued.expires > Instant::now());
        issued.map(|issued| (&issued.owner, &issued.session))
    }

    pub(crate) fn remove(&mut self, token: &str) {
        let Some(Issued { owner, .. }) = self.issued.remove(token) else { return };
        if let Some(tokens) = self.of_owner.get_mut(&owner) {
            tokens.remove(token);
            if tokens.is_empty() {
                self.of_owner.remove(&owner);
            }
        }
    }

    /// Revokes the tokens of an owner whose session fits.
    pub(crate) fn revoke(&mut self, owner: &O, fits: impl Fn(&S) -> bool) {
        let tokens = self.of_owner.get(owner).into_iter().flatten();
        let is_revoked = |token: &&String| self.issued.get(*token).is_some_and(|issued| fits(&issued.session));
        let revoked: Vec<String> = tokens.filter(is_revoked).cloned().collect();
        revoked.iter().for_each(|token| self.remove(token));
    }

    /// Expires every token, as the passing of time would.
    pub(crate) fn expire(&mut self) {
        let now = Instant::now();
        self.issued.values_mut().for_each(|issued| issued.expires = now);
    }

    /// Returns all tokens, expired ones included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.issued.keys().map(String::as_str)
    }
}
