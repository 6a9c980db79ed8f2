//! Compressed responses, from an emulator that compresses and from servers that get it wrong.

use super::{Client, maybe_async, test};
use crate::support::server::{Response, Server};
use flate2::{Compression, write::GzEncoder};
use iam_sdk::{
    ErrorKind, Method, RequestOptions, RetryPolicy,
    digiwin::{Credentials, UserQueryType},
    emulator::{Emulator, Fault},
};
use std::io::Write as _;

const USER: &str = r#"{"id": "ann", "name": "Ann", "email": "ann@example.com"}"#;

fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn client(emulator: &Emulator, gzip: bool) -> Client {
    let account = emulator.digiwin().account();
    Client::builder(emulator.base_url(), account.app_token.clone())
        .credentials(Credentials::password(&account.user_id, account.password.clone()))
        .retry(RetryPolicy::never())
        .gzip(gzip)
        .build()
        .unwrap()
}

#[maybe_async]
#[test]
async fn gzip_is_offered_on_what_may_be_long_and_never_on_a_login() {
    let emulator = Emulator::builder().gzip(true).start().unwrap();
    let (compressed, plain) = (client(&emulator, true), client(&emulator, false));
    let mut lists = Vec::new();
    for client in [&compressed, &plain] {
        let simple = client.users().get_user_simple().await.unwrap();
        let queried = client.users().query_users(UserQueryType::All).await.unwrap();
        assert!(!simple.is_empty() && !queried.is_empty());
        lists.push((simple, queried));
    }
    assert!(lists[0] == lists[1]);
    let requests = emulator.requests();
    let offers = requests.iter().filter_map(|request| Some((request.path.clone(), request.header("accept-encoding")?)));
    let offers: Vec<_> = offers.collect();
    let offer = |path: &str| (format!("/api/iam/v2/{path}"), "gzip");
    assert_eq!(offers, [offer("user/simple"), offer("user/query")]);

    // What was compressed is: half of it is no gzip, where half of a plain response is no JSON.
    emulator.fault(Fault::truncated_json().on("digiwin.users").times(2));
    let error = compressed.users().get_user_simple().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    assert!(error.to_string().contains("gzip"), "{error}");
    let error = plain.users().get_user_simple().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
}

#[maybe_async]
#[test]
async fn a_compressed_response_that_is_cut_off_or_rewritten_is_treated_like_a_plain_one() {
    let emulator = Emulator::builder().gzip(true).start().unwrap();
    let client = client(&emulator, true);
    let expected = client.users().get_user_simple().await.unwrap();
    emulator.fault(Fault::cut_body().on("digiwin.users.get_user_simple").times(1));
    let error = client.users().get_user_simple().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    emulator.fault(Fault::unknown_members().on("digiwin.users.get_user_simple").times(1));
    let users = client.users().get_user_simple().await.unwrap();
    assert_eq!(users.len(), expected.len());
    assert!(users.iter().all(|user| !user.extra.is_empty()));
}

#[maybe_async]
#[test]
async fn what_is_damaged_is_an_error_and_never_a_success() {
    let whole = gzip(USER);
    let mut flipped = whole.clone();
    flipped[20] ^= 1;
    let mut wrong_sum = whole.clone();
    wrong_sum[whole.len() - 8] ^= 1;
    for (what, sent, expected) in [
        ("whole", whole.clone(), None),
        ("cut off before its end", whole[..whole.len() - 9].to_vec(), Some(ErrorKind::Transport)),
        ("cut off in its checksum", whole[..whole.len() - 1].to_vec(), Some(ErrorKind::Transport)),
        ("a bit is wrong", flipped, Some(ErrorKind::Transport)),
        ("the checksum is wrong", wrong_sum, Some(ErrorKind::Transport)),
        ("something follows", [&whole[..], b"{}"].concat(), Some(ErrorKind::Transport)),
        ("not compressed at all", USER.as_bytes().to_vec(), Some(ErrorKind::Transport)),
        ("compressed twice", gzip(&String::from_utf8_lossy(&whole)), Some(ErrorKind::Decode)),
        ("no JSON inside", gzip("<html></html>"), Some(ErrorKind::Decode)),
    ] {
        let server = Server::start(move |_| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", sent.len());
            Response::Raw([head.as_bytes(), &sent].concat())
        });
        let client = Client::builder(server.url(), "a").retry(RetryPolicy::never()).build().unwrap();
        let client = client.with_token("t").unwrap();
        let result = client.users().get_user("ann").await;
        assert_eq!(result.as_ref().err().map(iam_sdk::Error::kind), expected, "{what}: {result:?}");
        assert!(result.map_or(true, |user| user.id.as_deref() == Some("ann")), "{what}");
    }
}

/// What does not compress takes more when it is.
#[maybe_async]
#[test]
async fn the_limit_is_of_the_content_also_where_the_compressed_length_is_announced() {
    let sent = gzip(USER);
    assert!(sent.len() > USER.len());
    let server = Server::start(move |_| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", sent.len());
        Response::Raw([head.as_bytes(), &sent].concat())
    });
    for (limit, kind) in [(USER.len(), None), (USER.len() - 1, Some(ErrorKind::TooLarge))] {
        let client = Client::builder(server.url(), "a").max_response_bytes(limit).build().unwrap();
        let result = client.with_token("t").unwrap().users().get_user("ann").await;
        assert_eq!(result.err().map(|error| error.kind()), kind, "{limit}");
    }
    let announced = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2000000\r\n\r\n";
    let server = Server::start(move |_| Response::Raw(announced.as_bytes().to_vec()));
    let client = Client::builder(server.url(), "a").max_response_bytes(1_000_000).build().unwrap();
    let error = client.with_token("t").unwrap().users().get_user("ann").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[maybe_async]
#[test]
async fn an_error_page_that_cannot_be_read_keeps_its_status() {
    let whole = gzip("<html>no</html>");
    for (status, kind) in [(401, ErrorKind::Authentication), (503, ErrorKind::Server)] {
        for (what, sent) in [
            ("whole", whole.clone()),
            ("damaged", whole[..whole.len() - 9].to_vec()),
            ("not compressed at all", b"<html>no</html>".to_vec()),
        ] {
            let server = Server::start(move |_| {
                let head = "content-encoding: gzip\r\ncontent-length";
                let head = format!("HTTP/1.1 {status} X\r\n{head}: {}\r\n\r\n", sent.len());
                Response::Raw([head.as_bytes(), &sent].concat())
            });
            let client = Client::builder(server.url(), "a").retry(RetryPolicy::never()).build().unwrap();
            let error = client.with_token("t").unwrap().users().get_user("ann").await.unwrap_err();
            assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{what}: {error}");
        }
    }
}

#[maybe_async]
#[test]
async fn the_headers_of_a_raw_response_are_of_the_body_that_it_has() {
    let emulator = Emulator::builder().gzip(true).start().unwrap();
    let client = client(&emulator, true);
    let path = "/api/iam/v2/user/simple";
    let response = client.request_for_response(Method::GET, path, RequestOptions::new()).await.unwrap();
    let offered = emulator.requests().pop().unwrap();
    assert_eq!((offered.path.as_str(), offered.header("accept-encoding")), (path, Some("gzip")));
    assert_eq!(response.status, 200);
    assert_eq!(response.headers["content-type"], "application/json");
    assert!(!response.headers.contains_key("content-encoding") && !response.headers.contains_key("content-length"));
    let users: Vec<serde_json::Value> = serde_json::from_str(response.data.as_text()).unwrap();
    let simple = client.users().get_user_simple().await.unwrap();
    assert_eq!(users.len(), simple.len());
}
