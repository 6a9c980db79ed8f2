use super::{Client, LicenseClient, maybe_async};
use crate::{APP_TOKEN, HEADER, PASSWORD, PIN, Seen, WRONG_PASSWORD};
use iam_sdk::{
    AppToken, Method, Password, Pin, UserToken, VerificationCode,
    digiwin::{LoginOptions, RequestOptions, UserQueryType},
    emulator::Emulator,
    token_store::{MemoryStore, StoredToken},
};
use serde_json::json;
use std::sync::Arc;

/// Makes every call, shows every value, and gives the tokens that there were.
#[maybe_async]
pub async fn every_call(emulator: &Emulator, seen: &Seen) -> Vec<UserToken> {
    let store = Arc::new(MemoryStore::new());
    let builder =
        Client::builder(emulator.base_url(), APP_TOKEN).header("x-key", HEADER).shared_token_store(store.clone());
    seen.show(&builder);
    seen.show((AppToken::from(APP_TOKEN), Password::from(PASSWORD), VerificationCode::from("123456")));
    let client = builder.build().unwrap();
    let (identity, users, tenants, orgs) = (client.identity(), client.users(), client.tenants(), client.orgs());
    let mut tokens = Vec::new();

    let refused = identity.login("ann", WRONG_PASSWORD).await.unwrap_err();
    seen.show((&refused, refused.to_string(), refused.body()));
    let user = identity.login("ann", PASSWORD).await.unwrap();
    seen.show(&user);
    tokens.extend(user.token);
    let options = LoginOptions::new().tenant_id("T1");
    seen.show(&options);
    tokens.extend(identity.login_with("ann", PASSWORD, options).await.unwrap().token);
    tokens.extend(identity.login_ad("ann@digiwin.com", PASSWORD).await.unwrap().token);
    tokens.extend(identity.login_verification_code("13800000000", "123456").await.unwrap().token);
    tokens.extend(identity.internal_login("T1", "ann", PASSWORD).await.unwrap().token);
    let changed = identity.refresh_token_with_tenant("T1").await.unwrap();
    seen.show(&changed);
    tokens.extend(changed.token);
    tokens.push(identity.refresh_user_token().await.unwrap());
    let granted = identity.create_access_token("T1", "bob").await.unwrap();
    seen.show(&granted);
    tokens.extend(granted.token);
    seen.show(identity.analyze_token().await.unwrap());
    seen.show(identity.analyze_token_internal().await.unwrap());
    seen.show(identity.get_login_info().await.unwrap());
    seen.show(identity.current_token().await.unwrap());
    tokens.extend(identity.current_token().await.unwrap());
    seen.show((&store, StoredToken::new(tokens[0].clone()), &client, &identity, client.with_session("canary")));

    seen.show(users.get_user("bob").await.unwrap());
    seen.show(users.get_user_list(&["ann", "bob"]).await.unwrap());
    seen.show(users.query_users(UserQueryType::All).await.unwrap());
    seen.show(users.get_user_simple().await.unwrap());
    seen.show(users.check_email_exists("bob@digiwin.com").await.unwrap());
    seen.show(users.check_phone_exists("1").await.unwrap());
    seen.show(users.check_user_exists("bob").await.unwrap());
    seen.show(users.update_user(&json!({"id": "bob", "nickname": "B"})).await.unwrap());
    seen.show(users.get_user_roles("bob").await.unwrap());

    seen.show(tenants.get_tenants().await.unwrap());
    seen.show(tenants.get_current().await.unwrap());
    seen.show(tenants.get_simple("T1").await.unwrap());
    seen.show(tenants.get_current_simple().await.unwrap());
    seen.show(tenants.query_tenants("T").await.unwrap());
    seen.show(tenants.check_user_in_tenant("bob").await.unwrap());
    let applications = tenants.get_applications().await.unwrap();
    assert!(applications[0].app_token.is_some());
    seen.show(applications);
    seen.show(tenants.invite_user("T1", "new@x.example").await.unwrap());
    seen.show(tenants.remove_user("new@x.example").await.unwrap());

    let all = orgs.get_cascade().await.unwrap();
    let hq = all["defaultOrgAspect"][0].sid.unwrap();
    seen.show(all);
    seen.show(orgs.get_org_list(&[hq]).await.unwrap());
    seen.show(orgs.get_users_in_org(hq).await.unwrap());
    seen.show(orgs.get_users_cascade(hq).await.unwrap());
    let sid = orgs.create_or_update(&json!({"name": "New", "parentSid": hq})).await.unwrap().unwrap();
    seen.show(orgs.delete(sid).await.unwrap());

    let options = RequestOptions::new().query("q", PASSWORD).json(json!({"id": PASSWORD}));
    seen.show(&options);
    seen.show(client.request_with(Method::POST, "/api/iam/v2/user", options).await.unwrap());
    emulator.answer_next("/api/iam/v2/user/simple", 500, format!(r#"{{"message": "{APP_TOKEN}"}}"#));
    let failed = users.get_user_simple().await.unwrap_err();
    seen.show((&failed, failed.to_string(), failed.body()));
    identity.logout().await.unwrap();

    let builder = LicenseClient::builder("app").base_url(emulator.base_url() + "/api/v1").token("canary-license");
    seen.show((&builder, Pin::from(PIN)));
    let license = builder.header("x-key", HEADER).build().unwrap();
    let refused = license.authenticate("ann", WRONG_PASSWORD).await.unwrap_err();
    seen.show((&refused, refused.to_string(), refused.body()));
    let answer = license.authenticate("ann", PASSWORD).await.unwrap();
    seen.show((&license, &answer));
    tokens.extend(answer.token);
    let user = license.get_user().await.unwrap();
    assert!(user.pin.is_some());
    seen.show(user);
    seen.show(license.get_permissions().await.unwrap());
    seen.show(license.get_company_permissions("c1").await.unwrap());
    let impersonating = emulator.cloudspot().impersonate("ann", "c1").unwrap();
    let impersonation = license.validate_impersonation(impersonating.clone()).await.unwrap();
    seen.show(&impersonation);
    tokens.extend([impersonating, "canary-license".into()]);
    tokens.extend(impersonation.auth_token);
    seen.show(license.token().await.unwrap());
    license.set_token(None).await.unwrap();
    tokens
}
