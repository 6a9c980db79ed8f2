//! On which runtimes the connections of a client live.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tokio::runtime::{Handle, Id};
use tower_layer::Layer;
use tower_service::Service;

/// The runtimes that opened connections; noted where one is opened, so that calls cost nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Runtimes(Arc<Mutex<Vec<Id>>>);

impl Runtimes {
    /// Whether all connections live on the runtime that runs this. One that is shut down drops requests in their midst.
    pub(super) fn are_only_this(&self) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Handle::try_current().is_ok_and(|handle| known.iter().all(|id| *id == handle.id()))
    }

    fn note(&self) {
        if let Ok(handle) = Handle::try_current() {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.contains(&handle.id()) {
                known.push(handle.id());
            }
        }
    }
}

impl<S> Layer<S> for Runtimes {
    type Service = Connecting<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Connecting { inner, runtimes: self.clone() }
    }
}

/// Connects, and notes where.
#[derive(Clone, Debug)]
pub(super) struct Connecting<S> {
    inner: S,
    runtimes: Runtimes,
}

impl<S: Service<R>, R> Service<R> for Connecting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.runtimes.note();
        self.inner.call(request)
    }
}
