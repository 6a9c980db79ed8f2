//! What callers ask an error.

use super::{Error, ErrorKind};

impl Error {
    /// Returns whether a setting of the client, or its use, is wrong.
    pub fn is_configuration(&self) -> bool {
        self.kind() == ErrorKind::Configuration
    }

    /// Returns whether an argument of the call is wrong.
    pub fn is_invalid_argument(&self) -> bool {
        self.kind() == ErrorKind::InvalidArgument
    }

    /// Returns whether the credentials provider failed; its error is the [source](std::error::Error::source).
    pub fn is_credentials(&self) -> bool {
        self.kind() == ErrorKind::Credentials
    }

    /// Returns whether the session held a login back after too many that did not help; see
    /// [`retry_after`](Self::retry_after).
    pub fn is_login_limited(&self) -> bool {
        self.kind() == ErrorKind::LoginLimited
    }

    /// Returns whether the service refused the user: wrong credentials, or a missing, expired or revoked token. Never a 429 or
    /// a 5xx.
    pub fn is_authentication(&self) -> bool {
        self.kind() == ErrorKind::Authentication
    }

    /// Returns whether the service refused the application: its token, or the user pool's id and secret.
    pub fn is_application(&self) -> bool {
        self.kind() == ErrorKind::Application
    }

    /// Returns whether the caller is known and not permitted.
    pub fn is_authorization(&self) -> bool {
        self.kind() == ErrorKind::Authorization
    }

    /// Returns whether the thing does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// Returns whether the service found the request wrong.
    pub fn is_validation(&self) -> bool {
        self.kind() == ErrorKind::Validation
    }

    /// Returns whether something of that name, address or number exists already.
    pub fn is_conflict(&self) -> bool {
        self.kind() == ErrorKind::Conflict
    }

    /// Returns whether the service asks to slow down; see [`retry_after`](Self::retry_after).
    pub fn is_rate_limited(&self) -> bool {
        self.kind() == ErrorKind::RateLimited
    }

    /// Returns whether the service itself failed.
    pub fn is_server(&self) -> bool {
        self.kind() == ErrorKind::Server
    }

    /// Returns whether the service refused the request with a code that this crate does not know; see
    /// [`code`](Self::code).
    pub fn is_business(&self) -> bool {
        self.kind() == ErrorKind::Business
    }

    /// Returns whether the response could not be decoded.
    pub fn is_decode(&self) -> bool {
        self.kind() == ErrorKind::Decode
    }

    /// Returns whether the response was larger than the limit.
    pub fn is_too_large(&self) -> bool {
        self.kind() == ErrorKind::TooLarge
    }

    /// Returns whether the login handshake failed.
    pub fn is_crypto(&self) -> bool {
        self.kind() == ErrorKind::Crypto
    }

    /// Returns whether a time limit ran out.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Returns whether there was no connection to the service or the proxy; nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.kind() == ErrorKind::Connect
    }

    /// Returns whether the TLS handshake failed, for example because the server's certificate is not trusted.
    pub fn is_tls(&self) -> bool {
        self.kind() == ErrorKind::Tls
    }

    /// Returns whether the connection broke after the request was sent.
    pub fn is_transport(&self) -> bool {
        self.kind() == ErrorKind::Transport
    }

    /// Returns whether the token store failed.
    pub fn is_store(&self) -> bool {
        self.kind() == ErrorKind::Store
    }

    /// Returns whether the same call may succeed later: rate limited, 502, 503, 504, timed out, connection refused or broken,
    /// or a service, store or credentials provider that says so.
    ///
    /// Whether repeating it is *safe* depends on the call: see [`was_sent`](Self::was_sent).
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::RateLimited | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport => true,
            ErrorKind::Server if matches!(self.status(), Some(502..=504)) => true,
            _ => self.0.retryable,
        }
    }

    /// Returns the HTTP status with which a server should respond to its own client where this error ends a request.
    ///
    /// It says whose fault the failure is as that client sees it: what the client sent (4xx), this server (500), or the
    /// services behind it (502, 503, 504). [`ErrorKind`] has the table. Send [`retry_after`](Self::retry_after) along as
    /// `Retry-After` where there is one.
    ///
    /// ```
    /// # use iam_sdk::{Error, ErrorKind};
    /// assert_eq!(Error::new(ErrorKind::Authentication).suggested_status(), 401);
    /// // The client of the server can do nothing about the server's own app token.
    /// assert_eq!(Error::new(ErrorKind::Application).with_status(401).suggested_status(), 500);
    /// assert_eq!(Error::new(ErrorKind::Timeout).suggested_status(), 504);
    /// ```
    pub fn suggested_status(&self) -> u16 {
        self.kind().suggested_status()
    }
}
