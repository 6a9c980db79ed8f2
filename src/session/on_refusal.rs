//! What is done when the service refuses a session's token.

use std::{fmt, sync::Arc};

/// A function that is called when the service refuses a session's token; by default none.
#[derive(Clone, Default)]
pub(crate) struct OnRefusal(Option<Arc<dyn Fn() + Send + Sync>>);

impl OnRefusal {
    #[cfg(feature = "server")]
    pub(crate) fn new(call: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(call)))
    }

    pub(crate) fn call(&self) {
        if let Some(call) = &self.0 {
            call();
        }
    }
}

impl fmt::Debug for OnRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRefusal")
    }
}
