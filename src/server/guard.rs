//! The guard: whom a request's token is for.

use super::{
    GuardBuilder, Identity, Introspect, Rejection, RejectionKind,
    caller::Caller,
    core::{Core, Rule},
    report::Stats,
};
use crate::UserToken;
use http::HeaderMap;
use std::{fmt, sync::Arc};

/// Finds out who calls: takes the token from a request, asks the service whom it is for, and remembers the result for a while.
///
/// Cheap to clone; clones share the cache. It remembers who somebody is, never what they may do. One introspection at a time is made
/// for a token, in a task of its own, and all requests that bring the token wait for it, each with a limit of its own.
///
/// It needs a running tokio runtime.
pub struct Guard<I: Introspect>(pub(super) Arc<Core<I>>);

impl<I: Introspect> Guard<I> {
    /// Begins a guard that asks `introspect`: an async client of one of the services, or a closure.
    pub fn builder(introspect: I) -> GuardBuilder<I> {
        GuardBuilder::new(introspect)
    }

    pub(super) fn of(introspect: I, settings: super::settings::Settings) -> Self {
        Self(Arc::new(Core::new(introspect, settings)))
    }

    /// Returns who calls.
    ///
    /// For servers that are no tower services: whatever has an [`http::HeaderMap`].
    ///
    /// # Errors
    ///
    /// The rejection to respond with: its [`status`](Rejection::status), [`headers`](Rejection::headers) and
    /// [`body`](Rejection::body).
    pub async fn check(&self, headers: &HeaderMap) -> Result<Caller<I::Identity>, Rejection> {
        let missing = || self.0.reject(RejectionKind::MissingToken);
        self.admit(headers, true, None).await.and_then(|caller| caller.ok_or_else(missing))
    }

    /// Returns who calls; `Ok(None)` only if the request has no token. One that is invalid is rejected.
    ///
    /// # Errors
    ///
    /// As those of [`check`](Self::check).
    pub async fn check_optional(&self, headers: &HeaderMap) -> Result<Option<Caller<I::Identity>>, Rejection> {
        self.admit(headers, false, None).await
    }

    /// Returns whom a token is for that came by another way than a header.
    ///
    /// # Errors
    ///
    /// As those of [`check`](Self::check).
    pub async fn check_token(&self, token: UserToken) -> Result<Caller<I::Identity>, Rejection> {
        let report = self.0.begin();
        match self.0.accepts(&token) {
            true => self.0.clone().check(token, report, None).await,
            false => Err(self.0.finish_without_token(report, RejectionKind::InvalidToken)),
        }
    }

    /// Returns who calls, if the cache has it and the caller passes the rule; else nothing is decided.
    pub(super) fn admit_cached(
        &self,
        headers: &HeaderMap,
        rule: Option<&Rule<I::Identity>>,
    ) -> Option<Caller<I::Identity>> {
        self.0.check_cached(headers, rule)
    }

    /// Returns who calls, if the request has a token and its owner passes the rule.
    pub(super) async fn admit(
        &self,
        headers: &HeaderMap,
        needs_token: bool,
        rule: Option<&Rule<I::Identity>>,
    ) -> Result<Option<Caller<I::Identity>>, Rejection> {
        let report = self.0.begin();
        match self.0.token(headers) {
            Ok(Some(token)) => self.0.clone().check(token, report, rule).await.map(Some),
            Ok(None) if needs_token => {
                self.0.finish_without_token(report, RejectionKind::MissingToken);
                Ok(None)
            }
            Ok(None) => {
                self.0.finish_anonymous(report);
                Ok(None)
            }
            Err(kind) => Err(self.0.finish_without_token(report, kind)),
        }
    }

    /// Forgets a token: the service is asked again at its next use. Call it after a logout.
    ///
    /// An introspection under way does not count: the requests that wait for it ask again. What its owner may do with it is forgotten,
    /// too. It acts on this process alone.
    pub fn forget(&self, token: &UserToken) {
        self.0.forget(token);
    }

    /// Forgets all tokens of a user, and what the user may do. Call it after a user was blocked. It acts on this process alone.
    pub fn forget_user(&self, user_id: impl AsRef<str>) {
        self.0.forget_user(user_id.as_ref());
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.0.clear();
    }

    /// Returns what the guard did so far, and how much it keeps. Looks at each entry of the cache: for a test, or once a minute.
    pub fn stats(&self) -> Stats {
        self.0.sizes()
    }
}

impl<I: Introspect> Clone for Guard<I> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<I: Introspect> fmt::Debug for Guard<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("settings", self.0.settings())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// An identity as the cache has it.
pub(super) struct Who<I>(pub(super) I);

impl<I: Identity> super::store::Value for Who<I> {
    fn user(&self) -> &str {
        self.0.user_id()
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}
