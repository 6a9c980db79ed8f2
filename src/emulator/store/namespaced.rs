//! Rows that a namespace and a code identify.

use super::{
    index::Index,
    table::{RowNo, Table},
};

pub(crate) struct Namespaced<T> {
    rows: Table<(String, String), T>,
    of_namespace: Index<String>,
}

fn key(namespace: &str, code: &str) -> (String, String) {
    (namespace.to_owned(), code.to_owned())
}

impl<T> Default for Namespaced<T> {
    fn default() -> Self {
        Self { rows: Table::default(), of_namespace: Index::default() }
    }
}

impl<T> Namespaced<T> {
    pub(crate) fn insert(&mut self, namespace: &str, code: &str, row: T) {
        let number = self.rows.insert(key(namespace, code), row);
        self.of_namespace.insert(namespace.to_owned(), number);
    }

    pub(crate) fn remove(&mut self, namespace: &str, code: &str) -> Option<RowNo> {
        let (number, _) = self.rows.remove(&key(namespace, code))?;
        self.of_namespace.remove(namespace, number);
        Some(number)
    }

    pub(crate) fn rename(&mut self, namespace: &str, from: &str, to: &str) {
        self.rows.rename(&key(namespace, from), key(namespace, to));
    }

    pub(crate) fn number(&self, namespace: &str, code: &str) -> Option<RowNo> {
        self.rows.number(&key(namespace, code))
    }

    pub(crate) fn at(&self, number: RowNo) -> Option<&T> {
        self.rows.at(number)
    }

    pub(crate) fn get(&self, namespace: &str, code: &str) -> Option<&T> {
        self.rows.get(&key(namespace, code))
    }

    pub(crate) fn get_mut(&mut self, namespace: &str, code: &str) -> Option<&mut T> {
        self.rows.get_mut(&key(namespace, code))
    }

    pub(crate) fn contains(&self, namespace: &str, code: &str) -> bool {
        self.number(namespace, code).is_some()
    }

    /// Returns how many rows a namespace has, and the rows, the oldest first.
    pub(crate) fn of_namespace(&self, namespace: &str) -> (usize, impl DoubleEndedIterator<Item = &T>) {
        let rows = self.of_namespace.of(namespace).filter_map(|number| self.rows.at(number));
        (self.of_namespace.count(namespace), rows)
    }
}
