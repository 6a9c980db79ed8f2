//! The limit of logins, which keeps a wrong password from locking an account.

use super::{ANALYZE, LOGIN, ann, client_with, maybe_async, request_count, test};
use crate::support::holds;
use iam_sdk::{ErrorKind, digiwin::Credentials, emulator::Emulator};

#[maybe_async]
#[test]
async fn a_wrong_password_is_tried_three_times_a_minute() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, Credentials::password("ann", "canary-wrong"));
    for _ in 0..3 {
        let error = client.identity().analyze_token().await.unwrap_err();
        assert!(error.is_authentication() && error.status() == Some(401), "{error}");
        assert_eq!(error.operation(), Some("digiwin.identity.login"));
    }
    for _ in 0..5 {
        let error = client.identity().analyze_token().await.unwrap_err();
        assert_eq!((error.kind(), error.was_sent()), (ErrorKind::LoginLimited, false));
        assert!(error.retry_after().is_some());
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(
            error.to_string().contains("3 logins within 60 s") && source.contains("digiwin.identity.login"),
            "{error}: {source}"
        );
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    assert_eq!((request_count(&emulator, LOGIN), request_count(&emulator, ANALYZE)), (3, 0));
}

#[maybe_async]
#[test]
async fn a_service_that_is_down_is_no_wrong_password() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    for _ in 0..5 {
        emulator.respond_next(LOGIN, 503, "<html>busy</html>");
        holds(client.identity().analyze_token().await.unwrap_err().is_server());
    }
    client.identity().analyze_token().await.unwrap();
    assert_eq!(request_count(&emulator, LOGIN), 6, "a login is not sent again by itself, and not held back");
}

#[maybe_async]
#[test]
async fn a_token_that_is_refused_again_and_again_is_replaced_three_times_a_minute() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    client.identity().analyze_token().await.unwrap();
    for _ in 0..3 {
        emulator.digiwin().expire_tokens();
        client.identity().analyze_token().await.unwrap();
    }
    emulator.digiwin().expire_tokens();
    let error = client.identity().analyze_token().await.unwrap_err();
    assert!(error.to_string().contains("3 logins within 60 s"), "{error}");
    assert_eq!(request_count(&emulator, LOGIN), 4);
}
