use super::{Client, maybe_async, test};
use crate::support::{
    handshake::Keys,
    holds, same,
    server::{Response, Server, json, status},
};
use iam_sdk::{
    Error, ErrorKind, Method, Result,
    digiwin::{TenantId, User},
};
use std::{
    collections::BTreeSet,
    io::Write,
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// A client with a token, and time enough.
#[maybe_async]
async fn client_of(server: &Server) -> Client {
    let client = Client::builder(server.url(), "app-canary").build().unwrap();
    client.set_current_token(Some("token-canary".into())).await.unwrap();
    client
}

/// Returns the result of one read against a server that sends `response`, and how often it was sent.
#[maybe_async]
async fn read(response: impl Fn() -> Response + Send + Sync + 'static) -> (Result<User>, usize) {
    let server = Server::start(move |_| response());
    let client = client_of(&server).await;
    let result = client.users().get_user("u").await;
    (result, server.requests().len())
}

#[maybe_async]
async fn error_of(response: impl Fn() -> Response + Send + Sync + 'static) -> (Error, usize) {
    let (result, times) = read(response).await;
    (result.unwrap_err(), times)
}

#[maybe_async]
#[test]
async fn every_http_status_is_itself() {
    use ErrorKind::*;
    let kinds = [
        (400, Validation, 1),
        (401, Authentication, 1),
        (403, Authorization, 1),
        (404, NotFound, 1),
        (405, Api, 1),
        (409, Api, 1),
        (429, RateLimited, 3),
        (500, Server, 1),
        (501, Server, 1),
        (502, Server, 3),
        (503, Server, 3),
    ];
    for (code, kind, times) in kinds {
        let body = r#"{"status": 1234, "message": "说不", "data": null}"#;
        let (error, times_sent) = error_of(move || status(code, body)).await;
        assert_eq!((error.kind(), error.status(), times_sent), (kind, Some(code), times), "{code}");
        assert_eq!((error.code(), error.server_message()), (Some("1234"), Some("说不")), "{code}");
        assert_eq!((error.operation(), error.was_sent()), (Some("digiwin.users.get_user"), true));
        assert_eq!(error.body(), Some(body));
    }
}

#[maybe_async]
#[test]
async fn an_html_page_keeps_its_status() {
    let page = "<html><h1>Bad Gateway</h1></html>";
    let (error, _) = error_of(move || status(502, page)).await;
    assert!(error.is_server() && error.is_retryable());
    assert_eq!((error.status(), error.body()), (Some(502), Some(page)));
    assert_eq!(error.to_string(), "digiwin.users.get_user: the service failed (HTTP 502) (3 attempts)");

    let (error, _) = error_of(move || status(200, page)).await;
    assert!(error.is_decode(), "{error}");
    assert_eq!((error.status(), error.body()), (Some(200), Some(page)));
}

#[maybe_async]
#[test]
async fn a_decode_error_names_the_path() {
    let (error, _) = error_of(|| json(r#"{"status": 200, "data": {"id": "u", "sid": "token-canary"}}"#)).await;
    assert!(error.is_decode());
    assert_eq!(error.json_path(), Some("sid"));
    assert!(error.to_string().contains("string instead of a whole number"), "{error}");
    assert!(!format!("{error} {error:?} {:?}", error.body()).contains("token-canary"));
}

#[maybe_async]
#[test]
async fn nothing_is_nothing() {
    for body in
        ["", " ", "null", r#"{"status": 200, "data": null}"#, r#"{"status": "0", "message": null, "data": null}"#]
    {
        holds(error_of(move || status(200, body)).await.0.is_not_found());
    }
    holds(error_of(|| Response::Whole(204, "", String::new())).await.0.is_not_found());
}

#[maybe_async]
#[test]
async fn a_business_error_in_a_success_is_an_error() {
    for (code, kind) in [
        ("401", ErrorKind::Authentication),
        ("\"403\"", ErrorKind::Authorization),
        ("404", ErrorKind::NotFound),
        ("400", ErrorKind::Validation),
        ("503", ErrorKind::Server),
        ("21009", ErrorKind::Business),
    ] {
        let (error, _) = error_of(move || json(format!(r#"{{"status": {code}, "msg": "不行", "data": null}}"#))).await;
        assert_eq!((error.kind(), error.status()), (kind, Some(200)), "{code}");
        assert_eq!((error.code(), error.server_message()), (Some(code.trim_matches('"')), Some("不行")));
    }
}

#[maybe_async]
#[test]
async fn a_login_that_is_no_success_keeps_the_earlier_token() {
    for body in [
        r#"{"status": 500, "message": "系统错误", "data": null}"#,
        r#"{"status": 500, "message": "系统错误"}"#,
        r#"{"userId": "u1", "userName": "no token"}"#,
        r#"{"token": null, "userId": "u1"}"#,
        r#"{"token": "", "userId": "u1"}"#,
        r#"{"status": 200, "data": {"userId": "u1"}}"#,
        "",
    ] {
        let keys = Keys::new();
        let server = Server::start(move |request| keys.respond(request).unwrap_or_else(|| status(200, body)));
        let client = client_of(&server).await;
        let identity = client.identity();
        let errors = [
            identity.login("u1", "pw").await.err(),
            identity.login_ad("u1", "pw").await.err(),
            identity.internal_login(TenantId("T1"), "u1", "pw").await.err(),
            identity.login_verification_code("138", "1").await.err(),
            identity.refresh_token_with_tenant("T1").await.err(),
            identity.refresh_user_token().await.err(),
        ];
        for (n, error) in errors.into_iter().enumerate() {
            let error = error.unwrap_or_else(|| panic!("call {n} took {body} for a success"));
            assert!(!error.is_authentication(), "{error}");
            assert_eq!(error.is_server(), body.contains("500"), "{error}");
        }
        same(client.current_token().await.unwrap(), Some("token-canary".into()));
    }
}

#[maybe_async]
#[test]
async fn a_broken_handshake_is_one_opaque_error() {
    let scripts: [fn(&str) -> Option<String>; 3] = [
        |path| path.ends_with("publickey").then(|| r#"{"publickey-is": "missing", "publicKey": "AAAA"}"#.to_owned()),
        |path| path.ends_with("publickey").then(|| r#"{"publicKey": "!"}"#.to_owned()),
        |path| path.ends_with("aeskey").then(|| r#"{"encryptAesKey": "AAAA"}"#.to_owned()),
    ];
    for script in scripts {
        let keys = Keys::new();
        let server = Server::start(move |request| match script(&request.path) {
            Some(body) => json(body),
            None => keys.respond(request).unwrap(),
        });
        let error = client_of(&server).await.identity().login("u", "password-canary").await.unwrap_err();
        assert!(error.is_crypto(), "{error}");
        assert!(error.to_string().ends_with("the login handshake failed"), "{error}");
        assert!(server.requests().iter().all(|request| !request.path.ends_with("login")));
    }
}

#[maybe_async]
#[test]
async fn what_is_no_read_is_sent_once() {
    let server = Server::start(|_| status(503, ""));
    let client = client_of(&server).await;
    holds(client.tenants().invite_user(TenantId("T1"), "u").await.unwrap_err().is_server());
    holds(client.orgs().delete(1).await.unwrap_err().is_server());
    holds(client.identity().refresh_user_token().await.unwrap_err().is_server());
    assert_eq!(server.requests().len(), 3);
}

#[maybe_async]
#[test]
async fn a_read_succeeds_on_its_second_attempt() {
    let server = Server::start({
        let seen = AtomicUsize::new(0);
        move |_| match seen.fetch_add(1, Ordering::SeqCst) {
            0 => Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":".to_vec()),
            _ => json(r#"{"id": "u"}"#),
        }
    });
    let user = client_of(&server).await.users().get_user("u").await.unwrap();
    assert_eq!((user.id.as_deref(), server.requests().len()), (Some("u"), 2));
}

#[maybe_async]
#[test]
async fn a_response_that_breaks_off_is_no_decode_error() {
    let (error, times) = error_of(|| Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}".to_vec())).await;
    assert_eq!((error.kind(), error.was_sent(), times), (ErrorKind::Transport, true, 3), "{error}");
}

/// A service that has nothing to say says so: with a length of 0, or a last chunk.
#[maybe_async]
#[test]
async fn a_connection_closed_after_the_headers_is_no_empty_response() {
    for (head, is_whole) in [
        ("200 OK\r\n\r\n", false),
        ("200 OK\r\ncontent-length: 0\r\n\r\n", true),
        ("200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", true),
        ("204 No Content\r\n\r\n", true),
    ] {
        let response = format!("HTTP/1.1 {}", head.replacen("\r\n", "\r\nconnection: close\r\n", 1));
        let server = Server::start(move |_| Response::Raw(response.clone().into_bytes()));
        let client = client_of(&server).await;
        let users = client.users().get_user_simple().await;
        assert_eq!(users.as_ref().ok().map(Vec::len), is_whole.then_some(0), "{head}: {users:?}");
        let error = client.users().get_user("u").await.unwrap_err();
        let kind = if is_whole { ErrorKind::NotFound } else { ErrorKind::Transport };
        assert_eq!((error.kind(), error.was_sent()), (kind, true), "{head}: {error}");
        let raw = client.request(Method::POST, "/x").await;
        assert_eq!(raw.is_ok(), is_whole, "{head}: {raw:?}");
        // This one wants nothing.
        client.identity().logout().await.unwrap();
    }
}

#[maybe_async]
#[test]
async fn a_trickle_ends_with_the_timeout() {
    let server = Server::start(|_| Response::Trickle);
    let client = Client::builder(server.url(), "a").timeout(Duration::from_millis(300)).build().unwrap();
    let error = client.users().get_user("u").await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Timeout, true), "{error:?}");
}

#[maybe_async]
#[test]
async fn a_response_over_the_limit_is_not_read() {
    let body = format!("[\"{}\"]", "x".repeat(10_000));
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for response in [format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()), chunked] {
        let server = Server::start(move |_| Response::Raw(response.clone().into_bytes()));
        let client = Client::builder(server.url(), "a").max_response_bytes(10_003).build().unwrap();
        let error = client.users().get_user_simple().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        let client = Client::builder(server.url(), "a").max_response_bytes(10_004).build().unwrap();
        holds(client.users().get_user_simple().await.unwrap_err().is_decode());
    }
}

#[maybe_async]
#[test]
async fn no_redirect_is_followed() {
    let elsewhere = Server::start(|_| json("{}"));
    let target: &'static str = format!("location: {}/x\r\n", elsewhere.url()).leak();
    for code in [301, 302, 307, 308] {
        let (error, _) = error_of(move || Response::Whole(code, target, String::new())).await;
        assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(code)));
    }
    assert!(elsewhere.requests().is_empty());
}

#[maybe_async]
#[test]
async fn a_refused_connection_was_not_sent() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = Client::builder(format!("http://127.0.0.1:{port}"), "a").build().unwrap();
    let error = client.orgs().delete(1).await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Connect, false), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("org/del"), "the URL is not in the text");
}

#[maybe_async]
#[test]
async fn a_server_without_tls_is_a_tls_error_and_not_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        listener
    });
    let client = Client::builder(url, "a").build().unwrap();
    let error = client.users().get_user("u").await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Tls, false), "{error:?}");
    assert!(!error.is_retryable() && error.is_tls() && !error.is_connect());
    let listener = server.join().unwrap();
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "no second connection");
}

#[maybe_async]
#[test]
async fn an_echoed_token_is_not_repeated() {
    let (error, _) = error_of(|| status(401, r#"{"status": 401, "message": "bad token-canary of app-canary"}"#)).await;
    assert_eq!(error.server_message(), Some("bad (redacted) of (redacted)"));
    assert!(!format!("{error} {error:?} {:?}", error.body()).contains("canary"));
}

#[maybe_async]
#[test]
async fn the_service_says_how_long_to_wait() {
    let (error, times) =
        error_of(|| Response::Whole(429, "retry-after: 60\r\nx-request-id: r-1\r\n", String::new())).await;
    assert_eq!((error.retry_after(), times), (Some(Duration::from_secs(60)), 1));
    assert_eq!(error.request_id(), Some("r-1"));
}

#[maybe_async]
#[test]
async fn one_connection_serves_many_calls() {
    let server = Server::start(|_| json(r#"{"id": "u"}"#));
    let client = client_of(&server).await;
    for _ in 0..20 {
        client.users().get_user("u").await.unwrap();
    }
    let connections: BTreeSet<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!((server.requests().len(), connections.len()), (20, 1));
}
