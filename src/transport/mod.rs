//! All I/O: sockets, timers, threads. This layer decides nothing about tokens, retries or responses.
//!
//! Written once, async. The async flavour runs it on the caller's tokio runtime; the blocking flavour polls the same futures
//! on the caller's own thread and sends each request over a [lane](lane).

mod body;
mod client;
mod content;
mod ending;
mod failure;
#[cfg(feature = "blocking")]
pub(crate) mod lane;
#[cfg(feature = "blocking")]
pub(crate) mod park;
pub(crate) mod runtime;
#[cfg(feature = "async")]
mod runtimes;
#[cfg(all(test, feature = "blocking", feature = "emulator"))]
pub(crate) mod stand_in;
mod tls;
pub(crate) mod worker;

use crate::{
    Error, ErrorKind, Result,
    config::Settings,
    protocol::{decode::Response, retry::TimeLimit},
};
use bytes::Bytes;
#[cfg(feature = "async")]
use client::SharedClient;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use runtime::Flavour;
#[cfg(feature = "blocking")]
use std::future::ready;
use std::time::{Duration, Instant};
use url::Url;

/// One HTTP request; the client adds the headers that every request has.
pub(crate) struct HttpRequest<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) token: Option<(HeaderName, &'a HeaderValue)>,
    /// Those of this call, in place of the client's.
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    /// Those of the client's hook, in place of the client's own.
    pub(crate) hook_headers: Option<Box<HeaderMap>>,
    pub(crate) body: Option<Bytes>,
    pub(crate) time: TimeLimit,
    /// Whether sending it twice does no harm.
    pub(crate) repeatable: bool,
    /// Whether the response can be so long that compressing it pays.
    pub(crate) may_be_long: bool,
}

/// The connections of a client, and the runtime that drives them.
#[derive(Debug)]
pub(crate) struct Transport {
    clients: Clients,
    process: u32,
}

#[derive(Debug)]
enum Clients {
    #[cfg(feature = "async")]
    Shared(SharedClient),
    #[cfg(feature = "blocking")]
    Lanes(lane::Lanes),
}

impl Transport {
    pub(crate) fn new(flavour: Flavour, settings: &Settings, headers: HeaderMap) -> Result<Self> {
        #[cfg(feature = "blocking")]
        if matches!(flavour, Flavour::Blocking) {
            park::context().check()?;
        }
        let clients = match flavour {
            #[cfg(feature = "async")]
            Flavour::Async => Clients::Shared(SharedClient::new(settings, headers)?),
            #[cfg(feature = "blocking")]
            Flavour::Blocking => Clients::Lanes(lane::Lanes::new(settings, headers)?),
            #[cfg(test)]
            Flavour::Shuttle => return Err(Error::configuration("the model has no network")),
        };
        Ok(Self { clients, process: std::process::id() })
    }

    /// Fails where a call cannot be made: in a child process of the client's, and for an async client outside of a runtime with a timer.
    pub(crate) fn check_context(&self) -> Result<()> {
        if std::process::id() != self.process {
            return Err(Error::configuration(
                "this client was built before a fork, and its connections and threads are the parent's: build a client in \
                 the child process",
            ));
        }
        match &self.clients {
            #[cfg(feature = "async")]
            Clients::Shared(client) => client.check_runtime(),
            // Its driver checks before it polls.
            #[cfg(feature = "blocking")]
            Clients::Lanes(_) => Ok(()),
        }
    }

    /// Sends a request. The future that waits for the response has no room for it, and an allocation of its own: what is around it
    /// is moved as a whole.
    pub(crate) fn send<'a>(&'a self, request: HttpRequest<'_>) -> BoxFuture<'a, Result<Response>> {
        #[cfg(all(test, feature = "blocking", feature = "emulator"))]
        if let Some(response) = stand_in::respond(&request) {
            return Box::pin(ready(response));
        }
        match &self.clients {
            #[cfg(feature = "async")]
            Clients::Shared(client) => Box::pin(client.send(request)),
            // It blocks: the driver of this future has no other, and the lane is held no longer than the request takes.
            #[cfg(feature = "blocking")]
            Clients::Lanes(lanes) => Box::pin(ready(lanes.send(request))),
        }
    }
}

/// Returns the instant `duration` after `now`, or decades after it where that cannot be expressed.
pub(crate) fn after(now: Instant, duration: Duration) -> Instant {
    const DECADES: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    now.checked_add(duration.min(DECADES)).unwrap_or(now)
}

fn too_large(limit: usize) -> Error {
    Error::new(ErrorKind::TooLarge).sent(true).detail(format!("more than {limit} bytes (max_response_bytes)"))
}
