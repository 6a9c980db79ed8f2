//! The log of requests.

use super::redact;
use crate::Json;
use crate::emulator::lock::lock;
use axum::body::Bytes;
use http::{HeaderMap, request::Parts};
use serde_json::Value;
use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard},
};

/// The number of requests that are kept, and that are kept with query, headers and body.
const KEPT: usize = 100_000;
const WHOLE: usize = 10_000;

/// The most bytes of queries, headers and bodies that are kept.
const BYTES: usize = 64 * 1024 * 1024;

/// What a header takes beside its name and its value.
const HEADER: usize = 100;

/// A request that the emulator received.
///
/// `Debug` and the accessors show no secret: `(redacted)` stands in place of tokens, passwords, keys, codes and of every header
/// that is not known to be harmless, so that a failed assertion prints none. To assert the value of a redacted header, use
/// [`header_is`](Self::header_is).
///
/// ```
/// # #[cfg(feature = "blocking")] {
/// use iam_sdk::{blocking::Client, emulator::Emulator};
///
/// let emulator = Emulator::start().unwrap();
/// let account = emulator.digiwin().account();
/// let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
/// client.identity().login(&account.user_id, account.password.clone()).unwrap();
///
/// let login = emulator.requests().pop().unwrap();
/// assert!(login.is_operation("digiwin.identity.login"));
/// assert_eq!(login.json().unwrap().get("userId"), Some(account.user_id.as_str().into()));
/// assert_eq!(login.header("digi-middleware-auth-app"), Some("(redacted)"));
/// assert!(login.header_is("digi-middleware-auth-app", account.app_token.expose_secret()));
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The HTTP method, such as `POST`.
    pub method: String,
    /// The path, such as `/api/iam/v2/user`.
    pub path: String,
    /// The names of the operations that the request can be, as errors and logs have them: more than one where operations share an
    /// endpoint, none where no operation has it.
    pub operations: Vec<&'static str>,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl ReceivedRequest {
    pub(super) fn new(head: &Parts, body: Bytes, operations: Vec<&'static str>) -> Self {
        Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            operations,
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.clone(),
            body,
        }
    }

    /// Returns whether the request can be this operation, such as `digiwin.users.get_user`.
    pub fn is_operation(&self, name: &str) -> bool {
        self.operations.contains(&name)
    }

    /// Returns the parameters of the query, in order.
    pub fn query(&self) -> Vec<(String, String)> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes()).into_owned();
        pairs
            .map(|(name, value)| if redact::is_secret(&name) { (name, redact::TEXT.to_owned()) } else { (name, value) })
            .collect()
    }

    /// Returns the first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?.to_str().ok()?;
        Some(if redact::is_secret_header(name) { redact::TEXT } else { value })
    }

    /// Returns whether a header has this value, a secret one included.
    pub fn header_is(&self, name: &str, value: &str) -> bool {
        self.headers.get_all(name).iter().any(|given| given.as_bytes() == value.as_bytes())
    }

    /// Returns the names of the headers, in lower case.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.keys().map(|name| name.as_str())
    }

    /// Returns the body as JSON, or `None` if it is not JSON. Secrets are redacted, and so are the strings of a GraphQL document.
    pub fn json(&self) -> Option<Json> {
        self.redacted().map(Json::from)
    }

    fn redacted(&self) -> Option<Value> {
        let mut value: Value = serde_json::from_slice(&self.body).ok()?;
        redact::members(&mut value);
        if self.path.starts_with("/graphql")
            && let Some(Value::String(document)) = value.get_mut("query")
        {
            *document = redact::graphql(document);
        }
        Some(value)
    }

    /// Returns about how many bytes the query, the headers and the body take.
    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER);
        self.query.len() + self.body.len() + headers.sum::<usize>()
    }

    /// Returns how many bytes the body has.
    pub fn body_length(&self) -> usize {
        self.body.len()
    }
}

impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> =
            self.header_names().map(|name| (name, self.header(name).unwrap_or("(not text)"))).collect();
        f.debug_struct("ReceivedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("operations", &self.operations)
            .field("query", &self.query())
            .field("headers", &headers)
            .field("json", &self.redacted())
            .field("body_length", &self.body.len())
            .finish()
    }
}

pub(super) struct Log {
    requests: Mutex<Requests>,
    kept: usize,
}

#[derive(Default)]
struct Requests {
    all: VecDeque<ReceivedRequest>,
    /// How many of the last ones are whole, and about how many bytes they take.
    whole: usize,
    bytes: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self::new(KEPT)
    }
}

impl Log {
    /// Creates a log that keeps the last so many requests.
    pub(super) fn new(kept: usize) -> Self {
        Self { requests: Mutex::default(), kept }
    }

    pub(super) fn received(&self) -> Vec<ReceivedRequest> {
        self.requests().all.iter().cloned().collect()
    }

    pub(super) fn last(&self) -> Option<ReceivedRequest> {
        self.requests().all.back().cloned()
    }

    /// Forgets all requests, and gives their memory back.
    pub(super) fn clear(&self) {
        *self.requests() = Requests::default();
    }

    pub(super) fn record(&self, request: ReceivedRequest) {
        if self.kept == 0 {
            return;
        }
        let mut requests = self.requests();
        requests.bytes += request.size();
        requests.whole += 1;
        requests.all.push_back(request);
        // A long run keeps what counts requests, and not gigabytes. The last one stays whole, whatever its size.
        while requests.whole > 1 && (requests.whole > WHOLE || requests.bytes > BYTES) {
            requests.empty_oldest();
        }
        if requests.all.len() > self.kept {
            requests.whole = requests.whole.min(self.kept);
            if let Some(old) = requests.all.pop_front() {
                requests.bytes -= old.size();
            }
        }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        lock(&self.requests)
    }
}

impl Requests {
    /// Empties the oldest request that is whole.
    fn empty_oldest(&mut self) {
        let at = self.all.len() - self.whole;
        if let Some(old) = self.all.get_mut(at) {
            self.bytes -= old.size();
            (old.query, old.headers, old.body) = Default::default();
        }
        self.whole -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, body: &str) -> ReceivedRequest {
        let request = http::Request::post(path)
            .header("traceparent", "7")
            .header("x-gateway", "canary-0")
            .header("x-license-token", "canary-1")
            .header("authorization", "Bearer canary-2")
            .header("cookie", "s=canary-3");
        let (head, ()) = request.body(()).unwrap().into_parts();
        ReceivedRequest::new(&head, Bytes::from(body.to_owned()), vec!["authing.graphql"])
    }

    #[test]
    fn no_secret_of_a_request_is_shown() {
        let body = r#"{"variables": {"secret": "canary-4", "input": [{"password": "canary-5", "id": "u"}]},
            "query": "{ token(password: \"canary-8\") }"}"#;
        let shown = request("/graphql/v2?access_token=canary-6&page=2", body);
        let text = format!("{shown:?} {:?} {:?} {:?}", shown.query(), shown.json(), shown.header("x-license-token"));
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(shown.redacted().unwrap()["variables"]["input"][0]["id"], "u");
        assert_eq!(shown.redacted().unwrap()["query"], "{ token(password: \"(redacted)\") }");
        assert_eq!(
            (shown.header("traceparent"), shown.header("Traceparent"), shown.header("x-none")),
            (Some("7"), Some("7"), None)
        );
        assert!(shown.header_is("x-license-token", "canary-1") && !shown.header_is("x-license-token", "canary"));
        assert_eq!(shown.query()[1], ("page".to_owned(), "2".to_owned()));
        let text = request("/x", "password=canary-7");
        assert_eq!((text.json(), text.body_length()), (None, 17));
        assert!(!format!("{text:?}").contains("canary"));
    }

    #[test]
    fn old_requests_are_kept_without_their_contents() {
        let log = Log::default();
        for _ in 0..WHOLE + 2 {
            log.record(request("/x?page=2", "{}"));
        }
        let lengths: Vec<_> = log.received().iter().map(ReceivedRequest::body_length).collect();
        assert_eq!((lengths.len(), &lengths[..4]), (WHOLE + 2, &[0, 0, 2, 2][..]));
        assert_eq!(log.received()[0].path, "/x");
        let sizes: usize = log.received().iter().map(ReceivedRequest::size).sum();
        assert_eq!(log.requests().bytes, sizes);
    }

    #[test]
    fn large_requests_are_kept_within_so_many_bytes() {
        let log = Log::default();
        let body = "x".repeat(BYTES / 4);
        for _ in 0..6 {
            log.record(request("/x", &body));
        }
        let whole = log.received().iter().map(ReceivedRequest::body_length).filter(|length| *length > 0).count();
        assert_eq!((whole, log.received().len()), (3, 6));
        log.record(request("/x", &"x".repeat(BYTES + 1)));
        assert_eq!(log.last().unwrap().body_length(), BYTES + 1);
        log.clear();
        assert_eq!((log.received().len(), log.requests().all.capacity()), (0, 0));
    }

    #[test]
    fn so_many_requests_are_kept() {
        for (kept, left) in [(0, &[][..]), (1, &["/4"]), (3, &["/2", "/3", "/4"]), (9, &["/0", "/1", "/2", "/3", "/4"])]
        {
            let log = Log::new(kept);
            (0..5).for_each(|n| log.record(request(&format!("/{n}"), "{}")));
            let all = log.received();
            assert_eq!(all.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), left);
            assert_eq!(log.requests().bytes, all.iter().map(ReceivedRequest::size).sum::<usize>());
        }
    }
}
