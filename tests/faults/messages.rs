//! What errors say to whoever has to mend something.

use super::{Client, maybe_async, test};
use crate::support::server::{Response, Server};
use iam_sdk::{Error, ErrorKind, RetryPolicy, digiwin::Credentials};
use std::{net::TcpListener, time::Duration};

const LIMIT: Duration = Duration::from_millis(300);

/// What a call fails with: its kind, and its text after the kind's own.
#[maybe_async]
async fn failure_of(client: Client) -> (ErrorKind, String) {
    let error = client.with_token("token-canary").unwrap().users().get_user("user-canary").await.unwrap_err();
    let text = format!("{error} {error:?} {error:#?}");
    assert!(!text.contains("canary"), "a path, a query, a password or a token: {text}");
    (error.kind(), detail_of(&error))
}

fn detail_of(error: &Error) -> String {
    let text = error.to_string();
    text.split_once(&format!("{}: ", error.kind())).map_or(text.clone(), |(_, detail)| detail.to_owned())
}

/// An address at which nobody listens.
fn closed() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[maybe_async]
#[test]
async fn a_network_error_names_the_host_and_the_reason() {
    let (closed, proxy) = (closed(), closed());
    let refused = failure_of(Client::builder(format!("http://{closed}/path-canary"), "a").build().unwrap()).await;
    assert_eq!(refused, (ErrorKind::Connect, format!("{closed}: connection refused (3 attempts)")));

    let builder = Client::builder("https://iam.invalid/path-canary", "a");
    let through = builder.proxy(format!("http://user:pw-canary@{proxy}")).build().unwrap();
    let failure = failure_of(through).await;
    assert_eq!(
        failure,
        (ErrorKind::Connect, format!("iam.invalid (through the proxy {proxy}): connection refused (3 attempts)"))
    );

    // A proxy of its own, so that none of the machine's is asked.
    let unknown = Client::builder("https://iam.invalid", "a").proxy("nowhere.invalid:3128").build().unwrap();
    let failure = failure_of(unknown).await;
    assert_eq!(
        failure,
        (
            ErrorKind::Connect,
            "iam.invalid (through the proxy nowhere.invalid:3128): name not found (3 attempts)".to_owned()
        )
    );
}

#[maybe_async]
#[test]
async fn a_connection_that_breaks_says_how() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}".to_vec();
    for head in [half, Vec::new()] {
        let server = Server::start(move |_| Response::Raw(head.clone()));
        let (kind, text) = failure_of(Client::builder(server.url(), "a").build().unwrap()).await;
        let host = server.url().replace("http://", "");
        assert_eq!(kind, ErrorKind::Transport);
        assert!(text.starts_with(&format!("{host}: ")) && text.contains("the server closed the connection"), "{text}");
    }
}

#[maybe_async]
#[test]
async fn a_timeout_names_the_limit_and_what_was_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap();
    let client =
        Client::builder(format!("http://{host}"), "a").timeout(LIMIT).retry(RetryPolicy::never()).build().unwrap();
    let failure = failure_of(client).await;
    assert_eq!(failure, (ErrorKind::Timeout, format!("{host}: no response within the limit of 300ms (timeout)")));

    let server = Server::start(|_| Response::Trickle);
    let host = server.url().replace("http://", "");
    let client = Client::builder(server.url(), "a").timeout(LIMIT).retry(RetryPolicy::never()).build().unwrap();
    let failure = failure_of(client).await;
    assert_eq!(
        failure,
        (
            ErrorKind::Timeout,
            format!("{host}: the response was not read to its end within the limit of 300ms (timeout)")
        )
    );

    // It accepts the connection, and no handshake begins.
    let host = silent.local_addr().unwrap();
    let client = Client::builder(format!("https://{host}"), "a").connect_timeout(LIMIT).build().unwrap();
    let failure = failure_of(client).await;
    let text = format!("{host}: not connected within the limit of 300ms (connect_timeout) (3 attempts)");
    assert_eq!(failure, (ErrorKind::Timeout, text));

    let slow = Credentials::from_fn("ann", || {
        std::thread::sleep(3 * LIMIT);
        std::io::Result::Ok(Credentials::password("ann", "pw"))
    });
    let client = Client::builder("http://127.0.0.1:9", "a").credentials(slow).timeout(LIMIT).build().unwrap();
    let error = client.identity().analyze_token().await.unwrap_err();
    assert!(
        error.is_timeout() && error.to_string().contains("took longer than the limit of 300ms (timeout)"),
        "{error}"
    );
}

#[maybe_async]
#[test]
async fn a_refused_application_is_no_wrong_password() {
    let server = Server::start(|_| crate::support::server::status(401, r#"{"message": "unknown application"}"#));
    let credentials = Credentials::password("ann", "pw");
    let client = Client::builder(server.url(), "a").credentials(credentials).build().unwrap();
    let error = client.identity().analyze_token().await.unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        "digiwin.identity.get_public_key: the service refused the application (HTTP 401): unknown application"
    );
    assert!(error.is_application() && error.suggested_status() == 503 && error.is_session_login());
    let error = client.with_session("x").identity().login("ann", "pw").await.unwrap_err();
    assert!(error.is_application() && !error.is_session_login(), "{error}");
}
