//! A session's token at hand, and the sessions of a client.

use crate::{
    Error, ErrorKind, Result,
    protocol::{dialect::Dialect, request::TokenUse},
    secret::UserToken,
    token_store::{StoreKey, StoredToken},
};
use arc_swap::ArcSwap;
use http::HeaderValue;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// A token ready to be sent.
#[derive(Debug)]
pub(crate) struct ActiveToken {
    pub(crate) token: UserToken,
    pub(crate) header: HeaderValue,
}

impl ActiveToken {
    pub(crate) fn new(dialect: &dyn Dialect, token: UserToken) -> Result<Self> {
        let mut header = dialect.token_value(&token)?;
        header.set_sensitive(true);
        Ok(Self { token, header })
    }
}

#[derive(Debug)]
pub(crate) enum State {
    /// The store has not been asked yet.
    Unread,
    SignedOut,
    SignedIn(ActiveToken),
}

impl State {
    pub(crate) fn of(dialect: &dyn Dialect, stored: Option<StoredToken>) -> Result<Self> {
        stored.map_or(Ok(Self::SignedOut), |stored| ActiveToken::new(dialect, stored.token).map(Self::SignedIn))
    }

    /// The token that goes along with a request.
    pub(crate) fn token_for(&self, token_use: TokenUse) -> Result<Option<&ActiveToken>> {
        match (token_use, self.token()) {
            (TokenUse::Never, _) => Ok(None),
            (TokenUse::Required, None) => {
                Err(Error::new(ErrorKind::Authentication).detail("the session has no token: log in first"))
            }
            (_, token) => Ok(token),
        }
    }

    pub(crate) fn token(&self) -> Option<&ActiveToken> {
        match self {
            Self::SignedIn(token) => Some(token),
            Self::Unread | Self::SignedOut => None,
        }
    }
}

/// One session, shared by every handle on it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) key: StoreKey,
    pub(crate) state: ArcSwap<State>,
}

/// The sessions in use, so that two handles on one session share its token.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Registry>);

#[derive(Debug, Default)]
struct Registry {
    by_key: HashMap<StoreKey, Weak<Session>>,
    sweep_at: usize,
}

impl Sessions {
    pub(crate) fn open(&self, key: StoreKey) -> Arc<Session> {
        let mut registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = registry.by_key.get(&key).and_then(Weak::upgrade) {
            return session;
        }
        if registry.by_key.len() >= registry.sweep_at.max(64) {
            registry.by_key.retain(|_, session| session.strong_count() > 0);
            registry.sweep_at = registry.by_key.len() * 2;
        }
        let session = Arc::new(Session { key: key.clone(), state: ArcSwap::from_pointee(State::Unread) });
        registry.by_key.insert(key, Arc::downgrade(&session));
        session
    }
}
