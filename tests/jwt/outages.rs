//! Issuers that are down, that lie, or that send too much.

use super::{
    Verifier, maybe_async,
    signer::{AUDIENCE, Clock, Issuer, KEY, jwks},
    test,
};
use iam_sdk::{Error, ErrorKind, RetryPolicy, jwt::KeySource};
use serde_json::json;

fn verifier(issuer: &Issuer, clock: &Clock) -> Verifier {
    let clock = clock.clone();
    let builder = Verifier::builder(KeySource::discovery(issuer.issuer())).audience(AUDIENCE);
    builder.retry(RetryPolicy::never()).clock(move || clock.now()).build().unwrap()
}

fn is_nobodys_fault_but_the_issuers(error: &Error) {
    assert!(!error.is_authentication() && error.suggested_status() >= 500, "{error}");
}

#[maybe_async]
#[test]
async fn keys_at_hand_outlast_an_outage_of_a_day() {
    let (issuer, clock) = (Issuer::start(), Clock::default());
    let verifier = verifier(&issuer, &clock);
    let token = issuer.token(KEY);
    verifier.fetch_keys().await.unwrap();
    *issuer.outage.lock().unwrap() = Some(503);
    for hours in [2, 20] {
        clock.ahead(hours * 60 * 60);
        let checked = verifier.check(token.clone()).await.unwrap();
        assert!(checked.is_some(), "{hours}");
    }
    clock.ahead(3 * 60 * 60);
    let error = verifier.verify(token.clone()).await.unwrap_err();
    assert!(error.is_server(), "{error}");
    *issuer.outage.lock().unwrap() = None;
    clock.ahead(5);
    let checked = verifier.check(token).await.unwrap();
    assert!(checked.is_some());
}

#[maybe_async]
#[test]
async fn without_keys_nobody_can_tell() {
    let (issuer, clock) = (Issuer::start(), Clock::default());
    let verifier = verifier(&issuer, &clock);
    *issuer.outage.lock().unwrap() = Some(503);
    for _ in 0..10 {
        let error = verifier.check(issuer.token(KEY)).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Server, Some("jwt.discovery")));
        is_nobodys_fault_but_the_issuers(&error);
    }
    assert_eq!(issuer.fetches(), (1, 0), "the issuer is left alone for a while");
    clock.ahead(5);
    let _ = verifier.check(issuer.token(KEY)).await.unwrap_err();
    assert_eq!(issuer.fetches(), (2, 0));
    // What is no token at all needs no keys to be refused.
    let checked = verifier.check("x.y.z").await.unwrap();
    assert!(checked.is_none());
    *issuer.outage.lock().unwrap() = None;
    clock.ahead(5);
    let checked = verifier.check(issuer.token(KEY)).await.unwrap();
    assert!(checked.is_some());
}

#[maybe_async]
#[test]
async fn an_unknown_key_in_an_outage_is_not_refused() {
    let (issuer, clock) = (Issuer::start(), Clock::default());
    let verifier = verifier(&issuer, &clock);
    verifier.fetch_keys().await.unwrap();
    *issuer.keys.lock().unwrap() = jwks(&[KEY, "key-2"]);
    *issuer.outage.lock().unwrap() = Some(502);
    let new = issuer.token("key-2");
    let error = verifier.check(new.clone()).await.unwrap_err();
    is_nobodys_fault_but_the_issuers(&error);
    let checked = verifier.check(issuer.token(KEY)).await.unwrap();
    assert!(checked.is_some());
    *issuer.outage.lock().unwrap() = None;
    clock.ahead(5);
    let checked = verifier.check(new).await.unwrap();
    assert!(checked.is_some());
}

#[maybe_async]
#[test]
async fn a_refusal_of_the_request_for_keys_says_nothing_about_the_token() {
    for (status, kind) in [
        (301, ErrorKind::Api),
        (400, ErrorKind::Api),
        (401, ErrorKind::Api),
        (403, ErrorKind::Api),
        (404, ErrorKind::Api),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Server),
    ] {
        let issuer = Issuer::start();
        *issuer.outage.lock().unwrap() = Some(status);
        let error = verifier(&issuer, &Clock::default()).check(issuer.token(KEY)).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{error}");
        assert_eq!(issuer.requests().len(), 1, "no redirect is followed");
    }
    let gone = Issuer::start();
    let (verifier, token) = (verifier(&gone, &Clock::default()), gone.token(KEY));
    drop(gone);
    let error = verifier.check(token).await.unwrap_err();
    assert!(error.is_connect() || error.is_transport(), "{error}");
}

#[maybe_async]
#[test]
async fn the_document_of_another_issuer_is_not_used() {
    let (issuer, evil) = (Issuer::start(), Issuer::start());
    issuer.pretend(evil.issuer().trim_end_matches("/oidc"));
    let error = verifier(&issuer, &Clock::default()).check(issuer.token(KEY)).await.unwrap_err();
    assert!(error.is_configuration() && error.to_string().contains(&evil.issuer()), "{error}");
    assert_eq!(evil.fetches(), (0, 0), "its keys are not even fetched");
}

#[maybe_async]
#[test]
async fn what_an_issuer_sends_is_bounded() {
    let many: Vec<_> = (0..101).map(|n| jwks(&[&n.to_string()])["keys"][0].clone()).collect();
    for (keys, kind) in [
        (json!({"keys": [], "x": "x".repeat(1024 * 1024)}), ErrorKind::TooLarge),
        (json!({"keys": many}), ErrorKind::TooLarge),
        (json!({"keys": {}}), ErrorKind::Decode),
        (json!([]), ErrorKind::Decode),
        (json!({"keys": [{"kty": "oct", "kid": KEY, "k": "c2VjcmV0"}]}), ErrorKind::Decode),
    ] {
        let issuer = Issuer::start();
        *issuer.keys.lock().unwrap() = keys;
        let error = verifier(&issuer, &Clock::default()).check(issuer.token(KEY)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        is_nobodys_fault_but_the_issuers(&error);
    }
}

#[maybe_async]
#[test]
async fn keys_can_be_elsewhere_but_not_where_anybody_can_replace_them() {
    let (issuer, other) = (Issuer::start(), Issuer::start());
    *issuer.keys_at.lock().unwrap() = Some(format!("{}?v=1", other.keys_url()));
    let claims = verifier(&issuer, &Clock::default()).verify(issuer.token(KEY)).await.unwrap();
    assert_eq!(claims.sub.as_deref(), Some("ann"));
    assert_eq!((issuer.fetches(), other.fetches()), ((1, 0), (0, 1)));
    assert_eq!(other.requests()[0].query, [("v".to_owned(), "1".to_owned())]);
    for url in ["http://keys.example/k", "ftp://keys.example/k", "file:///etc/passwd", "https://u:p@keys.example/k"] {
        *issuer.keys_at.lock().unwrap() = Some(url.to_owned());
        let error = verifier(&issuer, &Clock::default()).check(issuer.token(KEY)).await.unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("jwks_uri"), "{url}: {error}");
    }
}
