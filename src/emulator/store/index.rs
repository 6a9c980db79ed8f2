//! A multimap from keys to row numbers.

use super::{cost::touched, table::RowNo};
use std::{
    borrow::Borrow,
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

/// The numbers of rows by a key that several of them may have.
pub(crate) struct Index<K, N = RowNo>(HashMap<K, BTreeSet<N>>);

impl<K, N> Default for Index<K, N> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, N: Copy + Ord> Index<K, N> {
    pub(crate) fn insert(&mut self, key: K, number: N) {
        self.0.entry(key).or_default().insert(number);
    }

    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, number: N)
    where
        K: Borrow<Q>,
    {
        if let Some(numbers) = self.0.get_mut(key) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.0.remove(key);
            }
        }
    }

    /// Returns the rows that have a key, the oldest first.
    pub(crate) fn of<'a, Q: Eq + Hash + ?Sized>(
        &'a self,
        key: &Q,
    ) -> impl DoubleEndedIterator<Item = N> + use<'a, K, N, Q>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).into_iter().flatten().copied().inspect(|_| touched())
    }

    pub(crate) fn first<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<N>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)?.first().copied()
    }

    pub(crate) fn count<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map_or(0, BTreeSet::len)
    }
}
