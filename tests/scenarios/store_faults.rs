//! Sessions on stores that lose locks, forget logins or keep tokens that cannot be used.

use super::{
    LOGIN, maybe_async, request_count, test,
    token_faults::{Store, client_on, wrong},
};
use crate::support::{holds, same};
use iam_sdk::{emulator::Emulator, token_store::TokenStore};
use std::{
    sync::{Arc, atomic::Ordering},
    time::SystemTime,
};

#[maybe_async]
#[test]
async fn the_limit_of_logins_outlives_a_handle_also_where_the_store_notes_none() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(Store::default());
    store.forgets_logins.store(true, Ordering::SeqCst);
    let client = client_on(&emulator, &store);
    for n in 0..12 {
        let error = client.with_session_as("ann", wrong()).identity().analyze_token().await.unwrap_err();
        assert_eq!((error.is_authentication(), error.is_login_limited()), (n < 3, n >= 3), "{error}");
    }
    assert_eq!(request_count(&emulator, LOGIN), 3);
}

#[maybe_async]
#[test]
async fn a_session_whose_lock_was_lost_does_not_overwrite_the_next_holders_token() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(Store::default());
    store.locks_are_lost.store(true, Ordering::SeqCst);
    let client = client_on(&emulator, &store);
    for _ in 0..3 {
        client.identity().analyze_token().await.unwrap();
    }
    same(request_count(&emulator, LOGIN), 1);
    assert_eq!(store.inner.get(&store.key()).unwrap(), None);
    // The next holder's token is what a session finds that has none.
    store.locks_are_lost.store(false, Ordering::SeqCst);
    client_on(&emulator, &store).identity().analyze_token().await.unwrap();
    same(request_count(&emulator, LOGIN), 2);
    holds(store.inner.get(&store.key()).unwrap().is_some());
}

#[maybe_async]
#[test]
async fn a_login_that_the_service_accepted_was_sent_whatever_fails_after_it() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(Store::default());
    client_on(&emulator, &store).identity().refresh_token_with_tenant("T2").await.unwrap();
    store.change(|stored| stored.expires_at = Some(SystemTime::UNIX_EPOCH));
    // The switch to the session's tenant, which comes next, cannot be sent with this token.
    emulator.respond_next(LOGIN, 200, r#"{"userId": "ann", "token": "line\nbreak"}"#);
    let before = emulator.requests().len();
    let error = client_on(&emulator, &store).identity().analyze_token().await.unwrap_err();
    assert_eq!(emulator.requests().len() - before, 3, "the handshake alone: {error}");
    assert!(error.was_sent() && error.operation() == Some("digiwin.identity.login"), "{error:?}");
}
