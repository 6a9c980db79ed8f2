//! What all clones of a guard share.

use super::{
    Fixed, Identity, Introspect, Rejection, RejectionKind,
    caller::{AskSource, Authority, BoxFuture, Caller},
    decisions::{Decisions, Subject},
    fault::{blames_token, is_of_this_server, rejection_kind},
    guard::Who,
    key::Keys,
    lookup::{CacheStatus, Lookup, LookupCache, LookupFailure},
    outage::OwnFaults,
    refusal_reasons::RefusalReasons,
    report::{CheckResult, Checked, Report, Reporter, Stats},
    settings::Settings,
    source,
    store::LookupResult,
};
use crate::{Error, ErrorKind, UserToken, transport::runtime::Flavour};
use http::HeaderMap;
use std::{any::Any, sync::Arc, time::Duration};

/// What a caller has to pass to be let through.
pub(super) type Rule<I> = Arc<dyn Fn(&Caller<I>) -> bool + Send + Sync>;

pub(crate) struct Core<I: Introspect> {
    introspect: I,
    settings: Settings,
    keys: Keys,
    identities: LookupCache<Who<I::Identity>>,
    decisions: Decisions,
    refusal_reasons: RefusalReasons,
    reporter: Reporter,
    own_faults: OwnFaults,
}

impl<I: Introspect> Core<I> {
    pub(super) fn new(introspect: I, settings: Settings) -> Self {
        let flavour = Flavour::Async;
        let Settings { clock, times, timeout, .. } = &settings;
        let bounds = settings.bounds(introspect.is_local());
        let identities = LookupCache::new(flavour, clock.clone(), *timeout, times.clone(), &bounds);
        let gauges = identities.store().gauges().clone();
        Self {
            keys: Keys::new(),
            identities,
            decisions: Decisions::new(flavour, &settings),
            refusal_reasons: RefusalReasons::new(),
            reporter: Reporter::new(settings.observing.clone(), introspect.service(), gauges),
            own_faults: OwnFaults::default(),
            introspect,
            settings,
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn sizes(&self) -> Stats {
        self.identities.store().discard_lost(self.settings.clock.now());
        let (bytes, refused) = self.identities.store().sizes();
        self.reporter.stats(bytes, refused)
    }

    /// Returns the token of a request, if it has one that can be one.
    pub(super) fn token(&self, headers: &HeaderMap) -> Result<Option<UserToken>, RejectionKind> {
        let token = source::token(headers, &self.settings.sources, self.settings.max_token_bytes)?;
        match token {
            Some(token) if !self.passes(&token) => Err(RejectionKind::InvalidToken),
            token => Ok(token),
        }
    }

    /// Returns whether a token that came by another way can be one.
    pub(super) fn accepts(&self, token: &UserToken) -> bool {
        let text = token.expose_secret();
        let is_token = !text.is_empty()
            && text.len() <= self.settings.max_token_bytes
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token && self.passes(token)
    }

    fn passes(&self, token: &UserToken) -> bool {
        self.settings.precheck.as_ref().is_none_or(|check| check(token))
    }

    pub(super) fn reject(&self, kind: RejectionKind) -> Rejection {
        Rejection::new(kind).realm(&self.settings.realm)
    }

    pub(super) fn begin(&self) -> Report<'_> {
        self.reporter.begin()
    }

    /// Ends the check of a request that has no token, or none that can be one.
    pub(super) fn finish_without_token(&self, report: Report<'_>, kind: RejectionKind) -> Rejection {
        report.finish(&Checked { result: CheckResult::of(kind), status: None, error: None, is_fine: false });
        self.reject(kind)
    }

    /// Ends the check of a request that has no token, and needs none.
    pub(super) fn finish_anonymous(&self, report: Report<'_>) {
        report.finish(&Checked { result: CheckResult::Missing, status: None, error: None, is_fine: true });
    }

    /// Returns who calls, if the cache has it and the caller passes the rule: most requests of a busy server need no more. The check of
    /// any other request is not done yet.
    pub(super) fn check_cached(
        self: &Arc<Self>,
        headers: &HeaderMap,
        rule: Option<&Rule<I::Identity>>,
    ) -> Option<Caller<I::Identity>> {
        let token = self.token(headers).ok()??;
        let who = self.identities.fresh(&self.key(&token))?;
        let caller = Caller::new(who, token, self.clone());
        if !rule.is_none_or(|rule| rule(&caller)) {
            return None;
        }
        let status = Some(CacheStatus::Hit);
        self.begin().finish(&Checked { result: CheckResult::Ok, status, error: None, is_fine: true });
        Some(caller)
    }

    pub(super) async fn check(
        self: Arc<Self>,
        token: UserToken,
        report: Report<'_>,
        rule: Option<&Rule<I::Identity>>,
    ) -> Result<Caller<I::Identity>, Rejection> {
        let key = self.key(&token);
        let lookup = report.within(self.identities.get(key, || self.clone().look_up(token.clone()))).await;
        let (kind, result, status, error) = match lookup {
            Lookup::Found(who, status) => {
                if matches!(status, CacheStatus::Miss | CacheStatus::Joined) {
                    self.own_faults.note_success(self.settings.clock.now().instant);
                }
                let caller = Caller::new(who, token, self.clone());
                if rule.is_none_or(|rule| rule(&caller)) {
                    report.finish(&Checked {
                        result: CheckResult::Ok,
                        status: Some(status),
                        error: None,
                        is_fine: true,
                    });
                    return Ok(caller);
                }
                (RejectionKind::Forbidden, CheckResult::Forbidden, status, None)
            }
            Lookup::Refused(status) => {
                (RejectionKind::InvalidToken, CheckResult::Invalid, status, self.refusal_reasons.get(&key))
            }
            Lookup::Failed(failure, status) => {
                let result = match &failure {
                    LookupFailure::Full => CheckResult::Overloaded,
                    LookupFailure::Late => CheckResult::Timeout,
                    _ => CheckResult::Unavailable,
                };
                let error = failure_error(failure);
                let wrong_use = rejection_kind(&error) == RejectionKind::Misconfigured;
                let kind = if wrong_use { RejectionKind::Misconfigured } else { RejectionKind::Unavailable };
                (kind, result, status, Some(error))
            }
        };
        // That the token is not active is the result, and no error of the check.
        let failure = error.as_ref().filter(|_| result != CheckResult::Invalid).map(Error::kind);
        report.finish(&Checked { result, status: Some(status), error: failure, is_fine: false });
        Err(self.rejection(kind, error))
    }

    /// Returns the rejection of a check.
    fn rejection(&self, kind: RejectionKind, error: Option<Error>) -> Rejection {
        if let Some(error) = error.as_ref().filter(|error| is_of_this_server(error)) {
            self.own_faults.note_of_check(error, self.settings.clock.now().instant);
        }
        Rejection::of(kind, error).realm(&self.settings.realm)
    }

    /// Tells the operator of an error that is for them, and that a call of a handler's or of a source's is rejected with.
    pub(super) fn note_rejection(&self, error: Option<&Error>) {
        if let Some(error) = error.filter(|error| is_of_this_server(error)) {
            self.own_faults.note_of_call(error, self.settings.clock.now().instant);
        }
    }

    async fn look_up(self: Arc<Self>, token: UserToken) -> LookupResult<Who<I::Identity>> {
        self.reporter.note_introspection();
        match self.introspect.introspect(&token).await?.into_result() {
            Ok((identity, expiry)) => {
                // Refused for its expiry, it is not refused for what was said before.
                self.refusal_reasons.forget(&self.key(&token));
                Ok(Some((Who(identity), expiry)))
            }
            Err(reason) => {
                self.refusal_reasons.note(self.key(&token), reason);
                Ok(None)
            }
        }
    }

    pub(super) fn forget(&self, token: &UserToken) {
        let key = self.key(token);
        self.identities.store().forget(&key);
        self.decisions.forget_token(&key);
        self.refusal_reasons.forget(&key);
    }

    /// Finds out whose fault it is that the service refused a call with a caller's token. The 401 can be about this server's own
    /// credentials, and not all services say so: the introspection can tell, which is asked anew.
    ///
    /// # Errors
    ///
    /// The error that counts in place of the refusal: the token is good, or it cannot be told.
    async fn check_refusal(self: Arc<Self>, token: UserToken, refusal: Error) -> crate::Result<()> {
        let key = self.key(&token);
        match self.identities.look_up_anew(key, || self.clone().look_up(token.clone())).await {
            Lookup::Refused(_) => {
                self.decisions.forget_token(&key);
                Ok(())
            }
            Lookup::Found(..) => {
                let error = Error::new(ErrorKind::Application)
                    .detail("the service refuses the call, and says that the caller's token is good");
                let error = refusal.status().into_iter().fold(error, Error::with_status);
                Err(refusal.operation().into_iter().fold(error, Error::with_operation))
            }
            Lookup::Failed(failure, _) => Err(undecided(failure_error(failure))),
        }
    }

    /// Returns what a test has fixed of a user.
    fn fixed_grants(&self, user: &str, subject: &Subject) -> Option<Arc<[String]>> {
        let fixed = (&self.introspect as &dyn Any).downcast_ref::<Fixed<I::Identity>>()?;
        fixed.grants(user, subject)
    }

    pub(super) fn forget_user(&self, user: &str) {
        self.identities.store().forget_user(user);
        self.decisions.forget_user(user);
    }

    pub(super) fn clear(&self) {
        self.identities.store().clear();
        self.decisions.clear();
        self.refusal_reasons.clear();
    }

    fn key(&self, token: &UserToken) -> super::key::Key {
        self.keys.of(&[token.expose_secret()])
    }
}

impl<I: Introspect> Authority<I::Identity> for Core<I> {
    fn grants(
        self: Arc<Self>,
        caller: Caller<I::Identity>,
        subject: Subject,
        ask: AskSource,
    ) -> BoxFuture<Result<Arc<[String]>, Rejection>> {
        Box::pin(async move {
            if let Some(names) = self.fixed_grants(caller.user_id(), &subject) {
                return Ok(names);
            }
            let key = subject.key(&self.keys, self.key(caller.token()), caller.identity());
            let failure = match self.decisions.get(key, caller.user_id(), ask).await {
                Ok(grants) => return Ok(grants),
                Err(failure) => failure,
            };
            let mut error = failure_error(failure);
            // The source can be another service than the one that the guard asks, which alone can tell whether the token is bad.
            if blames_token(&error)
                && let Err(other) = self.clone().check_refusal(caller.token().clone(), error.clone()).await
            {
                error = other;
            }
            let kind = match rejection_kind(&error) {
                // The guard asked, not the caller: what it did wrong is this server's fault.
                RejectionKind::Refused => RejectionKind::Unavailable,
                kind => kind,
            };
            self.note_rejection(Some(&error));
            Err(Rejection::of(kind, Some(error)).realm(&self.settings.realm))
        })
    }

    fn whose(self: Arc<Self>, token: UserToken, refusal: Error) -> BoxFuture<crate::Result<()>> {
        Box::pin(self.check_refusal(token, refusal))
    }

    fn client(&self) -> crate::Result<<I::Identity as Identity>::Client> {
        self.introspect.client()
    }

    fn time_limit(&self) -> Duration {
        self.settings.timeout
    }

    fn forbidden(&self) -> Rejection {
        self.reject(RejectionKind::Forbidden)
    }
}

/// Returns the error of a handler's call that the service refused, where an introspection failed that should have said why: whatever
/// that failed with says nothing of the caller.
fn undecided(error: Error) -> Error {
    if matches!(rejection_kind(&error), RejectionKind::Unavailable | RejectionKind::Misconfigured) {
        return error;
    }
    let undecided =
        Error::new(ErrorKind::Api).detail("the service refuses the call, and whose fault that is cannot be told");
    let undecided = error.status().into_iter().fold(undecided, Error::with_status);
    let undecided = error.operation().into_iter().fold(undecided, Error::with_operation);
    undecided.wait(error.retry_after()).source(error)
}

/// Returns the error of a look-up that brought nothing.
fn failure_error(failure: LookupFailure) -> Error {
    match failure {
        LookupFailure::Error(error) => error,
        LookupFailure::Full => Error::new(ErrorKind::RateLimited)
            .detail("too many introspections are under way, and too many requests wait for one; raise max_in_flight if the service bears more")
            .wait(Some(Duration::from_secs(1))),
        LookupFailure::Late => {
            Error::new(ErrorKind::Timeout).detail("the introspection takes longer than a request waits for it")
        }
        LookupFailure::Forgotten => {
            Error::new(ErrorKind::Transport).detail("the result was forgotten again and again while it was looked up")
        }
        LookupFailure::Lost => {
            Error::new(ErrorKind::Transport).detail("the introspection panicked, or its runtime was shut down")
        }
    }
}
