//! What is done when the service refuses a session's token.

use crate::{Error, Result};
use std::{fmt, pin::Pin, sync::Arc};

type Told = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A function that is asked when the service refuses a session's token; by default none.
#[derive(Clone, Default)]
pub(crate) struct OnRefusal(Option<Arc<dyn Fn(Error) -> Told + Send + Sync>>);

impl OnRefusal {
    #[cfg(feature = "server")]
    pub(crate) fn new(call: impl Fn(Error) -> Told + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(call)))
    }

    /// Tells of the refusal.
    ///
    /// # Errors
    ///
    /// The error that counts in its place: the token is not what was refused.
    pub(crate) async fn call(&self, refusal: &Error) -> Result<()> {
        match &self.0 {
            Some(call) => call(refusal.clone()).await,
            None => Ok(()),
        }
    }
}

impl fmt::Debug for OnRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRefusal")
    }
}
