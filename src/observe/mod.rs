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
//! // An `Arc` of an observer is one too: `builder.observer(failures.clone())`. So are a pair and an `Option`.
//! let failures = std::sync::Arc::new(Failures::default());
//! let mut call = CallInfo::new("digiwin", "digiwin.users.get_user");
//! call.error = Some(iam_sdk::ErrorKind::Timeout);
//! failures.call_finished(&call);
//! assert_eq!(failures.0.load(Relaxed), 1);
//! ```

mod combine;
mod info;
#[cfg(feature = "metrics")]
mod metrics;
mod settings;

#[cfg(feature = "jwt")]
pub(crate) use info::CANCELLED;
pub use info::{AttemptInfo, CallInfo, CheckInfo, RefreshInfo, VerificationInfo};
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
pub(crate) use settings::{Observing, observing_methods};

/// Receives what a client has done, when it has ended.
///
/// The builders of clients, guards and verifiers have `observer`, which sets it: each tells of its own work alone. To have all of it in
/// one place, give an `Arc` of one observer to each of them. A pair `(A, B)` is an observer too, which calls both, and so is an `Option`.
///
/// It is called on the thread that did the work, within the span of what has ended: it must not
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

    /// Receives a check of a JWT by a verifier, with the reason if the token is not accepted.
    fn verification_finished(&self, verification: &VerificationInfo) {
        let _ = verification;
    }
}
