//! What an observer receives: values without secrets, users' ids or texts of the service.

use crate::ErrorKind;
use std::time::Duration;

/// The `error_type` of work that its caller dropped.
pub(crate) const CANCELLED: &str = "cancelled";

/// A logical call that has ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CallInfo {
    /// The service: `digiwin`, `authing`, `cloudspot`, or `jwt` for a verifier that fetches keys.
    pub service: &'static str,
    /// The operation, such as `digiwin.users.get_user`, as [`Error::operation`](crate::Error::operation) names it.
    pub operation: &'static str,
    /// How many attempts the call's requests took together; 0 if nothing was sent. Those of a login or refresh that the call waited
    /// for are not counted.
    pub attempts: u32,
    /// How long the call took, with the waits between attempts and for a login or refresh.
    pub duration: Duration,
    /// Why the call failed; `None` where it succeeded, or was cancelled.
    pub error: Option<ErrorKind>,
    /// Whether the caller dropped the call before its end.
    pub cancelled: bool,
}

impl CallInfo {
    /// Creates the info of a call that succeeded at once, for tests of observers; set its fields to what a test needs.
    pub fn new(service: &'static str, operation: &'static str) -> Self {
        Self { service, operation, attempts: 1, duration: Duration::ZERO, error: None, cancelled: false }
    }

    /// Returns the error's kind in snake case, such as `timeout`, or `cancelled`; `None` where the call succeeded.
    pub fn error_type(&self) -> Option<&'static str> {
        error_type(self.error, self.cancelled)
    }
}

/// An attempt to send a request that has ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttemptInfo<'a> {
    /// The service: `digiwin`, `authing`, `cloudspot`, or `jwt` for a verifier that fetches keys.
    pub service: &'static str,
    /// The operation of the request, such as `digiwin.users.get_user`.
    pub operation: &'static str,
    /// The HTTP method; `_OTHER` for one that HTTP does not define.
    pub method: &'static str,
    /// The operation's path below the base URL, with `{name}` in the place of an argument; `None` for a raw call.
    pub url_template: Option<&'static str>,
    /// The host of the base URL.
    pub server_address: &'a str,
    /// The port of the base URL.
    pub server_port: u16,
    /// How often the request was sent before: for another attempt, or with another token.
    pub resend_count: u32,
    /// Why it is sent again: what the attempt before failed with. `None` for a first attempt.
    pub resend_reason: Option<ErrorKind>,
    /// The HTTP status, if a response came.
    pub status: Option<u16>,
    /// How long it took to send the request and to read the response.
    pub duration: Duration,
    /// Why the attempt failed; `None` where it succeeded, or was cancelled.
    pub error: Option<ErrorKind>,
    /// Whether the caller dropped the call during the attempt.
    pub cancelled: bool,
}

impl<'a> AttemptInfo<'a> {
    /// Creates the info of an attempt that succeeded, for tests of observers; set its fields to what a test needs.
    pub fn new(service: &'static str, operation: &'static str, server_address: &'a str) -> Self {
        Self {
            service,
            operation,
            method: "GET",
            url_template: None,
            server_address,
            server_port: 443,
            resend_count: 0,
            resend_reason: None,
            status: None,
            duration: Duration::ZERO,
            error: None,
            cancelled: false,
        }
    }

    /// Returns the HTTP status as text where it is one of failure, such as `503`, else the error's kind in snake case, such as
    /// `timeout`, or `cancelled`; `None` where the attempt succeeded.
    pub fn error_type(&self) -> Option<&'static str> {
        let status = self.status.filter(|status| *status >= 300 && self.error.is_some()).and_then(status_text);
        status.or_else(|| error_type(self.error, self.cancelled))
    }
}

/// A login or refresh that a session made for itself, and that has ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RefreshInfo {
    /// The service: `digiwin`, `authing` or `cloudspot`.
    pub service: &'static str,
    /// Why the session needed another token: it had no token (`missing`), its token had `expired`, the service had `rejected` it, it
    /// was to be replaced `ahead` of its end, or the program `requested` a login.
    pub reason: &'static str,
    /// The result. The service has `refreshed` the token, or the session has `logged_in`; the credentials provider has `provided`
    /// a token; one was `found` in the store, where another process had put it, or set by a caller; or it has `failed`, or was
    /// `cancelled`.
    pub result: &'static str,
    /// How long it took, with the wait for another process that holds the session's lock.
    pub duration: Duration,
    /// Why it failed; `None` where it succeeded, or was cancelled.
    pub error: Option<ErrorKind>,
    /// Whether it was ended from outside, say with its runtime.
    pub cancelled: bool,
}

impl RefreshInfo {
    /// Creates the info of a refresh that succeeded, for tests of observers; set its fields to what a test needs.
    pub fn new(service: &'static str, reason: &'static str) -> Self {
        Self { service, reason, result: "refreshed", duration: Duration::ZERO, error: None, cancelled: false }
    }

    /// Returns the error's kind in snake case, such as `timeout`, or `cancelled`; `None` where it succeeded.
    pub fn error_type(&self) -> Option<&'static str> {
        error_type(self.error, self.cancelled)
    }
}

/// A check of a request's token by a server's guard that has ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CheckInfo {
    /// The service that the guard asks: `digiwin`, `authing`, `cloudspot`, `jwt`, or `custom` for a closure.
    pub service: &'static str,
    /// The result: `ok`, `invalid`, `missing`, `forbidden`, `unavailable`, `overloaded`, `timeout` or `cancelled`.
    pub result: &'static str,
    /// How the cache served it: `hit`, `miss`, `negative`, `stale` or `joined`; `none` where it was not asked, for example because
    /// the request has no token, or where the check was cancelled.
    pub cache: &'static str,
    /// How long it took.
    pub duration: Duration,
    /// Why it failed, where the service could not be asked.
    pub error: Option<ErrorKind>,
    /// Whether the request was dropped before it was known who calls, for example because its client hung up.
    pub cancelled: bool,
    /// How many tokens the cache holds.
    pub entries: usize,
    /// How many introspections are in flight.
    pub in_flight: usize,
}

impl CheckInfo {
    /// Creates the info of a check that took no time.
    pub fn new(service: &'static str, result: &'static str, cache: &'static str) -> Self {
        Self {
            service,
            result,
            cache,
            duration: Duration::ZERO,
            error: None,
            cancelled: false,
            entries: 0,
            in_flight: 0,
        }
    }

    /// Returns the error's kind in snake case, such as `timeout`, or `cancelled`; `None` where the service said whether the token is
    /// good.
    pub fn error_type(&self) -> Option<&'static str> {
        error_type(self.error, self.cancelled)
    }
}

/// A check of a JWT by a verifier that has ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VerificationInfo {
    /// The result: `ok`, `invalid` (the token is not accepted), `unavailable` (the keys could not be fetched), or `cancelled`.
    pub result: &'static str,
    /// Why the token is not accepted, such as `expired`, `audience` or `unknown_key`; `None` but for `invalid`. The guide's page on
    /// [observability](crate::guide::observability) lists the reasons.
    pub reason: Option<&'static str>,
    /// How long it took, with the wait for keys.
    pub duration: Duration,
    /// Why the keys could not be fetched; `None` but for `unavailable`.
    pub error: Option<ErrorKind>,
    /// Whether the caller dropped the check before its end.
    pub cancelled: bool,
}

impl VerificationInfo {
    /// Creates the info of a check that took no time, for tests of observers; set its fields to what a test needs.
    pub fn new(result: &'static str) -> Self {
        Self { result, reason: None, duration: Duration::ZERO, error: None, cancelled: false }
    }

    /// Returns the kind of the error with which the keys could not be fetched, in snake case, such as `timeout`, or `cancelled`; `None`
    /// where the verifier could tell.
    pub fn error_type(&self) -> Option<&'static str> {
        error_type(self.error, self.cancelled)
    }
}

fn error_type(error: Option<ErrorKind>, cancelled: bool) -> Option<&'static str> {
    error.map(ErrorKind::as_str).or(cancelled.then_some(CANCELLED))
}

/// Returns an HTTP status as text, without an allocation.
pub(crate) fn status_text(status: u16) -> Option<&'static str> {
    /// The digits of 100 to 999.
    static DIGITS: [[u8; 3]; 900] = {
        let mut digits = [[b'0'; 3]; 900];
        let mut at = 0;
        while at < 900 {
            let status = at + 100;
            digits[at] = [b'0' + (status / 100) as u8, b'0' + (status / 10 % 10) as u8, b'0' + (status % 10) as u8];
            at += 1;
        }
        digits
    };
    let digits = DIGITS.get(usize::from(status.checked_sub(100)?))?;
    str::from_utf8(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_text() {
        for status in 100..=999 {
            assert_eq!(status_text(status), Some(&*status.to_string()));
        }
        assert_eq!((status_text(99), status_text(1000), status_text(0)), (None, None, None));
    }

    #[test]
    fn an_attempt_failed_with_its_status_or_its_kind() {
        let table = [
            (Some(200), None, false, None),
            (Some(503), Some(ErrorKind::Server), false, Some("503")),
            (Some(302), Some(ErrorKind::Api), false, Some("302")),
            (Some(200), Some(ErrorKind::Decode), false, Some("decode")),
            (Some(200), Some(ErrorKind::TooLarge), false, Some("too_large")),
            (None, Some(ErrorKind::Timeout), false, Some("timeout")),
            (None, None, true, Some("cancelled")),
        ];
        for (status, error, cancelled, expected) in table {
            let mut attempt = AttemptInfo::new("t", "t.x", "h");
            (attempt.status, attempt.error, attempt.cancelled) = (status, error, cancelled);
            assert_eq!(attempt.error_type(), expected);
        }
    }
}
