//! Calls where the operating system starts no more threads.

use iam_sdk::{ErrorKind, blocking::Client, digiwin::Credentials};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{process::Command, sync::mpsc, thread};

const CHILD: &str = "IAM_SDK_TEST_THREADS";

#[test]
fn a_call_without_a_thread_is_an_error_and_no_panic() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["contexts::threads::child_without_threads", "--exact", "--nocapture", "--test-threads=1"]);
    let output = command.env(CHILD, "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("done"),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs `work` while no thread can be started: their stacks take all the memory that the process may have.
fn without_threads<T>(work: impl FnOnce() -> T) -> T {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let used = pages.split(' ').next().unwrap().parse::<u64>().unwrap() * 4096;
    let limit = getrlimit(Resource::As);
    setrlimit(Resource::As, Rlimit { current: Some(used + (32 << 20)), ..limit }).unwrap();
    let (hold, held) = mpsc::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(held));
    let mut started = Vec::new();
    loop {
        let held = held.clone();
        // As small as they come, so that none of the usual size fits in between.
        let thread = thread::Builder::new().stack_size(1 << 20);
        match thread.spawn(move || drop(held.lock().map(|held| held.recv()))) {
            Ok(thread) => started.push(thread),
            Err(_) => break,
        }
    }
    let result = work();
    setrlimit(Resource::As, limit).unwrap();
    drop(hold);
    started.into_iter().for_each(|thread| thread.join().unwrap());
    result
}

/// Not a test of its own: the limit is the whole process's.
#[test]
fn child_without_threads() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let client = Client::builder("http://127.0.0.1:9", "a").build().unwrap();
    // Whose provider runs on a thread.
    let session = |name| {
        let provide = move || std::io::Result::Ok(Credentials::password(name, "pw"));
        client.with_session_as(name, Credentials::from_fn(name, provide))
    };
    let (ann, bob) = (session("ann"), session("bob"));
    let call = |client: &Client| client.users().get_user("u").unwrap_err();
    assert_eq!(call(&client).kind(), ErrorKind::Connect);
    let (error, login) = without_threads(|| (call(&client), call(&ann)));
    assert_eq!(error.kind(), ErrorKind::Connect, "it needs none: {error}");
    assert!(login.is_configuration(), "{login}");

    // On a runtime's thread that may block, a call runs on one of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let work = move || without_threads(|| (call(&client), call(&bob)));
    let (error, login) = runtime.block_on(async { tokio::task::spawn_blocking(work).await.unwrap() });
    assert!(error.is_configuration() && error.to_string().contains("no thread could be started"), "{error}");
    assert!(login.is_configuration(), "{login}");
    println!("done");
}
