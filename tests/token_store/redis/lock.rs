//! The lock of a session, also on servers that do not have every command.

use super::{Server, key};
use iam_sdk::token_store::TokenStore;
use std::time::Duration;

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn a_lock_is_its_holders_and_ends_with_it() {
    let server = Server::start();
    let (one, two, ann) = (server.store(), server.store(), key("ann"));
    let held = one.try_lock(&ann).unwrap();
    assert!(held.is_some() && two.try_lock(&ann).unwrap().is_none() && one.try_lock(&ann).unwrap().is_none());
    assert!(two.try_lock(&key("bob")).unwrap().is_some());
    let name = format!("iam-sdk:lock:{}", ann.as_str());
    let redis::Value::Int(left) = server.raw(&["PTTL", &name]) else { panic!("no lifetime") };
    assert!((1..=10_000).contains(&left), "a holder that dies frees it: {left}");
    drop(held);
    let taken = two.try_lock(&ann).unwrap();
    assert!(taken.as_ref().unwrap().is_held());
    // Lost and taken by another, it is not given back by who had it.
    server.raw(&["SET", &name, "another"]);
    assert!(!taken.as_ref().unwrap().is_held());
    drop(taken);
    assert_eq!(server.raw(&["GET", &name]), redis::Value::BulkString(b"another".to_vec()));
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn a_lock_is_prolonged_while_it_is_held() {
    let server = Server::start();
    is_prolonged(&server);
}

fn is_prolonged(server: &Server) {
    let (store, ann) = (server.store().lock_lifetime(Duration::from_secs(1)).unwrap(), key("ann"));
    let left = || match server.raw(&["PTTL", &format!("iam-sdk:lock:{}", ann.as_str())]) {
        redis::Value::Int(left) => left,
        other => panic!("{other:?}"),
    };
    let held = store.try_lock(&ann).unwrap();
    let mut least = left();
    // It only falls, unless it is prolonged.
    loop {
        let now = left();
        assert!(now > 0, "it ended while it was held");
        if now > least + 50 {
            break;
        }
        least = least.min(now);
    }
    drop(held);
    assert_eq!(left(), -2, "given back");
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn without_scripts_a_lock_is_released_and_prolonged_all_the_same() {
    for renamed in [&["EVAL"][..], &["EVAL", "WATCH"], &["EVAL", "MULTI"]] {
        let options: Vec<&str> = renamed.iter().flat_map(|command| ["--rename-command", *command, ""]).collect();
        let server = Server::start_with(&options);
        let (one, two, ann) = (server.store(), server.store(), key("ann"));
        for _ in 0..2 {
            let held = one.try_lock(&ann).unwrap();
            assert!(held.as_ref().unwrap().is_held() && two.try_lock(&ann).unwrap().is_none());
            drop(held);
            let taken = two.try_lock(&ann).unwrap();
            assert!(taken.is_some(), "free at once without {renamed:?}");
            let name = format!("iam-sdk:lock:{}", ann.as_str());
            server.raw(&["SET", &name, "another"]);
            drop(taken);
            assert_eq!(server.raw(&["GET", &name]), redis::Value::BulkString(b"another".to_vec()), "{renamed:?}");
            server.raw(&["DEL", &name]);
        }
        is_prolonged(&server);
    }
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn a_lock_is_not_held_where_redis_cannot_say() {
    let server = Server::start();
    let held = server.store().try_lock(&key("ann")).unwrap().unwrap();
    assert!(held.is_held());
    drop(server);
    assert!(!held.is_held());
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn a_lock_that_waiters_ask_for_costs_them_one_command() {
    let server = Server::start();
    let (one, two, ann) = (server.store(), server.store(), key("ann"));
    let held = one.try_lock(&ann).unwrap();
    two.try_lock(&ann).unwrap();
    let calls = || match server.raw(&["INFO", "commandstats"]) {
        redis::Value::BulkString(text) => String::from_utf8(text).unwrap(),
        other => panic!("{other:?}"),
    };
    server.raw(&["CONFIG", "RESETSTAT"]);
    assert!(two.try_lock(&ann).unwrap().is_none());
    let calls = calls();
    assert!(calls.contains("cmdstat_set:calls=1,") && !calls.contains("cmdstat_get:"), "{calls}");
    drop(held);
}
