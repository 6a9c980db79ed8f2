//! Callers that go away while keys are fetched.

use super::jwt::Verifier;
use crate::support::{
    gate::Gate,
    server::{Server, json},
    spans::Spans,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::FutureExt as _;
use iam_sdk::jwt::KeySource;
use serde_json::json;
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tracing::Instrument as _;

/// Starts an issuer whose keys come when the gate opens.
fn keys_behind(gate: &Gate) -> Server {
    let (gate, n) = (gate.clone(), BASE64_URL_SAFE_NO_PAD.encode([0xFF; 256]));
    Server::start(move |_| {
        gate.pass();
        json(json!({"keys": [{"kty": "RSA", "kid": "k", "n": n, "e": "AQAB"}]}))
    })
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_fetch_to_the_others() {
    let gate = Gate::new();
    let (_end, server) = (gate.open_at_end(), keys_behind(&gate));
    let builder = Verifier::builder(KeySource::url(format!("{}/keys", server.url())));
    let verifier = builder.any_issuer().any_audience().build().unwrap();
    let token = unsigned();
    let first = tokio::spawn(verifier.verify(token.clone()));
    while gate.arrived() == 0 {
        super::pause().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled(), "its request is with the issuer, and it goes away");
    let others: Vec<_> = (0..50).map(|_| tokio::spawn(verifier.verify(token.clone()))).collect();
    super::pause().await;
    gate.open();
    for other in others {
        let error = other.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("signature is wrong"), "the keys came: {error}");
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_fetch_whose_runtime_is_gone_can_be_tried_again() {
    let gate = Gate::new();
    let (_end, server) = (gate.open_at_end(), keys_behind(&gate));
    let builder = Verifier::builder(KeySource::url(format!("{}/keys", server.url())));
    let verifier = builder.any_issuer().any_audience().build().unwrap();
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    drop(first.spawn(verifier.fetch_keys()));
    second.block_on(async {
        while gate.arrived() == 0 {
            super::pause().await;
        }
        // It waits for the fetch of the other runtime.
        let mut waiting = Box::pin(verifier.fetch_keys());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        first.shutdown_background();
        let error = waiting.await.unwrap_err();
        assert!(error.is_transport() && error.is_retryable() && error.suggested_status() >= 502, "{error}");
        gate.open();
        verifier.fetch_keys().await.unwrap();
    });
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_fetch_whose_runtime_is_not_driven_is_waited_for_no_longer_than_the_limit() {
    let (age, n) = (Arc::<AtomicU64>::default(), BASE64_URL_SAFE_NO_PAD.encode([0xFF; 256]));
    let server = Server::start(move |_| json(json!({"keys": [{"kty": "RSA", "kid": "k", "n": n, "e": "AQAB"}]})));
    let builder = Verifier::builder(KeySource::url(format!("{}/keys", server.url())));
    let ahead = age.clone();
    let now = move || SystemTime::now() + Duration::from_secs(ahead.load(Ordering::SeqCst));
    let builder = builder.any_issuer().any_audience().timeout(Duration::from_millis(50)).clock(now);
    let (verifier, token) = (builder.build().unwrap(), unsigned());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (undriven, driven) = (runtime(), runtime());
    let leave = |task: Pin<Box<dyn Future<Output = ()> + '_>>| {
        undriven
            .block_on(async { assert!(futures_util::poll!(task).is_pending(), "it has begun, and goes no further") });
    };
    leave(Box::pin(verifier.fetch_keys().map(drop)));
    driven.block_on(async {
        let limit = Duration::from_secs(30);
        let waited = tokio::time::timeout(limit, verifier.verify(token.clone())).await.expect("it waits without end");
        let error = waited.unwrap_err();
        assert!(error.is_timeout() && error.is_retryable() && error.to_string().contains("in time"), "{error}");
        // The lost fetch keeps no other one from being made.
        tokio::time::timeout(limit, fetched(&verifier)).await.expect("nobody replaces the fetch that was lost");
    });
    // Nor does a lost refresh, while the keys at hand are used.
    let fetches = server.requests().len();
    age.store(2 * 60 * 60, Ordering::SeqCst);
    undriven.block_on(async { assert!(verifier.check(token.clone()).await.unwrap().is_none()) });
    driven.block_on(async {
        let refreshed = async {
            while server.requests().len() == fetches {
                assert!(verifier.check(token.clone()).await.unwrap().is_none());
                super::pause().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), refreshed)
            .await
            .expect("nobody replaces the refresh that was lost");
    });
}

#[test]
fn without_a_timer_keys_are_not_fetched_and_the_error_says_what_to_do() {
    let verifier = Verifier::builder(KeySource::url("http://127.0.0.1:9/keys")).any_issuer().any_audience();
    let verifier = verifier.build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let error = runtime.block_on(verifier.verify(unsigned())).unwrap_err();
    assert!(error.is_configuration() && error.to_string().contains("enable_time"), "{error}");
}

/// The fetch for a key that nobody has seen goes with its runtime: that the key is unknown is not known, and it is fetched again.
#[test]
fn a_lost_fetch_for_an_unknown_key_refuses_no_token() {
    let (gate, served) = (Gate::new(), Arc::<AtomicU64>::default());
    let (_end, passed) = (gate.open_at_end(), gate.clone());
    let n = BASE64_URL_SAFE_NO_PAD.encode([0xFF; 256]);
    let server = Server::start(move |_| {
        let id = match served.fetch_add(1, Ordering::SeqCst) {
            0 => "old",
            _ => "k",
        };
        if id == "k" {
            passed.pass();
        }
        json(json!({"keys": [{"kty": "RSA", "kid": id, "n": n, "e": "AQAB"}]}))
    });
    let builder = Verifier::builder(KeySource::url(format!("{}/keys", server.url())));
    let verifier = builder.any_issuer().any_audience().build().unwrap();
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    second.block_on(verifier.fetch_keys()).unwrap();
    drop(first.spawn(verifier.verify(unsigned())));
    second.block_on(async {
        while gate.arrived() == 0 {
            super::pause().await;
        }
        // It waits for the fetch of the other runtime.
        let mut waiting = Box::pin(verifier.verify(unsigned()));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        first.shutdown_background();
        let error = waiting.await.unwrap_err();
        assert!(error.is_transport() && error.suggested_status() >= 502, "{error}");
        gate.open();
        let error = verifier.verify(unsigned()).await.unwrap_err();
        assert!(error.to_string().contains("signature is wrong"), "the key came: {error}");
    });
    assert_eq!(server.requests().len(), 3);
}

/// Fetches the keys, as soon as that is possible.
async fn fetched(verifier: &Verifier) {
    while verifier.fetch_keys().await.is_err() {
        super::pause().await;
    }
}

/// A token with a signature that is wrong.
fn unsigned() -> String {
    format!("{}.e30.AA", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#))
}

#[tokio::test]
async fn a_refresh_of_keys_does_not_keep_the_span_of_the_request_open() {
    let (gate, served, age) = (Gate::new(), Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let (opened, passed) = (gate.open_at_end(), gate.clone());
    let n = BASE64_URL_SAFE_NO_PAD.encode([0xFF; 256]);
    let server = Server::start(move |_| {
        if served.fetch_add(1, Ordering::SeqCst) > 0 {
            passed.pass();
        }
        json(json!({"keys": [{"kty": "RSA", "kid": "k", "n": n, "e": "AQAB"}]}))
    });
    let (builder, ahead) = (Verifier::builder(KeySource::url(format!("{}/keys", server.url()))), age.clone());
    let now = move || SystemTime::now() + Duration::from_secs(ahead.load(Ordering::SeqCst));
    let verifier = builder.any_issuer().any_audience().clock(now).build().unwrap();
    verifier.fetch_keys().await.unwrap();
    age.store(2 * 60 * 60, Ordering::SeqCst);
    let token = unsigned();
    let spans = Spans::start();
    let request = tracing::debug_span!(target: "iam_sdk", "a request");
    let checked = verifier.check(token).instrument(request).await.unwrap();
    assert!(checked.is_none());
    while gate.arrived() == 0 {
        super::pause().await;
    }
    let trace = spans.trace();
    let requests = trace.named("a request");
    assert!(requests.len() == 1 && requests[0].is_closed, "{trace:#?}");
    let calls = trace.calls();
    assert!(calls.len() == 1 && calls[0].parent.is_none() && !calls[0].is_closed, "{trace:#?}");
    drop(opened);
}
