//! A process that forks: parent and child have the same memory, and must not do the same with it.
//!
//! Each test starts a process of its own, which then forks.

#[cfg(feature = "redis")]
use super::text;
use super::{Directory, key, token};
use iam_sdk::token_store::{EncryptionKey, FileStore, TokenStore};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
};

const CHILD: &str = "IAM_SDK_TEST_FORK";

/// Runs a test of this file in a process of its own.
fn in_a_child(test: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&*format!("token_store::fork::{test}"), "--exact", "--nocapture", "--test-threads=1"]);
    let output = command.env(CHILD, "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("done"),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

struct Forked(libc::pid_t);

/// Runs `work` in a forked process, which ends with it.
fn fork(work: impl FnOnce()) -> Forked {
    // SAFETY: the child has this thread alone, and leaves by `_exit` without returning to the harness.
    match unsafe { libc::fork() } {
        -1 => panic!("{}", std::io::Error::last_os_error()),
        0 => {
            let outcome = catch_unwind(AssertUnwindSafe(work));
            unsafe { libc::_exit(outcome.is_err().into()) }
        }
        child => Forked(child),
    }
}

impl Forked {
    fn join(self) {
        let mut status = 0;
        // SAFETY: `status` lives as long as the call.
        let waited = unsafe { libc::waitpid(self.0, &mut status, 0) };
        assert_eq!((waited, status), (self.0, 0), "the forked process failed");
    }
}

#[cfg(feature = "blocking")]
#[test]
fn a_client_of_the_parent_is_refused_in_the_child() {
    in_a_child("child_that_calls_on_both_sides");
}

#[cfg(feature = "blocking")]
#[test]
fn child_that_calls_on_both_sides() {
    if !is_child() {
        return;
    }
    let client = || iam_sdk::blocking::Client::builder("http://127.0.0.1:9", "a").build().unwrap();
    let inherited = client();
    let call = |client: &iam_sdk::blocking::Client| client.users().get_user("u").unwrap_err();
    assert_eq!(call(&inherited).kind(), iam_sdk::ErrorKind::Connect);
    fork(|| {
        let error = call(&inherited);
        assert!(error.is_configuration() && error.to_string().contains("fork"), "{error}");
        assert_eq!(call(&client()).kind(), iam_sdk::ErrorKind::Connect, "one of its own works");
    })
    .join();
    println!("done");
}

#[cfg(feature = "blocking")]
#[test]
fn a_child_logs_in_though_the_parents_logins_had_every_core() {
    in_a_child("child_of_a_process_that_logs_in");
}

#[cfg(feature = "blocking")]
#[test]
fn child_of_a_process_that_logs_in() {
    use crate::support::{
        gate::Gate,
        handshake::Keys,
        server::{Server, json},
    };
    use iam_sdk::blocking::Client;
    if !is_child() {
        return;
    }
    // Each begins to generate a key when it asks for the server's: most of them wait for a core yet when the last one has asked.
    const LOGINS: usize = 100;
    let (keys, gate) = (Keys::new(), Gate::new());
    let asked = gate.clone();
    let server = Server::start(move |request| {
        if request.path.ends_with("/publickey") && request.headers["digi-middleware-auth-app"] == "parent" {
            asked.pass();
        }
        keys.respond(request).unwrap_or_else(|| json(r#"{"token": "t", "userId": "u"}"#))
    });
    let client = |application| {
        let builder = Client::builder(server.url(), application).timeout(std::time::Duration::from_secs(60));
        builder.build().unwrap()
    };
    // A client each: the logins of one ask for the service's key once.
    std::thread::scope(|scope| {
        let _opened = gate.open_at_end();
        for n in 0..LOGINS {
            let session = client("parent").with_session(n.to_string());
            scope.spawn(move || session.identity().login("u", "p"));
        }
        while gate.arrived() < LOGINS {
            std::thread::yield_now();
        }
        fork(|| drop(client("child").identity().login("u", "p").unwrap())).join();
    });
    println!("done");
}

#[test]
fn parent_and_child_seal_with_nonces_and_salts_of_their_own() {
    in_a_child("child_that_seals_on_both_sides");
}

#[test]
fn child_that_seals_on_both_sides() {
    if !is_child() {
        return;
    }
    let (shared, [mine, theirs]) = (Directory::new(), [Directory::new(), Directory::new()]);
    let (store, ann, bob) = (shared.store(), key("ann"), key("bob"));
    let passphrase = |directory: &Directory| {
        FileStore::open(&directory.0, EncryptionKey::from_passphrase("a passphrase").unwrap()).unwrap()
    };
    // Whatever generator there is, it has been used before.
    store.put(&ann, &token("before")).unwrap();
    let child = fork(|| {
        store.put(&bob, &token("t")).unwrap();
        passphrase(&theirs).put(&bob, &token("t")).unwrap();
    });
    store.put(&ann, &token("t")).unwrap();
    passphrase(&mine).put(&ann, &token("t")).unwrap();
    child.join();
    let bytes = |directory: &Directory, key: &iam_sdk::token_store::StoreKey| {
        fs::read(directory.0.join(format!("{}.token", key.as_str()))).unwrap()
    };
    assert_ne!(bytes(&shared, &ann)[2..14], bytes(&shared, &bob)[2..14], "the nonces");
    assert_ne!(bytes(&mine, &ann)[14..30], bytes(&theirs, &bob)[14..30], "the salts");
    println!("done");
}

#[test]
fn a_lock_is_the_parents_to_release_whatever_a_child_does() {
    in_a_child("child_that_inherits_a_lock");
}

#[test]
fn child_that_inherits_a_lock() {
    if !is_child() {
        return;
    }
    let (directory, ann) = (Directory::new(), key("ann"));
    let store = directory.store();
    let mut held = store.try_lock(&ann).unwrap();
    let path = directory.0.join(format!("{}.refresh.lock", ann.as_str()));
    // Shows whether the file is locked, also when its name is gone.
    let witness = fs::File::open(&path).unwrap();
    let is_free = || witness.try_lock().map(|()| witness.unlock().unwrap()).is_ok();

    // A child that ends, and drops its copy of the lock, has nothing to release.
    fork(|| {
        let copy = held.take().unwrap();
        assert!(!copy.is_held(), "it is not the child's");
        drop(copy);
    })
    .join();
    assert!(held.as_ref().unwrap().is_held() && !is_free() && path.exists());

    // A child that lives on has a copy of the descriptor, which does not keep the lock.
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut writer = Some(writer);
    let child = fork(|| {
        drop(writer.take());
        // Until the parent closes its end.
        assert_eq!(std::io::Read::read(&mut reader, &mut [0]).unwrap(), 0);
    });
    drop(held.take());
    assert!(is_free(), "closed, but not unlocked");
    assert!(directory.store().try_lock(&ann).unwrap().is_some());
    drop(writer.take());
    child.join();
    println!("done");
}

#[cfg(feature = "redis")]
mod redis {
    use super::*;
    use crate::token_store::redis::Server;

    #[test]
    #[ignore = "starts a redis-server: run with --ignored"]
    fn parent_and_child_share_no_connection_and_no_holder_id() {
        in_a_child("redis::child_that_uses_redis_on_both_sides");
    }

    #[test]
    fn child_that_uses_redis_on_both_sides() {
        if !is_child() {
            return;
        }
        let server = Server::start();
        let (store, [ann, bob]) = (server.store(), ["ann", "bob"].map(key));
        store.put(&ann, &token("ann's")).unwrap();
        store.put(&bob, &token("bob's")).unwrap();
        drop(store.try_lock(&ann).unwrap());
        let read = |key, expected: &str| (0..500).for_each(|_| assert_eq!(text(&store, key), expected));
        let child = fork(|| {
            read(&bob, "bob's");
            // Not dropped, so that the parent can look at it.
            std::mem::forget(store.try_lock(&bob).unwrap().unwrap());
        });
        read(&ann, "ann's");
        let held = store.try_lock(&ann).unwrap().unwrap();
        child.join();
        let holder =
            |key: &iam_sdk::token_store::StoreKey| server.raw(&["GET", &format!("iam-sdk:lock:{}", key.as_str())]);
        assert!(holder(&bob) != ::redis::Value::Nil && holder(&ann) != holder(&bob), "{:?}", holder(&bob));

        // A child's copy of a lock is not the child's to release.
        let mut held = Some(held);
        fork(|| {
            let copy = held.take().unwrap();
            assert!(!copy.is_held());
            drop(copy);
        })
        .join();
        assert!(held.as_ref().unwrap().is_held());
        drop(held);
        assert_eq!(holder(&ann), ::redis::Value::Nil);
        println!("done");
    }
}
