//! Calls of the blocking flavour.

use super::{ann, request_count};
use iam_sdk::{
    ErrorKind, Result,
    blocking::Client,
    digiwin::{Credentials, UserTokenInfo},
    emulator::Emulator,
    token_store::{MemoryStore, StoreKey, StoreLock, StoredToken, TokenStore},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

fn client(emulator: &Emulator, credentials: Credentials) -> Client {
    let account = emulator.digiwin().account();
    Client::builder(emulator.base_url(), account.app_token.clone()).credentials(credentials).build().unwrap()
}

fn call(client: &Client) -> Result<UserTokenInfo> {
    client.identity().analyze_token()
}

#[tokio::test]
async fn a_call_on_an_executors_thread_is_an_error_and_no_panic() {
    let error = Client::builder("https://h", "a").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BlockingInAsync);

    let client = thread::spawn(|| Client::builder("http://127.0.0.1:9", "a").build().unwrap()).join().unwrap();
    let errors = [
        client.users().get_user("u").err(),
        client.identity().login("u", "p").err(),
        client.current_token().err(),
        client.set_current_token(None).err(),
        client.identity().logout().err(),
    ];
    for error in errors {
        assert_eq!(error.unwrap().kind(), ErrorKind::BlockingInAsync);
    }
    // Dropped here, inside the runtime.
    drop(client);
}

#[test]
fn calls_work_where_a_runtimes_thread_may_block() {
    let emulator = Arc::new(Emulator::start().unwrap());
    for runtime in [
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
    ] {
        let (client, own) = (client(&emulator, ann(&emulator)), emulator.clone());
        let used = client.clone();
        runtime.block_on(async {
            let built_there = tokio::task::spawn_blocking(move || {
                call(&used).unwrap();
                let built = self::client(&own, ann(&own));
                call(&built).unwrap();
                // A session whose provider blocks too.
                let session =
                    used.with_session_as("other", Credentials::from_fn("ann", move || std::io::Result::Ok(ann(&own))));
                call(&session).unwrap();
                built
            });
            let built = built_there.await.unwrap();
            assert_eq!(call(&built).unwrap_err().kind(), ErrorKind::BlockingInAsync);
            drop((built, client));
        });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = client(&emulator, ann(&emulator));
    let spawned = client.clone();
    let spawned = runtime.block_on(async {
        tokio::spawn(async move { tokio::task::block_in_place(|| call(&spawned).is_ok()) }).await.unwrap()
    });
    assert!(spawned);
    let _entered = runtime.enter();
    call(&client).unwrap();
}

#[test]
fn many_threads_share_a_client_and_a_login() {
    let emulator = Emulator::start().unwrap();
    let client = client(&emulator, ann(&emulator));
    thread::scope(|scope| {
        // More than there are lanes.
        for _ in 0..300 {
            scope.spawn(|| (0..3).for_each(|_| drop(call(&client).unwrap())));
        }
    });
    assert_eq!((request_count(&emulator, "/identity/login"), request_count(&emulator, "/token/analyze")), (1, 900));
}

#[test]
fn a_call_needs_little_of_a_stack() {
    let emulator = Emulator::start().unwrap();
    let client = client(&emulator, ann(&emulator));
    let account = emulator.digiwin().account();
    let session = client.with_session("s");
    thread::scope(|scope| {
        let work = || {
            call(&client).unwrap();
            session.identity().login("ann", account.password.clone()).unwrap();
            client.orgs().get_cascade().unwrap_err();
        };
        let small = thread::Builder::new().stack_size(256 * 1024);
        small.spawn_scoped(scope, work).unwrap().join().unwrap();
    });
}

#[test]
fn a_panic_of_a_provider_goes_on_to_the_caller_and_ends_no_session() {
    let emulator = Emulator::start().unwrap();
    let (right, panics) = (ann(&emulator), Arc::new(AtomicBool::new(true)));
    let asked_to_panic = panics.clone();
    let client = client(
        &emulator,
        Credentials::from_fn("ann", move || match asked_to_panic.load(Ordering::SeqCst) {
            true => panic!("the vault's own words"),
            false => std::io::Result::Ok(right.clone()),
        }),
    );
    let panic = catch_unwind(AssertUnwindSafe(|| call(&client))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the vault's own words"));
    panics.store(false, Ordering::SeqCst);
    call(&client).unwrap();
}

/// A store that asks the service who may use it, by another session of the same client.
#[derive(Debug)]
struct Asking {
    inner: MemoryStore,
    other: Client,
}

impl Asking {
    fn ask(&self) -> Result<()> {
        call(&self.other).map(drop)
    }
}

impl TokenStore for Asking {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        self.ask()?;
        self.inner.get(key)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        self.ask()?;
        self.inner.put(key, token)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        self.inner.remove(key)
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        self.inner.try_lock(key)
    }
}

#[test]
fn a_provider_or_a_store_may_use_another_session() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let other = client(&emulator, ann(&emulator));
    let (used, right) = (other.with_session_as("vault", ann(&emulator)), ann(&emulator));
    let provided = Credentials::from_fn("ann", move || call(&used).map(|_| right.clone()));
    let store = Asking { inner: MemoryStore::new(), other };
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(provided);
    call(&builder.token_store(store).build().unwrap()).unwrap();
    assert_eq!(request_count(&emulator, "/identity/login"), 3);
}
