//! Spans, events, observers, metrics and the hook for headers.

use super::{
    super::{
        every_call::{EVERY_CALL, Names, Target},
        faults::matrix::{emulator, signed_in, target},
    },
    Client, LicenseClient, ManagementClient, ann, maybe_async, test,
};
use crate::support::{
    holds,
    log::Log,
    observed::Observed,
    same,
    server::{Response, Server, json, status},
    spans::{Span, Spans, Trace},
    vocabulary::check_vocabulary,
};
use iam_sdk::{
    CallOptions, ErrorKind, Method, Result, RetryPolicy,
    digiwin::Credentials,
    emulator::{Emulator, Fault},
    observe::{AttemptInfo, CallInfo, Observer, RefreshInfo},
    token_store::{StoreKey, StoreLock, StoredToken, TokenStore},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

/// Waits until every span has ended: the work of a flight outlives its callers by a moment.
#[maybe_async]
async fn ended(spans: &Spans) -> Trace {
    for _ in 0..500 {
        if let Some(trace) = spans.ended() {
            check_vocabulary(&trace);
            return trace;
        }
        super::super::pause().await;
    }
    panic!("a span does not end: {:#?}", spans.trace());
}

pub(super) fn quick() -> RetryPolicy {
    RetryPolicy::new().initial_backoff(Duration::from_millis(1))
}

/// A client without a token of its own, which an observer watches.
fn observed(emulator: &Emulator) -> (Client, Observed) {
    let (account, observed) = (emulator.digiwin().account(), Observed::default());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).observer(observed.clone());
    (builder.retry(quick()).build().unwrap(), observed)
}

pub(super) const SIMPLE: &str = "digiwin.users.get_user_simple";

#[maybe_async]
#[test]
async fn a_call_is_a_span_and_its_attempts_are_spans_within() {
    let emulator = Emulator::start().unwrap();
    let (client, observed) = observed(&emulator);
    let session = client.with_session_as("ann", ann(&emulator));
    let spans = Spans::start();
    session.users().get_user_simple().await.unwrap();
    let trace = ended(&spans).await;
    let calls = trace.calls();
    assert_eq!(calls.len(), 1);
    let field = |name| calls[0].field(name);
    assert_eq!(
        (field("iam.operation"), field("otel.name"), field("iam.service")),
        (Some(SIMPLE), Some(SIMPLE), Some("digiwin"))
    );
    assert_eq!((field("iam.attempts"), field("error.type"), field("otel.status_code")), (Some("1"), None, None));
    // The login that the call waited for.
    let refreshes = trace.refreshes();
    assert_eq!((refreshes.len(), refreshes[0].parent), (1, Some("iam_sdk.call")));
    let field = |name| refreshes[0].field(name);
    assert_eq!((field("iam.refresh.reason"), field("iam.refresh.result")), (Some("missing"), Some("logged_in")));
    let requests = trace.requests();
    assert_eq!(requests.len(), emulator.requests().len());
    let (own, logins): (Vec<_>, Vec<_>) =
        requests.iter().copied().partition(|request: &&Span| request.field("iam.operation") == Some(SIMPLE));
    assert!(own.len() == 1 && own[0].parent == Some("iam_sdk.call") && logins.len() > 1, "{requests:#?}");
    assert!(logins.iter().all(|login| login.parent == Some("iam_sdk.refresh")), "{logins:#?}");
    let path = "/api/iam/v2/user/simple";
    let expected = [
        ("otel.kind", Some("client")),
        ("otel.name", Some("GET /api/iam/v2/user/simple")),
        ("http.request.method", Some("GET")),
        ("url.template", Some(path)),
        ("url.scheme", Some("http")),
        ("url.full", None),
        ("server.address", Some("127.0.0.1")),
        ("http.request.resend_count", None),
        ("http.response.status_code", Some("200")),
        ("error.type", None),
        ("otel.status_code", None),
    ];
    for (name, value) in expected {
        assert_eq!(own[0].field(name), value, "{name}");
    }
    assert_eq!((trace.said("call finished"), trace.said("refresh finished"), trace.loud().len()), (1, 1, 0));
    let notes = observed.notes();
    assert_eq!(observed.counts(), (1, requests.len(), 1));
    assert_eq!((notes.calls[0].operation, notes.calls[0].attempts, notes.calls[0].error_type()), (SIMPLE, 1, None));
    assert!(notes.calls[0].duration >= notes.refreshes[0].duration && !notes.refreshes[0].duration.is_zero());
    assert_eq!((notes.refreshes[0].reason, notes.refreshes[0].result), ("missing", "logged_in"));
}

#[maybe_async]
#[test]
async fn retries_are_counted_exactly() {
    let emulator = Emulator::start().unwrap();
    let (client, observed) = observed(&emulator);
    let session = client.with_token("t").unwrap();
    emulator.fault(Fault::status(503).times(2).on(SIMPLE));
    let spans = Spans::start();
    let error = session.users().get_user_simple().await.err();
    let trace = ended(&spans).await;
    // The emulator does not know the token.
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Authentication));
    let requests = trace.requests();
    let row = |name| requests.iter().map(|request| request.field(name)).collect::<Vec<_>>();
    assert_eq!(row("http.request.resend_count"), [None, Some("1"), Some("2")]);
    assert_eq!(row("error.type"), [Some("503"), Some("503"), Some("401")]);
    assert_eq!(row("otel.status_code"), [Some("ERROR"); 3]);
    let call = trace.calls()[0].clone();
    assert_eq!((call.field("iam.attempts"), call.field("error.type")), (Some("3"), Some("authentication")));
    assert_eq!((call.field("otel.status_code"), trace.calls().len()), (Some("ERROR"), 1));
    let again: Vec<_> = trace.events.iter().filter(|event| event.message == "the request is sent again").collect();
    assert!(again.len() == 2 && again.iter().all(|event| event.span == Some("iam_sdk.call")), "{again:#?}");
    assert!(again.iter().all(|event| event.fields["error.type"] == "server"), "{again:#?}");
    assert_eq!((trace.said("call finished"), trace.loud().len()), (1, 0), "the error is the caller's");
    let notes = observed.notes();
    assert_eq!(observed.counts(), (1, 3, 0));
    assert_eq!((notes.calls[0].attempts, notes.calls[0].error), (3, Some(ErrorKind::Authentication)));
    let attempts: Vec<_> = notes.attempts.iter().map(|attempt| (attempt.resends, attempt.reason)).collect();
    assert_eq!(attempts, [(0, None), (1, Some(ErrorKind::Server)), (2, Some(ErrorKind::Server))]);
}

#[maybe_async]
#[test]
async fn a_rejected_token_is_a_refresh_and_a_resend() {
    let emulator = Emulator::start().unwrap();
    let (client, observed) = observed(&emulator);
    let session = client.with_session_as("ann", ann(&emulator));
    session.users().get_user_simple().await.unwrap();
    emulator.digiwin().revoke_tokens("ann");
    let before = observed.counts();
    let spans = Spans::start();
    session.users().get_user_simple().await.unwrap();
    let trace = ended(&spans).await;
    let notes = observed.notes();
    let call = notes.calls.last().unwrap();
    assert_eq!((observed.counts().0 - before.0, observed.counts().2 - before.2), (1, 1));
    assert_eq!((call.attempts, call.error), (2, None));
    let refresh = notes.refreshes.last().unwrap();
    assert_eq!((refresh.reason, refresh.result, refresh.error_type()), ("rejected", "logged_in", None));
    let last = notes.attempts.last().unwrap();
    assert_eq!((last.resends, last.reason, last.error_type), (1, Some(ErrorKind::Authentication), None));
    assert_eq!((trace.said("the request is sent again"), trace.loud().len()), (1, 0));
    assert_eq!(trace.requests().len(), notes.attempts.len() - before.1);
}

#[maybe_async]
#[test]
async fn a_token_that_has_expired_is_replaced_for_that_reason() {
    let (server, observed) = (Server::start(|_| json("[]")), Observed::default());
    let credentials =
        Credentials::from_fn("ann", || std::io::Result::Ok(Credentials::token(StoredToken::new("new".into()))));
    let builder = Client::builder(server.url(), "app").credentials(credentials).observer(observed.clone());
    let client = builder.token_store(Expired).build().unwrap();
    // The store is read before the call that needs a valid token.
    holds(client.current_token().await.unwrap().is_some());
    same(observed.counts(), (0, 0, 0));
    client.users().get_user_simple().await.unwrap();
    let refreshes: Vec<_> = observed.notes().refreshes.iter().map(|refresh| (refresh.reason, refresh.result)).collect();
    assert_eq!(refreshes, [("expired", "provided")]);
}

/// A store whose tokens have expired.
#[derive(Debug)]
struct Expired;

impl TokenStore for Expired {
    fn get(&self, _: &StoreKey) -> Result<Option<StoredToken>> {
        let mut token = StoredToken::new("old".into());
        token.expires_at = Some(SystemTime::UNIX_EPOCH);
        Ok(Some(token))
    }

    fn put(&self, _: &StoreKey, _: &StoredToken) -> Result<()> {
        Ok(())
    }

    fn remove(&self, _: &StoreKey) -> Result<()> {
        Ok(())
    }

    fn try_lock(&self, _: &StoreKey) -> Result<Option<StoreLock>> {
        Ok(Some(StoreLock::new(|| {})))
    }
}

#[maybe_async]
#[test]
async fn what_fails_before_it_is_sent_is_a_call_without_attempts() {
    let emulator = Emulator::start().unwrap();
    let observed = Observed::default();
    let pool = emulator.authing().account();
    let builder = ManagementClient::builder(&pool.user_pool_id, pool.secret.clone()).observer(observed.clone());
    let client = builder.base_url(emulator.base_url()).build().unwrap();
    let spans = Spans::start();
    let none: [&str; 0] = [];
    holds(client.users().batch_get(&none).await.is_err());
    holds(client.users().detail("..").await.is_err());
    let trace = ended(&spans).await;
    let notes = observed.notes();
    let calls: Vec<_> = notes.calls.iter().map(|call| (call.operation, call.attempts, call.error_type())).collect();
    let argument = Some("invalid_argument");
    assert_eq!(calls, [("authing.users.batch_get", 0, argument), ("authing.users.detail", 0, argument)]);
    assert_eq!((trace.calls().len(), trace.requests().len(), observed.counts().1), (2, 0, 0));
}

#[maybe_async]
#[test]
async fn a_call_in_batches_is_one_call() {
    let emulator = Emulator::start().unwrap();
    let observed = Observed::default();
    let pool = emulator.authing().account();
    let builder = ManagementClient::builder(&pool.user_pool_id, pool.secret.clone()).observer(observed.clone());
    let client = builder.base_url(emulator.base_url()).build().unwrap();
    let spans = Spans::start();
    let ids: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    client.users().batch_get(&ids).await.unwrap();
    let trace = ended(&spans).await;
    let notes = observed.notes();
    // One request more, for the management token.
    let batches = emulator.requests().len() - 1;
    assert!(batches > 1);
    assert_eq!((notes.calls.len(), notes.calls[0].attempts as usize, notes.refreshes.len()), (1, batches, 1));
    let own =
        trace.requests().into_iter().filter(|span| span.field("iam.operation") == Some("authing.users.batch_get"));
    let own: Vec<_> = own.collect();
    assert!(own.len() == batches && own.iter().all(|span| span.parent == Some("iam_sdk.call")), "{own:#?}");
    assert!(own.iter().all(|span| span.field("graphql.operation.name") == Some("userBatch")), "{own:#?}");
}

#[maybe_async]
#[test]
async fn a_login_is_one_call_of_several_requests() {
    let emulator = Emulator::start().unwrap();
    let (client, observed) = observed(&emulator);
    let account = emulator.digiwin().account();
    let spans = Spans::start();
    client.identity().login(&account.user_id, account.password.clone()).await.unwrap();
    client.identity().logout().await.unwrap();
    let trace = ended(&spans).await;
    let notes = observed.notes();
    let calls: Vec<_> = notes.calls.iter().map(|call| (call.operation, call.attempts as usize)).collect();
    let requests = emulator.requests().len();
    assert_eq!(calls, [("digiwin.identity.login", requests - 1), ("digiwin.identity.logout", 1)]);
    assert_eq!((trace.calls().len(), trace.requests().len(), observed.counts().2), (2, requests, 0));
    assert!(trace.requests().iter().all(|request| request.parent == Some("iam_sdk.call")), "{trace:#?}");
}

#[maybe_async]
#[test]
async fn a_throttled_login_warns_once() {
    let emulator = Emulator::start().unwrap();
    let (client, observed) = observed(&emulator);
    let session = client.with_session_as("ann", Credentials::password("ann", "wrong"));
    let spans = Spans::start();
    for _ in 0..6 {
        holds(session.users().get_user_simple().await.is_err());
    }
    let trace = ended(&spans).await;
    let loud: Vec<_> = trace.loud().into_iter().map(|event| (event.level, event.message.as_str())).collect();
    assert_eq!(loud, [(tracing::Level::WARN, "the session makes no login for a while")]);
    let results: Vec<_> = observed.notes().refreshes.iter().map(|refresh| (refresh.result, refresh.error)).collect();
    let [failed, limited] = [ErrorKind::Authentication, ErrorKind::LoginLimited].map(|kind| ("failed", Some(kind)));
    assert_eq!(results, [failed, failed, failed, limited, limited, limited]);
    assert_eq!(observed.counts().0, 6);
}

#[::core::prelude::v1::test]
fn certificates_that_are_not_checked_are_a_warning_when_the_client_is_built() {
    let spans = Spans::start();
    let builder = || Client::builder("https://iam.example.com", "a");
    drop((builder().build().unwrap(), builder().verify_tls(false).build().unwrap()));
    let trace = spans.trace();
    assert_eq!(trace.loud().len(), 1, "{trace:#?}");
    assert!(trace.loud()[0].message.contains("certificate") && trace.loud()[0].level == tracing::Level::WARN);
}

/// An observer with a mistake in it.
struct Panicking(Arc<AtomicUsize>);

impl Panicking {
    fn panic(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("the observer has a mistake");
    }
}

impl Observer for Panicking {
    fn call_finished(&self, _: &CallInfo) {
        self.panic();
    }

    fn attempt_finished(&self, _: &AttemptInfo<'_>) {
        self.panic();
    }

    fn refresh_finished(&self, _: &RefreshInfo) {
        self.panic();
    }
}

#[maybe_async]
#[test]
async fn a_panic_in_an_observer_changes_nothing() {
    let emulator = Emulator::start().unwrap();
    let (account, told) = (emulator.digiwin().account(), Arc::new(AtomicUsize::new(0)));
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).observer(Panicking(told.clone()));
    let client = builder.credentials(ann(&emulator)).build().unwrap();
    for _ in 0..3 {
        client.users().get_user_simple().await.unwrap();
    }
    // A call each, an attempt for each request, and one login.
    same(told.load(Ordering::SeqCst), 3 + emulator.requests().len() + 1);
}

#[maybe_async]
#[test]
async fn every_attempt_has_the_headers_of_the_hook() {
    let server = Server::start(|request| match request.headers.get("traceparent").map(String::as_str) {
        Some("00-1") => status(503, ""),
        _ => json("[]"),
    });
    let (calls, names) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    let noted = names.clone();
    let builder = Client::builder(server.url(), "app").header("x-gateway", "builder").header("x-kept", "builder");
    let client = builder.headers_from(move |operation, headers| {
        let span = tracing::Span::current().metadata().map(|span| span.name());
        noted.lock().unwrap().push((operation.to_owned(), span));
        let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
        headers.insert("traceparent", format!("00-{call}").parse().unwrap());
        headers.append("tracestate", "a=1".parse().unwrap());
        headers.append("tracestate", "b=2".parse().unwrap());
        for own in [
            "x-gateway",
            "x-option",
            "digi-middleware-auth-user",
            "digi-middleware-auth-app",
            "content-type",
            "user-agent",
            "host",
            "content-length",
            "transfer-encoding",
            "connection",
        ] {
            headers.insert(own, "hook".parse().unwrap());
        }
    });
    let client = client.retry(quick()).build().unwrap().with_token("t").unwrap();
    let client = client.with_options(CallOptions::new().header("x-option", "option")).unwrap();
    let spans = Spans::start();
    client.users().get_user_simple().await.unwrap();
    let trace = ended(&spans).await;
    let requests = server.requests();
    let header = |name: &str| requests.iter().map(|request| request.headers[name].clone()).collect::<Vec<_>>();
    assert_eq!(header("traceparent"), ["00-1", "00-2"]);
    assert_eq!(header("x-gateway"), ["hook", "hook"]);
    assert_eq!(header("x-kept"), ["builder", "builder"]);
    assert_eq!(header("x-option"), ["option", "option"], "the call's own headers are the last word");
    assert_eq!(header("digi-middleware-auth-user"), ["t", "t"]);
    assert_eq!(header("digi-middleware-auth-app"), ["app", "app"]);
    assert_eq!(header("content-type"), ["application/json", "application/json"]);
    assert!(header("host")[0].starts_with("127.0.0.1") && header("user-agent")[0].starts_with("iam-sdk-rust/"));
    assert!(requests.iter().all(|request| !request.headers.contains_key("transfer-encoding")));
    let expected = (SIMPLE.to_owned(), Some("iam_sdk.request"));
    assert_eq!(*names.lock().unwrap(), [expected.clone(), expected]);
    let text = format!("{trace:?} {client:?}");
    assert!(!text.contains("00-1") && !text.contains("hook\""), "{text}");
}

#[maybe_async]
#[test]
async fn a_hook_that_panics_or_has_no_end_is_an_error_of_the_call() {
    let server = Server::start(|_| json("[]"));
    let observed = Observed::default();
    let builder = || Client::builder(server.url(), "app").observer(observed.clone());
    let panicking = builder().headers_from(|_, _| panic!("no context"));
    let endless = builder().headers_from(|_, headers| {
        for n in 0..300 {
            headers.insert(iam_sdk_header(n), "x".parse().unwrap());
        }
    });
    let huge = builder().headers_from(|_, headers| {
        headers.insert("x-huge", "x".repeat(1024 * 1024).parse().unwrap());
    });
    let just_too_large = builder().headers_from(|_, headers| {
        for n in 0..16 {
            headers.insert(iam_sdk_header(n + 10), "x".repeat(1021).parse().unwrap());
        }
    });
    for (client, what) in [
        (panicking, "headers_from"),
        (endless, "at most 200"),
        (huge, "1048582 bytes, and at most 16384"),
        (just_too_large, "16400 bytes"),
    ] {
        let client = client.build().unwrap().with_token("t").unwrap();
        let error = client.users().get_user_simple().await.unwrap_err();
        assert!(error.is_configuration() && !error.was_sent() && error.to_string().contains(what), "{error}");
        assert_eq!(error.operation(), Some(SIMPLE));
    }
    same(server.requests().len(), 0);
    same(observed.counts(), (4, 4, 0));
    let large = builder().headers_from(|_, headers| {
        for n in 0..16 {
            headers.insert(iam_sdk_header(n + 10), "x".repeat(1020).parse().unwrap());
        }
    });
    let client = large.build().unwrap().with_token("t").unwrap();
    client.users().get_user_simple().await.unwrap();
}

#[maybe_async]
#[test]
async fn a_gateways_authorization_is_sent_where_it_is_not_the_services_own() {
    let server = Server::start(|_| json(r#"{"data": {"userpool": {"id": "p"}}}"#));
    let hook = |_: &str, headers: &mut iam_sdk::HeaderMap| {
        headers.insert("authorization", "Basic gateway".parse().unwrap());
    };
    let digiwin = Client::builder(server.url(), "app").headers_from(hook).build().unwrap().with_token("t").unwrap();
    holds(digiwin.request(Method::GET, "/x").await.is_ok());
    let authing = ManagementClient::builder("pool", "secret").base_url(server.url()).headers_from(hook);
    let authing = authing.build().unwrap().with_token("own").unwrap();
    let spans = Spans::start();
    holds(authing.request(Method::GET, "/x").await.is_ok());
    let requests = server.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.headers["authorization"].as_str()).collect();
    assert_eq!(sent, ["Basic gateway", "Bearer own"]);
    let trace = ended(&spans).await;
    let left_out: Vec<_> = trace.events.iter().filter_map(|event| event.fields.get("http.request.header")).collect();
    assert_eq!(left_out, ["authorization"]);
}

#[maybe_async]
#[test]
async fn a_finished_call_says_what_its_last_response_said() {
    const SAID: &str = r#"{"status": 500, "code": "E-7", "message": "no", "requestId": "r-1 token-1"}"#;
    let served = AtomicUsize::new(0);
    let server = Server::start(move |_| match served.fetch_add(1, Ordering::SeqCst) {
        0 => status(503, ""),
        1 => status(500, SAID),
        _ => Response::Whole(200, "x-request-id: r-2\r\n", "[]".to_owned()),
    });
    let client = Client::builder(server.url(), "app").retry(quick()).build().unwrap().with_token("token-1").unwrap();
    let spans = Spans::start();
    holds(client.users().get_user_simple().await.is_err());
    client.users().get_user_simple().await.unwrap();
    holds(client.request(Method::GET, "x").await.is_err());
    let trace = ended(&spans).await;
    let ends: Vec<_> = trace.events.iter().filter(|event| event.message == "call finished").collect();
    let row = |name: &str| ends.iter().map(|event| event.fields.get(name).map(String::as_str)).collect::<Vec<_>>();
    assert_eq!(row("http.response.status_code"), [Some("500"), Some("200"), None]);
    assert_eq!(row("iam.code"), [Some("E-7"), None, None]);
    assert_eq!(row("iam.request_id"), [Some("r-1 (redacted)"), Some("r-2"), None]);
    assert_eq!(row("iam.attempts"), [Some("2"), Some("1"), Some("0")]);
    assert_eq!(row("error.type"), [Some("server"), None, Some("invalid_argument")]);
}

#[maybe_async]
#[test]
async fn rust_log_shows_calls_with_the_filter_of_the_guide_and_without_it_nothing() {
    use tracing_subscriber::{EnvFilter, fmt};
    let emulator = Emulator::start().unwrap();
    let session = observed(&emulator).0.with_session_as("ann", ann(&emulator));
    for (directives, is_shown) in
        [("iam_sdk=debug", true), ("iam_sdk=trace", true), ("iam_sdk=info", false), ("", false)]
    {
        let filter =
            EnvFilter::builder().with_default_directive(tracing::Level::WARN.into()).parse(directives).unwrap();
        let log = Log::of(|writer| fmt().with_env_filter(filter).with_writer(writer).with_ansi(false).finish());
        session.users().get_user_simple().await.unwrap();
        let text = log.text();
        let shown = text.contains("iam_sdk.call{") && text.contains("call finished") && text.contains(SIMPLE);
        assert_eq!((shown, text.is_empty()), (is_shown, !is_shown), "{directives}: {text}");
    }
}

fn iam_sdk_header(n: usize) -> http::HeaderName {
    format!("x-{n}").parse().unwrap()
}

#[maybe_async]
#[test]
async fn whole_urls_are_shown_on_request_and_without_secrets() {
    let server = Server::start(|_| json("{}"));
    let builder = Client::builder(server.url(), "app-token").trace_urls(true);
    let client = builder.build().unwrap().with_token("token-1").unwrap();
    let spans = Spans::start();
    client.request(Method::GET, "/a/token-1?user=ann&t=token%2D1&app=app-token").await.unwrap();
    let trace = ended(&spans).await;
    let request = trace.requests()[0].clone();
    let url = request.field("url.full").unwrap();
    assert!(url.contains("/a/(redacted)?user=ann&t=(redacted)&app=(redacted)"), "{url}");
    assert_eq!((request.field("url.template"), request.field("otel.name")), (None, Some("GET")));
}

#[::core::prelude::v1::test]
fn every_operation_is_one_call_in_words_of_the_list_and_nothing_is_loud() {
    let emulator = emulator();
    // The management token is fetched once, before all others' calls.
    let spans = Spans::start();
    let target = target(&emulator);
    let (mut names, mut calls) = (BTreeSet::new(), 0);
    for (operation, call) in EVERY_CALL {
        // One that logs out ends no other one's session.
        let target = signed_in(&target);
        let before = spans.trace().calls().len();
        let _ = call(&target);
        let trace = spans.trace();
        let new: Vec<_> = trace.calls()[before..].iter().map(|span| span.field("iam.operation").unwrap()).collect();
        assert_eq!(new, [*operation]);
        names.insert(*operation);
        calls += 1;
    }
    let trace = spans.trace();
    check_vocabulary(&trace);
    let missing: Vec<&str> = iam_sdk::emulator::operations()
        .filter(|name| !trace.requests().iter().any(|span| span.field("iam.operation") == Some(name)))
        .collect();
    assert!(missing.is_empty() && calls == names.len(), "{missing:?}");
    assert!(trace.loud().is_empty(), "{:#?}", trace.loud());
    // Names are the service's own, and nothing of them tells who was meant.
    let templates: BTreeSet<_> =
        trace.requests().iter().map(|span| span.field("otel.name").unwrap().to_owned()).collect();
    assert!(templates.len() < 70, "{templates:?}");
    let values: String = trace
        .spans
        .iter()
        .flat_map(|span| span.fields.values())
        .chain(trace.events.iter().flat_map(|event| event.fields.values()))
        .flat_map(|value| [value.as_str(), "\n"])
        .collect();
    for personal in ["@", "13800000000", "Secret-12345", "an-app", "a-secret", "bob", "u1\n"] {
        assert!(!values.contains(personal), "{personal}: {values}");
    }
}

#[::core::prelude::v1::test]
fn nothing_that_a_call_is_about_is_shown_of_any_operation() {
    let emulator = emulator();
    let (observed, target) = (Observed::default(), target(&emulator));
    #[cfg(feature = "metrics")]
    let recorder = crate::support::recorder::Counts::default();
    #[cfg(feature = "metrics")]
    let _installed = ::metrics::set_default_local_recorder(&recorder);
    #[cfg(feature = "metrics")]
    let observer = (observed.clone(), iam_sdk::observe::Metrics::new());
    #[cfg(not(feature = "metrics"))]
    let observer = (observed.clone(), None::<Observed>);
    let observer = Arc::new(observer);
    let (url, once) = (emulator.base_url(), RetryPolicy::never);
    let digiwin = Client::builder(&url, "an-app").retry(once()).observer(observer.clone());
    let authing = ManagementClient::builder("pool", "a-secret").base_url(&url).retry(once()).observer(observer.clone());
    let cloudspot = LicenseClient::builder("app").base_url(format!("{url}/api/v1")).retry(once()).observer(observer);
    let spans = Spans::start();
    let (digiwin, authing) = (digiwin.build().unwrap(), authing.build().unwrap());
    let target = Target { digiwin, authing, cloudspot: cloudspot.build().unwrap(), ..target };
    let canary = |what: &str| format!("canary-{what}");
    // Nobody and nothing has these names, so that most calls fail: errors are shown too.
    let strange = Names {
        password: canary("password"),
        org_sid: 987_654_321,
        license_password: canary("license-password"),
        impersonation: canary("impersonation"),
        user: canary("user"),
        org: canary("org"),
        root: canary("root"),
        node: canary("node"),
        other_node: canary("other-node"),
        fresh: canary("fresh@x.example"),
        doomed: canary("doomed"),
        doomed_sid: 987_654_322,
    };
    for names in [target.names.clone(), strange] {
        for (operation, call) in EVERY_CALL {
            let target = Target { names: names.clone(), ..signed_in(&target) };
            let before = observed.counts().0;
            let _ = call(&target);
            let calls = observed.notes().calls.split_off(before);
            assert_eq!(calls.iter().map(|call| call.operation).collect::<Vec<_>>(), [*operation]);
        }
    }
    #[cfg_attr(not(feature = "metrics"), expect(unused_mut))]
    let mut shown = format!("{:?}\n{:?}", spans.trace(), observed.notes());
    #[cfg(feature = "metrics")]
    shown.push_str(&format!("{:?}", recorder.recorded.lock().unwrap().values().collect::<Vec<_>>()));
    let found =
        |text: &str| shown.find(text).map(|at| shown[at.saturating_sub(200)..].chars().take(300).collect::<String>());
    for part in ["iam_sdk.request", "call finished", "CallInfo", "not_found", "authing.users.detail"] {
        assert!(found(part).is_some(), "nothing shows {part}");
    }
    let names = &target.names;
    let learned = [&names.password, &names.impersonation, &names.org, &names.root, &names.node, &names.other_node];
    let sids = [names.org_sid.to_string(), "98765432".to_owned()];
    // What the calls of the list name themselves.
    let literal = [
        "canary",
        "@",
        "13800000000",
        "123456",
        "Secret-12345",
        "an-app",
        "a-secret",
        "a-token",
        "bob",
        "mia",
        "\"u1\"",
        "imported",
        "\"T1\"",
        "\"c1\"",
        "school",
    ];
    for text in learned.into_iter().chain(&sids).map(String::as_str).chain(literal) {
        assert_eq!(found(text), None, "{text}");
    }
}
