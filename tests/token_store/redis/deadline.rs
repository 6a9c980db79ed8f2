//! Whatever a server does, a call ends at its deadline.

use super::{cause, key, store_at, token};
use iam_sdk::token_store::{EncryptionKey, RedisStore, RedisStoreError, TokenStore};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

#[test]
fn a_redis_that_does_not_respond_is_waited_for_until_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("redis://127.0.0.1:{}/0", listener.local_addr().unwrap().port());
    let store = store_at(&address, 7).deadline(Duration::from_millis(200));
    let begun = Instant::now();
    let error = store.get(&key("ann")).unwrap_err();
    assert!(matches!(cause(&error), RedisStoreError::TimedOut { .. }) && error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("no response within 200 ms"), "{error}");
    assert!(store.try_lock(&key("ann")).is_err());
    assert!(begun.elapsed() < Duration::from_secs(10));
    let error = RedisStore::new("redis://:canary@", EncryptionKey::from_bytes([7; 32])).unwrap_err();
    assert!(!format!("{error} {error:?} {store:?}").contains("canary"));
}

/// Starts a server on a loopback port, until the process ends.
fn serve(connection: impl Fn(TcpStream) + Copy + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || connection(stream));
        }
    });
    port
}

/// Sends a byte every now and then, until the client has gone or has waited far too long.
fn trickle_each(mut stream: TcpStream, byte: u8) {
    for _ in 0..1_500 {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The head of a value, and then its bytes, one by one.
fn trickle(mut stream: TcpStream) {
    if stream.write_all(b"$100000\r\n").is_err() {
        return;
    }
    trickle_each(stream, b'x');
}

const LIMIT: Duration = Duration::from_millis(300);

/// Fails in time, with room for a busy machine: a server that trickles goes on for half a minute.
fn ends_in_time<T>(call: impl FnOnce() -> iam_sdk::Result<T>) {
    let begun = Instant::now();
    let Err(error) = call() else { panic!("it succeeded") };
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(matches!(cause(&error), RedisStoreError::TimedOut { .. }) && error.is_retryable(), "{error:?}");
}

#[test]
fn a_server_that_trickles_bytes_does_not_prolong_a_call() {
    let port = serve(trickle);
    for scheme in ["redis", "rediss"] {
        let url = format!("{scheme}://127.0.0.1:{port}");
        let store = store_at(&url, 7).deadline(LIMIT);
        // Over TLS these are no records: the connection breaks, or time runs out.
        if scheme == "redis" {
            ends_in_time(|| store.get(&key("ann")));
            ends_in_time(|| store.put(&key("ann"), &token("t")));
            ends_in_time(|| store.try_lock(&key("ann")));
        } else {
            assert!(store.get(&key("ann")).is_err());
        }
    }
}

/// The head of a TLS record of the handshake, and then its bytes, one by one.
fn trickle_tls(mut stream: TcpStream) {
    if stream.write_all(&[22, 3, 3, 0x3f, 0]).is_err() {
        return;
    }
    trickle_each(stream, 2);
}

#[test]
fn a_tls_handshake_that_trickles_ends_in_time() {
    let port = serve(trickle_tls);
    let store = store_at(&format!("rediss://127.0.0.1:{port}"), 7).deadline(LIMIT);
    ends_in_time(|| store.get(&key("ann")));
}

/// Responds to each command, slowly: a call of several commands has one deadline.
fn slow(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while stream.read(&mut bytes).is_ok_and(|read| read > 0) {
        thread::sleep(Duration::from_secs(1));
        if stream.write_all(b"$-1\r\n").is_err() {
            return;
        }
    }
}

#[test]
fn several_commands_of_a_call_share_its_deadline() {
    let store = store_at(&format!("redis://127.0.0.1:{}", serve(slow)), 7).deadline(Duration::from_millis(1_700));
    assert_eq!(store.get(&key("ann")).unwrap(), None, "one is in time");
    ends_in_time(|| store.put(&key("ann"), &token("t")));
}

#[test]
fn a_server_that_is_no_redis_is_an_error_that_says_so() {
    fn http(mut stream: TcpStream) {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    }
    let port = serve(http);
    let error = store_at(&format!("redis://127.0.0.1:{port}"), 7).get(&key("ann")).unwrap_err();
    assert!(matches!(cause(&error), RedisStoreError::Protocol { .. }) && !error.is_retryable(), "{error:?}");
}

#[test]
fn an_unreachable_redis_is_retryable_and_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = store_at(&format!("redis://127.0.0.1:{port}"), 7).get(&key("ann")).unwrap_err();
    assert!(matches!(cause(&error), RedisStoreError::Io { .. }) && error.is_retryable(), "{error:?}");
    let line = error.to_string();
    assert!(line.contains(&format!("127.0.0.1:{port}")) && line.contains("refused"), "{line}");
    let error = store_at("redis://no-such-host.invalid", 7).get(&key("ann")).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[test]
fn deadlines_of_any_length_are_taken() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for deadline in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        let store = store_at(&format!("redis://127.0.0.1:{port}"), 7).deadline(deadline);
        assert!(store.get(&key("ann")).is_err());
    }
}
