use crate::{Error, crypto::SealError};
use std::{io, time::Duration};

/// An error of a [`RedisStore`](super::RedisStore).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisStoreError {
    /// The store does not support the URL, which is not repeated: it can hold a password.
    #[error(
        "the URL of Redis is not supported: {reason}; use redis://[user:password@]host[:port][/database], or rediss:// for TLS"
    )]
    Url {
        /// The part of the URL that is not supported.
        reason: &'static str,
    },
    /// The root certificate cannot be read.
    #[error("the root certificate for Redis is neither PEM nor DER")]
    Certificate,
    /// The lifetime for locks is not between 1 s and 1 h.
    #[error("a lock's lifetime in Redis must be from 1 s to 1 h, not {} ms", given.as_millis())]
    LockLifetime {
        /// The requested lifetime.
        given: Duration,
    },
    /// The server cannot be reached, or the connection broke.
    #[error("Redis at {server}, {command}: {reason}")]
    Io {
        /// Host and port.
        server: String,
        /// The command that was to be sent.
        command: &'static str,
        /// The error of the connection.
        reason: io::Error,
    },
    /// The server did not respond within the [deadline](super::RedisStore::deadline).
    #[error("Redis at {server}, {command}: no response within {} ms", deadline.as_millis())]
    TimedOut {
        /// Host and port.
        server: String,
        /// The command that waited last.
        command: &'static str,
        /// The time limit of the call.
        deadline: Duration,
    },
    /// The server refused the command.
    #[error("Redis at {server}, {command}: {code} {message}")]
    Refused {
        /// Host and port.
        server: String,
        /// The command.
        command: &'static str,
        /// The server's code, such as `WRONGPASS`.
        code: String,
        /// The server's message; empty where it could repeat a password.
        message: String,
    },
    /// The server sent something else than Redis would.
    #[error("Redis at {server}, {command}: the response is not one of Redis")]
    Protocol {
        /// Host and port.
        server: String,
        /// The command.
        command: &'static str,
    },
    /// The value is there and cannot be opened with this key.
    #[error("Redis, key {key}: {reason}")]
    Unreadable {
        /// The key.
        key: String,
        /// Why it cannot be opened.
        reason: SealError,
    },
    /// The token is larger than any that could be read again.
    #[error("Redis, key {key}: the token is too large to be stored")]
    TooLarge {
        /// The key that it was meant for.
        key: String,
    },
}

impl From<RedisStoreError> for Error {
    fn from(error: RedisStoreError) -> Self {
        match &error {
            RedisStoreError::Unreadable { .. } => Self::store_unreadable(error),
            RedisStoreError::TimedOut { .. } => Self::store_unavailable(error),
            RedisStoreError::Io { reason, .. } if !is_certificate_fault(reason) => Self::store_unavailable(error),
            RedisStoreError::Refused { code, message, .. } if may_pass(code, message) => Self::store_unavailable(error),
            _ => Self::store(error),
        }
    }
}

/// Whether the server's certificate was refused, which no repetition changes.
fn is_certificate_fault(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::General(_)))
}

/// Whether the server refuses for a while: it starts up, changes roles, or has too much to do.
pub(super) fn may_pass(code: &str, message: &str) -> bool {
    matches!(code, "BUSY" | "CLUSTERDOWN" | "LOADING" | "MASTERDOWN" | "MISCONF" | "OOM" | "READONLY" | "TRYAGAIN")
        || (code == "ERR" && message.starts_with("max number of clients"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_are_retryable_and_only_what_does_not_open_is_unreadable() {
        let server = || "h:6379".to_owned();
        let refused = |code: &str, message: &str| RedisStoreError::Refused {
            server: server(),
            command: "GET",
            code: code.to_owned(),
            message: message.to_owned(),
        };
        let io = |reason: io::Error| RedisStoreError::Io { server: server(), command: "GET", reason };
        let certificate = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let table = [
            (io(io::ErrorKind::ConnectionRefused.into()), true, false),
            (io(io::ErrorKind::UnexpectedEof.into()), true, false),
            (io(io::Error::other(certificate)), false, false),
            (
                RedisStoreError::TimedOut { server: server(), command: "GET", deadline: Duration::from_secs(2) },
                true,
                false,
            ),
            (refused("LOADING", "Redis is loading the dataset in memory"), true, false),
            (refused("READONLY", "You can't write against a read only replica."), true, false),
            (refused("ERR", "max number of clients reached"), true, false),
            (refused("ERR", "unknown command"), false, false),
            (refused("WRONGPASS", ""), false, false),
            (refused("NOPERM", "no permissions"), false, false),
            (RedisStoreError::Protocol { server: server(), command: "GET" }, false, false),
            (RedisStoreError::Unreadable { key: "k".to_owned(), reason: SealError::Refused }, false, true),
        ];
        for (error, retryable, unreadable) in table {
            let line = error.to_string();
            let error = Error::from(error);
            assert_eq!((error.is_retryable(), error.is_unreadable_entry()), (retryable, unreadable), "{error}");
            assert!(error.to_string().contains(&line), "{error}");
        }
    }
}
