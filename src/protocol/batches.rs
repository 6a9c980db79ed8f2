//! Calls of any number of identifiers, sent in batches.

use crate::{Error, Partial, Result};
use std::collections::HashSet;

/// The identifiers of a call, each once, in batches.
pub(crate) struct Batches {
    identifiers: Vec<String>,
    size: usize,
}

impl Batches {
    /// Divides the identifiers into batches of at most `size`.
    pub(crate) fn new(operation: &'static str, identifiers: &[impl AsRef<str>], size: usize) -> Result<Self> {
        let mut seen = HashSet::new();
        let distinct = identifiers.iter().map(AsRef::as_ref).filter(|id| seen.insert(*id));
        let identifiers: Vec<String> = distinct.map(str::to_owned).collect();
        match identifiers.is_empty() {
            true => Err(Error::argument("identifiers: the list is empty").operation_named(operation)),
            false => Ok(Self { identifiers, size }),
        }
    }

    /// Returns the batches, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[String]> {
        self.identifiers.chunks(self.size)
    }

    /// Joins the results of the batches, `None` for one that was not sent: all values in order, or the first error, which says
    /// how far the call came.
    pub(crate) fn join<T>(&self, results: Vec<Option<Result<T>>>) -> Result<Vec<T>> {
        let (mut values, mut partial, mut failure) = (Vec::new(), Partial::default(), None);
        for (batch, result) in self.iter().zip(results) {
            match result {
                Some(Ok(value)) => {
                    values.push(value);
                    partial.done.extend_from_slice(batch);
                    continue;
                }
                Some(Err(error)) => {
                    failure.get_or_insert(error);
                }
                None => {}
            }
            partial.failed_or_unsent.extend_from_slice(batch);
        }
        failure.map_or(Ok(values), |error| Err(error.partly(partial)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn batches_are_joined_in_order_and_a_failure_says_how_far_it_came() {
        let batches = Batches::new("t", &["a", "b", "a", "c", "d", "e"], 2).unwrap();
        assert_eq!(batches.iter().map(<[String]>::len).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(batches.join(vec![Some(Ok(1)), Some(Ok(2)), Some(Ok(3))]).unwrap(), [1, 2, 3]);
        let failed = Err(Error::new(ErrorKind::Server));
        let error = batches.join(vec![Some(Ok(1)), Some(failed), None]).unwrap_err();
        let partial = error.partial().unwrap();
        assert_eq!((partial.done.join(""), partial.failed_or_unsent.join("")), ("ab".to_owned(), "cde".to_owned()));
        assert!(Batches::new("t", &[""; 0], 2).is_err());
    }
}
