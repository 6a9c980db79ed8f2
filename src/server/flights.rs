//! Which look-ups are under way, and what was forgotten meanwhile. Without I/O, locks and a clock.

use super::key::Key;
use std::{collections::HashMap, time::Instant};

/// The most users that a flight remembers as forgotten; after them it gives its result to nobody.
const MOST_USERS: usize = 32;

/// The flights under way. Callers wait for one with a `W`.
#[derive(Debug)]
pub(crate) struct Flights<W> {
    begun: u64,
    limit: usize,
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
    /// Too many flights are under way.
    Full,
}

impl Forgotten {
    /// Returns the fate of a result about `user`, if it is about one.
    pub(crate) fn fate(&self, user: Option<&str>) -> Fate {
        match user {
            _ if self.key => Fate::Withhold,
            Some(user) if self.users.iter().any(|forgotten| **forgotten == *user) => Fate::Withhold,
            _ if self.all || !self.users.is_empty() => Fate::Give,
            _ => Fate::Store,
        }
    }
}

impl<W: Clone> Flights<W> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { begun: 0, limit, current: HashMap::new(), running: HashMap::new() }
    }

    /// Joins the flight for this key, or begins one that others wait for with `wait`.
    pub(crate) fn begin(&mut self, key: Key, since: Instant, wait: impl FnOnce() -> W) -> Begin<W> {
        if let Some(running) = self.current.get(&key).and_then(|number| self.running.get(number)) {
            return Begin::Follower(running.wait.clone(), running.since);
        }
        if self.running.len() >= self.limit {
            return Begin::Full;
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

    /// The next caller with this key begins a flight of its own, and the result of one under way goes to nobody.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.current.remove(key);
        self.running
            .values_mut()
            .filter(|running| running.key == *key)
            .for_each(|running| running.forgotten.key = true);
    }

    /// The result of a flight under way goes to nobody if it is about this user, and is not stored if it is about another one.
    pub(crate) fn forget_user(&mut self, user: &str) {
        self.current.clear();
        for forgotten in self.running.values_mut().map(|running| &mut running.forgotten) {
            forgotten.key |= forgotten.users.len() >= MOST_USERS;
            if !forgotten.key && !forgotten.users.iter().any(|known| **known == *user) {
                forgotten.users.push(user.into());
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

    fn flights(limit: usize) -> (Flights<u8>, Key, Key) {
        let keys = Keys::new();
        (Flights::new(limit), keys.of(&["a"]), keys.of(&["b"]))
    }

    fn begin(flights: &mut Flights<u8>, key: Key, wait: u8) -> Result<u64, Option<u8>> {
        match flights.begin(key, Instant::now(), || wait) {
            Begin::Leader(number) => Ok(number),
            Begin::Follower(wait, _) => Err(Some(wait)),
            Begin::Full => Err(None),
        }
    }

    #[test]
    fn one_flight_a_key_and_so_many_at_all() {
        let (mut flights, a, b) = flights(2);
        assert_eq!(begin(&mut flights, a, 1), Ok(1));
        assert_eq!(begin(&mut flights, a, 2), Err(Some(1)));
        assert_eq!(begin(&mut flights, b, 3), Ok(2));
        assert_eq!(begin(&mut flights, Keys::new().of(&["c"]), 4), Err(None));
        assert_eq!(begin(&mut flights, b, 5), Err(Some(3)), "joining needs no room");
        assert_eq!(flights.end(1).unwrap().fate(Some("ann")), Fate::Store);
        assert!(flights.end(1).is_none());
        assert_eq!((begin(&mut flights, a, 6), flights.under_way()), (Ok(3), 2));
    }

    #[test]
    fn what_was_forgotten_decides_the_results_fate() {
        type Forget = fn(&mut Flights<u8>, Key, Key);
        // Fate of a result about ann, about bob, and about nobody.
        let table: [(Forget, [Fate; 3]); 7] = [
            (|_, _, _| {}, [Fate::Store; 3]),
            (|flights, _, other| flights.forget(&other), [Fate::Store; 3]),
            (|flights, key, _| flights.forget(&key), [Fate::Withhold; 3]),
            (|flights, _, _| flights.forget_user("ann"), [Fate::Withhold, Fate::Give, Fate::Give]),
            (|flights, _, _| flights.forget_all(), [Fate::Give; 3]),
            (
                |flights, key, _| {
                    flights.forget_all();
                    flights.forget(&key);
                },
                [Fate::Withhold; 3],
            ),
            (|flights, _, _| (0..100).for_each(|n| flights.forget_user(&format!("user {n}"))), [Fate::Withhold; 3]),
        ];
        for (row, (forget, fates)) in table.into_iter().enumerate() {
            let (mut flights, key, other) = flights(8);
            let number = begin(&mut flights, key, 1).unwrap();
            forget(&mut flights, key, other);
            let joins = begin(&mut flights, key, 2).is_err();
            assert_eq!(joins, fates == [Fate::Store; 3], "row {row}: a caller after a forget does not join");
            let forgotten = flights.end(number).unwrap();
            let found = [Some("ann"), Some("bob"), None].map(|user| forgotten.fate(user));
            assert_eq!(found, fates, "row {row}");
        }
    }

    #[test]
    fn the_end_of_a_forgotten_flight_leaves_the_new_one() {
        let (mut flights, a, _) = flights(8);
        let old = begin(&mut flights, a, 1).unwrap();
        flights.forget(&a);
        let new = begin(&mut flights, a, 2).unwrap();
        assert_eq!(flights.end(old).unwrap().fate(None), Fate::Withhold);
        assert_eq!(begin(&mut flights, a, 3), Err(Some(2)));
        assert_eq!(flights.end(new).unwrap().fate(None), Fate::Store);
    }
}
