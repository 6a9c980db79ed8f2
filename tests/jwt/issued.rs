//! Tokens that the emulator's Authing issues.

use super::{Verifier, maybe_async, signer::Clock, test};
use iam_sdk::emulator::{Emulator, authing::Jwt};
use serde_json::Value;

/// An emulator, and the id of one of its users.
fn start() -> (Emulator, String) {
    let seed = iam_sdk::emulator::authing::Seed::new("pool", "0123456789abcdef0123456789abcdef");
    let seed = seed.user([("id", "u-1"), ("username", "ann")]);
    (Emulator::builder().authing(seed).start().unwrap(), "u-1".to_owned())
}

#[maybe_async]
#[test]
async fn a_users_token_is_accepted_by_its_application_alone() {
    let (emulator, user) = start();
    let authing = emulator.authing();
    let token = authing.issue_jwt(Jwt::new(&user, "shop").claim("nickname", "Ann")).unwrap();
    let shop = Verifier::for_authing(emulator.base_url(), "shop").build().unwrap();
    let claims = shop.verify(token.clone()).await.unwrap();
    assert_eq!((claims.sub.as_deref(), claims.iss), (Some("u-1"), Some(authing.issuer())));
    assert_eq!(claims.extra.get::<String>("nickname").unwrap().as_deref(), Some("Ann"));
    let warehouse = Verifier::for_authing(emulator.base_url(), "warehouse").build().unwrap();
    let error = warehouse.verify(token).await.unwrap_err();
    assert!(error.to_string().contains("another audience"), "{error}");
    for (jwt, said) in [
        (Jwt::new(&user, "shop").expired(), "has expired"),
        (Jwt::new(&user, "shop").audience(["a", "b"]), "another audience"),
        (Jwt::new(&user, "shop").issuer("https://evil.example"), "another issuer"),
        (Jwt::new(&user, "shop").claim("nbf", 9_999_999_999_u64), "not valid yet"),
        (Jwt::new(&user, "shop").with_secret(), "algorithm"),
    ] {
        let error = shop.verify(authing.issue_jwt(jwt).unwrap()).await.unwrap_err();
        assert!(error.is_authentication() && error.to_string().contains(said), "{said}: {error}");
    }
    let several = authing.issue_jwt(Jwt::new(&user, "shop").audience(["a", "shop"])).unwrap();
    let checked = shop.check(several).await.unwrap();
    assert!(checked.is_some());
    assert!(authing.issue_jwt(Jwt::new("nobody", "shop")).is_err());
}

#[maybe_async]
#[test]
async fn a_token_that_is_signed_with_the_secret_needs_no_keys() {
    let (emulator, user) = start();
    let token = emulator.authing().issue_jwt(Jwt::new(&user, "shop").with_secret()).unwrap();
    let secret = emulator.authing().account().secret.expose_secret().to_owned();
    let verifier = Verifier::for_authing_with_secret(emulator.base_url(), "shop", secret).build().unwrap();
    let claims = verifier.verify(token).await.unwrap();
    assert_eq!((claims.sub.as_deref(), emulator.requests().len()), (Some("u-1"), 0));
}

#[maybe_async]
#[test]
async fn rotated_keys_are_followed() {
    let (emulator, user) = start();
    let (authing, clock) = (emulator.authing(), Clock::default());
    let time = clock.clone();
    let verifier = Verifier::for_authing(emulator.base_url(), "shop").clock(move || time.now()).build().unwrap();
    let issue = || authing.issue_jwt(Jwt::new(&user, "shop")).unwrap();
    let first = issue();
    verifier.verify(first.clone()).await.unwrap();
    authing.rotate_keys().unwrap();
    let second = issue();
    verifier.verify(second.clone()).await.unwrap();
    verifier.verify(first.clone()).await.unwrap();
    authing.rotate_keys().unwrap();
    let third = issue();
    // The fetch for the second key was a moment ago.
    let error = verifier.verify(third.clone()).await.unwrap_err();
    assert!(error.is_authentication(), "{error}");
    clock.ahead(301);
    verifier.verify(third).await.unwrap();
    verifier.verify(second).await.unwrap();
    let gone = verifier.check(first).await.unwrap();
    assert!(gone.is_none(), "its key is published no more");
}

fn ask(emulator: &Emulator, form: String, basic: Option<(&str, &str)>) -> (u16, Value) {
    // A thread of its own: this client blocks.
    let url = format!("{}/token/introspection", emulator.authing().issuer());
    std::thread::scope(|scope| {
        let response = scope.spawn(|| {
            let request = reqwest::blocking::Client::new().post(url).body(form);
            let request = match basic {
                Some((id, secret)) => request.basic_auth(id, Some(secret)),
                None => request,
            };
            let response = request.send().unwrap();
            (response.status().as_u16(), response.json().unwrap())
        });
        response.join().unwrap()
    })
}

#[maybe_async]
#[test]
async fn the_introspection_knows_the_tokens() {
    let (emulator, user) = start();
    let authing = emulator.authing();
    let token = authing.issue_jwt(Jwt::new(&user, "shop")).unwrap();
    let expired = authing.issue_jwt(Jwt::new(&user, "shop").expired()).unwrap();
    let secret = authing.account().secret.expose_secret();
    let form = |token: &str, secret: &str| format!("client_id=shop&client_secret={secret}&token={token}");
    let (status, active) = ask(&emulator, form(token.expose_secret(), secret), None);
    assert_eq!((status, &active["active"], &active["sub"]), (200, &Value::Bool(true), &Value::from("u-1")));
    let basic = ask(&emulator, format!("token={}", token.expose_secret()), Some(("shop", secret)));
    assert_eq!(basic, (200, active));
    for unknown in [expired.expose_secret(), "x", "a.b.c"] {
        let (status, response) = ask(&emulator, form(unknown, secret), None);
        assert_eq!((status, response.to_string().as_str()), (200, r#"{"active":false}"#), "{unknown}");
    }
    assert_eq!(ask(&emulator, form(token.expose_secret(), "wrong"), None).0, 401);
    assert_eq!(ask(&emulator, format!("token={}", token.expose_secret()), None).0, 401);
    assert_eq!(ask(&emulator, String::new(), Some(("shop", secret))).0, 400);
}
