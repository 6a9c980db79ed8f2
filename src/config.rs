//! The settings that the clients of every service share.

use crate::{Error, Result, RetryPolicy, observe::Observing, token_store::TokenStore};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::{borrow::Cow, fmt, net::IpAddr, sync::Arc, time::Duration};
use url::{Host, Url};

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) connect_timeout: Duration,
    pub(crate) verify_tls: bool,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) user_agent: Cow<'static, str>,
    pub(crate) proxy: Option<String>,
    pub(crate) root_certificates: Vec<Vec<u8>>,
    pub(crate) token_store: Option<Arc<dyn TokenStore>>,
    pub(crate) allow_http: bool,
    pub(crate) max_response_bytes: usize,
    pub(crate) gzip: bool,
    pub(crate) observing: Observing,
    /// How long a login may use the service's public key without asking for it again.
    pub(crate) login_key_lifetime: Duration,
}

impl Settings {
    pub(crate) fn new(base_url: String) -> Self {
        Self {
            base_url,
            timeout: Duration::from_secs(30),
            attempt_timeout: None,
            retry: RetryPolicy::new(),
            connect_timeout: Duration::from_secs(10),
            verify_tls: true,
            headers: Vec::new(),
            user_agent: Cow::Borrowed(concat!("iam-sdk-rust/", env!("CARGO_PKG_VERSION"))),
            proxy: None,
            root_certificates: Vec::new(),
            token_store: None,
            allow_http: false,
            max_response_bytes: 64 * 1024 * 1024,
            gzip: true,
            observing: Observing::default(),
            login_key_lifetime: Duration::from_secs(5 * 60),
        }
    }

    /// The base URL, if credentials may be sent there. No part of it is repeated in an error: it can hold a password.
    pub(crate) fn origin(&self) -> Result<Url> {
        let wrong = |what: &str| Error::configuration(format!("base URL: {what}"));
        let base_url = self.base_url.trim();
        if base_url.is_empty() {
            return Err(wrong("it is empty"));
        }
        // `iam.example.com:8443/x` parses too, with the host as the scheme.
        if !base_url.contains("://") {
            return Err(wrong("no scheme; write https://…"));
        }
        let url = Url::parse(base_url).map_err(|error| wrong(&error.to_string()))?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http || is_loopback(&url) => {}
            "http" => return Err(wrong("plain http would show every token; use https, or allow_http(true)")),
            _ => return Err(wrong("the scheme must be https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it must not hold a query or fragment"));
        }
        Ok(url)
    }

    /// The proxy, if one is set. No part of its URL is repeated in an error: it can hold a password.
    pub(crate) fn proxy_url(&self) -> Result<Option<Url>> {
        let Some(proxy) = &self.proxy else { return Ok(None) };
        let wrong = |what: &str| Error::configuration(format!("proxy: {what}"));
        let proxy = proxy.trim();
        let with_scheme = match proxy.contains("://") {
            true => proxy.to_owned(),
            false => format!("http://{proxy}"),
        };
        let url = Url::parse(&with_scheme).map_err(|error| wrong(&error.to_string()))?;
        match url.scheme() {
            "http" | "https" => Ok(Some(url)),
            _ => Err(wrong("only proxies of http:// and https:// are supported")),
        }
    }

    /// Refuses limits with which no request could succeed, and a policy that says nothing sensible.
    pub(crate) fn check_limits(&self) -> Result<()> {
        check_time("timeout", self.timeout)?;
        check_time("connect_timeout", self.connect_timeout)?;
        self.attempt_timeout.map_or(Ok(()), |limit| check_time("attempt_timeout", limit))?;
        self.retry.check()?;
        match self.max_response_bytes {
            0 => Err(Error::configuration("max_response_bytes: a limit of zero leaves no room for any response")),
            _ => Ok(()),
        }
    }

    /// The headers of every request, the user's own included; `reserved` are the service's, with settings of their own.
    pub(crate) fn header_map(&self, reserved: &[HeaderName]) -> Result<HeaderMap> {
        let mut map = HeaderMap::new();
        map.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let agent = match self.user_agent {
            Cow::Borrowed(agent) => HeaderValue::from_static(agent),
            Cow::Owned(ref agent) => HeaderValue::from_str(agent)
                .map_err(|_| Error::configuration("user agent: not a valid header value"))?,
        };
        map.insert(header::USER_AGENT, agent);
        check_headers(self.headers.len())?;
        for (name, value) in &self.headers {
            let (name, value) = parse_header(name, value, reserved)?;
            map.insert(name, value);
        }
        Ok(map)
    }
}

/// The headers that belong to the connection, or say how the body is sent.
static FRAMING: [HeaderName; 15] = [
    // What comes would be no JSON, or not all of it.
    header::ACCEPT_ENCODING,
    header::CONTENT_ENCODING,
    header::RANGE,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// How many headers of its own a client, and a call, may have.
const MOST_HEADERS: usize = 200;

/// Refuses a time limit with which no request could succeed.
pub(crate) fn check_time(setting: &str, limit: Duration) -> Result<()> {
    match limit.is_zero() {
        true => Err(Error::configuration(format!("{setting}: a limit of zero leaves no time for any request"))),
        false => Ok(()),
    }
}

/// Refuses more headers than any service takes: a map of them panics at 32,768.
pub(crate) fn check_headers(count: usize) -> Result<()> {
    match count > MOST_HEADERS {
        true => Err(Error::configuration(format!("headers: there are {count}, and at most {MOST_HEADERS} may be set"))),
        false => Ok(()),
    }
}

/// Parses a header that the user sets; `reserved` are the service's.
pub(crate) fn parse_header(name: &str, value: &str, reserved: &[HeaderName]) -> Result<(HeaderName, HeaderValue)> {
    let parsed = HeaderName::try_from(name).map_err(|_| wrong_header(name, "not a valid name"))?;
    if reserved.contains(&parsed) || is_framing(&parsed) {
        return Err(reserved_header(name));
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| wrong_header(name, "not a valid value"))?;
    // A gateway's key, for all we know.
    value.set_sensitive(true);
    Ok((parsed, value))
}

/// Returns whether a header belongs to the connection, or says how the body is sent.
pub(crate) fn is_framing(name: &HeaderName) -> bool {
    FRAMING.contains(name)
}

/// Creates the error of a header that is not the user's to set.
pub(crate) fn reserved_header(name: &str) -> Error {
    wrong_header(name, "set by the client itself")
}

fn wrong_header(name: &str, what: &str) -> Error {
    Error::configuration(format!("header `{}`: {what}", name.escape_debug()))
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // Names below `localhost` are the resolver's to decide: not every one keeps them on this machine.
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Settings")
            .field("base_url", &self.origin().map(String::from).unwrap_or_else(|_| "(wrong)".to_owned()))
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retry", &self.retry)
            .field("connect_timeout", &self.connect_timeout)
            .field("verify_tls", &self.verify_tls)
            .field("headers", &names)
            .field("proxy", &self.proxy.is_some())
            .field("allow_http", &self.allow_http)
            .field("observing", &self.observing)
            .finish_non_exhaustive()
    }
}

/// The setters of what a connection is made with, for a builder with a field `settings`. The documentation of some settings depends on
/// what is fetched.
macro_rules! connection_methods {
    (
        $(#[$timeout:meta])* fn timeout;
        $(#[$connect_timeout:meta])* fn connect_timeout;
        $(#[$retry:meta])* fn retry;
        $(#[$allow_http:meta])* fn allow_http;
    ) => {
        crate::observe::observing_methods!();

        $(#[$timeout])*
        /// Zero is an error of kind [`Configuration`](crate::ErrorKind::Configuration).
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.settings.timeout = timeout;
            self
        }

        $(#[$connect_timeout])*
        /// Zero is an error of kind [`Configuration`](crate::ErrorKind::Configuration).
        pub fn connect_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.settings.connect_timeout = timeout;
            self
        }

        /// Sets how often a failed request is sent again, and after which waits. Default:
        /// [`RetryPolicy::new()`](crate::RetryPolicy::new).
        $(#[$retry])*
        pub fn retry(mut self, policy: crate::RetryPolicy) -> Self {
            self.settings.retry = policy;
            self
        }

        /// Sets `User-Agent`.
        pub fn user_agent(mut self, agent: impl Into<String>) -> Self {
            self.settings.user_agent = std::borrow::Cow::Owned(agent.into());
            self
        }

        /// Sets the proxy for all requests, such as `http://proxy.example:8080`. Default: the one in the environment
        /// (`HTTPS_PROXY` and so on); requests to loopback use no proxy.
        pub fn proxy(mut self, url: impl Into<String>) -> Self {
            self.settings.proxy = Some(url.into());
            self
        }

        /// Adds certificates of your own authority to the trusted ones: one or many as PEM, or one as DER.
        pub fn add_root_certificate(mut self, certificate: impl AsRef<[u8]>) -> Self {
            self.settings.root_certificates.push(certificate.as_ref().to_vec());
            self
        }

        $(#[$allow_http])*
        /// Default: `false`; loopback is always permitted.
        pub fn allow_http(mut self, allow: bool) -> Self {
            self.settings.allow_http = allow;
            self
        }
    };
}

pub(crate) use connection_methods;

/// The setters of the shared settings, for a builder with a field `settings`.
macro_rules! settings_methods {
    () => {
        crate::config::connection_methods! {
            /// Sets the longest that a request may take. Default: 30 s.
            ///
            /// The limit includes all attempts and the waits between them. It holds for each of these by itself: a request, the login
            /// or refresh that a call without a usable token waits for first, each batch of a call that is sent in batches, each page
            /// of a pager, and writing a new token to the token store.
            /// [`CallOptions::timeout`](crate::CallOptions::timeout) sets it for single calls.
            ///
            fn timeout;
            /// Sets the longest that connecting may take. Default: 10 s.
            fn connect_timeout;
            /// [`CallOptions::retry`](crate::CallOptions::retry) sets it for single calls.
            fn retry;
            /// Permits plain http, which shows every token to an eavesdropper.
            fn allow_http;
        }

        /// Sets where the service is. A path prefix stays before the path of each call: Cloudspot's own has `/api/v1`.
        ///
        /// Default, where the service has a public deployment: that one, `PUBLIC_SERVICE` in the service's module.
        pub fn base_url(mut self, url: impl Into<String>) -> Self {
            self.settings.base_url = url.into();
            self
        }

        /// Sets the longest that one attempt may take, in all calls. Default: `None`, all that is left of the time limit. Zero is an
        /// error of kind [`Configuration`](crate::ErrorKind::Configuration).
        ///
        /// With a limit, a read or an idempotent write that hangs is sent again in time. Choose one that no call reaches while the
        /// service only is slow: what is given up may still be carried out, and sending it again adds to the load. A write that must
        /// not be sent again fails with [`Timeout`](crate::ErrorKind::Timeout) when it reaches the limit.
        /// [`CallOptions::attempt_timeout`](crate::CallOptions::attempt_timeout) sets it for single calls.
        pub fn attempt_timeout(mut self, timeout: impl crate::IntoOption<std::time::Duration>) -> Self {
            self.settings.attempt_timeout = timeout.into_option();
            self
        }

        /// Sets whether the server's certificate is checked. Default: `true`. With `false` an attacker on the network can read and
        /// change everything, passwords included: prefer [`add_root_certificate`](Self::add_root_certificate).
        pub fn verify_tls(mut self, verify: bool) -> Self {
            self.settings.verify_tls = verify;
            self
        }

        /// Sends a header with every request; at most 200 may be set. The headers that carry tokens have settings of their own.
        pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.settings.headers.push((name.into(), value.into()));
            self
        }

        /// Sets the store of the sessions' tokens. Default: a [`MemoryStore`](crate::token_store::MemoryStore) of the client's own.
        pub fn token_store(mut self, store: impl crate::token_store::TokenStore + 'static) -> Self {
            self.settings.token_store = Some(std::sync::Arc::new(store));
            self
        }

        /// Sets the store of the sessions' tokens to one that other clients use too.
        pub fn shared_token_store(mut self, store: std::sync::Arc<dyn crate::token_store::TokenStore>) -> Self {
            self.settings.token_store = Some(store);
            self
        }

        /// Sets the largest response that is read, in bytes after decompression. Default: 64 MiB. A larger one is an error of kind
        /// [`TooLarge`](crate::ErrorKind::TooLarge), and so is one that would take more than 20 times its size once decoded (16 MiB are
        /// always allowed), whatever the limit. Zero is an error of kind [`Configuration`](crate::ErrorKind::Configuration).
        pub fn max_response_bytes(mut self, limit: usize) -> Self {
            self.settings.max_response_bytes = limit;
            self
        }

        /// Sets whether the client accepts gzip for long responses: those of lists, of other reads that bring no
        /// token or other secret, and of raw calls with GET. Default: `true`. A response that is compressed is decompressed either way.
        ///
        /// TLS hides what a response says and not how long it is. An eavesdropper who can also place text of their own into a
        /// response, say as the name of a user in a list, learns from the length of many such responses whether the text repeats
        /// something else in them (the attack is known as BREACH). Logins and token requests are never compressed; Authing's lists of
        /// users, which hold the users' own tokens, are. Set `false` where somebody may read the network and write to the directory.
        #[cfg(feature = "gzip")]
        pub fn gzip(mut self, offer: bool) -> Self {
            self.settings.gzip = offer;
            self
        }
    };
}

pub(crate) use settings_methods;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> Option<String> {
        Settings::new(url.to_owned()).origin().err().map(|error| error.to_string())
    }

    #[test]
    fn plain_http_only_to_loopback() {
        for url in ["https://iam.example.com/gw/", "http://127.0.0.1:8000", "http://[::1]:1", "http://localhost"] {
            assert_eq!(refusal(url), None, "{url}");
        }
        for url in ["http://iam.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1", "ftp://x", "x", ""]
            .into_iter()
            .chain(["http://iam.localhost", "http://localhost.", "http://a.b.localhost:8000"])
        {
            assert!(refusal(url).unwrap().contains("base URL"), "{url}");
        }
    }

    #[test]
    fn a_base_url_without_a_scheme_is_told_so() {
        for url in ["iam.example.com", "iam.example.com:8443/gw", "localhost:8000", "//h"] {
            assert!(refusal(url).unwrap().ends_with("base URL: no scheme; write https://…"), "{url}");
        }
        assert!(refusal(" ").unwrap().contains("empty"));
    }

    #[test]
    fn an_unusable_proxy_is_refused_and_its_password_is_not_repeated() {
        let with = |proxy: &str| {
            let mut settings = Settings::new("https://h".into());
            settings.proxy = Some(proxy.to_owned());
            settings.proxy_url().map(|url| url.unwrap().to_string()).map_err(|error| format!("{error} {error:#?}"))
        };
        for proxy in ["", "::", "http://", "socks5://u:canary@p:1", "http://u:canary@p:99999", "http://u:canary@"] {
            let text = with(proxy).unwrap_err();
            assert!(text.contains("proxy: ") && !text.contains("canary"), "{proxy}: {text}");
        }
        assert_eq!(with("p.example:8080").unwrap(), "http://p.example:8080/");
        assert_eq!(with("https://u:pw@p.example").unwrap(), "https://u:pw@p.example/");
        assert_eq!(with("localhost:3128").unwrap(), "http://localhost:3128/");
    }

    #[test]
    fn credentials_in_a_url_are_refused_and_not_repeated() {
        let settings = Settings::new("https://user:canary@iam.example.com".into());
        let text = format!("{} {settings:?}", settings.origin().unwrap_err());
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn headers_without_end_are_refused() {
        let mut settings = Settings::new("https://h".into());
        settings.headers = (0..MOST_HEADERS).map(|n| (format!("x-{n}"), String::new())).collect();
        settings.header_map(&[]).unwrap();
        let options = |count: usize| {
            (0..count).fold(crate::CallOptions::new(), |options, n| options.header(format!("x-{n}"), ""))
        };
        let call = crate::call_options::CallSettings::of(&settings).with(options(MOST_HEADERS), &[]).unwrap();
        assert!(call.with(options(40_000), &[]).err().unwrap().to_string().contains("headers: there are 40000"));
        settings.headers.push(("x".into(), String::new()));
        assert!(settings.header_map(&[]).unwrap_err().to_string().contains("headers: there are 201"));
    }

    #[test]
    fn a_bad_header_is_named_and_its_value_is_not_shown() {
        for (name, value) in [
            ("bad name", "canary"),
            ("x-key", "canary\n"),
            ("host", "canary"),
            ("x-token", "canary"),
            ("range", "canary"),
        ] {
            let mut settings = Settings::new("https://h".into());
            settings.headers.push((name.into(), value.into()));
            let error = settings.header_map(&[HeaderName::from_static("x-token")]).unwrap_err();
            let text = format!("{error} {settings:?}");
            assert!(error.to_string().contains(name) && !text.contains("canary"), "{text}");
        }
    }
}
