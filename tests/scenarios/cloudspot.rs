use super::{LicenseClient, maybe_async, test};
use crate::support::{holds, same};
use iam_sdk::{
    ErrorKind,
    emulator::{
        Emulator,
        cloudspot::{Person, Seed, Settings},
    },
};
use std::time::Duration;

fn client_of(emulator: &Emulator, application: &str) -> LicenseClient {
    LicenseClient::builder(application).base_url(emulator.base_url() + "/api/v1").build().unwrap()
}

#[maybe_async]
#[test]
async fn a_user_logs_in_and_sees_what_they_may_do() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.cloudspot().account();
    let client = client_of(&emulator, &account.application);
    let license = client.authenticate(&account.username, account.password.clone()).await.unwrap();
    assert!(license.token.is_some());
    same(client.current_token().await.unwrap(), license.token.clone());
    let bakery = license.company("c1").unwrap();
    assert_eq!(bakery.company_name.as_deref(), Some("Bakkerij Peeters"));
    assert!(bakery.has("use_app") && bakery.has("refund") && !bakery.has("close_orders"));
    assert!(license.company("c2").is_none(), "a company in which the user may not use the application");

    let user = client.get_user().await.unwrap();
    assert_eq!((user.first_name.as_deref(), user.last_name.as_deref()), (Some("Els"), Some("Peeters")));
    assert_eq!(user.pin.unwrap().expose_secret(), "4711");
    same(client.get_permissions().await.unwrap().permissions, license.permissions);

    let odd = client.get_company_permissions("c/3 ü").await.unwrap();
    assert_eq!((odd.company_id.as_deref().unwrap(), &odd.permissions[..]), ("c/3 ü", &["use_app".to_owned()][..]));
    let unknown = client.get_company_permissions("c2").await.unwrap_err();
    assert!(unknown.is_not_found());
    assert_eq!((unknown.code(), unknown.server_message()), (Some("NOT_FOUND"), Some("No such company.")));
}

#[maybe_async]
#[test]
async fn a_refused_login_keeps_the_token_and_says_bad_credentials() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.cloudspot().account();
    let client = client_of(&emulator, &account.application);
    let refused = client.authenticate(&account.username, "wrong").await.unwrap_err();
    assert!(refused.is_authentication() && refused.to_string().contains("bad credentials"), "{refused}");
    same(client.current_token().await.unwrap(), None);
    let token = client.authenticate(&account.username, account.password.clone()).await.unwrap().token;
    client.authenticate("nobody", "x").await.unwrap_err();
    same(client.current_token().await.unwrap(), token);
    let unknown = client_of(&emulator, "another").authenticate(&account.username, account.password.clone()).await;
    assert!(unknown.unwrap_err().is_authentication());
}

#[maybe_async]
#[test]
async fn a_call_without_a_token_is_not_sent() {
    let emulator = Emulator::start().unwrap();
    let client = client_of(&emulator, &emulator.cloudspot().account().application);
    let errors = [
        client.get_user().await.err(),
        client.get_permissions().await.err(),
        client.get_company_permissions("c1").await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Authentication, false), "{error}");
    }
    let dots = client.get_company_permissions("..").await.unwrap_err();
    assert_eq!(dots.kind(), ErrorKind::InvalidArgument);
    assert!(emulator.requests().is_empty());
}

#[maybe_async]
#[test]
async fn a_token_is_of_one_application_and_can_be_revoked() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.cloudspot().account();
    let client = client_of(&emulator, "pos");
    client.authenticate(&account.username, account.password.clone()).await.unwrap();
    let kitchen = client_of(&emulator, "kitchen");
    kitchen.set_current_token(client.current_token().await.unwrap()).await.unwrap();
    let invalid = kitchen.get_user().await.unwrap_err();
    assert!(invalid.is_authentication() && invalid.to_string().contains("no valid token"), "{invalid}");
    let license = kitchen.authenticate(&account.username, account.password.clone()).await.unwrap();
    assert!(license.company("c1").unwrap().has("close_orders"));

    emulator.cloudspot().revoke_tokens(&account.username);
    holds(client.get_user().await.unwrap_err().is_authentication());
    client.set_current_token(None).await.unwrap();
    same(client.get_user().await.unwrap_err().was_sent(), false);
}

#[maybe_async]
#[test]
async fn an_impersonation_gives_a_token_of_its_user() {
    let emulator = Emulator::start().unwrap();
    let token = emulator.cloudspot().impersonate("jan@cloudspot.example", "c2").unwrap();
    let client = client_of(&emulator, "pos");
    let impersonation = client.validate_impersonation(token.clone()).await.unwrap();
    assert_eq!(impersonation.token, Some(token));
    assert_eq!(impersonation.user.unwrap().get("first_name"), Some("Jan".into()));
    assert_eq!(impersonation.company.unwrap().get("company_id"), Some("c2".into()));
    same(client.current_token().await.unwrap(), None);
    client.set_current_token(impersonation.auth_token).await.unwrap();
    same(client.get_user().await.unwrap().last_name.as_deref(), Some("De Smet"));
    let unknown = client.validate_impersonation("nonsense").await.unwrap_err();
    assert!(unknown.is_not_found(), "{unknown}");
}

#[maybe_async]
#[test]
async fn sessions_are_apart() {
    let seed = Seed::new().company("c1", "One");
    let seed = seed.person(Person::new("a", "pw-a").name("A", "").may("app", "c1", &[]));
    let seed = seed.person(Person::new("b", "pw-b").name("B", "").may("app", "c1", &["x"]));
    let emulator = Emulator::builder().cloudspot(seed).start().unwrap();
    let client = client_of(&emulator, "app");
    let (a, b) = (client.with_session("a"), client.with_session("b"));
    a.authenticate("a", "pw-a").await.unwrap();
    b.authenticate("b", "pw-b").await.unwrap();
    same(a.get_user().await.unwrap().first_name.as_deref(), Some("A"));
    same(b.get_user().await.unwrap().first_name.as_deref(), Some("B"));
    same(client.current_token().await.unwrap(), None);
}

#[maybe_async]
#[test]
async fn a_token_ends_when_its_lifetime_is_over_or_a_test_says_so() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.cloudspot().account();
    let client = client_of(&emulator, &account.application);
    client.authenticate(&account.username, account.password.clone()).await.unwrap();
    client.get_user().await.unwrap();
    emulator.cloudspot().expire_tokens();
    holds(client.get_user().await.unwrap_err().is_authentication());

    let emulator = Emulator::builder().cloudspot(Settings::new().token_lifetime(Duration::ZERO)).start().unwrap();
    let client = client_of(&emulator, &account.application);
    client.authenticate(&account.username, account.password.clone()).await.unwrap();
    holds(client.get_user().await.unwrap_err().is_authentication());
}
