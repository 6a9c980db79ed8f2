//! Calls where the operating system starts no more threads.

use iam_sdk::{ErrorKind, blocking::Client, digiwin::Credentials};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{process::Command, thread};

const CHILD: &str = "IAM_SDK_TEST_THREADS";
/// What the stack of a thread of the child takes, in bytes of address space.
const STACK: u64 = 256 << 20;

#[test]
fn a_call_without_a_thread_is_an_error_and_no_panic() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["contexts::threads::child_without_threads", "--exact", "--nocapture", "--test-threads=1"]);
    let output = command.env(CHILD, "1").env("RUST_MIN_STACK", STACK.to_string()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("done"),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs `work` while no thread can be started: the process may have less than one more stack, and memory enough for all else.
fn without_threads<T>(work: impl FnOnce() -> T) -> T {
    let limit = getrlimit(Resource::As);
    loop {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        let used = pages.split(' ').next().unwrap().parse::<u64>().unwrap() * 4096;
        setrlimit(Resource::As, Rlimit { current: Some(used + STACK / 2), ..limit }).unwrap();
        // A thread that has ended since it was counted leaves room for another.
        match thread::Builder::new().spawn(|| ()) {
            Ok(thread) => thread.join().unwrap(),
            Err(_) => break,
        }
    }
    let result = work();
    setrlimit(Resource::As, limit).unwrap();
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
