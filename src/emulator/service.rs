//! What the emulator asks of a service.

use axum::{Router, response::Response};
use http::request::Parts;
use std::{io, sync::Arc};

/// The error responses of a service that faults send.
pub(super) trait ErrorResponses: Send + Sync {
    /// Returns an error with a code of the service's own, in response to the request with this head.
    fn error(&self, head: &Parts, code: u32) -> Response;

    /// Returns the response to a token that has expired.
    fn token_refused(&self, head: &Parts) -> Response;
}

/// A service that the emulator serves.
pub(super) trait Service: ErrorResponses + Sized {
    type Settings;

    /// The path below which the service is served. Those of its operations follow.
    const PREFIX: &'static str = "";

    /// Creates the service with the seed and the settings.
    ///
    /// # Errors
    ///
    /// If the seed contradicts itself, or if a key cannot be generated.
    fn new(settings: Self::Settings) -> io::Result<Self>;

    /// Returns the routes, none of which another service has.
    fn router(self: Arc<Self>) -> io::Result<Router>;

    /// Learns where the emulator listens.
    fn listens_at(&self, _base_url: &str) {}
}
