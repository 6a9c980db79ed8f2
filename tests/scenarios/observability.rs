//! Spans, events and observers.

use super::{Client, ManagementClient, ann, maybe_async, test};
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
    ErrorKind, Method, Result, RetryPolicy,
    digiwin::Credentials,
    emulator::{Emulator, Fault},
    observe::{AttemptInfo, CallInfo, Observer, RefreshInfo},
    token_store::{StoreKey, StoreLock, StoredToken, TokenStore},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

/// Waits until every span has ended: the work of a flight outlives its callers by a moment.
#[maybe_async]
pub(super) async fn ended(spans: &Spans) -> Trace {
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
