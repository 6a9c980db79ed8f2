//! Observers of the clients' work: an [`Observer`] of your own is called at the end of every call, attempt and refresh.
//!
//! The guide's page on [observability](crate::guide::observability) has the spans and events too, which need no observer.
//!
//! ```
//! use iam_sdk::observe::{CallInfo, Observer};
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//!
//! #[derive(Default)]
//! struct Failures(AtomicU64);
//!
//! impl Observer for Failures {
//!     fn call_finished(&self, call: &CallInfo) {
//!         self.0.fetch_add(u64::from(call.error.is_some()), Relaxed);
//!     }
//! }
//!
//! // An `Arc` of an observer is one too: `builder.observer(failures.clone())`.
//! let failures = std::sync::Arc::new(Failures::default());
//! let mut call = CallInfo::new("digiwin", "digiwin.users.get_user");
//! call.error = Some(iam_sdk::ErrorKind::Timeout);
//! failures.call_finished(&call);
//! assert_eq!(failures.0.load(Relaxed), 1);
//! ```

mod info;
#[cfg(feature = "metrics")]
mod metrics;
mod settings;

pub use info::{AttemptInfo, CallInfo, CheckInfo, RefreshInfo};
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
pub(crate) use settings::{Observing, observing_methods};

use std::sync::Arc;

/// Receives what a client has done, when it has ended.
///
/// The builder's `observer` sets it. It is called on the thread that did the work, within the span of what has ended: it must not
/// block, and must not call the client that it observes. A panic in it is caught; it changes nothing for the call.
///
/// Each method does nothing by default.
pub trait Observer: Send + Sync {
    /// Receives a logical call: one method of a client, with all the requests that it sent.
    ///
    /// Each page of a pager is a call. A login or refresh that a session makes for itself is not a call.
    fn call_finished(&self, call: &CallInfo) {
        let _ = call;
    }

    /// Receives an attempt to send a request: those of calls, and those of logins and refreshes that a session makes for itself.
    fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
        let _ = attempt;
    }

    /// Receives a login or refresh that a session made for itself, once for all calls that waited for it.
    fn refresh_finished(&self, refresh: &RefreshInfo) {
        let _ = refresh;
    }

    /// Receives a check of a request's token by a server's guard.
    fn check_finished(&self, check: &CheckInfo) {
        let _ = check;
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn call_finished(&self, call: &CallInfo) {
        (**self).call_finished(call);
    }

    fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
        (**self).attempt_finished(attempt);
    }

    fn refresh_finished(&self, refresh: &RefreshInfo) {
        (**self).refresh_finished(refresh);
    }

    fn check_finished(&self, check: &CheckInfo) {
        (**self).check_finished(check);
    }
}
