//! The requests of a login: three, and two once the service's public key is known.

use super::{Client, Setting, ann, in_parallel, maybe_async, test};
use crate::support::{holds, same};
use iam_sdk::{
    CallOptions,
    digiwin::{LoginOptions, TenantId},
    emulator::{Emulator, Fault},
};
use std::time::Duration;

const FIRST: [&str; 3] = ["publickey", "aeskey", "login"];
const KNOWN: [&str; 2] = ["aeskey", "login"];

/// The last segments of the paths of the requests since the last time.
fn requests(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests();
    emulator.clear_requests();
    requests.iter().map(|request| request.path.rsplit('/').next().unwrap().to_owned()).collect()
}

/// Logs in, and returns the requests.
#[maybe_async]
async fn log_in(setting: &Setting, client: &Client) -> Vec<String> {
    let account = setting.emulator.digiwin().account();
    client.identity().login("ann", account.password.clone()).await.unwrap();
    requests(&setting.emulator)
}

#[maybe_async]
#[test]
async fn every_later_login_of_a_client_takes_two_requests() {
    let setting = Setting::new();
    let (client, password) = (&setting.client, || setting.emulator.digiwin().account().password.clone());
    same(log_in(&setting, client).await, FIRST);
    same(log_in(&setting, client).await, KNOWN);
    same(log_in(&setting, &client.with_session("other")).await, KNOWN);
    same(log_in(&setting, &client.with_options(CallOptions::new().header("x-a", "1")).unwrap()).await, KNOWN);
    let identity = client.identity();
    identity.login_with("ann", password(), LoginOptions::new().tenant_id("T1")).await.unwrap();
    identity.login_ad("ann", password()).await.unwrap();
    identity.internal_login(TenantId("T1"), "ann", password()).await.unwrap();
    same(requests(&setting.emulator), [KNOWN; 3].concat());
    let own = client.with_session_as("own", ann(&setting.emulator));
    own.users().get_user_simple().await.unwrap();
    same(requests(&setting.emulator), ["aeskey", "login", "simple"]);
    // Another client knows nothing of it.
    let account = setting.emulator.digiwin().account();
    let other = Client::builder(setting.emulator.base_url(), account.app_token.clone()).build().unwrap();
    same(log_in(&setting, &other).await, FIRST);
}

#[maybe_async]
#[test]
async fn a_wrong_password_costs_no_key() {
    let setting = Setting::logged_in().await;
    requests(&setting.emulator);
    holds(setting.client.identity().login("ann", "wrong").await.unwrap_err().is_authentication());
    same(requests(&setting.emulator), KNOWN);
    same(log_in(&setting, &setting.client).await, KNOWN);
}

#[maybe_async]
#[test]
async fn a_new_key_is_noticed_before_the_password_is_sent() {
    let setting = Setting::logged_in().await;
    let account = setting.emulator.digiwin().account();
    setting.emulator.digiwin().rotate_keys();
    setting.emulator.clear_requests();
    let user = setting.client.identity().login("ann", account.password.clone()).await.unwrap();
    assert_eq!(user.user_id.as_deref(), Some("ann"));
    same(requests(&setting.emulator), ["aeskey", "publickey", "aeskey", "login"]);
    same(log_in(&setting, &setting.client).await, KNOWN);
}

#[maybe_async]
#[test]
async fn without_a_lifetime_each_login_asks_for_the_key() {
    let setting = Setting::new();
    let account = setting.emulator.digiwin().account();
    let builder = Client::builder(setting.emulator.base_url(), account.app_token.clone());
    let client = builder.login_key_lifetime(Duration::ZERO).build().unwrap();
    for _ in 0..3 {
        same(log_in(&setting, &client).await, FIRST);
    }
}

#[maybe_async]
#[test]
async fn a_prepared_login_takes_two_requests() {
    let setting = Setting::new();
    setting.client.prepare_login().await.unwrap();
    same(requests(&setting.emulator), ["publickey"]);
    same(setting.client.current_token().await.unwrap(), None);
    same(log_in(&setting, &setting.client).await, KNOWN);
    // Preparing once more asks once more: the connection may be closed by now.
    let token = setting.client.current_token().await.unwrap();
    setting.client.with_session("other").prepare_login().await.unwrap();
    same(requests(&setting.emulator), ["publickey"]);
    same(setting.client.current_token().await.unwrap(), token);
    // A session that logs in by itself makes no login for it.
    let own = setting.client.with_session_as("own", ann(&setting.emulator));
    own.prepare_login().await.unwrap();
    same(requests(&setting.emulator), ["publickey"]);
}

#[maybe_async]
#[test]
async fn a_preparation_that_fails_says_why_and_is_not_remembered() {
    let setting = Setting::new();
    let client = Client::builder(setting.emulator.base_url(), "another-app").build().unwrap();
    let refused = client.prepare_login().await.unwrap_err();
    assert_eq!((refused.is_application(), refused.operation()), (true, Some("digiwin.identity.get_public_key")));
    for _ in 0..2 {
        holds(client.identity().login("ann", "ann-密码-1").await.unwrap_err().is_application());
    }
    same(requests(&setting.emulator), ["publickey"; 3]);
    let dry = setting.client.with_options(CallOptions::new().dry_run(true)).unwrap();
    holds(dry.prepare_login().await.unwrap_err().is_dry_run());
    setting.emulator.fault(Fault::status(200).body(r#"{"publicKey": "AAAA"}"#).on("digiwin.identity.get_public_key"));
    let unreadable = setting.client.prepare_login().await.unwrap_err();
    assert!(unreadable.is_crypto(), "{unreadable}");
    setting.emulator.clear_faults();
    requests(&setting.emulator);
    same(log_in(&setting, &setting.client).await, FIRST);
}

#[maybe_async]
#[test]
async fn debug_shows_no_key() {
    let setting = Setting::new();
    let client = &setting.client;
    let shown = || format!("{client:#?} {:#?} {:?}", client.identity(), client.with_session("s"));
    let before = shown();
    client.prepare_login().await.unwrap();
    same(log_in(&setting, client).await, FIRST);
    assert_eq!(shown(), before);
}

#[maybe_async]
async fn log_in_as_one_of_many(client: Client, n: usize) {
    let user = ["ann", "bob", "chen.jing", "wang.wei"][n % 4];
    let session = client.with_session(n.to_string());
    let token = session.identity().login(user, format!("{user}-密码-1")).await.unwrap();
    same(session.identity().analyze_token().await.unwrap().user_id.as_deref(), Some(user));
    same(session.current_token().await.unwrap(), token.token);
}

#[maybe_async]
#[test]
async fn many_logins_at_once_ask_for_the_key_once() {
    const LOGINS: usize = 20;
    let setting = Setting::on(Emulator::builder().latency(Duration::from_millis(5)).start().unwrap());
    let client = setting.client.clone();
    in_parallel(LOGINS, move |n| log_in_as_one_of_many(client.clone(), n)).await;
    let count = |operation: &str| setting.emulator.requests_of(operation).len();
    assert_eq!(count("digiwin.identity.get_public_key"), 1);
    assert_eq!((count("digiwin.identity.get_aes_key"), count("digiwin.identity.login")), (LOGINS, LOGINS));
}
