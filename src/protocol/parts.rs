//! Calls of any number of identifiers, sent in parts.

use crate::{Error, Partial, Result};
use std::collections::HashSet;

/// The identifiers of a call, each once.
pub(crate) struct Parts {
    identifiers: Vec<String>,
    size: usize,
}

impl Parts {
    /// In parts of so many.
    pub(crate) fn new(operation: &'static str, identifiers: &[impl AsRef<str>], size: usize) -> Result<Self> {
        let mut seen = HashSet::new();
        let distinct = identifiers.iter().map(AsRef::as_ref).filter(|id| seen.insert(*id));
        let identifiers: Vec<String> = distinct.map(str::to_owned).collect();
        match identifiers.is_empty() {
            true => Err(Error::argument("identifiers: the list is empty").operation_named(operation)),
            false => Ok(Self { identifiers, size }),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[String]> {
        self.identifiers.chunks(self.size)
    }

    /// What came of each part, if it was sent, as one: all values in order, or the first error and how far the call came.
    pub(crate) fn join<T>(&self, results: Vec<Option<Result<T>>>) -> Result<Vec<T>> {
        let (mut values, mut partial, mut failure) = (Vec::new(), Partial::default(), None);
        for (part, result) in self.iter().zip(results) {
            match result {
                Some(Ok(value)) => {
                    values.push(value);
                    partial.done.extend_from_slice(part);
                    continue;
                }
                Some(Err(error)) => {
                    failure.get_or_insert(error);
                }
                None => {}
            }
            partial.not_done.extend_from_slice(part);
        }
        failure.map_or(Ok(values), |error| Err(error.partly(partial)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn parts_are_joined_in_order_and_a_failure_says_how_far_it_came() {
        let parts = Parts::new("t", &["a", "b", "a", "c", "d", "e"], 2).unwrap();
        assert_eq!(parts.iter().map(<[String]>::len).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(parts.join(vec![Some(Ok(1)), Some(Ok(2)), Some(Ok(3))]).unwrap(), [1, 2, 3]);
        let failed = Err(Error::new(ErrorKind::Server));
        let error = parts.join(vec![Some(Ok(1)), Some(failed), None]).unwrap_err();
        let partial = error.partial().unwrap();
        assert_eq!((partial.done.join(""), partial.not_done.join("")), ("ab".to_owned(), "cde".to_owned()));
        assert!(Parts::new("t", &[""; 0], 2).is_err());
    }
}
