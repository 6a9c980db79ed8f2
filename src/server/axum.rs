//! The extractors of axum, and rejections as its responses.

use super::{Caller, Identity, Rejection, RejectionKind, layer::NoCaller};
use axum_core::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use std::sync::atomic::{AtomicBool, Ordering};

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.into_http_response()
    }
}

/// Rejects a request without a caller, also where the guard is no part of the route: with 500 then.
impl<S: Sync, I: Identity> FromRequestParts<S> for Caller<I> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        find(parts)
    }
}

/// `None` only if a guard has looked and found no token.
impl<S: Sync, I: Identity> OptionalFromRequestParts<S> for Caller<I> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        match find(parts) {
            Ok(caller) => Ok(Some(caller)),
            Err(rejection) if rejection.kind() == RejectionKind::MissingToken => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}

fn find<I: Identity>(parts: &Parts) -> Result<Caller<I>, Rejection> {
    if let Some(caller) = parts.extensions.get::<Caller<I>>() {
        return Ok(caller.clone());
    }
    if let Some(none) = parts.extensions.get::<NoCaller<I>>() {
        return Err(none.rejection.clone());
    }
    // Closed, never open.
    let error = crate::Error::configuration(
        "a handler takes a Caller, and no guard with this identity stands before it: add `route_layer(guard.layer())`",
    );
    // Once in a process: whoever sends requests must not fill the log.
    static TOLD: AtomicBool = AtomicBool::new(false);
    if TOLD.swap(true, Ordering::Relaxed) {
        tracing::debug!(target: "iam_sdk", %error, "another request was rejected");
    } else {
        tracing::warn!(target: "iam_sdk", %error, "a request was rejected");
    }
    Err(Rejection::from(error))
}
