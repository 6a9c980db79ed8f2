//! Decoding of responses, apart from sending: the functions that send are compiled once for all types, and move no value.

use crate::{Result, protocol::decode::Data};

/// Decodes a response and keeps the value.
pub(super) trait Read: Send {
    fn read(&mut self, data: &Data) -> Result<()>;
}

/// A [`Read`] for one type.
pub(super) struct Reading<T, F> {
    read: F,
    /// Boxed, to keep the future of a call small.
    value: Option<Box<T>>,
}

impl<T: Send, F: Fn(&Data) -> Result<T> + Send> Reading<T, F> {
    pub(super) fn with(read: F) -> Self {
        Self { read, value: None }
    }

    /// Returns the value of a request that succeeded.
    ///
    /// # Panics
    /// If no response was decoded.
    pub(super) fn value(self) -> T {
        *self.value.expect("a request succeeds when its response has been read")
    }
}

impl<T: Send, F: Fn(&Data) -> Result<T> + Send> Read for Reading<T, F> {
    fn read(&mut self, data: &Data) -> Result<()> {
        self.value = Some(Box::new((self.read)(data)?));
        Ok(())
    }
}
