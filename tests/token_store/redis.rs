//! `RedisStore`, against a redis-server of its own.

use super::{key, logins_of_eight_processes, token};
use iam_sdk::{
    Error,
    token_store::{EncryptionKey, RedisStore, RedisStoreError, TokenStore},
};
use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub fn store_at(address: &str, key: u8) -> RedisStore {
    RedisStore::new(address, EncryptionKey::from_bytes([key; 32])).unwrap()
}

/// A redis-server on a loopback port of its own, without a disk.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// `None`, said loudly, where redis-server is not installed.
    fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let installed = std::env::split_paths(&path)
            .map(|directory| directory.join("redis-server"))
            .any(|file: PathBuf| file.is_file());
        if !installed {
            eprintln!("\n!!! redis-server is not on the PATH: RedisStore is NOT tested here !!!\n");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Some(Self::on(port))
    }

    fn on(port: u16) -> Self {
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let process = command.stdout(Stdio::null()).spawn().unwrap();
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

    fn store(&self) -> RedisStore {
        store_at(&self.address(), 7)
    }

    /// What Redis has under the names that begin so.
    fn raw(&self, command: &[&str]) -> redis::Value {
        let mut connection = redis::Client::open(self.address()).unwrap().get_connection().unwrap();
        let mut asked = redis::cmd(command[0]);
        command[1..].iter().for_each(|argument| {
            asked.arg(*argument);
        });
        asked.query(&mut connection).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn cause(error: &Error) -> &RedisStoreError {
    std::error::Error::source(error).and_then(|source| source.downcast_ref()).unwrap_or_else(|| panic!("{error:?}"))
}

#[test]
fn a_token_is_kept_encrypted_under_a_hashed_name_for_its_life() {
    let Some(server) = Server::start() else { return };
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
    let redis::Value::Int(left) = server.raw(&["PTTL", &name]) else { panic!("no life") };
    assert!((1..=60_000).contains(&left), "{left}");
    store.remove(&ann).unwrap();
    assert_eq!(store.get(&ann).unwrap(), None);
    store.put(&ann, &token("for ever")).unwrap();
    assert_eq!(server.raw(&["PTTL", &name]), redis::Value::Int(-1));

    // Another key does not open it; the next token takes its place, and it is kept.
    let other = store_at(&server.address(), 8);
    assert!(matches!(cause(&other.get(&ann).unwrap_err()), RedisStoreError::Unreadable { key, .. } if *key == name));
    other.put(&ann, &token("new")).unwrap();
    assert_eq!(other.get(&ann).unwrap(), Some(token("new")));
    assert_ne!(server.raw(&["GET", &format!("iam-sdk:aside:{}", ann.as_str())]), redis::Value::Nil);
    assert_eq!(store.prefix("mine").get(&ann).unwrap(), None);
}

#[test]
fn a_lock_is_its_holders_and_ends_with_it() {
    let Some(server) = Server::start() else { return };
    let (one, two, ann) = (server.store(), server.store(), key("ann"));
    let held = one.try_lock(&ann).unwrap();
    assert!(held.is_some() && two.try_lock(&ann).unwrap().is_none() && one.try_lock(&ann).unwrap().is_none());
    assert!(two.try_lock(&key("bob")).unwrap().is_some());
    let name = format!("iam-sdk:lock:{}", ann.as_str());
    let redis::Value::Int(left) = server.raw(&["PTTL", &name]) else { panic!("no life") };
    assert!((1..=10_000).contains(&left), "a holder that dies frees it: {left}");
    drop(held);
    let taken = two.try_lock(&ann).unwrap();
    assert!(taken.is_some());
    // Lost and taken by another, it is not given back by who had it.
    server.raw(&["SET", &name, "another"]);
    drop(taken);
    assert_eq!(server.raw(&["GET", &name]), redis::Value::BulkString(b"another".to_vec()));
}

#[test]
fn a_lock_is_prolonged_while_it_is_held() {
    let Some(server) = Server::start() else { return };
    let (store, ann) = (server.store().lock_life(Duration::from_millis(600)), key("ann"));
    let left = || match server.raw(&["PTTL", &format!("iam-sdk:lock:{}", ann.as_str())]) {
        redis::Value::Int(left) => left,
        other => panic!("{other:?}"),
    };
    let held = store.try_lock(&ann).unwrap();
    let mut least = left();
    // It only falls, unless it is prolonged.
    loop {
        let now = left();
        assert!(now > 0, "it ended while it was held");
        if now > least + 50 {
            break;
        }
        least = least.min(now);
    }
    drop(held);
    assert_eq!(left(), -2, "given back");
}

#[test]
fn eight_processes_on_one_redis_make_one_login() {
    let Some(server) = Server::start() else { return };
    assert_eq!(logins_of_eight_processes(&server.address()), [1, 2]);
}

#[cfg(feature = "blocking")]
#[test]
fn with_redis_down_good_tokens_serve_on_and_others_fail_in_time() {
    use iam_sdk::{Credentials, ErrorKind, blocking::Client, emulator::Emulator};
    let Some(server) = Server::start() else { return };
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
    assert!(matches!(cause(&error), RedisStoreError::Redis { .. }));
    emulator.digiwin().expire_tokens();
    assert_eq!(serving.identity().analyze_token().unwrap_err().kind(), ErrorKind::Store);
    assert!(begun.elapsed() < Duration::from_secs(20));
    // It is back, on the same port: dead connections are no obstacle.
    let _server = Server::on(port);
    serving.identity().analyze_token().unwrap();
}

#[test]
fn a_redis_that_does_not_answer_is_waited_for_until_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("redis://127.0.0.1:{}/0", listener.local_addr().unwrap().port());
    let store = store_at(&address, 7).deadline(Duration::from_millis(200));
    let begun = Instant::now();
    assert!(matches!(cause(&store.get(&key("ann")).unwrap_err()), RedisStoreError::Redis { .. }));
    assert!(store.try_lock(&key("ann")).is_err());
    assert!(begun.elapsed() < Duration::from_secs(10));
    let error = RedisStore::new("redis://:canary@", EncryptionKey::from_bytes([7; 32])).unwrap_err();
    assert!(!format!("{error} {error:?} {store:?}").contains("canary"));
}
