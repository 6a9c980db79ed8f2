//! What a guard tells of its checks.

use super::*;
use crate::support::log::Log;
use iam_sdk::{
    ErrorKind,
    observe::{CheckInfo, Observer},
    server::{Identity, Introspection},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

#[derive(Default)]
struct Checks(Mutex<Vec<CheckInfo>>);

impl Observer for Checks {
    fn check_finished(&self, check: &CheckInfo) {
        self.0.lock().unwrap().push(check.clone());
    }
}

#[tokio::test]
async fn every_check_is_told_once_with_words_of_a_closed_list() {
    let log = Log::start();
    let (directory, told) = (Directory::default(), Arc::<Checks>::default());
    let (guard, clock) = guard(&directory, |builder| builder.stale_if_error(60 * SECOND).observer(told.clone()));
    status(&guard, "t").await;
    status(&guard, "t").await;
    status(&guard, "bad").await;
    status(&guard, "bad").await;
    rejection(&guard, &HeaderMap::new()).await;
    directory.says(Answer::Fails(ErrorKind::Server));
    status(&guard, "u").await;
    clock.advance(30 * SECOND);
    status(&guard, "t").await;
    let told = told.0.lock().unwrap();
    let words: Vec<_> = told.iter().map(|info| (info.service, info.result, info.cache, info.error)).collect();
    let expected = [
        ("custom", "ok", "miss", None),
        ("custom", "ok", "hit", None),
        ("custom", "invalid", "miss", None),
        ("custom", "invalid", "negative", None),
        ("custom", "missing", "none", None),
        ("custom", "unavailable", "miss", Some(ErrorKind::Server)),
        ("custom", "ok", "stale", None),
    ];
    assert_eq!(words, expected);
    let last = told.last().unwrap();
    assert_eq!((last.entries, last.in_flight), (1, 0));
    let text = log.text();
    for part in ["iam.cache=\"hit\"", "iam.cache=\"stale\"", "error.type=\"server\"", "error.type=\"invalid\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("checked who calls").count(), 7, "{text}");
}

#[tokio::test]
async fn a_happy_run_has_no_event_that_anybody_must_read() {
    let log = Log::start();
    let (guard, clock) = guard(&Directory::default(), |builder| builder.refresh_ahead(true));
    for _ in 0..10 {
        assert_eq!(status(&guard, "t").await, 200);
        clock.advance(5 * SECOND);
    }
    let text = log.text();
    assert!(!text.contains("WARN") && !text.contains("INFO") && !text.contains("ERROR"), "{text}");
    assert!(text.contains("DEBUG"), "{text}");
}

#[tokio::test]
async fn whose_limit_it_was_and_who_needs_no_token_are_told_apart() {
    let log = Log::start();
    let (directory, told) = (Directory::default(), Arc::<Checks>::default());
    let (guard, _) =
        guard(&directory, |builder| builder.max_in_flight(1).timeout(Duration::from_millis(20)).observer(told.clone()));
    assert!(guard.check_optional(&HeaderMap::new()).await.unwrap().is_none());
    assert!(!log.text().contains("error.type"), "{}", log.text());
    let _gate = directory.hold();
    assert_eq!((status(&guard, "a").await, status(&guard, "b").await), (503, 503));
    let told = told.0.lock().unwrap();
    let words: Vec<_> = told.iter().map(|info| (info.result, info.error)).collect();
    let types: Vec<_> = told.iter().map(|info| info.error_type()).collect();
    assert_eq!(types, [None, Some("timeout"), Some("rate_limited")]);
    let expected =
        [("missing", None), ("timeout", Some(ErrorKind::Timeout)), ("overloaded", Some(ErrorKind::RateLimited))];
    assert_eq!(words, expected);
    assert_eq!(guard.stats().unavailable, 2);
}

#[tokio::test]
async fn a_check_whose_request_is_dropped_is_told_once_as_cancelled() {
    let log = Log::start();
    let (directory, told) = (Directory::default(), Arc::<Checks>::default());
    let (guard, _) = guard(&directory, |builder| builder.observer(told.clone()));
    let gate = directory.hold();
    {
        let headers = bearer("t");
        let mut check = std::pin::pin!(guard.check(&headers));
        assert!(futures_util::poll!(check.as_mut()).is_pending());
        assert_eq!((guard.stats().waiting, guard.stats().in_flight), (1, 1));
    }
    {
        let told = told.0.lock().unwrap();
        let words: Vec<_> = told.iter().map(|info| (info.result, info.cache, info.error, info.cancelled)).collect();
        assert_eq!((words, told[0].error_type()), (vec![("cancelled", "none", None, true)], Some("cancelled")));
        assert_eq!((told[0].entries, told[0].in_flight), (0, 1), "the introspection goes on");
    }
    assert_eq!((guard.stats().cancelled, guard.stats().waiting), (1, 0));
    assert!(log.text().contains("error.type=\"cancelled\"") && !log.text().contains("status_code"), "{}", log.text());
    drop(gate);
    until(|| guard.stats().in_flight == 0).await;
    assert_eq!((status(&guard, "t").await, directory.asked(), guard.stats().entries), (200, 1, 1));
    let told = told.0.lock().unwrap();
    let words: Vec<_> = told.iter().map(|info| (info.result, info.cache, info.entries, info.in_flight)).collect();
    assert_eq!(words[1..], [("ok", "hit", 1, 0)]);
}

#[tokio::test]
async fn a_wrong_app_token_is_a_warning_once_and_again_when_it_is_right() {
    let log = Log::start();
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder);
    let warnings = || log.text().matches("WARN").count();
    // An outage is none: nobody can do anything about it here.
    for kind in [ErrorKind::Server, ErrorKind::Timeout, ErrorKind::RateLimited, ErrorKind::Authorization] {
        directory.says(Answer::Fails(kind));
        assert_eq!((status(&guard, "t").await, warnings()), (503, 0), "{kind:?}");
    }
    directory.says(Answer::Fails(ErrorKind::Application));
    for n in 0..5 {
        assert_eq!((status(&guard, &format!("t{n}")).await, warnings()), (503, 1));
    }
    let text = log.text();
    let line = text.lines().find(|line| line.contains("WARN")).unwrap();
    assert!(line.contains("the credentials or the settings of this server are wrong"), "{line}");
    assert!(line.contains("error.type=\"application\""), "{line}");
    // One success among failures is not the end.
    directory.says(Answer::Is("ann", None, None));
    assert_eq!((status(&guard, "a").await, warnings()), (200, 1));
    clock.advance(10 * SECOND);
    assert_eq!((status(&guard, "b").await, warnings()), (200, 2));
    assert!(log.text().contains("of this server are right again"), "{}", log.text());
    // A setting that is wrong says which one.
    directory.says(Answer::Fails(ErrorKind::Configuration));
    assert_eq!((status(&guard, "c").await, status(&guard, "c").await, warnings()), (500, 500, 3));
    assert!(log.text().lines().rfind(|line| line.contains("WARN")).unwrap().contains("wrong configuration"));
}

/// The source is another service than the one that the guard asks: that the latter is well says nothing about the former.
#[tokio::test]
async fn a_check_that_succeeds_ends_no_fault_of_a_source() {
    use directory::Person;
    use iam_sdk::server::{Caller, Roles, SourceId};

    #[derive(Clone)]
    struct Refused(SourceId);

    impl Roles<Person> for Refused {
        fn source_id(&self) -> SourceId {
            self.0
        }

        async fn roles(&self, _: &Caller<Person>) -> iam_sdk::Result<Vec<String>> {
            Err(iam_sdk::Error::new(ErrorKind::Application))
        }
    }

    let log = Log::start();
    let (guard, clock) = guard(&Directory::default(), |builder| builder);
    let source = Refused(SourceId::new());
    let who = guard.check(&bearer("t")).await.unwrap();
    let ask = async || who.require_role(&source, "admin").await.unwrap_err().status().as_u16();
    let warnings = || log.text().matches("WARN").count();
    assert_eq!((ask().await, ask().await, warnings()), (503, 503, 1));
    clock.advance(10 * SECOND);
    assert_eq!((status(&guard, "new").await, warnings()), (200, 1), "{}", log.text());
    assert_eq!((ask().await, ask().await, warnings()), (503, 503, 2), "it is told again");
}

#[tokio::test]
async fn a_span_of_a_check_has_opentelemetrys_name_and_is_an_error_only_by_the_servers_fault() {
    use crate::support::{spans::Spans, vocabulary::check_vocabulary};
    let spans = Spans::start();
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    status(&guard, "t").await;
    status(&guard, "bad").await;
    directory.says(Answer::Fails(ErrorKind::Server));
    status(&guard, "u").await;
    let trace = spans.trace();
    check_vocabulary(&trace);
    let checks = trace.named("iam_sdk.introspect");
    let words: Vec<_> = checks.iter().map(|span| (span.field("otel.name"), span.field("otel.status_code"))).collect();
    let name = Some("iam.guard.check");
    assert_eq!(words, [(name, None), (name, None), (name, Some("ERROR"))]);
}

/// Notes everything that can be seen of what it is told.
#[derive(Default)]
struct Everything(Mutex<String>);

impl Observer for Everything {
    fn check_finished(&self, check: &CheckInfo) {
        *self.0.lock().unwrap() += &format!("{check:?} {check:#?}\n");
    }
}

#[tokio::test]
async fn an_observer_sees_neither_tokens_nor_who_calls() {
    const CANARY: &str = "canary";
    let told = Arc::<Everything>::default();
    let observed = told.clone();
    // Any token is of a user of its name, or fails with it in every text.
    let introspect = |token: iam_sdk::UserToken| async move {
        let text = token.expose_secret().to_owned();
        match text.ends_with("fails") {
            false => Ok(Introspection::active(text)),
            true => Err(iam_sdk::Error::new(ErrorKind::Server).with_code(text.clone()).with_server_message(text)),
        }
    };
    let guard = Guard::builder(introspect).header("x-token").observer(observed).build().unwrap();
    for token in ["canary-good", "canary-good", "canary fails", "canary-fails", ""] {
        let _ = guard.check(&headers(&[("x-token", token)])).await;
    }
    let told = told.0.lock().unwrap();
    assert_eq!(told.matches("CheckInfo {").count(), 5 * 2, "{told}");
    assert!(!told.contains(CANARY), "{told}");
    for word in ["\"ok\"", "\"hit\"", "\"invalid\"", "\"unavailable\""] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

/// The identity of a user; where it is the one of `slow`, whoever asks for its id waits while a test holds the lock.
#[derive(Clone)]
struct Slow {
    id: String,
    asked: Arc<AtomicBool>,
    lock: Arc<Mutex<()>>,
}

impl Identity for Slow {
    type Client = ();

    fn user_id(&self) -> &str {
        if self.id == "slow" {
            self.asked.store(true, Ordering::SeqCst);
            drop(self.lock.lock().unwrap());
        }
        &self.id
    }

    fn bytes(&self) -> usize {
        0
    }
}

/// A forget asks each identity for its user, with the guard's lock held. A hit goes on meanwhile, though it tells an observer how many
/// entries there are; but for those that share a part of the cache with the one that is looked at.
#[test]
fn a_hit_waits_for_no_lock_of_the_guard_where_an_observer_is_told() {
    const TOKENS: usize = 24;
    let (asked, lock, told) = (Arc::<AtomicBool>::default(), Arc::<Mutex<()>>::default(), Arc::<Checks>::default());
    let (asks, locks) = (asked.clone(), lock.clone());
    let introspect = move |token: iam_sdk::UserToken| {
        let identity = Slow { id: token.expose_secret().to_owned(), asked: asks.clone(), lock: locks.clone() };
        async move { Ok(Introspection::active(identity)) }
    };
    let guard = Guard::builder(introspect).ttl(3600 * SECOND).observer(told.clone()).build().unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime().block_on(async {
        assert_eq!(status(&guard, "slow").await, 200);
        for n in 0..TOKENS {
            assert_eq!(status(&guard, &n.to_string()).await, 200);
        }
    });
    let hits = || told.0.lock().unwrap().iter().filter(|info| info.cache == "hit").count();
    asked.store(false, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let held = lock.lock().unwrap();
        scope.spawn(|| guard.forget_user("nobody"));
        runtime().block_on(until(|| asked.load(Ordering::SeqCst)));
        for n in 0..TOKENS {
            let guard = &guard;
            scope.spawn(move || assert_eq!(runtime().block_on(status(guard, &n.to_string())), 200));
        }
        runtime().block_on(until(|| hits() > 0));
        drop(held);
    });
    assert_eq!(hits(), TOKENS);
}
