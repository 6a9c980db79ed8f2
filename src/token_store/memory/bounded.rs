//! A map that never grows beyond its capacity.

use super::super::StoreKey;
use std::collections::{BTreeMap, HashMap};

/// Values by key; beyond the capacity the one that was written longest ago goes.
pub(super) struct Bounded<V> {
    capacity: usize,
    by_key: HashMap<StoreKey, (u64, V)>,
    /// The keys by the number of their last write.
    by_age: BTreeMap<u64, StoreKey>,
    writes: u64,
    /// The size at which values that are over are looked for again.
    sweep_at: usize,
}

/// Below this size nothing is looked for.
const SMALL: usize = 64;

impl<V> Bounded<V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, by_key: HashMap::new(), by_age: BTreeMap::new(), writes: 0, sweep_at: SMALL }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn get(&self, key: &StoreKey) -> Option<&V> {
        self.by_key.get(key).map(|(_, value)| value)
    }

    pub(super) fn remove(&mut self, key: &StoreKey) {
        if let Some((age, _)) = self.by_key.remove(key) {
            self.by_age.remove(&age);
        }
    }

    /// Writes a value, in place of an earlier one; now and then drops those that are over, so that a write costs little on
    /// average.
    pub(super) fn insert(&mut self, key: StoreKey, value: V, is_over: impl Fn(&V) -> bool) {
        self.remove(&key);
        if self.len() >= self.sweep_at {
            self.by_key.retain(|_, (age, value)| {
                let over = is_over(value);
                if over {
                    self.by_age.remove(age);
                }
                !over
            });
            self.sweep_at = (self.len() * 2).max(SMALL);
        }
        self.writes += 1;
        self.by_age.insert(self.writes, key.clone());
        self.by_key.insert(key, (self.writes, value));
        while self.len() > self.capacity {
            let Some((_, oldest)) = self.by_age.pop_first() else { return };
            self.by_key.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> StoreKey {
        StoreKey::new("digiwin", "https://h", "a", Some(&n.to_string()))
    }

    #[test]
    fn the_oldest_go_first_and_a_write_makes_young() {
        let mut map = Bounded::new(3);
        for n in 0..3 {
            map.insert(key(n), n, |_| false);
        }
        map.insert(key(0), 100, |_| false);
        map.insert(key(3), 3, |_| false);
        let kept = |map: &Bounded<usize>| (0..5).map(|n| map.get(&key(n)).copied()).collect::<Vec<_>>();
        assert_eq!(kept(&map), [Some(100), None, Some(2), Some(3), None]);
        map.remove(&key(2));
        map.remove(&key(2));
        map.insert(key(4), 4, |_| false);
        assert_eq!(kept(&map), [Some(100), None, None, Some(3), Some(4)]);
        assert_eq!((map.len(), map.by_age.len()), (3, 3));
    }

    #[test]
    fn what_is_over_goes_before_the_capacity_is_reached() {
        let mut map = Bounded::new(100_000);
        for n in 0..10_000 {
            map.insert(key(n), n, |_| true);
        }
        assert!(map.len() <= SMALL, "{}", map.len());
        assert_eq!(map.len(), map.by_age.len());
        map.insert(key(0), 0, |_| false);
        assert_eq!(map.get(&key(0)), Some(&0));
    }
}
