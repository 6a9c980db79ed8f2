//! Tokens that cannot be stored, are somebody else's, or are refused for no fault of theirs.

use super::{
    ANALYZE, AT_ONCE, Client, LOGIN, LicenseClient, ManagementClient, REFRESH, ann, client_with, error_of_a_call,
    in_parallel, maybe_async, received, request_count, test,
};
use crate::support::{holds, same};
use iam_sdk::{
    Error, ErrorKind, Result,
    digiwin::{Credentials, TenantRef},
    emulator::{Emulator, digiwin::Settings},
    token_store::{LoginAttempts, MemoryStore, StoreKey, StoreLock, StoredToken, TokenStore},
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A store whose entries can be looked at and changed, and whose parts can fail.
#[derive(Debug, Default)]
pub struct Store {
    pub inner: MemoryStore,
    keys: Mutex<Vec<StoreKey>>,
    writes_fail: AtomicBool,
    locks_fail: AtomicBool,
    reads_fail: AtomicBool,
    unreadable: AtomicBool,
    /// Whether a lock is lost as soon as it is taken, as one is whose holder slept for too long.
    pub locks_are_lost: AtomicBool,
    /// Whether recent logins are not kept, as by a store that does not implement it.
    pub forgets_logins: AtomicBool,
    /// Receives each token that is written.
    watcher: Mutex<Option<UnboundedSender<StoredToken>>>,
}

impl Store {
    fn fail(flag: &AtomicBool) -> Result<()> {
        if flag.load(Ordering::SeqCst) { Err(Error::store("the disk is full")) } else { Ok(()) }
    }

    /// Returns a channel that receives each token that is written from now on.
    fn watch(&self) -> UnboundedReceiver<StoredToken> {
        let (sender, receiver) = unbounded_channel();
        *self.watcher.lock().unwrap() = Some(sender);
        receiver
    }

    /// The only key there is.
    pub fn key(&self) -> StoreKey {
        self.keys.lock().unwrap()[0].clone()
    }

    pub fn change(&self, change: impl FnOnce(&mut StoredToken)) {
        let mut stored = self.inner.get(&self.key()).unwrap().unwrap();
        change(&mut stored);
        self.inner.put(&self.key(), &stored).unwrap();
    }
}

impl TokenStore for Store {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        self.keys.lock().unwrap().push(key.clone());
        Self::fail(&self.reads_fail)?;
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(Error::store_unreadable("/x/y.token: cut off"));
        }
        self.inner.get(key)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        Self::fail(&self.writes_fail)?;
        self.unreadable.store(false, Ordering::SeqCst);
        self.inner.put(key, token)?;
        let watcher = self.watcher.lock().unwrap();
        // A test may have stopped watching.
        watcher.iter().for_each(|watcher| drop(watcher.send(token.clone())));
        Ok(())
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        Self::fail(&self.writes_fail)?;
        self.inner.remove(key)
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        Self::fail(&self.locks_fail)?;
        let lock = self.inner.try_lock(key)?;
        let is_lost = self.locks_are_lost.load(Ordering::SeqCst);
        Ok(lock.map(|lock| if is_lost { lock.checked_by(|| false) } else { lock }))
    }

    fn login_attempts(&self, key: &StoreKey) -> Result<LoginAttempts> {
        match self.forgets_logins.load(Ordering::SeqCst) {
            true => Ok(LoginAttempts::default()),
            false => self.inner.login_attempts(key),
        }
    }

    fn put_login_attempts(&self, key: &StoreKey, attempts: &LoginAttempts) -> Result<()> {
        self.inner.put_login_attempts(key, attempts)
    }
}

pub fn client_on(emulator: &Emulator, store: &Arc<Store>) -> Client {
    let account = emulator.digiwin().account();
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(ann(emulator));
    builder.shared_token_store(store.clone()).build().unwrap()
}

pub fn wrong() -> Credentials {
    Credentials::password("ann", "wrong")
}

#[maybe_async]
#[test]
async fn a_token_that_cannot_be_stored_serves_all_the_same() {
    let emulator = Emulator::start().unwrap();
    // A full disk, or a replica: it can be read, and neither locked nor written.
    let store = Arc::new(Store::default());
    store.writes_fail.store(true, Ordering::SeqCst);
    store.locks_fail.store(true, Ordering::SeqCst);
    let client = client_on(&emulator, &store);
    for _ in 0..20 {
        client.identity().analyze_token().await.unwrap();
    }
    assert_eq!((request_count(&emulator, LOGIN), request_count(&emulator, ANALYZE)), (1, 20));
    let before = client.current_token().await.unwrap();
    let error = client.identity().refresh_user_token().await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Store, true));
    assert_eq!(error.operation(), Some("digiwin.identity.refresh_user_token"));
    holds(client.current_token().await.unwrap() != before);
    client.identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 1);
}

#[maybe_async]
#[test]
async fn what_went_wrong_with_a_store_is_told_with_the_call_and_the_reason() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(Store::default());
    store.reads_fail.store(true, Ordering::SeqCst);
    let error = client_on(&emulator, &store).identity().analyze_token().await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Store, false));
    assert!(error.operation().is_some() && error.to_string().contains("the disk is full"), "{error}");

    // An entry that cannot be opened stops only a session that cannot log in by itself.
    let store = Arc::new(Store::default());
    store.unreadable.store(true, Ordering::SeqCst);
    let builder = Client::builder(emulator.base_url(), emulator.digiwin().account().app_token.clone());
    let without = builder.shared_token_store(store.clone()).build().unwrap();
    let error = without.identity().analyze_token().await.unwrap_err();
    assert!(error.to_string().contains("/x/y.token: cut off"), "{error}");
    client_on(&emulator, &store).identity().analyze_token().await.unwrap();
    same(request_count(&emulator, LOGIN), 1);
}

#[maybe_async]
#[test]
async fn other_credentials_never_get_a_sessions_token() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::new());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).shared_token_store(store);
    let client = builder.clone().build().unwrap();
    let live = client.with_session_as("ann", ann(&emulator));
    live.identity().analyze_token().await.unwrap();
    // Beside a live session, in another client, and once the session is gone.
    for client in [client.clone(), builder.build().unwrap()] {
        let other = client.with_session_as("ann", wrong());
        // Also where nothing is sent.
        same(other.current_token().await.unwrap(), None);
        other.identity().logout().await.unwrap();
        let error = other.identity().analyze_token().await.unwrap_err();
        assert!(error.is_authentication() && error.status() == Some(401), "{error}");
    }
    drop(live);
    holds(client.with_session_as("ann", wrong()).identity().analyze_token().await.unwrap_err().is_authentication());
    // The right one still has its token.
    let logins = request_count(&emulator, LOGIN);
    client.with_session_as("ann", ann(&emulator)).identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), logins);
}

#[maybe_async]
#[test]
async fn a_handle_for_each_request_keeps_to_the_limit_of_logins() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::new());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).shared_token_store(store);
    // As processes do that share a store.
    let clients = [builder.clone().build().unwrap(), builder.build().unwrap()];
    for n in 0..12 {
        let session = clients[n % 2].with_session_as("ann", wrong());
        let error = session.identity().analyze_token().await.unwrap_err();
        assert_eq!((error.is_authentication(), error.is_login_limited()), (n < 3, n >= 3), "{error}");
    }
    assert_eq!(request_count(&emulator, LOGIN), 3);
    // The right password may be tried at once.
    clients[0].with_session_as("ann", ann(&emulator)).identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 4);
}

#[maybe_async]
#[test]
async fn a_refusal_that_is_not_about_the_token_uses_up_no_logins() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.cloudspot().account();
    let builder = LicenseClient::builder(&account.application).base_url(emulator.base_url() + "/api/v1");
    let credentials = iam_sdk::cloudspot::Credentials::password(&account.username, account.password.clone());
    let client = builder.credentials(credentials).build().unwrap();
    client.get_user().await.unwrap();
    for _ in 0..5 {
        // However the service spells it: an impersonation's token is refused, or a company is not hers.
        emulator.respond_next("/api/v1/auth/impersonation-validation/", 401, "{}");
        holds(client.validate_impersonation("bogus").await.unwrap_err().is_authentication());
        emulator.respond_next("/api/v1/auth/get-company-permissions/7/", 403, "{}");
        holds(client.get_company_permissions("7").await.unwrap_err().is_authentication());
        holds(client.validate_impersonation("bogus").await.is_err());
        holds(client.get_company_permissions("not hers").await.is_err());
    }
    client.get_user().await.unwrap();
    same(request_count(&emulator, "/api/v1/auth/authenticate/"), 1);

    // A business error that looks like a refusal costs one login, and not the next one.
    let client = client_with(&emulator, ann(&emulator));
    client.identity().analyze_token().await.unwrap();
    for _ in 0..5 {
        for _ in 0..2 {
            emulator.respond_next(
                "/api/iam/v2/user/role",
                200,
                r#"{"status": 401, "message": "not yours", "data": null}"#,
            );
        }
        holds(client.users().get_user_roles("ann").await.unwrap_err().is_authentication());
        client.identity().analyze_token().await.unwrap();
    }
    assert_eq!(request_count(&emulator, LOGIN), 2);
    for _ in 0..3 {
        emulator.digiwin().expire_tokens();
        client.identity().analyze_token().await.unwrap();
    }
    assert_eq!(request_count(&emulator, LOGIN), 5, "none of them was held back");
}

#[maybe_async]
#[test]
async fn processes_that_live_shortly_refresh_by_the_lifetime_as_issued() {
    let emulator =
        Emulator::builder().digiwin(Settings::new().token_lifetime(Duration::from_secs(1000))).start().unwrap();
    let store = Arc::new(Store::default());
    client_on(&emulator, &store).identity().analyze_token().await.unwrap();
    // Most of its lifetime is over, and 50 seconds are left of it.
    store.change(|stored| {
        stored.issued_at = stored.issued_at.map(|at| at - Duration::from_secs(950));
        stored.expires_at = stored.expires_at.map(|at| at - Duration::from_secs(950));
    });
    let client = client_on(&emulator, &store);
    let mut writes = store.watch();
    client.identity().analyze_token().await.unwrap();
    let refreshed = received(&mut writes).await;
    assert_eq!(refreshed.lifetime, Some(Duration::from_secs(1000)), "inherited as it was issued");
    assert!(refreshed.expires_at.unwrap() > SystemTime::now() + Duration::from_secs(900));
    for _ in 0..5 {
        client_on(&emulator, &store).identity().analyze_token().await.unwrap();
    }
    assert_eq!((request_count(&emulator, LOGIN), request_count(&emulator, REFRESH)), (1, 1));
}

#[maybe_async]
#[test]
async fn a_token_that_seems_to_have_ended_when_it_is_issued_is_used() {
    let emulator = Emulator::start().unwrap();
    let first = client_with(&emulator, ann(&emulator));
    first.identity().analyze_token().await.unwrap();
    let token = first.current_token().await.unwrap().unwrap();
    let logins = Arc::new(AtomicUsize::new(0));
    let counted = logins.clone();
    let client = client_with(
        &emulator,
        Credentials::from_fn("clock ahead", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            std::io::Result::Ok(Credentials::token(StoredToken::new(token.clone()).expires_in(Duration::ZERO)))
        }),
    );
    for _ in 0..10 {
        client.identity().analyze_token().await.unwrap();
    }
    assert_eq!(logins.load(Ordering::SeqCst), 1);
}

#[maybe_async]
#[test]
async fn a_dead_token_in_the_store_is_a_login_and_no_error() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(Store::default());
    let (one, two) = (client_on(&emulator, &store), client_on(&emulator, &store));
    one.identity().analyze_token().await.unwrap();
    two.identity().analyze_token().await.unwrap();
    one.identity().refresh_user_token().await.unwrap();
    emulator.digiwin().expire_tokens();
    // Its own token is dead, and so is the one that the other has stored.
    two.identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 2);
}

#[maybe_async]
#[test]
async fn a_session_without_credentials_finds_the_token_that_another_process_has_stored() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let store = Arc::new(Store::default());
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).shared_token_store(store);
    let (one, two) = (builder.clone().build().unwrap(), builder.build().unwrap());
    one.identity().login("ann", account.password.clone()).await.unwrap();
    two.identity().analyze_token().await.unwrap();
    one.identity().refresh_user_token().await.unwrap();
    two.identity().analyze_token().await.unwrap();
    same(two.current_token().await.unwrap(), one.current_token().await.unwrap());
    emulator.digiwin().expire_tokens();
    let before = request_count(&emulator, ANALYZE);
    holds(two.identity().analyze_token().await.unwrap_err().is_authentication());
    assert_eq!(request_count(&emulator, ANALYZE) - before, 1, "there is no other token");
}

#[maybe_async]
#[test]
async fn a_stored_token_that_no_header_can_carry_is_passed_over() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(Store::default());
    client_on(&emulator, &store).identity().analyze_token().await.unwrap();
    store.change(|stored| stored.token = "line\nbreak".into());
    client_on(&emulator, &store).identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 2);
}

#[maybe_async]
#[test]
async fn a_time_limit_without_end_is_none() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(ann(&emulator));
    let client = builder.timeout(Duration::MAX).connect_timeout(Duration::MAX).build().unwrap();
    client.identity().analyze_token().await.unwrap();
    client.identity().refresh_user_token().await.unwrap();
}

#[maybe_async]
#[test]
async fn a_provider_that_calls_the_session_that_waits_for_it_is_told_so() {
    let emulator = Emulator::start().unwrap();
    // One whose own session is called through a blocking client, in both flavours.
    let told = Arc::new(Mutex::new(None));
    let noted = told.clone();
    let own: Arc<Mutex<Option<Client>>> = Arc::default();
    let inside = own.clone();
    let right = ann(&emulator);
    let credentials = Credentials::from_fn("ann", move || {
        let client = inside.lock().unwrap().clone().unwrap();
        *noted.lock().unwrap() = error_of_a_call(client).map(|error| (error.kind(), error.to_string()));
        std::io::Result::Ok(right.clone())
    });
    let client = client_with(&emulator, credentials);
    *own.lock().unwrap() = Some(client.clone());
    client.identity().analyze_token().await.unwrap();
    let (kind, text) = told.lock().unwrap().take().unwrap();
    assert!(kind == ErrorKind::Configuration && text.contains("another session"), "{text}");
    own.lock().unwrap().take();
}

#[maybe_async]
async fn who_am_i(client: Client, token: iam_sdk::UserToken, user: String) {
    for _ in 0..3 {
        let session = client.with_token(token.clone()).unwrap();
        same(session.identity().analyze_token().await.unwrap().user_id.as_deref(), Some(user.as_str()));
        same(session.current_token().await.unwrap(), Some(token.clone()));
    }
}

#[maybe_async]
#[test]
async fn a_token_that_was_handed_in_is_its_handles_alone() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(Store::default());
    let account = emulator.digiwin().account();
    let builder = Client::builder(emulator.base_url(), account.app_token.clone());
    let client = builder.shared_token_store(store.clone()).build().unwrap();
    let mut tokens = Vec::new();
    for user in ["ann", "bob"] {
        let session = client_with(&emulator, Credentials::password(user, format!("{user}-密码-1")));
        session.identity().analyze_token().await.unwrap();
        tokens.push((session.current_token().await.unwrap().unwrap(), user.to_owned()));
    }
    let shared = client.clone();
    let given = tokens.clone();
    let work = move |n: usize| {
        let (token, user) = given[n % 2].clone();
        who_am_i(shared.clone(), token, user)
    };
    in_parallel(AT_ONCE.min(64), work).await;
    assert!(store.keys.lock().unwrap().is_empty(), "no store was asked");
    same(client.current_token().await.unwrap(), None);

    // It is never refreshed, and may be replaced for its handles alone.
    let (token, _) = tokens[0].clone();
    let session = client.with_token(token).unwrap();
    session.identity().refresh_token_with_tenant(TenantRef::id("T1")).await.unwrap();
    holds(session.tenants().get_current().await.unwrap().is_some());
    emulator.digiwin().expire_tokens();
    let before = emulator.requests().len();
    holds(session.identity().analyze_token().await.unwrap_err().is_authentication());
    assert_eq!(emulator.requests().len() - before, 1);
    for token in ["", "line\nbreak"] {
        same(client.with_token(token).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }

    let license = emulator.cloudspot().account();
    let own = LicenseClient::builder(&license.application).base_url(emulator.base_url() + "/api/v1").build().unwrap();
    let token = own.authenticate(&license.username, license.password.clone()).await.unwrap().token.unwrap();
    let other = LicenseClient::builder(&license.application).base_url(emulator.base_url() + "/api/v1").build().unwrap();
    other.with_token(token).unwrap().get_user().await.unwrap();
    same(other.current_token().await.unwrap(), None);

    let pool = emulator.authing().account();
    let builder = ManagementClient::builder(&pool.user_pool_id, pool.secret.clone()).base_url(emulator.base_url());
    let error = builder.build().unwrap().with_token("bogus").unwrap().users().list().await.unwrap_err();
    assert!(error.is_authentication(), "{error}");
    same(emulator.requests().iter().filter(|served| served.path == "/graphql/v2").count(), 1);
}

#[maybe_async]
#[test]
async fn an_operation_that_refused_a_fresh_token_once_is_not_held_back_for_it() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    client.identity().analyze_token().await.unwrap();
    // As a node does that lags behind: the token is refused, and the new one once too.
    emulator.respond_next(ANALYZE, 401, "{}");
    emulator.respond_next(ANALYZE, 401, "{}");
    holds(client.identity().analyze_token().await.unwrap_err().is_authentication());
    client.identity().analyze_token().await.unwrap();
    emulator.digiwin().expire_tokens();
    client.identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 3);
}

#[maybe_async]
async fn call_and_count(client: Client, refused: Arc<AtomicUsize>) {
    for _ in 0..5 {
        refused.fetch_add(usize::from(client.identity().analyze_token().await.is_err()), Ordering::SeqCst);
    }
}

#[maybe_async]
#[test]
async fn a_token_revoked_under_load_costs_no_call() {
    let emulator = Emulator::builder().latency(Duration::from_millis(2)).start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    client.identity().analyze_token().await.unwrap();
    let refused = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        emulator.digiwin().revoke_tokens("ann");
        let (shared, counted) = (client.clone(), refused.clone());
        in_parallel(AT_ONCE.min(200), move |_| call_and_count(shared.clone(), counted.clone())).await;
    }
    assert_eq!(refused.load(Ordering::SeqCst), 0);
    assert_eq!(request_count(&emulator, LOGIN), 3);
}
