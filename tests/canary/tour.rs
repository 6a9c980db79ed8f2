use super::{Client, LicenseClient, ManagementClient, maybe_async};
use crate::{APP_TOKEN, HEADER, PASSWORD, PIN, POOL_SECRET, Seen, WRONG_PASSWORD, Watching, hook};
use iam_sdk::{
    AppToken, CallOptions, Method, Password, Pin, RequestOptions, UserToken, VerificationCode,
    authing::{
        AppId, CreateUserOptions, CustomData, EmailScene, GroupCode, MemberMove, Namespace, NodeCode, NodeId, NodeMove,
        RoleCode, SyncProvider, UpdateGroupOptions, UpdateNodeOptions, UserInfo, UserListOptions, UserLookup,
    },
    digiwin::{Credentials, LoginOptions, TenantId, UserQueryType},
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
    // Its raw call has a secret of the caller's own in its query, which no URL can be rid of.
    let builder = builder.observer(Watching::new(seen)).headers_from(hook);
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
    tokens.extend(identity.internal_login(TenantId("T1"), "ann", PASSWORD).await.unwrap().token);
    let changed = identity.refresh_token_with_tenant("T1").await.unwrap();
    seen.show(&changed);
    tokens.extend(changed.token);
    tokens.push(identity.refresh_user_token().await.unwrap());
    let granted = identity.create_access_token(TenantId("T1"), "bob").await.unwrap();
    seen.show(&granted);
    tokens.extend(granted.token);
    seen.show((identity.get_public_key().await.unwrap(), identity.get_aes_key("no key").await));
    seen.show(identity.analyze_token().await.unwrap());
    seen.show(identity.analyze_token_internal().await.unwrap());
    seen.show(identity.get_login_info().await.unwrap());
    seen.show(client.current_token().await.unwrap());
    tokens.extend(client.current_token().await.unwrap());
    seen.show((&store, StoredToken::new(tokens[0].clone()), &client, &identity, client.with_session("canary")));

    let options = CallOptions::new().header("x-trace", HEADER);
    seen.show(&options);
    let traced = client.with_options(options).unwrap();
    seen.show(&traced);
    seen.show(traced.users().get_user("bob").await.unwrap());
    seen.show(client.with_options(CallOptions::new().header("host", HEADER)).unwrap_err());
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
    seen.show(tenants.invite_user(TenantId("T1"), "new@x.example").await.unwrap());
    seen.show(tenants.remove_user("new@x.example").await.unwrap());

    let all = orgs.get_cascade().await.unwrap();
    let hq = all["defaultOrgAspect"][0].sid.unwrap();
    seen.show(all);
    seen.show(orgs.get_org_list(&[hq]).await.unwrap());
    seen.show(orgs.get_users_in_org(hq).await.unwrap());
    seen.show(orgs.get_users_cascade(hq).await.unwrap());
    let sid = orgs.create_or_update(&json!({"name": "New", "parentSid": hq})).await.unwrap().unwrap();
    seen.show(orgs.delete(sid).await.unwrap());

    let options = RequestOptions::new().query("q", PASSWORD).json(&json!({"id": PASSWORD}));
    seen.show(&options);
    seen.show(client.request_with(Method::POST, "/api/iam/v2/user", options).await.unwrap());
    emulator.respond_next("/api/iam/v2/user/simple", 500, format!(r#"{{"message": "{APP_TOKEN}"}}"#));
    let failed = users.get_user_simple().await.unwrap_err();
    seen.show((&failed, failed.to_string(), failed.body()));
    identity.logout().await.unwrap();

    let credentials = Credentials::password("ann", PASSWORD).tenant_id("T1");
    seen.show((
        &credentials,
        Credentials::from_fn("ann", || std::io::Result::Ok(Credentials::internal(TenantId("T1"), "ann", PASSWORD))),
    ));
    let staying = Client::builder(emulator.base_url(), APP_TOKEN).credentials(credentials);
    let staying = staying.observer(Watching::new(seen)).headers_from(hook).trace_urls(true);
    seen.show(&staying);
    let staying = staying.build().unwrap();
    staying.identity().analyze_token().await.unwrap();
    tokens.extend(staying.current_token().await.unwrap());
    emulator.digiwin().revoke_tokens("ann");
    seen.show((staying.identity().analyze_token().await.unwrap(), &staying));
    tokens.extend(staying.current_token().await.unwrap());
    let wrong = client.with_session_as("wrong", Credentials::password("ann", WRONG_PASSWORD));
    for _ in 0..4 {
        let refused = wrong.identity().analyze_token().await.unwrap_err();
        seen.show((&refused, refused.to_string(), refused.body(), std::error::Error::source(&refused)));
    }

    let builder = LicenseClient::builder("app").base_url(emulator.base_url() + "/api/v1");
    seen.show((&builder, Pin::from(PIN)));
    let builder = builder.observer(Watching::new(seen)).headers_from(hook).trace_urls(true);
    let license = builder.header("x-key", HEADER).build().unwrap();
    seen.show(license.with_token("canary-license").unwrap());
    let refused = license.authenticate("ann", WRONG_PASSWORD).await.unwrap_err();
    seen.show((&refused, refused.to_string(), refused.body()));
    let response = license.authenticate("ann", PASSWORD).await.unwrap();
    seen.show((&license, &response));
    tokens.extend(response.token);
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
    seen.show(license.current_token().await.unwrap());
    seen.show(license.request(Method::GET, "/auth/users/profile/").await.unwrap());
    license.set_current_token(None).await.unwrap();
    tokens.extend(every_authing_call(emulator, seen).await);
    #[cfg(feature = "jwt")]
    {
        let jwts = jwts(emulator, seen).await;
        tokens.extend(jwts);
    }
    tokens
}

/// Checks users' JWTs, good ones and bad ones.
#[cfg(feature = "jwt")]
#[maybe_async]
async fn jwts(emulator: &Emulator, seen: &Seen) -> Vec<UserToken> {
    use iam_sdk::emulator::authing::Jwt;
    let authing = emulator.authing();
    let user = authing.user_ids().remove(0);
    let good = authing.issue_jwt(Jwt::new(&user, "shop").claim("nickname", PIN)).unwrap();
    let expired = authing.issue_jwt(Jwt::new(&user, "shop").expired()).unwrap();
    let builder = super::jwt::Verifier::for_authing(emulator.base_url(), "shop");
    seen.show(&builder);
    let verifier = builder.build().unwrap();
    let claims = verifier.verify(good.clone()).await.unwrap();
    seen.show((&verifier, claims));
    let refused = verifier.verify(expired.clone()).await.unwrap_err();
    seen.show((&refused, refused.to_string(), refused.body()));
    let checked = verifier.check(expired.clone()).await.unwrap();
    seen.show(checked);
    vec![good, expired]
}

/// Calls every operation of Authing, and shows what it returns.
#[maybe_async]
async fn every_authing_call(emulator: &Emulator, seen: &Seen) -> Vec<UserToken> {
    let authing = emulator.authing();
    seen.show((authing, authing.account()));
    let store = Arc::new(MemoryStore::new());
    let builder = ManagementClient::builder("pool", POOL_SECRET).base_url(emulator.base_url()).header("x-key", HEADER);
    let builder = builder.public_key_pem(authing.public_key_pem().unwrap()).shared_token_store(store.clone());
    let builder = builder.observer(Watching::new(seen)).headers_from(hook).trace_urls(true);
    seen.show(&builder);
    let client = builder.build().unwrap();
    let (users, orgs, groups) = (client.users(), client.orgs(), client.groups());
    seen.show((&client, &users, &orgs, &groups));
    let wrong = ManagementClient::builder("pool", WRONG_PASSWORD).base_url(emulator.base_url()).build().unwrap();
    let refused = wrong.users().list().await.unwrap_err();
    seen.show((&refused, refused.to_string(), refused.body()));

    let info = UserInfo::new().username("mia").email("mia@x.example").password(PASSWORD);
    let options = CreateUserOptions::new().keep_password(true).custom_data(CustomData::new().with("school", "x"));
    seen.show((&info, &options));
    let mia = users.create_with(&info, options).await.unwrap();
    assert_eq!(mia.password, Some(PASSWORD.into()));
    seen.show(&mia);
    let id = mia.id.unwrap();
    seen.show(users.update(&id, &info).await.unwrap());
    seen.show(authing.password_of(&id));
    seen.show((users.detail(&id).await.unwrap(), users.list().await.unwrap(), users.search("mia").await.unwrap()));
    seen.show(users.find(UserLookup::username("mia")).await.unwrap());
    seen.show(users.exists(UserLookup::username("mia")).await.unwrap());
    seen.show(users.batch_get(&[&id]).await.unwrap());
    seen.show(users.list_all(UserListOptions::new()).next_page().await.unwrap());
    seen.show(users.has_role(&id, RoleCode("admin")).await.unwrap());
    seen.show((users.list_user_actions().await.unwrap(), users.list_org(&id).await.unwrap()));
    seen.show(users.list_department(&id).await.unwrap());
    seen.show(users.check_resource_permission_batch(&id, Namespace("default"), &["a:1"]).await.unwrap());
    seen.show(users.list_authorized_resources_of_resource_kind(&id, Namespace("default"), "a").await.unwrap());
    seen.show((users.list_udv(&id).await.unwrap(), users.get_udf_value(&id).await.unwrap()));
    let refreshed = users.refresh_token(&id).await.unwrap();
    seen.show(&refreshed);
    let token = refreshed.token.unwrap();
    seen.show(client.check_login_status(token.clone()).await.unwrap());
    seen.show(users.check_login_status(&id).await.unwrap());
    users.logout(&id).await.unwrap();
    users.kick(&[&id]).await.unwrap();

    let trees = orgs.export_all().await.unwrap();
    seen.show((&trees, orgs.import_by_json(&trees[0]).await.unwrap()));
    orgs.start_sync(SyncProvider::DingTalk).await.unwrap();
    orgs.start_sync(SyncProvider::WechatWork).await.unwrap();
    orgs.start_sync(SyncProvider::Ad { connector_id: "ad".to_owned() }).await.unwrap();
    let root = orgs.list().await.unwrap().list.remove(0).root_node.unwrap().id.unwrap();
    seen.show(orgs.add_members(&root, &[&id]).await.unwrap());
    seen.show((orgs.list_members(&root).await.unwrap(), groups.list().await.unwrap()));
    seen.show(client.is_password_valid(PASSWORD).await.unwrap());
    let pool = client.userpool_detail().await.unwrap();
    assert_eq!(pool.secret, Some(POOL_SECRET.into()));
    let jwt_secret = pool.jwt_secret.as_ref().unwrap().expose_secret().to_owned();
    seen.show(pool);

    let echo = format!(r#"{{"errors": [{{"message": "{PASSWORD} {POOL_SECRET}"}}]}}"#);
    emulator.respond_next("/graphql/v2", 200, echo.replace(POOL_SECRET, ""));
    let failed = users.create(&info).await.unwrap_err();
    seen.show((&failed, failed.to_string(), failed.body()));
    authing.expire_tokens();
    emulator.respond_next("/graphql/v2", 200, r#"{"errors": [{"message": {"code": 2020, "message": "no"}}]}"#);
    emulator.respond_next("/graphql/v2", 200, echo.replace(PASSWORD, ""));
    let failed = users.list().await.unwrap_err();
    seen.show((&failed, failed.to_string(), failed.body(), store));
    every_call_of_groups_and_roles(&client, &id, seen).await;
    every_call_of_orgs(&client, &id, seen).await;
    seen.show(client.request(Method::GET, "/api/v2/orgs/export").await.unwrap());
    seen.show(client.graphql("{ users { list { id token } } }", &()).await.unwrap());
    seen.show(client.send_email("mia@x.example", EmailScene::VerifyEmail).await);
    users.delete(&id).await.unwrap();
    seen.show(users.list_archived_users().await.unwrap());
    users.delete_many(&[&id]).await.unwrap();
    // Tokens of management were logged by nobody either: the emulator knows them.
    let management = authing.management_tokens();
    assert!(!management.is_empty());
    management.into_iter().chain([token, jwt_secret.into()]).collect()
}

/// Calls about a user's groups, roles, policies and custom data. What they return holds no secret; that they are called counts.
#[maybe_async]
async fn every_call_of_groups_and_roles(client: &ManagementClient, id: &str, seen: &Seen) {
    let (users, groups) = (client.users(), client.groups());
    seen.show(groups.create("g", "G").await.unwrap());
    seen.show(groups.update("g", UpdateGroupOptions::new().name("H")).await.unwrap());
    seen.show((groups.detail("g").await.unwrap(), groups.add_users("g", &[id]).await.unwrap()));
    seen.show((groups.list_users("g").await.unwrap(), groups.remove_users("g", &[id]).await.unwrap()));
    seen.show(groups.list_authorized_resources("g").await.unwrap());
    seen.show((users.add_group(id, GroupCode("g")).await.unwrap(), users.list_groups(id).await.unwrap()));
    users.remove_group(id, GroupCode("g")).await.unwrap();
    groups.delete("g").await.unwrap();
    seen.show(groups.create("g", "G").await.unwrap());
    groups.delete_many(&["g"]).await.unwrap();
    seen.show((users.add_roles(id, &["admin"]).await, users.list_roles(id).await.unwrap()));
    seen.show(users.remove_roles(id, &["admin"]).await);
    seen.show(users.list_authorized_resources(id).await.unwrap());
    seen.show((users.add_policies(id, &["p"]).await, users.list_policies(id).await.unwrap()));
    seen.show(users.remove_policies(id, &["p"]).await);
    seen.show(users.set_udv(id, "school", "y").await.unwrap());
    let data = CustomData::new().with("school", "z");
    users.set_udf_value(id, &data).await.unwrap();
    users.set_udf_value_batch(&[(id.to_owned(), data)].into()).await.unwrap();
    seen.show((users.get_udf_value_batch(&[id]).await.unwrap(), users.remove_udv(id, "school").await.unwrap()));
    seen.show(users.send_first_login_verify_email(AppId("app"), id).await);
}

/// Calls about organizations, as above.
#[maybe_async]
async fn every_call_of_orgs(client: &ManagementClient, user: &str, seen: &Seen) {
    let orgs = client.orgs();
    let org = orgs.create("Two").await.unwrap();
    let (id, root) = (org.id.unwrap(), org.root_node.unwrap().id.unwrap());
    seen.show((orgs.find_by_id(&id).await.unwrap(), orgs.export_by_org_id(&id).await.unwrap()));
    seen.show((orgs.root_node(&id).await.unwrap(), orgs.is_root_node(&id, NodeId(&root)).await.unwrap()));
    seen.show((
        orgs.add_node(&id, "A", NodeId(&root)).await.unwrap(),
        orgs.add_node(&id, "B", NodeId(&root)).await.unwrap(),
    ));
    let below = orgs.list_children(&root).await.unwrap();
    let (a, b) = (below[0].id.as_ref().unwrap(), below[1].id.as_ref().unwrap());
    seen.show((orgs.get_node_by_id(a).await.unwrap(), orgs.search_nodes("A").await.unwrap()));
    seen.show(orgs.update_node(a, UpdateNodeOptions::new().name("C")).await.unwrap());
    seen.show((
        orgs.move_node(&id, NodeMove { node_id: b, to_parent_id: a }).await.unwrap(),
        orgs.add_members(a, &[user]).await.unwrap(),
    ));
    orgs.set_main_department(user, Some(NodeId(a))).await.unwrap();
    orgs.move_members(&[user], MemberMove { from_node_id: a, to_node_id: b }).await.unwrap();
    seen.show(orgs.delete_members(b, &[user]).await.unwrap());
    seen.show(orgs.list_authorized_resources(a).await.unwrap());
    seen.show(orgs.list_authorized_resources_by_code(&id, NodeCode("a")).await);
    seen.show((orgs.add_roles(a, &["admin"]).await, orgs.list_roles(a).await.unwrap()));
    seen.show(orgs.remove_roles(a, &["admin"]).await);
    orgs.delete_node(&id, NodeId(a)).await.unwrap();
    orgs.delete_by_id(&id).await.unwrap();
}
