//! An observer that records metrics with the facade `metrics`.

use super::{AttemptInfo, CallInfo, CheckInfo, Observer, RefreshInfo, VerificationInfo};
use ::metrics::{Label, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Records calls, attempts, refreshes and checks with the recorder that the program installed for the `metrics` facade, version 0.24.
///
/// | metric | kind, unit | labels |
/// | --- | --- | --- |
/// | `http.client.request.duration` | histogram, seconds | `http.request.method`, `server.address`, `server.port`, `url.template`, `http.response.status_code`, `error.type` |
/// | `iam.client.call.duration` | histogram, seconds | `iam.service`, `iam.operation`, `error.type` |
/// | `iam.client.retries` | counter | `iam.operation`, `iam.retry.reason` |
/// | `iam.client.token.refreshes` | counter | `iam.service`, `iam.refresh.reason`, `iam.refresh.result` |
/// | `iam.guard.checks` | counter | `iam.service`, `iam.guard.result`, `iam.cache` |
/// | `iam.guard.check.duration` | histogram, seconds | `iam.service`, `iam.cache` |
/// | `iam.guard.entries`, `iam.guard.in_flight` | gauge | `iam.service` |
/// | `iam.jwt.verifications` | counter | `iam.jwt.result`, `iam.jwt.reason`, `error.type` |
///
/// Every label's values are a closed list: operations, kinds of error, HTTP statuses, and the base URL's host. A label without a value
/// is left out: `error.type` of what succeeded, `url.template` of a raw call. Guards of one service in one program share their gauges.
///
/// ```
/// use iam_sdk::{cloudspot::LicenseClientBuilder, observe::Metrics};
///
/// /// Call it after the recorder is installed: it then has the metrics' units and descriptions.
/// fn observed<C>(builder: LicenseClientBuilder<C>) -> LicenseClientBuilder<C> {
///     builder.observer(Metrics::new())
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metrics;

const REQUEST_DURATION: &str = "http.client.request.duration";
const CALL_DURATION: &str = "iam.client.call.duration";
const RETRIES: &str = "iam.client.retries";
const REFRESHES: &str = "iam.client.token.refreshes";
const CHECKS: &str = "iam.guard.checks";
const CHECK_DURATION: &str = "iam.guard.check.duration";
const ENTRIES: &str = "iam.guard.entries";
const IN_FLIGHT: &str = "iam.guard.in_flight";
const VERIFICATIONS: &str = "iam.jwt.verifications";

impl Metrics {
    /// Describes the metrics to the recorder that is installed, and returns the observer.
    #[allow(clippy::new_without_default, reason = "it does more than create a value")]
    pub fn new() -> Self {
        describe_histogram!(REQUEST_DURATION, Unit::Seconds, "Duration of attempts to send a request.");
        describe_histogram!(CALL_DURATION, Unit::Seconds, "Duration of calls, retries and waits included.");
        describe_counter!(RETRIES, Unit::Count, "Requests that were sent again.");
        describe_counter!(REFRESHES, Unit::Count, "Logins and refreshes that sessions made for themselves.");
        describe_counter!(CHECKS, Unit::Count, "Checks of requests' tokens.");
        describe_histogram!(CHECK_DURATION, Unit::Seconds, "Duration of checks of requests' tokens.");
        describe_gauge!(ENTRIES, Unit::Count, "Tokens in the guard's cache.");
        describe_gauge!(IN_FLIGHT, Unit::Count, "Introspections in flight.");
        describe_counter!(VERIFICATIONS, Unit::Count, "Checks of JWTs by a verifier.");
        Self
    }
}

impl Observer for Metrics {
    fn call_finished(&self, call: &CallInfo) {
        let labels = labels([
            ("iam.service", Some(call.service)),
            ("iam.operation", Some(call.operation)),
            ("error.type", call.error_type()),
        ]);
        histogram!(CALL_DURATION, labels).record(call.duration);
    }

    fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
        let mut labels = labels([
            ("http.request.method", Some(attempt.method)),
            ("url.template", attempt.url_template),
            ("http.response.status_code", attempt.status.and_then(super::info::status_text)),
            ("error.type", attempt.error_type()),
        ]);
        labels.push(Label::new("server.address", attempt.server_address.to_owned()));
        labels.push(Label::new("server.port", attempt.server_port.to_string()));
        histogram!(REQUEST_DURATION, labels).record(attempt.duration);
        if let Some(reason) = attempt.resend_reason {
            let (operation, reason) = (attempt.operation, reason.as_str());
            counter!(RETRIES, "iam.operation" => operation, "iam.retry.reason" => reason).increment(1);
        }
    }

    fn refresh_finished(&self, refresh: &RefreshInfo) {
        let (service, reason, result) = (refresh.service, refresh.reason, refresh.result);
        let labels = [("iam.service", service), ("iam.refresh.reason", reason), ("iam.refresh.result", result)];
        counter!(REFRESHES, &labels).increment(1);
    }

    fn check_finished(&self, check: &CheckInfo) {
        let CheckInfo { service, result, cache, .. } = *check;
        counter!(CHECKS, "iam.service" => service, "iam.guard.result" => result, "iam.cache" => cache).increment(1);
        histogram!(CHECK_DURATION, "iam.service" => service, "iam.cache" => cache).record(check.duration);
        gauge!(ENTRIES, "iam.service" => service).set(check.entries as f64);
        gauge!(IN_FLIGHT, "iam.service" => service).set(check.in_flight as f64);
    }

    fn verification_finished(&self, verification: &VerificationInfo) {
        let labels = labels([
            ("iam.jwt.result", Some(verification.result)),
            ("iam.jwt.reason", verification.reason),
            ("error.type", verification.error_type()),
        ]);
        counter!(VERIFICATIONS, labels).increment(1);
    }
}

/// Returns the labels that have a value.
fn labels<const N: usize>(labels: [(&'static str, Option<&'static str>); N]) -> Vec<Label> {
    let labels = labels.into_iter();
    labels.filter_map(|(name, value)| Some(Label::from_static_parts(name, value?))).collect()
}
