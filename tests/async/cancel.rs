//! Callers that are dropped at any moment of a login or refresh.

use iam_sdk::{
    Client, UserToken,
    digiwin::Credentials,
    emulator::Emulator,
    token_store::{MemoryStore, TokenStore},
};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

/// Polls `future` `times` times and then drops it. Returns whether it ended before.
pub async fn polled(times: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if polls == times {
            return Poll::Ready(false);
        }
        polls += 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

#[tokio::test]
async fn a_login_whose_caller_is_dropped_at_any_await_is_the_only_one() {
    let emulator = Emulator::builder().latency(Duration::from_millis(2)).start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    let logins = || emulator.requests().iter().filter(|served| served.path.ends_with("/identity/login")).count();
    for times in 0.. {
        let credentials = Credentials::password(&account.user_id, account.password.clone());
        let session = client.with_session_as(times.to_string(), credentials);
        let before = logins();
        let ended = polled(times, session.identity().analyze_token()).await;
        let others: Vec<_> = (0..20)
            .map(|_| {
                let session = session.clone();
                tokio::spawn(async move { session.identity().analyze_token().await })
            })
            .collect();
        for other in others {
            assert_eq!(other.await.unwrap().unwrap().user_id.as_deref(), Some("ann"));
        }
        assert_eq!(logins() - before, 1, "gone after {times} polls");
        if ended {
            assert!(times > 2, "there were awaits to go away at");
            return;
        }
    }
}

#[tokio::test]
async fn a_preparation_that_nobody_polls_holds_up_no_login() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    let mut preparation = pin!(client.prepare_login());
    let begun = poll_fn(|context| Poll::Ready(preparation.as_mut().poll(context).is_pending())).await;
    assert!(begun);
    client.identity().login(&account.user_id, account.password.clone()).await.unwrap();
    // One request for the key serves both.
    assert_eq!(emulator.requests().len(), 3);
    preparation.await.unwrap();
}

#[tokio::test]
async fn two_that_log_in_at_once_share_one_login() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let credentials = Credentials::password(&account.user_id, account.password.clone());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone());
    let client = builder.credentials(credentials).build().unwrap();
    let (first, second) = tokio::join!(client.log_in(), client.log_in());
    first.and(second).unwrap();
    assert_eq!(emulator.requests_of("digiwin.identity.login").len(), 1);
    client.log_in().await.unwrap();
    assert_eq!(emulator.requests_of("digiwin.identity.login").len(), 2);
}

/// Waits until a dropped call has run to its end, so that session and store have the same token; returns the token.
async fn settled(session: &Client, again: &Client, differs_from: Option<UserToken>) -> UserToken {
    loop {
        let own = session.current_token().await.unwrap();
        // A client of its own reads the store anew.
        let stored = again.clone().current_token().await.unwrap();
        match own {
            Some(own) if Some(&own) == stored.as_ref() && differs_from.as_ref() != Some(&own) => return own,
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Begins `work` anew until it ends, which it does once a dropped call has run to its end.
async fn soon<T>(work: impl AsyncFn() -> T) -> T {
    for _ in 0..400 {
        if let Ok(value) = tokio::time::timeout(Duration::from_millis(50), work()).await {
            return value;
        }
    }
    panic!("session and store do not agree: the dropped call did not run to its end");
}

#[tokio::test]
async fn a_login_and_a_refresh_dropped_at_any_await_leave_session_and_store_agreeing() {
    let emulator = Emulator::builder().latency(Duration::from_millis(2)).start().unwrap();
    let account = emulator.digiwin().account();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::new());
    let client = || {
        let builder = Client::builder(emulator.base_url(), account.app_token.clone());
        builder.shared_token_store(store.clone()).build().unwrap()
    };
    for times in 1.. {
        let name = times.to_string();
        let session = client().with_session(&name);
        let before = emulator.requests().len();
        let ended = polled(times, session.identity().login("ann", account.password.clone())).await;
        let fresh = || client().with_session(&name);
        let token = soon(async || settled(&session, &fresh(), None).await).await;
        assert_eq!(emulator.requests().len() - before, 3, "the login ran to its end");
        let ended = ended & polled(times, session.identity().refresh_user_token()).await;
        soon(async || settled(&session, &fresh(), Some(token.clone())).await).await;
        session.identity().analyze_token().await.unwrap();
        if ended {
            return;
        }
    }
}
