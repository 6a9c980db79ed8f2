//! Calls of the async flavour.

use super::{ann, request_count};
use crate::support::{
    gate::Gate,
    log::Log,
    server::{Server, json, status},
};
use iam_sdk::{CallOptions, Client, RetryPolicy, digiwin::Credentials, emulator::Emulator};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tracing::Instrument as _;

fn client(emulator: &Emulator, credentials: Credentials) -> Client {
    let account = emulator.digiwin().account();
    Client::builder(emulator.base_url(), account.app_token.clone()).credentials(credentials).build().unwrap()
}

#[cfg(feature = "async")]
#[test]
fn an_async_call_outside_a_runtime_is_an_error_and_no_panic() {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };
    let client = iam_sdk::Client::builder("http://127.0.0.1:9", "a").build().unwrap();
    let identity = client.identity();
    let login = pin!(identity.login("u", "p"));
    let Poll::Ready(result) = login.poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
    assert!(result.unwrap_err().is_configuration());
}

#[test]
fn an_async_call_in_a_runtime_without_a_timer_is_an_error_and_no_panic() {
    let emulator = Emulator::start().unwrap();
    let without = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let client = client(&emulator, ann(&emulator));
    for _ in 0..2 {
        for result in [
            without.block_on(client.users().get_user("ann")).map(drop),
            without.block_on(client.with_session("other").identity().login("ann", "x")).map(drop),
            without.block_on(client.prepare_login()),
            without.block_on(client.log_in()),
        ] {
            let error = result.unwrap_err();
            assert!(error.is_configuration() && error.to_string().contains("enable_time"), "{error}");
            assert!(!error.was_sent());
        }
        // The next time, a runtime with a timer has been there before.
        let with = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        with.block_on(client.users().get_user("ann")).unwrap();
    }
}

#[test]
fn a_login_needs_no_thread_of_a_pool_that_is_full_of_calls() {
    let emulator = Emulator::start().unwrap();
    let client = client(&emulator, ann(&emulator));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let (client, handle) = (client.clone(), tokio::runtime::Handle::current());
                tokio::task::spawn_blocking(move || handle.block_on(client.identity().analyze_token()))
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
    });
    assert_eq!(request_count(&emulator, "/identity/login"), 1);
}

#[tokio::test]
async fn a_panic_of_a_provider_goes_on_to_a_caller_and_ends_no_session() {
    let emulator = Emulator::start().unwrap();
    let (right, panics) = (ann(&emulator), Arc::new(AtomicBool::new(true)));
    let asked_to_panic = panics.clone();
    let blocking = Credentials::from_fn("ann", {
        let right = right.clone();
        move || match asked_to_panic.load(Ordering::SeqCst) {
            true => panic!("the vault's own words"),
            false => std::io::Result::Ok(right.clone()),
        }
    });
    let asked_to_panic = panics.clone();
    let future = Credentials::from_async_fn("ann", move || {
        let (right, panics) = (right.clone(), asked_to_panic.load(Ordering::SeqCst));
        async move { if panics { panic!("the vault's own words") } else { std::io::Result::Ok(right) } }
    });
    for credentials in [blocking, future] {
        panics.store(true, Ordering::SeqCst);
        let client = client(&emulator, credentials);
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.identity().analyze_token().await })
            })
            .collect();
        let mut panicked = 0;
        for call in calls {
            match call.await {
                Err(error) => {
                    let text = error.into_panic();
                    assert_eq!(text.downcast_ref::<&str>(), Some(&"the vault's own words"));
                    panicked += 1;
                }
                Ok(outcome) => assert!(outcome.unwrap_err().to_string().contains("panicked")),
            }
        }
        assert!(panicked > 0, "the panic was swallowed");
        panics.store(false, Ordering::SeqCst);
        client.identity().analyze_token().await.unwrap();
    }
}

#[tokio::test]
async fn every_request_stands_in_the_span_of_its_caller() {
    let emulator = Emulator::start().unwrap();
    let log = Log::start();
    let account = emulator.digiwin().account();
    let right = ann(&emulator);
    // On a thread of its own.
    let provide = move || {
        tracing::info!("the vault is asked");
        std::io::Result::Ok(right.clone())
    };
    let client = client(&emulator, Credentials::from_fn("ann", provide));
    let pool = emulator.authing().account();
    let builder = iam_sdk::r#async::authing::ManagementClient::builder(&pool.user_pool_id, pool.secret.clone());
    let authing = builder.base_url(emulator.base_url()).build().unwrap();
    async {
        // A login by itself, an explicit one, and one of several requests at once.
        client.identity().analyze_token().await.unwrap();
        client.with_session("s").identity().login("ann", account.password.clone()).await.unwrap();
        let ids: Vec<String> = (0..200).map(|n| n.to_string()).collect();
        authing.users().batch_get(&ids).await.unwrap();
    }
    .instrument(tracing::info_span!("the_caller"))
    .await;
    let text = log.text();
    let requests: Vec<&str> = text.lines().filter(|line| line.contains("iam_sdk.request")).collect();
    assert!(requests.len() >= 4 + 3 + 4, "{text}");
    let asked: Vec<&str> = text.lines().filter(|line| line.contains("the vault is asked")).collect();
    assert_eq!(asked.len(), 1, "{text}");
    for line in requests.into_iter().chain(asked) {
        assert!(line.contains("the_caller"), "{line}");
    }
}

#[test]
fn a_client_outlives_the_runtime_that_it_was_used_in() {
    let emulator = Emulator::start().unwrap();
    let client = client(&emulator, ann(&emulator));
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.identity().analyze_token()).unwrap();
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
    assert_eq!(request_count(&emulator, "/identity/login"), 1);
}

#[test]
fn a_call_whose_runtime_is_shut_down_is_an_error_and_no_panic() {
    let gate = Gate::new();
    let shut = gate.clone();
    let server = Server::start(move |_| {
        shut.pass();
        json("{}")
    });
    let _opened = gate.open_at_end();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = Client::builder(server.url(), "a").build().unwrap();
    let handle = runtime.handle().clone();
    // Its work is a task of the runtime, and it is waited for elsewhere.
    let call = std::thread::spawn(move || handle.block_on(client.identity().login("ann", "pw")));
    while gate.arrived() == 0 {
        std::thread::yield_now();
    }
    runtime.shutdown_background();
    let error = call.join().expect("it panicked").unwrap_err();
    assert!(error.is_configuration() && error.to_string().contains("shut down"), "{error}");
}

/// Begins a preparation on a runtime that is not driven any further, where a key pair is to be made and has not begun.
fn preparation_that_stands_still(client: &Client) -> tokio::runtime::Runtime {
    // After each task the runtime polls what it blocks on, which leaves with the second poll.
    let runtime = tokio::runtime::Builder::new_current_thread().event_interval(1).enable_all().build().unwrap();
    runtime.block_on(async {
        assert!(futures_util::poll!(std::pin::pin!(client.prepare_login())).is_pending());
        tokio::task::yield_now().await;
    });
    runtime
}

#[test]
fn a_key_pair_on_a_runtime_that_stands_still_holds_up_no_login_and_no_preparation() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = || {
        let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(ann(&emulator));
        builder.timeout(Duration::from_secs(15)).build().unwrap()
    };
    let [logs_in, prepares] = [(); 2].map(|()| client());
    let _still = [&logs_in, &prepares].map(preparation_that_stands_still);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (logged_in, prepared) = runtime.block_on(async { tokio::join!(logs_in.log_in(), prepares.prepare_login()) });
    logged_in.unwrap();
    prepared.unwrap();
}

#[test]
fn a_preparation_does_not_fail_with_the_runtime_of_another_one() {
    let emulator = Emulator::start().unwrap();
    let client = client(&emulator, ann(&emulator));
    let other = preparation_that_stands_still(&client);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut waits = std::pin::pin!(client.prepare_login());
        assert!(futures_util::poll!(&mut waits).is_pending());
        // Its work is a task, which waits for the key pair of the other one by now.
        tokio::task::yield_now().await;
        other.shutdown_background();
        waits.await.unwrap();
        client.log_in().await.unwrap();
    });
}

#[tokio::test]
async fn logins_with_different_time_limits_share_a_key_request_that_fails() {
    let gate = Gate::new();
    let (_end, shut) = (gate.open_at_end(), gate.clone());
    let server = Server::start(move |_| {
        shut.pass();
        status(503, "")
    });
    let retries = RetryPolicy::new().max_attempts(2).initial_backoff(Duration::ZERO);
    let client = Client::builder(server.url(), "a").retry(retries).build().unwrap();
    let log_in = |n: u64| {
        let options = CallOptions::new().timeout(Duration::from_secs(20 + n));
        let client = client.with_session(n.to_string()).with_options(options).unwrap();
        tokio::spawn(async move { client.identity().login("u", "p").await })
    };
    let logins: Vec<_> = (0..20).map(log_in).collect();
    // Each has been polled once the request of the first one is with the service.
    while gate.arrived() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    gate.open();
    for login in logins {
        let error = login.await.unwrap().unwrap_err();
        assert!(error.is_server(), "{error}");
    }
    assert_eq!(server.requests().len(), 2, "the attempts of one login");
}

#[test]
fn a_refresh_on_a_runtime_that_stands_still_holds_neither_the_session_nor_the_stores_lock_for_ever() {
    use iam_sdk::token_store::{EncryptionKey, FileStore};
    let emulator = Emulator::builder().latency(Duration::from_millis(50)).start().unwrap();
    let directory = std::env::temp_dir().join(format!("iam-sdk-undriven-{}", std::process::id()));
    let account = emulator.digiwin().account();
    let client = || {
        let store = FileStore::open(&directory, EncryptionKey::from_bytes([7; 32])).unwrap();
        let builder = Client::builder(emulator.base_url(), account.app_token.clone()).credentials(ann(&emulator));
        builder.token_store(store).timeout(Duration::from_secs(1)).build().unwrap()
    };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (still, stuck) = (runtime(), client());
    // Begun, and never driven again: somewhere in the login it holds the lock.
    for _ in 0..3 {
        let dropped = async { tokio::time::timeout(Duration::from_millis(60), stuck.identity().analyze_token()).await };
        if still.block_on(dropped).is_err() {
            break;
        }
    }
    let (driven, other) = (runtime(), client());
    let mut calls = 0;
    while driven.block_on(other.identity().analyze_token()).is_err() {
        calls += 1;
        assert!(calls < 20, "the lock is never released");
    }
    // Nor does a caller of the session itself wait for what nothing drives.
    let own = async { tokio::time::timeout(Duration::from_secs(30), stuck.identity().analyze_token()).await };
    drop(driven.block_on(own).expect("it waits for ever"));
    drop(still);
    let _ = std::fs::remove_dir_all(directory);
}
