//! Looks something up once for all that ask at the same time, and remembers it for a while.

use super::{
    entry::{Freshness, Times},
    key::Key,
    outage::Outages,
    store::{Bounds, Cached, FlightRole, LONGEST_FLIGHT, LOST_AFTER, Leader, LookupResult, Outcome, Store, Value},
};
use crate::{
    Error,
    clock::Clock,
    transport::{after, runtime::Flavour},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::Span;

/// How many times a caller asks again because the result was forgotten while it waited, or because it waited for a place.
const MOST_ROUNDS: u32 = 8;

/// How the cache served a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheStatus {
    Hit,
    Miss,
    Negative,
    Stale,
    Joined,
}

impl CacheStatus {
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
pub(crate) enum LookupFailure {
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

/// What a caller gets.
#[derive(Debug)]
pub(crate) enum Lookup<T> {
    Found(Arc<T>, CacheStatus),
    Refused(CacheStatus),
    Failed(LookupFailure, CacheStatus),
}

#[derive(Debug)]
pub(crate) struct LookupCache<T> {
    store: Arc<Store<T>>,
    clock: Clock,
    flavour: Flavour,
    /// How long one caller waits.
    timeout: Duration,
    outages: Outages,
}

impl<T: Value> LookupCache<T> {
    pub(crate) fn new(flavour: Flavour, clock: Clock, timeout: Duration, times: Times, bounds: &Bounds) -> Self {
        let store = Arc::new(Store::new(times, bounds));
        Self { store, clock, flavour, timeout, outages: Outages::default() }
    }

    pub(crate) fn store(&self) -> &Store<T> {
        &self.store
    }

    /// Returns what is known: from the cache, from the look-up under way, or from one that this call begins with `look_up`.
    pub(crate) async fn get<F>(&self, key: Key, look_up: impl Fn() -> F) -> Lookup<T>
    where
        F: Future<Output = LookupResult<T>> + Send + 'static,
    {
        self.ask(key, look_up, false).await
    }

    /// Returns what the service says now, whatever value is known. One that is known stays if the service cannot tell.
    pub(crate) async fn look_up_anew<F>(&self, key: Key, look_up: impl Fn() -> F) -> Lookup<T>
    where
        F: Future<Output = LookupResult<T>> + Send + 'static,
    {
        self.ask(key, look_up, true).await
    }

    /// Returns a value that the cache has, and that need not be looked up again yet: without waiting for anything.
    pub(crate) fn fresh(&self, key: &Key) -> Option<Arc<T>> {
        match self.store.cached(key, self.clock.now()) {
            Cached::Value(value, Freshness::Fresh) => Some(value),
            _ => None,
        }
    }

    async fn ask<F>(&self, key: Key, look_up: impl Fn() -> F, anew: bool) -> Lookup<T>
    where
        F: Future<Output = LookupResult<T>> + Send + 'static,
    {
        use CacheStatus::{Hit, Joined, Miss, Negative};
        if let Err(error) = self.flavour.check_context() {
            return Lookup::Failed(LookupFailure::Error(error), Miss);
        }
        let (mut deadline, mut place) = (None, None);
        for _ in 0..MOST_ROUNDS {
            let now = self.clock.now();
            let has_stale = match self.store.cached(&key, now) {
                Cached::Value(..) if anew => false,
                Cached::Value(value, Freshness::Fresh) => return Lookup::Found(value, Hit),
                Cached::Value(value, Freshness::Due) => {
                    if let Some(leader) = self.store.begin_ahead(key, now) {
                        self.spawn(Span::none(), leader, look_up());
                    }
                    return Lookup::Found(value, Hit);
                }
                Cached::Value(value, Freshness::StaleWhileFailing) => return self.stale(value),
                Cached::Value(_, Freshness::Stale) => true,
                Cached::Refused => return Lookup::Refused(Negative),
                Cached::Value(_, Freshness::Gone) | Cached::Missing => false,
            };
            let deadline = *deadline.get_or_insert_with(|| after(Instant::now(), self.timeout));
            // Only a caller that waits needs a timer.
            if let Err(error) = self.flavour.check_timer() {
                return Lookup::Failed(LookupFailure::Error(error), Miss);
            }
            let (follower, age, status) = match self.store.begin(key, now, anew, &mut place) {
                FlightRole::Found(value) => return Lookup::Found(value, Joined),
                FlightRole::Refused => return Lookup::Refused(Negative),
                FlightRole::Full if has_stale => return self.or_cached(&key, LookupFailure::Full, Miss, anew),
                FlightRole::Full => {
                    let waiting = self.store.gauges().wait();
                    let waited = self.flavour.until(deadline, self.store.place()).await;
                    drop(waiting);
                    match waited {
                        Ok(Some(free)) => {
                            place = Some(free);
                            continue;
                        }
                        Ok(None) | Err(_) => return self.or_cached(&key, LookupFailure::Full, Miss, anew),
                    }
                }
                FlightRole::Leader(leader, follower) => {
                    self.spawn(Span::current(), leader, look_up());
                    (follower, Duration::ZERO, Miss)
                }
                FlightRole::Follower(follower, age) => {
                    // Another caller with this key began the flight meanwhile: the place is for another token.
                    place = None;
                    (follower, age, Joined)
                }
            };
            // Where there is something to fall back to, nobody waits for a look-up that others have waited for in vain.
            let left_of = |limit: Duration| after(Instant::now(), limit.saturating_sub(age));
            let limit = if has_stale { deadline.min(left_of(self.timeout)) } else { deadline };
            let lost_at = left_of(LOST_AFTER);
            let waiting = self.store.gauges().wait();
            let outcome = self.flavour.until(limit.min(lost_at), follower.outcome()).await;
            drop(waiting);
            return match outcome {
                Ok(Some(Outcome::Found(value, expiry))) => {
                    let now = self.clock.now();
                    // It can have expired since the flight looked at the clock.
                    if expiry.is_some_and(|expiry| expiry.is_past(now)) {
                        continue;
                    }
                    self.outages.note_known(now.instant);
                    Lookup::Found(value, status)
                }
                Ok(Some(Outcome::Refused)) => Lookup::Refused(status),
                Ok(Some(Outcome::Failed(error))) => self.or_cached(&key, LookupFailure::Error(error), status, anew),
                Ok(Some(Outcome::Discarded)) => continue,
                Ok(None) => self.or_cached(&key, LookupFailure::Lost, status, anew),
                Err(_) if lost_at < limit => continue,
                Err(_) => self.or_cached(&key, LookupFailure::Late, status, anew),
            };
        }
        Lookup::Failed(LookupFailure::Forgotten, Miss)
    }

    /// Returns what the cache has for the case that the service cannot tell. It is looked up now: it can have been forgotten, or
    /// have expired, while the caller waited.
    fn or_cached(&self, key: &Key, failure: LookupFailure, status: CacheStatus, anew: bool) -> Lookup<T> {
        match self.store.cached(key, self.clock.now()) {
            Cached::Value(..) if anew => Lookup::Failed(failure, status),
            Cached::Value(value, Freshness::Fresh | Freshness::Due) => Lookup::Found(value, CacheStatus::Hit),
            Cached::Value(value, Freshness::Stale | Freshness::StaleWhileFailing) => self.stale(value),
            Cached::Refused => Lookup::Refused(CacheStatus::Negative),
            Cached::Value(_, Freshness::Gone) | Cached::Missing => Lookup::Failed(failure, status),
        }
    }

    fn stale(&self, value: Arc<T>) -> Lookup<T> {
        self.outages.note_stale(self.clock.now().instant);
        Lookup::Found(value, CacheStatus::Stale)
    }

    /// Runs a flight in a task of its own, which goes on when the request that began it is dropped.
    ///
    /// A flight that nobody waits for must not keep a request's span open: it has none (`around`).
    fn spawn(&self, around: Span, leader: Leader<T>, look_up: impl Future<Output = LookupResult<T>> + Send + 'static) {
        let (clock, flavour) = (self.clock.clone(), self.flavour);
        drop(flavour.spawn_in(around, async move {
            let result = flavour.until(after(Instant::now(), LONGEST_FLIGHT), look_up).await;
            let late = |_| Error::new(crate::ErrorKind::Timeout).detail("the look-up did not end within 60 s");
            leader.complete(result.unwrap_or_else(|elapsed| Err(late(elapsed))), clock.now());
        }));
    }
}
