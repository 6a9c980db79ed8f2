//! What stands in for the network in tests of this crate, on one thread.

use super::HttpRequest;
use crate::{Result, protocol::decode::Response};
use std::cell::RefCell;

type Responder = Box<dyn FnMut(&HttpRequest<'_>) -> Result<Response>>;

thread_local! {
    static RESPONDER: RefCell<Option<Responder>> = const { RefCell::new(None) };
}

/// Runs `work` with `respond` in place of the network for what this thread sends.
pub(crate) fn with<T>(
    respond: impl FnMut(&HttpRequest<'_>) -> Result<Response> + 'static,
    work: impl FnOnce() -> T,
) -> T {
    RESPONDER.set(Some(Box::new(respond)));
    let result = work();
    RESPONDER.set(None);
    result
}

pub(super) fn respond(request: &HttpRequest<'_>) -> Option<Result<Response>> {
    RESPONDER.with_borrow_mut(|responder| responder.as_mut().map(|respond| respond(request)))
}
