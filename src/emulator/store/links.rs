//! Links between the rows of two tables, found from either side.

use super::{cost::touched, table::RowNo};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Links between the rows of two tables, with a value for each pair.
pub(crate) struct Links<T> {
    right: HashMap<RowNo, BTreeMap<RowNo, T>>,
    left: HashMap<RowNo, BTreeSet<RowNo>>,
}

impl<T> Default for Links<T> {
    fn default() -> Self {
        Self { right: HashMap::new(), left: HashMap::new() }
    }
}

impl<T> Links<T> {
    /// Links two rows. Rows that are linked stay as they are.
    pub(crate) fn link(&mut self, left: RowNo, right: RowNo, with: impl FnOnce() -> T) {
        self.right.entry(left).or_default().entry(right).or_insert_with(with);
        self.left.entry(right).or_default().insert(left);
    }

    pub(crate) fn unlink(&mut self, left: RowNo, right: RowNo) {
        if let Some(rights) = self.right.get_mut(&left) {
            rights.remove(&right);
            if rights.is_empty() {
                self.right.remove(&left);
            }
        }
        if let Some(lefts) = self.left.get_mut(&right) {
            lefts.remove(&left);
            if lefts.is_empty() {
                self.left.remove(&right);
            }
        }
    }

    /// Returns what is known of a pair.
    pub(crate) fn get(&self, left: RowNo, right: RowNo) -> Option<&T> {
        self.right.get(&left)?.get(&right)
    }

    pub(crate) fn contains(&self, left: RowNo, right: RowNo) -> bool {
        self.get(left, right).is_some()
    }

    /// Returns the rows on the right of a left one, in order of their creation.
    pub(crate) fn right_of(&self, left: RowNo) -> impl DoubleEndedIterator<Item = RowNo> {
        self.right.get(&left).into_iter().flat_map(|rights| rights.keys().copied()).inspect(|_| touched())
    }

    pub(crate) fn count_right_of(&self, left: RowNo) -> usize {
        self.right.get(&left).map_or(0, BTreeMap::len)
    }

    /// Returns the rows on the left of a right one, in order of their creation.
    pub(crate) fn left_of(&self, right: RowNo) -> impl DoubleEndedIterator<Item = RowNo> {
        self.left.get(&right).into_iter().flat_map(|lefts| lefts.iter().copied()).inspect(|_| touched())
    }

    /// Returns whether nothing on the left is linked with a right row.
    pub(crate) fn is_alone(&self, right: RowNo) -> bool {
        !self.left.contains_key(&right)
    }

    /// Removes all links of a left row, and returns what it was linked with.
    pub(crate) fn forget_left(&mut self, left: RowNo) -> Vec<RowNo> {
        let rights: Vec<RowNo> = self.right_of(left).collect();
        rights.iter().for_each(|right| self.unlink(left, *right));
        rights
    }

    /// Removes all links of a right row.
    pub(crate) fn forget_right(&mut self, right: RowNo) {
        let lefts: Vec<RowNo> = self.left_of(right).collect();
        lefts.into_iter().for_each(|left| self.unlink(left, right));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

    #[test]
    fn both_sides_agree_with_a_plain_set() {
        let mut random = StdRng::seed_from_u64(7);
        let (mut links, mut pairs): (Links<u32>, BTreeMap<(RowNo, RowNo), u32>) = Default::default();
        for value in 0..20_000 {
            let (left, right) = (random.random_range(0..12), random.random_range(0..12));
            match random.random_range(0..9) {
                0 => {
                    let gone: Vec<RowNo> = pairs.keys().filter(|(l, _)| *l == left).map(|(_, r)| *r).collect();
                    pairs.retain(|(l, _), _| *l != left);
                    assert_eq!(links.forget_left(left), gone);
                }
                1 => {
                    links.forget_right(right);
                    pairs.retain(|(_, r), _| *r != right);
                }
                2 | 3 => {
                    links.unlink(left, right);
                    pairs.remove(&(left, right));
                }
                _ => {
                    links.link(left, right, || value);
                    pairs.entry((left, right)).or_insert(value);
                }
            }
            let rights: Vec<RowNo> = pairs.keys().filter(|(l, _)| *l == left).map(|(_, r)| *r).collect();
            let lefts: Vec<RowNo> = pairs.keys().filter(|(_, r)| *r == right).map(|(l, _)| *l).collect();
            assert_eq!((links.count_right_of(left), links.is_alone(right)), (rights.len(), lefts.is_empty()));
            assert_eq!(links.right_of(left).collect::<Vec<_>>(), rights);
            assert_eq!(links.left_of(right).collect::<Vec<_>>(), lefts);
            assert_eq!(links.get(left, right), pairs.get(&(left, right)));
        }
    }
}
