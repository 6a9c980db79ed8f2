//! Servers that close connections between two calls: no call fails for it, and no write is carried out twice.

use super::{AT_ONCE, Client, in_parallel, maybe_async, numbered_call, received, test};
use crate::support::{
    closing::{Closes, ClosingServer},
    wrong_writes,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

const CALLS: i64 = 1_000;

#[maybe_async]
async fn client_of(server: &ClosingServer) -> Client {
    let client = Client::builder(server.url(), "a").build().unwrap();
    client.set_current_token(Some("t".into())).await.unwrap();
    client
}

/// Calls one after the other; before each one the server has closed what it meant to close.
#[maybe_async]
async fn one_by_one(closes: Closes) {
    let mut server = ClosingServer::start(closes);
    let mut settled = server.settled();
    let client = client_of(&server).await;
    let mut errors = Vec::new();
    for id in 1..=CALLS {
        if closes == Closes::WhenTold && id % 2 == 0 {
            server.close_all();
        }
        match numbered_call(&client, id).await {
            Ok(()) => while received(&mut settled).await != id {},
            Err(error) => errors.push((id, error)),
        }
    }
    assert!(errors.is_empty(), "{closes:?}: {} of {CALLS} failed, first {:?}", errors.len(), errors[0]);
    assert_eq!(wrong_writes(&server.carried_out(), 1..=CALLS), []);
    assert!(server.connections() > CALLS as usize / 10, "the server did close: {}", server.connections());
}

#[maybe_async]
#[test]
async fn a_server_that_closes_after_each_response_costs_no_call() {
    one_by_one(Closes::AfterEach).await;
}

#[maybe_async]
#[test]
async fn a_server_that_closes_after_some_responses_costs_no_call() {
    one_by_one(Closes::AfterUpTo(7)).await;
}

#[maybe_async]
#[test]
async fn a_server_that_closes_between_two_calls_costs_no_call() {
    one_by_one(Closes::WhenTold).await;
}

type Failures = Arc<Mutex<Vec<(i64, iam_sdk::Error)>>>;

#[maybe_async]
async fn call_and_note(client: Client, id: i64, failures: Failures) {
    if let Err(error) = numbered_call(&client, id).await {
        failures.lock().unwrap().push((id, error));
    }
}

#[maybe_async]
#[test]
async fn many_callers_that_come_back_to_closed_connections_lose_nothing() {
    let at_once = AT_ONCE.min(100);
    let server = ClosingServer::start(Closes::WhenTold);
    let client = client_of(&server).await;
    let failures = Failures::default();
    let rounds = CALLS as usize / at_once;
    for round in 0..rounds {
        let (client, failures) = (client.clone(), failures.clone());
        let id = move |n: usize| (round * at_once + n) as i64 + 1;
        in_parallel(at_once, move |n| call_and_note(client.clone(), id(n), failures.clone())).await;
        server.close_all();
    }
    let failures = failures.lock().unwrap();
    assert!(failures.is_empty(), "{} of {} failed, first {:?}", failures.len(), rounds * at_once, failures[0]);
    assert_eq!(wrong_writes(&server.carried_out(), 1..=(rounds * at_once) as i64), []);
}

/// Where the server closes while a request is under way an error may be the only honest outcome.
#[maybe_async]
#[test]
async fn a_server_that_closes_at_any_moment_doubles_nothing_and_loses_nothing_silently() {
    let server = ClosingServer::start(Closes::AtAnyMoment);
    let client = client_of(&server).await;
    let failures = Failures::default();
    let next = Arc::new(AtomicUsize::new(1));
    let (shared, noted) = (client.clone(), failures.clone());
    let work = move |_| calls_until_the_last(shared.clone(), next.clone(), noted.clone());
    in_parallel(4, work).await;
    let failures = failures.lock().unwrap();
    let carried_out = server.carried_out();
    for (id, error) in failures.iter() {
        assert!(error.is_retryable(), "{id}: {error:?}");
        assert!(error.was_sent() || !carried_out.contains_key(id), "{id} was carried out: {error:?}");
    }
    let failed = |id: i64| failures.iter().any(|(failed, _)| *failed == id);
    let wrong = wrong_writes(&carried_out, 1..=CALLS);
    assert!(wrong.iter().all(|(id, times)| *times == 0 && failed(*id)), "{wrong:?}");
}

#[maybe_async]
async fn calls_until_the_last(client: Client, next: Arc<AtomicUsize>, failures: Failures) {
    loop {
        let id = next.fetch_add(1, Ordering::SeqCst) as i64;
        if id > CALLS {
            return;
        }
        call_and_note(client.clone(), id, failures.clone()).await;
    }
}
