//! The settings of observation.

#[cfg(feature = "server")]
use super::CheckInfo;
#[cfg(feature = "jwt")]
use super::VerificationInfo;
use super::{AttemptInfo, CallInfo, Observer, RefreshInfo};
use crate::{
    Error, Result,
    config::{check_headers, is_framing},
};
use http::{HeaderMap, HeaderName, header};
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

type HeaderHook = dyn Fn(&str, &mut HeaderMap) + Send + Sync;

/// The observer of a client, its hook for headers, and whether spans have whole URLs.
#[derive(Clone, Default)]
pub(crate) struct Observing {
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) headers_from: Option<Arc<HeaderHook>>,
    pub(crate) trace_urls: bool,
}

impl Observing {
    /// Returns whether there is an observer, for which durations are measured.
    pub(crate) fn is_observed(&self) -> bool {
        self.observer.is_some()
    }

    pub(crate) fn call_finished(&self, call: &CallInfo) {
        self.notify(|observer| observer.call_finished(call));
    }

    pub(crate) fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
        self.notify(|observer| observer.attempt_finished(attempt));
    }

    pub(crate) fn refresh_finished(&self, refresh: &RefreshInfo) {
        self.notify(|observer| observer.refresh_finished(refresh));
    }

    #[cfg(feature = "server")]
    pub(crate) fn check_finished(&self, check: &CheckInfo) {
        self.notify(|observer| observer.check_finished(check));
    }

    #[cfg(feature = "jwt")]
    pub(crate) fn verification_finished(&self, verification: &VerificationInfo) {
        self.notify(|observer| observer.verification_finished(verification));
    }

    /// Calls the observer. The panic hook has reported a panic in it, and the observed call goes on.
    fn notify(&self, of: impl FnOnce(&dyn Observer)) {
        if let Some(observer) = &self.observer {
            let _ = catch_unwind(AssertUnwindSafe(|| of(&**observer)));
        }
    }

    /// Returns the hook's headers for an attempt. Those that the client sets itself, `reserved` among them, are left out.
    pub(crate) fn headers(&self, operation: &str, reserved: &[HeaderName]) -> Result<Option<Box<HeaderMap>>> {
        let Some(hook) = &self.headers_from else { return Ok(None) };
        let made = catch_unwind(AssertUnwindSafe(|| {
            let mut headers = HeaderMap::new();
            hook(operation, &mut headers);
            headers
        }));
        // The client cannot know what a header is for, so it must not leave one out silently.
        let mut headers = made.map_err(|_| Error::configuration("headers_from: the function panicked"))?;
        check_headers(headers.len())?;
        check_size(&headers)?;
        let own: Vec<HeaderName> = headers.keys().filter(|name| is_own(name, reserved)).cloned().collect();
        for name in own {
            tracing::debug!(target: "iam_sdk", { "http.request.header" = name.as_str() }, "a header of headers_from is left out: the client sets it itself");
            headers.remove(name);
        }
        for value in headers.values_mut() {
            // A gateway's key, for all we know.
            value.set_sensitive(true);
        }
        Ok((!headers.is_empty()).then(|| Box::new(headers)))
    }
}

/// The most bytes that the hook's headers may take. Many servers refuse a request with longer ones, and close the connection.
const MAX_HEADER_BYTES: usize = 16 * 1024;

fn check_size(headers: &HeaderMap) -> Result<()> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    match bytes > MAX_HEADER_BYTES {
        true => Err(Error::configuration(format!(
            "headers_from: the headers have {bytes} bytes, and at most {MAX_HEADER_BYTES} may be set"
        ))),
        false => Ok(()),
    }
}

/// Returns whether the client sets this header itself.
fn is_own(name: &HeaderName, reserved: &[HeaderName]) -> bool {
    reserved.contains(name) || is_framing(name) || [header::CONTENT_TYPE, header::USER_AGENT].contains(name)
}

impl fmt::Debug for Observing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observing")
            .field("observer", &self.observer.is_some())
            .field("headers_from", &self.headers_from.is_some())
            .field("trace_urls", &self.trace_urls)
            .finish()
    }
}

/// The setters of observation, for a builder with a field `settings`.
macro_rules! observing_methods {
    () => {
        /// Sets the observer, which is called at the end of every call, attempt and refresh. Default: no observer.
        ///
        /// It observes only what is built here. Clients, guards and verifiers each have an observer of their own; to observe several with
        /// one, give each an `Arc` of it. See [`observe`](crate::observe); the feature `metrics` brings an observer for the `metrics` facade.
        pub fn observer(mut self, observer: impl crate::observe::Observer + 'static) -> Self {
            self.settings.observing.observer = Some(std::sync::Arc::new(observer));
            self
        }

        /// Sets a function that adds headers to every attempt, such as `traceparent`. It gets the operation, such as
        /// `digiwin.users.get_user`, and an empty map to fill.
        ///
        /// It is called within the attempt's span, on the thread that makes the attempt, and must not block. Logins and refreshes that
        /// a session makes for itself have its headers too. They stand in the place of the builder's own of the same name, and give way
        /// to those of [`CallOptions`](crate::CallOptions). Headers that the client sets itself are left out: those that carry the
        /// service's own tokens, `Content-Type`, `User-Agent`, and those of the connection, such as `Host`. `Authorization` carries
        /// Authing's token, and is left out there and where keys of JWTs are fetched; Digiwin and Cloudspot have headers of their own for
        /// tokens, and a gateway before them gets what the function sets. No value is ever logged. If the function panics, or gives more than 200
        /// headers or more than 16 KiB of them, the call fails with [`Configuration`](crate::ErrorKind::Configuration), and the attempt is not sent.
        pub fn headers_from(mut self, add: impl Fn(&str, &mut crate::HeaderMap) + Send + Sync + 'static) -> Self {
            self.settings.observing.headers_from = Some(std::sync::Arc::new(add));
            self
        }

        /// Sets whether the spans of requests have the whole URL as `url.full`. Default: `false`, since paths and queries can hold
        /// users' ids, names and e-mail addresses. Secrets are left out either way.
        pub fn trace_urls(mut self, trace: bool) -> Self {
            self.settings.observing.trace_urls = trace;
            self
        }
    };
}
pub(crate) use observing_methods;
