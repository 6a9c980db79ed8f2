//! Where sessions have their credentials from, and what of them is refused before anything is sent.

use super::{Client, LicenseClient, ann, client_with, maybe_async, test};
use crate::support::{
    same,
    server::{Server, json, status},
};
use iam_sdk::{
    ErrorKind, Method, Result,
    digiwin::{Credentials, TenantId},
    emulator::Emulator,
    token_store::StoredToken,
};
use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

#[maybe_async]
#[test]
async fn other_ways_to_log_in() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let password = || account.password.clone();
    let ways = [
        Credentials::active_directory("ann@digiwin.com", password()),
        Credentials::internal(TenantId("T1"), "ann", password()),
        Credentials::from_fn("ann", {
            let password = password();
            move || std::io::Result::Ok(Credentials::password("ann", password.clone()))
        }),
    ];
    for credentials in ways {
        let client = client_with(&emulator, credentials);
        same(client.identity().analyze_token().await.unwrap().user_id.as_deref(), Some("ann"));
        // An internal user too is switched back to the tenant that the session was in.
        client.identity().refresh_token_with_tenant("T2").await.unwrap();
        emulator.digiwin().expire_tokens();
        same(client.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T2"));
    }
    let token = client_with(&emulator, ann(&emulator));
    token.identity().analyze_token().await.unwrap();
    let token = token.current_token().await.unwrap().unwrap();
    let given = client_with(
        &emulator,
        Credentials::from_fn("t", move || std::io::Result::Ok(Credentials::token(StoredToken::new(token.clone())))),
    );
    same(given.identity().analyze_token().await.unwrap().user_id.as_deref(), Some("ann"));
}

#[maybe_async]
#[test]
async fn a_provider_is_asked_for_each_login_and_its_failure_is_told() {
    let emulator = Emulator::start().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let (counted, right) = (calls.clone(), ann(&emulator));
    let client = client_with(
        &emulator,
        Credentials::from_fn("vault", move || match counted.fetch_add(1, Ordering::SeqCst) {
            0..5 => Err(io::Error::new(io::ErrorKind::Interrupted, "the prompt was cancelled")),
            _ => Ok(right.clone()),
        }),
    );
    // So often a wrong password could not be tried.
    for _ in 0..5 {
        let error = client.identity().analyze_token().await.unwrap_err();
        assert_eq!((error.kind(), error.was_sent(), error.is_retryable()), (ErrorKind::Credentials, false, false));
        let cause = std::error::Error::source(&error).unwrap().downcast_ref::<io::Error>();
        assert_eq!(cause.unwrap().kind(), io::ErrorKind::Interrupted);
        assert!(format!("{error:?}").contains("the prompt was cancelled"), "{error:?}");
    }
    client.identity().analyze_token().await.unwrap();
    emulator.digiwin().expire_tokens();
    client.identity().analyze_token().await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 7);
}

#[maybe_async]
#[test]
async fn what_a_provider_gives_must_be_of_use() {
    let emulator = Emulator::start().unwrap();
    type Provide = fn() -> Result<Credentials>;
    let useless: [(&str, Provide); 3] = [
        ("another provider", || Ok(Credentials::from_fn("b", || Err::<Credentials, _>("never called")))),
        ("the password is empty", || Ok(Credentials::password("ann", ""))),
        ("the token is empty", || Ok(Credentials::token(StoredToken::new("".into())))),
    ];
    for (what, provide) in useless {
        let client = client_with(&emulator, Credentials::from_fn("a", provide));
        let error = client.identity().analyze_token().await.unwrap_err();
        assert!(error.is_credentials() && error.to_string().contains(what), "{what}: {error}");
    }
    // A store that may be back soon, for example, is worth another attempt.
    let vault = Credentials::from_fn("a", || Err(iam_sdk::Error::store_unavailable("the vault is sealed")));
    let error = client_with(&emulator, vault).identity().analyze_token().await.unwrap_err();
    assert!(error.is_credentials() && error.is_retryable(), "{error:?}");
    same(emulator.requests().len(), 0);
}

#[maybe_async]
#[test]
async fn credentials_that_are_incomplete_are_refused_before_anything_is_sent() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    let incomplete = [
        ("the password is empty", Credentials::password("ann", "")),
        ("the user is empty", Credentials::active_directory("", "pw")),
        ("the tenant is empty", Credentials::internal(TenantId(""), "ann", "pw")),
    ];
    for (what, credentials) in incomplete {
        let builder = Client::builder(emulator.base_url(), "a").credentials(credentials.clone());
        let error = builder.build().unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(what), "{error}");
        let session = client.with_session_as(what, credentials);
        let error = session.identity().analyze_token().await.unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(what), "{error}");
    }
    let free = client.with_session("free");
    let license = LicenseClient::builder("pos").base_url(emulator.base_url() + "/api/v1").build().unwrap();
    let errors = [
        free.identity().login("ann", "").await.err(),
        free.identity().login_ad("", "pw").await.err(),
        free.identity().internal_login(TenantId(""), "ann", "pw").await.err(),
        free.identity().login_verification_code("1380", "").await.err(),
        license.authenticate("ann", "").await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(error.is_invalid_argument() && error.to_string().contains("empty"), "{error}");
    }
    same(emulator.requests().len(), 0);
}

/// A token in a vault that rotates it, and a service that accepts the current one alone and refuses one path to everybody.
#[maybe_async]
#[test]
async fn tokens_of_a_provider_are_no_logins_that_could_lock_an_account() {
    let vault = Arc::new(Mutex::new("first"));
    let accepted = vault.clone();
    let server = Server::start(move |request| {
        let is_current =
            request.headers.get("digi-middleware-auth-user").is_some_and(|token| token == *accepted.lock().unwrap());
        match is_current && request.path != "/closed" {
            true => json(r#"{"id": "u"}"#),
            false => status(401, "{}"),
        }
    });
    let given = vault.clone();
    let provide = move || io::Result::Ok(Credentials::token(StoredToken::new((*given.lock().unwrap()).into())));
    let client =
        Client::builder(server.url(), "a").credentials(Credentials::from_fn("vault", provide)).build().unwrap();
    for _ in 0..5 {
        let refused = client.request(Method::GET, "/closed").await.unwrap_err();
        same(refused.kind(), ErrorKind::Authentication);
        client.users().get_user("u").await.unwrap();
    }
    *vault.lock().unwrap() = "second";
    client.users().get_user("u").await.unwrap();
}
