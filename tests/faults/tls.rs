use super::{Client, maybe_async, test};
use crate::support::tls::{self, Certificate};
use iam_sdk::ErrorKind;
use std::time::Duration;

#[maybe_async]
#[test]
async fn a_certificate_is_checked_unless_told_otherwise() {
    let server = tls::start();
    let builder = || Client::builder(&server.url, "a");

    let untrusted = builder().build().unwrap().users().get_user_simple().await.unwrap_err();
    assert_eq!((untrusted.kind(), untrusted.was_sent()), (ErrorKind::Tls, false), "{untrusted:?}");

    let trusting = builder().add_root_certificate(&server.root).build().unwrap();
    trusting.users().get_user_simple().await.unwrap();

    let another = builder().add_root_certificate(tls::start().root).build().unwrap();
    let untrusted = another.users().get_user_simple().await.unwrap_err();
    assert_eq!(untrusted.kind(), ErrorKind::Tls, "{untrusted:?}");

    let careless = builder().verify_tls(false).build().unwrap();
    careless.users().get_user_simple().await.unwrap();
}

#[maybe_async]
#[test]
async fn a_refused_certificate_is_named_with_the_reason() {
    let table = [
        (Certificate::Expired, "expired"),
        (Certificate::OtherIssuer, "issuer"),
        (Certificate::OtherName, "name"),
        (Certificate::Authority, "CA certificate"),
    ];
    for (certificate, word) in table {
        let server = tls::start_with(certificate);
        let client = Client::builder(&server.url, "a").add_root_certificate(&server.root).build().unwrap();
        let error = client.users().get_user_simple().await.unwrap_err();
        assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Tls, false), "{certificate:?}: {error:?}");
        assert!(!error.is_retryable(), "{certificate:?}: {error:?}");
        assert!(error.to_string().contains(word), "{certificate:?}: {word} is not in the line: {error}");
        assert_eq!(error.to_string().lines().count(), 1);
        assert_eq!(server.requests(), 0);
    }
}

#[maybe_async]
#[test]
async fn tls_that_breaks_after_the_request_is_no_failed_handshake() {
    // Plain text; a record of random bytes, which does not decrypt; an alert in clear; a record longer than any may be.
    let endings: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        b"\x17\x03\x03\x00\x18aaaaaaaaaaaaaaaaaaaaaaaa",
        b"\x15\x03\x03\x00\x02\x02\x50",
        b"\x17\x03\x03\xff\xffaaaaaaaa",
    ];
    for ending in endings {
        let server = tls::start_breaking(ending);
        let builder = Client::builder(&server.url, "a").timeout(Duration::from_secs(20));
        let client = builder.add_root_certificate(&server.root).build().unwrap();
        client.set_current_token(Some("t".into())).await.unwrap();
        let error = client.orgs().delete(1).await.unwrap_err();
        let seen = (error.kind(), error.was_sent(), server.requests());
        assert_eq!(seen, (ErrorKind::Transport, true, 1), "{ending:?}: {error:?}");
        assert!(!error.to_string().contains("handshake"), "{error}");
    }
}
