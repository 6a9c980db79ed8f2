//! Many requests at once, and services that hang.

use super::*;
use directory::Person;
use iam_sdk::{
    UserToken,
    emulator::{Emulator, Fault},
    server::Introspection,
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};
use tokio::sync::watch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_with_one_token_make_one_introspection() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let gate = directory.hold();
    let begin = || {
        let guard = guard.clone();
        tokio::spawn(async move { status(&guard, "t").await })
    };
    let first = begin();
    until(|| directory.asked() == 1).await;
    let others: Vec<_> = (1..1000).map(|_| begin()).collect();
    // All of them wait for the one that is under way.
    until(|| guard.stats().waiting == 1000).await;
    // The first caller hangs up.
    first.abort();
    until(|| guard.stats().waiting == 999).await;
    assert_eq!((directory.asked(), directory.answered(), guard.stats().in_flight), (1, 0, 1));
    drop(gate);
    for other in others {
        assert_eq!(other.await.unwrap(), 200);
    }
    let stats = guard.stats();
    assert_eq!((directory.asked(), stats.joined, stats.cancelled, stats.waiting), (1, 999, 1, 0));
}

/// A runtime of one thread runs its tasks only while that thread blocks on it.
#[test]
fn a_flight_that_nobody_drives_is_replaced_and_holds_no_place() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (parked, driven) = (runtime(), runtime());
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder.max_in_flight(1).timeout(Duration::from_millis(20)));
    let gate = directory.hold();
    assert_eq!(parked.block_on(status(&guard, "t")), 503);
    // The answer is there, and nobody reads it: that the token is ann's, which is no longer true.
    drop(gate);
    directory.says(Answer::No);
    clock.advance(64 * SECOND);
    assert_eq!([driven.block_on(status(&guard, "t")), driven.block_on(status(&guard, "u"))], [503, 503]);
    assert_eq!((directory.asked(), guard.stats().in_flight), (1, 1));
    clock.advance(SECOND);
    // Its place is free for another token, and another flight begins for its own.
    assert_eq!(driven.block_on(status(&guard, "u")), 401);
    assert_eq!(driven.block_on(status(&guard, "t")), 401);
    assert_eq!((directory.asked(), directory.answered(), guard.stats().in_flight), (3, 2, 0));
    // What it still brings is dropped.
    parked.block_on(until(|| directory.answered() == 3));
    assert_eq!((driven.block_on(status(&guard, "t")), guard.stats().entries, directory.asked()), (401, 0, 3));
}

#[test]
fn a_runtime_without_a_timer_is_an_error_and_no_panic() {
    let (guard, _) = guard(&Directory::default(), |builder| builder);
    let whole = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(whole.block_on(status(&guard, "t")), 200);
    let without = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let rejection = without.block_on(rejection(&guard, &bearer("u")));
    let error = rejection.error().unwrap();
    assert!(
        rejection.status() == 500 && error.is_configuration() && error.to_string().contains("enable_time"),
        "{error}"
    );
    // What is cached needs no timer.
    assert_eq!(without.block_on(status(&guard, "t")), 200);
    assert_eq!(guard.stats().in_flight, 0);
}

#[tokio::test]
async fn callers_that_hang_up_leave_the_queue_for_a_place() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder.max_in_flight(1));
    let gate = directory.hold();
    let begin = |n: usize| {
        let guard = guard.clone();
        tokio::spawn(async move { status(&guard, &format!("t{n}")).await })
    };
    let first = begin(0);
    until(|| directory.asked() == 1).await;
    let queue: Vec<_> = (1..=16).map(begin).collect();
    until(|| guard.stats().waiting == 17).await;
    assert_eq!(begin(17).await.unwrap(), 503, "the queue is full");
    for waiting in &queue {
        waiting.abort();
    }
    until(|| guard.stats().waiting == 1).await;
    let next = begin(18);
    until(|| guard.stats().waiting == 2).await;
    drop(gate);
    assert_eq!((first.await.unwrap(), next.await.unwrap()), (200, 200));
    // Nobody asks for those that are gone.
    assert_eq!((directory.asked(), guard.stats().in_flight, guard.stats().cancelled), (2, 0, 16));
}

#[tokio::test]
async fn the_longest_ttl_turns_no_cache_off() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder.ttl(Duration::MAX).negative_ttl(Duration::MAX));
    for _ in 0..3 {
        assert_eq!((status(&guard, "t").await, status(&guard, "bad").await), (200, 401));
        clock.advance(24 * 3600 * SECOND);
    }
    assert_eq!(directory.asked(), 2);
}

#[tokio::test]
async fn a_service_that_hangs_is_503_within_the_limit_and_a_cached_token_200() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = iam_sdk::Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    let user = client.identity().login(&account.user_id, account.password.clone()).await.unwrap();
    let token = user.token.unwrap();
    let clock = Clock::manual();
    let limit = Duration::from_millis(50);
    let guard = Guard::builder(client).timeout(limit).stale_if_error(60 * SECOND).clock(clock.clone());
    let guard = guard.build().unwrap();
    assert_eq!(status(&guard, token.expose_secret()).await, 200);
    emulator.fault(Fault::hang().on("digiwin.identity.analyze_token"));
    // One that is cached needs nobody.
    assert_eq!(status(&guard, token.expose_secret()).await, 200);
    let begun = std::time::Instant::now();
    let rejection = rejection(&guard, &bearer("another")).await;
    assert!(rejection.status() == 503 && rejection.error().unwrap().is_timeout(), "{rejection:?}");
    // Of the limits that the client itself has, the shortest is much longer.
    assert!(begun.elapsed() >= limit && begun.elapsed() < 5 * SECOND, "{:?}", begun.elapsed());
    // One whose TTL has passed is used while the service hangs.
    clock.advance(30 * SECOND);
    for _ in 0..3 {
        assert_eq!(status(&guard, token.expose_secret()).await, 200);
    }
    assert_eq!(guard.stats().stale, 3);
    assert_eq!(guard.stats().in_flight, 2, "they go on");
}

#[tokio::test]
async fn a_flood_of_random_tokens_leaves_good_entries_and_memory_alone() {
    const FLOOD: usize = 30_000;
    const ENTRIES: usize = 500;
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder.max_entries(ENTRIES));
    let good: Vec<String> = (0..ENTRIES / 5).map(|n| format!("good-{n}")).collect();
    for token in &good {
        assert_eq!(status(&guard, token).await, 200);
    }
    directory.says(Answer::No);
    for n in 0..FLOOD {
        assert_eq!(status(&guard, &format!("random-{n}")).await, 401);
    }
    let stats = guard.stats();
    assert!(stats.refused_entries <= ENTRIES * 11 / 10 && stats.entries == good.len(), "{stats:?}");
    let asked = directory.asked();
    for token in &good {
        assert_eq!(status(&guard, token).await, 200);
    }
    assert_eq!(directory.asked(), asked, "all of them are still cached");
}

#[tokio::test]
async fn identities_are_bounded_by_their_number_and_their_bytes() {
    const BYTES: u64 = 64 << 10;
    let directory = Directory::default();
    let (few, _) = guard(&directory, |builder| builder.max_entries(50));
    let (small, _) = guard(&directory, |builder| builder.max_entries(10_000).max_bytes(BYTES));
    for n in 0..2_000 {
        let token = format!("t{n}");
        assert_eq!((status(&few, &token).await, status(&small, &token).await), (200, 200));
    }
    assert!(few.stats().entries <= 55, "{:?}", few.stats());
    let stats = small.stats();
    assert!(stats.bytes <= BYTES && stats.entries > 10 && stats.entries < 1_000, "{stats:?}");
}

#[tokio::test]
async fn a_due_identity_is_renewed_in_the_background() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder.refresh_ahead(true).max_in_flight(1));
    assert_eq!(status(&guard, "t").await, 200);
    clock.advance(23 * SECOND);
    assert_eq!((status(&guard, "t").await, directory.asked()), (200, 1));
    clock.advance(SECOND);
    let gate = directory.hold();
    for _ in 0..10 {
        assert_eq!(status(&guard, "t").await, 200, "nobody waits for it");
    }
    until(|| directory.asked() == 2).await;
    drop(gate);
    until(|| guard.stats().in_flight == 0).await;
    // The renewed one has a TTL of its own.
    clock.advance(20 * SECOND);
    assert_eq!((status(&guard, "t").await, directory.asked()), (200, 2));
}

#[tokio::test]
async fn a_service_that_fails_is_not_asked_for_each_request_of_a_due_identity() {
    let directory = Directory::default();
    let (guard, clock) = guard(&directory, |builder| builder.refresh_ahead(true));
    assert_eq!(status(&guard, "t").await, 200);
    clock.advance(25 * SECOND);
    directory.says(Answer::Fails(iam_sdk::ErrorKind::Server));
    for n in 0..3 {
        for _ in 0..20 {
            assert_eq!(status(&guard, "t").await, 200);
            until(|| guard.stats().in_flight == 0).await;
        }
        assert_eq!(directory.asked(), 2 + n);
        clock.advance(SECOND);
    }
}

#[tokio::test]
async fn a_burst_of_new_tokens_waits_for_places_and_is_served() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let gate = directory.hold();
    let burst: Vec<_> = (0..200)
        .map(|n| {
            let guard = guard.clone();
            tokio::spawn(async move { status(&guard, &format!("t{n}")).await })
        })
        .collect();
    until(|| directory.asked() == 64).await;
    assert_eq!(guard.stats().in_flight, 64);
    drop(gate);
    for request in burst {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert_eq!((directory.asked(), guard.stats().in_flight), (200, 0));
}

#[tokio::test]
async fn who_waits_for_a_place_in_vain_is_503_within_the_limit() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder.max_in_flight(1).timeout(Duration::from_millis(20)));
    let _gate = directory.hold();
    assert_eq!(status(&guard, "a").await, 503);
    let rejection = rejection(&guard, &bearer("b")).await;
    assert!(rejection.status() == 503 && rejection.error().unwrap().is_rate_limited(), "{rejection:?}");
    assert_eq!((directory.asked(), guard.stats().in_flight), (1, 1));
}

#[tokio::test]
async fn forgetting_a_user_disturbs_nobody_else() {
    let directory = Directory::default();
    let (guard, _) = guard(&directory, |builder| builder);
    let gate = directory.hold();
    let begin = || {
        let guard = guard.clone();
        tokio::spawn(async move { status(&guard, "t").await })
    };
    let first = begin();
    until(|| directory.asked() == 1).await;
    guard.forget_user("bob");
    let second = begin();
    // It has joined, or has begun a flight of its own, when the runtime has run it.
    tokio::task::yield_now().await;
    drop(gate);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (200, 200));
    assert_eq!((directory.asked(), guard.stats().entries), (1, 1));
}

/// Says whom a token is for as soon as its gate is open.
#[derive(Clone)]
struct Gated {
    asked: Arc<Mutex<Vec<String>>>,
    open: watch::Sender<HashSet<&'static str>>,
}

impl Gated {
    fn open(&self, token: &'static str) {
        self.open.send_modify(|open| {
            open.insert(token);
        });
    }

    fn was_asked(&self, token: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|asked| asked == token)
    }
}

impl Introspect for Gated {
    type Identity = Person;

    async fn introspect(&self, token: &UserToken) -> iam_sdk::Result<Introspection<Person>> {
        let token = token.expose_secret();
        self.asked.lock().unwrap().push(token.to_owned());
        // The sender lives as long as the service.
        let _ = self.open.subscribe().wait_for(|open| open.contains(token)).await;
        Ok(Introspection::active(Person { id: token.to_owned(), tenant: None }))
    }

    fn client(&self) -> iam_sdk::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn who_joins_an_introspection_takes_no_place_from_another_token() {
    let service = Gated { asked: Arc::default(), open: watch::Sender::default() };
    let guard = Guard::builder(service.clone()).max_in_flight(2).timeout(60 * SECOND).build().unwrap();
    let mut requests = Vec::new();
    // All but the first two wait for a place, in this order.
    for (n, token) in ["a", "b", "x", "x", "y"].into_iter().enumerate() {
        let of_request = guard.clone();
        requests.push(tokio::spawn(async move { status(&of_request, token).await }));
        until(|| guard.stats().waiting == n + 1).await;
    }
    service.open("a");
    service.open("b");
    until(|| service.was_asked("x")).await;
    until(|| service.was_asked("y")).await;
    service.open("x");
    service.open("y");
    for request in requests {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert_eq!(service.asked.lock().unwrap().len(), 4);
}

/// Asks nobody, as far as the guard knows.
struct Local(Gated);

impl Introspect for Local {
    type Identity = Person;

    async fn introspect(&self, token: &UserToken) -> iam_sdk::Result<Introspection<Person>> {
        self.0.introspect(token).await
    }

    fn client(&self) -> iam_sdk::Result<()> {
        Ok(())
    }

    fn is_local(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_guard_that_asks_nobody_has_the_limit_that_is_set() {
    let service = Gated { asked: Arc::default(), open: watch::Sender::default() };
    for (limit, in_flight) in [(None, 200), (Some(2), 2)] {
        let builder = Guard::builder(Local(service.clone()));
        let guard = limit.into_iter().fold(builder, GuardBuilder::max_in_flight).build().unwrap();
        let begin = |n: usize| {
            let guard = guard.clone();
            tokio::spawn(async move { status(&guard, &format!("t{n}")).await })
        };
        // No more than the limit of two lets wait.
        let requests: Vec<_> = (0..in_flight.max(20)).map(begin).collect();
        until(|| guard.stats().waiting == requests.len()).await;
        assert_eq!(guard.stats().in_flight, in_flight, "{limit:?}");
        requests.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
