//! Rows in order of creation, each with a key.

use super::cost::touched;
use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// A row's number: a later row has a larger one, and none is used twice.
pub(crate) type RowNo = u64;

pub(crate) struct Table<K, T> {
    /// Boxed: skipping to a late page walks small entries.
    rows: BTreeMap<RowNo, (K, Box<T>)>,
    numbers: HashMap<K, RowNo>,
    next: RowNo,
}

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), numbers: HashMap::new(), next: 0 }
    }
}

impl<K: Clone + Eq + Hash, T> Table<K, T> {
    /// Adds a row behind all others, in place of the row that has the key.
    pub(crate) fn insert(&mut self, key: K, row: T) -> RowNo {
        let number = self.next;
        self.next += 1;
        if let Some(old) = self.numbers.insert(key.clone(), number) {
            self.rows.remove(&old);
        }
        self.rows.insert(number, (key, Box::new(row)));
        number
    }

    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<(RowNo, T)>
    where
        K: Borrow<Q>,
    {
        let number = self.numbers.remove(key)?;
        self.rows.remove(&number).map(|(_, row)| (number, *row))
    }

    /// Changes a row's key in place, and removes the row that had the new key.
    pub(crate) fn rename<Q: Eq + Hash + ?Sized>(&mut self, from: &Q, to: K)
    where
        K: Borrow<Q>,
    {
        let Some(number) = self.numbers.remove(from) else { return };
        if let Some(old) = self.numbers.insert(to.clone(), number) {
            self.rows.remove(&old);
        }
        if let Some((key, _)) = self.rows.get_mut(&number) {
            *key = to;
        }
    }

    pub(crate) fn number<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<RowNo>
    where
        K: Borrow<Q>,
    {
        self.numbers.get(key).copied()
    }

    pub(crate) fn at(&self, number: RowNo) -> Option<&T> {
        touched();
        self.rows.get(&number).map(|(_, row)| &**row)
    }

    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.at(self.number(key)?)
    }

    pub(crate) fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut T>
    where
        K: Borrow<Q>,
    {
        touched();
        let number = self.number(key)?;
        self.rows.get_mut(&number).map(|(_, row)| &mut **row)
    }

    pub(crate) fn contains<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.numbers.contains_key(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the rows, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries().map(|(_, row)| row)
    }

    /// Returns the keys with their rows, the oldest first.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = (&K, &T)> {
        self.rows.values().map(|(key, row)| (key, &**row)).inspect(|_| touched())
    }

    /// Removes the oldest row.
    pub(crate) fn pop_first(&mut self) -> Option<(K, T)> {
        let (_, (key, row)) = self.rows.pop_first()?;
        self.numbers.remove(&key);
        Some((key, *row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

    #[test]
    fn does_what_a_plain_list_does() {
        let mut random = StdRng::seed_from_u64(7);
        let (mut table, mut list): (Table<u32, u32>, Vec<(u32, u32)>) = Default::default();
        for value in 0..20_000 {
            let (key, other) = (random.random_range(0..40), random.random_range(0..40));
            match random.random_range(0..40) {
                0 => assert_eq!(table.pop_first(), (!list.is_empty()).then(|| list.remove(0))),
                1..14 => {
                    table.insert(key, value);
                    list.retain(|(known, _)| *known != key);
                    list.push((key, value));
                }
                14..27 => {
                    let at = list.iter().position(|(known, _)| *known == key);
                    assert_eq!(table.remove(&key).map(|(_, row)| row), at.map(|at| list.remove(at).1));
                }
                _ => {
                    table.rename(&key, other);
                    if key != other && list.iter().any(|(known, _)| *known == key) {
                        list.retain(|(known, _)| *known != other);
                    }
                    list.iter_mut().filter(|(known, _)| *known == key).for_each(|(known, _)| *known = other);
                }
            }
            assert!(table.iter().eq(list.iter().map(|(_, value)| value)));
            assert_eq!(table.len(), list.len());
            let found = list.iter().find(|(known, _)| *known == key).map(|(_, value)| value);
            assert_eq!((table.get(&key), table.contains(&key)), (found, found.is_some()));
            assert_eq!(table.number(&key).and_then(|number| table.at(number)), found);
        }
    }
}
