//! What is seen of a guard and of the verifier that it asks.

use crate::support::{observed::Observed, spans::Spans, vocabulary::check_vocabulary};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use iam_sdk::{
    emulator::{Emulator, Fault, authing::Jwt},
    jwt::Verifier,
    server::{Clock, Guard, Introspection},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

fn bearer(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap())])
}

#[tokio::test]
async fn checks_are_spans_and_events_in_words_of_the_guide() {
    let emulator = Emulator::start().unwrap();
    let authing = emulator.authing();
    let user = authing.user_ids().remove(0);
    let observed = Observed::default();
    let verifier = Verifier::for_authing(emulator.base_url(), "shop").observer(observed.clone()).build().unwrap();
    let guard = Guard::builder(verifier).build().unwrap();
    let spans = Spans::start();
    let good = authing.issue_jwt(Jwt::new(&user, "shop")).unwrap();
    let good = bearer(good.expose_secret());
    guard.check(&good).await.unwrap();
    guard.check(&good).await.unwrap();
    let expired = authing.issue_jwt(Jwt::new(&user, "shop").expired()).unwrap();
    guard.check(&bearer(expired.expose_secret())).await.unwrap_err();
    guard.check(&HeaderMap::new()).await.unwrap_err();
    let trace = spans.trace();
    check_vocabulary(&trace);
    let checks = trace.named("iam_sdk.introspect");
    let words: Vec<_> = checks.iter().map(|span| (span.field("iam.cache"), span.field("error.type"))).collect();
    let expected =
        [(Some("miss"), None), (Some("hit"), None), (Some("miss"), Some("invalid")), (None, Some("missing"))];
    assert_eq!(words, expected);
    assert_eq!(trace.said("checked who calls"), 4);
    let refused = trace.events.iter().find(|event| event.message == "a JWT is not accepted").unwrap();
    assert_eq!(refused.fields["iam.jwt.reason"], "expired");
    let calls: Vec<_> =
        trace.calls().iter().map(|span| (span.field("iam.service"), span.field("iam.operation"))).collect();
    assert_eq!(calls, [(Some("jwt"), Some("jwt.discovery")), (Some("jwt"), Some("jwt.keys"))]);
    assert_eq!((observed.counts(), trace.loud().len()), ((2, 2, 0), 0));
}

#[tokio::test]
async fn stale_results_and_keys_that_cannot_be_refreshed_are_warnings_of_the_guide() {
    let emulator = Emulator::start().unwrap();
    let authing = emulator.authing();
    let user = authing.user_ids().remove(0);
    let age = Arc::<AtomicU64>::default();
    let ahead = age.clone();
    let verifier = Verifier::for_authing(emulator.base_url(), "shop")
        .retry(iam_sdk::RetryPolicy::never())
        .clock(move || SystemTime::now() + Duration::from_secs(ahead.load(Ordering::SeqCst)))
        .build()
        .unwrap();
    let token = authing.issue_jwt(Jwt::new(&user, "shop").lifetime(Duration::from_secs(24 * 60 * 60))).unwrap();
    verifier.fetch_keys().await.unwrap();
    emulator.fault(Fault::status(503));
    age.store(2 * 60 * 60, Ordering::SeqCst);
    let spans = Spans::start();
    assert!(verifier.check(token).await.unwrap().is_some());
    while spans.trace().loud().is_empty() {
        super::pause().await;
    }
    let fails = Arc::new(AtomicBool::new(false));
    let failing = fails.clone();
    let guard = Guard::builder(move |_| {
        let fails = failing.load(Ordering::SeqCst);
        async move {
            match fails {
                true => Err(iam_sdk::Error::new(iam_sdk::ErrorKind::Server)),
                false => Ok(Introspection::active("ann".to_owned())),
            }
        }
    });
    let clock = Clock::manual();
    let guard = guard.clock(clock.clone()).stale_if_error(Duration::from_secs(60)).build().unwrap();
    guard.check(&bearer("t")).await.unwrap();
    fails.store(true, Ordering::SeqCst);
    clock.advance(Duration::from_secs(31));
    guard.check(&bearer("t")).await.unwrap();
    let trace = spans.trace();
    check_vocabulary(&trace);
    let loud: Vec<_> = trace.loud().into_iter().map(|event| event.message.as_str()).collect();
    assert_eq!(
        loud,
        [
            "the keys of tokens could not be refreshed; those at hand are used",
            "the service cannot tell who calls: stale results are used"
        ]
    );
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn two_guards_have_metrics_of_their_own() {
    use crate::support::recorder::Counts;
    let emulator = Emulator::start().unwrap();
    let authing = emulator.authing();
    let user = authing.user_ids().remove(0);
    let recorder = Counts::default();
    let _installed = ::metrics::set_default_local_recorder(&recorder);
    let metrics = iam_sdk::observe::Metrics::new();
    let verifier = Verifier::for_authing(emulator.base_url(), "shop").build().unwrap();
    let by_key = Guard::builder(verifier).observer(metrics.clone()).build().unwrap();
    let own =
        Guard::builder(|_| async { Ok(Introspection::active("ann".to_owned())) }).observer(metrics).build().unwrap();
    let good = authing.issue_jwt(Jwt::new(&user, "shop")).unwrap();
    by_key.check(&bearer(good.expose_secret())).await.unwrap();
    by_key.check(&bearer(good.expose_secret())).await.unwrap();
    for token in ["a", "b", "c"] {
        own.check(&bearer(token)).await.unwrap();
    }
    own.check(&HeaderMap::new()).await.unwrap_err();
    let expected = [
        ("iam.guard.check.duration iam.cache=hit iam.service=jwt", 1),
        ("iam.guard.check.duration iam.cache=miss iam.service=custom", 3),
        ("iam.guard.check.duration iam.cache=miss iam.service=jwt", 1),
        ("iam.guard.check.duration iam.cache=none iam.service=custom", 1),
        ("iam.guard.checks iam.cache=hit iam.guard.result=ok iam.service=jwt", 1),
        ("iam.guard.checks iam.cache=miss iam.guard.result=ok iam.service=custom", 3),
        ("iam.guard.checks iam.cache=miss iam.guard.result=ok iam.service=jwt", 1),
        ("iam.guard.checks iam.cache=none iam.guard.result=missing iam.service=custom", 1),
        ("iam.guard.entries iam.service=custom", 3),
        ("iam.guard.entries iam.service=jwt", 1),
        ("iam.guard.in_flight iam.service=custom", 0),
        ("iam.guard.in_flight iam.service=jwt", 0),
    ];
    assert_eq!(recorder.counts(), expected.map(|(name, count)| (name.to_owned(), count)).into());
}
