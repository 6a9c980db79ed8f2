//! A proxy such as nginx ends its connections after so many requests, or after a pause: no call fails for it, and no write is
//! carried out twice.

use super::{AT_ONCE, Client, PROTOCOL, in_parallel, maybe_async, numbered_call, received, test};
use crate::support::{
    http2::{Habits, Http2Server},
    wrong_writes,
};
use iam_sdk::Error;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

const CALLS: usize = 500;

type Failures = Arc<Mutex<Vec<Error>>>;

#[maybe_async]
pub async fn client_of(server: &Http2Server) -> Client {
    let client = Client::builder(server.url(), "a").add_root_certificate(&server.root).build().unwrap();
    client.set_current_token(Some("t".into())).await.unwrap();
    client
}

/// Panics if a write of these was not carried out exactly once.
pub fn check_writes(server: &Http2Server, ids: impl IntoIterator<Item = i64>) {
    let wrong = wrong_writes(&server.carried_out(), ids);
    assert!(wrong.is_empty(), "{} writes were not carried out once: {wrong:?}", wrong.len());
}

#[maybe_async]
async fn call_each(client: Client, ids: Vec<i64>, failures: Failures) {
    for id in ids {
        if let Err(error) = numbered_call(&client, id).await {
            failures.lock().unwrap().push(error);
        }
    }
}

/// Calls with the ids from `first` on, as many at once as the flavour can.
#[maybe_async]
async fn at_once(client: &Client, first: i64, calls: usize) {
    let callers = AT_ONCE.min(calls).max(1);
    let failures = Failures::default();
    let (client, noted) = (client.clone(), failures.clone());
    let ids = move |caller: usize| (first + caller as i64..first + calls as i64).step_by(callers).collect();
    in_parallel(callers, move |caller| call_each(client.clone(), ids(caller), noted.clone())).await;
    let failures = failures.lock().unwrap();
    assert!(failures.is_empty(), "{} of {calls} failed, first {:?}", failures.len(), failures[0]);
}

fn check_protocol(server: &Http2Server) {
    assert_eq!(server.protocols(), BTreeSet::from([PROTOCOL.to_owned()]));
}

/// `warm`: there is a connection already, which all callers go for; else each of them begins to connect.
#[maybe_async]
async fn with_requests_per_connection(limit: u32, warm: bool) {
    let server = Http2Server::start(Habits { requests_per_connection: Some(limit), ..Habits::default() });
    let client = client_of(&server).await;
    let first = usize::from(warm);
    at_once(&client, 1, first).await;
    at_once(&client, first as i64 + 1, CALLS).await;
    check_writes(&server, 1..=(first + CALLS) as i64);
    check_protocol(&server);
    assert!(server.connections() >= CALLS / limit as usize, "the server did close: {}", server.connections());
}

#[maybe_async]
#[test]
async fn connections_of_a_hundred_requests_cost_no_call() {
    with_requests_per_connection(100, true).await;
}

#[maybe_async]
#[test]
async fn connections_of_seven_requests_cost_no_call() {
    with_requests_per_connection(7, true).await;
}

#[maybe_async]
#[test]
async fn connections_of_seven_requests_that_are_all_new_cost_no_call() {
    with_requests_per_connection(7, false).await;
}

#[maybe_async]
#[test]
async fn connections_closed_while_idle_cost_no_call() {
    let mut server = Http2Server::start(Habits { idle_timeout: Some(Duration::from_secs(1)), ..Habits::default() });
    let mut closed = server.closed();
    let client = client_of(&server).await;
    for round in 0..5 {
        at_once(&client, round * 100 + 1, 100).await;
        while server.open() > 0 {
            received(&mut closed).await;
        }
    }
    check_writes(&server, 1..=500);
    check_protocol(&server);
    assert!(server.connections() >= 5);
}

#[maybe_async]
#[test]
async fn a_server_that_ends_nothing_is_spoken_to_in_the_flavours_protocol() {
    let server = Http2Server::start(Habits::default());
    let client = client_of(&server).await;
    at_once(&client, 1, 100).await;
    check_writes(&server, 1..=100);
    check_protocol(&server);
}
