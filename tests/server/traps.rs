//! The traps that others fell into, by number: see `server.md`. Those that need a router are in `traps_of_axum.rs`.

use super::*;
use crate::support::log::Log;
use iam_sdk::ErrorKind;
use std::time::SystemTime;

const ANN: Answer = Answer::Is("ann", Some("T1"), None);

#[tokio::test]
async fn trap_01_a_result_is_not_used_past_the_tokens_expiry() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder.ttl(60 * SECOND).stale_if_error(300 * SECOND));
    directory.says(Answer::Is("ann", None, Some(SystemTime::now() + 20 * SECOND)));
    assert_eq!(status(&guard, "t").await, 200);
    clock.advance(10 * SECOND);
    assert_eq!((status(&guard, "t").await, directory.asked()), (200, 1));
    // Within 5 s of its expiry it is looked up for each request, and no outage lets it through.
    directory.says(Answer::Fails(ErrorKind::Server));
    clock.advance(6 * SECOND);
    assert_eq!((status(&guard, "t").await, directory.asked()), (503, 2));
    // Without an expiry, as Digiwin's, the TTL is the bound.
    directory.says(ANN);
    assert_eq!((status(&guard, "u").await, directory.asked()), (200, 3));
    clock.advance(59 * SECOND);
    assert_eq!((status(&guard, "u").await, directory.asked()), (200, 3));
    clock.advance(SECOND);
    assert_eq!((status(&guard, "u").await, directory.asked()), (200, 4));
}

#[tokio::test]
async fn trap_02_who_somebody_is_says_nothing_about_what_they_may_do() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder.ttl(30 * SECOND));
    directory.grants(&["admin", "c1:order.delete"]);
    let ann = guard.check(&bearer("t")).await.unwrap();
    assert!(ann.require_tenant("T1").is_ok() && ann.require_tenant("T2").is_err());
    for _ in 0..2 {
        ann.require_role(&directory, "admin").await.unwrap();
        assert_eq!(ann.require_role(&directory, "owner").await.unwrap_err().status(), 403);
        ann.require_permission(&directory, "c1", "order.delete").await.unwrap();
        assert_eq!(ann.require_permission(&directory, "c2", "order.delete").await.unwrap_err().status(), 403);
        assert_eq!(ann.require_permission(&directory, "c1", "order.create").await.unwrap_err().status(), 403);
    }
    assert_eq!(directory.asked_for_grants(), 3, "once each: roles, c1, c2");
    // In another tenant it is another decision, with the same token's owner and with nothing asked about the token.
    directory.says(Answer::Is("ann", Some("T2"), None));
    let elsewhere = guard.check(&bearer("u")).await.unwrap();
    directory.grants(&[]);
    assert_eq!(elsewhere.require_role(&directory, "admin").await.unwrap_err().status(), 403);
    ann.require_role(&directory, "admin").await.unwrap();
    // What was taken away is seen after the TTL at the latest, though the caller is the same value.
    clock.advance(30 * SECOND);
    assert_eq!(ann.require_role(&directory, "admin").await.unwrap_err().status(), 403);
    // And at once after a forget.
    directory.grants(&["admin"]);
    guard.forget_user("ann");
    ann.require_role(&directory, "admin").await.unwrap();
    directory.grants(&[]);
    status(&guard, "t").await;
    guard.forget(&"t".into());
    assert_eq!(ann.require_role(&directory, "admin").await.unwrap_err().status(), 403);
}

/// What one token of a user may do says nothing about another one: a scope, an impersonation, a token that is revoked.
#[tokio::test]
async fn trap_02_a_decision_is_of_the_token_that_it_was_asked_with() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let wide = guard.check(&bearer("wide")).await.unwrap();
    let narrow = guard.check(&bearer("narrow")).await.unwrap();
    wide.require_role(&directory, "of-wide").await.unwrap();
    assert_eq!(narrow.require_role(&directory, "of-wide").await.unwrap_err().status(), 403);
    narrow.require_role(&directory, "of-narrow").await.unwrap();
    // One of them is revoked. The other is good, is asked about apart from it, and stays.
    guard.clear();
    status(&guard, "wide").await;
    status(&guard, "narrow").await;
    directory.revoke("wide");
    let (revoked, good) =
        tokio::join!(wide.require_role(&directory, "of-wide"), narrow.require_role(&directory, "of-narrow"));
    assert_eq!(revoked.unwrap_err().status(), 401);
    good.unwrap();
    assert_eq!(guard.stats().entries, 1);
    assert_eq!((status(&guard, "wide").await, status(&guard, "narrow").await), (401, 200));
}

#[tokio::test]
async fn trap_08_decisions_are_forgotten_with_their_token_wherever_it_is_cached() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder);
    directory.grants(&["admin"]);
    let ann = guard.check(&bearer("t")).await.unwrap();
    clock.advance(29 * SECOND);
    ann.require_role(&directory, "admin").await.unwrap();
    // The identity is gone from the cache, and the decision is not.
    clock.advance(SECOND);
    directory.says(Answer::No);
    assert_eq!(status(&guard, "t").await, 401);
    assert_eq!(guard.stats().entries, 0);
    directory.grants(&[]);
    ann.require_role(&directory, "admin").await.unwrap();
    guard.forget(&"t".into());
    assert_eq!(ann.require_role(&directory, "admin").await.unwrap_err().status(), 403);
}

#[tokio::test]
async fn trap_01_a_token_that_has_expired_is_a_definite_no() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    directory.says(Answer::Is("ann", None, Some(SystemTime::UNIX_EPOCH)));
    for _ in 0..3 {
        assert_eq!(status(&guard, "t").await, 401);
    }
    assert_eq!((directory.asked(), guard.stats().entries), (1, 0));
    // In its last seconds it is good, and is asked about each time.
    directory.says(Answer::Is("ann", None, Some(SystemTime::now() + 4 * SECOND)));
    assert_eq!((status(&guard, "u").await, status(&guard, "u").await, directory.asked()), (200, 200, 3));
    assert_eq!(guard.stats().entries, 0);
}

#[tokio::test]
async fn trap_18_a_service_that_comes_and_goes_fills_no_log() {
    let log = Log::start();
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder.stale_if_error(120 * SECOND));
    assert_eq!(status(&guard, "t").await, 200);
    clock.advance(30 * SECOND);
    for n in 0..50 {
        directory.says(Answer::Fails(ErrorKind::Connect));
        assert_eq!(status(&guard, "t").await, 200);
        directory.says(ANN);
        assert_eq!(status(&guard, &format!("new-{n}")).await, 200);
    }
    assert_eq!((guard.stats().stale, log.text().matches("WARN").count()), (50, 1));
}

/// The keys themselves are looked at in `src/server/model.rs`, for this trap and for trap 17.
#[tokio::test]
async fn trap_03_no_cache_shows_a_token() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let caller = guard.check(&bearer("canary-token")).await.unwrap();
    let layer = guard.layer();
    let shown = format!("{guard:?} {caller:?} {layer:?} {:?} {:#?}", guard.stats(), guard);
    assert!(!shown.contains("canary") && shown.contains("entries: 1"), "{shown}");
    // Tokens that are parts of each other have entries of their own.
    for token in ["a", "ab", "b", "aba"] {
        status(&guard, token).await;
    }
    assert_eq!((guard.stats().entries, directory.asked()), (5, 5));
}

#[tokio::test]
async fn trap_04_what_the_service_cannot_tell_is_never_a_no() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    use ErrorKind::*;
    for kind in [
        RateLimited,
        Server,
        Timeout,
        Connect,
        Transport,
        Tls,
        Decode,
        TooLarge,
        Application,
        Authorization,
        Authentication,
        Store,
    ] {
        directory.says(Answer::Fails(kind));
        let rejection = rejection(&guard, &bearer("t")).await;
        assert_eq!(rejection.status(), 503, "{kind:?}");
        assert!(rejection.headers().contains_key("retry-after"), "{kind:?}");
        // It is cached neither as a yes nor as a no.
        directory.says(ANN);
        assert_eq!(status(&guard, "t").await, 200, "{kind:?}");
        guard.clear();
    }
}

#[tokio::test]
async fn trap_05_a_flood_of_tokens_is_bounded() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| {
        let builder = builder.max_in_flight(2).max_token_bytes(16).max_entries(100);
        builder.precheck(|token| !token.expose_secret().starts_with('x'))
    });
    // Neither is hashed, looked up, or asked about.
    for token in ["12345678901234567", "x1", "a b", "a\u{7f}", ""] {
        assert_eq!(guard.check_token(token.into()).await.unwrap_err().status(), 401, "{token}");
        // This one no header can hold.
        if !token.contains('\u{7f}') {
            assert_eq!(status(&guard, token).await, 401, "{token}");
        }
    }
    assert_eq!((directory.asked(), guard.stats().refused_entries), (0, 0));
    assert_eq!(status(&guard, "good").await, 200);
    let gate = directory.hold();
    // Two are under way, 16 times as many wait for a place, and the next one is turned away at once.
    let (turned_away, mut full) = tokio::sync::mpsc::unbounded_channel();
    let waiting: Vec<_> = (0..2 + 2 * 16 + 1)
        .map(|n| {
            let (guard, turned_away) = (guard.clone(), turned_away.clone());
            tokio::spawn(async move {
                if let Err(rejection) = guard.check(&bearer(&n.to_string())).await {
                    turned_away.send(rejection).unwrap();
                }
            })
        })
        .collect();
    let rejection = full.recv().await.unwrap();
    assert_eq!((guard.stats().in_flight, directory.asked()), (2, 3));
    assert_eq!((rejection.status().as_u16(), &rejection.headers()["retry-after"]), (503, &HeaderValue::from(1)));
    assert_eq!(status(&guard, "good").await, 200, "what is cached needs no introspection");
    drop(gate);
    for waiting in waiting {
        waiting.await.unwrap();
    }
    assert!(full.try_recv().is_err(), "one alone was turned away");
    assert_eq!((status(&guard, "c").await, directory.asked()), (200, 1 + 34 + 1));
}

#[tokio::test]
async fn trap_06_all_that_ask_at_once_ask_once() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder);
    for round in 1..=2 {
        let gate = directory.hold();
        let callers: Vec<_> = (0..100)
            .map(|_| {
                let guard = guard.clone();
                tokio::spawn(async move { status(&guard, "t").await })
            })
            .collect();
        until(|| guard.stats().in_flight == 1).await;
        drop(gate);
        for caller in callers {
            assert_eq!(caller.await.unwrap(), 200);
        }
        assert_eq!(directory.asked(), round);
        clock.advance(30 * SECOND);
    }
}

#[tokio::test]
async fn trap_07_a_client_that_hangs_up_takes_nobody_along() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let gate = directory.hold();
    let begin = || {
        let guard = guard.clone();
        tokio::spawn(async move { status(&guard, "t").await })
    };
    let first = begin();
    until(|| directory.asked() == 1).await;
    let others = [begin(), begin()];
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    drop(gate);
    for other in others {
        assert_eq!(other.await.unwrap(), 200);
    }
    assert_eq!((directory.asked(), guard.stats().in_flight), (1, 0));
}

#[tokio::test]
async fn trap_07_a_panic_wakes_all_that_wait() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    directory.says(Answer::Panics);
    let gate = directory.hold();
    let begin = || {
        let guard = guard.clone();
        tokio::spawn(async move { status(&guard, "t").await })
    };
    let callers = [begin(), begin()];
    until(|| directory.asked() == 1).await;
    drop(gate);
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 503);
    }
    assert_eq!(guard.stats().in_flight, 0);
    directory.says(ANN);
    assert_eq!(status(&guard, "t").await, 200);
}

#[tokio::test]
async fn trap_08_what_is_forgotten_during_a_flight_does_not_come_back() {
    type Forget = fn(&Guard<Directory>);
    // Whether those that wait get the answer from before, and whether it is kept: it is nobody's that was forgotten.
    let table: [(Forget, bool, bool); 4] = [
        (|guard| guard.forget(&"t".into()), false, false),
        (|guard| guard.forget_user("ann"), false, false),
        (|guard| guard.forget_user("bob"), true, true),
        (|guard| guard.clear(), true, false),
    ];
    for (row, (forget, gives, keeps)) in table.into_iter().enumerate() {
        let directory = Directory::default();
        let (guard, _) = guard(&directory, |builder| builder);
        let gate = directory.hold();
        let waits = {
            let guard = guard.clone();
            tokio::spawn(async move { status(&guard, "t").await })
        };
        until(|| directory.asked() == 1).await;
        // The token is revoked, and then forgotten here, while the answer from before is under way.
        directory.says(Answer::No);
        forget(&guard);
        drop(gate);
        assert_eq!(waits.await.unwrap(), if gives { 200 } else { 401 }, "row {row}");
        let (expected, asked) = if keeps { ((200, 1), 1) } else { ((401, 0), 2) };
        assert_eq!((status(&guard, "t").await, guard.stats().entries), expected, "row {row}");
        assert_eq!(directory.asked(), asked, "row {row}");
    }
}

#[tokio::test]
async fn trap_09_a_no_is_remembered_for_a_moment_alone() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder);
    directory.says(Answer::No);
    for _ in 0..3 {
        assert_eq!(status(&guard, "t").await, 401);
    }
    assert_eq!(directory.asked(), 1);
    // It was minted a moment ago, and has reached the node by now.
    directory.says(ANN);
    clock.advance(5 * SECOND);
    assert_eq!((status(&guard, "t").await, directory.asked()), (200, 2));
}

#[tokio::test]
async fn trap_10_two_tokens_are_no_token() {
    let directory = Directory::default();
    let own = "digi-middleware-auth-user";
    let (guard, _) = guard(&directory, |builder| builder.bearer().header(own).cookie("session"));
    for (given, expected) in [
        (&[("authorization", "Bearer a"), ("authorization", "Bearer b")][..], 400),
        (&[("authorization", "Bearer a"), (own, "b")], 400),
        (&[("authorization", "Bearer a"), (own, "a")], 400),
        (&[(own, "a"), ("cookie", "session=a")], 400),
        (&[(own, "a"), (own, "a")], 400),
        (&[("authorization", "bEaReR a")], 200),
        (&[(own, "a")], 200),
        (&[("cookie", "x=1; session=a")], 200),
        (&[("authorization", "Bearer ")], 401),
        (&[("authorization", "Basic YTpi")], 401),
        (&[], 401),
    ] {
        let found = guard.check(&headers(given)).await.map_or_else(|rejection| rejection.status().as_u16(), |_| 200);
        assert_eq!(found, expected, "{given:?}");
    }
    assert_eq!(directory.asked(), 1);
}

#[tokio::test]
async fn trap_11_the_status_says_whose_fault_it_is() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder.realm("orders"));
    let told = |rejection: &Rejection| {
        let headers = rejection.headers();
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (rejection.status().as_u16(), header("www-authenticate"), header("retry-after"))
    };
    let challenge = |error: &str| Some(format!("Bearer realm=\"orders\"{error}"));
    let missing = rejection(&guard, &HeaderMap::new()).await;
    assert_eq!(told(&missing), (401, challenge(""), None));
    directory.says(Answer::No);
    let invalid = rejection(&guard, &bearer("bad")).await;
    assert_eq!(told(&invalid), (401, challenge(", error=\"invalid_token\""), None));
    directory.says(ANN);
    let forbidden = guard.check(&bearer("t")).await.unwrap().require_tenant("T2").unwrap_err();
    assert_eq!(told(&forbidden), (403, challenge(", error=\"insufficient_scope\""), None));
    directory.says(Answer::Fails(ErrorKind::Server));
    let unavailable = rejection(&guard, &bearer("u")).await;
    assert_eq!(told(&unavailable), (503, None, Some("1".to_owned())));
    assert!(unavailable.error().is_some_and(iam_sdk::Error::is_server));
    let stats = guard.stats();
    assert_eq!((stats.missing, stats.invalid, stats.accepted, stats.unavailable), (1, 1, 1, 1));
}

#[tokio::test]
async fn trap_16_no_token_is_logged() {
    let log = Log::start();
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    status(&guard, "canary-good").await;
    status(&guard, "canary-good").await;
    directory.says(Answer::No);
    status(&guard, "canary-bad").await;
    directory.says(Answer::Fails(ErrorKind::Server));
    status(&guard, "canary-unknown").await;
    let text = log.text();
    assert!(!text.contains("canary") && !text.contains("ann"), "{text}");
    assert_eq!(text.matches("iam_sdk.introspect").count(), text.matches("checked who calls").count() * 2, "{text}");
}

#[tokio::test]
async fn trap_18_stale_results_are_asked_for_bounded_and_told_of() {
    let log = Log::start();
    let directory = Directory::default();
    let (without, clock) = guard(&directory, |builder| builder);
    assert_eq!(status(&without, "t").await, 200);
    directory.says(Answer::Fails(ErrorKind::Connect));
    clock.advance(30 * SECOND);
    assert_eq!(status(&without, "t").await, 503, "off by default");

    directory.says(ANN);
    let (guard, clock) = guard(&directory, |builder| builder.stale_if_error(120 * SECOND));
    assert_eq!(status(&guard, "t").await, 200);
    directory.says(Answer::Fails(ErrorKind::Connect));
    clock.advance(30 * SECOND);
    let asked = directory.asked();
    for _ in 0..5 {
        assert_eq!(status(&guard, "t").await, 200);
    }
    assert_eq!(directory.asked() - asked, 1, "the service is left alone for a moment");
    assert_eq!(guard.stats().stale, 5);
    assert_eq!(log.text().matches("WARN").count(), 1, "{}", log.text());
    // No longer than asked for.
    clock.advance(119 * SECOND);
    assert_eq!(status(&guard, "t").await, 200);
    clock.advance(SECOND);
    assert_eq!(status(&guard, "t").await, 503);
    // Told again when it is over, and has been for a moment: a service that fails now and then fills no log.
    directory.says(ANN);
    assert_eq!((status(&guard, "t").await, log.text().matches("WARN").count()), (200, 1));
    clock.advance(30 * SECOND);
    assert_eq!((status(&guard, "t").await, log.text().matches("WARN").count()), (200, 2));
    // Not after a definite no.
    clock.advance(30 * SECOND);
    directory.says(Answer::No);
    assert_eq!(status(&guard, "t").await, 401);
    directory.says(Answer::Fails(ErrorKind::Connect));
    clock.advance(5 * SECOND);
    assert_eq!(status(&guard, "t").await, 503);
    // Nor after it was forgotten.
    directory.says(ANN);
    assert_eq!(status(&guard, "u").await, 200);
    clock.advance(30 * SECOND);
    directory.says(Answer::Fails(ErrorKind::Connect));
    guard.forget(&"u".into());
    assert_eq!(status(&guard, "u").await, 503);
}
