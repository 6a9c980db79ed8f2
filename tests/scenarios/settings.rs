//! Settings of clients.

use super::{Client, maybe_async, test};
use iam_sdk::Error;

#[maybe_async]
#[test]
async fn a_builder_names_the_setting_that_is_wrong() {
    type Build = fn() -> Option<Error>;
    let wrong: [(&str, Build); 8] = [
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
