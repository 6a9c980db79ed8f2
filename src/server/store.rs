//! The cached results of look-ups, and the flights that bring them.

use super::{
    entry::{Entry, Expiry, Freshness, Times},
    flights::{Begin, Fate, Flights},
    key::Key,
    places::{Place, Places},
};
use crate::{
    Error, Result,
    session::Now,
    sync::{Mutex, MutexGuard},
};
use quick_cache::{Weighter, sync::Cache};
use std::{
    fmt,
    sync::{Arc, PoisonError},
    time::Instant,
};
use tokio::sync::watch;

/// What an entry takes beside its value, roughly: key, ages, and the cache's own links.
const OVERHEAD: u64 = 256;

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
    /// `None` where a look-up asks nobody.
    pub(crate) in_flight: Option<usize>,
}

pub(crate) struct Store<T> {
    times: Times,
    known: Cache<Key, Held<T>, Weigh>,
    /// Until when a key is known to be refused.
    refused: Cache<Key, Instant>,
    /// Held while a result is stored or forgotten, so that neither undoes the other.
    flights: Mutex<Flights<Follower<T>>>,
    places: Option<Places>,
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

/// What the cache has.
#[derive(Debug)]
pub(crate) enum Found<T> {
    Value(Arc<T>, Freshness),
    Refused,
    Nothing,
}

/// The role of a caller that needs a look-up.
pub(crate) enum Turn<T> {
    /// A flight that ended a moment ago has brought it.
    Known(Arc<T>),
    Refused,
    Leader(Leader<T>, Follower<T>),
    /// Another caller's flight, begun then, is under way.
    Follower(Follower<T>, Instant),
    /// All places are taken.
    Full,
}

/// What a look-up brings: a value and its expiry, or `None` where the service says no.
pub(crate) type LookedUp<T> = Result<Option<(T, Option<Expiry>)>>;

pub(crate) enum Outcome<T> {
    Known(Arc<T>),
    Refused,
    Failed(Error),
    /// It was forgotten while it was looked up: ask again.
    Withheld,
}

/// The one that does the work of a flight, and [completes](Leader::complete) it.
pub(crate) struct Leader<T> {
    store: Arc<Store<T>>,
    key: Key,
    number: u64,
    sender: watch::Sender<Option<Outcome<T>>>,
    completed: bool,
    /// Given back with the end of the flight.
    _place: Option<Place>,
}

pub(crate) struct Follower<T>(watch::Receiver<Option<Outcome<T>>>);

impl<T: Value> Store<T> {
    pub(crate) fn new(times: Times, bounds: &Bounds) -> Self {
        let entries = bounds.entries.max(1);
        let least = (bounds.bytes / entries as u64).max(1);
        Self {
            times,
            known: Cache::with_weighter(entries, (least * entries as u64).min(bounds.bytes.max(1)), Weigh { least }),
            refused: Cache::new(entries),
            flights: Mutex::new(Flights::new()),
            places: bounds.in_flight.map(Places::new),
        }
    }

    pub(crate) fn look_up(&self, key: &Key, now: Now) -> Found<T> {
        if let Some(held) = self.known.get(key) {
            match held.entry.freshness(now) {
                // It stays until it is replaced or evicted.
                Freshness::Gone => {}
                freshness => return Found::Value(held.entry.value.clone(), freshness),
            }
        }
        match self.refused.get(key) {
            Some(until) if now.instant < until => Found::Refused,
            _ => Found::Nothing,
        }
    }

    /// Joins the flight for this key, or begins one, in this place if the caller has waited for one. Where the service must be asked
    /// (`anew`), a value that is known does not count.
    pub(crate) fn begin(self: &Arc<Self>, key: Key, now: Now, anew: bool, place: &mut Option<Place>) -> Turn<T> {
        let mut flights = self.lock();
        // A flight can have ended since the caller looked.
        match self.look_up(&key, now) {
            Found::Value(value, Freshness::Fresh | Freshness::Due) if !anew => return Turn::Known(value),
            Found::Refused => return Turn::Refused,
            _ => {}
        }
        self.join_or_lead(&mut flights, key, place)
    }

    /// Begins a flight for a value that is due, unless one is under way.
    pub(crate) fn begin_ahead(self: &Arc<Self>, key: Key, now: Now) -> Option<Leader<T>> {
        let mut flights = self.lock();
        match self.look_up(&key, now) {
            Found::Value(_, Freshness::Due) => match self.join_or_lead(&mut flights, key, &mut None) {
                Turn::Leader(leader, _) => Some(leader),
                _ => None,
            },
            _ => None,
        }
    }

    fn join_or_lead(
        self: &Arc<Self>,
        flights: &mut Flights<Follower<T>>,
        key: Key,
        place: &mut Option<Place>,
    ) -> Turn<T> {
        if let Some((follower, since)) = flights.under_way_for(&key) {
            return Turn::Follower(follower, since);
        }
        let place = match (place.take(), &self.places) {
            (Some(place), _) => Some(place),
            (None, None) => None,
            (None, Some(places)) => match places.take() {
                Some(place) => Some(place),
                None => return Turn::Full,
            },
        };
        let mut channel = None;
        let wait = || {
            let (sender, receiver) = watch::channel(None);
            channel = Some(sender);
            Follower(receiver)
        };
        match (flights.begin(key, Instant::now(), wait), channel) {
            (Begin::Leader(number), Some(sender)) => {
                let follower = Follower(sender.subscribe());
                let leader = Leader { store: self.clone(), key, number, sender, completed: false, _place: place };
                Turn::Leader(leader, follower)
            }
            (Begin::Follower(follower, since), _) => Turn::Follower(follower, since),
            (Begin::Leader(_), _) => Turn::Full,
        }
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
        self.known.remove(key);
    }

    /// Forgets all keys of a token, also what is being looked up for it. Looks at each entry.
    pub(crate) fn forget_token(&self, token: &Key) {
        let mut flights = self.lock();
        flights.forget_token(token);
        self.known.retain(|key, _| !key.is_of(token));
    }

    /// Forgets all values about a user, also those that are being looked up.
    pub(crate) fn forget_user(&self, user: &str) {
        let mut flights = self.lock();
        flights.forget_user(user);
        self.known.retain(|_, held| held.entry.value.user() != user);
    }

    pub(crate) fn clear(&self) {
        let mut flights = self.lock();
        flights.forget_all();
        self.known.clear();
        self.refused.clear();
    }

    /// Returns the number of values, and that of flights under way.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.known.len(), self.lock().under_way())
    }

    /// Returns about how many bytes the values take, and the number of refused keys. Looks at each value.
    pub(crate) fn sizes(&self) -> (u64, usize) {
        (self.known.iter().map(|(_, held)| held.weight).sum(), self.refused.len())
    }

    fn keep(&self, key: Key, entry: Entry<T>) {
        let weight = entry.value.bytes() as u64 + OVERHEAD;
        self.known.insert(key, Held { entry: Arc::new(entry), weight });
    }

    fn lock(&self) -> MutexGuard<'_, Flights<Follower<T>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Value> Leader<T> {
    /// Ends the flight, and stores what it brought unless that was forgotten meanwhile.
    pub(crate) fn complete(mut self, looked_up: LookedUp<T>, now: Now) {
        let outcome = self.store_outcome(looked_up, now);
        self.sender.send_replace(Some(outcome));
    }

    fn store_outcome(&mut self, looked_up: LookedUp<T>, now: Now) -> Outcome<T> {
        // A service, or a clock, that is late about it: a token that has expired is for nobody.
        let looked_up =
            looked_up.map(|known| known.filter(|(_, expiry)| !expiry.is_some_and(|expiry| expiry.is_past(now))));
        // Code of the caller's own, which may panic: before the lock, while the flight still ends by itself then.
        let user = looked_up.as_ref().ok().and_then(|known| known.as_ref()).map(|(value, _)| value.user().to_owned());
        let store = &*self.store;
        let mut flights = store.lock();
        let fate = flights.end(self.number).map_or(Fate::Withhold, |forgotten| forgotten.fate(user.as_deref()));
        self.completed = true;
        match (fate, looked_up) {
            (Fate::Withhold, _) => Outcome::Withheld,
            (Fate::Give, Ok(Some((value, _)))) => Outcome::Known(Arc::new(value)),
            (Fate::Store, Ok(Some((value, expiry)))) => {
                let value = Arc::new(value);
                store.refused.remove(&self.key);
                match Entry::new(value.clone(), expiry, &store.times, now) {
                    Some(entry) => store.keep(self.key, entry),
                    None => drop(store.known.remove(&self.key)),
                }
                Outcome::Known(value)
            }
            (_, Ok(None)) => {
                if fate == Fate::Store {
                    store.known.remove(&self.key);
                    if let Some(until) = now.instant.checked_add(store.times.negative_ttl) {
                        store.refused.insert(self.key, until);
                    }
                }
                Outcome::Refused
            }
            (_, Err(error)) => {
                let failed = store.known.peek(&self.key).and_then(|held| held.entry.after_failure(&store.times, now));
                if let Some(entry) = failed {
                    store.keep(self.key, entry);
                }
                Outcome::Failed(error)
            }
        }
    }
}

impl<T> Drop for Leader<T> {
    /// Ends a flight that was abandoned, by a panic or with its runtime. Its followers see the channel's end.
    fn drop(&mut self) {
        if !self.completed {
            self.store.flights.lock().unwrap_or_else(PoisonError::into_inner).end(self.number);
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
            Self::Known(value) => Self::Known(value.clone()),
            Self::Refused => Self::Refused,
            Self::Failed(error) => Self::Failed(error.clone()),
            Self::Withheld => Self::Withheld,
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
