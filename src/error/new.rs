//! Errors that users create: for stores of their own, and for tests of what they do about an error.

use super::{Error, ErrorKind, Inner, Partial};
use std::{error::Error as StdError, sync::Arc, time::Duration};

impl Error {
    /// Creates an error of this kind, for tests of code that handles errors.
    ///
    /// ```
    /// use iam_sdk::{Error, ErrorKind};
    /// use std::time::Duration;
    ///
    /// fn advice(error: &Error) -> &'static str {
    ///     match error.kind() {
    ///         ErrorKind::Authentication => "check your password",
    ///         ErrorKind::Business if error.code() == Some("21009") => "your account is locked",
    ///         _ if error.is_retryable() => "try again later",
    ///         _ => "call the help desk",
    ///     }
    /// }
    ///
    /// assert_eq!(advice(&Error::new(ErrorKind::Authentication).with_status(401)), "check your password");
    /// assert_eq!(advice(&Error::new(ErrorKind::Business).with_code("21009")), "your account is locked");
    /// let busy = Error::new(ErrorKind::RateLimited).with_status(429).with_retry_after(Duration::from_secs(5));
    /// assert_eq!(advice(&busy), "try again later");
    /// ```
    pub fn new(kind: ErrorKind) -> Self {
        Self(Arc::new(Inner {
            kind,
            operation: None,
            status: None,
            code: None,
            server_message: None,
            detail: None,
            json_path: None,
            request_id: None,
            retry_after: None,
            body: None,
            sent: false,
            attempts: 0,
            gave_up: None,
            session_login: false,
            retryable: false,
            unreadable: false,
            unprocessed: false,
            in_own_form: false,
            partial: None,
            dry_run: None,
            source: None,
        }))
    }

    /// Sets the call that failed, such as `digiwin.users.get_user`.
    pub fn with_operation(self, operation: &'static str) -> Self {
        self.operation_named(operation)
    }

    /// Sets the HTTP status of the response; the request [was sent](Self::was_sent) then.
    pub fn with_status(self, status: u16) -> Self {
        self.http_status(status)
    }

    /// Sets the service's own code.
    pub fn with_code(self, code: impl Into<String>) -> Self {
        self.with(|e| e.code = Some(super::cut(code.into())))
    }

    /// Sets what went wrong in words of your own.
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        self.detail(detail)
    }

    /// Sets the service's own message.
    pub fn with_server_message(self, message: impl Into<String>) -> Self {
        self.with(|e| e.server_message = Some(super::cut(message.into())))
    }

    /// Sets the id under which the service knows the request.
    pub fn with_request_id(self, id: impl Into<String>) -> Self {
        self.with(|e| e.request_id = Some(super::cut(id.into())))
    }

    /// Sets the beginning of the response's body; what is beyond 8 KiB is cut off.
    ///
    /// ```
    /// use iam_sdk::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Decode)
    ///     .with_status(200)
    ///     .with_json_path("[3].sid")
    ///     .with_request_id("r-7")
    ///     .with_body(r#"[{"sid": "seven"}]"#);
    /// assert_eq!((error.json_path(), error.request_id()), (Some("[3].sid"), Some("r-7")));
    /// // The body can hold personal data: only `body` shows it.
    /// assert!(error.body().unwrap().contains("seven") && !format!("{error:?}").contains("seven"));
    /// ```
    pub fn with_body(self, body: impl Into<String>) -> Self {
        self.with(|e| e.body = Some(super::cut(body.into())))
    }

    /// Sets where in the response's data decoding failed, such as `[3].sid`.
    pub fn with_json_path(self, path: impl Into<String>) -> Self {
        self.at_json_path(path.into())
    }

    /// Sets how long the service asks to wait.
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.wait(Some(wait))
    }

    /// Sets whether the service may have seen the request.
    pub fn with_sent(self, sent: bool) -> Self {
        self.sent(sent)
    }

    /// Sets whether a login of the session's own failed: see [`is_session_login`](Self::is_session_login).
    pub fn with_session_login(self, session_login: bool) -> Self {
        self.with(|e| e.session_login = session_login)
    }

    /// Sets how many attempts were made to send the request.
    pub fn with_attempts(self, attempts: u32) -> Self {
        self.attempts_made(attempts)
    }

    /// Sets how far a call came that is sent in batches.
    ///
    /// ```
    /// use iam_sdk::{Error, ErrorKind, Partial};
    ///
    /// let mut partial = Partial::default();
    /// partial.done.push("user-1".to_owned());
    /// partial.failed_or_unsent.push("user-2".to_owned());
    /// let error = Error::new(ErrorKind::Server).with_status(503).with_partial(partial);
    /// assert_eq!(error.partial().unwrap().failed_or_unsent, ["user-2"]);
    /// assert_eq!(error.to_string(), "the service failed (HTTP 503) (1 of 2 done)");
    /// ```
    pub fn with_partial(self, partial: Partial) -> Self {
        self.partly(partial)
    }

    /// Sets the cause, which [`source`](StdError::source) returns.
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source(source)
    }

    /// Creates an error of kind [`Store`](ErrorKind::Store), for a [`TokenStore`](crate::token_store::TokenStore) of your
    /// own.
    pub fn store(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        // Without it a log line would say no more than that the store failed.
        let detail = source.to_string();
        Self::new(ErrorKind::Store).detail(detail).source(source)
    }

    /// Creates an error of kind [`Store`](ErrorKind::Store) that [`is_retryable`](Self::is_retryable): the store cannot be
    /// reached at the moment.
    pub fn store_unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::store(source).retryable(true)
    }

    /// Creates an error of kind [`Store`](ErrorKind::Store) for an entry that is there and cannot be opened. A session with
    /// credentials passes over it and logs in.
    pub fn store_unreadable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::store(source).with(|e| e.unreadable = true)
    }
}
