//! Servers that hang: what is given up when, and what is sent again.

use super::{Client, in_parallel, maybe_async, pause, test};
use crate::support::{
    gate::Gate,
    holds, same,
    server::{Response, Server, json},
};
use iam_sdk::{CallOptions, ErrorKind, Result, RetryPolicy, digiwin::Credentials, token_store::StoredToken};
use serde_json::json as object;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// A limit that is meant to be reached.
const SHORT: Duration = Duration::from_millis(300);
/// A limit that no test reaches.
const LONG: Duration = Duration::from_secs(60);
/// Far more than the short limit, far less than the long one.
const SOON: Duration = Duration::from_secs(15);

/// Starts a server that hangs at the gate with its first `times` requests, and responds to the others.
fn hanging(gate: &Gate, times: usize) -> Server {
    let (gate, requests) = (gate.clone(), AtomicUsize::new(0));
    Server::start(move |_| {
        if requests.fetch_add(1, Ordering::SeqCst) < times {
            gate.pass();
        }
        json(r#"{"id": "u", "sid": 1}"#)
    })
}

fn client(server: &Server, timeout: Duration) -> Client {
    let client = Client::builder(server.url(), "a").timeout(timeout).build().unwrap();
    client.with_token("t").unwrap()
}

/// Waits until the server has read so many requests, which can be after the client has given them up.
#[maybe_async]
async fn reads(server: &Server, requests: usize) {
    let begun = Instant::now();
    while server.requests().len() < requests {
        assert!(begun.elapsed() < SOON, "{} of {requests} requests", server.requests().len());
        pause().await;
    }
    assert_eq!(server.requests().len(), requests);
}

#[maybe_async]
#[test]
async fn a_read_that_hangs_is_sent_again_within_the_limit() {
    let gate = Gate::new();
    let server = hanging(&gate, 1);
    let _opened = gate.open_at_end();
    let begun = Instant::now();
    let options = CallOptions::new().attempt_timeout(Duration::from_secs(2));
    let users = client(&server, Duration::from_secs(20)).users().with_options(options).unwrap();
    let user = users.get_user("u").await.unwrap();
    holds(user.sid == Some(1));
    let elapsed = begun.elapsed();
    assert!(elapsed >= Duration::from_secs(2) && elapsed < Duration::from_secs(20), "{elapsed:?}");
    assert!(server.requests().len() >= 2 && gate.holds_all(), "the first attempt hangs still");
}

#[maybe_async]
#[test]
async fn an_idempotent_write_that_hangs_is_sent_again_too() {
    let gate = Gate::new();
    let server = hanging(&gate, 2);
    let _opened = gate.open_at_end();
    let client = client(&server, LONG).with_options(CallOptions::new().attempt_timeout(SHORT)).unwrap();
    let retry = RetryPolicy::new().max_attempts(20).initial_backoff(Duration::ZERO);
    let users = client.users().with_options(CallOptions::new().retry(retry)).unwrap();
    users.update_user(&object!({"id": "u"})).await.unwrap();
    assert!(server.requests().len() >= 3 && gate.holds_all());
}

#[maybe_async]
#[test]
async fn a_write_that_hangs_has_the_whole_limit_and_is_not_sent_twice() {
    let gate = Gate::new();
    let server = hanging(&gate, usize::MAX);
    let _opened = gate.open_at_end();
    let host = server.url().replace("http://", "");
    let with = |options: CallOptions| client(&server, SHORT).tenants().with_options(options).unwrap();
    let attempt = CallOptions::new().attempt_timeout(SHORT).timeout(LONG);
    for (number, options, setting) in [(1, CallOptions::new(), "timeout"), (2, attempt, "attempt_timeout")] {
        let begun = Instant::now();
        let error = with(options).remove_user("u").await.unwrap_err();
        assert!(begun.elapsed() >= SHORT && begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert_eq!((error.kind(), error.was_sent(), error.attempts()), (ErrorKind::Timeout, true, 1), "{error}");
        let text = format!("{host}: no response within the limit of 300ms ({setting})");
        assert!(error.to_string().ends_with(&text), "{error}");
        reads(&server, number).await;
    }
}

#[maybe_async]
#[test]
async fn a_read_that_always_hangs_is_sent_as_often_as_the_policy_says() {
    let gate = Gate::new();
    let server = hanging(&gate, usize::MAX);
    let _opened = gate.open_at_end();
    let options = CallOptions::new().attempt_timeout(SHORT);
    let usual = client(&server, LONG).with_options(options).unwrap();
    let error = usual.users().get_user("u").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 3), "{error}");
    assert!(error.to_string().ends_with("within the limit of 300ms (attempt_timeout) (3 attempts)"), "{error}");
    reads(&server, 3).await;
    let never = CallOptions::new().retry(RetryPolicy::never());
    let error = usual.users().with_options(never.clone()).unwrap().get_user("u").await.unwrap_err();
    assert_eq!((error.is_timeout(), error.attempts()), (true, 1), "{error}");
    reads(&server, 4).await;
    // The only attempt has all the time there is.
    let never = client(&server, SHORT).with_options(never).unwrap();
    let error = never.users().get_user("u").await.unwrap_err();
    assert!(error.to_string().ends_with("no response within the limit of 300ms (timeout)"), "{error}");
    reads(&server, 5).await;
}

#[maybe_async]
#[test]
async fn a_response_that_trickles_is_given_up_too() {
    let requests = AtomicUsize::new(0);
    let server = Server::start(move |_| match requests.fetch_add(1, Ordering::SeqCst) {
        0 => Response::Trickle,
        _ => json(r#"{"id": "u", "sid": 1}"#),
    });
    let options = CallOptions::new().attempt_timeout(Duration::from_secs(1));
    let users = client(&server, LONG).users().with_options(options).unwrap();
    holds(users.get_user("u").await.unwrap().sid == Some(1));
    holds(server.requests().len() >= 2);
}

/// Calls with a long limit first, then with a short one, and opens the gate when the short one has run out.
#[maybe_async]
async fn long_and_short(client: Client, gate: Gate, number: usize) {
    let limits = CallOptions::new().retry(RetryPolicy::never());
    if number == 0 {
        let patient = client.with_options(limits.timeout(LONG)).unwrap();
        patient.users().get_user("long").await.unwrap();
        return;
    }
    while gate.arrived() == 0 {
        pause().await;
    }
    let error = client.with_options(limits).unwrap().users().get_user("short").await.unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("limit of 300ms (timeout)"), "{error}");
    gate.open();
}

#[maybe_async]
#[test]
async fn a_call_has_a_longer_limit_than_its_client() {
    let gate = Gate::new();
    let server = hanging(&gate, 2);
    let _opened = gate.open_at_end();
    let (client, shared) = (client(&server, SHORT), gate.clone());
    in_parallel(2, move |number| long_and_short(client.clone(), shared.clone(), number)).await;
    holds(server.requests().len() == 2);
}

#[maybe_async]
#[test]
async fn a_call_has_a_shorter_limit_than_its_client() {
    let gate = Gate::new();
    let server = hanging(&gate, 1);
    let _opened = gate.open_at_end();
    let client = client(&server, LONG);
    let short = CallOptions::new().timeout(SHORT).retry(RetryPolicy::never());
    let begun = Instant::now();
    let error = client.users().with_options(short).unwrap().get_user("u").await.unwrap_err();
    assert!(error.is_timeout() && begun.elapsed() < SOON, "{error} after {:?}", begun.elapsed());
    holds(client.users().get_user("u").await.unwrap().sid == Some(1));
}

#[maybe_async]
#[test]
async fn a_login_is_waited_for_no_longer_than_the_limit_of_the_call() {
    let (login, response) = (Gate::new(), Gate::new());
    let server = hanging(&response, usize::MAX);
    let _opened = (login.open_at_end(), response.open_at_end());
    let at_login = login.clone();
    let provide = move || {
        at_login.pass();
        std::io::Result::Ok(Credentials::token(StoredToken::new("t".into())))
    };
    let builder = Client::builder(server.url(), "a").credentials(Credentials::from_fn("ann", provide));
    let client = builder.timeout(LONG).build().unwrap();
    let short = CallOptions::new().timeout(SHORT).retry(RetryPolicy::never());
    let users = client.users().with_options(short).unwrap();
    for waited_for in ["the login or refresh that the call waited for took longer than", "no response within"] {
        let begun = Instant::now();
        let error = users.get_user("u").await.unwrap_err();
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        let text = format!("{waited_for} the limit of 300ms (timeout)");
        assert!(error.is_timeout() && error.to_string().ends_with(&text), "{error}");
        // The login goes on, for whoever needs it next.
        assert_eq!((login.arrived(), login.holds_all()), (1, waited_for.contains("login")));
        login.open();
        token_of(&client).await;
    }
    reads(&server, 1).await;
}

/// Waits until the session has its token.
#[maybe_async]
async fn token_of(client: &Client) {
    let begun = Instant::now();
    while client.current_token().await.unwrap().is_none() {
        assert!(begun.elapsed() < SOON);
        pause().await;
    }
}

#[maybe_async]
#[test]
async fn a_builder_sets_the_limits_and_retries_of_all_calls() {
    let gate = Gate::new();
    let server = hanging(&gate, 3);
    let _opened = gate.open_at_end();
    let builder = Client::builder(server.url(), "a").timeout(LONG).attempt_timeout(SHORT);
    let twice = builder.clone().retry(RetryPolicy::new().max_attempts(2)).build().unwrap().with_token("t").unwrap();
    let error = twice.users().get_user("u").await.unwrap_err();
    assert_eq!((error.is_timeout(), error.attempts()), (true, 2), "{error}");
    reads(&server, 2).await;
    let never = builder.retry(RetryPolicy::never()).build().unwrap().with_token("t").unwrap();
    same(never.users().get_user("u").await.unwrap_err().attempts(), 1);
    reads(&server, 3).await;
}

#[maybe_async]
async fn read(client: &Client, options: CallOptions) -> Result<()> {
    client.users().with_options(options)?.get_user("u").await.map(drop)
}

#[maybe_async]
#[test]
async fn a_service_that_asks_to_wait_is_waited_for_or_the_call_ends_at_once() {
    // The header; how many requests come of it, whether the error says to wait.
    let table = [
        ("retry-after: 0\r\n", 3, Some(Duration::ZERO)),
        ("retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 3, Some(Duration::ZERO)),
        ("retry-after: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 3, Some(Duration::ZERO)),
        ("retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 1, Some(Duration::from_secs(365 * 24 * 60 * 60))),
        ("retry-after: 3600\r\n", 1, Some(Duration::from_secs(3600))),
        ("retry-after: soon\r\n", 3, None),
    ];
    for (header, requests, wait) in table {
        let server = Server::start(move |_| Response::Whole(503, header, String::new()));
        let client = client(&server, LONG);
        let begun = Instant::now();
        let error = read(&client, CallOptions::new()).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Server, wait), "{header}");
        assert_eq!((server.requests().len(), error.attempts() as usize), (requests, requests), "{header}");
        assert!(begun.elapsed() < SOON, "{header}");
    }
    // Two seconds are less than the limit: the second attempt comes no earlier.
    let requests = AtomicUsize::new(0);
    let server = Server::start(move |_| match requests.fetch_add(1, Ordering::SeqCst) {
        0 => Response::Whole(429, "retry-after: 2\r\n", String::new()),
        _ => json(r#"{"id": "u"}"#),
    });
    let begun = Instant::now();
    read(&client(&server, LONG), CallOptions::new()).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    // A caller that has less time learns it at once.
    let server = Server::start(|_| Response::Whole(429, "retry-after: 2\r\n", String::new()));
    let error = read(&client(&server, LONG), CallOptions::new().timeout(Duration::from_secs(2))).await.unwrap_err();
    // After a wait it would be a timeout.
    assert_eq!((error.is_rate_limited(), error.attempts(), server.requests().len()), (true, 1, 1), "{error}");
}

#[maybe_async]
#[test]
async fn as_many_attempts_are_made_as_the_policy_says() {
    let server = Server::start(|_| crate::support::server::status(503, "{}"));
    let client = client(&server, LONG);
    let new = || RetryPolicy::new().initial_backoff(Duration::ZERO);
    let mut expected = 0;
    for (policy, attempts) in [(new(), 3), (new().max_attempts(6), 6), (RetryPolicy::never(), 1)] {
        let error = read(&client, CallOptions::new().retry(policy)).await.unwrap_err();
        expected += attempts;
        assert_eq!((error.attempts(), server.requests().len()), (attempts as u32, expected), "{error}");
    }
    // Without the budget, which is 100 retries, none is made; a policy can do without it.
    let all = new().max_attempts(1_000);
    let error = read(&client, CallOptions::new().retry(all.clone())).await.unwrap_err();
    assert!((50..=101).contains(&error.attempts()), "{error}");
    same(read(&client, CallOptions::new().retry(new())).await.unwrap_err().attempts(), 1);
    let unlimited = new().max_attempts(5).budget(false);
    same(read(&client, CallOptions::new().retry(unlimited)).await.unwrap_err().attempts(), 5);
}
