//! Settings of single calls: time limits, retries and headers.

use crate::{
    IntoOption, Result, RetryPolicy,
    config::{self, Settings},
};
use http::{HeaderName, HeaderValue, header};
use std::{fmt, time::Duration};

/// Settings of single calls, which `with_options` of a client or handle takes: time limits, retries and headers.
///
/// `with_options` gives another client or handle. It shares session, token and connections with the one it was made from,
/// which stays as it is:
///
/// ```no_run
/// # fn soon(client: iam_sdk::blocking::Client) -> iam_sdk::Result<()> {
/// use iam_sdk::{CallOptions, RetryPolicy};
/// use std::time::Duration;
///
/// let soon = CallOptions::new().timeout(Duration::from_secs(2)).retry(RetryPolicy::never());
/// let user = client.users().with_options(soon)?.get_user("ann")?;
///
/// // For all calls of a request that is being served, in a session of its own.
/// let traced = client.with_options(CallOptions::new().header("traceparent", "00-…"))?;
/// let tenant = traced.with_token("the token that the request brought")?.tenants().get_current()?;
/// # Ok(()) }
/// ```
///
/// - What is not set, or set to `None`, stays as it is in the client or handle that `with_options` is called on. Handles
///   that are made from a client with options have them too, and so do the clients that its `with_session`, `with_session_as` and
///   `with_token` give.
/// - The options apply to every request of a call: to each batch, to each page of a pager, and to each step of a login that the
///   caller asks for, such as `login()`.
/// - Logins and refreshes that a session makes for itself, and `log_in()` with its credentials, have the client's own limits and retries and none of these headers: they
///   serve all who share the session. A call waits for them no longer than its own time limit.
///
/// `with_options` sends nothing. It fails with [`Configuration`](crate::ErrorKind::Configuration), which names what is wrong: a
/// time limit of zero, a [`RetryPolicy`] that says nothing sensible, or a header that is malformed or not the caller's to set.
#[derive(Clone, Default, PartialEq)]
pub struct CallOptions {
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
    dry_run: Option<bool>,
    headers: Vec<(String, String)>,
}

impl CallOptions {
    /// Creates options with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the longest that a request may take, with all its attempts and the waits between them. A login or refresh that the call
    /// has to wait for first may take as long again.
    pub fn timeout(mut self, timeout: impl IntoOption<Duration>) -> Self {
        self.timeout = timeout.into_option();
        self
    }

    /// Sets the longest that one attempt may take. Where neither this nor the builder's `attempt_timeout` is set, an attempt may take
    /// all that is left of the time limit.
    pub fn attempt_timeout(mut self, timeout: impl IntoOption<Duration>) -> Self {
        self.attempt_timeout = timeout.into_option();
        self
    }

    /// Sets how often a failed request is sent again, and after which waits.
    pub fn retry(mut self, policy: impl IntoOption<RetryPolicy>) -> Self {
        self.retry = policy.into_option();
        self
    }

    /// Has each call fail with [`DryRun`](crate::ErrorKind::DryRun) in place of being sent. Default: `false`.
    ///
    /// Nothing is sent, not even a login. [`Error::dry_run`](crate::Error::dry_run) has the request, without its secrets; of a
    /// login that sends several requests, and of a call in batches, the first one.
    ///
    /// ```
    /// # #[cfg(feature = "blocking")] {
    /// use iam_sdk::{CallOptions, blocking::Client};
    ///
    /// let client = Client::builder("https://iam.example.com", "app-token").build()?;
    /// let error = client.with_options(CallOptions::new().dry_run(true))?.users().get_user("ann").unwrap_err();
    /// assert_eq!(error.dry_run().unwrap().to_string(), "POST https://iam.example.com/api/iam/v2/user");
    /// # }
    /// # Ok::<_, iam_sdk::Error>(())
    /// ```
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = Some(dry_run);
        self
    }

    /// Adds a header, in place of one of that name that the builder or earlier options have set. At most 200 may be set.
    ///
    /// Not the caller's to set are the headers that the client sets itself: those that carry the application and the token
    /// (Authing's `Authorization` among them), `Content-Type`, `User-Agent`, and those that belong to the connection, such as `Host`,
    /// `Content-Length` and `Connection`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// Shows no value of a header: it can be a gateway's key.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retry", &self.retry)
            .field("dry_run", &self.dry_run)
            .field("headers", &names)
            .finish()
    }
}

/// The settings that a call is made with, all of them decided.
#[derive(Clone)]
pub(crate) struct CallSettings {
    pub(crate) timeout: Duration,
    /// `None`: all that is left of `timeout`.
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    /// Whether calls fail with their request in place of sending it.
    pub(crate) dry_run: bool,
    /// Besides the client's own.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl CallSettings {
    /// Returns the client's own settings.
    pub(crate) fn of(settings: &Settings) -> Self {
        let Settings { timeout, attempt_timeout, .. } = *settings;
        Self { timeout, attempt_timeout, retry: settings.retry.clone(), dry_run: false, headers: Vec::new() }
    }

    /// Returns these settings with `options` in place of what they set. `reserved` are the headers of the service.
    pub(crate) fn with(&self, options: CallOptions, reserved: &[HeaderName]) -> Result<Self> {
        let mut settings = self.clone();
        settings.timeout = options.timeout.unwrap_or(self.timeout);
        settings.attempt_timeout = options.attempt_timeout.or(self.attempt_timeout);
        settings.retry = options.retry.unwrap_or(settings.retry);
        settings.dry_run = options.dry_run.unwrap_or(self.dry_run);
        config::check_time("timeout", settings.timeout)?;
        settings.attempt_timeout.map_or(Ok(()), |limit| config::check_time("attempt_timeout", limit))?;
        settings.retry.check()?;
        config::check_headers(options.headers.len())?;
        for (name, value) in &options.headers {
            let (parsed, value) = config::parse_header(name, value, reserved)?;
            if [header::CONTENT_TYPE, header::USER_AGENT].contains(&parsed) {
                return Err(config::reserved_header(name));
            }
            settings.headers.retain(|(other, _)| *other != parsed);
            settings.headers.push((parsed, value));
        }
        // Those of `with_options` before this one stay.
        config::check_headers(settings.headers.len())?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn base() -> CallSettings {
        CallSettings::of(&Settings::new("https://h".into()))
    }

    fn names(settings: &CallSettings) -> Vec<(&str, &str)> {
        settings.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect()
    }

    #[test]
    fn what_is_not_set_stays_as_it_is() {
        let base = base().with(CallOptions::new().timeout(SECOND).header("a", "1").header("B", "2"), &[]).unwrap();
        let same = base.with(CallOptions::new().timeout(None).retry(None).attempt_timeout(None), &[]).unwrap();
        assert_eq!((same.timeout, same.attempt_timeout, &same.retry), (SECOND, None, &RetryPolicy::new()));
        let changed = CallOptions::new().attempt_timeout(SECOND).retry(RetryPolicy::never()).header("b", "3");
        let changed = same.with(changed, &[]).unwrap();
        assert_eq!((changed.timeout, changed.attempt_timeout), (SECOND, Some(SECOND)));
        assert_eq!((changed.retry.max_attempts, names(&changed)), (1, vec![("a", "1"), ("b", "3")]));
        assert_eq!(names(&base), [("a", "1"), ("b", "2")], "the one it was made from stays as it is");
        assert!(changed.headers.iter().all(|(_, value)| value.is_sensitive()));
    }

    #[test]
    fn what_is_wrong_is_named_and_no_value_is_shown() {
        let new = CallOptions::new;
        let table = [
            ("timeout: ", new().timeout(Duration::ZERO)),
            ("attempt_timeout: ", new().attempt_timeout(Duration::ZERO)),
            ("retry: max_attempts", new().retry(RetryPolicy::new().max_attempts(0))),
            ("header `x-token`", new().header("x-token", "canary")),
            ("header `X-Token`", new().header("X-Token", "canary")),
            ("header `Content-Type`", new().header("Content-Type", "canary")),
            ("header `user-agent`", new().header("user-agent", "canary")),
            ("header `Host`", new().header("Host", "canary")),
            ("header `content-length`", new().header("content-length", "canary")),
            ("header `Transfer-Encoding`", new().header("Transfer-Encoding", "canary")),
            ("header `connection`", new().header("connection", "canary")),
            ("header `keep-alive`", new().header("keep-alive", "canary")),
            ("header `bad name`", new().header("bad name", "canary")),
            ("header `x`", new().header("x", "canary\n")),
        ];
        for (what, options) in table {
            let debug = format!("{options:?}");
            let error = base().with(options, &[HeaderName::from_static("x-token")]).err().unwrap();
            assert!(error.is_configuration() && error.to_string().contains(what), "{what}: {error}");
            assert!(!format!("{debug} {error:#?}").contains("canary"), "{debug} {error:#?}");
        }
    }
}
