//! Concurrent callers of a session: one of them logs in, and all get the outcome.

use super::{ANALYZE, AT_ONCE, Client, LOGIN, ann, client_with, in_parallel, maybe_async, request_count, test};
use crate::support::{
    gate::Gate,
    handshake::Keys,
    server::{Server, status},
};
use iam_sdk::{Error, digiwin::Credentials, emulator::Emulator};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const CALLERS: usize = 64;

#[maybe_async]
async fn look(client: Client) {
    client.identity().analyze_token().await.unwrap();
}

#[maybe_async]
#[test]
async fn any_number_at_once_make_one_login() {
    let emulator = Emulator::builder().latency(Duration::from_millis(5)).start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    let shared = client.clone();
    in_parallel(AT_ONCE, move |_| look(shared.clone())).await;
    assert_eq!((request_count(&emulator, LOGIN), request_count(&emulator, ANALYZE)), (1, AT_ONCE));
    emulator.digiwin().expire_tokens();
    in_parallel(AT_ONCE, move |_| look(client.clone())).await;
    assert_eq!(request_count(&emulator, LOGIN), 2);
    assert!(request_count(&emulator, ANALYZE) <= 3 * AT_ONCE);
}

#[maybe_async]
async fn fail(client: Client, begun: Arc<AtomicUsize>, gate: Gate, errors: Arc<Mutex<Vec<Error>>>) {
    // The login ends after every caller has begun to wait for it.
    if begun.fetch_add(1, Ordering::SeqCst) + 1 == CALLERS {
        gate.open();
    }
    let error = client.identity().analyze_token().await.unwrap_err();
    errors.lock().unwrap().push(error);
}

#[maybe_async]
#[test]
async fn all_who_wait_for_a_login_get_its_error() {
    let (keys, gate) = (Keys::new(), Gate::new());
    let login_gate = gate.clone();
    // A service that is down: no limit keeps callers from logging in themselves.
    let server = Server::start(move |request| {
        keys.respond(request).unwrap_or_else(|| {
            login_gate.pass();
            status(503, "")
        })
    });
    let client = Client::builder(server.url(), "app-token").credentials(Credentials::password("ann", "pw"));
    let client = client.build().unwrap();
    let (begun, errors) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let noted = errors.clone();
    in_parallel(CALLERS, move |_| fail(client.clone(), begun.clone(), gate.clone(), noted.clone())).await;
    let errors = errors.lock().unwrap();
    assert_eq!(errors.len(), CALLERS);
    assert!(errors.iter().all(|error| error.is_server() && error.status() == Some(503)), "{errors:?}");
    let logins = server.requests().iter().filter(|request| request.path == LOGIN).count();
    // A thread that was held up between its two steps begins another login. If none waited, there would be 64.
    assert!(logins <= CALLERS / 4, "{logins} logins");
}
