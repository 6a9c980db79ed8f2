//! Calls with any number of identifiers, sent in batches.

use super::Session;
use crate::{
    Result,
    protocol::{batches::Batches, decode::Data, request::Request},
};

/// The most batches of one call that are under way at once.
const MAX_CONCURRENT: usize = 4;

impl Session {
    /// Sends a request for each batch and reads each response with `read`. Returns all results in order, or the first error.
    pub(crate) async fn call_in_batches<T: Send + 'static>(
        &self,
        batches: Batches,
        request: impl Fn(&[String]) -> Result<Request>,
        read: fn(&Data) -> Result<T>,
    ) -> Result<Vec<T>> {
        let requests = batches.iter().map(request).collect::<Result<Vec<_>>>()?;
        let call = |request| {
            let session = self.clone();
            async move { session.call_with(request, read).await }
        };
        batches.join(self.core.flavour.for_each_concurrent(MAX_CONCURRENT, requests, call).await)
    }
}
