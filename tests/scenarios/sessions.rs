use super::{Client, Setting, in_parallel, maybe_async, test};
use crate::support::same;
use iam_sdk::{
    Error, ErrorKind, Json, Method, RequestOptions, Result,
    emulator::{
        Emulator,
        digiwin::{Person, Seed, Tenant},
    },
    token_store::{MemoryStore, StoreKey, StoreLock, StoredToken, TokenStore},
};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

const USERS: usize = 200;

#[maybe_async]
async fn log_in_and_look(client: Client, user: String) {
    let session = client.with_session(&user);
    let login = session.identity().login(&user, format!("pw-{user}")).await.unwrap();
    for _ in 0..5 {
        let info = session.identity().analyze_token().await.unwrap();
        assert_eq!(info.user_id.as_deref(), Some(user.as_str()));
        same(session.current_token().await.unwrap(), login.token.clone());
    }
    let token = session.identity().refresh_user_token().await.unwrap();
    // The same key is the same session.
    same(client.with_session(&user).current_token().await.unwrap(), Some(token));
}

#[maybe_async]
#[test]
async fn every_one_of_200_sessions_sees_its_own_user() {
    let mut seed = Seed::new("app", "app-token");
    let mut tenant = Tenant::new("T1", "Tenant").application("app", "2099-01-01 00:00:00");
    for n in 0..USERS {
        seed = seed.person(Person::new(format!("user-{n}"), format!("pw-user-{n}")));
        tenant = tenant.member(format!("user-{n}"), "staff");
    }
    let setting = Setting::on(Emulator::builder().digiwin(seed.tenant(tenant)).start().unwrap());
    let client = setting.client.clone();
    in_parallel(USERS, move |n| log_in_and_look(client.clone(), format!("user-{n}"))).await;
    same(setting.client.current_token().await.unwrap(), None);
}

#[maybe_async]
#[test]
async fn clones_share_a_session_and_keys_part_them() {
    let setting = Setting::logged_in().await;
    let clone = setting.client.clone();
    let token = clone.current_token().await.unwrap();
    assert!(token.is_some());
    for key in ["", "a", "A"] {
        same(setting.client.with_session(key).current_token().await.unwrap(), None);
    }
    setting.client.identity().logout().await.unwrap();
    same(clone.current_token().await.unwrap(), None);
}

#[maybe_async]
#[test]
async fn a_store_outlives_its_client_and_keeps_applications_apart() {
    let emulator = Emulator::start().unwrap();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::new());
    let client = |app: &str| {
        let builder = Client::builder(emulator.base_url(), app);
        builder.shared_token_store(store.clone()).build().unwrap()
    };
    let app = emulator.digiwin().account().app_token.expose_secret();
    let first = client(app).with_session("ann");
    first.identity().login("ann", emulator.digiwin().account().password.clone()).await.unwrap();
    drop(first);
    let second = client(app).with_session("ann");
    same(second.identity().analyze_token().await.unwrap().user_id.as_deref(), Some("ann"));
    same(client("another").with_session("ann").current_token().await.unwrap(), None);
    second.identity().logout().await.unwrap();
    same(client(app).with_session("ann").current_token().await.unwrap(), None);
}

/// Counts its calls, and fails on demand.
#[derive(Debug, Default)]
struct Counting {
    inner: MemoryStore,
    reads: AtomicUsize,
    fails: AtomicBool,
}

impl Counting {
    fn check(&self) -> Result<()> {
        if self.fails.load(Ordering::SeqCst) { Err(Error::store("the disk is full")) } else { Ok(()) }
    }
}

impl TokenStore for Counting {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        self.check()?;
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.get(key)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        self.check()?;
        self.inner.put(key, token)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        self.check()?;
        self.inner.remove(key)
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        self.check()?;
        self.inner.try_lock(key)
    }
}

#[maybe_async]
#[test]
async fn a_store_is_read_once_and_its_failure_is_told() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let store = Arc::new(Counting::default());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone());
    let builder = builder.shared_token_store(store.clone());
    let client = builder.clone().build().unwrap();
    client.identity().login("ann", account.password.clone()).await.unwrap();
    let client = builder.build().unwrap();
    for _ in 0..3 {
        client.identity().analyze_token().await.unwrap();
    }
    assert_eq!(store.reads.load(Ordering::SeqCst), 1);

    store.fails.store(true, Ordering::SeqCst);
    let before = client.current_token().await.unwrap();
    let error = client.identity().login("ann", account.password.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Store, Some("digiwin.identity.login")));
    assert!(error.was_sent(), "the service has logged the user in");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is full");
    // The token that the service has issued is the session's, whatever became of the file.
    let issued = client.current_token().await.unwrap();
    assert!(issued.is_some() && issued != before);
    client.identity().analyze_token().await.unwrap();
}

#[maybe_async]
#[test]
async fn a_raw_request_has_the_session_and_the_errors() {
    let setting = Setting::in_tenant().await;
    let client = &setting.client;
    let users = client.request(Method::GET, "/api/iam/v2/user/simple").await.unwrap();
    assert_eq!(users.decode::<Vec<Json>>().unwrap().len(), 44);
    let options = RequestOptions::new().json(&json!({"id": "bob", "sid": 0}));
    let user = client.request_with(Method::POST, "/api/iam/v2/user", options).await.unwrap();
    assert_eq!(user.get("name"), Some("Bob Carter".into()));
    let error = client.request(Method::GET, "/api/iam/v2/nothing").await.unwrap_err();
    assert!(error.is_not_found());
    let error = client.request(Method::DELETE, "/api/iam/v2/user").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(405)));
    let error = client.request(Method::GET, "api/iam").await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::InvalidArgument, false));
}
