//! Guards that users' own unit tests build.

use super::*;
use directory::Person;
use iam_sdk::{
    Client, ErrorKind, UserToken,
    digiwin::UserTokenInfo,
    emulator::Emulator,
    server::{Caller, Fixed},
};

fn user(id: &str) -> UserTokenInfo {
    UserTokenInfo::default().with_user_id(id).with_tenant_id("T1")
}

async fn caller(guard: &Guard<Fixed<UserTokenInfo>>, token: &str) -> Caller {
    guard.check(&bearer(token)).await.unwrap()
}

/// A client that nobody listens to: whoever asks it fails.
fn nowhere() -> Client {
    let client = Client::builder("http://127.0.0.1:9", "app-token").retry(iam_sdk::RetryPolicy::never());
    client.build().unwrap()
}

#[tokio::test]
async fn fixed_tokens_need_no_service() {
    let guard = Guard::fixed([("good", "ann".to_owned())]).build().unwrap();
    assert_eq!(guard.check(&bearer("good")).await.unwrap().user_id(), "ann");
    assert_eq!((status(&guard, "good").await, status(&guard, "bad").await), (200, 401));
}

#[tokio::test]
async fn fixed_roles_and_permissions_ask_no_source() {
    let directory = Directory::default();
    directory.grants(&["clerk", "c1:order.read"]);
    let person = |id: &str| Person { id: id.to_owned(), tenant: Some("T1") };
    let guard = Guard::fixed([("a", person("ann")), ("b", person("bob")), ("c", person("cyd"))])
        .roles("ann", ["admin"])
        .roles("bob", [""; 0])
        .permissions("ann", "c1", ["order.delete"])
        .permissions("ann", "c2", ["order.read"])
        .build()
        .unwrap();
    let who = async |token| guard.check(&bearer(token)).await.unwrap();
    let allowed = |result: Result<(), Rejection>| result.map_or_else(|rejection| rejection.status().as_u16(), |()| 200);
    for (token, role, expected) in [("a", "admin", 200), ("a", "clerk", 403), ("b", "clerk", 403)] {
        assert_eq!(allowed(who(token).await.require_role(&directory, role).await), expected, "{token} {role}");
    }
    for (company, permission, expected) in
        [("c1", "order.delete", 200), ("c2", "order.delete", 403), ("c1", "order.read", 403), ("c9", "order.read", 403)]
    {
        let result = who("a").await.require_permission(&directory, company, permission).await;
        assert_eq!(allowed(result), expected, "{company} {permission}");
    }
    assert_eq!(directory.asked_for_grants(), 0);
    // Of whom the test says nothing, the handler's own source is asked.
    assert_eq!(allowed(who("c").await.require_role(&directory, "clerk").await), 200);
    assert_eq!(allowed(who("b").await.require_permission(&directory, "c1", "order.read").await), 200);
    assert_eq!(directory.asked_for_grants(), 2);
}

#[tokio::test]
async fn a_fixed_guard_without_a_client_says_so() {
    let guard = Guard::fixed([("t", user("ann"))]).build().unwrap();
    let error = caller(&guard, "t").await.client().unwrap_err();
    assert!(error.to_string().contains("set one with `client`"), "{error}");
    assert_eq!((error.kind(), Rejection::from(error).status().as_u16()), (ErrorKind::Configuration, 500));
    // The source that a handler names is asked where the test says nothing.
    assert_eq!(caller(&guard, "t").await.require_role(&nowhere(), "admin").await.unwrap_err().status(), 503);
}

#[tokio::test]
async fn a_fixed_guard_acts_with_the_client_that_it_was_given() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    let login = client.with_session("login").identity().login(&account.user_id, account.password.clone()).await;
    let token: UserToken = login.unwrap().token.unwrap();
    let fixed = [(token.expose_secret(), user(&account.user_id)), ("unknown to the emulator", user("bob"))];
    let fixed = fixed.map(|(token, user)| (token.replace(' ', "-"), user));
    let guard = Guard::fixed(fixed).client(client).build().unwrap();
    let who = caller(&guard, token.expose_secret()).await;
    assert!(!who.client().unwrap().users().get_user_simple().await.unwrap().is_empty());
    // The guard knows the token, whatever the emulator says of it.
    let who = caller(&guard, "unknown-to-the-emulator").await;
    let error = who.client().unwrap().users().get_user_simple().await.unwrap_err();
    assert_eq!(Rejection::from(error).status(), 503);
}
