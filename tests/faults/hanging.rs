//! Providers, stores and refreshes that hang: callers wait no longer than their time limit, and not at all while the token is
//! valid.

use super::{Client, in_parallel, maybe_async, pause, test};
use crate::support::{
    gate::Gate,
    holds,
    server::{Server, json},
};
use iam_sdk::{
    Error, ErrorKind, Result,
    digiwin::{Credentials, TenantRef},
    token_store::{MemoryStore, StoreKey, StoreLock, StoredToken, TokenStore},
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

pub const REFRESH: &str = "/identity/token/refresh/user";
const CALLERS: usize = 64;
const CALLS_EACH: usize = 16;
const ROUNDS: usize = 3;
/// The time limit of callers that give up.
const TIMEOUT: Duration = Duration::from_millis(300);
/// Far more than a time limit, far less than what hangs.
pub const SOON: Duration = Duration::from_secs(10);

/// A token that is due for a refresh, and valid for a minute yet.
pub fn due_token() -> StoredToken {
    let (lifetime, left) = (Duration::from_secs(2 * 60 * 60), Duration::from_secs(60));
    let mut token = StoredToken::new("old".into()).expires_in(lifetime);
    let now = SystemTime::now();
    token.issued_at = now.checked_sub(lifetime - left);
    token.expires_at = Some(now + left);
    token
}

/// Returns credentials whose provider passes `gate`, if there is one, and gives a token; and the number of its calls.
pub fn provider(gate: Option<Gate>, token: fn() -> StoredToken) -> (Credentials, Arc<AtomicUsize>) {
    let provider_calls = Arc::new(AtomicUsize::new(0));
    let counted = provider_calls.clone();
    let provide = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        gate.iter().for_each(Gate::pass);
        std::io::Result::Ok(Credentials::token(token()))
    };
    (Credentials::from_fn("ann", provide), provider_calls)
}

/// Starts a service whose refresh hangs at the gate. Returns the tokens of the other calls, too.
fn server(refresh: &Gate) -> (Server, Arc<Mutex<Vec<String>>>) {
    let gate = refresh.clone();
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let noted = tokens.clone();
    let server = Server::start(move |request| {
        if request.path.ends_with(REFRESH) {
            gate.pass();
            return json(r#"{"token": "new"}"#);
        }
        noted.lock().unwrap().push(request.headers["digi-middleware-auth-user"].clone());
        json(r#"{"id": "u"}"#)
    });
    (server, tokens)
}

/// A store in memory that can hang.
#[derive(Debug, Default)]
pub struct Store {
    inner: MemoryStore,
    /// Where `get` hangs.
    get: Option<Gate>,
    /// Whether somebody else has every lock.
    locked: bool,
    keys: Mutex<Vec<StoreKey>>,
    gets: AtomicUsize,
    locks: AtomicUsize,
}

impl Store {
    /// Whether no session's lock is held.
    fn is_free(&self) -> bool {
        let keys = self.keys.lock().unwrap();
        keys.iter().all(|key| self.inner.try_lock(key).unwrap().is_some())
    }
}

impl TokenStore for Store {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        self.get.iter().for_each(Gate::pass);
        self.inner.get(key)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        self.inner.put(key, token)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        self.inner.remove(key)
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        self.locks.fetch_add(1, Ordering::SeqCst);
        if self.locked {
            return Ok(None);
        }
        self.keys.lock().unwrap().push(key.clone());
        self.inner.try_lock(key)
    }
}

#[maybe_async]
pub async fn call(client: &Client) -> Result<()> {
    client.users().get_user("u").await.map(drop)
}

#[maybe_async]
async fn some_calls(client: Client) {
    for _ in 0..CALLS_EACH {
        call(&client).await.unwrap();
    }
}

#[maybe_async]
#[test]
async fn while_the_token_is_valid_nobody_waits_for_a_refresh_that_hangs() {
    let gate = Gate::new();
    let (server, tokens) = server(&gate);
    let _opened = gate.open_at_end();
    let (credentials, provider_calls) = provider(None, due_token);
    let client = Client::builder(server.url(), "a").credentials(credentials).timeout(SOON).build().unwrap();
    // It logs in.
    call(&client).await.unwrap();
    let shared = client.clone();
    in_parallel(CALLERS, move |_| some_calls(shared.clone())).await;
    assert!(gate.holds_all(), "the calls came to their end before the refresh did");
    assert!(tokens.lock().unwrap().iter().all(|token| token == "old"));
    // It may be under way yet.
    for _ in 0..1_000 {
        if gate.arrived() == 0 {
            call(&client).await.unwrap();
        }
    }
    assert_eq!((gate.arrived(), provider_calls.load(Ordering::SeqCst)), (1, 1), "refreshes and logins");
    gate.open();
    // What the refresh brings is used then.
    let mut turns = 0;
    while tokens.lock().unwrap().last().unwrap() != "new" {
        turns += 1;
        assert!(turns < 500, "the new token is not used");
        pause().await;
        call(&client).await.unwrap();
    }
    assert_eq!(gate.arrived(), 1);
}

#[maybe_async]
#[test]
async fn while_the_token_is_valid_nobody_waits_for_a_lock_that_another_process_holds() {
    let gate = Gate::new();
    let (server, _) = server(&gate);
    let _opened = gate.open_at_end();
    // The session finds its token in the store: it never needs the lock to get one.
    let store = Arc::new(Store { locked: true, ..Store::default() });
    let (credentials, provider_calls) = provider(None, due_token);
    let builder = Client::builder(server.url(), "a").credentials(credentials).timeout(6 * SOON);
    let unlocked = Arc::new(Copying { to: store.clone(), own: MemoryStore::new() });
    call(&builder.clone().shared_token_store(unlocked).build().unwrap()).await.unwrap();
    let client = builder.shared_token_store(store.clone()).build().unwrap();
    let begun = Instant::now();
    in_parallel(CALLERS, move |_| some_calls(client.clone())).await;
    // Who waited for the lock would wait for the whole time limit.
    assert!(begun.elapsed() < 3 * SOON, "{:?}", begun.elapsed());
    // The refresh runs beside the calls, and may begin after the last of them.
    while store.locks.load(Ordering::SeqCst) == 0 {
        assert!(begun.elapsed() < 3 * SOON, "the token was due");
        pause().await;
    }
    // The one refresh that there can be is that of the client which wrote the token, and needs no lock.
    assert!(gate.arrived() <= 1 && provider_calls.load(Ordering::SeqCst) == 1, "refreshes and logins");
}

/// Writes what it is given into another store too, whose locks it does not need.
#[derive(Debug)]
struct Copying {
    to: Arc<Store>,
    own: MemoryStore,
}

impl TokenStore for Copying {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        self.own.get(key)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        self.to.put(key, token)?;
        self.own.put(key, token)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        self.own.remove(key)
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        self.own.try_lock(key)
    }
}

/// Calls before the token is there, or logs in by another client that puts it into the store.
#[maybe_async]
async fn call_or_bring_the_token(waiting: Client, bringing: Client, store: Arc<Store>, n: usize) {
    if n == 0 {
        return call(&waiting).await.unwrap();
    }
    while store.locks.load(Ordering::SeqCst) == 0 {
        pause().await;
    }
    call(&bringing).await.unwrap();
}

#[maybe_async]
#[test]
async fn a_caller_that_waits_for_the_lock_finds_the_token_that_comes_meanwhile() {
    let (server, tokens) = server(&Gate::new());
    // Its holder never releases it.
    let store = Arc::new(Store { locked: true, ..Store::default() });
    let (credentials, provider_calls) = provider(None, good_token);
    let builder = Client::builder(server.url(), "a").credentials(credentials).timeout(2 * SOON);
    let copying = Arc::new(Copying { to: store.clone(), own: MemoryStore::new() });
    let bringing = builder.clone().shared_token_store(copying).build().unwrap();
    let waiting = builder.shared_token_store(store.clone()).build().unwrap();
    let begun = Instant::now();
    in_parallel(2, move |n| call_or_bring_the_token(waiting.clone(), bringing.clone(), store.clone(), n)).await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(provider_calls.load(Ordering::SeqCst), 1);
    assert_eq!(*tokens.lock().unwrap(), ["t", "t"]);
}

/// Refreshes, or switches to another tenant while the refresh is under way.
#[maybe_async]
async fn refresh_or_switch(client: Client, gate: Gate, n: usize) {
    if n == 0 {
        client.identity().refresh_user_token().await.unwrap();
        return;
    }
    while gate.arrived() == 0 {
        pause().await;
    }
    client.identity().refresh_token_with_tenant(TenantRef::id("T2")).await.unwrap();
    gate.open();
}

#[maybe_async]
#[test]
async fn a_refresh_beside_a_tenant_switch_records_the_tenant_of_its_own_token() {
    let gate = Gate::new();
    let shut = gate.clone();
    let server = Server::start(move |request| match request.path.rsplit('/').next() {
        Some("user") if request.path.ends_with(REFRESH) => {
            shut.pass();
            json(r#"{"token": "refreshed"}"#)
        }
        Some("tenant") => json(r#"{"token": "switched", "tenantId": "T2"}"#),
        _ => json(r#"{"id": "u"}"#),
    });
    let _opened = gate.open_at_end();
    let store = Arc::new(Store::default());
    let (credentials, _) = provider(None, || {
        let mut token = good_token();
        token.tenant = Some("T1".to_owned());
        token
    });
    let builder = Client::builder(server.url(), "a").credentials(credentials).timeout(2 * SOON);
    let client = builder.shared_token_store(store.clone()).build().unwrap();
    call(&client).await.unwrap();
    in_parallel(2, move |n| refresh_or_switch(client.clone(), gate.clone(), n)).await;
    let key = store.keys.lock().unwrap()[0].clone();
    let stored = store.inner.get(&key).unwrap().unwrap();
    let tenant = match stored.token.expose_secret() {
        "refreshed" => "T1",
        "switched" => "T2",
        other => panic!("{other}"),
    };
    assert_eq!(stored.tenant.as_deref(), Some(tenant), "{:?}", stored.token.expose_secret());
}

pub type Errors = Arc<Mutex<Vec<Error>>>;

#[maybe_async]
async fn fail(client: Client, errors: Errors) {
    if let Err(error) = call(&client).await {
        errors.lock().unwrap().push(error);
    }
}

/// Makes `ROUNDS` rounds of concurrent calls, each of which soon fails with one of these kinds.
#[maybe_async]
pub async fn all_fail_soon(client: &Client, kinds: &[ErrorKind]) {
    for _ in 0..ROUNDS {
        let (begun, errors) = (Instant::now(), Errors::default());
        let (shared, noted) = (client.clone(), errors.clone());
        in_parallel(CALLERS, move |_| fail(shared.clone(), noted.clone())).await;
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        let errors = errors.lock().unwrap();
        assert_eq!(errors.len(), CALLERS);
        for error in errors.iter() {
            assert!(kinds.contains(&error.kind()) && !error.was_sent(), "{error:?}");
            assert_eq!(error.operation(), Some("digiwin.users.get_user"));
        }
    }
}

#[maybe_async]
#[test]
async fn a_call_that_waited_for_a_login_has_its_time_limit_yet() {
    let limit = Duration::from_secs(5);
    // Each in time, both together not.
    let slow = move || std::thread::sleep(limit.mul_f64(0.65));
    let server = Server::start(move |_| {
        slow();
        json(r#"{"id": "u"}"#)
    });
    let credentials = Credentials::from_fn("ann", move || {
        slow();
        std::io::Result::Ok(Credentials::token(good_token()))
    });
    let builder = Client::builder(server.url(), "a").credentials(credentials).timeout(limit);
    call(&builder.build().unwrap()).await.unwrap();
}

#[maybe_async]
async fn is_free_soon(store: &Store) {
    for _ in 0..500 {
        if store.is_free() {
            return;
        }
        pause().await;
    }
    panic!("the session's lock is still held");
}

fn client_of(server: &Server, store: &Arc<Store>, credentials: Credentials) -> Client {
    let builder = Client::builder(server.url(), "a").credentials(credentials).timeout(TIMEOUT);
    builder.shared_token_store(store.clone()).build().unwrap()
}

fn good_token() -> StoredToken {
    StoredToken::new("t".into())
}

#[maybe_async]
#[test]
async fn a_provider_that_hangs_stops_nobody_for_longer_than_the_time_limit() {
    let (server, _) = server(&Gate::new());
    let gate = Gate::new();
    let _opened = gate.open_at_end();
    let (credentials, provider_calls) = provider(Some(gate.clone()), good_token);
    let store = Arc::new(Store::default());
    let client = client_of(&server, &store, credentials);
    all_fail_soon(&client, &[ErrorKind::Timeout]).await;
    is_free_soon(&store).await;
    let provider_calls = provider_calls.load(Ordering::SeqCst);
    assert!((1..=2 * ROUNDS).contains(&provider_calls), "{provider_calls} providers for {} callers", ROUNDS * CALLERS);
    gate.open();
    succeeds_soon(&client).await;
}

/// Checks that the session recovers once nothing hangs any more.
#[maybe_async]
async fn succeeds_soon(client: &Client) {
    for _ in 0..100 {
        if call(client).await.is_ok() {
            return;
        }
        pause().await;
    }
    call(client).await.unwrap();
}

#[maybe_async]
#[test]
async fn a_store_that_hangs_stops_nobody_for_longer_than_the_time_limit() {
    let (server, _) = server(&Gate::new());
    let gate = Gate::new();
    let _opened = gate.open_at_end();
    let (credentials, provider_calls) = provider(None, good_token);
    let store = Arc::new(Store { get: Some(gate.clone()), ..Store::default() });
    let client = client_of(&server, &store, credentials);
    all_fail_soon(&client, &[ErrorKind::Timeout, ErrorKind::Store]).await;
    is_free_soon(&store).await;
    let gets = store.gets.load(Ordering::SeqCst);
    assert!((1..=2 * ROUNDS).contains(&gets), "{gets} threads wait in the store for {} callers", ROUNDS * CALLERS);
    holds(provider_calls.load(Ordering::SeqCst) == 0);
    gate.open();
    succeeds_soon(&client).await;
}

#[maybe_async]
#[test]
async fn a_lock_that_is_never_free_stops_nobody_for_longer_than_the_time_limit() {
    let (server, _) = server(&Gate::new());
    let (credentials, provider_calls) = provider(None, good_token);
    let store = Arc::new(Store { locked: true, ..Store::default() });
    let client = client_of(&server, &store, credentials);
    all_fail_soon(&client, &[ErrorKind::Timeout, ErrorKind::Store]).await;
    assert_eq!(provider_calls.load(Ordering::SeqCst), 0, "nobody logs in without the lock");
    let locks = store.locks.load(Ordering::SeqCst);
    assert!((1..=20 * ROUNDS).contains(&locks), "the lock was tried {locks} times");
}
