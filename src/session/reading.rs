//! Reading of responses, apart from sending: what sends is compiled once for all types, and moves no value through its futures.

use crate::{Result, protocol::decode::Data};

/// Reads responses, each in place of the one before.
pub(super) trait Read: Send {
    fn read(&mut self, data: &Data) -> Result<()>;
}

/// Keeps what `F` makes of the last response.
pub(super) struct Reading<T, F> {
    read: F,
    /// Boxed, to keep the future of a call small.
    value: Option<Box<T>>,
}

impl<T: Send, F: Fn(&Data) -> Result<T> + Send> Reading<T, F> {
    pub(super) fn with(read: F) -> Self {
        Self { read, value: None }
    }

    /// Returns what was made of the response of a request that succeeded.
    ///
    /// # Panics
    /// If none succeeded.
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
