//! The thin strip that does I/O: sockets, sleeping, the store's calls and CPU work off the executor.
//!
//! `async` and `blocking` have a `Transport` each, with the same inherent methods.

#[cfg(feature = "async")]
pub(crate) mod r#async;
#[cfg(feature = "blocking")]
pub(crate) mod blocking;

use crate::{Error, ErrorKind, Result, config::Settings};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use std::{error::Error as StdError, time::Duration};
use url::Url;

/// A request as it goes out; the transport adds the headers that every request has.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) token: Option<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) timeout: Duration,
}

/// Configures reqwest's builder, which both flavours have under the same names.
macro_rules! build_http {
    ($builder:expr, $settings:expr, $headers:expr) => {{
        let settings: &crate::config::Settings = $settings;
        let origin = settings.origin()?;
        let mut builder = $builder
            .default_headers($headers)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .https_only(origin.scheme() == "https")
            .retry(reqwest::retry::never())
            .connect_timeout(settings.connect_timeout)
            .tcp_nodelay(true)
            .tls_danger_accept_invalid_certs(!settings.verify_tls)
            .tls_danger_accept_invalid_hostnames(!settings.verify_tls);
        builder = match settings.tls_backend {
            crate::TlsBackend::Rustls => builder.tls_backend_rustls(),
            #[cfg(feature = "native-tls")]
            crate::TlsBackend::Native => builder.tls_backend_native(),
        };
        let certificates = crate::transport::root_certificates(settings)?;
        if !certificates.is_empty() {
            builder = builder.tls_certs_merge(certificates);
        }
        match &settings.proxy {
            Some(proxy) => {
                let proxy =
                    reqwest::Proxy::all(proxy).map_err(|_| crate::Error::configuration("proxy: not a valid URL"))?;
                builder = builder.proxy(proxy);
            }
            None if crate::config::is_loopback(&origin) => builder = builder.no_proxy(),
            None => {}
        }
        builder.build().map_err(|error| {
            crate::Error::configuration("the HTTP client cannot be built").source(error.without_url())
        })?
    }};
}
use build_http;

fn root_certificates(settings: &Settings) -> Result<Vec<reqwest::Certificate>> {
    let mut all = Vec::new();
    for bytes in &settings.root_certificates {
        let wrong = |_| Error::configuration("root certificate: neither PEM nor DER");
        let found = match bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
            true => reqwest::Certificate::from_pem_bundle(bytes).map_err(wrong)?,
            false => vec![reqwest::Certificate::from_der(bytes).map_err(wrong)?],
        };
        if found.is_empty() {
            return Err(Error::configuration("root certificate: no certificate in the PEM text"));
        }
        all.extend(found);
    }
    Ok(all)
}

/// What a failure of reqwest means.
fn failure(error: reqwest::Error) -> Error {
    let (kind, sent) = if has_tls_error(&error) {
        (ErrorKind::Tls, false)
    } else if error.is_timeout() {
        (ErrorKind::Timeout, !error.is_connect())
    } else if error.is_connect() {
        (ErrorKind::Connect, false)
    } else if error.is_builder() {
        (ErrorKind::InvalidArgument, false)
    } else {
        (ErrorKind::Transport, true)
    };
    Error::new(kind).sent(sent).source(error.without_url())
}

fn has_tls_error(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if is_tls_error(error) {
            return true;
        }
        // An `io::Error` names what it wraps only here; its `source` is one level further in.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    false
}

fn is_tls_error(error: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "native-tls")]
    if error.is::<native_tls_crate::Error>() {
        return true;
    }
    error.is::<rustls::Error>()
}

fn too_large(limit: usize) -> Error {
    Error::new(ErrorKind::TooLarge).sent(true).detail(format!("more than {limit} bytes"))
}

fn lost_work() -> Error {
    Error::new(ErrorKind::Transport).detail("the thread that worked on it is gone")
}
