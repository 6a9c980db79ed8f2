//! Which look-ups are under way, and what was forgotten meanwhile. Without I/O, locks and a clock.

use super::key::Key;
use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

/// The most users that a flight remembers as forgotten; after them it gives its result to nobody.
const MOST_USERS: usize = 32;

/// The flights under way. Callers wait for one with a `W`, and each takes up a place `P`.
#[derive(Debug)]
pub(crate) struct Flights<W, P> {
    /// After how long a flight counts as lost, for example with a runtime that is there and that nobody drives.
    longest: Duration,
    begun: u64,
    /// The flight that a caller with this key joins.
    current: HashMap<Key, u64>,
    /// By their numbers, and so by age.
    running: BTreeMap<u64, Running<W, P>>,
}

#[derive(Debug)]
struct Running<W, P> {
    key: Key,
    /// By the clock that results age by.
    begun: Instant,
    /// Whether it was begun to learn what the service says since it has refused a call.
    anew: bool,
    wait: W,
    /// Held here and not by the flight's task, which may never run again.
    place: P,
    forgotten: Forgotten,
}

/// What was forgotten since a flight began.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    key: bool,
    all: bool,
    users: Vec<Box<str>>,
}

/// The use that may be made of a flight's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultUse {
    Store,
    /// Give it to those that wait, and do not store it.
    Deliver,
    /// Not even those that wait may have it: they ask again.
    Discard,
}

impl Forgotten {
    /// Returns the use of a result about `user`, if it is about one.
    pub(crate) fn result_use(&self, user: Option<&str>) -> ResultUse {
        match user {
            _ if self.key => ResultUse::Discard,
            Some(user) if self.users.iter().any(|forgotten| **forgotten == *user) => ResultUse::Discard,
            _ if self.all => ResultUse::Deliver,
            // That a token is for nobody may have been true of the forgotten user's alone.
            None if !self.users.is_empty() => ResultUse::Deliver,
            _ => ResultUse::Store,
        }
    }
}

impl<W: Clone, P> Flights<W, P> {
    pub(crate) fn new(longest: Duration) -> Self {
        Self { longest, begun: 0, current: HashMap::new(), running: BTreeMap::new() }
    }

    /// Returns the flight for this key, if one is under way, and when it began.
    pub(crate) fn under_way_for(&self, key: &Key) -> Option<(W, Instant)> {
        let running = self.current.get(key).and_then(|number| self.running.get(number))?;
        Some((running.wait.clone(), running.begun))
    }

    /// Begins a flight that others wait for with `wait`, in the place of one for this key; returns its number.
    pub(crate) fn begin(&mut self, key: Key, now: Instant, anew: bool, wait: W, place: P) -> u64 {
        self.begun += 1;
        self.current.insert(key, self.begun);
        let forgotten = Forgotten::default();
        self.running.insert(self.begun, Running { key, begun: now, anew, wait, place, forgotten });
        self.begun
    }

    /// The result of a flight for this key goes to nobody if it was begun for another reason than a refusal: it may have been on its way
    /// before that.
    pub(crate) fn forget_older(&mut self, key: &Key) {
        let running = self.current.get(key).and_then(|number| self.running.get(number));
        if running.is_some_and(|running| !running.anew) {
            self.forget_token(key);
        }
    }

    /// Ends a flight; returns what was forgotten since it began, and its place. `None` if it was lost.
    pub(crate) fn end(&mut self, number: u64) -> Option<(Forgotten, P)> {
        let running = self.running.remove(&number)?;
        if self.current.get(&running.key) == Some(&number) {
            self.current.remove(&running.key);
        }
        Some((running.forgotten, running.place))
    }

    /// Takes out the flights that should have ended long ago, and returns their places. What they still bring goes to nobody.
    pub(crate) fn take_lost(&mut self, now: Instant) -> Vec<P> {
        let mut places = Vec::new();
        while let Some((&number, oldest)) = self.running.first_key_value()
            && now.saturating_duration_since(oldest.begun) >= self.longest
        {
            places.extend(self.end(number).map(|(_, place)| place));
        }
        places
    }

    /// The next caller with a key of this token begins a flight of its own, and the result of one under way goes to nobody.
    pub(crate) fn forget_token(&mut self, token: &Key) {
        self.current.retain(|key, _| !key.is_of(token));
        self.running
            .values_mut()
            .filter(|running| running.key.is_of(token))
            .for_each(|running| running.forgotten.key = true);
    }

    /// The result of a flight under way goes to nobody if it is about this user.
    ///
    /// Callers still join it: whom it is about is not known yet, and most are about others.
    pub(crate) fn forget_user(&mut self, user: &str) {
        for running in self.running.values_mut() {
            let forgotten = &mut running.forgotten;
            if forgotten.key || forgotten.users.iter().any(|known| **known == *user) {
                continue;
            }
            if forgotten.users.len() < MOST_USERS {
                forgotten.users.push(user.into());
            } else {
                forgotten.key = true;
                self.current.remove(&running.key);
            }
        }
    }

    /// The results of flights under way are not stored.
    pub(crate) fn forget_all(&mut self) {
        self.current.clear();
        self.running.values_mut().for_each(|running| running.forgotten.all = true);
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        self.running.values().map(|running| running.key)
    }

    /// Returns how many flights are under way.
    pub(crate) fn under_way(&self) -> usize {
        self.running.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::key::Keys, *};

    const LONGEST: Duration = Duration::from_secs(65);

    fn flights() -> (Flights<u8, u8>, Key, Key) {
        let keys = Keys::new();
        (Flights::new(LONGEST), keys.of(&["a"]), keys.of(&["b"]))
    }

    /// Joins a flight, or begins one; its place is that of its number.
    fn begin(flights: &mut Flights<u8, u8>, key: Key, wait: u8) -> Result<u64, u8> {
        match flights.under_way_for(&key) {
            Some((wait, _)) => Err(wait),
            None => Ok(flights.begin(key, Instant::now(), false, wait, wait)),
        }
    }

    fn result_use(flights: &mut Flights<u8, u8>, number: u64, user: Option<&str>) -> ResultUse {
        flights.end(number).unwrap().0.result_use(user)
    }

    #[test]
    fn one_flight_a_key() {
        let (mut flights, a, b) = flights();
        assert_eq!(begin(&mut flights, a, 1), Ok(1));
        assert_eq!(begin(&mut flights, a, 2), Err(1));
        assert_eq!(begin(&mut flights, b, 3), Ok(2));
        assert_eq!(begin(&mut flights, b, 5), Err(3));
        assert_eq!(result_use(&mut flights, 1, Some("ann")), ResultUse::Store);
        assert!(flights.end(1).is_none());
        assert_eq!((begin(&mut flights, a, 6), flights.under_way()), (Ok(3), 2));
    }

    #[test]
    fn what_was_forgotten_decides_the_use_of_the_result() {
        use ResultUse::*;
        type Forget = fn(&mut Flights<u8, u8>, Key, Key);
        // The use of a result about ann, about bob, and about nobody; then whether callers still join the flight.
        let table: [(Forget, [ResultUse; 3], bool); 7] = [
            (|_, _, _| {}, [Store; 3], true),
            (|flights, _, other| flights.forget_token(&other), [Store; 3], true),
            (|flights, key, _| flights.forget_token(&key), [Discard; 3], false),
            (|flights, _, _| flights.forget_user("ann"), [Discard, Store, Deliver], true),
            (|flights, _, _| flights.forget_all(), [Deliver; 3], false),
            (
                |flights, key, _| {
                    flights.forget_all();
                    flights.forget_token(&key);
                },
                [Discard; 3],
                false,
            ),
            (|flights, _, _| (0..100).for_each(|n| flights.forget_user(&format!("user {n}"))), [Discard; 3], false),
        ];
        for (row, (forget, uses, joined)) in table.into_iter().enumerate() {
            let (mut flights, key, other) = flights();
            let number = begin(&mut flights, key, 1).unwrap();
            forget(&mut flights, key, other);
            let joins = begin(&mut flights, key, 2).is_err();
            assert_eq!(joins, joined, "row {row}: whether a caller after it joins");
            let (forgotten, _) = flights.end(number).unwrap();
            let found = [Some("ann"), Some("bob"), None].map(|user| forgotten.result_use(user));
            assert_eq!(found, uses, "row {row}");
        }
    }

    #[test]
    fn the_end_of_a_forgotten_flight_leaves_the_new_one() {
        let (mut flights, a, _) = flights();
        let old = begin(&mut flights, a, 1).unwrap();
        flights.forget_token(&a);
        let new = begin(&mut flights, a, 2).unwrap();
        assert_eq!(result_use(&mut flights, old, None), ResultUse::Discard);
        assert_eq!(begin(&mut flights, a, 3), Err(2));
        assert_eq!(result_use(&mut flights, new, None), ResultUse::Store);
    }

    #[test]
    fn a_flight_that_never_ends_is_lost_and_its_place_is_free() {
        let (mut flights, a, b) = flights();
        let start = Instant::now();
        let old = flights.begin(a, start, false, 1, 1);
        let young = flights.begin(b, start + LONGEST / 2, false, 2, 2);
        assert!(flights.take_lost(start + LONGEST - Duration::from_nanos(1)).is_empty());
        assert_eq!(flights.take_lost(start + LONGEST), [1]);
        let young_since = start + LONGEST / 2;
        assert_eq!((flights.under_way_for(&a), flights.under_way_for(&b)), (None, Some((2, young_since))));
        assert_eq!(flights.under_way(), 1);
        // Another one takes over, which the end of the lost one leaves alone.
        let new = flights.begin(a, start + LONGEST, false, 3, 3);
        assert!(flights.end(old).is_none());
        assert_eq!(flights.under_way_for(&a), Some((3, start + LONGEST)));
        assert_eq!(flights.take_lost(start + 3 * LONGEST), [2, 3]);
        assert!(flights.end(young).is_none() && flights.end(new).is_none() && flights.under_way() == 0);
    }

    #[test]
    fn what_is_asked_anew_joins_nothing_that_may_be_older() {
        let (mut flights, a, b) = flights();
        let (old, other) = (begin(&mut flights, a, 1).unwrap(), begin(&mut flights, b, 2).unwrap());
        flights.forget_older(&a);
        assert_eq!(flights.under_way_for(&a), None);
        let new = flights.begin(a, Instant::now(), true, 3, 3);
        // The next one that asks anew shares it.
        flights.forget_older(&a);
        assert_eq!(begin(&mut flights, a, 4), Err(3));
        assert_eq!(result_use(&mut flights, old, Some("ann")), ResultUse::Discard);
        assert_eq!(result_use(&mut flights, new, Some("ann")), ResultUse::Store);
        assert_eq!(result_use(&mut flights, other, Some("ann")), ResultUse::Store);
    }
}
