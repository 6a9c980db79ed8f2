//! Looks something up once for all that ask at the same time, and remembers it for a while.

use super::{
    clock::Clock,
    entry::{Freshness, Times},
    key::Key,
    outage::Outages,
    store::{Bounds, Found, Leader, LookedUp, Outcome, Store, Turn, Value},
};
use crate::{
    Error,
    transport::{after, runtime::Flavour},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::Span;

/// How many times a caller asks again because the result was forgotten while it waited, or because it waited for a place.
const MOST_ROUNDS: u32 = 8;
/// After how long a look-up is given up that never ends: it would hold a place among those in flight for ever.
const LONGEST_FLIGHT: Duration = Duration::from_secs(60);

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Hit,
    Miss,
    Negative,
    Stale,
    Joined,
}

impl How {
    /// The value of the field `iam.cache`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Negative => "negative",
            Self::Stale => "stale",
            Self::Joined => "joined",
        }
    }
}

/// Why a look-up brought nothing.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Error(Error),
    /// Too many look-ups are under way.
    Full,
    /// The caller's own limit ran out.
    Late,
    /// The look-up panicked, or its runtime was shut down.
    Lost,
    /// The result was forgotten again and again while it was looked up.
    Forgotten,
}

#[derive(Debug)]
pub(crate) enum Answer<T> {
    Known(Arc<T>, How),
    Refused(How),
    Unknown(Failure, How),
}

#[derive(Debug)]
pub(crate) struct Memo<T> {
    store: Arc<Store<T>>,
    clock: Clock,
    flavour: Flavour,
    /// How long one caller waits.
    timeout: Duration,
    outages: Outages,
}

impl<T: Value> Memo<T> {
    pub(crate) fn new(flavour: Flavour, clock: Clock, timeout: Duration, times: Times, bounds: &Bounds) -> Self {
        let store = Arc::new(Store::new(times, bounds));
        Self { store, clock, flavour, timeout, outages: Outages::default() }
    }

    pub(crate) fn store(&self) -> &Store<T> {
        &self.store
    }

    /// Returns the answer: from the cache, from the look-up under way, or from one that this call begins with `look_up`.
    pub(crate) async fn get<F>(&self, key: Key, look_up: impl Fn() -> F) -> Answer<T>
    where
        F: Future<Output = LookedUp<T>> + Send + 'static,
    {
        self.ask(key, look_up, false).await
    }

    /// Returns what the service says now, whatever value is known. One that is known stays if the service cannot tell.
    pub(crate) async fn renew<F>(&self, key: Key, look_up: impl Fn() -> F) -> Answer<T>
    where
        F: Future<Output = LookedUp<T>> + Send + 'static,
    {
        self.ask(key, look_up, true).await
    }

    async fn ask<F>(&self, key: Key, look_up: impl Fn() -> F, anew: bool) -> Answer<T>
    where
        F: Future<Output = LookedUp<T>> + Send + 'static,
    {
        if let Err(error) = self.flavour.check_context() {
            return Answer::Unknown(Failure::Error(error), How::Miss);
        }
        let deadline = after(Instant::now(), self.timeout);
        let mut place = None;
        for _ in 0..MOST_ROUNDS {
            let now = self.clock.now();
            let has_stale = match self.store.look_up(&key, now) {
                Found::Value(..) if anew => false,
                Found::Value(value, Freshness::Fresh) => return Answer::Known(value, How::Hit),
                Found::Value(value, Freshness::Due) => {
                    if let Some(leader) = self.store.begin_ahead(key, now) {
                        self.spawn(Span::none(), leader, look_up());
                    }
                    return Answer::Known(value, How::Hit);
                }
                Found::Value(value, Freshness::StaleWhileFailing) => return self.stale(value),
                Found::Value(_, Freshness::Stale) => true,
                Found::Refused => return Answer::Refused(How::Negative),
                Found::Value(_, Freshness::Gone) | Found::Nothing => false,
            };
            let (follower, since, how) = match self.store.begin(key, now, anew, &mut place) {
                Turn::Known(value) => return Answer::Known(value, How::Joined),
                Turn::Refused => return Answer::Refused(How::Negative),
                Turn::Full if has_stale => return self.or_cached(&key, Failure::Full, How::Miss, anew),
                Turn::Full => match self.flavour.until(deadline, self.store.place()).await {
                    Ok(Some(free)) => {
                        place = Some(free);
                        continue;
                    }
                    Ok(None) | Err(_) => return self.or_cached(&key, Failure::Full, How::Miss, anew),
                },
                Turn::Leader(leader, follower) => {
                    self.spawn(Span::current(), leader, look_up());
                    (follower, Instant::now(), How::Miss)
                }
                Turn::Follower(follower, since) => (follower, since, How::Joined),
            };
            // Where there is something to fall back to, nobody waits for a look-up that others have waited for in vain.
            let deadline = if has_stale { deadline.min(after(since, self.timeout)) } else { deadline };
            return match self.flavour.until(deadline, follower.outcome()).await {
                Ok(Some(Outcome::Known(value))) => {
                    self.outages.note_known(self.clock.now().instant);
                    Answer::Known(value, how)
                }
                Ok(Some(Outcome::Refused)) => Answer::Refused(how),
                Ok(Some(Outcome::Failed(error))) => self.or_cached(&key, Failure::Error(error), how, anew),
                Ok(Some(Outcome::Withheld)) => continue,
                Ok(None) => self.or_cached(&key, Failure::Lost, how, anew),
                Err(_) => self.or_cached(&key, Failure::Late, how, anew),
            };
        }
        Answer::Unknown(Failure::Forgotten, How::Miss)
    }

    /// Returns what the cache has for the case that the service cannot tell. It is looked up now: it can have been forgotten, or
    /// have expired, while the caller waited.
    fn or_cached(&self, key: &Key, failure: Failure, how: How, anew: bool) -> Answer<T> {
        match self.store.look_up(key, self.clock.now()) {
            Found::Value(..) if anew => Answer::Unknown(failure, how),
            Found::Value(value, Freshness::Fresh | Freshness::Due) => Answer::Known(value, How::Hit),
            Found::Value(value, Freshness::Stale | Freshness::StaleWhileFailing) => self.stale(value),
            Found::Refused => Answer::Refused(How::Negative),
            Found::Value(_, Freshness::Gone) | Found::Nothing => Answer::Unknown(failure, how),
        }
    }

    fn stale(&self, value: Arc<T>) -> Answer<T> {
        self.outages.note_stale(self.clock.now().instant);
        Answer::Known(value, How::Stale)
    }

    /// Runs a flight in a task of its own, which goes on when the request that began it is dropped.
    ///
    /// A flight that nobody waits for must not keep a request's span open: it has none (`around`).
    fn spawn(&self, around: Span, leader: Leader<T>, look_up: impl Future<Output = LookedUp<T>> + Send + 'static) {
        let (clock, flavour) = (self.clock.clone(), self.flavour);
        drop(flavour.spawn_in(around, async move {
            let looked_up = flavour.until(after(Instant::now(), LONGEST_FLIGHT), look_up).await;
            let late = |_| Error::new(crate::ErrorKind::Timeout).detail("the look-up did not end within 60 s");
            leader.complete(looked_up.unwrap_or_else(|elapsed| Err(late(elapsed))), clock.now());
        }));
    }
}
