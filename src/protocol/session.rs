//! A session's token at hand, and the sessions of a client.

use crate::{
    Error, ErrorKind, Result,
    protocol::{dialect::Dialect, request::TokenUse},
    secret::UserToken,
    token_store::{StoreKey, StoredToken},
};
use arc_swap::ArcSwap;
use http::HeaderValue;
use rand::RngExt as _;
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::Mutex as AsyncMutex;

/// A token ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct ActiveToken {
    pub(crate) token: UserToken,
    pub(crate) header: HeaderValue,
    /// The tenant that it was switched to.
    pub(crate) tenant: Option<String>,
    life: Option<Life>,
}

/// When a token ends, and when it is time for another; not touched by a wall clock that is set.
#[derive(Clone, Copy, Debug)]
struct Life {
    whole: Duration,
    end: Instant,
    renew: Instant,
}

/// The longest before its end that a token is renewed.
const LONGEST_LEAD: Duration = Duration::from_secs(60 * 60);
/// How long a token that is still valid serves after an attempt to renew it failed.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

impl ActiveToken {
    fn new(dialect: &dyn Dialect, stored: StoredToken, now: Instant) -> Result<Self> {
        let mut header = dialect.token_value(&stored.token)?;
        header.set_sensitive(true);
        let left = stored.expires_at.map(|end| end.duration_since(SystemTime::now()).unwrap_or_default());
        // A tenth of a short life: it is never renewed in a loop. Not all who share it come at once.
        let life = left.and_then(|whole| {
            let lead = LONGEST_LEAD.min(whole / 10).mul_f64(rand::rng().random_range(0.8..=1.0));
            Some(Life { whole, end: now.checked_add(whole)?, renew: now.checked_add(whole - lead)? })
        });
        Ok(Self { token: stored.token, header, tenant: stored.tenant, life })
    }

    fn is_due(&self, now: Instant) -> bool {
        self.life.is_some_and(|life| life.renew <= now)
    }

    /// Whether it has not ended, as far as is known.
    fn is_valid(&self, now: Instant) -> bool {
        self.life.is_none_or(|life| now < life.end)
    }

    /// How long it lived when it came, as far as is known.
    pub(crate) fn whole_life(&self) -> Option<Duration> {
        self.life.map(|life| life.whole)
    }

    /// The same token, to be renewed somewhat later; `None` if it has ended.
    fn postponed(&self, now: Instant) -> Option<Self> {
        let life = self.life?;
        let renew = now.checked_add(AFTER_FAILURE)?.min(life.end);
        (now < life.end).then(|| Self { life: Some(Life { renew, ..life }), ..self.clone() })
    }
}

#[derive(Debug)]
pub(crate) enum State {
    /// The store has not been asked yet.
    Unread,
    /// What the store has cannot be read, and a caller was told so.
    Unreadable,
    SignedOut,
    SignedIn(ActiveToken),
}

impl State {
    pub(crate) fn of(dialect: &dyn Dialect, stored: Option<StoredToken>) -> Result<Self> {
        let Some(stored) = stored else { return Ok(Self::SignedOut) };
        ActiveToken::new(dialect, stored, Instant::now()).map(Self::SignedIn)
    }

    /// Whether it is time for another token.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.token().is_none_or(|token| token.is_due(now))
    }

    /// The token, if it has not ended.
    pub(crate) fn valid(&self, now: Instant) -> Option<&ActiveToken> {
        self.token().filter(|token| token.is_valid(now))
    }

    /// Whether it has a token that who has `old` does not know: another one, if that one was refused.
    pub(crate) fn is_news_to(&self, old: &Self, refused: bool) -> bool {
        match (self.token(), old.token()) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(old)) => own.token != old.token || (!refused && !std::ptr::eq(own, old)),
        }
    }

    /// What serves on after an attempt to renew it failed; `None` if nothing does.
    pub(crate) fn postponed(&self, now: Instant) -> Option<Self> {
        self.token()?.postponed(now).map(Self::SignedIn)
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
            Self::Unread | Self::Unreadable | Self::SignedOut => None,
        }
    }
}

/// One session, shared by every handle on it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) key: StoreKey,
    pub(crate) state: ArcSwap<State>,
    /// How many renewals have ended; who waits for one compares.
    renewals: AtomicU64,
    /// Held while a renewal runs.
    pub(crate) renewing: Arc<AsyncMutex<Renewing>>,
}

/// What there is to do for who has waited for the lock of renewals.
pub(crate) enum Turn {
    /// Somebody else's renewal came to this.
    Known(Result<Arc<State>>),
    /// It is theirs to renew what is in this state.
    Renew(Arc<State>),
}

impl Session {
    fn new(key: StoreKey) -> Self {
        let state = ArcSwap::from_pointee(State::Unread);
        Self { key, state, renewals: AtomicU64::new(0), renewing: Arc::default() }
    }

    /// How many renewals have ended: to be asked before the lock is.
    pub(crate) fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::SeqCst)
    }

    /// What to do about the token in `old`, with the lock, for who has seen so many renewals before.
    pub(crate) fn turn(&self, old: &State, refused: bool, seen: u64, renewing: &Renewing) -> Turn {
        let current = self.state.load_full();
        if current.is_news_to(old, refused) {
            return Turn::Known(Ok(current));
        }
        match &renewing.failure {
            Some(error) if self.renewals() != seen => Turn::Known(Err(error.clone())),
            _ => Turn::Renew(current),
        }
    }

    /// The end of a renewal, with the lock: what came of it, for its caller and for those who wait.
    pub(crate) fn renewed(
        &self,
        before: &State,
        refused: bool,
        renewing: &mut Renewing,
        result: Result<()>,
    ) -> Result<Arc<State>> {
        self.renewals.fetch_add(1, Ordering::SeqCst);
        renewing.failure = result.as_ref().err().cloned();
        match (result, before.postponed(Instant::now())) {
            // The token is still good: the calls go on with it, and the next attempt is later.
            (Err(_), Some(postponed)) if !refused => self.state.store(Arc::new(postponed)),
            (result, _) => result?,
        }
        Ok(self.state.load_full())
    }
}

/// What renewals leave behind.
#[derive(Debug, Default)]
pub(crate) struct Renewing {
    /// With what the last one failed, for who waited for it.
    failure: Option<Error>,
    /// With what the last login failed.
    refusal: Option<Error>,
    /// When logins failed, or were asked for by a refused token.
    relogins: VecDeque<Instant>,
}

const RELOGINS: usize = 3;
const RELOGINS_WITHIN: Duration = Duration::from_secs(60);

impl Renewing {
    /// Whether there may be another login: a wrong password must not lock an account.
    pub(crate) fn may_log_in(&mut self, now: Instant) -> Result<()> {
        self.relogins.retain(|at| now.saturating_duration_since(*at) < RELOGINS_WITHIN);
        if self.relogins.len() < RELOGINS {
            return Ok(());
        }
        let detail =
            format!("{RELOGINS} logins within {} s did not help; no other one is tried yet", RELOGINS_WITHIN.as_secs());
        let kind = self.refusal.as_ref().map_or(ErrorKind::Authentication, Error::kind);
        let error = Error::new(kind).detail(detail);
        Err(match self.refusal.clone() {
            Some(last) => error.source(last),
            None => error,
        })
    }

    /// Notes a login; `again`: a refused token asked for it. One that failed counts if the service answered, and was not just
    /// out of order.
    pub(crate) fn logged_in(&mut self, again: bool, failure: Option<&Error>, now: Instant) {
        let refusal =
            failure.filter(|error| error.status().is_some() && !error.is_server() && !error.is_rate_limited());
        if refusal.is_some() || (again && failure.is_none()) {
            self.relogins.push_back(now);
        }
        self.refusal = refusal.cloned();
    }
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
        let session = Arc::new(Session::new(key.clone()));
        registry.by_key.insert(key, Arc::downgrade(&session));
        session
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shuttle::{
        check_random,
        sync::{Mutex as Lock, atomic::AtomicUsize},
        thread,
    };

    /// Random schedules tried.
    const SCHEDULES: usize = 3_000;
    const CALLERS: usize = 4;

    fn state(token: &str) -> State {
        State::of(&crate::authing::DIALECT, Some(StoredToken::new(token.into()))).unwrap()
    }

    /// What the pipeline does, with a lock and steps that shuttle schedules; `turn` and `renewed` are the real ones.
    struct Model {
        session: Session,
        renewing: Lock<Renewing>,
        attempts: AtomicUsize,
        /// Whether the callers come because their token was refused.
        refused: bool,
        /// How many attempts fail at first.
        failures: usize,
        /// Nobody looks at what others did: what the model must find.
        blind: bool,
    }

    impl Model {
        fn new(refused: bool, failures: usize, blind: bool) -> Arc<Self> {
            let session = Session::new(StoreKey::new("model", "https://h", "a", None));
            session.state.store(Arc::new(if refused { state("old") } else { State::SignedOut }));
            let (renewing, attempts) = (Lock::new(Renewing::default()), AtomicUsize::new(0));
            Arc::new(Self { session, renewing, attempts, refused, failures, blind })
        }

        fn attempts(&self) -> usize {
            self.attempts.load(std::sync::atomic::Ordering::SeqCst)
        }

        /// A caller whose call needs another token than that in `old`.
        fn renew(&self, old: &State) -> Result<Arc<State>> {
            let seen = self.session.renewals();
            thread::yield_now();
            let mut renewing = self.renewing.lock().unwrap();
            let current = match self.session.turn(old, self.refused, seen, &renewing) {
                Turn::Known(outcome) if !self.blind => return outcome,
                Turn::Known(_) => self.session.state.load_full(),
                Turn::Renew(current) => current,
            };
            let attempt = self.attempts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            thread::yield_now();
            let result = match attempt < self.failures {
                true => Err(Error::new(ErrorKind::Server)),
                false => {
                    self.session.state.store(Arc::new(state(&format!("new {attempt}"))));
                    Ok(())
                }
            };
            thread::yield_now();
            self.session.renewed(&current, self.refused, &mut renewing, result)
        }
    }

    /// The tokens that callers at once get, and how many errors.
    fn call(model: &Arc<Model>) -> (Vec<String>, usize) {
        let old = model.session.state.load_full();
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (model, old) = (model.clone(), old.clone());
                thread::spawn(move || model.renew(&old))
            })
            .collect();
        let outcomes: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
        let token = |state: &Arc<State>| state.token().unwrap().token.expose_secret().to_owned();
        let tokens: Vec<_> = outcomes.iter().flatten().map(token).collect();
        let errors = outcomes.len() - tokens.len();
        (tokens, errors)
    }

    #[test]
    fn callers_at_once_make_one_renewal_in_every_schedule() {
        for refused in [false, true] {
            let check = move || {
                let model = Model::new(refused, 0, false);
                let (tokens, errors) = call(&model);
                assert_eq!((model.attempts(), errors), (1, 0));
                assert!(tokens.iter().all(|token| token == "new 0"), "{tokens:?}");
            };
            check_random(check, SCHEDULES);
        }
    }

    #[test]
    fn who_waits_for_a_renewal_that_fails_is_told_so() {
        let check = || {
            let model = Model::new(true, 1, false);
            let (tokens, errors) = call(&model);
            // Who came after the failure tried again, once for all of them.
            assert!(model.attempts() <= 2 && errors >= 1, "{tokens:?}");
            assert!(tokens.iter().all(|token| token == "new 1"), "{tokens:?}");
        };
        check_random(check, SCHEDULES);
    }

    #[test]
    #[should_panic(expected = "a stampede")]
    fn the_model_finds_a_stampede() {
        let check = || {
            let model = Model::new(true, 0, true);
            call(&model);
            assert!(model.attempts() == 1, "a stampede");
        };
        check_random(check, SCHEDULES);
    }
}
