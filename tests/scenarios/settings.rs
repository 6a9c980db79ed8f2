//! Settings of clients.

use super::{Client, maybe_async, test};
use iam_sdk::{Error, RetryPolicy};
use std::time::Duration;

#[maybe_async]
#[test]
async fn a_builder_names_the_setting_that_is_wrong() {
    type Build = fn() -> Option<Error>;
    let wrong: [(&str, Build); 18] = [
        ("base URL: no scheme; write https://…", || Client::builder("iam.example.com:8443", "a").build().err()),
        ("proxy: ", || Client::builder("https://h", "a").proxy("").build().err()),
        ("proxy: ", || Client::builder("https://h", "a").proxy("socks5://p:1080").build().err()),
        ("timeout: ", || Client::builder("https://h", "a").timeout(Duration::ZERO).build().err()),
        ("attempt_timeout: ", || Client::builder("https://h", "a").attempt_timeout(Duration::ZERO).build().err()),
        ("retry: max_attempts: ", || {
            Client::builder("https://h", "a").retry(RetryPolicy::new().max_attempts(0)).build().err()
        }),
        ("retry: initial_backoff: ", || {
            Client::builder("https://h", "a").retry(RetryPolicy::new().max_backoff(Duration::ZERO)).build().err()
        }),
        ("`Keep-Alive`", || Client::builder("https://h", "a").header("Keep-Alive", "x").build().err()),
        ("connect_timeout: ", || Client::builder("https://h", "a").connect_timeout(Duration::ZERO).build().err()),
        ("max_response_bytes: ", || Client::builder("https://h", "a").max_response_bytes(0).build().err()),
        ("base URL", || Client::builder("iam.example.com", "a").build().err()),
        ("base URL", || Client::builder("http://iam.example.com", "a").build().err()),
        ("app token", || Client::builder("https://h", "").build().err()),
        ("app token", || Client::builder("https://h", "a\nb").build().err()),
        ("`bad header`", || Client::builder("https://h", "a").header("bad header", "x").build().err()),
        ("`Digi-Middleware-Auth-User`", || {
            Client::builder("https://h", "a").header("Digi-Middleware-Auth-User", "x").build().err()
        }),
        ("proxy", || Client::builder("https://h", "a").proxy("::").build().err()),
        ("root certificate", || {
            Client::builder("https://h", "a").add_root_certificate("-----BEGIN nothing").build().err()
        }),
    ];
    for (name, build) in wrong {
        let error = build().unwrap();
        assert!(error.is_configuration() && error.to_string().contains(name), "{name}: {error}");
    }
    assert!(Client::builder("http://iam.example.com", "a").allow_http(true).build().is_ok());
}
