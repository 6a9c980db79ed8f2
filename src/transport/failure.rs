//! The HTTP client's errors, translated into the crate's.

use crate::{Error, ErrorKind, config::Settings, protocol::retry::TimeLimit};
use rustls::CertificateError;
use std::{error::Error as StdError, io, iter, time::Duration};
use url::Url;

type Cause<'a> = &'a (dyn StdError + 'static);

/// How far a request had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It was connecting, being sent, or waiting for the response to begin.
    Waiting,
    /// The response was being read.
    Reading,
}

/// What a failure's text names: where the requests go, and how long connecting may take.
#[derive(Debug)]
pub(super) struct Limits {
    /// The host, with its port if the URL names one, and the proxy. Never a path, a query or a password.
    host: String,
    connect_timeout: Duration,
}

impl Limits {
    pub(super) fn new(settings: &Settings, origin: &Url, proxy: Option<&Url>) -> Self {
        let mut host = authority(origin);
        if let Some(proxy) = proxy {
            host = format!("{host} (through the proxy {})", authority(proxy));
        }
        Self { host, connect_timeout: settings.connect_timeout }
    }

    /// The error of a response that ended without an error of the HTTP client, and before its end.
    pub(super) fn broken_off(&self) -> Error {
        let detail = format!("{}: the server broke the response off before its end", self.host);
        Error::new(ErrorKind::Transport).sent(true).detail(detail)
    }

    /// What went wrong, for whoever has to mend it.
    fn explain(&self, error: &reqwest::Error, kind: ErrorKind, time: TimeLimit, phase: Phase) -> String {
        let host = &self.host;
        if kind != ErrorKind::Timeout {
            return format!("{host}: {}", reason(error, kind));
        }
        // The limit of the attempt can run out while it connects too; the HTTP client does not tell.
        let what = match phase {
            Phase::Reading => "the response was not read to its end",
            Phase::Waiting if error.is_connect() => {
                return format!(
                    "{host}: not connected within the limit of {:?} (connect_timeout)",
                    self.connect_timeout
                );
            }
            Phase::Waiting => "no response",
        };
        let TimeLimit { left, limit, setting } = time;
        // Something was waited for before, if only for the clock.
        match left < limit.mul_f64(0.9) {
            true => format!("{host}: {what} in the {left:.1?} that were left of the limit of {limit:?} ({setting})"),
            false => format!("{host}: {what} within the limit of {limit:?} ({setting})"),
        }
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Translates an error. `incomplete` tells whether a request that was dropped while it waited for a stream had a part that was
/// not sent.
pub(super) fn failure(
    error: reqwest::Error,
    limits: &Limits,
    time: TimeLimit,
    phase: Phase,
    incomplete: impl FnOnce() -> bool,
) -> Error {
    // A TLS library can fail in mid-connection too: only a handshake fails before anything is sent.
    let (kind, sent) = if error.is_connect() {
        let kind = match (find::<rustls::Error>(&error).is_some(), error.is_timeout()) {
            (true, _) => ErrorKind::Tls,
            (false, true) => ErrorKind::Timeout,
            (false, false) => ErrorKind::Connect,
        };
        (kind, false)
    } else if error.is_timeout() && !is_dead(&error) {
        (ErrorKind::Timeout, true)
    } else if error.is_builder() {
        (ErrorKind::InvalidArgument, false)
    } else {
        (ErrorKind::Transport, true)
    };
    let unprocessed = is_unprocessed(&error) || (was_given_up(&error) && incomplete());
    let detail = limits.explain(&error, kind, time, phase);
    let failed = Error::new(kind).sent(sent && !unprocessed).unprocessed(unprocessed);
    failed.detail(detail).source(error.without_url())
}

/// Why there is no connection, or no longer one, in a few words.
fn reason(error: &reqwest::Error, kind: ErrorKind) -> String {
    if kind == ErrorKind::Tls
        && let Some(tls) = find::<rustls::Error>(error)
    {
        return tls_reason(tls);
    }
    // The resolver's errors have no type that can be named.
    if causes(error).any(|cause| cause.to_string() == "dns error") {
        return "name not found".to_owned();
    }
    if is_dead(error) {
        return "the connection is dead: the server has not responded to a ping".to_owned();
    }
    if find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message) {
        return "the server closed the connection before the response was complete".to_owned();
    }
    let known = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).find_map(|error| {
        Some(match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused",
            io::ErrorKind::ConnectionReset => "the server reset the connection",
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => "the connection was closed",
            io::ErrorKind::UnexpectedEof => "the server closed the connection",
            io::ErrorKind::HostUnreachable => "host unreachable",
            io::ErrorKind::NetworkUnreachable => "network unreachable",
            _ => return None,
        })
    });
    match known {
        Some(known) => known.to_owned(),
        None => causes(error).last().unwrap_or(error).to_string(),
    }
}

/// Returns whether the service has certainly not processed the request. HTTP/2 reports this for streams after the last one
/// processed and for refused streams; it also holds for a request that was never sent.
fn is_unprocessed(error: &reqwest::Error) -> bool {
    if !error.is_request() {
        return false;
    }
    #[cfg(feature = "async")]
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

/// Returns whether an HTTP/2 connection was given up because a ping remained without a response. No limit of the call ran out.
fn is_dead(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_timeout)
}

/// Returns whether an HTTP/2 connection ended while the request waited for a stream. Its body was not sent then.
fn was_given_up(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error)
        .is_some_and(|error| error.is_user() && error.to_string().starts_with("dispatch task is gone"))
}

/// Returns the first error of type `T` in an error's chain of causes.
fn find<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// An error and its causes, the outermost first.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = Cause<'a>> {
    iter::successors(Some(error as Cause<'a>), |error| {
        let error: Cause<'a> = *error;
        // An `io::Error` names what it wraps only here; its `source` is one level further in.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as Cause<'_>).or_else(|| error.source())
    })
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
