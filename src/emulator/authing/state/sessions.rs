//! The users' own tokens.

use super::value::{new_token, unix_now};
use std::collections::{HashMap, HashSet};

/// The lifetime of a user's own token, in seconds: 14 days, the setting of a new pool.
const TOKEN_LIFETIME: i64 = 1_209_600;

#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) user_id: String,
    pub(crate) app_id: Option<String>,
    pub(crate) issued: i64,
    pub(crate) expires: i64,
}

#[derive(Default)]
pub(crate) struct Sessions {
    by_token: HashMap<String, Session>,
    of_user: HashMap<String, HashSet<String>>,
}

impl Session {
    fn is_live(&self) -> bool {
        self.expires > unix_now()
    }

    /// Returns whether the session is in this application; every session is in some.
    fn is_in(&self, app_id: Option<&str>) -> bool {
        app_id.is_none_or(|app| self.app_id.as_deref() == Some(app))
    }
}

impl Sessions {
    /// Signs a user in, and returns the token.
    pub(crate) fn open(&mut self, user_id: &str, app_id: Option<&str>) -> (String, Session) {
        let (token, issued) = (new_token(), unix_now());
        let (user_id, app_id) = (user_id.to_owned(), app_id.map(str::to_owned));
        let session = Session { user_id, app_id, issued, expires: issued + TOKEN_LIFETIME };
        self.add(token.clone(), session.clone());
        (token, session)
    }

    /// Adds a session with a token that was issued for it.
    pub(crate) fn add(&mut self, token: String, session: Session) {
        self.of_user.entry(session.user_id.clone()).or_default().insert(token.clone());
        self.by_token.insert(token, session);
    }

    /// Returns the session of a token that has not expired.
    pub(crate) fn get(&self, token: &str) -> Option<&Session> {
        self.by_token.get(token).filter(|session| session.is_live())
    }

    pub(crate) fn is_signed_in(&self, user_id: &str, app_id: Option<&str>) -> bool {
        let mut own = self.of_user.get(user_id).into_iter().flatten().filter_map(|token| self.get(token));
        own.any(|session| session.is_in(app_id))
    }

    /// Ends a user's sessions in an application, or all of them.
    pub(crate) fn close(&mut self, user_id: &str, app_id: Option<&str>) {
        let Some(tokens) = self.of_user.get_mut(user_id) else { return };
        tokens.retain(|token| {
            let stays = self.by_token.get(token).is_some_and(|session| !session.is_in(app_id));
            if !stays {
                self.by_token.remove(token);
            }
            stays
        });
        if tokens.is_empty() {
            self.of_user.remove(user_id);
        }
    }
}
