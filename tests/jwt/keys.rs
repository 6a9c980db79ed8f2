//! How keys are found, shared and replaced.

use super::{
    AT_ONCE, Verifier, in_parallel, maybe_async, pause,
    signer::{AUDIENCE, Clock, Issuer, KEY, claims, curve, jwks},
    test,
};
use crate::support::{gate::Gate, observed::Observed, spans::Spans, vocabulary::check_vocabulary};
use iam_sdk::{
    RetryPolicy,
    jwt::{Algorithm, KeySource, VerifierBuilder},
};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

fn builder(issuer: &Issuer, clock: &Clock) -> VerifierBuilder<Verifier> {
    let clock = clock.clone();
    let builder = Verifier::builder(KeySource::discovery(issuer.issuer())).audience(AUDIENCE);
    builder.retry(RetryPolicy::never()).clock(move || clock.now())
}

#[maybe_async]
#[test]
async fn keys_are_found_by_discovery_or_at_a_url() {
    let issuer = Issuer::start();
    let token = issuer.token(KEY);
    let found = builder(&issuer, &Clock::default()).build().unwrap();
    let claims = found.verify(token.clone()).await.unwrap();
    assert_eq!(claims.sub.as_deref(), Some("ann"));
    assert_eq!(issuer.fetches(), (1, 1));
    let given = Verifier::builder(KeySource::url(issuer.keys_url())).issuer(issuer.issuer()).audience(AUDIENCE);
    let given = given.build().unwrap();
    given.fetch_keys().await.unwrap();
    for _ in 0..3 {
        let checked = given.check(token.clone()).await.unwrap();
        assert!(checked.is_some());
    }
    assert_eq!(issuer.fetches(), (1, 2));
    for request in issuer.requests() {
        let names: Vec<_> = request.headers.keys().map(String::as_str).collect();
        assert!(!names.iter().any(|name| ["authorization", "cookie", "content-type"].contains(name)), "{names:?}");
        assert_eq!((request.method.as_str(), request.headers["accept"].as_str()), ("GET", "application/json"));
    }
}

#[maybe_async]
#[test]
async fn callers_at_once_fetch_the_keys_once() {
    let gate = Gate::new();
    let (_end, passed) = (gate.open_at_end(), gate.clone());
    let issuer = Issuer::with_gate(move |_| passed.pass());
    let verifier = builder(&issuer, &Clock::default()).build().unwrap();
    let (token, begun) = (issuer.token(KEY), Arc::new(AtomicUsize::new(0)));
    let work = {
        let (begun, gate) = (begun.clone(), gate.clone());
        move |_| {
            let (verifier, token, begun, gate) = (verifier.clone(), token.clone(), begun.clone(), gate.clone());
            // The last one opens the gate: all others have begun before the keys came.
            if begun.fetch_add(1, Ordering::SeqCst) + 1 == AT_ONCE {
                gate.open();
            }
            super::accepted(verifier, token)
        }
    };
    in_parallel(AT_ONCE, work).await;
    assert_eq!((begun.load(Ordering::SeqCst), issuer.fetches()), (AT_ONCE, (1, 1)));
}

#[maybe_async]
#[test]
async fn unknown_keys_make_one_request_an_interval() {
    let (issuer, clock) = (Issuer::start(), Clock::default());
    let verifier = builder(&issuer, &clock).build().unwrap();
    verifier.fetch_keys().await.unwrap();
    let tokens: Arc<Vec<_>> = Arc::new((0..AT_ONCE.min(200)).map(|n| issuer.token(&format!("unknown-{n}"))).collect());
    let flood = {
        let verifier = verifier.clone();
        move |n: usize| super::refused(verifier.clone(), tokens[n].clone())
    };
    in_parallel(AT_ONCE.min(200), &flood).await;
    in_parallel(AT_ONCE.min(200), &flood).await;
    assert_eq!(issuer.fetches(), (2, 2), "one for the keys, one for all unknown ones");
    clock.ahead(29);
    in_parallel(10, &flood).await;
    assert_eq!(issuer.fetches(), (2, 2));
    clock.ahead(2);
    in_parallel(10, &flood).await;
    assert_eq!(issuer.fetches(), (3, 3));
    let good = verifier.check(issuer.token(KEY)).await.unwrap();
    assert!(good.is_some(), "nobody with a good token was in the way of it");
}

#[maybe_async]
#[test]
async fn a_stranger_who_spends_the_fetch_delays_a_new_key_by_half_a_minute() {
    let (issuer, clock) = (Issuer::start(), Clock::default());
    let verifier = builder(&issuer, &clock).build().unwrap();
    verifier.fetch_keys().await.unwrap();
    let strange = verifier.check(issuer.token("made-up")).await.unwrap();
    assert!(strange.is_none());
    *issuer.keys.lock().unwrap() = jwks(&["key-2"]);
    let new = issuer.token("key-2");
    // Refused, and not an error: else strangers could make the server look ill.
    let too_early = verifier.check(new.clone()).await.unwrap();
    assert!(too_early.is_none());
    clock.ahead(30);
    let in_time = verifier.check(new).await.unwrap();
    assert!(in_time.is_some());
    assert_eq!(issuer.fetches(), (3, 3));
}

#[maybe_async]
#[test]
async fn fetches_have_the_headers_of_the_hook_and_an_observer() {
    let (issuer, observed) = (Issuer::start(), Observed::default());
    let builder = builder(&issuer, &Clock::default()).observer(observed.clone()).trace_urls(true);
    let builder = builder.headers_from(|operation, headers| {
        headers.insert("x-operation", operation.parse().unwrap());
    });
    let verifier = builder.build().unwrap();
    let spans = Spans::start();
    verifier.fetch_keys().await.unwrap();
    let trace = spans.trace();
    check_vocabulary(&trace);
    let operations = ["jwt.discovery", "jwt.keys"];
    let requests = issuer.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.headers["x-operation"].as_str()).collect();
    assert_eq!(sent, operations);
    let calls: Vec<_> =
        observed.notes().calls.iter().map(|call| (call.service, call.operation, call.attempts)).collect();
    assert_eq!(calls, operations.map(|operation| ("jwt", operation, 1)));
    let urls: Vec<_> = trace.requests().iter().map(|span| span.field("url.full").unwrap().to_owned()).collect();
    assert_eq!(urls, [format!("{}/.well-known/openid-configuration", issuer.issuer()), issuer.keys_url()]);
}

#[maybe_async]
#[test]
async fn a_key_that_was_added_is_found_and_one_that_was_removed_is_gone() {
    let (issuer, clock) = (Issuer::start(), Clock::default());
    let verifier = builder(&issuer, &clock).build().unwrap();
    let old = issuer.token(KEY);
    let checked = verifier.check(old.clone()).await.unwrap();
    assert!(checked.is_some());
    *issuer.keys.lock().unwrap() = jwks(&["key-2"]);
    let checked = verifier.check(issuer.token("key-2")).await.unwrap();
    assert!(checked.is_some());
    let checked = verifier.check(old).await.unwrap();
    assert!(checked.is_none());
    // A set without any key is the issuer's mistake, and no reason to refuse everybody.
    *issuer.keys.lock().unwrap() = json!({"keys": []});
    clock.ahead(31);
    let error = verifier.verify(issuer.token("key-3")).await.unwrap_err();
    assert!(error.is_decode(), "{error}");
    let checked = verifier.check(issuer.token("key-2")).await.unwrap();
    assert!(checked.is_some());
}

#[maybe_async]
#[test]
async fn old_keys_are_refreshed_while_they_are_used() {
    let gate = Gate::new();
    let (_end, passed) = (gate.open_at_end(), gate.clone());
    let is_shut = Arc::new(AtomicUsize::new(0));
    let shut = is_shut.clone();
    let issuer = Issuer::with_gate(move |_| {
        if shut.load(Ordering::SeqCst) > 0 {
            passed.pass();
        }
    });
    let clock = Clock::default();
    let verifier = builder(&issuer, &clock).build().unwrap();
    let token = issuer.token(KEY);
    verifier.fetch_keys().await.unwrap();
    is_shut.store(1, Ordering::SeqCst);
    clock.ahead(3601);
    for _ in 0..20 {
        let checked = verifier.check(token.clone()).await.unwrap();
        assert!(checked.is_some(), "the refresh hangs, and nobody waits for it");
    }
    while gate.arrived() == 0 {
        pause().await;
    }
    assert!(gate.holds_all());
    assert_eq!(issuer.fetches(), (2, 1), "one refresh is under way");
    *issuer.keys.lock().unwrap() = jwks(&["key-2"]);
    gate.open();
    let mut is_gone = false;
    while !is_gone {
        pause().await;
        let checked = verifier.check(token.clone()).await.unwrap();
        is_gone = checked.is_none();
    }
}

#[maybe_async]
#[test]
async fn a_published_key_of_each_kind_checks_its_tokens() {
    let issuer = Issuer::start();
    let claims = claims(&issuer.issuer()).to_string();
    let mut keys = jwks(&[KEY]);
    let mut tokens = vec![(Algorithm::RS256, issuer.token(KEY))];
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let (jwk, token) = curve(algorithm.name(), algorithm.name(), &claims);
        keys["keys"].as_array_mut().unwrap().push(jwk);
        tokens.push((algorithm, token));
    }
    *issuer.keys.lock().unwrap() = keys;
    let all = [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];
    let verifier = builder(&issuer, &Clock::default()).algorithms(all).build().unwrap();
    for (algorithm, token) in &tokens {
        let verified = verifier.verify(token.as_str()).await.unwrap();
        assert_eq!(verified.sub.as_deref(), Some("ann"), "{algorithm}");
        // The settings say which algorithms are accepted, whatever keys there are.
        let others = all.into_iter().filter(|other| other != algorithm);
        let strict = builder(&issuer, &Clock::default()).algorithms(others).build().unwrap();
        let error = strict.verify(token.as_str()).await.unwrap_err();
        assert!(error.to_string().contains("an algorithm that is not accepted"), "{algorithm}: {error}");
        // A key of the same id and kind that did not sign it.
        if *algorithm != Algorithm::RS256 {
            let (foreign, _) = curve(algorithm.name(), algorithm.name(), &claims);
            let fixed = KeySource::fixed(json!({"keys": [foreign]}).to_string());
            let other = Verifier::builder(fixed).issuer(issuer.issuer()).audience(AUDIENCE).algorithms(all);
            let error = other.build().unwrap().verify(token.as_str()).await.unwrap_err();
            assert!(error.to_string().contains("signature is wrong"), "{algorithm}: {error}");
        }
    }
}

#[maybe_async]
#[test]
async fn a_query_of_the_keys_url_is_sent_as_it_stands_and_is_shown_nowhere() {
    let issuer = Issuer::start();
    let query = "key=canary%20one&sig=a+b%2Bc&path=/x/~y&flag&t=1;2";
    let source = KeySource::url(format!("{}?{query}", issuer.keys_url()));
    let builder = Verifier::builder(source).any_issuer().any_audience().trace_urls(true);
    let shown = format!("{builder:?}");
    let (verifier, spans) = (builder.build().unwrap(), Spans::start());
    verifier.fetch_keys().await.unwrap();
    assert_eq!(issuer.requests()[0].target, format!("/keys.json?{query}"));
    let trace = format!("{:?}", spans.trace());
    assert!(trace.contains("url.full") && !trace.contains("canary") && !shown.contains("canary"), "{trace} {shown}");
    *issuer.outage.lock().unwrap() = Some(500);
    let error = verifier.fetch_keys().await.unwrap_err();
    assert!(!format!("{error} {error:#?}").contains("canary"), "{error:#?}");
}
