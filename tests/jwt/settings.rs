//! Settings of verifiers.

use super::{
    Verifier, maybe_async,
    signer::{AUDIENCE, KEY, jwks},
    test,
};
use iam_sdk::{
    Error,
    jwt::{Algorithm, KeySource},
};
use std::time::Duration;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn with_keys() -> iam_sdk::jwt::VerifierBuilder<Verifier> {
    Verifier::builder(KeySource::fixed(jwks(&[KEY]).to_string())).issuer("i").audience(AUDIENCE)
}

fn with(source: KeySource) -> iam_sdk::jwt::VerifierBuilder<Verifier> {
    Verifier::builder(source).issuer("i").audience(AUDIENCE)
}

#[maybe_async]
#[test]
async fn a_builder_names_the_setting_that_is_missing_or_wrong() {
    type Build = fn() -> Option<Error>;
    let wrong: [(&str, Build); 26] = [
        ("issuer: not set", || Verifier::builder(KeySource::secret(SECRET)).audience("a").build().err()),
        ("audience: not set", || Verifier::builder(KeySource::secret(SECRET)).issuer("i").build().err()),
        ("audience: not set", || Verifier::builder(KeySource::discovery("https://h/oidc")).build().err()),
        ("issuer: it is empty", || with_keys().issuer(" ").build().err()),
        ("audience: it is empty", || with_keys().audience("").build().err()),
        ("token_type: it is empty", || with_keys().token_type("application/").build().err()),
        ("algorithms: the list is empty", || with_keys().algorithms([]).build().err()),
        ("algorithms: HS256 takes a secret", || with_keys().algorithms([Algorithm::HS256]).build().err()),
        ("algorithms: HS256 takes a secret", || {
            with_keys().algorithms([Algorithm::RS256, Algorithm::HS256]).build().err()
        }),
        ("algorithms: RS256 takes public keys", || {
            with(KeySource::secret(SECRET)).algorithms([Algorithm::RS256]).build().err()
        }),
        ("too short for HS256", || with(KeySource::secret("secret")).build().err()),
        ("too short for HS512", || with(KeySource::secret(SECRET)).algorithms([Algorithm::HS512]).build().err()),
        ("leeway: ", || with_keys().leeway(Duration::from_secs(601)).build().err()),
        ("keep_for: zero", || with_keys().keep_for(Duration::ZERO).build().err()),
        ("unknown_key_interval: zero", || with_keys().unknown_key_interval(Duration::ZERO).build().err()),
        ("refresh_after: longer", || with_keys().keep_for(Duration::from_secs(1)).build().err()),
        ("timeout: ", || with_keys().timeout(Duration::ZERO).build().err()),
        ("key set: ", || with(KeySource::fixed("{}")).build().err()),
        ("issuer: no scheme", || with(KeySource::discovery("h/oidc")).build().err()),
        ("issuer: plain http", || with(KeySource::discovery("http://h/oidc")).build().err()),
        ("URL of the keys: plain http", || with(KeySource::url("http://h/keys")).build().err()),
        ("issuer: it must not hold a user name or password", || {
            with(KeySource::discovery("https://u:canary@h/oidc")).build().err()
        }),
        ("issuer: it must not hold a user name or password", || {
            Verifier::for_authing_with_secret("https://u:canary@h", "shop", SECRET).build().err()
        }),
        ("issuer: it must not hold a user name or password", || {
            Verifier::for_authing("https://canary@h", "shop").build().err()
        }),
        ("URL of the keys: it must not hold a user name or password", || {
            with(KeySource::url("https://u:canary@h/keys")).build().err()
        }),
        ("URL of the keys: it is not a URL", || with(KeySource::url("keys")).build().err()),
    ];
    for (said, build) in wrong {
        let error = build().expect(said);
        assert!(error.is_configuration() && error.to_string().contains(said), "{said}: {error}");
        assert!(!format!("{error} {error:#?}").contains("canary"), "{error:#?}");
    }
    assert!(with(KeySource::discovery("http://h/oidc")).allow_http(true).build().is_ok());
    assert!(Verifier::for_authing("https://shop.example/", "shop").build().is_ok());
}

#[maybe_async]
#[test]
async fn no_secret_is_shown() {
    let builder = Verifier::for_authing_with_secret("https://h", "shop", "canary-0123456789abcdef0123456789");
    let text = format!("{builder:?} {builder:#?} {:?}", builder.clone().build().unwrap());
    assert!(text.contains("https://h/oidc") && text.contains("shop") && !text.contains("canary"), "{text}");
    let keys = format!("{:?}", KeySource::fixed("canary"));
    assert!(!keys.contains("canary"));
    for host in ["https://u:canary@h", "https://canary@h", "u:canary@h", " https://u:canary@h"] {
        let builders = [
            Verifier::builder(KeySource::discovery(host)).issuer(host),
            Verifier::builder(KeySource::url(host)),
            Verifier::for_authing(host, "shop"),
            Verifier::for_authing_with_secret(host, "shop", SECRET),
        ];
        let text = format!("{builders:?} {builders:#?}");
        assert!(!text.contains("canary") && text.contains("(redacted)@h"), "{text}");
    }
}
