//! The keys of logins, where the service refuses them, changes its own, or does not respond.

use super::{Client, in_parallel, maybe_async, pause, test};
use crate::support::{
    gate::Gate,
    handshake::Keys,
    holds, same,
    server::{Request, Response, Server, json, status},
};
use iam_sdk::{CallOptions, ErrorKind, RetryPolicy, digiwin::Credentials};
use rsa::traits::PublicKeyParts;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// How a service responds.
type Respond = fn() -> Response;

fn member(request: &Request, name: &str) -> String {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body[name].as_str().unwrap().to_owned()
}

fn is_for(request: &Request, path: &str) -> bool {
    request.path.ends_with(path)
}

/// A service with several keys, of which one is in use.
#[derive(Clone)]
struct Service {
    keys: Arc<Vec<Keys>>,
    current: Arc<AtomicUsize>,
}

impl Service {
    fn new(keys: usize) -> Self {
        Self { keys: Arc::new((0..keys).map(|_| Keys::new()).collect()), current: Arc::default() }
    }

    fn current(&self) -> &Keys {
        &self.keys[self.current.load(Ordering::SeqCst)]
    }

    fn rotate(&self) {
        self.current.fetch_add(1, Ordering::SeqCst);
    }

    /// Responds as a service does that refuses what it cannot open with `refusal`.
    fn respond(&self, request: &Request, refusal: Respond) -> Response {
        if is_for(request, "/aeskey") && !self.current().can_open(&member(request, "clientEncryptPublicKey")) {
            return refusal();
        }
        self.current().respond(request).unwrap_or_else(|| json(r#"{"token": "t", "userId": "u"}"#))
    }

    fn start(&self, refusal: Respond) -> Server {
        let service = self.clone();
        Server::start(move |request| service.respond(request, refusal))
    }
}

fn client(server: &Server) -> Client {
    Client::builder(server.url(), "a").build().unwrap()
}

/// The last segments of the paths, from the request with this number on.
fn paths(server: &Server, from: usize) -> Vec<String> {
    let requests = server.requests();
    requests[from..].iter().map(|request| request.path.rsplit('/').next().unwrap().to_owned()).collect()
}

fn refused() -> Response {
    status(400, r#"{"message": "clientEncryptPublicKey cannot be decrypted"}"#)
}

#[maybe_async]
#[test]
async fn a_new_key_is_noticed_however_the_service_says_so() {
    let refusals: [Respond; 7] = [
        refused,
        || status(500, "Internal Server Error"),
        || json(r#"{"status": 500, "message": "系统错误", "data": null}"#),
        || json(r#"{"status": 21001, "message": "no", "data": null}"#),
        || json(r#"{"encryptAesKey": null}"#),
        || json(r#"{"encryptAesKey": "AAAA"}"#),
        || json(r#"{"something": "else"}"#),
    ];
    for (n, refusal) in refusals.into_iter().enumerate() {
        let service = Service::new(2);
        let server = service.start(refusal);
        let client = client(&server);
        client.identity().login("u", "first").await.unwrap();
        service.rotate();
        client.identity().login("u", "second").await.unwrap();
        assert_eq!(paths(&server, 3), ["aeskey", "publickey", "aeskey", "login"], "refusal {n}");
        let login = server.requests().pop().unwrap();
        same(service.keys[1].password(&member(&login, "passwordHash")), "second");
        let wrapped = member(&login, "clientEncryptPublicKey");
        assert!(service.keys[1].can_open(&wrapped) && !service.keys[0].can_open(&wrapped));
    }
}

/// However a service refuses what it cannot open, and whatever stands before it: no refusal may lock a client out for as long as
/// the key is remembered.
#[maybe_async]
#[test]
async fn a_key_is_not_offered_again_after_an_exchange_that_failed() {
    let refusals: [(&str, Respond); 8] = [
        ("401", || status(401, "")),
        ("403", || status(403, r#"{"message": "no"}"#)),
        ("404", || status(404, "")),
        ("429", || status(429, "")),
        ("502", || status(502, "")),
        ("503", || status(503, "")),
        ("504", || status(504, "")),
        ("connection dropped", || Response::Raw(Vec::new())),
    ];
    for (what, refusal) in refusals {
        let service = Service::new(2);
        let server = service.start(refusal);
        let client = Client::builder(server.url(), "a").retry(RetryPolicy::never()).build().unwrap();
        client.identity().login("u", "p").await.unwrap();
        service.rotate();
        let first = client.identity().login("u", "p").await.unwrap_err();
        let second = client.identity().login("u", "p").await;
        assert!(second.is_ok(), "{what}: {first}, and then {second:?}");
        assert_eq!(paths(&server, 3), ["aeskey", "publickey", "aeskey", "login"], "{what}");
    }
}

#[maybe_async]
#[test]
async fn a_first_login_too_notices_a_key_that_changes_under_it() {
    let service = Service::new(2);
    let (scripted, rotated) = (service.clone(), AtomicUsize::new(0));
    let server = Server::start(move |request| {
        let response = scripted.respond(request, refused);
        if is_for(request, "/publickey") && rotated.fetch_add(1, Ordering::SeqCst) == 0 {
            scripted.rotate();
        }
        response
    });
    client(&server).identity().login("u", "p").await.unwrap();
    same(paths(&server, 0), ["publickey", "aeskey", "publickey", "aeskey", "login"]);
}

#[maybe_async]
#[test]
async fn a_key_that_never_stays_is_given_up_before_the_password_is_sent() {
    let service = Service::new(9);
    let scripted = service.clone();
    let server = Server::start(move |request| {
        let response = scripted.respond(request, refused);
        if is_for(request, "/publickey") {
            scripted.rotate();
        }
        response
    });
    let error = client(&server).identity().login("u", "p").await.unwrap_err();
    assert!(error.is_validation(), "{error}");
    same(paths(&server, 0), ["publickey", "aeskey", "publickey", "aeskey"]);
}

#[maybe_async]
#[test]
async fn a_refusal_under_the_right_key_is_the_error() {
    let cases: [(Respond, ErrorKind, &[&str]); 7] = [
        (|| status(500, "canary"), ErrorKind::Server, &["aeskey", "publickey"]),
        (|| json(r#"{"encryptAesKey": "AAAA"}"#), ErrorKind::Crypto, &["aeskey", "publickey"]),
        (|| status(503, ""), ErrorKind::Server, &["aeskey"]),
        (|| status(429, ""), ErrorKind::RateLimited, &["aeskey"]),
        (|| status(401, ""), ErrorKind::Application, &["aeskey"]),
        (|| status(404, ""), ErrorKind::NotFound, &["aeskey"]),
        (|| Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec()), ErrorKind::Transport, &["aeskey"]),
    ];
    for (response, kind, requests) in cases {
        let (service, exchanges) = (Service::new(1), AtomicUsize::new(0));
        let server = Server::start(move |request| {
            match is_for(request, "/aeskey") && exchanges.fetch_add(1, Ordering::SeqCst) == 1 {
                true => response(),
                false => service.respond(request, refused),
            }
        });
        let client = client(&server);
        client.identity().login("u", "p").await.unwrap();
        let error = client.identity().login("u", "p").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(paths(&server, 3), requests, "{error}");
        // Whether the key was asked for again there, or is for the next login.
        client.identity().login("u", "p").await.unwrap();
        let next: &[_] = if requests.len() > 1 { &["aeskey", "login"] } else { &["publickey", "aeskey", "login"] };
        same(paths(&server, 3 + requests.len()), next);
    }
}

#[maybe_async]
#[test]
async fn a_password_is_sent_once_whatever_changes_after_the_exchange() {
    // Whether the service can still open the password, and how it responds if not.
    let cases: [(Respond, Option<ErrorKind>); 4] = [
        (|| json(r#"{"token": "t", "userId": "u"}"#), None),
        (|| status(400, r#"{"message": "passwordHash cannot be decrypted"}"#), Some(ErrorKind::Validation)),
        (|| status(500, ""), Some(ErrorKind::Server)),
        (|| Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec()), Some(ErrorKind::Transport)),
    ];
    for (response, kind) in cases {
        let service = Service::new(2);
        let scripted = service.clone();
        let server = Server::start(move |request| {
            if is_for(request, "/login") && scripted.current.load(Ordering::SeqCst) > 0 {
                return response();
            }
            let response = scripted.respond(request, refused);
            if is_for(request, "/aeskey") {
                scripted.rotate();
            }
            response
        });
        let error = client(&server).identity().login("u", "p").await.err();
        assert_eq!(error.map(|error| error.kind()), kind);
        same(paths(&server, 0), ["publickey", "aeskey", "login"]);
    }
}

#[maybe_async]
#[test]
async fn a_prepared_login_uses_the_same_connection() {
    let server = Service::new(1).start(refused);
    let client = client(&server);
    client.prepare_login().await.unwrap();
    client.identity().login("u", "p").await.unwrap();
    same(paths(&server, 0), ["publickey", "aeskey", "login"]);
    same(server.requests().iter().map(|request| request.connection).collect::<BTreeSet<_>>().len(), 1);
}

/// The keys that clients offered, one for each login.
fn offered(service: &Service, server: &Server) -> Vec<Vec<u8>> {
    let exchanges = server.requests().into_iter().filter(|request| is_for(request, "/aeskey"));
    let key = |request| service.current().client_key(&member(&request, "clientEncryptPublicKey")).0;
    exchanges.map(|request| key(request).n().to_be_bytes().to_vec()).collect()
}

#[maybe_async]
async fn log_in(client: Client, n: usize) {
    client.with_session(n.to_string()).identity().login("u", "p").await.unwrap();
}

#[maybe_async]
#[test]
async fn no_two_logins_have_one_key_pair() {
    let service = Service::new(1);
    let server = service.start(refused);
    let client = client(&server);
    client.prepare_login().await.unwrap();
    for n in 0..5 {
        log_in(client.clone(), n).await;
    }
    in_parallel(20, move |n| log_in(client.clone(), n)).await;
    let keys = offered(&service, &server);
    assert_eq!((keys.len(), keys.iter().collect::<BTreeSet<_>>().len()), (25, 25));
}

/// Starts a service whose response to the first request for its key has no end.
fn first_key_request_hangs() -> Arc<Server> {
    let (service, asked) = (Service::new(1), AtomicUsize::new(0));
    Arc::new(Server::start(move |request| {
        match is_for(request, "/publickey") && asked.fetch_add(1, Ordering::SeqCst) == 0 {
            true => Response::Trickle,
            false => service.respond(request, refused),
        }
    }))
}

#[maybe_async]
async fn leads_or_follows(client: Client, server: Arc<Server>, n: usize) {
    if n == 0 {
        let hurried = client.with_options(CallOptions::new().timeout(Duration::from_millis(500))).unwrap();
        let error = hurried.with_session("hurried").identity().login("u", "p").await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        return;
    }
    while server.requests().is_empty() {
        pause().await;
    }
    log_in(client, n).await;
}

#[maybe_async]
#[test]
async fn a_login_whose_time_is_up_spoils_no_other_that_waits_for_the_key() {
    const LOGINS: usize = 5;
    let server = first_key_request_hangs();
    let (client, shared) = (client(&server), server.clone());
    in_parallel(LOGINS, move |n| leads_or_follows(client.clone(), shared.clone(), n)).await;
    let logins = server.requests().iter().filter(|request| is_for(request, "/login")).count();
    assert_eq!(logins, LOGINS - 1);
}

#[maybe_async]
async fn hangs_or_goes_on(client: Client, server: Arc<Server>, n: usize) {
    if n == 0 {
        let error = client.with_session("hung").identity().login("u", "p").await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        return;
    }
    while server.requests().is_empty() {
        pause().await;
    }
    log_in(client, n).await;
}

#[maybe_async]
#[test]
async fn a_key_request_that_hangs_holds_up_no_login_with_the_same_time_limit() {
    const LOGINS: usize = 4;
    let server = first_key_request_hangs();
    let client = client(&server).with_options(CallOptions::new().timeout(Duration::from_secs(8))).unwrap();
    let shared = server.clone();
    in_parallel(LOGINS, move |n| hangs_or_goes_on(client.clone(), shared.clone(), n)).await;
    let logins = server.requests().iter().filter(|request| is_for(request, "/login")).count();
    assert_eq!(logins, LOGINS - 1);
}

fn key_requests(server: &Server) -> usize {
    server.requests().iter().filter(|request| is_for(request, "/publickey")).count()
}

/// Logins that fail, and at place 0 one that has the service respond when all wait.
#[maybe_async]
async fn fails_or_opens(client: Client, kind: ErrorKind, (begun, gate): (Arc<AtomicUsize>, Gate), n: usize) {
    if n > 0 {
        begun.fetch_add(1, Ordering::SeqCst);
        let error = client.with_session(n.to_string()).identity().login("u", "p").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        return;
    }
    while begun.load(Ordering::SeqCst) < FAILING || gate.arrived() == 0 {
        pause().await;
    }
    pause().await;
    gate.open();
}

const FAILING: usize = 50;

#[maybe_async]
#[test]
async fn a_key_request_that_fails_fails_for_all_that_wait_for_it() {
    let failures: [(Respond, ErrorKind, usize); 2] =
        [(|| status(503, ""), ErrorKind::Server, 2), (|| status(401, ""), ErrorKind::Application, 1)];
    for (failure, kind, attempts) in failures {
        let (begun, gate) = (Arc::default(), Gate::new());
        let (_end, shut) = (gate.open_at_end(), gate.clone());
        let server = Server::start(move |_| {
            shut.pass();
            failure()
        });
        let retries = RetryPolicy::new().max_attempts(2).initial_backoff(Duration::ZERO);
        let client = client(&server).with_options(CallOptions::new().retry(retries)).unwrap();
        let meeting = (begun, gate);
        in_parallel(FAILING + 1, move |n| fails_or_opens(client.clone(), kind, meeting.clone(), n)).await;
        // A thread that has begun may not wait yet, and asks for itself; tests of tasks count exactly.
        let asked = key_requests(&server);
        assert!(asked <= FAILING / 5 * attempts, "{asked} requests for the key");
    }
}

#[maybe_async]
#[test]
async fn a_slow_key_request_is_repeated_by_one_of_those_that_wait() {
    let (service, gate, asked) = (Service::new(1), Gate::new(), AtomicUsize::new(0));
    let (_end, shut) = (gate.open_at_end(), gate.clone());
    let server = Server::start(move |request| {
        if is_for(request, "/publickey") {
            // The first response comes when the second request does.
            match asked.fetch_add(1, Ordering::SeqCst) {
                0 => shut.pass(),
                _ => shut.open(),
            }
        }
        service.respond(request, refused)
    });
    let client = client(&server);
    in_parallel(30, move |n| log_in(client.clone(), n)).await;
    assert_eq!(key_requests(&server), 2);
}

#[maybe_async]
#[test]
async fn a_refusal_is_the_error_also_where_the_key_cannot_be_asked_for_again() {
    let (service, asked) = (Service::new(2), AtomicUsize::new(0));
    let scripted = service.clone();
    let server =
        Server::start(move |request| match is_for(request, "/publickey") && asked.fetch_add(1, Ordering::SeqCst) > 0 {
            true => status(503, ""),
            false => scripted.respond(request, refused),
        });
    let client = client(&server).with_options(CallOptions::new().retry(RetryPolicy::never())).unwrap();
    client.identity().login("u", "p").await.unwrap();
    service.rotate();
    let error = client.identity().login("u", "p").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Validation, Some(400)), "{error}");
    same(paths(&server, 3), ["aeskey", "publickey"]);
}

#[maybe_async]
async fn logs_in_or_out(client: Client, server: Arc<Server>, may_respond: Arc<AtomicBool>, n: usize) {
    if n == 0 {
        let error = client.log_in().await.unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("logged out"), "{error}");
        return;
    }
    while !server.requests().iter().any(|request| is_for(request, "/login")) {
        pause().await;
    }
    client.set_current_token(None).await.unwrap();
    may_respond.store(true, Ordering::SeqCst);
}

#[maybe_async]
#[test]
async fn a_login_under_which_the_session_is_logged_out_is_no_success() {
    let (service, may_respond) = (Service::new(1), Arc::new(AtomicBool::new(false)));
    let gate = may_respond.clone();
    let server = Arc::new(Server::start(move |request| {
        while is_for(request, "/login") && !gate.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        service.respond(request, refused)
    }));
    let builder = Client::builder(server.url(), "a").credentials(Credentials::password("u", "p"));
    let (client, shared) = (builder.build().unwrap(), server.clone());
    let same_session = client.clone();
    in_parallel(2, move |n| logs_in_or_out(same_session.clone(), shared.clone(), may_respond.clone(), n)).await;
    same(client.current_token().await.unwrap(), None);
    client.log_in().await.unwrap();
    holds(client.current_token().await.unwrap().is_some());
}
