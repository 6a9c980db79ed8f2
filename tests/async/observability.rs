//! What is seen of calls that their callers drop, and of those that wait for another one's login.

use super::cancel::polled;
use crate::support::{
    gate::Gate,
    observed::Observed,
    server::{Server, json},
    spans::{Spans, another_subscriber},
    vocabulary::check_vocabulary,
};
use iam_sdk::{CallOptions, Client, RetryPolicy, emulator::Emulator};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tracing::{
    Event, Subscriber,
    span::{Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

#[tokio::test]
async fn a_cancelled_call_is_no_failure_and_says_that_it_was_cancelled() {
    let gate = Gate::new();
    let shut = gate.clone();
    let server = Server::start(move |_| {
        shut.pass();
        json("[]")
    });
    let _opened = gate.open_at_end();
    let observed = Observed::default();
    let builder = Client::builder(server.url(), "a").observer(observed.clone());
    let client = builder.build().unwrap().with_token("t").unwrap();
    let spans = Spans::start();
    {
        let users = client.users();
        let mut call = Box::pin(users.get_user_simple());
        while gate.arrived() == 0 {
            let pending = tokio::time::timeout(Duration::from_millis(5), &mut call).await;
            assert!(pending.is_err(), "it waits for the service");
        }
    }
    // Dropping it ended its spans at once.
    let trace = spans.ended().expect("a span is open");
    assert_eq!((trace.calls().len(), trace.requests().len(), trace.loud().len()), (1, 1, 0));
    for span in &trace.spans {
        assert_eq!((span.field("error.type"), span.field("otel.status_code")), (Some("cancelled"), None), "{span:?}");
    }
    assert_eq!(trace.calls()[0].field("iam.attempts"), Some("1"));
    check_vocabulary(&trace);
    assert_eq!((trace.said("call finished"), trace.said("call cancelled: its caller has dropped it")), (0, 1));
    let notes = observed.notes();
    assert_eq!(observed.counts(), (1, 1, 0));
    let call = &notes.calls[0];
    assert_eq!((call.cancelled, call.error, call.error_type(), call.attempts), (true, None, Some("cancelled"), 1));
    assert_eq!(notes.attempts[0].error_type, Some("cancelled"));
}

#[tokio::test]
async fn a_call_that_is_never_awaited_is_none() {
    let observed = Observed::default();
    let client = Client::builder("http://127.0.0.1:9", "a").observer(observed.clone()).build().unwrap();
    let spans = Spans::start();
    drop(client.users().get_user("ann"));
    assert!(!polled(0, client.users().get_user("ann")).await);
    assert_eq!((observed.counts(), spans.trace().spans.len()), ((0, 0, 0), 0));
}

#[tokio::test]
async fn a_login_whose_caller_goes_away_is_a_call_that_ends_as_it_does() {
    let emulator = Emulator::builder().latency(Duration::from_millis(5)).start().unwrap();
    let (account, observed) = (emulator.digiwin().account(), Observed::default());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).observer(observed.clone());
    let client = builder.build().unwrap();
    assert!(!polled(1, client.identity().login(&account.user_id, account.password.clone())).await);
    while observed.counts().0 == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let call = &observed.notes().calls[0];
    assert_eq!((call.operation, call.cancelled, call.error), ("digiwin.identity.login", false, None));
    assert!(client.current_token().await.unwrap().is_some());
}

#[tokio::test]
async fn callers_at_once_are_calls_of_their_own_and_one_refresh() {
    const CALLERS: usize = 20;
    let emulator = Emulator::builder().latency(Duration::from_millis(5)).start().unwrap();
    let (account, observed) = (emulator.digiwin().account(), Observed::default());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).observer(observed.clone());
    let credentials = iam_sdk::digiwin::Credentials::password(&account.user_id, account.password.clone());
    let client = builder.credentials(credentials).build().unwrap();
    let spans = Spans::start();
    let users = client.users();
    let calls = (0..CALLERS).map(|_| users.get_user_simple());
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    let trace = spans.trace();
    let requests = emulator.requests().len();
    assert_eq!(observed.counts(), (CALLERS, requests, 1));
    assert_eq!((trace.calls().len(), trace.requests().len(), trace.refreshes().len()), (CALLERS, requests, 1));
    assert_eq!(trace.said("the call waits for the refresh that is under way"), CALLERS - 1);
    assert!(observed.notes().calls.iter().all(|call| call.attempts == 1), "the login's attempts are the login's");
}

#[tokio::test]
async fn a_refresh_ahead_of_the_end_is_no_part_of_the_call_that_begins_it() {
    use iam_sdk::{digiwin::Credentials, token_store::StoredToken};
    const REFRESH: &str = "/api/iam/v2/identity/token/refresh/user";
    let gate = Gate::new();
    let shut = gate.clone();
    let server = Server::start(move |request| {
        if request.path == REFRESH {
            shut.pass();
            return json(r#"{"token": "new"}"#);
        }
        json("[]")
    });
    let opened = gate.open_at_end();
    let mut due = StoredToken::new("old".into()).expires_in(Duration::from_secs(7200));
    due.expires_at = Some(std::time::SystemTime::now() + Duration::from_secs(60));
    let observed = Observed::default();
    let builder = Client::builder(server.url(), "a").observer(observed.clone());
    let client = builder.credentials(Credentials::token(due)).build().unwrap();
    let once = client.with_options(CallOptions::new().retry(RetryPolicy::never())).unwrap();
    let spans = Spans::start();
    while gate.arrived() == 0 {
        once.users().get_user_simple().await.unwrap();
    }
    let trace = spans.trace();
    assert!(trace.calls().iter().all(|call| call.is_closed), "{trace:#?}");
    let ahead: Vec<_> =
        trace.refreshes().into_iter().filter(|span| span.field("iam.refresh.reason") == Some("ahead")).collect();
    assert!(ahead.len() == 1 && ahead[0].parent.is_none() && !ahead[0].is_closed, "{ahead:#?}");
    drop(opened);
    while observed.notes().refreshes.iter().all(|refresh| refresh.reason != "ahead") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let last = observed.notes().refreshes.last().cloned().unwrap();
    assert_eq!((last.reason, last.result, last.error), ("ahead", "refreshed", None));
}

/// A subscriber with a mistake in it, once it is armed: whatever ends in a span of ours makes it panic.
#[derive(Clone, Default)]
struct Mistaken {
    is_armed: Arc<AtomicBool>,
    panics: Arc<AtomicUsize>,
}

impl Mistaken {
    fn panic_in(&self, target: Option<&str>) {
        if self.is_armed.load(Ordering::SeqCst) && target.is_some_and(|target| target.starts_with("iam_sdk")) {
            self.panics.fetch_add(1, Ordering::SeqCst);
            panic!("the subscriber has a mistake");
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Mistaken {
    fn on_record(&self, id: &Id, _: &Record<'_>, context: Context<'_, S>) {
        self.panic_in(context.metadata(id).map(|metadata| metadata.target()));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.panic_in(Some(event.metadata().target()));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.panic_in(context.metadata(&id).map(|metadata| metadata.target()));
    }
}

#[tokio::test]
async fn a_subscriber_that_panics_in_a_call_that_a_panic_drops_does_not_end_the_process() {
    let gate = Gate::new();
    let shut = gate.clone();
    let server = Server::start(move |_| {
        shut.pass();
        json("[]")
    });
    let _opened = gate.open_at_end();
    let (mistaken, observed) = (Mistaken::default(), Observed::default());
    let builder = Client::builder(server.url(), "a").observer(observed.clone());
    let client = builder.build().unwrap().with_token("t").unwrap();
    let _other = another_subscriber();
    let _default = tracing::subscriber::set_default(Registry::default().with(mistaken.clone()));
    let users = client.users();
    let mut call = Box::pin(users.get_user_simple());
    while gate.arrived() == 0 {
        assert!(tokio::time::timeout(Duration::from_millis(5), &mut call).await.is_err(), "it waits for the service");
    }
    mistaken.is_armed.store(true, Ordering::SeqCst);
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _dropped_by_the_panic = call;
        std::panic::panic_any("the caller has a mistake");
    }));
    mistaken.is_armed.store(false, Ordering::SeqCst);
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"the caller has a mistake"));
    // Of request and call each: what is recorded and what is closed, and of the call the event.
    assert!(mistaken.panics.load(Ordering::SeqCst) >= 4);
    let notes = observed.notes();
    assert_eq!((observed.counts(), notes.calls[0].cancelled), ((1, 1, 0), true), "the observer is told nevertheless");
}

#[tokio::test]
async fn a_subscriber_that_panics_changes_no_call_and_no_refresh() {
    let emulator = Emulator::start().unwrap();
    let (account, observed, mistaken) = (emulator.digiwin().account(), Observed::default(), Mistaken::default());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).observer(observed.clone());
    let credentials = iam_sdk::digiwin::Credentials::password(&account.user_id, account.password.clone());
    let client = builder.credentials(credentials).build().unwrap();
    let _other = another_subscriber();
    let _default = tracing::subscriber::set_default(Registry::default().with(mistaken.clone()));
    mistaken.is_armed.store(true, Ordering::SeqCst);
    client.users().get_user_simple().await.unwrap();
    client.users().get_user_simple().await.unwrap();
    let requests = emulator.requests().len();
    mistaken.is_armed.store(false, Ordering::SeqCst);
    assert!(mistaken.panics.load(Ordering::SeqCst) > 2 * requests, "it has panicked at every end");
    assert_eq!(observed.counts(), (2, requests, 1));
    assert!(observed.notes().calls.iter().all(|call| call.error.is_none()));
}

#[test]
fn a_refresh_that_its_runtime_drops_survives_a_subscriber_that_panics() {
    let gate = Gate::new();
    let shut = gate.clone();
    let server = Server::start(move |_| {
        shut.pass();
        json("{}")
    });
    let _opened = gate.open_at_end();
    let (mistaken, observed) = (Mistaken::default(), Observed::default());
    let credentials = iam_sdk::digiwin::Credentials::password("ann", "p");
    let builder = Client::builder(server.url(), "a").observer(observed.clone()).credentials(credentials);
    let client = builder.build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _other = another_subscriber();
    let _default = tracing::subscriber::set_default(Registry::default().with(mistaken.clone()));
    runtime.block_on(async {
        let users = client.users();
        let mut call = Box::pin(users.get_user_simple());
        while gate.arrived() == 0 {
            assert!(tokio::time::timeout(Duration::from_millis(5), &mut call).await.is_err(), "it waits for the login");
        }
    });
    let before = observed.counts();
    mistaken.is_armed.store(true, Ordering::SeqCst);
    drop(runtime);
    mistaken.is_armed.store(false, Ordering::SeqCst);
    assert!(mistaken.panics.load(Ordering::SeqCst) > 0);
    assert_eq!((before.2, observed.counts().2), (0, 1), "the refresh is told, as cancelled");
    assert!(observed.notes().refreshes[0].cancelled);
}
