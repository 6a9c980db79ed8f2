//! `RedisStore`, against a redis-server of its own.
//!
//! These tests are ignored unless they are asked for: without a redis-server they could only pass without a check.
//! `cargo test --all-features --test suite token_store::redis -- --ignored` runs them.

mod deadline;
mod lock;
mod tls;

use super::{attempts, key, logins_of_eight_processes, text, token};
use iam_sdk::{
    Error,
    token_store::{EncryptionKey, LoginAttempts, RedisStore, RedisStoreError, SealError, StoreKey, TokenStore},
};
use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub fn store_at(address: &str, key: u8) -> RedisStore {
    RedisStore::new(address, EncryptionKey::from_bytes([key; 32])).unwrap()
}

/// A redis-server on a loopback port of its own, without a disk.
pub struct Server {
    process: Child,
    port: u16,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::on(port, options)
    }

    fn on(port: u16, options: &[&str]) -> Self {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(options);
        let process = command.stdout(Stdio::null()).spawn().expect("redis-server on the PATH");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "redis-server does not come up");
            std::thread::yield_now();
        }
        Self { process, port }
    }

    fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub fn store(&self) -> RedisStore {
        store_at(&self.address(), 7)
    }

    /// Sends a command to the server.
    pub fn raw(&self, command: &[&str]) -> redis::Value {
        let mut connection = redis::Client::open(self.address()).unwrap().get_connection().unwrap();
        let mut request = redis::cmd(command[0]);
        request.arg(&command[1..]);
        request.query(&mut connection).unwrap()
    }

    fn int(&self, command: &[&str]) -> i64 {
        match self.raw(command) {
            redis::Value::Int(number) => number,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn name(kind: &str, key: &StoreKey) -> String {
    format!("iam-sdk:{kind}:{}", key.as_str())
}

fn cause(error: &Error) -> &RedisStoreError {
    std::error::Error::source(error).and_then(|source| source.downcast_ref()).unwrap_or_else(|| panic!("{error:?}"))
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn a_token_is_kept_encrypted_under_a_hashed_name_for_its_lifetime() {
    let server = Server::start();
    let (store, ann) = (server.store(), key("ann"));
    assert_eq!(store.get(&ann).unwrap(), None);
    let mut kept = token("token-canary").expires_in(Duration::from_secs(60));
    kept.tenant = Some("T1".to_owned());
    store.put(&ann, &kept).unwrap();
    let again = server.store().get(&ann).unwrap().unwrap();
    assert_eq!((again.token, again.tenant), (kept.token.clone(), kept.tenant.clone()));
    assert_eq!(store.get(&key("bob")).unwrap(), None);
    let name = format!("iam-sdk:token:{}", ann.as_str());
    let redis::Value::BulkString(bytes) = server.raw(&["GET", &name]) else { panic!("no value") };
    assert!(bytes[0] == 1 && !bytes.windows(6).any(|part| part == b"canary"), "sealed, the version first");
    let redis::Value::Int(left) = server.raw(&["PTTL", &name]) else { panic!("no lifetime") };
    assert!((1..=60_000).contains(&left), "{left}");
    store.remove(&ann).unwrap();
    assert_eq!(store.get(&ann).unwrap(), None);
    store.put(&ann, &token("for ever")).unwrap();
    assert_eq!(server.raw(&["PTTL", &name]), redis::Value::Int(-1));

    // Another key does not open it; the next token takes its place, and it is kept.
    let other = store_at(&server.address(), 8);
    assert!(matches!(cause(&other.get(&ann).unwrap_err()), RedisStoreError::Unreadable { key, .. } if *key == name));
    other.put(&ann, &token("new")).unwrap();
    assert_eq!(text(&other, &ann), "new");
    let aside = format!("iam-sdk:aside:{}", ann.as_str());
    assert_ne!(server.raw(&["GET", &aside]), redis::Value::Nil);
    let week = 7 * 24 * 60 * 60 * 1000;
    assert!((1..=week).contains(&server.int(&["PTTL", &aside])), "not for ever");
    assert_eq!(store.prefix("mine").get(&ann).unwrap(), None);
}

#[cfg(feature = "conformance")]
#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn redis_keeps_the_contract_of_stores() {
    let server = Server::start();
    iam_sdk::token_store::conformance::check(|| std::sync::Arc::new(server.store())).unwrap();
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn eight_processes_on_one_redis_make_one_login() {
    let server = Server::start();
    assert_eq!(logins_of_eight_processes(&server.address()), [1, 2]);
}

#[cfg(feature = "blocking")]
#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn with_redis_down_good_tokens_serve_on_and_others_fail_in_time() {
    use iam_sdk::{ErrorKind, blocking::Client, digiwin::Credentials, emulator::Emulator};
    let server = Server::start();
    let (port, address) = (server.port, server.address());
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = || {
        let builder = Client::builder(emulator.base_url(), account.app_token.clone());
        let builder = builder.credentials(Credentials::password("ann", account.password.clone()));
        builder.token_store(store_at(&address, 7)).build().unwrap()
    };
    let serving = client();
    serving.identity().analyze_token().unwrap();
    drop(server);
    serving.identity().analyze_token().unwrap();
    let begun = Instant::now();
    let error = client().identity().analyze_token().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert!(error.is_retryable() && error.to_string().contains("refused"), "the real cause: {error}");
    assert!(matches!(cause(&error), RedisStoreError::Io { .. } | RedisStoreError::TimedOut { .. }));
    emulator.digiwin().expire_tokens();
    assert_eq!(serving.identity().analyze_token().unwrap_err().kind(), ErrorKind::Store);
    assert!(begun.elapsed() < Duration::from_secs(20));
    // It is back, on the same port: dead connections are no obstacle.
    let _server = Server::on(port, &[]);
    serving.identity().analyze_token().unwrap();
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn logins_are_shared_and_end() {
    let server = Server::start();
    let (store, ann) = (server.store(), key("ann"));
    assert_eq!(store.login_attempts(&ann).unwrap(), LoginAttempts::default());
    let recent = attempts(Duration::from_secs(1));
    store.put_login_attempts(&ann, &recent).unwrap();
    assert_eq!(server.store().login_attempts(&ann).unwrap(), recent);
    assert_eq!(server.store().login_attempts(&key("bob")).unwrap(), LoginAttempts::default());
    assert!((1..=60_000).contains(&server.int(&["PTTL", &name("logins", &ann)])));
    let redis::Value::BulkString(bytes) = server.raw(&["GET", &name("logins", &ann)]) else { panic!("no value") };
    assert!(!bytes.windows(2).any(|part| part == b"at"), "sealed");
    // What cannot be opened is none: it counts for a minute at the most.
    assert_eq!(store_at(&server.address(), 8).login_attempts(&ann).unwrap(), LoginAttempts::default());
    store.put_login_attempts(&ann, &attempts(Duration::from_secs(120))).unwrap();
    assert_eq!(server.raw(&["GET", &name("logins", &ann)]), redis::Value::Nil);
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn values_that_are_not_the_stores_are_unreadable_and_make_way() {
    let server = Server::start();
    let (store, ann) = (server.store(), key("ann"));
    for (value, expected) in [
        (String::new(), SealError::CutOff),
        ("x".repeat(9), SealError::Format),
        ("x".repeat(2_000_000), SealError::TooLarge),
    ] {
        server.raw(&["SET", &name("token", &ann), &value]);
        let error = store.get(&ann).unwrap_err();
        let RedisStoreError::Unreadable { key, reason } = cause(&error) else { panic!("{error:?}") };
        assert_eq!((key, *reason, error.is_retryable()), (&name("token", &ann), expected, false));
        assert!(error.to_string().contains(key) && error.to_string().contains(&reason.to_string()), "{error}");
        store.put(&ann, &token("new")).unwrap();
        assert_eq!(text(&store, &ann), "new");
    }
    let error = store.put(&ann, &token(&"x".repeat(300_000))).unwrap_err();
    assert!(matches!(cause(&error), RedisStoreError::TooLarge { .. }), "{error:?}");
    store.put(&ann, &token("far").expires_in(Duration::from_secs(u64::from(u32::MAX) * 60))).unwrap();
    assert_eq!(text(&store, &ann), "far");
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn passwords_and_users_in_the_url_log_in() {
    let server = Server::start();
    server.raw(&["ACL", "SETUSER", "ann", "on", ">p@ss/1", "~*", "+@all"]);
    server.raw(&["ACL", "SETUSER", "reader", "on", ">pw", "~*", "+get"]);
    server.raw(&["CONFIG", "SET", "requirepass", "canary"]);
    let store = |login: &str| store_at(&format!("redis://{login}127.0.0.1:{}/2", server.port), 7);
    let ann = key("ann");
    store("ann:p%40ss%2F1@").put(&ann, &token("t")).unwrap();
    assert_eq!(text(&store(":canary@"), &ann), "t");
    for (login, code, command) in [
        ("", "NOAUTH", "SELECT"),
        (":canary-not@", "WRONGPASS", "AUTH"),
        ("ann:canary@", "WRONGPASS", "AUTH"),
        ("reader:pw@", "NOPERM", "SELECT"),
    ] {
        let error = store(login).get(&ann).unwrap_err();
        let RedisStoreError::Refused { code: found, command: refused, .. } = cause(&error) else { panic!("{error:?}") };
        assert_eq!((&**found, *refused, error.is_retryable()), (code, command, false), "{login}: {error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    // A server that does not know the command repeats the password.
    let without = Server::start_with(&["--rename-command", "AUTH", ""]);
    let error = store_at(&format!("redis://:canary@127.0.0.1:{}", without.port), 7).get(&ann).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary") && error.to_string().contains("AUTH"), "{error:?}");
}

#[test]
#[ignore = "starts a redis-server: run with --ignored"]
fn few_connections_stay_open_and_dead_ones_are_replaced() {
    let server = Server::start();
    let (store, ann) = (server.store().deadline(Duration::from_secs(30)), key("ann"));
    store.put(&ann, &token("t")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(text(&store, &ann), "t")));
        }
    });
    let clients = || match server.raw(&["CLIENT", "LIST"]) {
        redis::Value::BulkString(list) => list.iter().filter(|byte| **byte == b'\n').count(),
        other => panic!("{other:?}"),
    };
    let begun = Instant::now();
    // One is this test's own.
    while clients() > 9 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} connections", clients());
    }
    server.raw(&["CLIENT", "KILL", "TYPE", "normal"]);
    assert_eq!(text(&store, &ann), "t");
    server.raw(&["CLIENT", "KILL", "TYPE", "normal"]);
    let held = store.try_lock(&ann).unwrap();
    assert!(held.is_some(), "sent twice, it is taken once");
}
