//! The HTTP client: its configuration, and how it sends one request.

#[cfg(feature = "async")]
use super::runtimes::Runtimes;
use super::{
    HttpRequest,
    content::{Content, OFFER},
    ending::{Ending, Framing, wants_body},
    failure::{Limits, Phase, failure},
    tls,
};
use crate::{
    Error, ErrorKind, Result,
    config::Settings,
    protocol::{decode::Response, retry::TimeLimit},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, USER_AGENT},
};
#[cfg(feature = "async")]
use std::ops::RangeInclusive;
use std::time::Duration;

/// Shorter than most load balancers keep an idle connection.
const IDLE: Duration = Duration::from_secs(50);
/// How long an HTTP/2 connection with a request under way may be silent before it is asked whether it is alive, and the longest that
/// it may take to answer. A connection that is dead without having been closed would swallow every retry too; a busy server must
/// have time to answer.
#[cfg(feature = "async")]
const PING: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(5);
#[cfg(feature = "async")]
const PONG: RangeInclusive<Duration> = Duration::from_secs(2)..=Duration::from_secs(15);
/// How many times a request yields to other tasks, where its connection may have been closed.
const YIELDS: u32 = 3;

/// The configuration of HTTP clients. Building a client is cheap: they share the TLS configuration.
#[derive(Debug)]
pub(super) struct HttpConfig {
    headers: HeaderMap,
    connect_timeout: Duration,
    /// The time limit of attempts, unless calls have one of their own.
    #[cfg(feature = "async")]
    attempt_timeout: Option<Duration>,
    limits: Limits,
    tls: rustls::ClientConfig,
    https_only: bool,
    proxy: Option<reqwest::Proxy>,
    no_proxy: bool,
    lane: bool,
    max_response_bytes: usize,
    /// The coding that is offered, if one is.
    offer: Option<&'static str>,
}

impl HttpConfig {
    pub(super) fn new(settings: &Settings, headers: HeaderMap, lane: bool) -> Result<Self> {
        let origin = settings.origin()?;
        let proxy_url = settings.proxy_url()?;
        let limits = Limits::new(settings, &origin, proxy_url.as_ref());
        let unusable = |_| Error::configuration("proxy: the HTTP client cannot use this URL");
        let proxy = proxy_url.map(reqwest::Proxy::all).transpose().map_err(unusable)?;
        let no_proxy = proxy.is_none() && crate::config::is_loopback(&origin);
        let https_only = origin.scheme() == "https";
        let mut tls = match https_only || !no_proxy || !settings.root_certificates.is_empty() {
            true => tls::config(settings)?,
            // Nothing that it connects to speaks TLS: the system's certificates are not read.
            false => tls::without_roots()?,
        };
        tls.alpn_protocols = match lane {
            true => vec![b"http/1.1".to_vec()],
            false => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        let connect_timeout = settings.connect_timeout;
        let max_response_bytes = settings.max_response_bytes;
        Ok(Self {
            headers,
            connect_timeout,
            #[cfg(feature = "async")]
            attempt_timeout: settings.attempt_timeout,
            limits,
            tls,
            https_only,
            proxy,
            no_proxy,
            lane,
            max_response_bytes,
            offer: OFFER.filter(|_| settings.gzip),
        })
    }

    pub(super) fn build(&self) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .https_only(self.https_only)
            .retry(reqwest::retry::never())
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            // Which another crate of the build may have switched on: what is offered and read is decided here.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .tls_backend_preconfigured(self.tls.clone());
        // For the requests to a proxy: the others bring their headers.
        if let Some(agent) = self.headers.get(USER_AGENT).filter(|_| !self.no_proxy) {
            builder = builder.user_agent(agent.clone());
        }
        if self.lane {
            builder = builder.http1_only();
        } else {
            builder = self.with_pings(builder);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        } else if self.no_proxy {
            builder = builder.no_proxy();
        }
        builder
            .build()
            .map_err(|error| Error::configuration("the HTTP client cannot be built").source(error.without_url()))
    }

    /// Enables HTTP/2 pings, so that the attempt after one that hung has another connection.
    #[cfg(feature = "async")]
    fn with_pings(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        let part = |of: u32, range: RangeInclusive<Duration>| match self.attempt_timeout {
            Some(limit) => (limit / of).clamp(*range.start(), *range.end()),
            None => *range.end(),
        };
        builder.http2_keep_alive_interval(part(4, PING)).http2_keep_alive_timeout(part(2, PONG))
    }

    #[cfg(not(feature = "async"))]
    fn with_pings(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        builder
    }

    /// Sends a request and reads the whole response. The request is built at once: the future has no room for it. `one_runtime` says
    /// whether all connections are of the runtime that runs this.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub(super) fn send_over<'a, W: Fn() -> bool + 'a>(
        &'a self,
        http: &reqwest::Client,
        request: HttpRequest<'_>,
        one_runtime: W,
    ) -> impl Future<Output = Result<Response>> + use<'a, W> {
        let HttpRequest { repeatable, time, .. } = request;
        let wants_body = wants_body(&request);
        let built = self.build_request(request);
        let has_body = built.body().is_some();
        // A connection that ends drops what waits for a stream of it, and so does a runtime that is shut down, in the midst of a
        // request: where all connections are of the runtime that runs this, it was the connection.
        let waited = move || !self.lane && (repeatable || (has_body && one_runtime()));
        let sending = http.execute(built);
        async move {
            // What the server has closed by now must be seen before a connection is picked: where nothing has driven the
            // connections since the last request, and for a request that must not be repeated. The first yield reads what came in,
            // the others let the connection act on it.
            if self.lane || !repeatable {
                for _ in 0..YIELDS {
                    tokio::task::yield_now().await;
                }
            }
            let response = sending.await.map_err(|error| failure(error, &self.limits, time, Phase::Waiting, waited))?;
            self.read(response, wants_body, time).await
        }
    }

    fn build_request(&self, request: HttpRequest<'_>) -> reqwest::Request {
        let mut built = reqwest::Request::new(request.method, request.url);
        *built.timeout_mut() = Some(request.time.left);
        let token = request.token.as_ref().map(|(name, value)| (name, *value));
        built.headers_mut().extend(self.headers.iter().chain(token).map(|(name, value)| (name.clone(), value.clone())));
        if let Some(headers) = request.hook_headers {
            built.headers_mut().extend(*headers);
        }
        for (name, value) in request.headers {
            built.headers_mut().insert(name.clone(), value.clone());
        }
        if let Some(body) = request.body {
            // hyper would add it to a copy of the map that has no room for it.
            built.headers_mut().insert(CONTENT_LENGTH, body.len().into());
            *built.body_mut() = Some(body.into());
        }
        // Only there: a header more makes the map of most requests' headers grow.
        if let Some(offer) = self.offer.filter(|_| request.may_be_long) {
            built.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(offer));
        }
        built
    }

    async fn read(&self, mut response: reqwest::Response, wants_body: bool, time: TimeLimit) -> Result<Response> {
        let limit = self.max_response_bytes;
        let announced = response.content_length();
        let (version, status) = (response.version(), response.status());
        let mut headers = std::mem::take(response.headers_mut());
        let framing = Framing::new(wants_body, (version, status), &headers, announced);
        let mut content = Content::new(&headers, limit, announced)?;
        let is_coded = content.is_coded();
        let interrupted = |error| failure(error, &self.limits, time, Phase::Reading, || false);
        let mut received = None;
        let read = async {
            while let Some(chunk) = response.chunk().await.map_err(interrupted)? {
                *received.get_or_insert(0) += chunk.len() as u64;
                content.push(chunk)?;
            }
            let ending = framing.ending(received);
            match ending {
                Ending::BrokenOff => Err(self.limits.broken_off()),
                Ending::Whole | Ending::Unmarked => Ok((content.finish()?, ending)),
            }
        };
        let (body, ending) = match read.await {
            // The status says more than that a gateway's error page cannot be read.
            Err(error) if is_coded && !status.is_success() && error.kind() != ErrorKind::TooLarge => {
                (Bytes::new(), Ending::Whole)
            }
            read => read?,
        };
        if is_coded {
            // They are about what was sent, not about the body that is returned.
            headers.remove(CONTENT_ENCODING);
            headers.remove(CONTENT_LENGTH);
        }
        Ok(Response { status, headers, body, is_unmarked: ending == Ending::Unmarked })
    }
}

/// The client that the tasks of a runtime share.
#[cfg(feature = "async")]
#[derive(Debug)]
pub(super) struct SharedClient {
    config: HttpConfig,
    http: reqwest::Client,
    runtimes: Runtimes,
}

#[cfg(feature = "async")]
impl SharedClient {
    pub(super) fn new(settings: &Settings, headers: HeaderMap) -> Result<Self> {
        let config = HttpConfig::new(settings, headers, false)?;
        Ok(Self { http: config.build()?, config, runtimes: Runtimes::default() })
    }

    pub(super) fn check_runtime(&self) -> Result<()> {
        self.runtimes.check()
    }

    pub(super) fn send<'a>(&'a self, request: HttpRequest<'_>) -> impl Future<Output = Result<Response>> + use<'a> {
        self.runtimes.note();
        self.config.send_over(&self.http, request, || self.runtimes.is_one())
    }
}
