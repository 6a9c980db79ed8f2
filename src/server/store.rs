//! The cached results of look-ups, and the flights that bring them.

use super::{
    entry::{Entry, Expiry, Freshness, Times},
    flights::{Flights, ResultUse},
    gauges::Gauges,
    key::Key,
    places::{Place, Places},
};
use crate::{
    Error, Result,
    session::Now,
    sync::{Mutex, MutexGuard},
    transport::after,
};
use quick_cache::{Weighter, sync::Cache};
use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// What an entry takes beside its value, roughly: key, ages, and the cache's own links.
const OVERHEAD: u64 = 256;
/// After how long a look-up is given up that never ends.
pub(crate) const LONGEST_FLIGHT: Duration = Duration::from_secs(60);
/// After how long a flight counts as lost whose own time limit has not ended it: its runtime is there, and nobody drives it.
pub(crate) const LOST_AFTER: Duration = Duration::from_secs(65);

/// A value that a [`Store`] keeps.
pub(crate) trait Value: Send + Sync + 'static {
    /// The id of the user whom the value is about.
    fn user(&self) -> &str;

    /// About how many bytes of memory the value takes.
    fn bytes(&self) -> usize;
}

/// How much a store keeps.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) entries: usize,
    pub(crate) bytes: u64,
    /// `None` in the settings of a guard for its default; of a store for no limit.
    pub(crate) in_flight: Option<usize>,
}

pub(crate) struct Store<T> {
    times: Times,
    values: Cache<Key, Held<T>, Weigh>,
    /// Until when a key is known to be refused.
    refused: Cache<Key, Instant>,
    /// Held while a result is stored or forgotten, so that neither undoes the other.
    flights: Mutex<Flights<Follower<T>, Option<Place>>>,
    places: Option<Places>,
    gauges: Arc<Gauges>,
}

struct Held<T> {
    entry: Arc<Entry<T>>,
    weight: u64,
}

/// Bounds bytes and entries at once: an entry weighs at least its share.
#[derive(Clone)]
struct Weigh {
    least: u64,
}

/// What the cache has for a key.
#[derive(Debug)]
pub(crate) enum Cached<T> {
    Value(Arc<T>, Freshness),
    Refused,
    Missing,
}

/// The role of a caller that needs a look-up.
pub(crate) enum FlightRole<T> {
    /// None: a flight that ended a moment ago has brought the value.
    Found(Arc<T>),
    Refused,
    Leader(Leader<T>, Follower<T>),
    /// Another caller's flight is under way, for so long.
    Follower(Follower<T>, Duration),
    /// All places are taken.
    Full,
}

/// What a look-up brings: a value and its expiry, or `None` where the service says no.
pub(crate) type LookupResult<T> = Result<Option<(T, Option<Expiry>)>>;

/// What a flight has brought.
pub(crate) enum Outcome<T> {
    /// Those that wait have to see that it has not expired meanwhile.
    Found(Arc<T>, Option<Expiry>),
    Refused,
    Failed(Error),
    /// It was forgotten while it was looked up, or came too late: ask again.
    Discarded,
}

/// The one that does the work of a flight, and [completes](Leader::complete) it.
pub(crate) struct Leader<T> {
    store: Arc<Store<T>>,
    key: Key,
    number: u64,
    sender: watch::Sender<Option<Outcome<T>>>,
    completed: bool,
}

pub(crate) struct Follower<T>(watch::Receiver<Option<Outcome<T>>>);

impl<T: Value> Store<T> {
    pub(crate) fn new(times: Times, bounds: &Bounds) -> Self {
        let entries = bounds.entries.max(1);
        let least = (bounds.bytes / entries as u64).max(1);
        Self {
            times,
            values: Cache::with_weighter(entries, (least * entries as u64).min(bounds.bytes.max(1)), Weigh { least }),
            refused: Cache::new(entries),
            flights: Mutex::new(Flights::new(LOST_AFTER)),
            places: bounds.in_flight.map(Places::new),
            gauges: Arc::default(),
        }
    }

    pub(crate) fn gauges(&self) -> &Arc<Gauges> {
        &self.gauges
    }

    pub(crate) fn cached(&self, key: &Key, now: Now) -> Cached<T> {
        if let Some(held) = self.values.get(key) {
            match held.entry.freshness(now) {
                // It stays until it is replaced or evicted.
                Freshness::Gone => {}
                freshness => return Cached::Value(held.entry.value.clone(), freshness),
            }
        }
        match self.refused.get(key) {
            Some(until) if now.instant < until => Cached::Refused,
            _ => Cached::Missing,
        }
    }

    /// Joins the flight for this key, or begins one, in this place if the caller has waited for one. Where the service must be asked
    /// (`anew`), a value that is known does not count, nor a flight that was begun without that need.
    pub(crate) fn begin(self: &Arc<Self>, key: Key, now: Now, anew: bool, place: &mut Option<Place>) -> FlightRole<T> {
        self.discard_lost(now);
        let mut flights = self.lock();
        // A flight can have ended since the caller looked.
        match self.cached(&key, now) {
            Cached::Value(value, Freshness::Fresh | Freshness::Due) if !anew => return FlightRole::Found(value),
            Cached::Refused => return FlightRole::Refused,
            _ => {}
        }
        if anew {
            flights.forget_older(&key);
        }
        self.join_or_lead(&mut flights, key, now, anew, place)
    }

    /// Begins a flight for a value that is due, unless one is under way.
    pub(crate) fn begin_ahead(self: &Arc<Self>, key: Key, now: Now) -> Option<Leader<T>> {
        self.discard_lost(now);
        let mut flights = self.lock();
        match self.cached(&key, now) {
            Cached::Value(_, Freshness::Due) => match self.join_or_lead(&mut flights, key, now, false, &mut None) {
                FlightRole::Leader(leader, _) => Some(leader),
                _ => None,
            },
            _ => None,
        }
    }

    fn join_or_lead(
        self: &Arc<Self>,
        flights: &mut Flights<Follower<T>, Option<Place>>,
        key: Key,
        now: Now,
        anew: bool,
        place: &mut Option<Place>,
    ) -> FlightRole<T> {
        if let Some((follower, begun)) = flights.under_way_for(&key) {
            return FlightRole::Follower(follower, now.instant.saturating_duration_since(begun));
        }
        let place = match (place.take(), &self.places) {
            (Some(place), _) => Some(place),
            (None, None) => None,
            (None, Some(places)) => match places.take() {
                Some(place) => Some(place),
                None => return FlightRole::Full,
            },
        };
        let (sender, receiver) = watch::channel(None);
        let number = flights.begin(key, now.instant, anew, Follower(receiver.clone()), place);
        self.publish(flights);
        let leader = Leader { store: self.clone(), key, number, sender, completed: false };
        FlightRole::Leader(leader, Follower(receiver))
    }

    /// Takes the flights that count as lost out of the limit, before a caller would wait for them, or for their places.
    pub(crate) fn discard_lost(&self, now: Now) {
        let mut flights = self.lock();
        let places = flights.take_lost(now.instant);
        if !places.is_empty() {
            self.publish(&flights);
        }
        // Those that wait for the places are woken without the lock.
        drop(flights);
        drop(places);
    }

    /// Waits for a place among the look-ups under way; `None` if too many wait for one.
    pub(crate) async fn place(&self) -> Option<Place> {
        match &self.places {
            Some(places) => places.wait().await,
            None => None,
        }
    }

    /// Forgets a key, also what is being looked up for its token.
    pub(crate) fn forget(&self, key: &Key) {
        let mut flights = self.lock();
        flights.forget_token(key);
        self.refused.remove(key);
        self.values.remove(key);
        self.publish(&flights);
    }

    /// Forgets all keys of a token, also what is being looked up for it. Looks at each entry.
    pub(crate) fn forget_token(&self, token: &Key) {
        let mut flights = self.lock();
        flights.forget_token(token);
        self.values.retain(|key, _| !key.is_of(token));
        self.publish(&flights);
    }

    /// Forgets all values about a user, also those that are being looked up.
    pub(crate) fn forget_user(&self, user: &str) {
        let mut flights = self.lock();
        flights.forget_user(user);
        self.values.retain(|_, held| held.entry.value.user() != user);
        self.publish(&flights);
    }

    pub(crate) fn clear(&self) {
        let mut flights = self.lock();
        flights.forget_all();
        self.values.clear();
        self.refused.clear();
        self.publish(&flights);
    }

    /// Returns about how many bytes the values take, and the number of refused keys. Looks at each value.
    pub(crate) fn sizes(&self) -> (u64, usize) {
        (self.values.iter().map(|(_, held)| held.weight).sum(), self.refused.len())
    }

    fn keep(&self, key: Key, entry: Entry<T>, weight: u64) {
        self.values.insert(key, Held { entry: Arc::new(entry), weight });
    }

    /// Returns every key that the store has of anything.
    #[cfg(test)]
    pub(crate) fn keys(&self) -> Vec<Key> {
        let flights = self.lock();
        let values = self.values.iter().map(|(key, _)| key);
        values.chain(self.refused.iter().map(|(key, _)| key)).chain(flights.keys()).collect()
    }
}

impl<T> Store<T> {
    fn lock(&self) -> MutexGuard<'_, Flights<Follower<T>, Option<Place>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the numbers that are read without the lock, while it is held.
    fn publish(&self, flights: &Flights<Follower<T>, Option<Place>>) {
        self.gauges.set(self.values.len(), flights.under_way());
    }
}

impl<T: Value> Leader<T> {
    /// Ends the flight, and stores what it brought unless that was forgotten meanwhile, or comes too late.
    pub(crate) fn complete(mut self, result: LookupResult<T>, now: Now) {
        let outcome = self.store_outcome(result, now);
        self.sender.send_replace(Some(outcome));
    }

    fn store_outcome(&mut self, result: LookupResult<T>, now: Now) -> Outcome<T> {
        // A service, or a clock, that is late about it: a token that has expired is for nobody.
        let result = result.map(|value| value.filter(|(_, expiry)| !expiry.is_some_and(|expiry| expiry.is_past(now))));
        // Code of the caller's own, which may panic: before the lock, while the flight still ends by itself then.
        let found = result.as_ref().ok().and_then(Option::as_ref);
        let (user, bytes) = found.map(|(value, _)| (value.user().to_owned(), value.bytes())).unzip();
        let weight = bytes.unwrap_or_default() as u64 + OVERHEAD;
        let store = &*self.store;
        let mut flights = store.lock();
        let ended = flights.end(self.number);
        self.completed = true;
        let result_use = ended.as_ref().map(|(forgotten, _)| forgotten.result_use(user.as_deref()));
        // One that was lost is another caller's to look up by now.
        let outcome = match (result_use.unwrap_or(ResultUse::Discard), result) {
            (ResultUse::Discard, _) => Outcome::Discarded,
            (ResultUse::Deliver, Ok(Some((value, expiry)))) => Outcome::Found(Arc::new(value), expiry),
            (ResultUse::Store, Ok(Some((value, expiry)))) => {
                let value = Arc::new(value);
                store.refused.remove(&self.key);
                match Entry::new(value.clone(), expiry, &store.times, now) {
                    Some(entry) => store.keep(self.key, entry, weight),
                    None => drop(store.values.remove(&self.key)),
                }
                Outcome::Found(value, expiry)
            }
            (ResultUse::Deliver, Ok(None)) => Outcome::Refused,
            (ResultUse::Store, Ok(None)) => {
                store.values.remove(&self.key);
                store.refused.insert(self.key, after(now.instant, store.times.negative_ttl));
                Outcome::Refused
            }
            (_, Err(error)) => {
                let held = store.values.peek(&self.key);
                let failed = held.and_then(|held| Some((held.entry.after_failure(&store.times, now)?, held.weight)));
                if let Some((entry, weight)) = failed {
                    store.keep(self.key, entry, weight);
                }
                Outcome::Failed(error)
            }
        };
        store.publish(&flights);
        drop(flights);
        // Those that wait for the place are woken without the lock.
        drop(ended);
        outcome
    }
}

impl<T> Drop for Leader<T> {
    /// Ends a flight that was abandoned, by a panic or with its runtime. Its followers see the channel's end.
    fn drop(&mut self) {
        if !self.completed {
            let mut flights = self.store.lock();
            let ended = flights.end(self.number);
            self.store.publish(&flights);
            drop(flights);
            drop(ended);
        }
    }
}

impl<T> Follower<T> {
    /// Waits for the outcome; `None` if the flight was abandoned.
    pub(crate) async fn outcome(mut self) -> Option<Outcome<T>> {
        let outcome = self.0.wait_for(Option::is_some).await;
        outcome.ok().and_then(|outcome| outcome.clone())
    }
}

// Derived, they would ask that of the value.
impl<T> Clone for Follower<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Clone for Outcome<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Found(value, expiry) => Self::Found(value.clone(), *expiry),
            Self::Refused => Self::Refused,
            Self::Failed(error) => Self::Failed(error.clone()),
            Self::Discarded => Self::Discarded,
        }
    }
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self { entry: self.entry.clone(), weight: self.weight }
    }
}

impl<T> Weighter<Key, Held<T>> for Weigh {
    fn weight(&self, _: &Key, held: &Held<T>) -> u64 {
        held.weight.max(self.least)
    }
}

impl<T> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("times", &self.times).finish_non_exhaustive()
    }
}
