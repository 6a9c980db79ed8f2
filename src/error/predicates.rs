//! What callers ask an error.

use super::{Error, ErrorKind};

/// Declares a predicate for each kind.
macro_rules! predicates {
    ($($(#[$doc:meta])* $name:ident => $kind:ident;)+) => {
        impl Error {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> bool {
                    self.kind() == ErrorKind::$kind
                }
            )+
        }

        #[cfg(test)]
        type Predicate = (&'static str, fn(&Error) -> bool, ErrorKind);

        #[cfg(test)]
        const PREDICATES: &[Predicate] = &[$((stringify!($name), Error::$name, ErrorKind::$kind)),+];
    };
}

predicates! {
    /// Returns whether a setting of the client, or its use, is wrong.
    is_configuration => Configuration;

    /// Returns whether an argument of the call is wrong.
    is_invalid_argument => InvalidArgument;

    /// Returns whether the call was only to show its request; see [`dry_run`](Self::dry_run).
    is_dry_run => DryRun;

    /// Returns whether a blocking call was made from inside an async runtime; nothing was sent.
    is_blocking_in_async => BlockingInAsync;

    /// Returns whether the credentials provider failed; its error is the [source](std::error::Error::source).
    is_credentials => Credentials;

    /// Returns whether the session held a login back after too many that did not help; see
    /// [`retry_after`](Self::retry_after).
    is_login_limited => LoginLimited;

    /// Returns whether the service refused the user: wrong credentials, or a missing, expired or revoked token. Never a 429 or
    /// a 5xx.
    is_authentication => Authentication;

    /// Returns whether the service refused the application: its token, or the user pool's id and secret.
    is_application => Application;

    /// Returns whether the caller is known and not permitted.
    is_authorization => Authorization;

    /// Returns whether the thing does not exist.
    is_not_found => NotFound;

    /// Returns whether the service found the request wrong.
    is_validation => Validation;

    /// Returns whether something of that name, address or number exists already.
    is_conflict => Conflict;

    /// Returns whether the service asks to slow down; see [`retry_after`](Self::retry_after).
    is_rate_limited => RateLimited;

    /// Returns whether the service itself failed.
    is_server => Server;

    /// Returns whether the HTTP status is one that no other kind stands for, such as a redirect or 405; see
    /// [`status`](Self::status).
    is_api => Api;

    /// Returns whether the service refused the request with a code that this crate does not know; see
    /// [`code`](Self::code).
    is_business => Business;

    /// Returns whether the response could not be decoded.
    is_decode => Decode;

    /// Returns whether the response was larger than the limit.
    is_too_large => TooLarge;

    /// Returns whether the login handshake failed.
    is_crypto => Crypto;

    /// Returns whether a time limit ran out.
    is_timeout => Timeout;

    /// Returns whether there was no connection to the service or the proxy; nothing was sent.
    is_connect => Connect;

    /// Returns whether the TLS handshake failed, for example because the server's certificate is not trusted.
    is_tls => Tls;

    /// Returns whether the connection broke after the request was sent.
    is_transport => Transport;

    /// Returns whether the token store failed.
    is_store => Store;
}

impl Error {
    /// Returns whether the same call may succeed later: rate limited, 502, 503, 504, timed out, connection refused or broken,
    /// or a service, store or credentials provider that says so.
    ///
    /// Whether repeating it is *safe* depends on the call: see [`was_sent`](Self::was_sent). A limited login is not among these: only
    /// other credentials, or the end of [`retry_after`](Self::retry_after), help.
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
    /// services behind it (502, 503, 504). [`ErrorKind`] has the table. Where a login of the session's own failed
    /// ([`is_session_login`](Self::is_session_login)), 503 takes the place of each 4xx. Where Cloudspot refuses a token with 403, another
    /// token does not help: that is 403, too. The rejections of the feature `server` follow from this status. Send [`retry_after`](Self::retry_after) along as
    /// `Retry-After` where there is one.
    ///
    /// ```
    /// # use iam_sdk::{Error, ErrorKind};
    /// assert_eq!(Error::new(ErrorKind::Authentication).suggested_status(), 401);
    /// // The client of the server can do nothing about the server's own app token.
    /// assert_eq!(Error::new(ErrorKind::Application).with_status(401).suggested_status(), 503);
    /// assert_eq!(Error::new(ErrorKind::Timeout).suggested_status(), 504);
    /// ```
    pub fn suggested_status(&self) -> u16 {
        match self.kind().suggested_status() {
            400..500 if self.is_session_login() => 503,
            401 if self.status() == Some(403) => 403,
            status => status,
        }
    }

    /// Returns whether the session could not get the token that the call needs: it failed to log in, to refresh its token, or to
    /// read it from the store.
    ///
    /// The request itself was not sent, or the service refused the token that it was sent with. [`operation`](Self::operation) is the
    /// request that failed, such as `digiwin.identity.get_public_key`. A login that the program asks for itself, such as with
    /// `identity().login(…)`, is a call like others: of its errors this is `false`.
    pub fn is_session_login(&self) -> bool {
        self.0.session_login
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_predicate_of_its_name() {
        for &kind in ErrorKind::ALL {
            let error = Error::new(kind);
            let says_so: Vec<_> = PREDICATES.iter().filter(|(_, predicate, _)| predicate(&error)).collect();
            let [(name, _, of)] = says_so[..] else { panic!("{kind:?}: {says_so:?}") };
            assert_eq!((*of, name.replace('_', "")), (kind, format!("is{kind:?}").to_lowercase()));
        }
        assert_eq!(PREDICATES.len(), ErrorKind::ALL.len());
    }
}
