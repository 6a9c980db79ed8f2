//! Tokens that end, are revoked or are replaced by another client: the calls succeed with another one.

use super::{ANALYZE, Client, LOGIN, ManagementClient, REFRESH, ann, client_with, maybe_async, request_count, test};
use crate::support::{holds, same};
use iam_sdk::{
    Result,
    digiwin::Credentials,
    emulator::{Emulator, Fault, authing::Settings},
    token_store::{MemoryStore, StoreKey, StoreLock, StoredToken, TokenStore},
};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

#[maybe_async]
#[test]
async fn an_expired_or_revoked_token_is_replaced_and_the_call_goes_on() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator).tenant_id("T1"));
    client.identity().analyze_token().await.unwrap();
    assert_eq!(emulator.requests().len(), 4);
    emulator.digiwin().expire_tokens();
    client.identity().analyze_token().await.unwrap();
    // Refused, a login with the key that is known, and once more.
    assert_eq!(
        (emulator.requests().len(), request_count(&emulator, LOGIN), request_count(&emulator, REFRESH)),
        (8, 2, 0)
    );
    emulator.digiwin().revoke_tokens("ann");
    // A write: it was refused unauthenticated, nothing was done.
    client.users().update_user(&json!({"id": "ann", "nickname": "Annie"})).await.unwrap();
    assert_eq!((emulator.requests().len(), request_count(&emulator, "/api/iam/v2/user/update")), (12, 2));
    same(client.users().get_user("ann").await.unwrap().nickname.as_deref(), Some("Annie"));
}

#[maybe_async]
#[test]
async fn a_401_in_an_envelope_is_a_refusal_too() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    client.identity().analyze_token().await.unwrap();
    emulator.respond_next(ANALYZE, 200, r#"{"status": 401, "message": "expired", "data": null}"#);
    client.identity().analyze_token().await.unwrap();
    assert_eq!((request_count(&emulator, LOGIN), request_count(&emulator, ANALYZE)), (2, 3));
    // A refusal of something else is no reason to log in.
    emulator.respond_next(ANALYZE, 403, "{}");
    holds(client.identity().analyze_token().await.unwrap_err().is_authorization());
    assert_eq!(request_count(&emulator, LOGIN), 2);
}

#[maybe_async]
#[test]
async fn a_service_that_always_refuses_is_asked_twice() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    emulator.respond_next(ANALYZE, 401, "{}");
    emulator.respond_next(ANALYZE, 401, "{}");
    holds(client.identity().analyze_token().await.unwrap_err().is_authentication());
    assert_eq!((request_count(&emulator, LOGIN), request_count(&emulator, ANALYZE)), (2, 2));
}

/// A store whose tokens all end after `within`, or ended long ago.
#[derive(Debug)]
struct Ending {
    inner: MemoryStore,
    within: Option<Duration>,
}

impl TokenStore for Ending {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        let stored = self.inner.get(key)?;
        Ok(stored.map(|stored| match self.within {
            Some(within) => stored.expires_in(within),
            None => {
                let mut stored = stored;
                stored.expires_at = Some(SystemTime::UNIX_EPOCH);
                stored
            }
        }))
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        self.inner.put(key, token)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        self.inner.remove(key)
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        self.inner.try_lock(key)
    }
}

#[maybe_async]
#[test]
async fn a_stored_token_that_has_ended_is_not_sent() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let store = Arc::new(Ending { inner: MemoryStore::new(), within: None });
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(ann(&emulator));
    let builder = builder.shared_token_store(store);
    builder.clone().build().unwrap().identity().analyze_token().await.unwrap();
    builder.build().unwrap().identity().analyze_token().await.unwrap();
    assert_eq!(
        (request_count(&emulator, LOGIN), request_count(&emulator, REFRESH), request_count(&emulator, ANALYZE)),
        (2, 0, 2)
    );
}

#[maybe_async]
#[test]
async fn clients_that_share_a_store_share_a_login_and_a_rotation() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let store = Arc::new(MemoryStore::new());
    let with = |credentials: Credentials| {
        let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(credentials);
        builder.shared_token_store(store.clone()).build().unwrap()
    };
    let (one, two) = (with(ann(&emulator)), with(ann(&emulator)));
    one.identity().analyze_token().await.unwrap();
    two.identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 1);
    // The old token ends: the other finds the new one in the store.
    one.identity().refresh_user_token().await.unwrap();
    two.identity().analyze_token().await.unwrap();
    same(two.current_token().await.unwrap(), one.current_token().await.unwrap());
    assert_eq!(request_count(&emulator, LOGIN), 1);
    // Another user, another tenant: other sessions.
    with(ann(&emulator).tenant_id("T1")).identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 2);
}

#[maybe_async]
#[test]
async fn a_clock_that_is_ten_minutes_off_makes_no_difference() {
    for seconds in [-600, 600] {
        let emulator =
            Emulator::builder().authing(Settings::new().token_lifetime(Duration::from_secs(300))).start().unwrap();
        emulator.fault(Fault::clock_moved(seconds).on("authing.access_token"));
        let account = emulator.authing().account();
        let builder =
            ManagementClient::builder(&account.user_pool_id, account.secret.clone()).base_url(emulator.base_url());
        let client = builder.build().unwrap();
        for _ in 0..5 {
            client.users().list().await.unwrap();
        }
        assert_eq!(emulator.requests().len(), 6, "{seconds}");
    }
    // A store that machines share: one whose clock is behind sends a token that has ended, and one whose clock is ahead
    // refreshes one that has not. Both calls succeed.
    for (within, logins) in [(None, 2), (Some(Duration::from_secs(600)), 2)] {
        let emulator = Emulator::start().unwrap();
        let account = emulator.digiwin().account();
        let store = Arc::new(Ending { inner: MemoryStore::new(), within });
        let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(ann(&emulator));
        let builder = builder.shared_token_store(store);
        builder.clone().build().unwrap().identity().analyze_token().await.unwrap();
        if within.is_some() {
            emulator.digiwin().expire_tokens();
        }
        builder.build().unwrap().identity().analyze_token().await.unwrap();
        assert_eq!(request_count(&emulator, LOGIN), logins, "{within:?}");
    }
}
