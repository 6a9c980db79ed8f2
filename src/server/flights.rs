//! Which look-ups are under way, and what was forgotten meanwhile. Without I/O, locks and a clock.

use super::key::Key;
use std::{collections::HashMap, time::Instant};

/// The most users that a flight remembers as forgotten; after them it gives its result to nobody.
const MOST_USERS: usize = 32;

/// The flights under way. Callers wait for one with a `W`.
#[derive(Debug)]
pub(crate) struct Flights<W> {
    begun: u64,
    /// The flight that a caller with this key joins.
    current: HashMap<Key, u64>,
    running: HashMap<u64, Running<W>>,
}

#[derive(Debug)]
struct Running<W> {
    key: Key,
    since: Instant,
    wait: W,
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
pub(crate) enum Fate {
    Store,
    /// Give it to those that wait, and do not store it.
    Give,
    /// Not even those that wait may have it: they ask again.
    Withhold,
}

/// The role of a caller.
#[derive(Debug)]
pub(crate) enum Begin<W> {
    /// The caller has begun the flight with this number.
    Leader(u64),
    /// Another caller's flight, begun then, is under way.
    Follower(W, Instant),
}

impl Forgotten {
    /// Returns the fate of a result about `user`, if it is about one.
    pub(crate) fn fate(&self, user: Option<&str>) -> Fate {
        match user {
            _ if self.key => Fate::Withhold,
            Some(user) if self.users.iter().any(|forgotten| **forgotten == *user) => Fate::Withhold,
            _ if self.all => Fate::Give,
            // That a token is for nobody may have been true of the forgotten user's alone.
            None if !self.users.is_empty() => Fate::Give,
            _ => Fate::Store,
        }
    }
}

impl<W: Clone> Flights<W> {
    pub(crate) fn new() -> Self {
        Self { begun: 0, current: HashMap::new(), running: HashMap::new() }
    }

    /// Returns the flight for this key, if one is under way.
    pub(crate) fn under_way_for(&self, key: &Key) -> Option<(W, Instant)> {
        let running = self.current.get(key).and_then(|number| self.running.get(number))?;
        Some((running.wait.clone(), running.since))
    }

    /// Joins the flight for this key, or begins one that others wait for with `wait`.
    pub(crate) fn begin(&mut self, key: Key, since: Instant, wait: impl FnOnce() -> W) -> Begin<W> {
        if let Some((wait, since)) = self.under_way_for(&key) {
            return Begin::Follower(wait, since);
        }
        self.begun += 1;
        self.current.insert(key, self.begun);
        self.running.insert(self.begun, Running { key, since, wait: wait(), forgotten: Forgotten::default() });
        Begin::Leader(self.begun)
    }

    /// Ends a flight; returns what was forgotten since it began.
    pub(crate) fn end(&mut self, number: u64) -> Option<Forgotten> {
        let running = self.running.remove(&number)?;
        if self.current.get(&running.key) == Some(&number) {
            self.current.remove(&running.key);
        }
        Some(running.forgotten)
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

    /// Returns how many flights are under way.
    pub(crate) fn under_way(&self) -> usize {
        self.running.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::key::Keys, *};

    fn flights() -> (Flights<u8>, Key, Key) {
        let keys = Keys::new();
        (Flights::new(), keys.of(&["a"]), keys.of(&["b"]))
    }

    fn begin(flights: &mut Flights<u8>, key: Key, wait: u8) -> Result<u64, u8> {
        match flights.begin(key, Instant::now(), || wait) {
            Begin::Leader(number) => Ok(number),
            Begin::Follower(wait, _) => Err(wait),
        }
    }

    #[test]
    fn one_flight_a_key() {
        let (mut flights, a, b) = flights();
        assert_eq!(begin(&mut flights, a, 1), Ok(1));
        assert_eq!(begin(&mut flights, a, 2), Err(1));
        assert_eq!(begin(&mut flights, b, 3), Ok(2));
        assert_eq!(begin(&mut flights, b, 5), Err(3));
        assert_eq!(flights.end(1).unwrap().fate(Some("ann")), Fate::Store);
        assert!(flights.end(1).is_none());
        assert_eq!((begin(&mut flights, a, 6), flights.under_way()), (Ok(3), 2));
    }

    #[test]
    fn what_was_forgotten_decides_the_results_fate() {
        type Forget = fn(&mut Flights<u8>, Key, Key);
        // Fate of a result about ann, about bob, and about nobody; then whether callers still join the flight.
        let table: [(Forget, [Fate; 3], bool); 7] = [
            (|_, _, _| {}, [Fate::Store; 3], true),
            (|flights, _, other| flights.forget_token(&other), [Fate::Store; 3], true),
            (|flights, key, _| flights.forget_token(&key), [Fate::Withhold; 3], false),
            (|flights, _, _| flights.forget_user("ann"), [Fate::Withhold, Fate::Store, Fate::Give], true),
            (|flights, _, _| flights.forget_all(), [Fate::Give; 3], false),
            (
                |flights, key, _| {
                    flights.forget_all();
                    flights.forget_token(&key);
                },
                [Fate::Withhold; 3],
                false,
            ),
            (
                |flights, _, _| (0..100).for_each(|n| flights.forget_user(&format!("user {n}"))),
                [Fate::Withhold; 3],
                false,
            ),
        ];
        for (row, (forget, fates, joined)) in table.into_iter().enumerate() {
            let (mut flights, key, other) = flights();
            let number = begin(&mut flights, key, 1).unwrap();
            forget(&mut flights, key, other);
            let joins = begin(&mut flights, key, 2).is_err();
            assert_eq!(joins, joined, "row {row}: whether a caller after it joins");
            let forgotten = flights.end(number).unwrap();
            let found = [Some("ann"), Some("bob"), None].map(|user| forgotten.fate(user));
            assert_eq!(found, fates, "row {row}");
        }
    }

    #[test]
    fn the_end_of_a_forgotten_flight_leaves_the_new_one() {
        let (mut flights, a, _) = flights();
        let old = begin(&mut flights, a, 1).unwrap();
        flights.forget_token(&a);
        let new = begin(&mut flights, a, 2).unwrap();
        assert_eq!(flights.end(old).unwrap().fate(None), Fate::Withhold);
        assert_eq!(begin(&mut flights, a, 3), Err(2));
        assert_eq!(flights.end(new).unwrap().fate(None), Fate::Store);
    }
}
