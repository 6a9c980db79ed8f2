//! The HTTP client's errors, translated into the crate's.

use crate::{Error, ErrorKind};
use rustls::CertificateError;
use std::error::Error as StdError;

type Cause<'a> = &'a (dyn StdError + 'static);

/// Translates an error. `incomplete` tells whether a request that was dropped while it waited for a stream had a part that was
/// not sent.
pub(super) fn failure(error: reqwest::Error, incomplete: impl FnOnce() -> bool) -> Error {
    let tls = find::<rustls::Error>(&error);
    // A TLS library can fail in mid-connection too: only a handshake fails before anything is sent.
    let (kind, sent) = if error.is_connect() {
        let kind = match (tls.is_some(), error.is_timeout()) {
            (true, _) => ErrorKind::Tls,
            (false, true) => ErrorKind::Timeout,
            (false, false) => ErrorKind::Connect,
        };
        (kind, false)
    } else if error.is_timeout() {
        (ErrorKind::Timeout, true)
    } else if error.is_builder() {
        (ErrorKind::InvalidArgument, false)
    } else {
        (ErrorKind::Transport, true)
    };
    let reason = tls.filter(|_| kind == ErrorKind::Tls).map(tls_reason);
    let unprocessed = is_unprocessed(&error) || (was_given_up(&error) && incomplete());
    let failed = Error::new(kind).sent(sent && !unprocessed).unprocessed(unprocessed).source(error.without_url());
    reason.into_iter().fold(failed, Error::detail)
}

/// Returns whether the service has certainly not processed the request. HTTP/2 reports this for streams after the last one
/// processed and for refused streams; it also holds for a request that was never sent.
fn is_unprocessed(error: &reqwest::Error) -> bool {
    if !error.is_request() {
        return false;
    }
    if let Some(error) = find::<h2::Error>(error) {
        // Streams up to the last one that was processed end otherwise, whatever the reason.
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        return error.is_remote() && (error.is_go_away() || refused);
    }
    // The pool gave it up before any connection took it; its kind is told by the text alone.
    let unconnected = |error: &hyper_util::client::legacy::Error| error.to_string() == "client error (Canceled)";
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled)
        || find::<hyper_util::client::legacy::Error>(error).is_some_and(unconnected)
}

/// Returns whether an HTTP/2 connection ended while the request waited for a stream. Its body was not sent then.
fn was_given_up(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error)
        .is_some_and(|error| error.is_user() && error.to_string().starts_with("dispatch task is gone"))
}

/// Returns the first error of type `T` in an error's chain of causes.
fn find<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next: Option<Cause<'_>> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An `io::Error` names what it wraps only here; its `source` is one level further in.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|inner| inner as Cause<'_>).or_else(|| error.source());
    }
    None
}

/// Describes why a TLS handshake failed, for the person who has to fix it.
fn tls_reason(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(certificate) = error else { return error.to_string() };
    let reason = match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the server's certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; is this machine's clock right?"
        }
        CertificateError::UnknownIssuer => {
            "the issuer of the server's certificate is unknown; trust it with add_root_certificate"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another name than the base URL's host"
        }
        CertificateError::Revoked => "the server's certificate is revoked",
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server uses a CA certificate as its own"
        }
        _ => return error.to_string(),
    };
    reason.to_owned()
}
