//! Providers of credentials that never end.

use super::faults::hanging::all_fail_soon;
use crate::support::gate::Gate;
use iam_sdk::{Client, ErrorKind, digiwin::Credentials};
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

#[tokio::test]
async fn an_async_provider_that_hangs_stops_nobody_for_longer_than_the_time_limit() {
    let provider_calls = Arc::new(AtomicUsize::new(0));
    let counted = provider_calls.clone();
    let credentials = Credentials::from_async_fn("ann", move || {
        counted.fetch_add(1, Ordering::SeqCst);
        pending::<std::io::Result<Credentials>>()
    });
    let builder = Client::builder("http://127.0.0.1:9", "a").credentials(credentials);
    let client = builder.timeout(Duration::from_millis(300)).build().unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), all_fail_soon(&client, &[ErrorKind::Timeout])).await;
    ended.expect("callers wait for ever");
    let provider_calls = provider_calls.load(Ordering::SeqCst);
    assert!((1..=6).contains(&provider_calls), "the provider was called {provider_calls} times");
}

#[tokio::test]
async fn a_provider_that_hangs_is_named_in_the_error() {
    let gate = Gate::new();
    let _opened = gate.open_at_end();
    let shut = gate.clone();
    let blocking = Credentials::from_fn("ann", move || {
        shut.pass();
        Err("too late")
    });
    let future = Credentials::from_async_fn("ann", pending::<std::io::Result<Credentials>>);
    for credentials in [blocking, future] {
        let builder = Client::builder("http://127.0.0.1:9", "a").credentials(credentials);
        let client = builder.timeout(Duration::from_millis(300)).build().unwrap();
        // The refresh ends before its callers stop waiting for it.
        let error = client.identity().analyze_token().await.unwrap_err();
        assert!(error.to_string().contains("the credentials provider took longer than the limit of 300ms"), "{error}");
    }
}
