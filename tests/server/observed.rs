//! What a guard tells of its checks.

use super::*;
use crate::support::log::Log;
use iam_sdk::{
    ErrorKind,
    observe::{CheckInfo, Observer},
};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Told(Mutex<Vec<CheckInfo>>);

impl Observer for Told {
    fn check_finished(&self, introspection: &CheckInfo) {
        self.0.lock().unwrap().push(introspection.clone());
    }
}

#[tokio::test]
async fn every_check_is_told_once_with_words_of_a_closed_list() {
    let log = Log::start();
    let (directory, told) = (Directory::default(), Arc::<Told>::default());
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
    let (directory, told) = (Directory::default(), Arc::<Told>::default());
    let (guard, _) =
        guard(&directory, |builder| builder.max_in_flight(1).timeout(Duration::from_millis(20)).observer(told.clone()));
    assert!(guard.check_optional(&HeaderMap::new()).await.unwrap().is_none());
    assert!(!log.text().contains("error.type"), "{}", log.text());
    let _gate = directory.hold();
    assert_eq!((status(&guard, "a").await, status(&guard, "b").await), (503, 503));
    let told = told.0.lock().unwrap();
    let words: Vec<_> = told.iter().map(|info| (info.result, info.error)).collect();
    let expected =
        [("missing", None), ("timeout", Some(ErrorKind::Timeout)), ("overloaded", Some(ErrorKind::RateLimited))];
    assert_eq!(words, expected);
    assert_eq!(guard.stats().unavailable, 2);
}
