//! Sessions with credentials: they log in by themselves, as their own user.

use super::{Client, LOGIN, LicenseClient, ann, client_with, maybe_async, request_count, test};
use crate::support::{holds, same};
use iam_sdk::{
    CallOptions, cloudspot,
    digiwin::{Credentials, TenantId},
    emulator::{
        Emulator,
        digiwin::{Person, Seed, Tenant},
    },
    token_store::MemoryStore,
};
use std::sync::Arc;

#[maybe_async]
#[test]
async fn the_first_call_logs_in() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator).tenant_id("T1"));
    let info = client.identity().analyze_token().await.unwrap();
    assert_eq!((info.user_id.as_deref(), info.tenant_id.as_deref()), (Some("ann"), Some("T1")));
    holds(client.tenants().get_current().await.unwrap().is_some());
    // The handshake of three, and the two calls.
    assert_eq!(emulator.requests().len(), 5);
    // The session is the client's, and nobody else's.
    let other = client.with_session("other").identity().analyze_token().await.unwrap_err();
    assert!(other.is_authentication());
}

#[maybe_async]
#[test]
async fn a_program_logs_in_when_it_says_so() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(MemoryStore::new());
    let account = emulator.digiwin().account();
    let builder = Client::builder(emulator.base_url(), account.app_token.clone()).shared_token_store(store);
    let right = builder.clone().credentials(ann(&emulator).tenant_id("T1")).build().unwrap();
    right.log_in().await.unwrap();
    let first = right.current_token().await.unwrap();
    right.log_in().await.unwrap();
    let second = right.current_token().await.unwrap();
    assert!(first.is_some() && first != second);
    // What the store has does not answer for other credentials, and outlives them.
    let wrong = builder.clone().credentials(Credentials::password(&account.user_id, "no")).build().unwrap();
    holds(wrong.log_in().await.unwrap_err().is_authentication());
    same(right.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T1"));
    // Three wrong ones do not keep the right one from it.
    for _ in 0..3 {
        wrong.log_in().await.unwrap_err();
    }
    right.log_in().await.unwrap();
    // It is in the tenant that the credentials say, not in that of the last session.
    let other = builder.clone().credentials(ann(&emulator).tenant_id("T2")).build().unwrap();
    other.log_in().await.unwrap();
    same(other.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T2"));
    let none = builder.build().unwrap().log_in().await.unwrap_err();
    assert!(none.is_configuration() && none.to_string().contains("with_session_as"), "{none}");
}

#[maybe_async]
#[test]
async fn a_dry_run_logs_nobody_in() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    let dry = client.with_options(CallOptions::new().dry_run(true)).unwrap();
    let error = dry.log_in().await.unwrap_err();
    assert!(error.is_configuration() && error.to_string().contains("dry run"), "{error}");
    same(emulator.requests().len(), 0);
    client.log_in().await.unwrap();
    same(request_count(&emulator, LOGIN), 1);
}

#[maybe_async]
#[test]
async fn after_a_tenant_switch_the_next_token_is_in_the_same_tenant() {
    let emulator = Emulator::start().unwrap();
    let store = Arc::new(MemoryStore::new());
    let account = emulator.digiwin().account();
    let builder = Client::builder(emulator.base_url(), account.app_token.clone());
    let builder = builder.credentials(ann(&emulator).tenant_id("T1")).shared_token_store(store);
    let client = builder.clone().build().unwrap();
    client.identity().refresh_token_with_tenant("T2").await.unwrap();
    emulator.digiwin().expire_tokens();
    same(client.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T2"));
    client.identity().refresh_user_token().await.unwrap();
    emulator.digiwin().expire_tokens();
    // Also where the session goes on in another client.
    let next = builder.build().unwrap();
    same(next.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T2"));
}

#[maybe_async]
#[test]
async fn a_tenant_that_is_no_longer_allowed_is_told() {
    let tenant = |id: &str| {
        Tenant::new(id, id).application("app", "2099-01-01 00:00:00").member("ann", "admin").member("bob", "admin")
    };
    let seed = Seed::new("app", "app-token").person(Person::new("ann", "pw-ann")).person(Person::new("bob", "pw-bob"));
    let emulator = Emulator::builder().digiwin(seed.tenant(tenant("T1"))).start().unwrap();
    let client = client_with(&emulator, Credentials::password("ann", "pw-ann").tenant_id("T1"));
    client.identity().analyze_token().await.unwrap();
    let admin = client.with_session_as("admin", Credentials::password("bob", "pw-bob").tenant_id("T1"));
    admin.tenants().remove_user("ann").await.unwrap();
    emulator.digiwin().revoke_tokens("ann");
    let before = emulator.requests().len();
    let error = client.identity().analyze_token().await.unwrap_err();
    assert!(error.is_authorization() && error.operation() == Some("digiwin.identity.login"), "{error}");
    assert_eq!(emulator.requests().len() - before, 3, "refused, and a login with the key that is known");
}

#[maybe_async]
#[test]
async fn a_session_with_credentials_takes_no_other_users_token() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    let errors = [
        client.identity().login("bob", "pw").await.err(),
        client.identity().login_ad("bob", "pw").await.err(),
        client.identity().login_verification_code("1", "2").await.err(),
        client.identity().internal_login(TenantId("T1"), "bob", "pw").await.err(),
        client.set_current_token(Some("bob's".into())).await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(error.is_configuration() && error.to_string().contains("credentials"), "{error}");
    }
    same(request_count(&emulator, LOGIN), 0);
    client.identity().logout().await.unwrap();
    client.set_current_token(None).await.unwrap();
    same(client.identity().analyze_token().await.unwrap().user_id.as_deref(), Some("ann"));
}

#[maybe_async]
#[test]
async fn a_logout_logs_nobody_in() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, ann(&emulator));
    client.identity().logout().await.unwrap();
    same(emulator.requests().len(), 0);
    client.identity().analyze_token().await.unwrap();
    client.identity().logout().await.unwrap();
    same(client.current_token().await.unwrap(), None);
    client.identity().analyze_token().await.unwrap();
    emulator.digiwin().expire_tokens();
    let before = emulator.requests().len();
    holds(client.identity().logout().await.unwrap_err().is_authentication());
    assert_eq!((emulator.requests().len() - before, request_count(&emulator, LOGIN)), (1, 2));
}

#[maybe_async]
#[test]
async fn cloudspot_logs_in_again_too() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.cloudspot().account();
    let path = "/api/v1/auth/authenticate/";
    let builder = LicenseClient::builder(&account.application).base_url(emulator.base_url() + "/api/v1");
    let credentials = cloudspot::Credentials::password(&account.username, account.password.clone());
    let client = builder.clone().credentials(credentials.clone()).build().unwrap();
    client.get_user().await.unwrap();
    assert_eq!(emulator.requests().len(), 2);
    emulator.cloudspot().revoke_tokens(&account.username);
    client.get_permissions().await.unwrap();
    assert_eq!((emulator.requests().len(), request_count(&emulator, path)), (5, 2));
    holds(client.authenticate("x", "y").await.unwrap_err().is_configuration());
    holds(client.set_current_token(Some("x".into())).await.unwrap_err().is_configuration());
    let session = client.with_session_as("two", credentials);
    session.get_user().await.unwrap();
    assert_eq!(request_count(&emulator, path), 3);

    let wrong = builder.credentials(cloudspot::Credentials::password(&account.username, "wrong")).build().unwrap();
    for attempt in 0..6 {
        let error = wrong.get_user().await.unwrap_err();
        assert_eq!((error.is_authentication(), error.is_login_limited()), (attempt < 3, attempt >= 3), "{error}");
        // The session's own: no fault of a server's client.
        assert_eq!((error.is_session_login(), error.suggested_status()), (true, 503), "{error}");
    }
    assert_eq!(request_count(&emulator, path), 6);
}

/// Credentials whose provider is async, and needs a tokio runtime in the blocking flavour too.
fn from_a_future(emulator: &Emulator) -> Credentials {
    let password = emulator.digiwin().account().password.clone();
    Credentials::from_async_fn("ann", move || {
        let password = password.clone();
        async move {
            tokio::task::yield_now().await;
            std::io::Result::Ok(Credentials::password("ann", password).tenant_id("T1"))
        }
    })
}

#[maybe_async]
#[test]
async fn credentials_come_from_a_future() {
    let emulator = Emulator::start().unwrap();
    let client = client_with(&emulator, from_a_future(&emulator));
    same(client.identity().analyze_token().await.unwrap().tenant_id.as_deref(), Some("T1"));
}
