//! Links between two kinds of keys, found from either side.

use super::cost::touched;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
};

/// Links between two kinds of keys, with a value for each pair.
pub(crate) struct Links<L, R, T = ()> {
    right: HashMap<L, BTreeMap<R, T>>,
    left: HashMap<R, BTreeSet<L>>,
}

impl<L, R, T> Default for Links<L, R, T> {
    fn default() -> Self {
        Self { right: HashMap::new(), left: HashMap::new() }
    }
}

impl<L: Clone + Hash + Ord, R: Clone + Hash + Ord, T> Links<L, R, T> {
    /// Links two keys. A pair that is linked keeps its value.
    pub(crate) fn link(&mut self, left: &L, right: &R, value: impl FnOnce() -> T) {
        self.right.entry(left.clone()).or_default().entry(right.clone()).or_insert_with(value);
        self.left.entry(right.clone()).or_default().insert(left.clone());
    }

    pub(crate) fn unlink(&mut self, left: &L, right: &R) {
        if let Some(rights) = self.right.get_mut(left) {
            rights.remove(right);
            if rights.is_empty() {
                self.right.remove(left);
            }
        }
        if let Some(lefts) = self.left.get_mut(right) {
            lefts.remove(left);
            if lefts.is_empty() {
                self.left.remove(right);
            }
        }
    }

    /// Returns the value of a pair.
    pub(crate) fn get(&self, left: &L, right: &R) -> Option<&T> {
        self.right.get(left)?.get(right)
    }

    pub(crate) fn contains(&self, left: &L, right: &R) -> bool {
        self.get(left, right).is_some()
    }

    /// Returns the keys on the right of a left one, in their order.
    pub(crate) fn right_of(&self, left: &L) -> impl DoubleEndedIterator<Item = R> + use<'_, L, R, T> {
        self.right.get(left).into_iter().flat_map(|rights| rights.keys().cloned()).inspect(|_| touched())
    }

    pub(crate) fn count_right_of(&self, left: &L) -> usize {
        self.right.get(left).map_or(0, BTreeMap::len)
    }

    /// Returns the keys on the left of a right one, in their order.
    pub(crate) fn left_of(&self, right: &R) -> impl DoubleEndedIterator<Item = L> + use<'_, L, R, T> {
        self.left.get(right).into_iter().flat_map(|lefts| lefts.iter().cloned()).inspect(|_| touched())
    }

    /// Returns whether nothing on the left is linked with a right key.
    pub(crate) fn is_alone(&self, right: &R) -> bool {
        !self.left.contains_key(right)
    }

    /// Removes all links of a left key, and returns what it was linked with.
    pub(crate) fn forget_left(&mut self, left: &L) -> Vec<R> {
        let rights: Vec<R> = self.right_of(left).collect();
        rights.iter().for_each(|right| self.unlink(left, right));
        rights
    }

    /// Removes all links of a right key, and returns what it was linked with.
    pub(crate) fn forget_right(&mut self, right: &R) -> Vec<L> {
        let lefts: Vec<L> = self.left_of(right).collect();
        lefts.iter().for_each(|left| self.unlink(left, right));
        lefts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

    #[test]
    fn both_sides_agree_with_a_plain_set() {
        let mut random = StdRng::seed_from_u64(7);
        let mut links = Links::<u8, u8, u32>::default();
        let mut pairs = BTreeMap::<(u8, u8), u32>::new();
        for value in 0..20_000 {
            let (left, right) = (random.random_range(0..12), random.random_range(0..12));
            match random.random_range(0..9) {
                0 => {
                    let gone: Vec<u8> = pairs.keys().filter(|(l, _)| *l == left).map(|(_, r)| *r).collect();
                    pairs.retain(|(l, _), _| *l != left);
                    assert_eq!(links.forget_left(&left), gone);
                }
                1 => {
                    let gone: Vec<u8> = pairs.keys().filter(|(_, r)| *r == right).map(|(l, _)| *l).collect();
                    assert_eq!(links.forget_right(&right), gone);
                    pairs.retain(|(_, r), _| *r != right);
                }
                2 | 3 => {
                    links.unlink(&left, &right);
                    pairs.remove(&(left, right));
                }
                _ => {
                    links.link(&left, &right, || value);
                    pairs.entry((left, right)).or_insert(value);
                }
            }
            let rights: Vec<u8> = pairs.keys().filter(|(l, _)| *l == left).map(|(_, r)| *r).collect();
            let lefts: Vec<u8> = pairs.keys().filter(|(_, r)| *r == right).map(|(l, _)| *l).collect();
            assert_eq!((links.count_right_of(&left), links.is_alone(&right)), (rights.len(), lefts.is_empty()));
            assert_eq!(links.right_of(&left).collect::<Vec<_>>(), rights);
            assert_eq!(links.left_of(&right).collect::<Vec<_>>(), lefts);
            assert_eq!(links.get(&left, &right), pairs.get(&(left, right)));
        }
    }
}
