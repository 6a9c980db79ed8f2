//! Sessions with credentials: they log in, renew their tokens and go on, with no request too many.

use super::{AT_ONCE, Client, LicenseClient, ManagementClient, in_parallel, maybe_async, test};
use crate::support::{holds, same};
use iam_sdk::{
    ErrorKind, Result, cloudspot,
    digiwin::{Credentials, TenantId},
    emulator::{
        Emulator,
        digiwin::{Person, Seed, Tenant},
    },
    token_store::{MemoryStore, StoreKey, StoreLock, StoredToken, TokenStore},
};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

pub const LOGIN: &str = "/api/iam/v2/identity/login";
pub const REFRESH: &str = "/api/iam/v2/identity/token/refresh/user";
pub const ANALYZE: &str = "/api/iam/v2/identity/token/analyze";

pub fn ann(emulator: &Emulator) -> Credentials {
    let account = emulator.digiwin().account();
    Credentials::password(&account.user_id, account.password.clone())
}

pub fn client_with(emulator: &Emulator, credentials: Credentials) -> Client {
    let account = emulator.digiwin().account();
    Client::builder(emulator.base_url(), account.app_token.clone()).credentials(credentials).build().unwrap()
}

/// Returns how many requests went to a path.
pub fn request_count(emulator: &Emulator, path: &str) -> usize {
    emulator.requests().iter().filter(|served| served.path == path).count()
}

#[maybe_async]
#[test]
async fn the_first_call_logs_in() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator).tenant_id("T1"));
    let info = client.identity().analyze_token().await.unwrap();
    assert_eq!((info.user_id.as_deref(), info.tenant_id.as_deref()), (Some("ann"), Some("T1")));
    holds(client.tenants().get_current().await.unwrap().is_some());
    // The handshake of three, and the two calls.
    assert_eq!(emulator.requests().len(), 5);
    // The session is the client's, and nobody else's.
    let other = client.with_session("other").identity().analyze_token().await.unwrap_err();
    assert!(other.is_authentication());
}

#[maybe_async]
#[test]
async fn an_expired_or_revoked_token_is_replaced_and_the_call_goes_on() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator).tenant_id("T1"));
    client.identity().analyze_token().await.unwrap();
    assert_eq!(emulator.requests().len(), 4);
    emulator.digiwin().expire_tokens();
    client.identity().analyze_token().await.unwrap();
    // Refused, the handshake, and once more.
    assert_eq!(
        (emulator.requests().len(), request_count(&emulator, LOGIN), request_count(&emulator, REFRESH)),
        (9, 2, 0)
    );
    emulator.digiwin().revoke_tokens("ann");
    // A write: it was refused unauthenticated, nothing was done.
    client.users().update_user(&json!({"id": "ann", "nickname": "Annie"})).await.unwrap();
    assert_eq!((emulator.requests().len(), request_count(&emulator, "/api/iam/v2/user/update")), (14, 2));
    same(client.users().get_user("ann").await.unwrap().unwrap().nickname.as_deref(), Some("Annie"));
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

#[maybe_async]
#[test]
async fn a_short_lived_token_is_exchanged_ahead_of_its_end() {
    let emulator = Emulator::builder().token_lifetime(Duration::from_secs(2)).start().unwrap();
    let client = client_with(&emulator, ann(&emulator).tenant_id("T1"));
    let mut calls = 0;
    let renewals = || request_count(&emulator, LOGIN) + request_count(&emulator, REFRESH);
    while renewals() < 3 {
        same(client.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T1"));
        calls += 1;
    }
    // Never in a loop: two lives are over after three tokens at the soonest. A machine that stops for a while may miss a
    // refresh and log in, or be refused once.
    assert_eq!(renewals(), 3);
    assert!(
        calls > 10 && request_count(&emulator, ANALYZE) <= calls + 2,
        "{calls} calls, {} sent",
        request_count(&emulator, ANALYZE)
    );
}

/// A store whose tokens all end in so many milliseconds, or ended long ago.
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

/// A session whose token is renewed in a moment: it was read out of a store where it seemed to end in three seconds. The first
/// renewal meets this answer. Gives how often there was a refresh and a login, once there was a refresh.
#[maybe_async]
async fn refresh_that_meets(status: u16, expected_logins: usize) -> (usize, usize) {
    loop {
        let emulator = Emulator::builder().token_lifetime(Duration::from_secs(60)).start().unwrap();
        let account = emulator.digiwin().account();
        let store = Arc::new(Ending { inner: MemoryStore::new(), within: Some(Duration::from_secs(3)) });
        let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(ann(&emulator));
        let builder = builder.shared_token_store(store);
        builder.clone().build().unwrap().identity().analyze_token().await.unwrap();
        let client = builder.build().unwrap();
        emulator.respond_next(REFRESH, status, "{}");
        let logins = request_count(&emulator, LOGIN);
        // The refresh runs beside the calls.
        while request_count(&emulator, REFRESH) == 0 && request_count(&emulator, LOGIN) == logins {
            client.identity().analyze_token().await.unwrap();
        }
        // On a machine that stopped for a while the token seemed to have ended: once more.
        if request_count(&emulator, REFRESH) > 0 {
            let mut calls = 0;
            while request_count(&emulator, LOGIN) - logins < expected_logins || calls < 10 {
                client.identity().analyze_token().await.unwrap();
                calls += 1;
            }
            return (request_count(&emulator, REFRESH), request_count(&emulator, LOGIN) - logins);
        }
    }
}

#[maybe_async]
#[test]
async fn while_a_token_is_good_a_refresh_that_fails_stops_no_call() {
    same(refresh_that_meets(500, 0).await, (1, 0));
}

#[maybe_async]
#[test]
async fn a_refused_refresh_is_a_login() {
    same(refresh_that_meets(401, 1).await, (1, 1));
}

#[maybe_async]
#[test]
async fn after_a_tenant_switch_the_next_token_is_in_the_same_tenant() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(MemoryStore::new());
    let account = emulator.digiwin().account();
    let builder = Client::builder(emulator.base_url(), account.app_token.clone());
    let builder = builder.credentials(ann(&emulator).tenant_id("T1")).shared_token_store(store);
    let client = builder.clone().build().unwrap();
    client.identity().refresh_token_with_tenant("T2").await.unwrap();
    emulator.digiwin().expire_tokens();
    same(client.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T2"));
    client.identity().refresh_user_token().await.unwrap();
    emulator.digiwin().expire_tokens();
    // Also where the session goes on in another client.
    let next = builder.build().unwrap();
    same(next.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T2"));
}

#[maybe_async]
#[test]
async fn a_tenant_that_is_no_longer_allowed_is_told() {
    let tenant = |id: &str| {
        Tenant::new(id, id).application("app", "2099-01-01 00:00:00").member("ann", "admin").member("bob", "admin")
    };
    let seed = Seed::new("app", "app-token").person(Person::new("ann", "pw-ann")).person(Person::new("bob", "pw-bob"));
    let emulator = Emulator::builder().digiwin(seed.tenant(tenant("T1"))).start().unwrap();
    let client = client_with(&emulator, Credentials::password("ann", "pw-ann").tenant_id("T1"));
    client.identity().analyze_token().await.unwrap();
    let admin = client.with_session_as("admin", Credentials::password("bob", "pw-bob").tenant_id("T1"));
    admin.tenants().remove_user("ann").await.unwrap();
    emulator.digiwin().revoke_tokens("ann");
    let before = emulator.requests().len();
    let error = client.identity().analyze_token().await.unwrap_err();
    assert!(error.is_authorization() && error.operation() == Some("digiwin.identity.login"), "{error}");
    assert_eq!(emulator.requests().len() - before, 4, "refused, and the handshake");
}

#[maybe_async]
#[test]
async fn a_wrong_password_is_tried_three_times_a_minute() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, Credentials::password("ann", "canary-wrong"));
    for _ in 0..3 {
        let error = client.identity().analyze_token().await.unwrap_err();
        assert!(error.is_authentication() && error.status() == Some(401), "{error}");
        assert_eq!(error.operation(), Some("digiwin.identity.login"));
    }
    for _ in 0..5 {
        let error = client.identity().analyze_token().await.unwrap_err();
        assert_eq!((error.kind(), error.was_sent()), (ErrorKind::LoginLimited, false));
        assert!(error.retry_after().is_some());
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(
            error.to_string().contains("3 logins within 60 s") && source.contains("digiwin.identity.login"),
            "{error}: {source}"
        );
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    assert_eq!((request_count(&emulator, LOGIN), request_count(&emulator, ANALYZE)), (3, 0));
}

#[maybe_async]
#[test]
async fn a_service_that_is_down_is_no_wrong_password() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    for _ in 0..5 {
        emulator.respond_next(LOGIN, 503, "<html>busy</html>");
        holds(client.identity().analyze_token().await.unwrap_err().is_server());
    }
    client.identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 6, "a login is not sent again by itself, and not held back");
}

#[maybe_async]
#[test]
async fn a_token_that_is_refused_again_and_again_is_replaced_three_times_a_minute() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    client.identity().analyze_token().await.unwrap();
    for _ in 0..3 {
        emulator.digiwin().expire_tokens();
        client.identity().analyze_token().await.unwrap();
    }
    emulator.digiwin().expire_tokens();
    let error = client.identity().analyze_token().await.unwrap_err();
    assert!(error.to_string().contains("3 logins within 60 s"), "{error}");
    assert_eq!(request_count(&emulator, LOGIN), 4);
}

#[maybe_async]
#[test]
async fn a_session_with_credentials_takes_no_other_users_token() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    let errors = [
        client.identity().login("bob", "pw").await.err(),
        client.identity().login_ad("bob", "pw").await.err(),
        client.identity().login_verification_code("1", "2").await.err(),
        client.identity().internal_login(TenantId("T1"), "bob", "pw").await.err(),
        client.set_current_token(Some("bob's".into())).await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(error.is_configuration() && error.to_string().contains("credentials"), "{error}");
    }
    same(request_count(&emulator, LOGIN), 0);
    client.identity().logout().await.unwrap();
    client.set_current_token(None).await.unwrap();
    same(client.identity().analyze_token().await.unwrap().user_id.as_deref(), Some("ann"));
    let builder = LicenseClient::builder("pos").base_url(emulator.base_url() + "/api/v1").token("t");
    let credentials = cloudspot::Credentials::password("u", "p");
    holds(builder.credentials(credentials).build().unwrap_err().is_configuration());
}

#[maybe_async]
#[test]
async fn a_logout_logs_nobody_in() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    client.identity().logout().await.unwrap();
    same(emulator.requests().len(), 0);
    client.identity().analyze_token().await.unwrap();
    client.identity().logout().await.unwrap();
    same(client.current_token().await.unwrap(), None);
    client.identity().analyze_token().await.unwrap();
    emulator.digiwin().expire_tokens();
    let before = emulator.requests().len();
    holds(client.identity().logout().await.unwrap_err().is_authentication());
    assert_eq!((emulator.requests().len() - before, request_count(&emulator, LOGIN)), (1, 2));
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
async fn look(client: Client) {
    client.identity().analyze_token().await.unwrap();
}

#[maybe_async]
#[test]
async fn any_number_at_once_make_one_login() {
    let emulator = Emulator::builder().latency(Duration::from_millis(5)).start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    let shared = client.clone();
    in_parallel(AT_ONCE, move |_| look(shared.clone())).await;
    assert_eq!((request_count(&emulator, LOGIN), request_count(&emulator, ANALYZE)), (1, AT_ONCE));
    emulator.digiwin().expire_tokens();
    in_parallel(AT_ONCE, move |_| look(client.clone())).await;
    assert_eq!(request_count(&emulator, LOGIN), 2);
    assert!(request_count(&emulator, ANALYZE) <= 3 * AT_ONCE);
}

#[maybe_async]
#[test]
async fn a_failed_login_is_told_to_all_who_wait() {
    let emulator = Emulator::builder().latency(Duration::from_millis(50)).start().unwrap();
    let client = client_with(&emulator, Credentials::password("ann", "wrong"));
    let errors = Arc::new(Mutex::new(Vec::new()));
    let noted = errors.clone();
    in_parallel(64, move |_| fail(client.clone(), noted.clone())).await;
    let errors = errors.lock().unwrap();
    assert_eq!(errors.len(), 64);
    assert!(errors.iter().all(iam_sdk::Error::is_authentication));
    assert!(request_count(&emulator, LOGIN) <= 3, "{}", request_count(&emulator, LOGIN));
}

#[maybe_async]
async fn fail(client: Client, errors: Arc<Mutex<Vec<iam_sdk::Error>>>) {
    let error = client.identity().analyze_token().await.unwrap_err();
    errors.lock().unwrap().push(error);
}

#[maybe_async]
#[test]
async fn cloudspot_logs_in_again_too() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.cloudspot().account();
    let path = "/api/v1/auth/authenticate/";
    let builder = LicenseClient::builder(&account.application).base_url(emulator.base_url() + "/api/v1");
    let credentials = cloudspot::Credentials::password(&account.username, account.password.clone());
    let client = builder.clone().credentials(credentials.clone()).build().unwrap();
    client.get_user().await.unwrap();
    assert_eq!(emulator.requests().len(), 2);
    emulator.cloudspot().revoke_tokens(&account.username);
    client.get_permissions().await.unwrap();
    assert_eq!((emulator.requests().len(), request_count(&emulator, path)), (5, 2));
    holds(client.authenticate("x", "y").await.unwrap_err().is_configuration());
    holds(client.set_current_token(Some("x".into())).await.unwrap_err().is_configuration());
    let session = client.with_session_as("two", credentials);
    session.get_user().await.unwrap();
    assert_eq!(request_count(&emulator, path), 3);

    let wrong = builder.credentials(cloudspot::Credentials::password(&account.username, "wrong")).build().unwrap();
    for attempt in 0..6 {
        let error = wrong.get_user().await.unwrap_err();
        assert_eq!((error.is_authentication(), error.is_login_limited()), (attempt < 3, attempt >= 3), "{error}");
    }
    assert_eq!(request_count(&emulator, path), 6);
}

#[maybe_async]
#[test]
async fn a_clock_that_is_ten_minutes_off_makes_no_difference() {
    for seconds in [-600, 600] {
        let emulator = Emulator::builder().authing_token_lifetime(Duration::from_secs(300)).start().unwrap();
        emulator.authing().set_clock_ahead(seconds);
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
    // renews one that has not. Both go on.
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
