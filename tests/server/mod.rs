//! The guard of servers.

#[cfg(feature = "axum")]
mod acting;
mod directory;
mod fixed;
mod grants;
mod load;
mod observed;
#[cfg(feature = "axum")]
mod service;
mod services;
mod traps;
#[cfg(feature = "axum")]
mod traps_of_axum;

use directory::{Answer, Directory};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use iam_sdk::server::{Clock, Guard, GuardBuilder, Introspect, Rejection};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Returns the headers of a request with a bearer token.
fn bearer(token: &str) -> HeaderMap {
    headers(&[("authorization", &format!("Bearer {token}"))])
}

fn headers(headers: &[(&'static str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &str)| {
        let mut value = HeaderValue::from_str(value).unwrap();
        value.set_sensitive(true);
        (HeaderName::from_static(name), value)
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter().map(header) {
        map.append(name, value);
    }
    map
}

/// Returns a guard of a service whose answers the test chooses, and the clock that it ages by.
fn guard(
    directory: &Directory,
    settings: impl FnOnce(GuardBuilder<Directory>) -> GuardBuilder<Directory>,
) -> (Guard<Directory>, Clock) {
    let clock = Clock::manual();
    let guard = settings(Guard::builder(directory.clone()).clock(clock.clone())).build().unwrap();
    (guard, clock)
}

/// Returns the status that a request with this token is responded with, 200 if it is let through.
async fn status<I: Introspect>(guard: &Guard<I>, token: &str) -> u16 {
    guard.check(&bearer(token)).await.map_or_else(|rejection| rejection.status(), |_| StatusCode::OK).as_u16()
}

/// Returns the rejection of a request.
async fn rejection<I: Introspect>(guard: &Guard<I>, headers: &HeaderMap) -> Rejection {
    guard.check(headers).await.expect_err("it was let through")
}

/// Waits until a condition holds.
async fn until(condition: impl Fn() -> bool) {
    let held = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(20 * SECOND, held).await.expect("it never came true");
}

#[test]
fn a_setting_that_makes_no_sense_is_refused() {
    type Set = fn(GuardBuilder<Directory>) -> GuardBuilder<Directory>;
    let table: [(Set, &str); 11] = [
        (|builder| builder.header("a b"), "header"),
        (|builder| builder.header("Authorization"), "bearer()"),
        (|builder| builder.header("proxy-authorization"), "bearer()"),
        (|builder| builder.header("cookie"), "cookie(name)"),
        (|builder| builder.cookie("a;b"), "cookie"),
        (|builder| builder.realm("a\"b"), "realm"),
        (|builder| builder.max_entries(0), "max_entries"),
        (|builder| builder.max_in_flight(0), "max_in_flight"),
        (|builder| builder.max_token_bytes(0), "max_token_bytes"),
        (|builder| builder.timeout(Duration::ZERO), "timeout"),
        (|builder| builder.stale_if_error(301 * SECOND), "stale_if_error"),
    ];
    for (set, name) in table {
        let error = set(Guard::builder(Directory::default())).build().unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(name), "{error}");
    }
    let everything = Guard::builder(Directory::default()).bearer().header("x-token").cookie("session").realm("orders");
    assert!(everything.stale_if_error(300 * SECOND).build().is_ok());
}

#[test]
fn a_check_outside_a_runtime_is_an_error_and_no_panic() {
    let guard = Guard::builder(Directory::default()).build().unwrap();
    let mut check = std::pin::pin!(async { rejection(&guard, &bearer("t")).await });
    let polled = check.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    let std::task::Poll::Ready(rejection) = polled else { panic!("it waits") };
    assert_eq!(rejection.status(), 500);
}
