//! Fields of a model that most of its objects lack.

use super::super::meter;
use serde::de::Error;
use std::fmt;

/// Fields that take one pointer until one of them is set.
#[derive(Clone)]
pub(crate) struct Rare<T>(Option<Box<T>>);

impl<T> Rare<T> {
    /// Returns the fields, if one was set.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// Returns the fields, if one was set, to change them.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }
}

impl<T: Default + PartialEq> Rare<T> {
    /// Frees the memory of the fields where none is set any more.
    pub(crate) fn trim(&mut self) {
        self.0.take_if(|fields| **fields == T::default());
    }
}

impl<T: Default> Rare<T> {
    /// Returns the fields, to set them.
    pub(crate) fn make(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }

    /// Returns the fields, to set one that was read: `None` where it was absent, and none has been set.
    pub(crate) fn make_for<E: Error>(&mut self, is_absent: bool) -> Result<Option<&mut T>, E> {
        if self.0.is_none() {
            if is_absent {
                return Ok(None);
            }
            meter::allow(size_of::<T>() + meter::OVERHEAD)?;
        }
        Ok(Some(self.make()))
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: PartialEq + Default> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self.get(), other.get()) {
            (None, None) => true,
            (Some(fields), Some(others)) => fields == others,
            (Some(fields), None) | (None, Some(fields)) => *fields == T::default(),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Rare<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(fields) => fields.fmt(f),
            None => f.write_str("none"),
        }
    }
}
