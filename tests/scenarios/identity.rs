use super::{Setting, maybe_async, test};
use crate::support::{holds, same};
use iam_sdk::{
    ErrorKind,
    digiwin::{LoginAdOptions, LoginOptions, LogoutOptions, TenantId, TenantRef},
    emulator::{
        Emulator,
        digiwin::{Person, ResponseStyle, Seed, Settings},
    },
};

#[maybe_async]
#[test]
async fn the_quick_start_works_in_every_response_style() {
    for style in [ResponseStyle::Mixed, ResponseStyle::Bare, ResponseStyle::Enveloped] {
        let setting = Setting::in_style(style);
        let (client, account) = (&setting.client, setting.emulator.digiwin().account());
        let identity = client.identity();
        let user = identity.login(&account.user_id, account.password.clone()).await.unwrap();
        assert_eq!(user.user_id.as_deref(), Some("ann"));
        same(user.token, setting.client.current_token().await.unwrap());
        assert_eq!(user.token_expires_in, Some(7200));
        assert_eq!(user.extra.get("identityType").unwrap(), Some("query"));

        let info = identity.analyze_token().await.unwrap();
        assert_eq!((info.user_id.as_deref(), info.tenant_id), (Some("ann"), None));
        same(client.users().get_user("ann").await.unwrap().sid, info.user_sid);
        holds(client.users().get_user("nobody").await.unwrap_err().is_not_found());
        same(client.tenants().get_tenants().await.unwrap().len(), 4);

        let before = setting.client.current_token().await.unwrap();
        let refused = identity.login(&account.user_id, "wrong").await.unwrap_err();
        assert!(refused.is_authentication(), "{style:?}: {refused}");
        assert!(refused.server_message().unwrap().contains("用户名或密码错误"));
        same(setting.client.current_token().await.unwrap(), before);

        let refused = client.tenants().get_current().await.unwrap_err();
        assert!(refused.is_authorization(), "{style:?}: {refused}");
        let changed = identity.refresh_token_with_tenant("T1").await.unwrap();
        same(setting.client.current_token().await.unwrap(), changed.token);
        same(client.tenants().get_current().await.unwrap().unwrap().id.as_deref(), Some("T1"));
        same(identity.analyze_token_internal().await.unwrap().tenant_id.as_deref(), Some("T1"));

        identity.logout().await.unwrap();
        same(setting.client.current_token().await.unwrap(), None);
        let refused = identity.get_login_info().await.unwrap_err();
        assert!(refused.is_authentication(), "{style:?}: {refused}");
    }
}

#[maybe_async]
#[test]
async fn every_way_to_log_in() {
    let setting = Setting::new();
    let (identity, account) = (setting.client.identity(), setting.emulator.digiwin().account());
    let password = || account.password.clone();

    for name in ["ann", "ann@digiwin.com", "13800000000"] {
        same(identity.login(name, password()).await.unwrap().user_id.as_deref(), Some("ann"));
    }
    let user = identity.login_with("ann", password(), LoginOptions::new().tenant_id("T2")).await.unwrap();
    assert_eq!((user.tenant_id.as_deref(), user.is_admin), (Some("T2"), Some(true)));

    let user = identity.login_ad("ann@digiwin.com", password()).await.unwrap();
    assert_eq!(user.user_id.as_deref(), Some("ann"));
    let options = LoginAdOptions::new().tenant_id("T1");
    let user = identity.login_ad_with("ann@digiwin.com", password(), options).await.unwrap();
    assert_eq!(user.tenant_id.as_deref(), Some("T1"));
    same(identity.login_ad("ann", password()).await.unwrap().user_id.as_deref(), Some("ann"));
    holds(identity.login_ad("ann@digiwin.com", "wrong").await.unwrap_err().is_authentication());

    let user = identity.login_verification_code("13800000001", "123456").await.unwrap();
    assert_eq!(user.user_id.as_deref(), Some("bob"));
    holds(identity.login_verification_code("13800000001", "000000").await.unwrap_err().is_authentication());
    same(setting.client.current_token().await.unwrap(), user.token);

    let user = identity.internal_login(TenantId("T1"), "chen.jing", "chen.jing-密码-1").await.unwrap();
    assert_eq!((user.user_name.as_deref(), user.tenant_id.as_deref()), (Some("陈静"), Some("T1")));

    let stranger = identity.internal_login(TenantId("T3"), "chen.jing", "chen.jing-密码-1").await.unwrap_err();
    assert!(stranger.is_authorization(), "{stranger}");
    let disabled = identity.login("left.long.ago", "left.long.ago-密码-1").await.unwrap_err();
    assert!(disabled.is_authorization(), "{disabled}");
    let unknown = identity.login_with("ann", password(), LoginOptions::new().tenant_id("T404")).await.unwrap_err();
    assert!(unknown.is_not_found(), "{unknown}");
}

#[maybe_async]
#[test]
async fn who_is_not_in_the_directory_cannot_log_in_by_it() {
    let seed = Seed::new("app", "app-token").person(Person::new("guest", "pw").email("guest@elsewhere.example"));
    let setting = Setting::on(Emulator::builder().digiwin(seed).start().unwrap());
    setting.client.identity().login("guest", "pw").await.unwrap();
    holds(setting.client.identity().login_ad("guest", "pw").await.unwrap_err().is_authentication());
}

#[maybe_async]
#[test]
async fn the_handshake_takes_any_size_of_server_key() {
    for bits in [1024, 1536, 2048] {
        let setting = Setting::on(Emulator::builder().digiwin(Settings::new().server_key_bits(bits)).start().unwrap());
        let account = setting.emulator.digiwin().account();
        setting.client.identity().login("ann", account.password.clone()).await.unwrap();
        let request: Vec<_> = setting.emulator.requests().into_iter().map(|served| served.path).collect();
        assert_eq!(request.len(), 3, "{request:?}");
    }
}

#[maybe_async]
#[test]
async fn a_switch_is_refused_where_the_application_was_not_bought() {
    let setting = Setting::in_tenant().await;
    let identity = setting.client.identity();
    let before = setting.client.current_token().await.unwrap();
    let refused = identity.refresh_token_with_tenant(TenantRef::id("T3")).await.unwrap_err();
    assert!(refused.is_authorization(), "{refused}");
    assert_eq!((refused.status(), refused.code()), (Some(403), Some("403")));
    same(setting.client.current_token().await.unwrap(), before);

    let sid = setting.client.tenants().get_simple("T2").await.unwrap().sid.unwrap();
    identity.refresh_token_with_tenant(TenantRef::sid(sid)).await.unwrap();
    same(identity.get_login_info().await.unwrap().tenant_id.as_deref(), Some("T2"));
    identity.refresh_token_with_tenant(TenantRef::both("T2", sid)).await.unwrap();
    holds(identity.refresh_token_with_tenant(TenantRef::both("T1", sid)).await.unwrap_err().is_validation());
    let sent = setting.emulator.requests().len();
    let error = identity.refresh_token_with_tenant("").await.unwrap_err();
    assert_eq!((error.kind(), setting.emulator.requests().len()), (ErrorKind::InvalidArgument, sent));
}

#[maybe_async]
#[test]
async fn a_refresh_replaces_the_token() {
    let setting = Setting::in_tenant().await;
    let identity = setting.client.identity();
    let old = setting.client.current_token().await.unwrap();
    let new = identity.refresh_user_token().await.unwrap();
    assert_ne!(old.as_ref(), Some(&new));
    same(setting.client.current_token().await.unwrap(), Some(new));
    same(identity.analyze_token().await.unwrap().tenant_id.as_deref(), Some("T1"));

    setting.client.set_current_token(old).await.unwrap();
    holds(identity.analyze_token().await.unwrap_err().is_authentication());
    setting.client.set_current_token(None).await.unwrap();
    same(setting.client.current_token().await.unwrap(), None);
}

#[maybe_async]
#[test]
async fn a_granted_token_is_another_users_and_leaves_the_session_alone() {
    let setting = Setting::logged_in().await;
    let identity = setting.client.identity();
    let before = setting.client.current_token().await.unwrap();
    let granted = identity.create_access_token(TenantId("T1"), "wang.wei").await.unwrap();
    assert_eq!(granted.user_id.as_deref(), Some("wang.wei"));
    same(setting.client.current_token().await.unwrap(), before);

    let other = setting.client.with_session("wang.wei");
    other.set_current_token(granted.token).await.unwrap();
    same(other.identity().analyze_token().await.unwrap().user_id.as_deref(), Some("wang.wei"));
    holds(identity.create_access_token(TenantId("T1"), "nobody").await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn a_logout_of_all_ends_every_session_of_the_user() {
    let setting = Setting::logged_in().await;
    let account = setting.emulator.digiwin().account();
    let phone = setting.client.with_session("phone");
    phone.identity().login("ann", account.password.clone()).await.unwrap();
    setting.client.identity().logout_with(LogoutOptions::new().clear_all(true)).await.unwrap();
    holds(phone.identity().analyze_token().await.unwrap_err().is_authentication());
}

#[maybe_async]
#[test]
async fn an_expired_or_revoked_token_is_an_authentication_error() {
    let setting = Setting::logged_in().await;
    setting.emulator.digiwin().expire_tokens();
    holds(setting.client.identity().analyze_token().await.unwrap_err().is_authentication());
    let account = setting.emulator.digiwin().account();
    setting.client.identity().login("ann", account.password.clone()).await.unwrap();
    setting.client.identity().analyze_token().await.unwrap();
    setting.emulator.digiwin().revoke_tokens("ann");
    holds(setting.client.users().get_user_simple().await.unwrap_err().is_authentication());
}

#[maybe_async]
#[test]
async fn a_wrong_app_token_is_refused() {
    let setting = Setting::new();
    let client = super::Client::builder(setting.emulator.base_url(), "another-app").build().unwrap();
    let refused = client.identity().login("ann", "ann-密码-1").await.unwrap_err();
    assert!(refused.is_application(), "{refused}");
    assert_eq!(refused.operation(), Some("digiwin.identity.get_public_key"));
}
