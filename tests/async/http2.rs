//! What a server says in HTTP/2 alone about requests that it has not processed.

use super::{
    faults::{
        http2::{check_writes, client_of},
        numbered_call,
    },
    in_parallel,
};
use crate::support::http2::{End, Habits, Http2Server, Scripted};
use iam_sdk::{Client, Error, ErrorKind, Method, RetryPolicy};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

#[tokio::test]
async fn refused_streams_are_sent_again() {
    for each in [2, 3, 10] {
        let server = Http2Server::start(Habits { refuses_each: Some(each), ..Habits::default() });
        let client = client_of(&server).await;
        let failures = Arc::new(Mutex::new(Vec::new()));
        let noted = failures.clone();
        let work = move |n: usize| {
            let (client, noted) = (client.clone(), noted.clone());
            async move {
                let result = numbered_call(&client, n as i64 + 1).await;
                noted.lock().unwrap().extend(result.err());
            }
        };
        in_parallel(500, work).await;
        let failures = failures.lock().unwrap();
        assert!(failures.is_empty(), "each {each}th: {} of 500 failed, first {:?}", failures.len(), failures[0]);
        check_writes(&server, 1..=500);
    }
}

/// The caller comes back about when the server has had enough: GOAWAY says whether a request was processed.
#[tokio::test]
async fn connections_closed_at_the_moment_of_sending_cost_no_call() {
    let server = Http2Server::start(Habits { idle_timeout: Some(Duration::from_millis(3)), ..Habits::default() });
    let client = client_of(&server).await;
    let mut failures = Vec::new();
    for id in 1..=300 {
        tokio::time::sleep(Duration::from_micros(rand::random_range(2_000..5_000))).await;
        failures.extend(numbered_call(&client, id).await.err());
    }
    assert!(failures.is_empty(), "{} of 300 failed, first {:?}", failures.len(), failures[0]);
    check_writes(&server, 1..=300);
}

#[tokio::test]
async fn a_server_that_processes_nothing_is_not_hammered() {
    let server = Http2Server::start(Habits { never_serves: true, ..Habits::default() });
    let builder = Client::builder(server.url(), "a").add_root_certificate(&server.root);
    let client = builder.timeout(Duration::from_secs(1)).build().unwrap();
    client.set_current_token(Some("t".into())).await.unwrap();
    let begun = Instant::now();
    let errors = Arc::new(Mutex::new(Vec::new()));
    let noted = errors.clone();
    let work = move |n: usize| {
        let (client, noted) = (client.clone(), noted.clone());
        async move {
            let result = numbered_call(&client, n as i64 + 1).await;
            noted.lock().unwrap().push(result.unwrap_err());
        }
    };
    in_parallel(20, work).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    for error in errors.lock().unwrap().iter() {
        let kinds = [ErrorKind::Timeout, ErrorKind::Transport, ErrorKind::Connect];
        assert!(kinds.contains(&error.kind()) && error.is_retryable(), "{error:?}");
    }
    assert!(server.carried_out().is_empty());
    // A call of a second comes to some five attempts, and calls at once share connections.
    assert!(server.connections() <= 200, "{} connections", server.connections());
}

/// What a NAT has forgotten: nothing comes back, and nothing says so.
#[tokio::test]
async fn a_connection_that_is_dead_does_not_swallow_the_retries() {
    let client = |server: &Http2Server| {
        let builder = Client::builder(server.url(), "a").add_root_certificate(&server.root);
        builder.attempt_timeout(Duration::from_secs(8)).build().unwrap().with_token("t").unwrap()
    };
    let server = Http2Server::start(Habits { first_dies: true, ..Habits::default() });
    let reader = client(&server);
    numbered_call(&reader, 3).await.unwrap();
    assert_eq!((server.connections(), server.carried_out().into_values().sum::<usize>()), (2, 1));

    // A write may have arrived.
    let server = Http2Server::start(Habits { first_dies: true, ..Habits::default() });
    let writer = client(&server);
    let begun = Instant::now();
    let error = numbered_call(&writer, 1).await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Transport, true), "{error}");
    assert!(error.to_string().contains("the connection is dead"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!((server.connections(), error.attempts()), (1, 1));
    numbered_call(&writer, 1).await.unwrap();
    check_writes(&server, [1]);
}

/// `:status: 200`, then what is named.
const OK: &[u8] = &[0x88];
const OK_OF_9999_BYTES: &[u8] = b"\x88\x0f\x0d\x049999";
const OK_IN_GZIP: &[u8] = b"\x88\x0f\x0b\x04gzip";
const NO_CONTENT: &[u8] = &[0x89];

fn unretried(server: &Http2Server) -> Client {
    let builder = Client::builder(server.url(), "a").add_root_certificate(&server.root);
    builder.retry(RetryPolicy::never()).build().unwrap().with_token("t").unwrap()
}

/// hyper takes a stream that was reset without an error code for one that ended.
#[tokio::test]
async fn a_response_that_was_broken_off_is_no_success() {
    const HALF: Option<&[u8]> = Some(b"[{\"id\":\"ann\"}");
    for (headers, data, end) in [
        (OK, None, End::Reset),
        (OK, None, End::GoAway),
        (OK_OF_9999_BYTES, None, End::Reset),
        (OK_OF_9999_BYTES, None, End::GoAway),
        (OK_OF_9999_BYTES, HALF, End::Reset),
        (OK_OF_9999_BYTES, HALF, End::GoAway),
        (OK_IN_GZIP, None, End::Reset),
        (OK_IN_GZIP, None, End::GoAway),
    ] {
        let scripted = Scripted { headers, data, end };
        let server = Http2Server::start(Habits { responds: Some(scripted), ..Habits::default() });
        let check = |error: Option<Error>| {
            let error = error.unwrap_or_else(|| panic!("{scripted:?} is a success"));
            assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Transport, true), "{scripted:?}: {error}");
            assert!(error.is_retryable(), "{scripted:?}: {error}");
        };
        let client = unretried(&server);
        check(client.users().get_user_simple().await.err());
        check(client.users().get_user("ann").await.err());
        check(client.identity().logout().await.err());
        check(client.with_token("t").unwrap().request(Method::POST, "/x").await.err());
    }
}

#[tokio::test]
async fn a_response_that_has_nothing_to_deliver_is_whole() {
    for (headers, data, end) in [
        (OK, None, End::Marked),
        (OK, Some(&b""[..]), End::Marked),
        (OK_IN_GZIP, None, End::Marked),
        (NO_CONTENT, None, End::Marked),
        (NO_CONTENT, None, End::Reset),
    ] {
        let scripted = Scripted { headers, data, end };
        let server = Http2Server::start(Habits { responds: Some(scripted), ..Habits::default() });
        let client = unretried(&server);
        let users = client.users().get_user_simple().await;
        assert!(users.as_ref().is_ok_and(Vec::is_empty), "{scripted:?}: {users:?}");
        let error = client.users().get_user("ann").await.unwrap_err();
        assert!(error.is_not_found(), "{scripted:?}: {error}");
        assert_eq!(client.request(Method::POST, "/x").await.unwrap().as_text(), "null");
        client.identity().logout().await.unwrap();
    }
    // It tells the length of what a GET would bring.
    let scripted = Scripted { headers: OK_OF_9999_BYTES, data: None, end: End::Marked };
    let server = Http2Server::start(Habits { responds: Some(scripted), ..Habits::default() });
    unretried(&server).request(Method::HEAD, "/x").await.unwrap();
}
