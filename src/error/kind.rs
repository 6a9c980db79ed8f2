use std::fmt;

/// Declares the kinds: the text of `Display`, and the HTTP status to respond with.
macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$kind_doc:meta])* $kind:ident = $text:literal, $status:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$kind_doc])* $kind,)+
        }

        impl $name {
            /// Every kind, for tests.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),+];

            /// Returns the kind in snake case, such as `rate_limited`: what spans and metrics have as `error.type`.
            pub fn as_str(self) -> &'static str {
                pastey::paste! {
                    match self {
                        $(Self::$kind => stringify!([<$kind:snake>]),)+
                    }
                }
            }

            pub(super) fn suggested_status(self) -> u16 {
                match self {
                    $(Self::$kind => $status,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$kind => $text,)+
                })
            }
        }
    };
}

kinds! {
    /// What went wrong, for a `match`.
    ///
    /// The predicates of [`Error`](crate::Error) cover the usual questions. `Display` is a few words, such as
    /// `authentication failed`.
    ///
    /// # What each kind means, and what helps
    ///
    /// *Again?* tells whether the same call may succeed later without a change:
    /// [`is_retryable`](crate::Error::is_retryable) knows the cases. The session itself has repeated by then what is safe to repeat.
    /// *Respond with* is what a server that calls this crate should respond to its own client:
    /// [`suggested_status`](crate::Error::suggested_status).
    ///
    /// | kind | meaning | again? | respond with |
    /// | --- | --- | --- | --- |
    /// | [`Configuration`](Self::Configuration) | a setting of the client, or its use, is wrong | no | 500 |
    /// | [`InvalidArgument`](Self::InvalidArgument) | an argument is wrong | no | 400 |
    /// | [`DryRun`](Self::DryRun) | the call was only to show its request | no | 500 |
    /// | [`BlockingInAsync`](Self::BlockingInAsync) | a blocking call inside an async runtime | no | 500 |
    /// | [`Credentials`](Self::Credentials) | the credentials provider failed | as its error says | 503 |
    /// | [`LoginLimited`](Self::LoginLimited) | too many logins have failed | after `retry_after`, or at once with other credentials | 429 |
    /// | [`Application`](Self::Application) | the service refuses the application | no | 503 |
    /// | [`Authentication`](Self::Authentication) | the service refuses the user or the token | after a login | 401 |
    /// | [`Authorization`](Self::Authorization) | the user may not do this | no | 403 |
    /// | [`NotFound`](Self::NotFound) | the thing, or the path, does not exist | no | 404 |
    /// | [`Validation`](Self::Validation) | the service finds the request wrong | no | 400 |
    /// | [`Conflict`](Self::Conflict) | something of that name exists already | no | 409 |
    /// | [`RateLimited`](Self::RateLimited) | the service asks to slow down | after `retry_after` | 429 |
    /// | [`Server`](Self::Server) | the service failed | at 502, 503, 504 | 502 |
    /// | [`Api`](Self::Api) | another HTTP status | no | 502 |
    /// | [`Business`](Self::Business) | the service refuses with a code of its own | depends on the code | 422 |
    /// | [`Decode`](Self::Decode) | the response cannot be decoded | no | 502 |
    /// | [`Crypto`](Self::Crypto) | the login handshake failed | no | 502 |
    /// | [`Connect`](Self::Connect) | no connection | yes | 502 |
    /// | [`Tls`](Self::Tls) | the TLS handshake failed | no | 502 |
    /// | [`Timeout`](Self::Timeout) | a time limit ran out | yes | 504 |
    /// | [`Transport`](Self::Transport) | the connection broke | yes | 502 |
    /// | [`TooLarge`](Self::TooLarge) | the response is too large | no | 502 |
    /// | [`Store`](Self::Store) | the token store failed | as the store says | 503 |
    ///
    /// # Errors that any call can meet
    ///
    /// The section *Errors* of a method names what is particular to it. Besides, any call that sends a request can fail with
    ///
    /// - `Configuration`, where the client was built before a fork; `BlockingInAsync`, for blocking calls;
    /// - `InvalidArgument`, where an argument cannot be sent: an empty list of identifiers or values (Authing), a `page` or `limit`
    ///   outside 1 to 2147483647, an id that cannot stand in a path;
    /// - `Connect`, `Tls`, `Timeout` or `Transport`, where the network fails, and `RateLimited`, `Server` or `Api`, where the service
    ///   does;
    /// - `Decode` or `TooLarge`, where the response is not what the call expects;
    /// - `Application`, `Authentication` or `Authorization`, where the service refuses who calls;
    /// - `NotFound`, `Validation`, `Conflict` or `Business`, where it refuses what the call asks for; `NotFound` also where the base
    ///   URL is wrong;
    /// - `Store`, where the session's token is kept in a token store; `Credentials`, `LoginLimited` or `Crypto`, where the call has to
    ///   log in first.
    ///
    /// # Whose credentials
    ///
    /// `Application` is about what the client was built with, `Authentication` about a user or a token. The services tell them apart
    /// only in part:
    ///
    /// - Digiwin: only `get_public_key` and `get_aes_key`, which every password login sends first, blame the application: a 401 or 403
    ///   there is `Application`. Elsewhere a 401 is `Authentication` and a 403 is `Authorization`, although the app token could be at
    ///   fault, for example after it was revoked.
    /// - Authing: a refusal of the request for the management token, and an unknown user pool anywhere, are `Application`. A
    ///   management token that is refused is `Authentication`.
    /// - Cloudspot: the service does not document what it responds to an unknown application id. Every 401 and 403 is
    ///   `Authentication`, as in the vendor's client.
    ErrorKind {
        /// A setting of the client is missing or wrong, or the client is used where it cannot be; nothing was sent.
        Configuration = "wrong configuration", 500;
        /// An argument of the call is wrong; nothing was sent.
        InvalidArgument = "invalid argument", 400;
        /// The call was made with [`CallOptions::dry_run`](crate::CallOptions::dry_run): nothing was sent, and
        /// [`Error::dry_run`](crate::Error::dry_run) has the request.
        DryRun = "dry run, nothing was sent", 500;
        /// A blocking call was made from inside an async runtime; nothing was sent.
        BlockingInAsync = "blocking call inside an async runtime", 500;
        /// The credentials provider failed, or a prompt was cancelled. No login was sent.
        ///
        /// The provider's error is the [source](std::error::Error::source). It does not count as a failed login.
        Credentials = "the credentials provider failed", 503;
        /// The session makes no login for a while, so that a wrong password does not lock the account.
        ///
        /// Three logins within 60 s failed, or brought a token that no call succeeded with.
        ///
        /// [`retry_after`](crate::Error::retry_after) says when the next login may be made; other credentials may be tried at once.
        /// The failure of the last login is the [source](std::error::Error::source).
        LoginLimited = "too many logins", 429;
        /// The service refuses the application: its token, or the user pool's id and secret. No user's password is at fault.
        Application = "the service refused the application", 503;
        /// The service does not know who calls: wrong password, missing, expired or revoked token (HTTP 401).
        Authentication = "authentication failed", 401;
        /// The service knows the caller and refuses (HTTP 403).
        Authorization = "not permitted", 403;
        /// The thing, or the path, does not exist (HTTP 404).
        NotFound = "not found", 404;
        /// The service finds the request wrong (HTTP 400).
        Validation = "request refused as invalid", 400;
        /// Something of that name exists already.
        Conflict = "exists already", 409;
        /// The service asks to slow down (HTTP 429).
        RateLimited = "rate limited", 429;
        /// The service failed (HTTP 5xx).
        Server = "the service failed", 502;
        /// Any other HTTP status that is not a success; redirects are among them, none is followed.
        Api = "unexpected response", 502;
        /// The service refuses with a code that this crate does not know: see [`code`](crate::Error::code).
        ///
        /// For Authing this is so whatever the HTTP status, for Digiwin in a successful HTTP response.
        Business = "refused by the service", 422;
        /// A successful response that cannot be decoded: no JSON, JSON of another shape, or an object without any member that
        /// the call's model knows.
        Decode = "the response cannot be decoded", 502;
        /// The login handshake failed. The error does not say which step, or why: that would help
        /// an eavesdropper.
        Crypto = "the login handshake failed", 502;
        /// No connection to the service, or to the proxy.
        Connect = "no connection", 502;
        /// The TLS handshake failed: an untrusted certificate, or no TLS on the other side.
        Tls = "TLS handshake failed", 502;
        /// The call took longer than its time limit, or its last attempt longer than an attempt may take.
        Timeout = "timed out", 504;
        /// The connection broke after the request was sent, or while the response was read.
        Transport = "the connection broke", 502;
        /// The response is larger than the limit, or would take more than 20 times its size in memory once decoded.
        TooLarge = "the response is too large", 502;
        /// The token store failed.
        Store = "the token store failed", 503;
    }
}

impl ErrorKind {
    /// What an HTTP status means, or the code of an envelope that follows HTTP; `None` for a code of its own.
    pub(crate) fn of_status(status: u16) -> Option<Self> {
        match status {
            400 => Some(Self::Validation),
            401 => Some(Self::Authentication),
            403 => Some(Self::Authorization),
            404 => Some(Self::NotFound),
            429 => Some(Self::RateLimited),
            500..=599 => Some(Self::Server),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last column of the table is what the method returns.
    #[test]
    fn the_table_has_every_kind_and_its_status() {
        let rows: Vec<_> =
            include_str!("kind.rs").lines().map(str::trim_start).filter(|line| line.starts_with("/// | [`")).collect();
        let documented = |kind: ErrorKind| {
            let name = format!("/// | [`{kind:?}`]");
            let row = rows.iter().find(|row| row.starts_with(&name)).unwrap_or_else(|| panic!("{kind:?}"));
            row.trim_end_matches(" |").rsplit(' ').next().unwrap().parse::<u16>().unwrap()
        };
        assert_eq!(rows.len(), ErrorKind::ALL.len());
        for &kind in ErrorKind::ALL {
            assert_eq!(kind.suggested_status(), documented(kind), "{kind:?}");
            let camel: String = kind.as_str().split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
            assert_eq!(camel, format!("{kind:?}"));
        }
    }
}
